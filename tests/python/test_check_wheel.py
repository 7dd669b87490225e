"""packaging/check_wheel.py finds what would break on a user's machine."""

import json
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "packaging"))
import check_wheel  # noqa: E402

NAME = "xeus_tinycc-0.1.0-py3-none-manylinux_2_35_x86_64.whl"
INFO = "xeus_tinycc-0.1.0.dist-info/licenses"
SPEC = json.dumps({"argv": ["python3", "-m", "xeus_tinycc", "-f", "{connection_file}"]})


def compiled(folder, source, *options):
    """A small program; symbol versions are what the linker on this machine gives."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    (folder / "p.c").write_text(source)
    subprocess.run(["cc", "-o", folder / "p", folder / "p.c", *options], check=True)
    return (folder / "p").read_bytes()


@pytest.fixture
def faults(tmp_path):
    """A function that builds a sound wheel, changed by its arguments, and returns what is found."""
    program = compiled(tmp_path, "int main(void) { return 0; }\n")

    def build(name=NAME, parts=None, mode=0o755, **files):
        tree = {file: program for file in check_wheel.PROGRAMS}
        tree.update({file: b"text" for file in check_wheel.PRESENT})
        tree["xeus_tinycc-0.1.0.data/data/share/jupyter/kernels/xtinycc/kernel.json"] = SPEC.encode()
        known = {"xeus_tinycc/share/xeus-tinycc/libtcc1.a": ["tcc"],
                 "xeus_tinycc/share/xeus-tinycc/libc/stdio.h": ["glibc"],
                 **{file: ["tcc"] for file in [*check_wheel.PROGRAMS, "xeus_tinycc/lib/libnn.so"]}}
        tree[f"{INFO}/files.json"] = json.dumps(known if parts is None else parts).encode()
        tree[f"{INFO}/THIRD_PARTY_NOTICES.md"] = b"| tcc | 1 |\n| glibc | 2 |\n"
        tree[f"{INFO}/LICENSE"] = b"ours"
        for part in "tcc", "glibc":
            tree[f"{INFO}/{part}.txt"] = b"licence " * 20
        tree.update(files)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file, data in tree.items():
                if data is None:
                    continue
                info = zipfile.ZipInfo(file)
                info.external_attr = mode << 16
                archive.writestr(info, data)
        return list(check_wheel.check(tmp_path / name))

    return build


def test_sound_wheel(faults):
    assert faults() == []


def test_names_and_modes(faults):
    assert faults(name="xeus_tinycc-0.1.0-py3-none-linux_x86_64.whl") == [
        "xeus_tinycc-0.1.0-py3-none-linux_x86_64.whl: unexpected tag"]
    assert faults(mode=0o644) == [f"{file}: not executable" for file in check_wheel.PROGRAMS]
    assert faults(**{"xeus_tinycc/include/notebook.h": None}) == [
        "xeus_tinycc/include/notebook.h is missing"]


def test_every_file_needs_a_notice(faults):
    assert faults(**{"xeus_tinycc/libexec/xeus-tinycc/lib/libfoo.so.1": b"x"}) == [
        "xeus_tinycc/libexec/xeus-tinycc/lib/libfoo.so.1: no licence notice"]
    assert faults(**{f"{INFO}/tcc.txt": b""})[0].endswith("the notice of tcc is missing")
    assert any("libtcc1.a: no licence notice" in fault for fault in faults(parts={}))


def test_libraries_and_paths(faults, tmp_path):
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "f.c").write_text("int f(void) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "libforeign.so", folder / "f.c"],
                   check=True)
    data = compiled(tmp_path, "int f(void);\nint main(void) { return f(); }\n", f"-L{folder}",
                    "-lforeign", f"-Wl,-rpath,{folder}")
    file = "xeus_tinycc/bin/xtinycc"
    assert faults(**{file: data}) == [
        f"{file}: needs libforeign.so, which is neither glibc's nor in the wheel",
        f"{file}: looks for libraries in '{folder}'"]
    source = f'const char *where = "{TOP}/x.c"; int main(void) {{ return !where; }}\n'
    assert faults(**{file: compiled(tmp_path, source)}) == [f"{file}: holds the path of the build"]


def test_symbols_of_a_newer_glibc(faults, monkeypatch):
    monkeypatch.setattr(check_wheel, "NEWEST_GLIBC", (2, 1))
    assert any("xtinycc: needs __libc_start_main (2." in fault for fault in faults())
