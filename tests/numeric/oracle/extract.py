#!/usr/bin/env python3
"""Take from an oracle run what the tests need, as raw files that C reads without a parser.

usage: extract.py ORACLE_DIR OUT_DIR        (needs h5py and numpy)

ORACLE_DIR is the folder that make_oracle.py of the oracle wrote: runs tanh_avg_adam and
relu_max_sgd of real Keras. For each run, OUT_DIR/RUN receives (little-endian, no headers):

  initial.f32, trained.f32   all 61,706 parameters: kernel and bias of each layer in model order
  gradient.f32               gradient of the first batch's mean loss at the initial parameters
  activation.f32             every layer's output for test image 0, one after the other (initial)
  step_loss.f32, step_accuracy.f32    200 steps, under the weights before each update
  softmax.f32                first 16 test images after training, (16, 10)
  answers.u8                 10,000 test answers after training
  test_loss.f64              mean loss on the test set: initial, trained
  test_hits.i32              right answers of 10,000: initial, trained
"""
import io
import json
import pathlib
import sys
import zipfile

import h5py
import numpy as np

LAYERS = ["conv2d", "conv2d_1", "dense", "dense_1", "dense_2"]
ORACLE_LAYERS = ["conv1", "conv2", "dense1", "dense2", "dense3"]
ACTIVATIONS = ["conv1", "pool1", "conv2", "pool2", "flatten", "dense1", "dense2", "dense3"]


def parameters(keras_file):
    with zipfile.ZipFile(keras_file) as archive:
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
        return np.concatenate([np.ravel(weights[f"layers/{layer}/vars/{i}"][()])
                               for layer in LAYERS for i in (0, 1)]).astype("<f4")


def tensors(folder, prefix, names):
    return np.concatenate([np.fromfile(folder / f"{prefix}.{name}.f32", "<f4") for name in names])


def extract(run, out):
    out.mkdir(parents=True, exist_ok=True)
    losses = json.loads((run / "losses.json").read_text())
    parameters(run / "initial.keras").tofile(out / "initial.f32")
    parameters(run / "trained.keras").tofile(out / "trained.f32")
    kernels_and_biases = [f"{name}.{kind}" for name in ORACLE_LAYERS for kind in ("kernel", "bias")]
    tensors(run / "f32", "initial.gradient", kernels_and_biases).tofile(out / "gradient.f32")
    tensors(run / "f32", "initial.activation", ACTIVATIONS).tofile(out / "activation.f32")
    np.array(losses["step_loss"], "<f4").tofile(out / "step_loss.f32")
    np.array(losses["step_accuracy"], "<f4").tofile(out / "step_accuracy.f32")
    np.array(losses["test_softmax_first_16"], "<f4").tofile(out / "softmax.f32")
    digits = np.frombuffer(losses["test_answers"].encode(), "u1") - ord("0")
    digits.tofile(out / "answers.u8")
    np.array([losses[when]["loss_from_predictions"] for when in ("initial", "trained")],
             "<f8").tofile(out / "test_loss.f64")
    np.array([losses[when]["hits"] for when in ("initial", "trained")], "<i4").tofile(
        out / "test_hits.i32")


if __name__ == "__main__":
    source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for name in ("tanh_avg_adam", "relu_max_sgd"):
        extract(source / name, target / name)
