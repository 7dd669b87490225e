"""%%c in a Python notebook: output, errors, Stop, crashes, documentation."""
import os
import signal
import time

import pytest
from jupyter_client import BlockingKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from python_notebook import environment, new_notebook

SMALL_TRAINING = r"""%%c
tensor_t xs = nn_tensor_zeros(NN_FLOAT32, 2, (int64_t[]){64, 4});
tensor_t ys = nn_tensor_zeros(NN_UINT8, 1, (int64_t[]){64});
for (int i = 0; i < 64; i++) {
    ((uint8_t *)ys.data)[i] = i % 2;
    for (int k = 0; k < 4; k++)
        ((float *)xs.data)[4 * i + k] = i % 2 ? k : -k;
}
model_t *net = Sequential("net", Input(4), Dense(8, .activation = "tanh"),
                          Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = Adam(.learning_rate = 0.05f),
              .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"});
history_t *h = model_fit(net, xs, ys, .epochs = 7, .batch_size = 8);
plot_history(h, "loss");
"""


def test_values_output_and_result(shared):
    assert shared.run("%%c\nint x = 41;\nprintf(\"x is %d\\n\", x);\nx + 1").value == "42"
    ran = shared.run("%%c\nfprintf(stderr, \"dim\\n\");\nputs(\"out\");")
    assert (ran.stdout, ran.stderr) == ("out\n", "dim\n")
    assert shared.run("v = %c x * 2.5\nfloat(v)").value == "102.5"
    assert shared.run("%c printf(\"{x} $x %%\\n\")").stdout == "{x} $x %\n" # nothing is expanded


def test_bar_and_figure(shared):
    ran = shared.run(SMALL_TRAINING)
    bars = [d for d in ran.displays if "<progress" in d.get("text/html", "")]
    assert len(bars) == 1 and 'value="56"' in bars[0]["text/html"] # one display, updated
    assert ran.stdout.count("Epoch ") == 7
    assert any("image/png" in d for d in ran.displays)


def test_table_is_the_value(shared):
    assert "{.x = 3.0" in shared.run("%%c\nstruct { double x; } p = {3};\np").value


def test_error_is_c_alone(shared):
    ran = shared.try_cell("%%c\n\nint broken = not_there;")
    assert ran.error.startswith("CompileError: ") and "not_there" in ran.error
    number = len(shared.notebook.cells)
    assert f"In[{number}]:3" in ran.traceback # the cell's own number and line
    assert "magic.py" not in ran.traceback


def test_earlier_cell_is_named_by_its_own_number(shared):
    shared.run("%%c\nint deref(int *p)\n{\n    return *p;\n}")
    number = len(shared.notebook.cells)
    shared.run("1 + 1")
    ran = shared.try_cell("%c deref(0)")
    assert f"In[{number}]:4" in ran.traceback


def test_error_has_its_own_class(shared):
    code = ("try:\n    get_ipython().run_cell_magic('c', '', '*(int *)0 = 1;')\n"
            "except Exception as e:\n    print(type(e).__name__, type(e).__mro__[1].__name__)")
    assert shared.run(code).stdout == "SIGSEGV CError\n"


@pytest.mark.parametrize("crash, name", [("int *p = 0; *p = 1;", "SIGSEGV"), ("abort();", "SIGABRT"),
                                         ("exit(3);", "ExitStatus")])
def test_crash_keeps_values(shared, crash, name):
    shared.run("%c int kept = 41;")
    ran = shared.try_cell(f"%%c\nkept = 5;\n{crash}")
    assert ran.error.startswith(name)
    assert shared.run("%c kept + 1").value == "42"


def test_stop_keeps_values(shared):
    ran = shared.stop_when("%%c\nlong turns = 0;\nputs(\"running\");\nfor (;;) turns++;",
                           lambda r: "running" in r.stdout)
    assert ran.error.startswith("KeyboardInterrupt")
    assert int(shared.run("%c turns").value) > 0


def test_stop_of_training_keeps_its_history(shared):
    shared.run(SMALL_TRAINING)
    ran = shared.stop_when("%%c\nhistory_t *cut = model_fit(net, xs, ys, .epochs = 100000);",
                           lambda r: "Epoch 3/" in r.stdout)
    assert ran.error.startswith("KeyboardInterrupt")
    assert int(shared.run("%c cut->epochs").value) >= 2


def test_error_stops_run_all(tmp_path):
    notebook = new_notebook("%load_ext xeus_tinycc", "%%c\nint a = 1;\n*(int *)0 = 1;",
                            "print('must not run')")
    client = NotebookClient(notebook, timeout=300, kernel_name="python3",
                            resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="SIGSEGV"):
        client.execute(env=environment())
    assert notebook.cells[2].outputs == []


def test_documentation(shared):
    told = shared.run("%c? model_fit").stdout
    assert "Train a compiled model." in told and "validation_split" in told
    assert "nothing is known" in shared.run("%c? no_such_name").stdout


@pytest.mark.parametrize("code, words", [("%c", "%c CODE"), ("%%c int x;\nx", "next line"),
                                         ("%c -i", "needs the name")])
def test_usage(shared, code, words):
    ran = shared.try_cell(code)
    assert words in ran.stderr + str(ran.error)


def test_scanf_without_a_user_says_so(shared):
    assert "StdinNotImplementedError" in shared.try_cell("%%c\nint n;\nscanf(\"%d\", &n);").error


def test_scanf_asks(fresh):
    client = BlockingKernelClient()
    client.load_connection_file(fresh.client.km.connection_file)
    client.start_channels()
    messages = []
    try:
        reply = client.execute_interactive(
            "%%c\nint n;\nprintf(\"how many? \");\nscanf(\"%d\", &n);\nn * 2", allow_stdin=True,
            timeout=120, output_hook=messages.append, stdin_hook=lambda m: client.input("21"))
    finally:
        client.stop_channels()
    assert reply["content"]["status"] == "ok"
    assert [m["content"]["data"]["text/plain"] for m in messages
            if m["msg_type"] == "execute_result"] == ["42"]


def kernel_pid(notebook):
    code = "print(get_ipython()._xeus_tinycc.client.manager.provisioner.process.pid)"
    return int(notebook.run(code).stdout)


def gone(pid):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_restart_and_death(fresh):
    fresh.run("%c int x = 1;")
    fresh.run("%c_restart")
    assert "undeclared" in fresh.try_cell("%c x").error
    os.kill(kernel_pid(fresh), signal.SIGKILL)
    assert fresh.try_cell("%c 1").error.startswith("KernelDied")
    assert fresh.run("%c 1").value == "1"


def test_kernel_ends_with_python(fresh):
    fresh.run("%c int x = 1;")
    pid = kernel_pid(fresh)
    os.kill(fresh.pid, signal.SIGKILL)
    assert gone(pid)


def test_two_notebooks_do_not_meet(fresh, shared):
    fresh.run("%c int only_here = 1;")
    assert "undeclared" in shared.try_cell("%c only_here").error
