"""The kernel in a real JupyterLab: what a user sees and presses."""

import json

from lab_server import TOP

COURSEWORK = TOP / "notebooks" / "lenet5-mnist.ipynb"


def coursework():
    return json.loads(COURSEWORK.read_text(encoding="utf-8"))


def test_cells_have_colours_numbers_and_output(open_notebook, shots):
    notebook = open_notebook(["int x = 41; // a comment", "x + 1", 'printf("said\\n");'])
    notebook.run_all()
    assert notebook.wait_all_done() == ["[1]:", "[2]:", "[3]:"]
    assert "42" in notebook.output(1)
    assert "said" in notebook.output(2)
    assert notebook.errors() == []
    # The editor colours C: a comment and a type have spans of their own.
    assert notebook.cell(0).locator(".cm-line span").count() >= 2
    notebook.shoot(shots / "cells.png")


def test_coursework_runs_from_top_to_bottom(open_notebook, shots):
    notebook = open_notebook(notebook=coursework())
    notebook.run_all()
    prompts = notebook.wait_all_done()
    notebook.shoot(shots / "coursework.png", whole=True)
    assert notebook.errors() == []
    assert prompts == [f"[{i + 1}]:" for i in range(len(prompts))]
