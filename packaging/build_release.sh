#!/bin/sh
# After the wheel: what a release puts beside it in dist/. The source archive of HEAD, the source
# packages of the LGPL parts (their licence wants them offered at the same place), checksums.
set -eu

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
dist=$top/dist
folder=$top/build/wheel-deps
version=$(sed -n 's/^project(xeus-tinycc VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
name=xeus-tinycc-$version
. "$top/packaging/debian_sources.sh"

# Source package and upstream version of each LGPL part. Header files are their own source.
lgpl_parts() {
    python3 - "$dist"/*.whl <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    table = next(n for n in wheel.namelist() if n.endswith("THIRD_PARTY_NOTICES.md"))
    for line in wheel.read(table).decode().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 4 and "LGPL" in cells[3] and "Header files" not in cells[3]:
            print(cells[1], cells[2].partition(":")[2].rpartition("-")[0] or
                  cells[2].rpartition("-")[0])
PYTHON
}

cd "$top"
git archive --format=tar.gz --prefix="$name/" -o "$dist/$name.tar.gz" HEAD
rm -rf "$dist/sources"
mkdir -p "$dist/sources"
prepare_apt
cd "$dist/sources"
missing=$(lgpl_parts | while read -r package upstream; do
    download "$package" "$upstream" || echo "$package $upstream"
done)
cd "$dist"
find . -type f ! -name SHA256SUMS | sed 's/^\.\///' | sort | xargs -d '\n' sha256sum >SHA256SUMS
echo "$dist: $(du -sm "$dist" | cut -f 1) MB, $(wc -l <SHA256SUMS) files"
[ -z "$missing" ] || {
    echo "build_release.sh: not to be had from Debian's archive, add them by hand:" $missing >&2
    exit 1
}
