"""PyTorch. torch_peer.py THREADS [compile]: with `compile` it trains through torch.compile()."""

import sys
import time

import peer

THREADS = int(sys.argv[1])
COMPILE = sys.argv[2:] == ["compile"]
peer.limit_threads(THREADS)
import torch
from torch import nn
from torch.nn import functional
import network

torch.set_num_threads(THREADS)
models = {}
ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}


def padding(layer):
    return "same" if layer.same and layer.stride == 1 else layer.kernel // 2 if layer.same else 0


def build(net):
    """The last softmax is left to the loss."""
    stack, layers = [], network.layers(net)
    for layer in layers:
        inputs = layer.shape_in[-1]
        stack.append({
            "conv": lambda: nn.Conv2d(inputs, layer.size, layer.kernel, layer.stride,
                                      padding(layer)),
            "avg": lambda: nn.AvgPool2d(layer.size),
            "max": lambda: nn.MaxPool2d(layer.size),
            "flatten": nn.Flatten,
            "dense": lambda: nn.Linear(inputs, layer.size),
            "drop": lambda: nn.Dropout(layer.rate),
        }[layer.kind]())
        if layer.activation in ACTIVATIONS:
            stack.append(ACTIVATIONS[layer.activation]())
    model = nn.Sequential(*stack)
    for p in model.parameters():
        nn.init.xavier_uniform_(p) if p.dim() > 1 else nn.init.zeros_(p)
    return model


def load(request, part="train"):
    net = request["net"]
    x, y = peer.load(request, network.input_shape(net), network.layers(net)[-1].size, part)
    return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(y).long()


def epoch(step, optimizer, x, y, batch):
    """The data lie in memory as one tensor: quicker than the customary DataLoader."""
    loss_sum, hits = 0.0, 0
    for rows in torch.randperm(len(x)).split(batch):
        labels = y[rows]
        optimizer.zero_grad()
        logits = step(x[rows])
        loss = functional.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        hits += (logits.argmax(1) == labels).sum().item()
    return loss_sum / len(y), hits / len(y)


def train(request):
    net, batch = request["net"], int(request.get("batch", 128))
    x, y = load(request)
    if net not in models:
        model = build(net)
        optimizer = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-7)
        models[net] = model, optimizer, torch.compile(model) if COMPILE else model
        warm = min(len(x), 3 * batch + len(x) % batch)
        for _ in range(2):
            epoch(models[net][2], optimizer, x[:warm], y[:warm], batch)
    _, optimizer, step = models[net]
    began = time.perf_counter()
    loss, accuracy = epoch(step, optimizer, x, y, batch)
    return {"seconds": time.perf_counter() - began, "loss": loss, "accuracy": accuracy}


@torch.inference_mode()
def test(request):
    x, y = load(request, "t10k")
    logits = models[request["net"]][0](x)
    return {"loss": functional.cross_entropy(logits, y).item(),
            "accuracy": (logits.argmax(1) == y).float().mean().item()}


def set_weights(model, net, path):
    """From Keras' layouts; rows behind a Flatten go from (row, column, channel) to torch's order."""
    layers = network.layers(net)
    values = iter(peer.read_weights(path, layers))
    modules = iter(m for m in model if isinstance(m, (nn.Conv2d, nn.Linear)))
    flattened = None
    with torch.no_grad():
        for layer in layers:
            if layer.kind == "flatten":
                flattened = layer.shape_in
            if layer.kind not in ("conv", "dense"):
                continue
            kernel, bias, module = torch.tensor(next(values)), torch.tensor(next(values)), next(modules)
            if layer.kind == "conv":
                kernel = kernel.permute(3, 2, 0, 1)
            else:
                if flattened:
                    kernel = kernel.reshape(*flattened, -1).permute(2, 0, 1, 3).flatten(0, 2)
                    flattened = None
                kernel = kernel.T
            module.weight.copy_(kernel)
            module.bias.copy_(bias)


@torch.inference_mode()
def latency(request):
    net = request["net"]
    model = build(net)
    x, y = load(request, "t10k")
    if "weights" in request:
        set_weights(model, net, request["weights"])
    model = nn.Sequential(model, nn.Softmax(1)).eval()
    accuracy = float((model(x).argmax(1) == y).float().mean())
    one, result = x[:1], {}
    frozen = lambda: torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, one)))
    for name, make in {"eager": lambda: model, "jit, frozen": frozen,
                       "torch.compile": lambda: torch.compile(model)}.items():
        try:
            call = make()
            result[name] = peer.time_calls(lambda: call(one).numpy(), request)
        except Exception as error:  # a way that this build or machine does not offer
            result[name] = {"error": f"{type(error).__name__}: {error}"[:200]}
    return {"ways": result, "accuracy": accuracy}


peer.serve({"train": train, "test": test, "latency": latency}, {"torch": torch.__version__})
