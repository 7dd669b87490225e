#!/usr/bin/env python3
"""Make notebooks/lenet5-kaggle.ipynb, a Python notebook of %%c cells, from lenet5-mnist.ipynb.

    packaging/make_kaggle_notebook.py            write it
    packaging/make_kaggle_notebook.py --check    exit with 1 if it is out of date

Hosts such as Kaggle and Colab offer only Python kernels. The C cells are the same, word for word.
"""
import json
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
SOURCE, TARGET = FOLDER / "lenet5-mnist.ipynb", FOLDER / "lenet5-kaggle.ipynb"

INTRODUCTION = """\
# LeNet-5 on MNIST, in C, on Kaggle or Colab

The coursework of `lenet5-mnist.ipynb` where only Python kernels are offered: each `%%c` cell is C, run by its own kernel below Python's; its variables stay between cells. *Run All* stops at an error, *Stop* keeps what a cell had done.

*Tab* and *Shift-Tab* are Python's here. `%c? model_fit` explains a name, `%c printf("%d\\n", epochs)` runs a line, `%%c -i x -o y` passes NumPy arrays in and out, `%c_restart` starts the C side anew.

**The kernel** comes from a wheel: attach a data set that holds `xeus_tinycc-….whl` (no internet needed), or give the wheel's address in the first cell. **MNIST** is found in the attached data sets, as IDX files, `mnist.npz` or `mnist_train.csv` and `mnist_test.csv`; else it is downloaded, if the host's internet is switched on. Every file is checked by SHA-256. It is Y. LeCun's and C. Cortes' derivative of NIST data (CC BY-SA 3.0).

The course's steps that are about accounts, forms and groups are not part of this notebook."""

INSTALL = """\
WHEEL = "xeus-tinycc"   # or the address of a wheel, if none is attached

import glob, importlib.util, subprocess, sys

if importlib.util.find_spec("xeus_tinycc") is None:
    attached = [w for stars in ("", "*/", "*/*/", "*/*/*/")
                for w in glob.glob("/kaggle/input/" + stars + "xeus_tinycc-*.whl")
                + glob.glob(stars + "xeus_tinycc-*.whl")]
    what = ["--no-index", "--no-deps", sorted(attached)[-1]] if attached else [WHEEL]
    if subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *what]).returncode:
        raise ImportError("The C kernel is not installed. Attach a data set that holds xeus_tinycc-….whl "
                          "(Add Input), or switch Internet on and set WHEEL to a wheel's address.")
    importlib.invalidate_caches()"""

COLLECT_TEXT = """\
## Records of other devices

A host gives a fresh machine when its accelerator is switched. Results of earlier sessions that were attached as a data set (or lie in `input/`) are brought into `records/` here, so that the table below has their rows."""

COLLECT = """\
from xeus_tinycc import hosts

hosts.collect_records();"""

PACK_TEXT = """\
## Before you switch the accelerator

One archive with the records, the models and what else was written. Download it (*Output* or *Files*, on the right or left), switch, attach it, and run all cells again."""

PACK = """\
hosts.pack_results();"""


def cell(kind, name, source):
    made = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(True)}
    return {**made, "execution_count": None, "outputs": []} if kind == "code" else made


def text_for_python(source):
    """Sentences of the C notebook that do not hold below Python."""
    source = re.sub(r" In batch, `papermill [^`]*` [^.]*\.", "", source)
    return source.replace("lenet5-mnist.ipynb", "lenet5-kaggle.ipynb")


def convert(notebook):
    cells = [cell("markdown", "kaggle-title", INTRODUCTION), cell("code", "kaggle-install", INSTALL),
             cell("code", "kaggle-load", "%load_ext xeus_tinycc")]
    first, *others = notebook["cells"]
    if first["cell_type"] != "markdown":
        raise SystemExit("the C notebook no longer begins with its title")
    collected = False
    for old in others:
        source = "".join(old["source"])
        if old["cell_type"] == "markdown":
            cells.append(cell("markdown", old["id"], text_for_python(source)))
            continue
        if "record_run(" in source and not collected:
            before = len(cells) - (cells[-1]["cell_type"] == "markdown") # above its heading
            cells[before:before] = [cell("markdown", "kaggle-collect-text", COLLECT_TEXT),
                                    cell("code", "kaggle-collect", COLLECT)]
            collected = True
        cells.append(cell("code", old["id"], "%%c\n" + source))
    if not collected:
        raise SystemExit("the C notebook has no record_run()")
    cells += [cell("markdown", "kaggle-pack-text", PACK_TEXT), cell("code", "kaggle-pack", PACK)]
    return {"cells": cells,
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                        "name": "python3"},
                         "language_info": {"name": "python"}},
            "nbformat": 4, "nbformat_minor": 5}


def main():
    made = convert(json.loads(SOURCE.read_text(encoding="utf-8")))
    text = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{TARGET} is out of date: run packaging/make_kaggle_notebook.py")
    elif sys.argv[1:]:
        raise SystemExit(__doc__)
    else:
        TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
