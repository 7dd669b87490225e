"""papermill passes parameters to C notebooks: the values change the run, wrong ones end it."""
import importlib
import subprocess
import sys

import nbformat
import pytest
from papermill.exceptions import PapermillException
from papermill.inspection import inspect_notebook

from python_notebook import PACKAGE, TOP, environment

PARAMETERS = r"""// What the notebook can be told.
const int epochs = 5, batch_size = 128;   // of training
const float rate = 1e-3f;
static uint8_t small = 7; bool fast = true;
const char *tag = "a;b, // c";  /* text */
int sizes[] = {1, 2}; const char *names[2] = {"a", "b"};
size_t big = 1;"""


def notebook(folder, *cells):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nb.metadata["kernelspec"] = {"name": "xtinycc", "display_name": "C (TinyCC)", "language": "c"}
    nb.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nb, folder / "in.ipynb")


@pytest.fixture
def papermill(tmp_path, monkeypatch):
    """papermill in the test's folder: (exit status, what it logged)."""
    for name in ("JUPYTER_PATH", "PYTHONPATH", "PATH"):
        if name in environment():
            monkeypatch.setenv(name, environment()[name])

    def run(*arguments, notebook="in.ipynb"):
        ran = subprocess.run([sys.executable, "-m", "papermill", str(notebook), "out.ipynb",
                              "--no-progress-bar", *arguments], cwd=tmp_path,
                             capture_output=True, text=True, timeout=900)
        return ran.returncode, ran.stderr
    return run


def printed(folder):
    nb = nbformat.read(folder / "out.ipynb", 4)
    return "".join(o.text for c in nb.cells for o in c.get("outputs", [])
                   if o.output_type == "stream")


@pytest.fixture(scope="module")
def translator():
    """The class itself, imported here: papermill takes seconds to start."""
    if PACKAGE.exists():
        sys.path.insert(0, str(PACKAGE))
    yield importlib.import_module("xeus_tinycc.papermill").CTranslator
    if PACKAGE.exists():
        sys.path.remove(str(PACKAGE))


def translate(translator, source, parameters):
    if source is not None:
        translator.inspect({"source": source})
    return translator.codify(parameters).splitlines()


def test_values_take_the_declared_types(translator):
    lines = translate(translator, PARAMETERS, {"epochs": 2, "batch_size": 64, "rate": 1, "small": 255,
                                 "fast": False, "tag": "a\"b\\c?é", "sizes": [3, 4, 5],
                                 "names": ["x"], "big": 2**64 - 1})
    assert lines == [
        "// Parameters", "const int epochs = 2;", "const int batch_size = 64;",
        "const float rate = 1.0;", "static uint8_t small = 255;", "bool fast = 0;",
        r'const char *tag = "a\042b\134c\077\303\251";', "int sizes[] = {3, 4, 5};",
        'const char *names[] = {"x"};', "size_t big = 18446744073709551615ULL;"]


def test_what_the_cell_declares(translator):
    told = translator.inspect({"source": PARAMETERS})
    assert [list(t[:3]) for t in told] == [
        ["epochs", "const int", "5"], ["batch_size", "const int", "128"],
        ["rate", "const float", "1e-3f"], ["small", "static uint8_t", "7"],
        ["fast", "bool", "true"], ["tag", "const char *", '"a;b, // c"'],
        ["sizes", "int []", "{1, 2}"], ["names", "const char * []", '{"a", "b"}'],
        ["big", "size_t", "1"]]
    assert told[0][3] == "of training"


def test_unknown_ones_are_declared_by_their_value(translator):
    lines = translate(translator, None, {"a": 5, "b": 2.5e-3, "c": "s", "d": [3, 4.5], "e": True,
                           "f": 3_000_000_000})
    assert lines[1:] == [
        "int a = 5;", "double b = 0.0025;", 'const char *c = "s";', "double d[] = {3, 4.5};",
        "_Bool e = 1;", "long long f = 3000000000LL;"]


@pytest.mark.parametrize("parameter, error", [
    ({"epochs": 2.5}, "declared const int epochs: expected an integer, got 2.5"),
    ({"epochs": "many"}, "expected an integer, got 'many'"), ({"epochs": None}, "got None"),
    ({"rate": "x"}, "expected a number"), ({"small": 256}, "expected 0 to 255, got 256"),
    ({"fast": 2}, "expected true or false"), ({"tag": 5}, "-r tag VALUE"),
    ({"sizes": 3}, "sizes[]: expected a list"), ({"sizes": [1, "x"]}, "got 'x'"),
    ({"new": {}}, "parameter new: dict has no counterpart"), ({"new": []}, "one or more"),
    ({"double": 1}, "keyword of C"), ({"a-b": 1}, "no name in C"), ({"new": 2**70}, "range")])
def test_wrong_types(translator, parameter, error):
    with pytest.raises(PapermillException) as raised:
        translate(translator, PARAMETERS, parameter)
    assert error in str(raised.value)


def test_a_run(tmp_path, papermill):
    notebook(tmp_path, PARAMETERS, 'printf("%d %d %g %s %d\\n", epochs, batch_size, rate, tag, new);',
             "*(int *)0 = 1;", "puts(\"not run\");")
    status, log = papermill("-p", "epochs", "2", "-p", "batch_size", "64", "-p", "new", "3")
    assert printed(tmp_path) == "2 64 0.001 a;b, // c 3\n"
    assert "Passed unknown parameter: new" in log and "unknown parameter: epochs" not in log
    assert status == 1 and "SIGSEGV" in log # a failing cell fails the run


def test_a_wrong_parameter_runs_nothing(tmp_path, papermill):
    notebook(tmp_path, "int n = 1;", "puts(\"ran\");")
    status, log = papermill("-p", "n", "text")
    assert status == 1 and "expected an integer, got 'text'" in log
    assert not (tmp_path / "out.ipynb").exists()


def test_coursework_takes_parameters(tmp_path, papermill):
    status, log = papermill("-p", "epochs", "2", "-p", "batch_size", "64", "-p", "runs", "1",
                            notebook=TOP / "notebooks" / "lenet5-mnist.ipynb")
    assert status == 0, log
    assert "unknown parameter" not in log
    out = printed(tmp_path)
    assert "2 epochs of batches of 64" in out and out.count("Epoch ") == 2
    record, = (tmp_path / "records").glob("*.json")
    text = record.read_text(encoding="utf-8")
    assert '"epochs": 2' in text and '"batch_size": 64' in text


def test_help_lists_them(translator):
    inspected = inspect_notebook(str(TOP / "notebooks" / "lenet5-mnist.ipynb"))
    assert inspected["epochs"]["default"] == "5"
    assert inspected["batch_size"]["inferred_type_name"] == "const int"
