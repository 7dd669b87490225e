"""Check a finished wheel: what its programs need of a machine, its size, its licence notices.

    check_wheel.py WHEEL

Prints one line for each fault and ends with status 1, or says what was checked.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

TOP = pathlib.Path(__file__).resolve().parents[1]
NEWEST_GLIBC = (2, 35)
MOST_BYTES = 30_000_000
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2",
         "ld-linux-x86-64.so.2"}
HELPERS = "xeus_tinycc/libexec/xeus-tinycc"
PROGRAMS = ["xeus_tinycc/bin/xtinycc", "xeus_tinycc/bin/xtinycc-worker", f"{HELPERS}/nn-files",
            f"{HELPERS}/nb-draw"]
PRESENT = ["xeus_tinycc/__init__.py", "xeus_tinycc/__main__.py", "xeus_tinycc/install.py",
           "xeus_tinycc/lib/libnn.so", "xeus_tinycc/lib/pkgconfig/nn.pc",
           "xeus_tinycc/include/notebook.h", "xeus_tinycc/share/xeus-tinycc/libtcc1.a",
           "xeus_tinycc/share/xeus-tinycc/libc/stdio.h",
           "xeus_tinycc/share/xeus-tinycc/fonts/fonts.conf"]
# Files that are this project's own; every other one needs a notice in files.json.
OURS = [r"xeus_tinycc/[^/]+\.py", r"xeus_tinycc/include/(notebook\.h|n[nb]/[^/]+\.h)",
        r"xeus_tinycc/lib/pkgconfig/nn\.pc", r"xeus_tinycc/share/xeus-tinycc/fonts/fonts\.conf",
        r"(.*data/data|xeus_tinycc)/share/jupyter/kernels/xtinycc/(kernel\.json|logo-[^/]+)",
        r"[^/]+\.dist-info/.*"]


def is_ours(file):
    shims = TOP / "share" / "xeus-tinycc"
    inner = file.removeprefix("xeus_tinycc/share/xeus-tinycc/")
    return any(re.fullmatch(p, file) for p in OURS) or (inner != file and (shims / inner).exists())


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def glibc_wanted(path):
    """The newest symbol version, and the symbols newer than allowed."""
    newest, too_new = (0, 0), []
    for line in tool("objdump", "-T", str(path)).splitlines():
        found = re.search(r"\*UND\*.*\(?GLIBC_(\d+)\.(\d+)[.\d]*\)?\s+(\S+)", line)
        if found:
            version = int(found[1]), int(found[2])
            newest = max(newest, version)
            if version > NEWEST_GLIBC:
                too_new.append(f"{found[3]} ({found[1]}.{found[2]})")
    return newest, too_new


def check_binary(file, path, bundled):
    newest, too_new = glibc_wanted(path)
    for symbol in too_new:
        yield f"{file}: needs {symbol} of glibc"
    dynamic = tool("objdump", "-p", str(path))
    allowed = GLIBC | ({"libnn.so"} if file.endswith("xtinycc-worker") else set())
    if file.startswith(f"{HELPERS}/lib/") or file.endswith("nb-draw"):
        allowed = allowed | bundled
    for name in re.findall(r"NEEDED\s+(\S+)", dynamic):
        if name not in allowed:
            yield f"{file}: needs {name}, which is neither glibc's nor in the wheel"
    for folders in re.findall(r"R(?:UN)?PATH\s+(\S+)", dynamic):
        for folder in folders.split(":"):
            if not folder.startswith("$ORIGIN"):
                yield f"{file}: looks for libraries in '{folder}'"
    check_binary.newest = max(check_binary.newest, newest)


check_binary.newest = (0, 0)


def check_notices(files, tree):
    folder = next(tree.glob("*.dist-info/licenses"), None)
    if folder is None:
        yield "no licence notices"
        return
    parts = json.loads((folder / "files.json").read_text())
    table = (folder / "THIRD_PARTY_NOTICES.md").read_text()
    for file in files:
        if not is_ours(file) and file not in parts:
            yield f"{file}: no licence notice"
    for file, names in parts.items():
        if file not in files:
            yield f"{file}: has a notice, but is not in the wheel"
        for name in names:
            text = folder / f"{name}.txt"
            if not text.exists() or text.stat().st_size < 100 or f"| {name} |" not in table:
                yield f"{file}: the notice of {name} is missing"
    if not (folder / "LICENSE").exists():
        yield "our own LICENSE is missing"


def check_tree(files, tree):
    bundled = {pathlib.PurePath(f).name for f in files if f.startswith(f"{HELPERS}/lib/")}
    for file in [*PROGRAMS, *PRESENT]:
        if file not in files:
            yield f"{file} is missing"
    for file in files:
        data = (tree / file).read_bytes()
        if data[:4] == b"\x7fELF":
            yield from check_binary(file, tree / file, bundled)
        if str(TOP).encode() in data:
            yield f"{file}: holds the path of the build"
    spec = next(tree.glob("*.data/data/share/jupyter/kernels/xtinycc/kernel.json"), None)
    if spec is None or json.loads(spec.read_text())["argv"][:3] != ["python3", "-m", "xeus_tinycc"]:
        yield "the kernel specification is missing or does not start the package"
    yield from check_notices(files, tree)


def check(wheel):
    if not wheel.name.endswith("-py3-none-manylinux_2_35_x86_64.whl"):
        yield f"{wheel.name}: unexpected tag"
    if wheel.stat().st_size > MOST_BYTES:
        yield f"{wheel.stat().st_size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.0f}"
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as work:
        files = {i.filename: i for i in archive.infolist() if not i.is_dir()}
        for file in PROGRAMS:
            if file in files and not files[file].external_attr >> 16 & 0o100:
                yield f"{file}: not executable"
        archive.extractall(work)
        yield from check_tree(set(files), pathlib.Path(work))


def main():
    wheel = pathlib.Path(sys.argv[1])
    faults = list(check(wheel))
    for fault in faults:
        print(f"check_wheel.py: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, glibc "
          f"{'.'.join(map(str, check_binary.newest))} suffices, every part has its notice")


if __name__ == "__main__":
    main()
