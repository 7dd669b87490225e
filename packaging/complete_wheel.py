"""Complete the wheel that scikit-build-core made: what must come from the build machine's packages.

    complete_wheel.py WHEEL --build FOLDER --deps FOLDER --output FOLDER

Adds the C headers, the fonts, the shared libraries of nb-draw and the licence notices, and gives
the wheel its platform tag. packaging/check_wheel.py checks the result.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

import harvest_headers
from notices import Notices

HERE = pathlib.Path(__file__).resolve().parent
PLATFORM = "manylinux_2_35_x86_64"
PACKAGE = pathlib.PurePath("xeus_tinycc")
RUNTIME = PACKAGE / "share" / "xeus-tinycc"
HELPERS = PACKAGE / "libexec" / "xeus-tinycc"
FONTS = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"]
FONT_FOLDER = pathlib.Path("/usr/share/fonts/truetype/dejavu")
# glibc's own, and the kernel's page: of the machine that runs the wheel.
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2",
         "libutil.so.1", "ld-linux-x86-64.so.2", "linux-vdso.so.1"}
# Targets in build.ninja, and their files in the wheel.
PROGRAMS = [("bin/xtinycc", PACKAGE / "bin" / "xtinycc"),
            ("bin/xtinycc-worker", PACKAGE / "bin" / "xtinycc-worker"),
            ("lib/libnn.so", PACKAGE / "lib" / "libnn.so"),
            ("libexec/xeus-tinycc/nn-files", HELPERS / "nn-files"),
            ("libexec/xeus-tinycc/nb-draw", HELPERS / "nb-draw")]


def add_headers(tree, notices):
    files, _ = harvest_headers.harvest("tcc", [tree / RUNTIME / "include"],
                                       tree / RUNTIME / "libc")
    for short, path in files.items():
        notices.add(RUNTIME / "libc" / short, path)
    ours = {path.name for path in (HERE.parent / "share" / "xeus-tinycc" / "include").iterdir()}
    for path in sorted((tree / RUNTIME / "include").iterdir()):
        if path.name not in ours:
            notices.add_package(RUNTIME / "include" / path.name, "tcc")
    notices.add_package(RUNTIME / "libtcc1.a", "tcc")


def add_fonts(tree, notices):
    folder = tree / RUNTIME / "fonts"
    folder.mkdir()
    shutil.copyfile(HERE / "fonts.conf", folder / "fonts.conf")
    for name in FONTS:
        shutil.copyfile(FONT_FOLDER / name, folder / name)
        notices.add(RUNTIME / "fonts" / name, FONT_FOLDER / name)


def shared_libraries(program, deps):
    """Name and path of every shared library below PROGRAM but glibc's."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    rebuilt = {path.name: path for path in (deps / "prefix" / "lib").glob("*.so.*")}
    for line in listed.splitlines():
        name, _, rest = line.strip().partition(" => ")
        if rest and name not in GLIBC:
            yield name, rebuilt.get(name, pathlib.Path(rest.split()[0]))


def add_libraries(tree, deps, notices):
    """nb-draw looks into its folder's lib/ first, for itself and for its libraries (DT_RPATH)."""
    folder = tree / HELPERS / "lib"
    libraries = dict(shared_libraries(tree / HELPERS / "nb-draw", deps))
    folder.mkdir()
    for name, path in libraries.items():
        shutil.copyfile(path, folder / name)
        (folder / name).chmod(0o755)
        notices.add(HELPERS / "lib" / name, path)
    return libraries


def run(*command):
    subprocess.run([sys.executable, "-m", *map(str, command)], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel", type=pathlib.Path)
    for name in "--build", "--deps", "--output":
        parser.add_argument(name, required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.deps = arguments.deps.resolve()
    notices = Notices(arguments.deps)
    with tempfile.TemporaryDirectory() as work:
        run("wheel", "unpack", arguments.wheel, "--dest", work)
        tree = next(pathlib.Path(work).iterdir())
        add_headers(tree, notices)
        add_fonts(tree, notices)
        libraries = add_libraries(tree, arguments.deps, notices)
        notices.add_archives(arguments.build, PROGRAMS)
        for package in "nlohmann-json3-dev", "xtl-dev":  # header files, compiled in
            notices.add_package(PACKAGE / "bin" / "xtinycc", package)
        notices.write(next(tree.glob("*.dist-info")) / "licenses")
        arguments.output.mkdir(parents=True, exist_ok=True)
        for old in arguments.output.glob("xeus_tinycc-*.whl"):
            old.unlink()
        run("wheel", "pack", tree, "--dest-dir", arguments.output)
    packed = next(arguments.output.glob("xeus_tinycc-*.whl"))
    run("wheel", "tags", "--platform-tag", PLATFORM, "--remove", packed)
    done = next(arguments.output.glob("xeus_tinycc-*.whl"))
    print(f"{done}: {done.stat().st_size / 1e6:.1f} MB, {len(libraries)} shared libraries")


if __name__ == "__main__":
    main()
