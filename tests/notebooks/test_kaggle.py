"""lenet5-kaggle.ipynb: up to date with the C notebook, and it runs as on Kaggle: data sets in a
read-only input folder, no network, records of an earlier session attached."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from running import PREFIX, TOP, environment
from reading import bundles, code_cells, load, outputs, stdout, text

PACKAGE = PREFIX / "share" / "xeus-tinycc" / "python"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
MNIST = pathlib.Path(os.environ.get("XTINYCC_DATA") or CACHE / "xeus-tinycc" / "mnist")
GENERATOR = TOP / "packaging" / "make_kaggle_notebook.py"
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
OLD = "gpu-classic-20260101T000000Z-0badcafe"


def test_is_up_to_date():
    ran = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_cells_are_those_of_the_c_notebook():
    c_cells = [text(c["source"]) for c in code_cells(load(TOP / "notebooks" / "lenet5-mnist.ipynb"))]
    kaggle = [text(c["source"]) for c in code_cells(load(TOP / "notebooks" / "lenet5-kaggle.ipynb"))]
    assert [c.removeprefix("%%c\n") for c in kaggle if c.startswith("%%c\n")] == c_cells
    notebook = load(TOP / "notebooks" / "lenet5-kaggle.ipynb")
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "Tab* and" in text(notebook["cells"][0]["source"])


def read_only(folder, yes):
    for path in [folder, *folder.rglob("*")]:
        path.chmod((0o555 if yes else 0o755) if path.is_dir() else 0o444)


@pytest.fixture
def host(tmp_path):
    """/kaggle as it is: input/, read-only once a test has filled it, and working/."""
    (tmp_path / "input").mkdir()
    (tmp_path / "working").mkdir()
    yield tmp_path
    read_only(tmp_path / "input", False)


def collect(host, code):
    env = environment(XTINYCC_TEST_KAGGLE=str(host / "input"), PYTHONPATH=str(PACKAGE))
    ran = subprocess.run([sys.executable, "-c", f"from xeus_tinycc import hosts\n{code}"],
                         cwd=host / "working", env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_records_are_collected_and_packed(host):
    old = host / "input" / "results" / "records"
    old.mkdir(parents=True)
    (old / f"{OLD}.json").write_text(json.dumps({"format": "xeus-tinycc record 1", "run": "old"}))
    (old / f"{OLD}.keras").write_bytes(b"PK")
    (host / "input" / "results" / "other.json").write_text("{}")
    read_only(host / "input", True)
    told = collect(host, "hosts.collect_records(); hosts.pack_results()")
    assert "1 record of other sessions found" in told and "Download it before you switch" in told
    own = host / "working" / "records"
    files = {f"{OLD}.json", f"{OLD}.keras"}
    assert {p.name for p in own.iterdir()} == files
    # The archive, attached to a session that has nothing.
    shutil.rmtree(own)
    (host / "attached").mkdir()
    shutil.move(host / "working" / "lenet5-results.zip", host / "attached")
    assert "1 record of" in collect(host, "hosts.collect_records('../attached')")
    assert {p.name for p in own.iterdir()} == files
    assert "0 records of" in collect(host, "hosts.collect_records()")


def test_runs_as_on_kaggle(host):
    """One epoch of it: the numbers themselves are test_coursework's."""
    (host / "input" / "mnist-dataset").mkdir()
    for name in FILES:
        shutil.copy(MNIST / name, host / "input" / "mnist-dataset" / name.replace("-idx", ".idx"))
    read_only(host / "input", True)
    notebook = load(TOP / "notebooks" / "lenet5-kaggle.ipynb")
    for cell in code_cells(notebook):
        source = text(cell["source"])
        source = source.replace("epochs        = 5", "epochs        = 1")
        cell["source"] = source.replace(".passes = 3", ".passes = 1")
    path = host / "working" / "lenet5-kaggle.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    dead = "http://127.0.0.1:9"
    env = environment(HOME=str(host), XDG_CACHE_HOME=str(host / "cache"), XTINYCC_DATA="",
                      XTINYCC_TEST_KAGGLE=str(host / "input"), PYTHONPATH=str(PACKAGE),
                      http_proxy=dead, https_proxy=dead, HTTPS_PROXY=dead, ALL_PROXY=dead)
    env["JUPYTER_PATH"] = "" # %%c asks nobody where its kernel is
    ran = subprocess.run([sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute",
                          "--inplace", "--ExecutePreprocessor.timeout=900", path.name],
                         cwd=path.parent, env=env, capture_output=True, text=True, timeout=1800)
    assert ran.returncode == 0, ran.stderr
    done = load(path)
    assert [o for o in outputs(done) if o["output_type"] == "error"] == []
    shown = bundles(done)
    assert sum("image/png" in b for b in shown) >= 4
    assert sum("text/html" in b for b in shown) >= 4
    printed = stdout(done)
    assert "the reloaded model answers bit for bit the same" in printed
    assert "mnist-dataset" in "".join(text(b["text/plain"]) for b in shown)
    assert "lenet5-results.zip" in printed and (path.parent / "lenet5-results.zip").exists()
