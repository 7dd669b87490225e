#!/bin/sh
# Build dist/xeus_tinycc-VERSION-py3-none-manylinux_2_35_x86_64.whl. `./dev wheel` calls this with
# what it needs installed; PYTHON is a Python with requirements-wheel.txt.
#
#   packaging/build_wheel.sh PYTHON
#
# Everything but glibc goes in: static archives of Debian 12 and of build_deps.sh, so it must be
# Debian 12 (packaging/check_fresh.sh makes one elsewhere).
set -eu

python=$1
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
deps=$top/build/wheel-deps
raw=$top/build/wheel-raw

. /etc/os-release
if [ "${ID:-}-${VERSION_ID:-}" != debian-12 ]; then
    echo "build_wheel.sh: the wheel is linked from Debian 12's archives, and this is" \
        "${PRETTY_NAME:-another system}. As root: packaging/check_fresh.sh bookworm FOLDER ./dev wheel" >&2
    exit 1
fi

sh "$top/packaging/build_deps.sh" "$deps"
rm -rf "$raw"
"$python" -m build --wheel --no-isolation --outdir "$raw" \
    -Ccmake.define.XTINYCC_BUNDLE=ON -Ccmake.define.CMAKE_PREFIX_PATH="$deps/prefix" \
    -Cbuild.tool-args="-j$(nproc)" "$top" >"$top/build/wheel.log" 2>&1 || {
    cat "$top/build/wheel.log" >&2
    exit 1
}
"$python" "$top/packaging/complete_wheel.py" "$raw"/*.whl \
    --build "$top/build/wheel" --deps "$deps" --output "$top/dist"
"$python" "$top/packaging/check_wheel.py" "$top"/dist/*.whl
