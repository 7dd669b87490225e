"""The Python package as cmake --install leaves it: found by PYTHONPATH alone."""

import configparser
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix")).resolve()


@pytest.fixture
def python(tmp_path):
    """A function that runs this Python with arguments, the installed package, a home of its own."""
    env = dict(os.environ, HOME=str(tmp_path), JUPYTER_DATA_DIR=str(tmp_path / "jupyter"),
               PYTHONPATH=str(PREFIX / "share" / "xeus-tinycc" / "python"))

    def run(*arguments, status=0):
        done = subprocess.run([sys.executable, *arguments], env=env, cwd=tmp_path,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return run


def version():
    return re.search(r"project\(xeus-tinycc VERSION ([\d.]+)",
                     (TOP / "CMakeLists.txt").read_text())[1]


def test_names_its_files_and_version(python):
    said = python("-c", "import xeus_tinycc as x; print(x.PREFIX, x.EXE, x.KERNELS, x.__version__)")
    kernels = PREFIX / "share" / "jupyter" / "kernels"
    assert said.split() == [str(PREFIX), str(PREFIX / "bin" / "xtinycc"), str(kernels), version()]


def test_becomes_the_kernel(python):
    assert python("-m", "xeus_tinycc", "--version").strip() == f"xtinycc {version()}"
    assert "usage: xtinycc" in python("-m", "xeus_tinycc", "nonsense", status=2)


def test_says_what_is_missing(python):
    said = python("-c", "import xeus_tinycc; xeus_tinycc.EXE = '/nowhere/xtinycc';"
                        "from xeus_tinycc.__main__ import main; main()", status=1)
    assert "/nowhere/xtinycc is missing; install xeus-tinycc again" in said


def test_installs_and_removes_the_kernel_specification(python, tmp_path):
    for place, folder in (["--user"], tmp_path / "jupyter"), \
                         (["--prefix", str(tmp_path / "p")], tmp_path / "p" / "share" / "jupyter"):
        target = folder / "kernels" / "xtinycc"
        assert str(target) in python("-m", "xeus_tinycc.install", *place)
        spec = json.loads((target / "kernel.json").read_text())
        assert os.path.isabs(spec["argv"][0]) and spec["language"] == "c"
        assert (target / "logo-64x64.png").exists()
        python("-m", "xeus_tinycc.install", "--remove", *place)
        assert not target.exists()
        assert "no kernel specification" in python("-m", "xeus_tinycc.install", "--remove", *place,
                                                   status=1)


def test_wheel_and_prefix_have_the_same_entry_points():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    wanted = {"console_scripts": project["scripts"], **project.get("entry-points", {})}
    found = configparser.ConfigParser()
    found.read(TOP / "share" / "python" / "entry_points.txt")
    assert {name: dict(found[name]) for name in found.sections()} == wanted
