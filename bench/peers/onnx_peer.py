"""ONNX Runtime, which only answers: no training. onnx_peer.py THREADS"""

import sys

import peer

THREADS = int(sys.argv[1])
peer.limit_threads(THREADS)
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
import network

OPERATORS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax"}


class Graph:
    """An ONNX graph that grows at its end; channels first, as the format wants them."""

    def __init__(self):
        self.nodes, self.constants, self.end = [], [], "x"

    def constant(self, values):
        name = f"c{len(self.constants)}"
        array = numpy.ascontiguousarray(values, "f4")
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator, *inputs, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.end, *inputs], [name], **attributes))
        self.end = name


def model_of(net, weights):
    layers, graph, flattened = network.layers(net), Graph(), None
    values = iter(weights)
    for layer in layers:
        window = {"kernel_shape": [layer.size] * 2, "strides": [layer.size] * 2}
        if layer.kind == "conv":
            kernel, bias = next(values), next(values)
            graph.add("Conv", graph.constant(kernel.transpose(3, 2, 0, 1)), graph.constant(bias),
                      kernel_shape=[layer.kernel] * 2, strides=[layer.stride] * 2,
                      auto_pad="SAME_UPPER" if layer.same else "VALID")
        elif layer.kind == "dense":
            kernel, bias = next(values), next(values)
            if flattened:  # rows from (row, column, channel) to the order of channels first
                h, w, c = flattened
                kernel = kernel.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(h * w * c, -1)
                flattened = None
            graph.add("Gemm", graph.constant(kernel), graph.constant(bias))
        elif layer.kind == "flatten":
            flattened = layer.shape_in
            graph.add("Flatten")
        elif layer.kind in ("avg", "max"):
            graph.add("AveragePool" if layer.kind == "avg" else "MaxPool", **window)
        if layer.activation:
            graph.add(OPERATORS[layer.activation])
    h, w, c = network.input_shape(net)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", c, h, w])
    answer = helper.make_tensor_value_info(graph.end, TensorProto.FLOAT, ["n", layers[-1].size])
    made = helper.make_graph(graph.nodes, "net", [given], [answer], graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def latency(request):
    net = request["net"]
    x, y = peer.load(request, network.input_shape(net), 10, "t10k")
    x = numpy.ascontiguousarray(x.transpose(0, 3, 1, 2))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    weights = peer.read_weights(request["weights"], network.layers(net))
    session = onnxruntime.InferenceSession(model_of(net, weights), options,
                                           ["CPUExecutionProvider"])
    accuracy = float((session.run(None, {"x": x})[0].argmax(1) == y).mean())
    one = {"x": x[:1]}
    return {"ways": {"run": peer.time_calls(lambda: session.run(None, one), request)}, "accuracy": accuracy}


peer.serve({"latency": latency}, {"onnxruntime": onnxruntime.__version__})
