"""Which peers there are, and a virtual environment of their own that holds them.

    python3 bench/peers/installed.py        installs what is missing, and says what could not be

The environment is $XTINYCC_PEERS, else ~/.cache/xeus-tinycc/peers. pip installs each package by
itself, so that one that is not to be had takes no other with it; why not is kept there.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
FOLDER = pathlib.Path(os.environ.get("XTINYCC_PEERS") or f"{CACHE}/xeus-tinycc/peers")
REASONS = FOLDER / "not-installed.json"

# In this order. torch comes last: by pip's index it brings a GPU's libraries, 5 GB unpacked; an
# index of CPU builds (PIP_EXTRA_INDEX_URL) spares them.
PACKAGES = {"keras": "keras", "tensorflow": "tensorflow-cpu", "jax": "jax",
            "onnxruntime": "onnxruntime", "onnx": "onnx", "torch": "torch"}


@dataclasses.dataclass(frozen=True)
class Peer:
    script: str
    needs: tuple  # modules
    arguments: tuple = ()
    environment: dict = dataclasses.field(default_factory=dict)
    trains: bool = True
    answers: bool = True

    def command(self, threads):
        return [FOLDER / "bin/python", HERE / self.script, threads, *self.arguments]


def keras_on(backend):
    return Peer("keras_peer.py", ("keras", backend), environment={"KERAS_BACKEND": backend})


PEERS = {
    "Keras, TensorFlow": keras_on("tensorflow"),
    "Keras, JAX": keras_on("jax"),
    "Keras, PyTorch": keras_on("torch"),
    "PyTorch": Peer("torch_peer.py", ("torch",)),
    # Its answers through torch.compile() are among PyTorch's ways.
    "PyTorch, compiled": Peer("torch_peer.py", ("torch",), ("compile",), answers=False),
    "ONNX Runtime": Peer("onnx_peer.py", ("onnx", "onnxruntime"), trains=False),
}


def has(module):
    python = FOLDER / "bin/python"
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{module}') is None)"
    return python.exists() and subprocess.run([python, "-c", code]).returncode == 0


def reason_absent(name):
    """Why a peer cannot be measured; None if it can."""
    for module in PEERS[name].needs:
        if not has(module):
            reasons = json.loads(REASONS.read_text()) if REASONS.exists() else {}
            return reasons.get(module, f"{module} is not installed: ./dev bench peers installs it")
    return None


def install():
    if not (FOLDER / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
    reasons = {}
    for module, package in PACKAGES.items():
        if has(module):
            continue
        print(f"installing {package} into {FOLDER}", flush=True)
        done = subprocess.run([FOLDER / "bin/python", "-m", "pip", "install", "-q",
                               "--disable-pip-version-check", package],
                              capture_output=True, text=True)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reasons[module] = f"pip: {(errors or done.stderr.splitlines() or ['?'])[-1]}"[:300]
            print(f"  {reasons[module]}", flush=True)
    REASONS.write_text(json.dumps(reasons))


if __name__ == "__main__":
    install()
