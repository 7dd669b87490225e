"""Networks written as one word (net.h says how): their layers, shapes and multiply-adds."""

import collections
import re

CLASSIC = ("28x28x1,conv6k5same-tanh,avg2,conv16k5-tanh,avg2,flatten,"
           "dense120-tanh,dense84-tanh,dense10-softmax")
RELU_MAX = ("28x28x1,conv6k5same-relu,max2,conv16k5-relu,max2,flatten,"
            "dense120-relu,dense84-relu,dense10-softmax")

Layer = collections.namedtuple(
    "Layer", "kind size kernel stride same activation rate shape_in shape_out macs parameters")

PATTERNS = {
    "conv": r"conv(?P<size>\d+)k(?P<kernel>\d+)(s(?P<stride>\d+))?(?P<same>same)?(-(?P<activation>\w+))?",
    "avg": r"avg(?P<size>\d+)",
    "max": r"max(?P<size>\d+)",
    "flatten": r"flatten",
    "dense": r"dense(?P<size>\d+)(-(?P<activation>\w+))?",
    "drop": r"drop(?P<rate>[0-9.]+)",
}


def layers(net):
    """The layers, the input's shape left out (it is the first one's shape_in)."""
    first, *words = net.split(",")
    shape, result = tuple(map(int, first.split("x"))), []
    for word in words:
        for kind, pattern in PATTERNS.items():
            match = re.fullmatch(pattern, word)
            if match:
                layer = layer_of(kind, match.groupdict(), shape)
                result.append(layer)
                shape = layer.shape_out
                break
        else:
            raise ValueError(f"layer {word} is not understood")
    return result


def layer_of(kind, found, shape):
    size, kernel = int(found.get("size") or 0), int(found.get("kernel") or 0)
    stride, same = int(found.get("stride") or 1), bool(found.get("same"))
    out, macs, parameters = shape, 0, 0
    if kind == "conv":
        h, w, c = shape
        grow = 0 if same else kernel - 1
        out = (-(-(h - grow) // stride), -(-(w - grow) // stride), size)
        parameters = kernel * kernel * c * size + size
        macs = out[0] * out[1] * (parameters - size)
    elif kind in ("avg", "max"):
        out = (shape[0] // size, shape[1] // size, shape[2])
    elif kind == "flatten":
        out = (shape[0] * shape[1] * shape[2],)
    elif kind == "dense":
        out, macs, parameters = (size,), shape[0] * size, shape[0] * size + size
    return Layer(kind, size, kernel, stride, same, found.get("activation"),
                 float(found.get("rate") or 0), shape, out, macs, parameters)


def input_shape(net):
    return layers(net)[0].shape_in


def forward_macs(net):
    """Multiply-adds of one image's answer."""
    return sum(layer.macs for layer in layers(net))


def training_macs(net):
    """Multiply-adds of one image's training step: answer, gradient of the weights, gradient of the
    inputs; the first layer that has weights needs no gradient of its inputs."""
    counts = [layer.macs for layer in layers(net) if layer.macs]
    return 3 * sum(counts) - counts[0]
