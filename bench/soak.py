"""Run very many cells of all kinds in one kernel and see whether anything gets lost or grows.

usage: soak.py [--cells 20000] [--seed 1] [--json FILE]

Every 50th cell is a fault, drawn from all that the design lists; every 100th is stopped. The state
that is carried through is a trained model: the hash of its weights must stay the same, checked
after each fault and stop. Lost `idle` messages, processes left behind, and growth after the first
1,000 cells (memory as PSS over all processes, descriptors, temporary files) end the run with 1.
"""

import argparse
import json
import os
import queue
import random
import statistics
import sys
import tempfile
import time

from jupyter_client.manager import KernelManager

PATIENCE = 120
TRAINED = """
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int counter = 0, scratch = 0;
tensor_t xs = tensor_zeros(64, 4), ys = tensor_zeros(64);
for (int i = 0; i < 64; i++) {
    tensor_data(ys)[i] = i % 2;
    for (int k = 0; k < 4; k++) tensor_data(xs)[4 * i + k] = i % 2 ? k : -k;
}
model_t *net = Sequential("net", Input(4), Dense(8, .activation = "tanh"),
                          Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
history_t *h = model_fit(net, xs, ys, .epochs = 5, .verbose = NN_SILENT);
unsigned long weights_hash(void)
{
    unsigned long hash = 1469598103934665603ul;
    tensor_t out = model_predict(net, xs);
    const unsigned char *bytes = (const unsigned char *)tensor_data(out);
    for (size_t i = 0; i < 64 * 2 * sizeof(float); i++) hash = (hash ^ bytes[i]) * 1099511628211ul;
    return hash;
}
int rec(int n) { char b[1000]; b[0] = n; return rec(n + 1) + b[0]; }
"""
HASH = "weights_hash()"

# Cells of the usual kind; N is their number.
USUAL = [
    "counter++;", "counter + N", "int v_N = N; v_N", "double d_N = N / 3.0;",
    'printf("line %d\\n", N);', "int f(int n) { return n + N; } f(1)",
    'for (int i = 0; i < 200; i++) printf("%d ", i);', "char *text = \"N\"; text",
    'fprintf(stderr, "N\\n");', "scratch = scratch + 1; scratch", "int bad = ;", "undeclared + 1",
    "void *p = malloc(100000); memset(p, 1, 100000); free(p);", "%time counter",
    "model_evaluate(net, xs, ys).loss > 0", "#define MACRO_N N\nMACRO_N",
    "if (!fork()) _exit(0); wait(NULL);", "{ pthread_t t; }", "int table[] = {1, N, 3}; table",
]
FAULTS = [
    "scratch = -1; *(volatile int *)0 = 1;", "rec(0);", "char *q = malloc(9); free(q); free(q);",
    "abort();", "exit(3);", "_exit(0);", 'execlp("false", "false", (char *)0);',
    "int zero = 0; 5 / zero", "__builtin_trap();", "kill(0, SIGKILL);", "kill(getpid(), SIGKILL);",
    "raise(SIGFPE);", "alarm(1); pause();", "void (*f)(void) = NULL; f();",
    "memset(&counter, 7, 1 << 28);", "for (int i = 3; i < 1024; i++) close(i);",
    "if (!fork()) for (;;) pause(); *(volatile int *)8 = 1;", "strlen((char *)16);",
    "quick_exit(2);", "setpgid(0, getpgid(getppid())); abort();",
    'int ends[2]; pipe(ends); close(ends[0]); write(ends[1], "x", 1);',
    "while (malloc(1ul << 30)); *(volatile int *)0 = 1;", "raise(SIGTERM);",
    'int m_ = memfd_create("m", 0); char *a_ = mmap(0, 4096, 1, 1, m_, 0); char c_ = a_[0];',
]
STOPPED = [
    'printf("began"); for (;;);', 'printf("began"); sleep(100);', 'printf("began"); pause();',
    'printf("began"); for (;;) free(malloc(100));', 'printf("began"); system("sleep 100");',
    'printf("began"); for (int i = 0;; i++) printf("%d\\n", i);',
    'int e_[2]; pipe(e_); char b_; printf("began"); read(e_[0], &b_, 1); close(e_[0]);',
]


class Kernel:
    def __init__(self):
        self.manager = KernelManager(kernel_name="xtinycc")
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.front = self.manager.provisioner.pid

    def run(self, code, stop=False):
        """Run a cell; its result, its error's name, and the seconds to idle (from Stop on)."""
        value = error = None
        began = time.perf_counter()
        sent = self.client.execute(code)
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_result":
                value = content["data"]["text/plain"]
            elif kind == "error":
                error = content["ename"]
            elif kind == "stream" and stop:
                self.manager.interrupt_kernel()
                stop = False
                began = time.perf_counter()
            elif kind == "status" and content["execution_state"] == "idle":
                break
        seconds = time.perf_counter() - began
        while self.client.get_shell_msg(timeout=PATIENCE)["parent_header"]["msg_id"] != sent:
            pass
        return value, error, seconds

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def processes_below(pid):
    """The kernel's process and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    parents[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = {pid}
    while True:
        more = {p for p, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def measure(kernel, folder):
    """Memory in KB (PSS), descriptors, processes, files."""
    memory = descriptors = 0
    everyone = processes_below(kernel.front)
    for pid in everyone:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                memory += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
        except (OSError, StopIteration):
            pass
    files = sum(len(files) for _, _, files in os.walk(folder))
    return {"pss_kb": memory, "descriptors": descriptors, "processes": len(everyone),
            "files": files}


def one_cell(kernel, n, choose):
    """Returns the kind of the cell and the seconds it took."""
    if n % 100 == 0:
        _, error, seconds = kernel.run(choose.choice(STOPPED), stop=True)
        if error != "KeyboardInterrupt":
            raise RuntimeError(f"cell {n}: stopped, but the error is {error}")
        return "stop", seconds
    if n % 50 == 0:
        code = choose.choice(FAULTS)
        _, error, seconds = kernel.run(code)
        if error is None:
            raise RuntimeError(f"cell {n}: no error from {code}")
        return "fault", seconds
    code = choose.choice(USUAL).replace("N", str(n))
    return "usual", kernel.run(code)[2]


def soak(cells, seed, folder):
    choose = random.Random(seed)
    kernel = Kernel()
    seconds = {"usual": [], "fault": [], "stop": []}
    points = []
    try:
        _, error, _ = kernel.run(TRAINED)
        expected, _, _ = kernel.run(HASH)
        if error or not expected:
            raise RuntimeError(f"the session cannot be set up: {error}")
        for n in range(1, cells + 1):
            kind, took = one_cell(kernel, n, choose)
            seconds[kind].append(took)
            if kind != "usual":
                found, error, _ = kernel.run(HASH)
                if found != expected:
                    raise RuntimeError(f"after cell {n}: the model is {found} ({error}), "
                                       f"expected {expected}")
            if n in (100, 1000) or n % max(1, cells // 10) == 0:
                points.append({"cells": n, **measure(kernel, folder)})
                print("{cells:>7} cells  {pss_kb:>8} KB  {descriptors:>4} descriptors  "
                      "{processes:>3} processes  {files} files".format(**points[-1]), flush=True)
        everyone = processes_below(kernel.front)
    finally:
        kernel.stop()
    time.sleep(1)
    left = [pid for pid in everyone if os.path.exists(f"/proc/{pid}")]
    return points, seconds, left


def growth(points):
    """What is larger at the end than at the first 1,000 cells (or the first point)."""
    first = next((p for p in points if p["cells"] >= 1000), points[0])
    last, found = points[-1], []
    # A session remembers its declarations: a few hundred bytes a cell.
    allowed = 4096 + 2 * (last["cells"] - first["cells"])
    if last["pss_kb"] > first["pss_kb"] + allowed:
        found.append(f"memory: {first['pss_kb']} to {last['pss_kb']} KB")
    if last["descriptors"] > first["descriptors"] + 40:
        found.append(f"descriptors: {first['descriptors']} to {last['descriptors']}")
    if last["files"] > first["files"]:
        found.append(f"files: {first['files']} to {last['files']}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="append one JSON line to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        try:
            points, seconds, left = soak(options.cells, options.seed, folder)
        except queue.Empty:
            sys.exit("soak: an idle message was lost")
        except RuntimeError as error:
            sys.exit(f"soak: {error}")
        wrong = growth(points) + ([f"processes left behind: {left}"] if left else [])
        wrong += [f"file left behind: {name}" for name in os.listdir(folder)]
    load = os.getloadavg()[0]
    figures = {kind: {"n": len(s), "median_ms": round(1e3 * statistics.median(s), 2),
                      "max_ms": round(1e3 * max(s), 1)} for kind, s in seconds.items() if s}
    for kind, f in figures.items():
        print(f"{kind:<6} n {f['n']:>6}  median {f['median_ms']:>9.2f} ms  "
              f"longest {f['max_ms']:>9.1f} ms")
    print(f"load {load:.1f}; " + ("; ".join(wrong) if wrong else "nothing lost, nothing left"))
    if options.json:
        with open(options.json, "a", encoding="utf-8") as out:
            out.write(json.dumps({"bench": "soak", "cells": options.cells, "seed": options.seed,
                                  "points": points, "seconds": figures, "load": load,
                                  "wrong": wrong,
                                  "time": time.strftime("%FT%TZ", time.gmtime())}) + "\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
