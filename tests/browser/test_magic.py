"""C below Python in a real JupyterLab: a Python notebook with %%c cells, as on Kaggle."""

import re

from notebook_page import code_cell

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
          "language_info": {"name": "python"}}
TRAIN = """%%c
mnist_t digits = synthetic_digits();
tensor_t x = rescale(reshape(digits.x_train, -1, 784), 1 / 255.0f);
model_t *net = Sequential("net", Input(784), Dense(10, .activation = "softmax"));
model_compile(net, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy",
              .metrics = {"accuracy"});
history_t *h = model_fit(net, x, digits.y_train, .epochs = EPOCHS);"""


def python_notebook(open_notebook, *cells):
    sources = ["%load_ext xeus_tinycc", *cells]
    return open_notebook(notebook={"nbformat": 4, "nbformat_minor": 5, "metadata": PYTHON,
                                   "cells": [code_cell(i, c) for i, c in enumerate(sources)]})


def test_cells_below_python(open_notebook, shots):
    notebook = python_notebook(
        open_notebook, "%%c\nint answer = 41;", "%%c\nanswer + 1", TRAIN.replace("EPOCHS", "5"), '%%c\nplot_history(h, "loss");',
        "import numpy as np\nramp = np.arange(5.0)",
        "%%c -i ramp -o total\ndouble total = ramp[0] + ramp[4];", "total", "%%c\n*(int *)0 = 1;",
        "%%c\nanswer + 2")
    notebook.run_all()
    assert notebook.wait_all_done()[-2:] == ["[9]:", "[ ]:"] # the error has stopped Run All
    notebook.run(9)
    notebook.wait_done(9)
    notebook.shoot(shots / "below_python.png", whole=True)
    assert "42" in notebook.output(2)
    assert "5/5 epochs" in notebook.output(3)
    assert notebook.pictures(4).count() == 1
    assert "4.0" in notebook.output(7)
    assert "SIGSEGV" in notebook.output(8)
    assert "43" in notebook.output(9) # and cost no variable
    assert len(notebook.errors()) == 1, notebook.errors()


def test_stop_below_python(open_notebook, shots):
    notebook = python_notebook(open_notebook, TRAIN.replace("EPOCHS", "100000"), "%%c\nh->epochs > 1")
    notebook.run_all()
    notebook.wait_output(1, re.compile(r"Epoch 2/100000 - .*accuracy: "))
    notebook.stop()
    notebook.wait_all_done()
    notebook.shoot(shots / "stop_below_python.png")
    assert "KeyboardInterrupt" in notebook.output(1)
    notebook.run(2)
    notebook.wait_done(2)
    assert "1" in notebook.output(2)


def test_scanf_below_python_asks_in_the_page(open_notebook):
    notebook = python_notebook(open_notebook, '%%c\nint n; printf("how many? "); scanf("%d", &n);',
                               "%%c\nn * 2")
    notebook.run_all()
    box = notebook.page.locator(".jp-Stdin-input")
    box.wait_for()
    box.fill("21")
    box.press("Enter")
    notebook.wait_done(2)
    assert "42" in notebook.output(2)
