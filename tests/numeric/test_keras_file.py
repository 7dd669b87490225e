"""Model files in both directions with real Keras: same answers, same loss, training goes on."""
import io
import json
import os
import warnings
import zipfile

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import h5py
import keras
import numpy
import pytest

from keras_side import tool  # noqa: F401 (a fixture)

VARIANTS = ["tanh", "relu"]

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def load_in_keras(path, warns=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if warns else "error")
        return keras.models.load_model(path)


def weights_of(path):
    """All datasets of the weights: {path in the file: array}."""
    found = {}
    with zipfile.ZipFile(path) as z, h5py.File(io.BytesIO(z.read("model.weights.h5"))) as f:
        f.visititems(lambda name, item: found.update({name: item[()]})
                     if isinstance(item, h5py.Dataset) else None)
    return found


def farthest(a, b):
    return max(float(numpy.abs(a[k].astype("f8") - b[k].astype("f8")).max()) for k in a)


def layers_of(weights):
    return {k: v for k, v in weights.items() if k.startswith("layers/") and "seed" not in k}


@pytest.fixture(scope="module", params=VARIANTS)
def ours(request, tool, tmp_path_factory):
    """A model that the library has trained and saved."""
    path = tmp_path_factory.mktemp("ours") / f"{request.param}.keras"
    tool("train", path, request.param)
    return path


def compare_on_test_images(tool, path):
    model = load_in_keras(path)
    loss, accuracy, answers = tool.test(path)
    theirs = model.predict(tool.x_test, batch_size=1000, verbose=0)
    assert (theirs.argmax(1) != answers.argmax(1)).sum() <= 2
    assert numpy.abs(theirs - answers).max() < 1e-5
    if model.compiled:
        measured = model.evaluate(tool.x_test, tool.y_test, batch_size=1000, verbose=0)
        assert abs(measured[0] - loss) < 1e-5
        assert abs(measured[1] - accuracy) <= 2 / len(tool.y_test)
    return model


# --- ours in Keras ----------------------------------------------------------------------------

def test_keras_answers_as_the_library(tool, ours):
    compare_on_test_images(tool, ours)


def test_keras_restores_the_optimizer(tool, ours):
    model = load_in_keras(ours)
    in_file = weights_of(ours)
    variables = model.optimizer.variables
    assert int(model.optimizer.iterations) == 50
    assert float(model.optimizer.learning_rate) == pytest.approx(
        0.002 if model.optimizer.name == "adam" else 0.02)
    assert len(variables) == sum(k.startswith("optimizer/vars/") for k in in_file)
    for i, variable in enumerate(variables):
        assert (numpy.asarray(variable) == in_file[f"optimizer/vars/{i}"]).all()


def without_dropout(path, out):
    """The same file with rate 0: both sides then compute the same step."""
    with zipfile.ZipFile(path) as z:
        config = json.loads(z.read("config.json"))
        members = {n: z.read(n) for n in z.namelist()}
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Dropout":
            layer["config"]["rate"] = 0.0
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(out, "w") as z:
        for name, data in members.items():
            z.writestr(name, data)
    return out


def test_training_goes_on_alike(tool, ours, tmp_path):
    """One step from the same file: iterations and both moments must have come through."""
    start = without_dropout(ours, tmp_path / "start.keras")
    model = load_in_keras(start)
    model.train_on_batch(tool.x_train[:128], tool.y_train[:128])
    model.save(tmp_path / "theirs.keras")
    tool("step", start, tmp_path / "ours.keras")
    before, a, b = (weights_of(p) for p in (start, tmp_path / "ours.keras",
                                            tmp_path / "theirs.keras"))
    moved = farthest(layers_of(before), layers_of(a))
    assert moved > 1e-4
    assert farthest(layers_of(a), layers_of(b)) < 2e-3 * moved


def test_the_file_is_as_keras_writes_it(ours):
    with zipfile.ZipFile(ours) as z:
        infos = z.infolist()
        config = json.loads(z.read("config.json"))
    assert [i.filename for i in infos] == ["metadata.json", "config.json", "model.weights.h5"]
    for i in infos:
        assert (i.compress_type, i.flag_bits, i.extra, i.date_time) == \
            (zipfile.ZIP_STORED, 0, b"", (1980, 1, 1, 0, 0, 0))
    assert config["config"]["name"] == "lenet5"
    with zipfile.ZipFile(ours) as z:
        assert z.read("model.weights.h5")[:9] == b"\x89HDF\r\n\x1a\n\x00"


def test_state_for_keras_2_is_skipped_by_keras_3(tool, tmp_path):
    path = tmp_path / "keras2.keras"
    tool("train", path, "tanh2")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer 'adam'"):
        model = keras.models.load_model(path)
    assert len(weights_of(path)) - sum(k.startswith("optimizer") for k in weights_of(path)) == 11
    assert sum(k.startswith("optimizer") for k in weights_of(path)) == 21
    assert tool("load", path).count("Skipping") == 0
    assert model.count_params() == 61706


def test_the_notebooks_file(tool, coursework):
    model = compare_on_test_images(tool, coursework.parent / "lenet5.keras")
    assert int(model.optimizer.iterations) > 0


# --- Keras' in ours ---------------------------------------------------------------------------

def keras_model(variant):
    layers = keras.layers
    if variant == "tanh":
        hidden, pool = "tanh", layers.AveragePooling2D
        optimizer = keras.optimizers.Adam(2e-3)
    else:
        hidden, pool = "relu", layers.MaxPooling2D
        optimizer = keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True)
    model = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(6, 5, padding="same", activation=hidden),
        pool(2),
        layers.Conv2D(16, (5, 3), strides=(1, 2), use_bias=False),
        layers.Activation(hidden),
        pool((3, 2), strides=1, padding="same"),
        layers.Flatten(),
        layers.Dropout(0.0),
        layers.Dense(30, activation=hidden),
        layers.Dense(30, activation="sigmoid", name="second"),
        layers.Dense(10, activation="softmax"),
    ], name="from_keras")
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model


@pytest.fixture(scope="module", params=VARIANTS)
def theirs(request, tool, tmp_path_factory):
    """A model that Keras has trained and saved."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("theirs") / f"{request.param}.keras"
    model = keras_model(request.param)
    model.fit(tool.x_train[:1280], tool.y_train[:1280], batch_size=128, verbose=0)
    model.save(path)
    return path


def test_the_library_answers_as_keras(tool, theirs):
    assert "from_keras: 11 layers" in tool("load", theirs)
    compare_on_test_images(tool, theirs)


def test_the_library_goes_on_where_keras_stopped(tool, theirs, tmp_path):
    model = load_in_keras(theirs)
    model.train_on_batch(tool.x_train[:128], tool.y_train[:128])
    model.save(tmp_path / "theirs.keras")
    tool("step", theirs, tmp_path / "ours.keras")
    before, a, b = (weights_of(p) for p in (theirs, tmp_path / "ours.keras",
                                            tmp_path / "theirs.keras"))
    moved = farthest(layers_of(before), layers_of(a))
    assert farthest(layers_of(a), layers_of(b)) < 2e-3 * moved
    assert int(a["optimizer/vars/0"]) == int(b["optimizer/vars/0"]) == 11


def test_weights_pass_through_unchanged(tool, theirs, tmp_path):
    tool("copy", theirs, tmp_path / "copy.keras")
    a, b = weights_of(theirs), weights_of(tmp_path / "copy.keras")
    for name in layers_of(a).keys() | {k for k in a if k.startswith("optimizer/vars/")}:
        assert (a[name] == b[name]).all(), name
    load_in_keras(tmp_path / "copy.keras")


# --- what other versions and hands write ------------------------------------------------------

class Variation:
    """A .keras file taken apart, to be changed and written again."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as z:
            self.config = json.loads(z.read("config.json"))
        self.weights = weights_of(path)
        self.method, self.more, self.dataset_options = zipfile.ZIP_STORED, {}, {}

    @property
    def layers(self):
        return self.config["config"]["layers"]

    def rename(self, change):
        self.weights = {change(k): v for k, v in self.weights.items()}

    def write(self, path):
        h5 = io.BytesIO()
        with h5py.File(h5, "w") as f:
            f.create_group("vars")
            for name, value in self.weights.items():
                f.create_dataset(name, data=value,
                                 **(self.dataset_options if numpy.ndim(value) else {}))
        with zipfile.ZipFile(path, "w", self.method) as z:
            z.writestr("metadata.json", "{}")
            z.writestr("config.json", json.dumps(self.config))
            z.writestr("model.weights.h5", h5.getvalue())
            for name, data in self.more.items():
                z.writestr(name, data)
        return path


def deflated_with_assets(v):
    v.method = zipfile.ZIP_DEFLATED
    v.more = {"assets/words.txt": "not for us"}


def chunked_and_compressed(v):
    v.dataset_options = dict(chunks=True, compression="gzip", shuffle=True)


def big_endian_doubles(v):
    v.weights = {k: a.astype(">f8") if a.dtype == "f4" else a for k, a in v.weights.items()}


def keras_2_state(v):
    numbers = sorted(int(k.rsplit("/", 1)[1]) for k in v.weights if k.startswith("optimizer"))
    state = [v.weights.pop(f"optimizer/vars/{i}") for i in numbers]
    for i, value in enumerate(state[:1] + state[2:]):
        v.weights[f"optimizer/vars/{i}"] = value


def groups_of_2_13(v):
    numbers = {"conv2d": 0, "conv2d_1": 2, "dense": 0, "dense_1": 2, "dense_2": 4}

    def change(name):
        parts = name.split("/")
        if parts[0] == "layers" and parts[1] in numbers:
            kind, n = parts[1].split("_")[0], numbers[parts[1]]
            parts[:2] = ["_layer_checkpoint_dependencies", f"{kind}_{n}" if n else kind]
        return "/".join(parts)
    v.rename(change)


def shape_in_the_first_layer(v):
    first = v.layers.pop(0)
    v.layers[0]["config"]["batch_input_shape"] = first["config"]["batch_shape"]


def shape_in_the_build_config(v):
    v.layers.pop(0)
    assert v.config["build_config"]["input_shape"][0] is None


def dtypes_as_text(v):
    for layer in v.layers:
        layer["config"]["dtype"] = "float32"


def activations_as_functions(v):
    for layer in v.layers:
        if "activation" in layer["config"]:
            layer["config"]["activation"] = {
                "module": "builtins", "class_name": "function",
                "config": layer["config"]["activation"], "registered_name": "function"}


def metrics_of_2_15(v):
    v.weights["metrics/mean/vars/0"] = numpy.float32(1)
    v.config["compile_config"].update(run_eagerly=None, jit_compile=None)


@pytest.mark.parametrize("change", [
    deflated_with_assets, chunked_and_compressed, big_endian_doubles, keras_2_state,
    groups_of_2_13, shape_in_the_first_layer, shape_in_the_build_config, dtypes_as_text,
    activations_as_functions, metrics_of_2_15], ids=lambda f: f.__name__)
def test_other_spellings_give_the_same_model(tool, theirs, tmp_path, change):
    variation = Variation(theirs)
    change(variation)
    changed = variation.write(tmp_path / "changed.keras")
    assert "\n" == tool("load", changed)[-1:] and tool("load", changed).count("\n") == 1
    tool("copy", changed, tmp_path / "copy.keras")
    a, b = weights_of(theirs), weights_of(tmp_path / "copy.keras")
    for name in layers_of(a).keys() | {k for k in a if k.startswith("optimizer/vars/")}:
        assert (a[name] == b[name]).all(), name


# --- what cannot be kept is told --------------------------------------------------------------

def unknown_optimizer(v):
    v.config["compile_config"]["optimizer"]["class_name"] = "Lion"
    return "without its compile settings: the optimizer 'Lion' is not supported"


def weight_decay(v):
    v.config["compile_config"]["optimizer"]["config"]["weight_decay"] = 0.01
    return "weight_decay 0.01 is not supported"


def learning_rate_schedule(v):
    v.config["compile_config"]["optimizer"]["config"]["learning_rate"] = {
        "module": "keras.optimizers.schedules", "class_name": "ExponentialDecay", "config": {},
        "registered_name": None}
    return "ExponentialDecay is not supported"


def unknown_loss(v):
    v.config["compile_config"]["loss"] = "hinge"
    return "the loss 'hinge' is not supported"


def half_a_state(v):
    v.weights.pop("optimizer/vars/5")
    return "Skipping variable loading for optimizer"


def frozen_layer(v):
    v.layers[1]["config"]["trainable"] = False
    return "Layer 'conv2d"


def not_a_number(v):
    next(a for k, a in v.weights.items() if k.startswith("layers/"))[0, 0, 0, 0] = numpy.nan
    return "not finite"


@pytest.mark.parametrize("change", [unknown_optimizer, weight_decay, learning_rate_schedule,
                                    unknown_loss, half_a_state, frozen_layer, not_a_number],
                         ids=lambda f: f.__name__)
def test_what_cannot_be_kept_is_told(tool, theirs, tmp_path, change):
    variation = Variation(theirs)
    words = change(variation)
    output = tool("load", variation.write(tmp_path / "changed.keras"))
    assert output.startswith("from_keras: 11 layers") and words in output, output
