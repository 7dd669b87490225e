"""The processes that are measured: each lives through the run and answers one line at a time."""

import json
import os
import pathlib
import queue
import subprocess
import threading

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent

# What is set for other programs' sake is left out: every library chooses for this machine itself.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("OPENBLAS_")}


class Failed(Exception):
    """A side that did not do what was asked; the text says why."""


class Side:
    """A process that speaks as server.c does. Requests go one after the other."""

    def __init__(self, name, command, environment=None, log=None):
        self.name = name
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=log or subprocess.DEVNULL, env={**ENVIRONMENT, **(environment or {})}, cwd=TOP)
        self.answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def ask(self, command, timeout=300, **values):
        words = [command] + [f"{name}={value}" for name, value in values.items()
                             if value is not None]
        try:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
            line = self.answers.get(timeout=timeout)
        except (BrokenPipeError, queue.Empty):
            line = None
        if line is None:
            status = self.process.poll()
            self.close()
            raise Failed(f"no answer in {timeout} s" if status is None
                         else f"it ended with status {status}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def ours():
    return Side("xeus-tinycc", [TOP / "build/release/bin/bench_server"])


class Cell:
    """Training in cells of the kernel, progress and snapshots on, as a notebook does it."""

    name = "xeus-tinycc, cell"

    def __init__(self):
        from jupyter_client.manager import KernelManager
        self.manager = KernelManager(kernel_name="xtinycc")
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.made = set()

    def run(self, code):
        texts = []

        def hook(message):
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])
            if message["msg_type"] == "error":
                raise Failed(message["content"]["evalue"][:300])
        self.client.execute_interactive(code, timeout=300, output_hook=hook)
        return "".join(texts)

    def ask(self, command, net, data, images, batch, threads, **_):
        import network
        if command != "train":
            raise Failed("a cell only trains here")
        variable = f"net{abs(hash(net))}"
        if not self.made:
            self.run(f'setenv("XTINYCC_DATA", "{data}", 1);\n'
                     'mnist_t mnist = mnist_load_data();\n'
                     'tensor_t x = rescale(reshape(mnist.x_train, -1, 28, 28, 1), 1 / 255.0f);')
        if net not in self.made:
            self.made.add(net)
            self.run(f"model_t *{variable} = Sequential({cell_layers(network.layers(net))});\n"
                     f"model_compile({variable}, .loss = \"sparse_categorical_crossentropy\", "
                     ".metrics = {\"accuracy\"});")
        text = self.run(
            f"history_t *h = model_fit({variable}, slice(x, 0, {images}), "
            f"slice(mnist.y_train, 0, {images}), .batch_size = {batch}, .threads = {threads});\n"
            'printf("\\nmeasured %.6f %d %s\\n", h->epoch_seconds[0], h->threads, h->engine);')
        words = text.split("measured", 1)[1].split()
        return {"seconds": float(words[0]), "threads": int(words[1]),
                "engine": " ".join(words[2:4])}

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def cell_layers(layers):
    """Arguments of Sequential() in a cell."""
    words = ['"net"', "Input(%s)" % ", ".join(map(str, layers[0].shape_in))]
    for layer in layers:
        options = f', .activation = "{layer.activation}"' if layer.activation else ""
        if layer.kind == "conv":
            options += (', .padding = "same"' if layer.same else "") + f", .strides = {layer.stride}"
            words.append(f"Conv2D({layer.size}, {layer.kernel}{options})")
        elif layer.kind == "dense":
            words.append(f"Dense({layer.size}{options})")
        elif layer.kind == "drop":
            words.append(f"Dropout({layer.rate})")
        elif layer.kind == "flatten":
            words.append("Flatten()")
        else:
            pooling = "AveragePooling2D" if layer.kind == "avg" else "MaxPooling2D"
            words.append(f"{pooling}({layer.size})")
    return ", ".join(words)
