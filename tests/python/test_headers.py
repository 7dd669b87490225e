"""The bundled C headers: harvested from this machine, used when asked for, complete."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix")).resolve()
sys.path.insert(0, str(TOP / "packaging"))
import harvest_headers  # noqa: E402


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A copy of the run-time files with a header bundle."""
    if not pathlib.Path("/usr/include/stdio.h").exists():
        pytest.skip("no C headers to harvest")
    folder = tmp_path_factory.mktemp("home") / "xeus-tinycc"
    shutil.copytree(PREFIX / "share" / "xeus-tinycc", folder)
    files, without = harvest_headers.harvest("tcc", [folder / "include"], folder / "libc")
    assert not without and len(files) > 300
    (folder / "libc" / "bundled_only.h").write_text("enum { bundled_only = 7 };\n")
    return folder


def run(home, headers, *cells):
    path = home.parent / "cells.c"
    path.write_text("\n// ---\n".join(cells))
    done = subprocess.run([PREFIX / "bin" / "xtinycc", "run", path], capture_output=True, text=True,
                          timeout=120, env=dict(os.environ, XTINYCC_HOME=str(home),
                                                XTINYCC_HEADERS=headers))
    return done.stdout + done.stderr


def test_bundle_serves_alone(home):
    said = run(home, "bundled", "#include <bundled_only.h>\nbundled_only", "#include <features.h>\n"
               "__GLIBC__", "#include <sys/wait.h>\n#include <regex.h>\n#include <netinet/in.h>\n"
               "regex_t r; regcomp(&r, \"^a+$\", REG_EXTENDED) + (int)htons(256)")
    assert said.split() == ["7", "2", "1"]


def test_system_headers_are_asked_for_by_name(home):
    said = run(home, "system", "#include <sys/wait.h>\nWNOHANG", "#include <bundled_only.h>")
    assert said.split()[0] == "1" and "include file 'bundled_only.h' not found" in said


def test_files_are_copied_unchanged(home):
    for name in "stdio.h", "pthread.h", "linux/limits.h":
        assert (home / "libc" / name).read_bytes() == pathlib.Path("/usr/include", name).read_bytes()
