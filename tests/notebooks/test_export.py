"""`xtinycc export` turns the coursework into a C program: it compiles without warnings by any
compiler, against the installed library, and computes what the notebook computes."""
import re
import subprocess

import pytest

from running import PREFIX, TOP, environment
from reading import load, stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "lenet5.c"
    subprocess.run([PREFIX / "bin" / "xtinycc", "export",
                    TOP / "notebooks" / "lenet5-mnist.ipynb", "-o", path],
                   check=True, env=environment())
    return path


def compile_and_link(compiler, program):
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "nn"], check=True, text=True,
                           capture_output=True, env=environment(
                               PKG_CONFIG_PATH=str(PREFIX / "lib" / "pkgconfig"))).stdout.split()
    out = program.with_name(f"lenet5-{compiler}")
    built = subprocess.run([compiler, "-O2", "-Wall", "-Wextra", program, "-o", out, *flags,
                            f"-Wl,-rpath,{PREFIX / 'lib'}"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    return out


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compiles_without_warnings(program, compiler):
    compile_and_link(compiler, program)


def test_computes_the_same(program, coursework, tmp_path):
    ran = subprocess.run([compile_and_link("gcc", program)], cwd=tmp_path, capture_output=True,
                         text=True, timeout=900)
    assert ran.returncode == 0, ran.stderr
    pattern = r"test loss ([\d.]+), test accuracy ([\d.]+)%"
    assert re.search(pattern, ran.stdout).groups() == \
        re.search(pattern, stdout(load(coursework))).groups()
    assert "they agree within 1e-5" in ran.stdout


def test_reads_like_a_program(program):
    source = program.read_text(encoding="utf-8")
    assert "__nb" not in source and "__cell" not in source
    assert re.search(r"^int main\(", source, re.M)
    assert "void by_hand_conv(" in source
