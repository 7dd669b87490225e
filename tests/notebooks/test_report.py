"""The report: one or two pages, every number in it from record, notebook and table; and the folder
that is handed in. Records are made by real runs: the coursework, and short ones on a part of MNIST
under different settings, marked as such."""
import hashlib
import re
import shutil
import subprocess

import pytest

from reading import bundles, load, text
from report_text import (fonts_not_embedded, load_records, pages, row_of, section, unexplained,
                         words)
from running import PREFIX, TOP, environment

# What sets the short runs apart: setting, variant, batch size, ReLU.
SHORT_RUNS = [(None, "classic", 64, 0), ("1 thread", "classic", 64, 0),
              ("ReLU and max", "relu-max", 64, 1), ("batches of 32", "classic", 32, 0)]

CELLS = r"""
mnist_t mnist = mnist_load_data();
tensor_t all = rescale(reshape(mnist.x_train, -1, 28, 28, 1), 1 / 255.0f);
tensor_t x = slice(all, 0, 2000), y = slice(mnist.y_train, 0, 2000);
tensor_t x_val = slice(all, 54000, 54500), y_val = slice(mnist.y_train, 54000, 54500);
tensor_t x_test = slice(rescale(reshape(mnist.x_test, -1, 28, 28, 1), 1 / 255.0f), 0, 1000);
tensor_t y_test = slice(mnist.y_test, 0, 1000);

void train(const char *setting, const char *variant, int batch, int relu, int threads)
{
    const char *activation = relu ? "relu" : "tanh";
    set_random_seed(42);
    model_t *m = Sequential("lenet5", Input(28, 28, 1),
        Conv2D(6, 5, .activation = activation, .padding = "same"),
        relu ? MaxPooling2D(2) : AveragePooling2D(2),
        Conv2D(16, 5, .activation = activation),
        relu ? MaxPooling2D(2) : AveragePooling2D(2), Flatten(),
        Dense(120, .activation = activation), Dense(84, .activation = activation),
        Dense(10, .activation = "softmax"));
    model_compile(m, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy",
                  .metrics = {"accuracy"});
    history_t *h = model_fit(m, x, y, .epochs = 5, .batch_size = batch, .threads = threads,
                             .validation_data = {x_val, y_val}, .keep_best = "val_loss",
                             .verbose = NN_SILENT);
    model_save(m, "short.keras");
    record_run(m, h, model_evaluate(m, x_test, y_test),
               model_benchmark(m, x_test, .passes = 1), .data = mnist, .setting = setting,
               .variant = variant, .model_file = "short.keras",
               .batched = model_benchmark(m, x_test, .batch_size = 100, .threads = threads));
}
// ---
"""


def run_cells(folder, cells, check=True):
    (folder / "cells.c").write_text(cells, encoding="utf-8")
    return subprocess.run([PREFIX / "bin" / "xtinycc", "run", "cells.c"], cwd=folder, check=check,
                          env=environment(), capture_output=True, text=True, timeout=900)


def train(setting, variant, batch, relu):
    quoted = f'"{setting}"' if setting else "NULL"
    return f'train({quoted}, "{variant}", {batch}, {relu}, {int(setting == "1 thread")});\n'


@pytest.fixture(scope="module")
def short_runs(tmp_path_factory):
    """A folder with the records of all short runs, in the order in which they were made."""
    folder = tmp_path_factory.mktemp("short")
    run_cells(folder, CELLS + "".join(train(*run) for run in SHORT_RUNS))
    return folder


def with_records(short_runs, tmp_path, count):
    """Put the records of the first short runs here, with their models."""
    wanted = [setting or "" for setting, *_ in SHORT_RUNS[:count]]
    (tmp_path / "records").mkdir()
    for record in load_records(short_runs / "records"):
        if record["setting"] in wanted:
            model = short_runs / "records" / record["model_copy"]
            shutil.copy(model, tmp_path / "records")
            shutil.copy(model.with_suffix(".json"), tmp_path / "records")
    return load_records(tmp_path / "records")


def check_pages(pdf):
    assert pages(pdf) in (1, 2)
    assert fonts_not_embedded(pdf) == []


def draft_of(read):
    return section(read, "(a draft, made from the records)", "Model file")


def check_row(record, read):
    cells = [re.escape(c.replace(" us", " \u00b5s")) for c in row_of(record)[1:]]
    assert re.search(r"\s+".join(cells), read), (row_of(record), read)


def test_coursework_report_says_what_was_recorded(coursework):
    folder = coursework.parent
    record, = load_records(folder / "records")
    read = words(folder / "report.pdf")
    check_pages(folder / "report.pdf")
    check_row(record, read)
    assert unexplained(read, [record]) == []
    assert record["model_sha256"] in read
    assert "Only one device was measured" in read
    assert "Over 3 seeds" in read
    assert 100 <= len(draft_of(read).split()) <= 200


def test_coursework_table_is_the_same_in_notebook_and_report(coursework):
    shown = next(text(b["text/html"]) for b in reversed(bundles(load(coursework)))
                 if "GPU P100" in text(b.get("text/html", "")))
    cells = [re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<td.*?</td>", shown)[:10]]
    record, = load_records(coursework.parent / "records")
    assert cells == row_of(record)
    html = (coursework.parent / "report.html").read_text(encoding="utf-8")
    reported = [re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<td.*?</td>", html)[:10]]
    assert [c.replace("\u00b5", "u") for c in reported] == cells


def test_readme_shows_the_table_of_the_stored_notebook():
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^    Results by device\n.*?(?=^    \d+ code cells)", readme, re.S | re.M)
    stored = load(TOP / "notebooks" / "lenet5-mnist.ipynb")
    tables = [text(b["text/plain"]) for b in bundles(stored)]
    assert re.sub(r"^    ", "", block.group(), flags=re.M).rstrip() in map(str.rstrip, tables)


def test_handin_is_complete(coursework):
    folder = coursework.parent
    record, = load_records(folder / "records")
    model = (folder / "handin" / "best.keras").read_bytes()
    assert hashlib.sha256(model).hexdigest() == record["model_sha256"]
    assert (folder / "handin" / "report.pdf").read_bytes() == \
        (folder / "report.pdf").read_bytes()


@pytest.mark.parametrize("count", [1, 2, 4])
def test_report_of_several_records(short_runs, tmp_path, count):
    records = with_records(short_runs, tmp_path, count)
    assert len(records) == count
    run_cells(tmp_path, 'write_report("report.pdf", .author = "A. Student");\n')
    read = words(tmp_path / "report.pdf")
    check_pages(tmp_path / "report.pdf")
    for record in records:
        check_row(record, read)
    assert unexplained(read, records) == []
    best = max(records, key=lambda r: r["score"])
    assert best["model_sha256"] in read
    draft = draft_of(read)
    assert 100 <= len(draft.split()) <= 200
    if count == 1:
        assert "Only one device was measured" in draft
    else:
        said = {2: "Two", 4: "Four"}[count]
        assert f"{said} devices or settings were measured. {best['device']} has the" in draft


def test_a_number_that_is_not_in_the_record_is_found(coursework):
    """The test above can fail."""
    record, = load_records(coursework.parent / "records")
    read = words(coursework.parent / "report.pdf")
    wrong = dict(record, training_seconds=record["training_seconds"] + 1)
    assert unexplained(read, [wrong]) != []


def test_the_best_is_copied_by_score(short_runs, tmp_path):
    records = with_records(short_runs, tmp_path, 4)
    run_cells(tmp_path, "best_score();\n")
    best = max(records, key=lambda r: r["test_accuracy"] / r["latency_us"])
    model = (tmp_path / "best.keras").read_bytes()
    assert hashlib.sha256(model).hexdigest() == best["model_sha256"]


def test_two_variants_leave_two_records_and_two_models(tmp_path):
    run_cells(tmp_path, CELLS + train(None, "classic", 64, 0) + train(None, "relu-max", 64, 1))
    records = load_records(tmp_path / "records")
    assert [r["variant"] for r in records] == ["classic", "relu-max"]
    models = {r["model_copy"] for r in records}
    assert {p.name for p in (tmp_path / "records").glob("*.keras")} == models and len(models) == 2
    shown = run_cells(tmp_path, "device_table();\n// ---\nbest_score();\n").stdout
    best = max(records, key=lambda r: r["score"])
    assert f"variant {best['variant']}" in shown
    assert hashlib.sha256((tmp_path / "best.keras").read_bytes()).hexdigest() == \
        best["model_sha256"]


def test_too_long_a_discussion_names_what_to_cut(short_runs, tmp_path):
    with_records(short_runs, tmp_path, 1)
    ran = run_cells(tmp_path, 'char own[30001];\nmemset(own, 0, sizeof own);\n'
                              'for (int i = 0; i < 6000; i++) strcat(own, "word ");\n'
                              'write_report("report.pdf", .discussion = own);\n', check=False)
    said = ran.stdout + ran.stderr
    assert "ValueError" in said and re.search(r"cut about \d+ words of \.discussion", said), said
    assert not (tmp_path / "report.pdf").exists()
