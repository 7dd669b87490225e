"""Keras 3 on TensorFlow, JAX or PyTorch. KERAS_BACKEND=... keras_peer.py THREADS"""

import sys
import time

import peer

THREADS = int(sys.argv[1])
peer.limit_threads(THREADS)
import keras
import numpy
import network

BACKEND = keras.backend.backend()
if BACKEND == "torch":
    import torch
    torch.set_num_threads(THREADS)
elif BACKEND == "jax":
    import jax
else:
    import tensorflow as tf

models = {}


def build(net):
    made, stack = keras.layers, []
    for layer in network.layers(net):
        stack.append({
            "conv": lambda l: made.Conv2D(l.size, l.kernel, l.stride, "same" if l.same else "valid",
                                          activation=l.activation),
            "avg": lambda l: made.AveragePooling2D(l.size),
            "max": lambda l: made.MaxPooling2D(l.size),
            "flatten": lambda l: made.Flatten(),
            "dense": lambda l: made.Dense(l.size, activation=l.activation),
            "drop": lambda l: made.Dropout(l.rate),
        }[layer.kind](layer))
    return keras.Sequential([keras.Input(network.input_shape(net)), *stack])


class Clock(keras.callbacks.Callback):
    """Seconds of an epoch's steps, without what fit() does around them."""

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.began


def train(request):
    net, batch = request["net"], int(request.get("batch", 128))
    x, y = peer.load(request, network.input_shape(net), network.layers(net)[-1].size)
    if net not in models:
        models[net] = build(net)
        models[net].compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy",
                            metrics=["accuracy"])
        warm = min(len(x), 3 * batch + len(x) % batch)  # compiles whole batches and the last one
        models[net].fit(x[:warm], y[:warm], batch, 1, verbose=0)
    clock = Clock()
    fit = models[net].fit(x, y, batch, 1, verbose=0, callbacks=[clock]).history
    return {"seconds": clock.seconds, "loss": fit["loss"][-1], "accuracy": fit["accuracy"][-1]}


def test(request):
    x, y = peer.load(request, None, None, "t10k")
    loss, accuracy = models[request["net"]].evaluate(x, y, 128, verbose=0)
    return {"loss": loss, "accuracy": accuracy}


def ways(model, x):
    """Every way in which a user may ask for one answer; it ends in a NumPy row."""
    result = {"predict": lambda: model.predict(x, verbose=0)}
    if BACKEND == "tensorflow":
        held = tf.constant(x)
        graph = tf.function(lambda v: model(v, training=False))
        compiled = tf.function(lambda v: model(v, training=False), jit_compile=True)
        result |= {"call": lambda: model(held, training=False).numpy(),
                   "tf.function": lambda: graph(held).numpy(),
                   "tf.function, XLA": lambda: compiled(held).numpy()}
    elif BACKEND == "jax":
        # Copies: predict() gives the model's own buffers away.
        copies = lambda variables: [numpy.array(v) for v in variables]
        weights, fixed = jax.device_put((copies(model.trainable_variables),
                                         copies(model.non_trainable_variables)))
        answer = jax.jit(lambda w, f, v: model.stateless_call(w, f, v, training=False)[0])
        result |= {"call": lambda: numpy.asarray(model(x, training=False)),
                   "jax.jit": lambda: numpy.asarray(answer(weights, fixed, x))}
    else:
        held = torch.from_numpy(x)

        def call():
            with torch.inference_mode():
                return model(held, training=False).numpy()
        result["call"] = call
    return result


def latency(request):
    net = request["net"]
    model = build(net)
    x, y = peer.load(request, network.input_shape(net), 10, "t10k")
    if "weights" in request:
        model.set_weights(peer.read_weights(request["weights"], network.layers(net)))
    accuracy = float((model.predict(x, 1000, verbose=0).argmax(1) == y).mean())
    return {"ways": {name: peer.time_calls(call, request) for name, call in ways(model, x[:1]).items()},
            "accuracy": accuracy}


peer.serve({"train": train, "test": test, "latency": latency},
           {"keras": keras.__version__, BACKEND: sys.modules[BACKEND].__version__})
