"""The kernel in a real JupyterLab: what a user sees and presses."""

import json
import re

from lab_server import TOP
from notebook_page import code_cell

COURSEWORK = TOP / "notebooks" / "lenet5-mnist.ipynb"


def coursework():
    return json.loads(COURSEWORK.read_text(encoding="utf-8"))


def code_cells(book):
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def cell_with(book, text):
    """Which code cell holds this text."""
    return next(i for i, cell in enumerate(code_cells(book)) if text in "".join(cell["source"]))


def long_coursework(open_notebook, more):
    """Open the coursework up to its training, of 200 epochs, then these cells; also return which
    code cell trains."""
    book = coursework()
    code, training = code_cells(book), cell_with(book, "model_fit(")
    for cell in code:
        cell["source"] = re.sub(r"(\bepochs +=) 5;", r"\1 200;", "".join(cell["source"]))
    book["cells"] = code[:training + 1] + [code_cell(i, c) for i, c in enumerate(more)]
    return open_notebook(notebook=book), training


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
    book = coursework()
    notebook = open_notebook(notebook=book)
    notebook.run_all()
    prompts = notebook.wait_all_done()
    notebook.shoot(shots / "coursework.png", whole=True)
    assert notebook.errors() == []
    assert prompts == [f"[{i + 1}]:" for i in range(len(prompts))]
    for call, pictures in (("plot_hist(", 1), ("plot_history(", 2), ("plot_confusion_matrix(", 1),
                           ("imshow_grid(x_train", 1), ("imshow_grid(x_test", 1)):
        assert notebook.pictures(cell_with(book, call)).count() == pictures, call
    for call in ("devices()", "mnist_load_data(", "model_summary(", "model_benchmark(",
                 "device_table("):
        assert notebook.tables(cell_with(book, call)).count() == 1, call


def test_stop_keeps_the_epochs_so_far(open_notebook, shots):
    plot = 'plot_history(model_history(lenet5), "accuracy", "val_accuracy");'
    notebook, training = long_coursework(open_notebook, [plot, "batch_size", "history"])
    notebook.run_all()
    notebook.wait_output(training, re.compile(r"Epoch 2/200 - .* val_accuracy: "))
    notebook.stop()
    prompts = notebook.wait_all_done()
    assert "KeyboardInterrupt" in notebook.output(training)
    assert prompts[training].strip("[]:").isdigit()
    assert prompts[training + 1:] == ["[ ]:"] * 3  # queued cells were given back
    for index in range(training + 1, training + 4):
        notebook.run(index)
        notebook.wait_done(index)
    notebook.shoot(shots / "stop.png", whole=True)
    assert notebook.pictures(training + 1).count() == 1
    assert "128" in notebook.output(training + 2)
    assert re.search(r"Best of [2-9]\d* epochs \(interrupted\)", notebook.output(training + 3))
    assert len(notebook.errors()) == 1, notebook.errors()


def test_scanf_asks_in_the_page(open_notebook, shots):
    notebook = open_notebook(['int n; printf("how many? "); scanf("%d", &n);', "n * 2"])
    notebook.run_all()
    box = notebook.page.locator(".jp-Stdin-input")
    box.wait_for()
    notebook.shoot(shots / "scanf.png")
    box.fill("21")
    box.press("Enter")
    notebook.wait_done(1)
    assert "how many?" in notebook.output(0)
    assert "42" in notebook.output(1)


def test_tab_completes(open_notebook, shots):
    notebook = open_notebook(["model_f"])
    notebook.edit(0)
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer .jp-Completer-item", has_text="model_fit")
    offered.first.wait_for()
    notebook.shoot(shots / "tab.png")
    offered.first.click()
    notebook.cell(0).locator(".cm-content", has_text="model_fit").wait_for()


def test_shift_tab_shows_the_comment(open_notebook, shots):
    notebook = open_notebook(["model_fit"])
    notebook.edit(0)
    notebook.page.keyboard.press("Shift+Tab")
    tooltip = notebook.page.locator(".jp-Tooltip")
    tooltip.wait_for()
    notebook.shoot(shots / "shift-tab.png")
    assert "nn_model_fit: Train a compiled model." in tooltip.inner_text()
