"""Model files that are damaged or made to do harm: each is refused with a sentence that says why,
quickly, by a library that goes on working. Nothing of a file is executed or unpacked to disk."""
import io
import json
import os
import struct
import time
import zipfile

import h5py
import numpy
import pytest

from keras_side import tool  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def good(tool, tmp_path_factory):
    """A file of the library: every hostile one is a variation of it."""
    path = tmp_path_factory.mktemp("good") / "good.keras"
    tool("train", path, "tanh")
    with zipfile.ZipFile(path) as z:
        return {name: z.read(name) for name in z.namelist()}


def archive(members, method=zipfile.ZIP_STORED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return data.getvalue()


def config_change(change):
    def build(good):
        config = json.loads(good["config.json"])
        change(config)
        return archive({**good, "config.json": json.dumps(config)})
    return build


def layer_change(index, **settings):
    return config_change(lambda c: c["config"]["layers"][index]["config"].update(settings))


def class_change(index, name, **frame):
    return config_change(lambda c: c["config"]["layers"][index].update(class_name=name, **frame))


def weights_change(change):
    def build(good):
        data = io.BytesIO(good["model.weights.h5"])
        with h5py.File(data, "r+") as f:
            change(f)
        return archive({**good, "model.weights.h5": data.getvalue()})
    return build


def replace(path, make):
    """A change of weights: the object at `path` becomes what make(group, name) puts there."""
    def change(f):
        parent, name = path.rsplit("/", 1)
        del f[path]
        make(f[parent], name)
    return weights_change(change)


KERNEL = "layers/dense/vars/0"
AS_VIRTUAL = h5py.VirtualLayout((400, 120), "f4")
AS_VIRTUAL[:] = h5py.VirtualSource("other.h5", "x", (400, 120))

ZIP = {
    "text": (lambda g: b"This is a letter, not a model.",
             "is not a '.keras' zip file (30 bytes, starts with 'This is a le')"),
    "empty": (lambda g: b"", "is not a '.keras' zip file"),
    "legacy_h5": (lambda g: g["model.weights.h5"], "is a legacy HDF5 model"),
    "cut_short": (lambda g: archive(g)[:-100], "is damaged"),
    "first_half": (lambda g: archive(g)[:300000], "is damaged"),
    "second_half": (lambda g: archive(g)[300000:], "is damaged"),
    "flipped_bit": (lambda g: archive(g).replace(b'"Conv2D"', b'"Conv2d"'), "fails its CRC check"),
    "no_config": (lambda g: archive({k: v for k, v in g.items() if k != "config.json"}),
                  "has no 'config.json'"),
    "no_weights": (lambda g: archive({k: v for k, v in g.items() if not k.endswith("h5")}),
                   "'model.weights.h5' is missing"),
    "parent_folder": (lambda g: archive({**g, "../../escape.txt": "x"}),
                      "Not allowed: archive member name '../../escape.txt'"),
    "absolute": (lambda g: archive({**g, "/etc/passwd": "x"}),
                 "Not allowed: archive member name '/etc/passwd'"),
    "backslash": (lambda g: archive({**g, "..\\escape.txt": "x"}),
                  "Not allowed: archive member name"),
    "bomb": (lambda g: archive({**g, "config.json": b" " * (3 << 20)}, zipfile.ZIP_DEFLATED),
             "config.json"),
    "declared_bomb": (lambda g: archive(g).replace(
        struct.pack("<II", *[len(g["config.json"])] * 2),
        struct.pack("<II", len(g["config.json"]), 300 << 20)), "is damaged"),
    "many_members": (lambda g: archive({**g, **{f"assets/{i}": "" for i in range(70)}}),
                     "has 73 members; at most 64"),
    "encrypted": (lambda g: archive(g).replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\1\0")
                  .replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"),
                  "is encrypted"),
    "other_method": (lambda g: archive(g, zipfile.ZIP_LZMA), "compression method 14"),
}

CONFIG = {
    "not_json": (lambda g: archive({**g, "config.json": "{'module': 'keras'}"}), "not proper JSON"),
    "not_utf8": (lambda g: archive({**g, "config.json": b'{"\xff": 1}'}), "not proper JSON"),
    "duplicate_key": (lambda g: archive({**g, "config.json": '{"module":"a","module":"b"}'}),
                      "not proper JSON"),
    "deep": (lambda g: archive({**g, "config.json": "[" * 100000}), "nested more than 32 deep"),
    "many_values": (lambda g: archive({**g, "config.json": "[" + "1," * 300000 + "1]"}),
                    "more than 200000 values"),
    "a_list": (lambda g: archive({**g, "config.json": "[]"}), "is not an object"),
    "huge_integer": (layer_change(-1, units=1 << 62), "an integer from 1 to 1048576"),
    "beyond_64_bits": (layer_change(-1, units=1 << 70), "not proper JSON"),
    "negative": (layer_change(-1, units=-1), "an integer from 1 to 1048576"),
    "real_units": (layer_change(-1, units=10.5), "an integer from 1 to 1048576"),
    "huge_product": (layer_change(0, batch_input_shape=[None, 1 << 20, 1 << 20, 1 << 20]),
                     "output of more than"),
    "huge_weights": (layer_change(8, units=1 << 20), "more than 134217728 parameters"),
    "zero_stride": (layer_change(1, strides=[0, 0]), "must lie between 1 and"),
    "huge_kernel": (layer_change(3, kernel_size=[1 << 40, 1]), "must lie between 1 and"),
    "kernel_too_large": (layer_change(3, kernel_size=[15, 15]), "does not fit"),
    "no_name": (layer_change(1, name=None), "has no name"),
    "slash_in_name": (layer_change(1, name="../conv2d"), "is not possible here"),
    "two_alike": (layer_change(8, name="conv2d"), "must differ"),
    "unknown_layer": (class_change(8, "LSTM"), "Unknown layer: 'LSTM' (layer 8, 'dense')"),
    "lambda": (class_change(8, "Lambda"), "Requested the deserialization of a Lambda ('dense')"),
    "python_module": (class_change(8, "Popen", module="subprocess"), "is not one of Keras' own"),
    "registered": (class_change(8, "Dense", registered_name="my>Dense"),
                   "is not one of Keras' own"),
    "function_of_os": (layer_change(8, activation={
        "module": "os", "class_name": "function", "config": "system", "registered_name": "x"}),
        "activation=function is not supported"),
    "dilation": (layer_change(3, dilation_rate=[2, 2]),
                 "Layer 'conv2d_1': dilation_rate=(2, 2) is not supported."),
    "groups": (layer_change(3, groups=2), "groups=2 is not supported"),
    "regularizer": (layer_change(8, kernel_regularizer={"class_name": "L2", "config": {}}),
                    "kernel_regularizer=L2 is not supported"),
    "half_precision": (layer_change(8, dtype={"class_name": "DTypePolicy",
                                              "config": {"name": "mixed_float16"}}),
                       "dtype='mixed_float16' is not supported"),
    "unknown_option": (layer_change(8, speed=9), "Layer 'dense': speed=9 is not supported."),
    "functional": (config_change(lambda c: c.update(class_name="Functional")),
                   "Functional models are not supported: 'lenet5'"),
    "no_layers": (config_change(lambda c: c["config"].update(layers=[])), "layers expected"),
}

WEIGHTS = {
    "not_hdf5": (lambda g: archive({**g, "model.weights.h5": b"weights" * 100}),
                 "not a proper HDF5 file"),
    "cut_hdf5": (lambda g: archive({**g, "model.weights.h5": g["model.weights.h5"][:100000]}), ""),
    "no_layers": (weights_change(lambda f: f.pop("layers")), "has no 'layers'"),
    "missing_layer": (weights_change(lambda f: f.pop("layers/dense_1")),
                      "expected 2 variables, but received 0 variables during loading. Expected: "
                      "['kernel', 'bias']"),
    "missing_bias": (weights_change(lambda f: f.pop("layers/dense/vars/1")),
                     "expected 2 variables, but received 1 variables"),
    "transposed": (replace(KERNEL, lambda g, n: g.create_dataset(n, data=numpy.ones((120, 400)))),
                   "Layer 'dense': the shape of the target variable and the shape of the target "
                   "value must match. variable.shape=(400, 120), value.shape=(120, 400)."),
    "flat": (replace(KERNEL, lambda g, n: g.create_dataset(n, data=numpy.ones(48000))),
             "value.shape=(48000,)"),
    "shape_bomb": (replace(KERNEL, lambda g, n: g.create_dataset(
        n, (1 << 31, 1 << 31), "f4", chunks=(64, 64))), "must match"),
    "chunk_bomb": (replace(KERNEL, lambda g, n: g.create_dataset(
        n, (400, 120), "f4", maxshape=(None, None), chunks=(1 << 14, 1 << 14))), "huge chunks"),
    "soft_link": (replace(KERNEL, lambda g, n: g.__setitem__(n, h5py.SoftLink("/vars"))),
                  "Not allowed: H5 file with SoftLink ('/layers/dense/vars/0')"),
    "external_link": (replace("layers/dense", lambda g, n: g.__setitem__(
        n, h5py.ExternalLink("/etc/passwd", "/"))), "Not allowed: H5 file with ExternalLink"),
    "external_data": (replace(KERNEL, lambda g, n: g.create_dataset(
        n, (400, 120), "f4", external=[("/etc/passwd", 0, 192000)])), "external data"),
    "virtual": (replace(KERNEL, lambda g, n: g.create_virtual_dataset(n, AS_VIRTUAL)),
                "virtual dataset"),
    "other_filter": (replace(KERNEL, lambda g, n: g.create_dataset(
        n, data=numpy.ones((400, 120), "f4"), chunks=(100, 120), compression="lzf")),
        "uses filter 32000"),
    "text": (replace(KERNEL, lambda g, n: g.create_dataset(n, data="weights")),
             "does not hold numbers"),
    "complex": (replace(KERNEL, lambda g, n: g.create_dataset(
        n, data=numpy.ones((400, 120), "c8"))), "does not hold numbers"),
    "group_for_dataset": (replace(KERNEL, lambda g, n: g.create_group(n)), "is not a dataset"),
    "dataset_for_group": (replace("layers/dense", lambda g, n: g.create_dataset(n, data=1)),
                          "is not a group"),
    "state_of_wrong_shape": (replace("optimizer/vars/2", lambda g, n: g.create_dataset(
        n, data=numpy.ones(3, "f4"))), "must match"),
    "link_in_state": (replace("optimizer/vars/2", lambda g, n: g.__setitem__(
        n, h5py.SoftLink("/vars"))), "SoftLink"),
}

ALL = {f"{kind}-{name}": case for kind, cases in
       (("zip", ZIP), ("config", CONFIG), ("weights", WEIGHTS)) for name, case in cases.items()}


@pytest.mark.parametrize("case", ALL)
def test_refusal(tool, good, tmp_path, case):
    build, words = ALL[case]
    path = tmp_path / "m.keras"
    path.write_bytes(build(good))
    begin = time.monotonic()
    error = tool.refuses(path)
    assert time.monotonic() - begin < 20  # nothing hangs; the helper's own limit is 10 s
    kind, _, message = error.partition(": ")
    assert kind in ("ValueError", "OSError") and len(message) < 600, error
    assert words in message, error
    assert os.listdir(tmp_path) == ["m.keras"]


def test_missing_file(tool, tmp_path):
    error = tool.refuses(tmp_path / "none.keras")
    assert error.startswith("FileNotFoundError: File not found: filepath=")
    assert "Please ensure the file is an accessible '.keras' zip file." in error


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_every_flipped_byte(tool, good, tmp_path, member):
    """With a right CRC: the parsers themselves meet the damage."""
    data, path = good[member], tmp_path / "m.keras"
    places = range(0, len(data), max(1, len(data) // 120))
    for at in places:
        flipped = data[:at] + bytes([data[at] ^ 0xff]) + data[at + 1:]
        path.write_bytes(archive({**good, member: flipped}))
        status, output = tool.run("load", path)
        if status:
            assert output.split(":")[0] in ("ValueError", "OSError"), output


def test_a_cell_survives(new_session, good, tmp_path):
    (tmp_path / "soft.keras").write_bytes(WEIGHTS["soft_link"][0](good))
    (tmp_path / "text.keras").write_bytes(ZIP["text"][0](good))
    (tmp_path / "good.keras").write_bytes(archive(good))
    session = new_session()
    session.run("int x = 41;")
    error = session.try_cell('model_t *net = model_load("soft.keras");').error
    assert error.startswith("ValueError: Not allowed: H5 file with SoftLink"), error
    error = session.try_cell('model_t *net = model_load("text.keras");').error
    assert "is not a '.keras' zip file" in error
    error = session.try_cell('model_t *net = model_load("none.keras");').error
    assert error.startswith("FileNotFoundError: File not found: filepath=none.keras")
    session.run('model_t *net = model_load("good.keras");')
    assert session.run("x + 1").value == "42"
