"""Clients that run whole notebooks notice a cell that crashes; those told to go on find the values.

A crash is an error of its cell, never the end of the kernel: with --allow-errors the later cells
have what the earlier ones left.
"""
import os
import subprocess
import sys

import nbformat
import pytest

from running import environment

CELLS = ["int x = 41; x", "x = 7; *(volatile int *)0 = 1;", "x + 1", "char c; scanf(\"%c\", &c);",
         "x + 2"]


@pytest.fixture
def notebook(tmp_path):
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in CELLS],
        metadata={"kernelspec": {"name": "xtinycc", "display_name": "C (TinyCC)", "language": "c"},
                  "language_info": {"name": "c", "file_extension": ".c"}})
    path = tmp_path / "crash.ipynb"
    nbformat.write(book, path)
    return path


COMMANDS = {
    "nbconvert": ["-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb"],
    "nbclient": ["-c", "from nbclient.cli import main; main()", "--output", "out.ipynb"],
    "papermill": ["-m", "papermill"],
}
GOES_ON = {"nbconvert": ["--allow-errors"], "nbclient": ["--allow-errors"]}


def run(client, notebook, *more):
    arguments = [sys.executable, *COMMANDS[client], *more, notebook.name]
    if client == "papermill":
        arguments.append("out.ipynb")
    return subprocess.run(arguments, cwd=notebook.parent, env=environment(), capture_output=True,
                          text=True, timeout=600, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("client", COMMANDS)
def test_failure_is_reported(client, notebook):
    done = run(client, notebook)
    assert done.returncode != 0
    assert "SIGSEGV" in done.stdout + done.stderr


@pytest.mark.parametrize("client", GOES_ON)
def test_values_are_kept_by_those_who_go_on(client, notebook):
    done = run(client, notebook, *GOES_ON[client])
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(notebook.parent / "out.ipynb", as_version=4).cells
    names = [[o.get("ename") for o in cell.outputs if o.output_type == "error"] for cell in cells]
    assert names == [[], ["SIGSEGV"], [], ["StdinNotImplementedError"], []]
    values = ["".join(o.data["text/plain"] for o in cell.outputs
                      if o.output_type == "execute_result") for cell in cells]
    assert values == ["41", "", "42", "", "43"]
