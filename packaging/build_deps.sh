#!/bin/sh
# Build the libraries that the wheel cannot take from Debian's binary packages, from Debian's source
# packages pinned in versions.txt, into build/wheel-deps/prefix. Does nothing if they are there.
#
#   packaging/build_deps.sh [FOLDER]     default: build/wheel-deps
#
# Why each: libzmq's packaged archive wants GSSAPI, which has no static library; libcurl's wants
# LDAP, SSH and more; libzip has no archive at all; libexpat (beneath fontconfig) is the one shared
# library of nb-draw that needs a symbol of glibc 2.36. FOLDER/sources.txt lists what was taken.
set -eu

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
mkdir -p "${1:-$top/build/wheel-deps}"
folder=$(CDPATH='' cd -- "${1:-$top/build/wheel-deps}" && pwd)
prefix=$folder/prefix
jobs=$(nproc)
. "$top/packaging/debian_sources.sh"

fail() { printf '%s\n' "build_deps.sh: $*" >&2; exit 1; }

# --- sources ----------------------------------------------------------------------------------

pins() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$top/packaging/versions.txt"; }

# fetch PACKAGE ARCHIVE SHA256: the newest Debian revision of that upstream archive, unpacked
# into FOLDER/PACKAGE.
fetch() {
    mkdir -p "$folder/sources"
    upstream=${2#*_}
    (cd "$folder/sources" && download "$1" "${upstream%.orig.tar.*}") ||
        fail "Debian's archive has no revision of $2; update packaging/versions.txt"
    echo "$3  $folder/sources/$2" | sha256sum -c --status - ||
        fail "$2 has an unexpected SHA-256; not used"
    dsc=$(ls "$folder/sources/$1"_*.dsc | sort -V | tail -n 1)
    rm -rf "${folder:?}/$1"
    dpkg-source --no-check --extract "$dsc" "$folder/$1" >"$folder/$1.log" 2>&1 ||
        fail "$dsc could not be unpacked, see $folder/$1.log"
    printf '%s %s %s\n' "$1" "$(basename "$dsc")" \
        "$(sha256sum "$dsc" | cut -d ' ' -f 1)" >>"$folder/sources.txt"
}

# --- builds -----------------------------------------------------------------------------------

# Messages that name source files shall not name folders of this machine.
flags="-ffunction-sections -fdata-sections -ffile-prefix-map=$folder/="

# build PACKAGE SOURCE_FOLDER [cmake arguments]
build() {
    name=$1 source=$2
    shift 2
    echo "build_deps.sh: building $name" >&2
    {
        cmake -G Ninja -S "$source" -B "$folder/build-$name" -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
            -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
            -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DHAVE_ARC4RANDOM=0 -DHAVE_ARC4RANDOM_BUF=0 "$@" &&
            cmake --build "$folder/build-$name" -- -j "$jobs" &&
            cmake --install "$folder/build-$name"
    } >>"$folder/$name.log" 2>&1 || {
        tail -n 30 "$folder/$name.log" >&2
        fail "building $name failed, see $folder/$name.log"
    }
}

build_all() {
    # Debian's patches want XML_DTD to have a value, which expat's CMake file does not give it.
    build expat "$folder/expat/expat" -DEXPAT_DTD=OFF -DCMAKE_C_FLAGS="$flags -DXML_DTD=1" \
        -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_TESTS=OFF \
        -DEXPAT_BUILD_DOCS=OFF
    build libzip "$folder/libzip" -DBUILD_SHARED_LIBS=OFF -DBUILD_TOOLS=OFF -DBUILD_REGRESS=OFF \
        -DBUILD_EXAMPLES=OFF -DBUILD_DOC=OFF -DENABLE_BZIP2=OFF -DENABLE_LZMA=OFF \
        -DENABLE_ZSTD=OFF -DENABLE_OPENSSL=OFF -DENABLE_GNUTLS=OFF -DENABLE_MBEDTLS=OFF
    build curl "$folder/curl" -DBUILD_CURL_EXE=OFF -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF \
        -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DCURL_USE_LIBSSH2=OFF -DUSE_NGHTTP2=OFF \
        -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF \
        -DENABLE_MANUAL=OFF -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=none
    build zeromq3 "$folder/zeromq3" -DBUILD_SHARED=OFF -DBUILD_TESTS=OFF -DWITH_PERF_TOOL=OFF \
        -DENABLE_CPACK=OFF -DWITH_DOCS=OFF -DWITH_LIBSODIUM=OFF -DENABLE_CURVE=OFF \
        -DWITH_LIBBSD=OFF -DENABLE_WS=OFF -DENABLE_DRAFTS=OFF
}

# ----------------------------------------------------------------------------------------------

if cmp -s "$top/packaging/versions.txt" "$folder/built.txt"; then
    exit 0
fi
rm -rf "$prefix" "$folder/sources" "$folder/sources.txt"
prepare_apt
pins | while read -r name archive sum; do fetch "$name" "$archive" "$sum"; done
build_all
cp "$top/packaging/versions.txt" "$folder/built.txt"
