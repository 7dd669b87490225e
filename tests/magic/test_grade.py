"""Many notebooks at once: each in its own folder, a table of all, failures that cost one line."""
import csv
import json
import subprocess
import sys

import nbformat
import pytest

from python_notebook import environment

RUN = r"""#include <sys/stat.h>
mnist_t digits = synthetic_digits();
tensor_t x = rescale(reshape(digits.x_train, -1, 784), 1 / 255.0f);
tensor_t x_test = rescale(reshape(digits.x_test, -1, 784), 1 / 255.0f);
model_t *net = Sequential("net", Input(784), Dense(10, .activation = "softmax"));
model_compile(net, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy",
              .metrics = {"accuracy"});
history_t *h = model_fit(net, x, digits.y_train, .epochs = epochs, .seed = STUDENT);
model_save(net, "own.keras");
mkdir("handin", 0777); // as write_report() does
metrics_t test = model_evaluate(net, x_test, digits.y_test);
latency_t lat = model_benchmark(net, x_test, .batch_size = 1, .warmup = 1, .passes = 1);
record_run(net, h, test, lat, .data = digits, .model_file = "own.keras");"""


def write(path, *cells):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nb.metadata["kernelspec"] = {"name": "xtinycc", "display_name": "C (TinyCC)", "language": "c"}
    nb.cells[0].metadata["tags"] = ["parameters"]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)


def command(module, *arguments, cwd):
    return subprocess.run([sys.executable, "-m", f"xeus_tinycc.{module}", *map(str, arguments)],
                          cwd=cwd, env=environment(), capture_output=True, text=True, timeout=1500)


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Six notebooks of one name, four at a time; the third crashes."""
    folder = tmp_path_factory.mktemp("grade")
    for i in range(6):
        body = "*(int *)0 = 1;" if i == 2 else RUN.replace("STUDENT", str(i + 1))
        write(folder / f"student{i}" / "lenet5.ipynb", "int epochs = 5;", body)
    ran = command("grade", *[f"student{i}/lenet5.ipynb" for i in range(6)], "--out", "graded",
                  "--jobs", 4, "-p", "epochs", 1, cwd=folder)
    return folder, ran


def test_every_notebook_has_a_complete_folder(graded):
    folder, ran = graded
    seeds = set()
    for i in {0, 1, 3, 4, 5}:
        own = folder / "graded" / f"student{i}-lenet5"
        assert (own / "own.keras").exists(), ran.stdout + ran.stderr
        record, = (own / "records").glob("*.json")
        facts = json.loads(record.read_text(encoding="utf-8"))
        seeds.add(facts["seed"])
        assert facts["epochs"] == 1
        executed = nbformat.read(own / "lenet5.ipynb", 4)
        assert all(c.execution_count for c in executed.cells)
        assert nbformat.read(own / "handin" / "lenet5.ipynb", 4) == executed
    assert seeds == {1, 2, 4, 5, 6} # each has its own results
    assert not (folder / "records").exists() and not (folder / "student0" / "records").exists()


def test_table(graded):
    folder, ran = graded
    assert ran.returncode == 1 and "5 of 6 ran to their end" in ran.stdout
    table = rows(folder / "graded" / "grades.csv")
    assert [r["status"] for r in table] == ["ok", "ok", "failed", "ok", "ok", "ok"]
    assert [r["seed"] for r in table] == ["1", "2", "", "4", "5", "6"]
    assert table[2]["error"].startswith("SIGSEGV") and table[2]["cell"] == "3"
    assert all(0 < float(r["test_accuracy"]) <= 1 for r in table if r["status"] == "ok")


def test_a_second_run_overwrites_nothing(graded):
    folder, _ = graded
    ran = command("grade", "student0/lenet5.ipynb", "student1/lenet5.ipynb", "--out", "graded",
                  cwd=folder)
    assert ran.returncode == 2 and "is there already" in ran.stderr


def test_records_command(graded):
    folder, _ = graded
    ran = command("records", "graded", cwd=folder)
    assert len(ran.stdout.splitlines()) == 6
    ran = command("records", "graded", "-o", "all.csv", cwd=folder)
    assert len(rows(folder / "all.csv")) == 5


def test_endless_notebook(tmp_path):
    write(tmp_path / "endless.ipynb", "puts(\"here\");", "for (;;);")
    ran = command("grade", "endless.ipynb", "--out", "graded", "--timeout", 20, cwd=tmp_path)
    assert ran.returncode == 1
    assert rows(tmp_path / "graded" / "grades.csv")[0]["status"] == "timeout"


def test_foreign_files_are_no_records(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text('{"format": "something else"}')
    (tmp_path / "d.json").write_text(json.dumps(
        {"format": "xeus-tinycc record 1", "variant": "=cmd()", "load_average": 9, "cores": 2}))
    ran = command("records", ".", cwd=tmp_path)
    lines = list(csv.DictReader(ran.stdout.splitlines()))
    assert len(lines) == 1 and lines[0]["variant"] == "'=cmd()"
    assert lines[0]["load_warning"] == "load 9.0 on 2 cores"
