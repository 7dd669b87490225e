"""The coursework notebook, executed by nbconvert on the real MNIST: what a student gets."""
import json
import re
import shutil

import pytest

from running import TOP, execute, nbconvert
from reading import bundles, code_cells, load, number, outputs, stdout, text

ALLOWED_TAGS = {"div", "span", "table", "thead", "tbody", "tr", "td", "th", "img", "progress",
                "meter", "details", "summary", "caption", "p", "b", "br"}


def test_no_cell_has_an_error(coursework):
    assert [o for o in outputs(load(coursework)) if o["output_type"] == "error"] == []


def test_pictures_and_tables(coursework):
    shown = bundles(load(coursework))
    assert sum("image/png" in b for b in shown) >= 4
    assert sum({"text/html", "text/latex", "text/plain"} <= set(b) for b in shown) >= 4


def test_every_bundle_has_ascii_text_of_at_most_80_columns(coursework):
    for bundle in bundles(load(coursework)):
        plain = text(bundle["text/plain"])
        assert plain.isascii()
        assert all(len(line) <= 80 for line in plain.splitlines()), plain


def test_html_uses_only_what_front_ends_keep(coursework):
    for bundle in bundles(load(coursework)):
        html = text(bundle.get("text/html", ""))
        assert set(re.findall(r"<\s*([a-zA-Z0-9]+)", html)) <= ALLOWED_TAGS
        assert not re.search(r"\b(class|id|on\w+)\s*=", html)


def test_progress_ends_full(coursework):
    bars = [text(b["text/html"]) for b in bundles(load(coursework))
            if "<progress" in text(b.get("text/html", ""))]
    assert len(bars) == 1
    value = number(r'value="(\d+)"', bars[0])
    assert value == number(r'max="(\d+)"', bars[0]) == 5 * 422
    assert "5/5 epochs" in bars[0]


def test_numbers_of_a_correct_run(coursework):
    printed = stdout(load(coursework))
    assert .977 <= number(r"test accuracy ([\d.]+)%", printed) / 100 <= .988
    assert len(re.findall(r"^Epoch \d/5 - .*val_accuracy: ", printed, re.M)) == 5
    assert "the three sets are disjoint" in printed
    assert "bit for bit the same" in printed
    assert "they agree within 1e-5" in printed
    shown = "\n".join(text(b["text/plain"]) for b in bundles(load(coursework)))
    assert "Score = " in shown and "Accuracy while timing: 0.9" in shown
    assert "\nint8 against fp32, 10,000 samples\n" in shown
    assert number(r"same answers +([\d.]+) %", shown) > 99.5
    assert len(re.findall(r"^Run \d/3 - seed 4[234] - .*test_accuracy: 0\.9[78]", printed, re.M)) == 3


def test_parameter_counts(coursework):
    shown = "\n".join(text(b["text/plain"]) for b in bundles(load(coursework)))
    for count in ("156", "2,416", "48,120", "10,164", "850", "61,706"):
        assert count in shown


def test_table_fills_only_the_device_that_ran(coursework):
    table = next(text(b["text/html"]) for b in reversed(bundles(load(coursework)))
                 if "GPU P100" in text(b.get("text/html", "")))
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    head = re.findall(r"<th", rows[0])
    assert len(head) == 10
    assert "CPU" in rows[1] and "not measured" not in rows[1]
    for row in rows[2:5]:
        assert row.count("not measured") == 9


def test_record_equals_the_notebook(coursework):
    records = list((coursework.parent / "records").glob("*.json"))
    assert len(records) == 1
    record = json.loads(records[0].read_text(encoding="utf-8"))
    printed = stdout(load(coursework))
    flat = json.dumps(record)
    accuracy = number(r"test accuracy ([\d.]+)%", printed) / 100
    assert any(abs(float(v) - accuracy) < 5e-5
               for v in re.findall(r'"[^"]*test_accuracy[^"]*": ([\d.]+)', flat))


def test_files(coursework):
    model = coursework.parent / "lenet5.keras"
    assert model.read_bytes()[:4] == b"PK\x03\x04"
    assert coursework.stat().st_size < 1_000_000


@pytest.mark.parametrize("form", ["html", "latex", "script"])
def test_converts(coursework, tmp_path, form):
    """latex without Inkscape: no picture may need it."""
    shutil.copy(coursework, tmp_path)
    nbconvert("--to", form, coursework.name, cwd=tmp_path, PATH="/usr/bin:/bin")
    suffix = {"html": ".html", "latex": ".tex", "script": ".c"}[form]
    converted = (tmp_path / coursework.with_suffix(suffix).name).read_text(encoding="utf-8")
    assert {"html": "data:image/png;base64,", "latex": r"\includegraphics",
            "script": "Sequential("}[form] in converted


def change(cell, before, after):
    source = text(cell["source"])
    assert before in source, before
    cell["source"] = source.replace(before, after)


def cell_with(notebook, words):
    return next(c for c in code_cells(notebook) if words in text(c["source"]))


def changed_copy(folder):
    """8 filters, 3x3 kernels, ReLU, 2 epochs, batches of 50, another seed."""
    notebook = load(TOP / "notebooks" / "lenet5-mnist.ipynb")
    constants = cell_with(notebook, "const int      epochs")
    change(constants, "relu_max      = 0", "relu_max      = 1")
    change(constants, "epochs        = 5", "epochs        = 2")
    change(constants, "batch_size    = 128", "batch_size    = 50")
    change(constants, "seed          = 42", "seed          = 7")
    change(constants, "runs          = 3", "runs          = 1")
    model = cell_with(notebook, "Sequential(")
    change(model, "Conv2D(6, 5,", "Conv2D(8, 3,")
    change(model, "Conv2D(16, 5,", "Conv2D(16, 3,")
    path = folder / "changed.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def test_changed_copy(tmp_path):
    path = changed_copy(tmp_path)
    execute(path)
    notebook = load(path)
    shown = "\n".join(text(b["text/plain"]) for b in bundles(notebook))
    # 3*3*1*8+8, 3*3*8*16+16, 6*6*16*120+120
    for count in ("80", "1,168", "69,240"):
        assert re.search(rf"(?<![\d,]){count}(?![\d,])", shown), count
    printed = stdout(notebook)
    assert len(re.findall(r"^Epoch \d/2 - ", printed, re.M)) == 2
    assert number(r"test accuracy ([\d.]+)%", printed) > 97
    assert "they agree within 1e-5" in printed
    bars = [text(b["text/html"]) for b in bundles(notebook)
            if "<progress" in text(b.get("text/html", ""))]
    assert number(r'max="(\d+)"', bars[0]) == 2 * 1080


def test_run_all_twice_gives_the_same_numbers(tmp_path):
    """Two passes over all cells in one session, as Run All twice does."""
    notebook = load(TOP / "notebooks" / "lenet5-mnist.ipynb")
    change(cell_with(notebook, "const int      epochs"), "runs          = 3", "runs          = 1")
    again = json.loads(json.dumps(notebook["cells"]))
    for i, cell in enumerate(again):
        cell["id"] = f"again-{i:02d}"
    notebook["cells"] += again
    path = tmp_path / "twice.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    execute(path)
    printed = stdout(load(path))
    accuracies = re.findall(r"test loss [\d.]+, test accuracy [\d.]+%", printed)
    assert len(accuracies) == 2 and accuracies[0] == accuracies[1]
    losses = re.findall(r"loss: [\d.]+ - accuracy: [\d.]+ - val_loss: [\d.]+", printed)
    assert len(losses) == 10 and losses[:5] == losses[5:]
