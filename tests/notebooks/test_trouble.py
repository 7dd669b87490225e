"""What goes wrong in a course: crashes, wrong names, missing and damaged files. Each gives an
error that says what to do, and nothing that the session holds is lost."""
import os
import pathlib
import shutil

import pytest

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
MNIST = CACHE / "xeus-tinycc" / "mnist"
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

SMALL_RUN = r"""
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
              .loss = "sparse_categorical_crossentropy",
              .metrics = {"accuracy"});
"""


def test_null_pointer_leaves_the_session(session):
    session.run("int x = 41;")
    error = session.try_cell("int *p = 0; *p = 1;").error
    assert error.startswith("SIGSEGV") and "NULL pointer" in error and "In[2]:1" in error
    assert session.run("x + 1").value == "42"


def test_redefined_as_another_type(session):
    session.run("double w = 3;")
    assert session.run("double x = 2; x + w").value == "5.0"


def test_wrong_series_keeps_the_trained_model(session):
    session.run(SMALL_RUN)
    outcome = session.try_cell("history_t *h = model_fit(net, xs, ys, .epochs = 20);\n"
                               'plot_history(h, "acc");')
    assert outcome.error.startswith("ValueError")
    assert "acc" in outcome.error and "accuracy" in outcome.error and "loss" in outcome.error
    assert float(session.run("model_evaluate(net, xs, ys).accuracy").value) > 0.9
    assert session.run('plot_history(h, "accuracy");').displays


def no_network(tmp_path):
    """An empty home, and proxies that nobody serves: no source of MNIST can answer."""
    dead = "http://127.0.0.1:9"
    return dict(HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"), XTINYCC_DATA="",
                http_proxy=dead, https_proxy=dead, HTTPS_PROXY=dead, ALL_PROXY=dead, no_proxy="")


def test_no_data_anywhere(new_session, tmp_path):
    session = new_session(**no_network(tmp_path))
    session.run("int x = 41;")
    error = session.try_cell("mnist_t mnist = mnist_load_data();").error
    assert "MNIST was not found" in error and "XTINYCC_DATA" in error
    assert session.run("x + 1").value == "42"


@pytest.fixture
def own_copy(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in FILES:
        shutil.copy(MNIST / name, folder)
    return folder


def expect_refusal(session, folder, *words):
    session.run("int x = 41;")
    error = session.try_cell(f'mnist_t mnist = mnist_load_data(.directory = "{folder}");').error
    assert error is not None
    for word in words:
        assert word in error, error
    assert session.run("x + 1").value == "42"


def test_truncated_idx_file(session, own_copy):
    with open(own_copy / FILES[0], "r+b") as images:
        images.truncate(1_000_000)
    expect_refusal(session, own_copy, FILES[0], "47040016", "1000000")


def test_wrong_hash(session, own_copy):
    with open(own_copy / FILES[2], "r+b") as images:
        images.seek(5000)
        images.write(b"\x55\xaa\x55")
    expect_refusal(session, own_copy, FILES[2], "SHA-256", "0fa7")


def test_keras_file_that_is_no_zip(session, tmp_path):
    (tmp_path / "bad.keras").write_text("this is not a model")
    session.run("int x = 41;")
    error = session.try_cell('model_t *m = model_load("bad.keras");').error
    assert "bad.keras" in error and "zip" in error
    assert session.run("x + 1").value == "42"
