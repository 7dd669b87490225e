"""Time a Jupyter kernel as its user feels it: start, and the answer to one short cell.

usage: kernel.py [--kernels xtinycc,python3] [--cells 200] [--starts 7] [--json FILE] [--bare]

Kernels are measured in turn within each round, so that a noisy neighbour meets all of them alike.
`start`: from spawning the process to its first kernel_info_reply. `cell`: from sending
execute_request for `x + 1` to the `idle` status, shown value included. Medians, with the 10th and
90th percentile. Compare kernels of one run only.

Without --bare also, each in a session of its own: `x + 1` with 1 GiB of data mapped read-only,
and after 1,000 cells that each define a variable and a function; and a cell that names every
function of notebook.h. Last and by itself, since it would slow its neighbours: `x + 1` with 1 GiB
of memory that a cell has written, before each measured cell again.
"""

import argparse
import json
import pathlib
import re
import statistics
import sys
import time

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

SETUP = {"c": "int x = 41;", "python": "x = 41"}
# Written out, so that no header makes the measured cells longer.
MAPPED = """void *mmap(void *, size_t, int, int, int, long); int munmap(void *, size_t);
int memfd_create(const char *, unsigned); int ftruncate(int, long);
enum { GIB = 1 << 30, READ = 1, WRITE = 2, SHARED = 1 };
int memory = memfd_create("data", 0); ftruncate(memory, GIB);
char *data = mmap(NULL, GIB, READ | WRITE, SHARED, memory, 0);
memset(data, 1, GIB); munmap(data, GIB);
data = mmap(NULL, GIB, READ, SHARED, memory, 0);
long sum = 0; for (long i = 0; i < GIB; i += 4096) sum += data[i];"""
WRITTEN = "char *mine = malloc(1 << 30); memset(mine, 1, 1 << 30);"


def notebook_functions(name):
    """The names of all functions that notebook.h declares, of the kernel NAME's installation."""
    program = KernelSpecManager().get_kernel_spec(name).argv[0]
    include = pathlib.Path(program).resolve().parents[1] / "include"
    wanted, text = ["notebook.h"], ""
    for header in wanted:
        lines = (include / header).read_text()
        wanted += [found for found in re.findall(r'#include [<"]((?:nn|nb)/\w+\.h)', lines)
                   if found not in wanted]
        text += lines
    text = re.sub(r"/\*.*?\*/|#[^\n]*", " ", text, flags=re.S)
    return sorted(set(re.findall(r"^[A-Za-z][\w \*]*?\b((?:nn|nb)_[a-z0-9_]+)\(", text, re.M)))


def conditions(name):
    """What is measured in a session of the C kernel NAME: {label: (cells before, cell, a cell
    before each measured one)}."""
    functions = notebook_functions(name)
    many = [f"int v{i} = {i}; int f{i}(int a) {{ return a + v{i}; }}" for i in range(1000)]
    return {
        "x + 1, 1 GiB mapped": ([MAPPED], "x + 1", None),
        "x + 1, after 1,000 cells": (many, "x + 1", None),
        f"all {len(functions)} of notebook.h": ([], f"({', '.join(functions)}, x + 1)", None),
        "x + 1, 1 GiB written": ([WRITTEN], "x + 1", "memset(mine, 1, 1 << 30);"),
    }


def start(name):
    """Start a kernel; return its manager, its client and the seconds until it answered."""
    manager = KernelManager(kernel_name=name)
    began = time.perf_counter()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.kernel_info()
    reply = client.get_shell_msg(timeout=60)
    while reply["msg_type"] != "kernel_info_reply":
        reply = client.get_shell_msg(timeout=60)
    return manager, client, time.perf_counter() - began, reply["content"]["language_info"]["name"]


def run(client, code):
    """Run one cell; return the seconds until `idle` and the plain text of its value."""
    value = None
    began = time.perf_counter()
    sent = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != sent:
            continue
        if message["msg_type"] == "execute_result":
            value = message["content"]["data"]["text/plain"]
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            elapsed = time.perf_counter() - began
            client.get_shell_msg(timeout=60)
            return elapsed, value


def stop(manager, client):
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def summary(seconds):
    """Median, 10th and 90th percentile in milliseconds."""
    ordered = sorted(seconds)
    at = lambda q: ordered[min(len(ordered) - 1, int(q * len(ordered)))]
    return {"median_ms": round(1e3 * statistics.median(ordered), 2),
            "p10_ms": round(1e3 * at(0.1), 2), "p90_ms": round(1e3 * at(0.9), 2)}


def measure(names, starts, cells):
    """Measure the kernels in turn: {name: {"start": [...], "cell": [...]}}, in seconds."""
    taken = {name: {"start": [], "cell": []} for name in names}
    for _ in range(starts):
        for name in names:
            manager, client, seconds, _ = start(name)
            taken[name]["start"].append(seconds)
            stop(manager, client)
    running = {name: start(name) for name in names}
    try:
        for name, (_, client, _, language) in running.items():
            run(client, SETUP[language])
            for _ in range(20):
                run(client, "x + 1")
        for _ in range(cells):
            for name, (_, client, _, _) in running.items():
                seconds, value = run(client, "x + 1")
                if value != "42":
                    raise RuntimeError(f"{name} answered {value!r} to x + 1")
                taken[name]["cell"].append(seconds)
    finally:
        for manager, client, _, _ in running.values():
            stop(manager, client)
    return taken


def measure_conditions(name, cells):
    """`x + 1` and each condition, a session each: {label: [seconds]}.

    In turn, but for those that write before each cell: the copy of 1 GiB empties the caches, and
    the freeing of the copy goes on beside the next session's cell.
    """
    wanted = {"x + 1": ([], "x + 1", None), **conditions(name)}
    quiet = {label: w for label, w in wanted.items() if not w[2]}
    taken = measure_in_turn(name, quiet, cells)
    for label in wanted.keys() - quiet.keys():
        taken |= measure_in_turn(name, {label: wanted[label]}, cells)
    return taken


def measure_in_turn(name, wanted, cells):
    """The cells of WANTED, conditions of the kernel NAME, in turn: {label: [seconds]}."""
    taken = {label: [] for label in wanted}
    running = {}
    try:
        for label, (before, cell, _) in wanted.items():
            running[label] = start(name)
            running[label][1].wait_for_ready(timeout=60)
            for code in [SETUP["c"], *before] + [cell] * 20:
                run(running[label][1], code)
        for _ in range(cells):
            for label, (_, cell, again) in wanted.items():
                if again:
                    run(running[label][1], again)
                seconds, value = run(running[label][1], cell)
                if value != "42":
                    raise RuntimeError(f"{name} answered {value!r} to {cell}")
                taken[label].append(seconds)
    finally:
        for manager, client, _, _ in running.values():
            stop(manager, client)
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default="xtinycc,python3")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--bare", action="store_true", help="only starts and `x + 1`")
    parser.add_argument("--json", help="append one JSON line per kernel and figure to this file")
    options = parser.parse_args()

    known = KernelSpecManager().find_kernel_specs()
    names = [name for name in options.kernels.split(",") if name in known]
    for name in set(options.kernels.split(",")) - set(names):
        print(f"kernel {name}: not installed, left out", file=sys.stderr)
    if not names:
        sys.exit("kernel.py: none of these kernels is installed: " + options.kernels)

    def tell(name, what, label, seconds):
        figures = summary(seconds)
        print(f"{name:<10} {label:<26} {figures['median_ms']:>10.2f} {figures['p10_ms']:>9.2f} "
              f"{figures['p90_ms']:>9.2f} {len(seconds):>5}", flush=True)
        if options.json:
            with open(options.json, "a", encoding="utf-8") as out:
                line = {"bench": "kernel", "kernel": name, "what": what, **figures,
                        "n": len(seconds), "time": time.strftime("%FT%TZ", time.gmtime())}
                out.write(json.dumps(line) + "\n")

    taken = measure(names, options.starts, options.cells)
    print(f"{'kernel':<10} {'what':<26} {'median ms':>10} {'p10':>9} {'p90':>9} {'n':>5}")
    for name, series in taken.items():
        for what, label in (("start", "start to first reply"), ("cell", "x + 1, to idle")):
            tell(name, what, label, series[what])
    for name in names if not options.bare else []:
        if KernelSpecManager().get_kernel_spec(name).language.lower() == "c":
            for label, seconds in measure_conditions(name, options.cells).items():
                tell(name, label, label, seconds)


if __name__ == "__main__":
    main()
