"""Time a Jupyter kernel as its user feels it: start, and the answer to one short cell.

usage: kernel.py [--kernels xtinycc,python3] [--cells 300] [--starts 7] [--json FILE]

Kernels are measured in turn within each round, so that a noisy neighbour meets all of them alike.
`start`: from spawning the process to its first kernel_info_reply. `cell`: from sending
execute_request for `x + 1` to the `idle` status, shown value included. Medians, with the 10th and
90th percentile. Compare kernels of one run only.
"""

import argparse
import json
import statistics
import sys
import time

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

SETUP = {"c": "int x = 41;", "python": "x = 41"}


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default="xtinycc,python3")
    parser.add_argument("--cells", type=int, default=300)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--json", help="append one JSON line per kernel and figure to this file")
    options = parser.parse_args()

    known = KernelSpecManager().find_kernel_specs()
    names = [name for name in options.kernels.split(",") if name in known]
    for name in set(options.kernels.split(",")) - set(names):
        print(f"kernel {name}: not installed, left out", file=sys.stderr)
    if not names:
        sys.exit("kernel.py: none of these kernels is installed: " + options.kernels)

    taken = measure(names, options.starts, options.cells)
    print(f"{'kernel':<10} {'what':<22} {'median ms':>10} {'p10':>9} {'p90':>9} {'n':>5}")
    for name, series in taken.items():
        for what, label in (("start", "start to first reply"), ("cell", "x + 1, to idle")):
            figures = summary(series[what])
            print(f"{name:<10} {label:<22} {figures['median_ms']:>10.2f} {figures['p10_ms']:>9.2f} "
                  f"{figures['p90_ms']:>9.2f} {len(series[what]):>5}")
            if options.json:
                with open(options.json, "a", encoding="utf-8") as out:
                    line = {"bench": "kernel", "kernel": name, "what": what, **figures,
                            "n": len(series[what]), "time": time.strftime("%FT%TZ", time.gmtime())}
                    out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
