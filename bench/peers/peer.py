"""What all peers share: the requests they answer (bench/server.c says which), and the data.

A peer is a process that lives through a whole run of bench.py. It reads one line a request, such
as `train net=... data=FOLDER images=54000 batch=128`, and writes one line of JSON.
"""

import json
import os
import pathlib
import resource
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))


def limit_threads(threads):
    """Bind this process to so many cores; to be called before any framework is imported."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


def idx(path):
    """The array stored in an IDX file of unsigned bytes."""
    import numpy
    raw = path.read_bytes()
    shape = numpy.frombuffer(raw, ">u4", raw[3], 4)
    return numpy.frombuffer(raw, numpy.uint8, -1, 4 + 4 * raw[3]).reshape(shape)


def load(request, shape, classes, part="train"):
    """Images as floats from 0 to 1, channels last, and labels; noise if no folder is named."""
    import numpy
    count = int(request.get("images", 54000 if part == "train" else 10000))
    if "data" in request:
        folder = pathlib.Path(request["data"])
        x = idx(folder / f"{part}-images-idx3-ubyte")[:count, ..., None]
        y = idx(folder / f"{part}-labels-idx1-ubyte")[:count]
    else:
        random = numpy.random.default_rng(1)
        x = random.integers(0, 256, (count, *shape), "u1")
        y = random.integers(0, classes, count)
    return x.astype("f4") / 255, y.astype("i4")


def read_weights(path, layers):
    """Kernel and bias of every layer that has them, in Keras' layouts."""
    import numpy
    flat, at, result = numpy.fromfile(path, "<f4"), 0, []
    for layer in layers:
        if not layer.parameters:
            continue
        kernel = ((layer.kernel, layer.kernel, layer.shape_in[-1], layer.size)
                  if layer.kind == "conv" else (layer.shape_in[0], layer.size))
        count = layer.parameters - layer.size
        result += [flat[at:at + count].reshape(kernel),
                   flat[at + count:at + layer.parameters]]
        at += layer.parameters
    assert at == len(flat), "the weights are another network's"
    return result


def time_calls(call, request):
    """Microseconds of single calls: median, mean, 99th percentile."""
    for _ in range(50):
        call()
    times, end = [], time.perf_counter() + float(request.get("seconds", 1))
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    times.sort()
    count = len(times)
    return {"median_us": 1e6 * times[count // 2], "mean_us": 1e6 * sum(times) / count,
            "p99_us": 1e6 * times[min(count - 1, count * 99 // 100)], "calls": count}


def serve(commands, about):
    """Answer requests until the input ends. What frameworks print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        command, *words = line.split()
        request = dict(word.split("=", 1) for word in words)
        try:
            if command == "info":
                kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                answer = {**about, "peak_rss_mib": round(kib / 1024)}
            else:
                answer = commands[command](request)
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
