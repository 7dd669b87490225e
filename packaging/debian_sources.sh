# Sourced by the scripts that take source packages from this Debian's own archives. $folder names a
# work folder; apt's lists are kept there, not in the system.

apt_cache() { with_sources apt-cache "$@"; }
apt_source() { with_sources apt-get "$@"; }

with_sources() {
    command=$1
    shift
    "$command" -o Dir::Etc::sourcelist="$folder/apt/empty.list" \
        -o Dir::Etc::sourceparts="$folder/apt/parts" \
        -o Dir::State::lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}

prepare_apt() {
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/parts" "$folder/apt/cache/archives/partial"
    : >"$folder/apt/empty.list"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" \
            >"$folder/apt/parts/$(basename "$file" .list).list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" \
            >"$folder/apt/parts/$(basename "$file")"
    done
    apt_source update -qq || echo "some archives have no source packages" >&2
}

# download PACKAGE VERSION: a source package of that upstream version into the current folder, its
# newest revision first; an archive may list one before it holds it.
download() {
    for revision in $(apt_cache showsrc "$1" | sed -n 's/^Version: //p' | sort -uVr); do
        case ${revision#*:} in "$2" | "$2"-*) ;; *) continue ;; esac
        apt_source source -qq --download-only "$1=$revision" >>"$folder/apt/log" 2>&1 && return
    done
    return 1
}
