"""Floods of output, beside ipykernel in the same run: 100,000 short lines, and 50 MB in long ones.

usage: flood.py [--kernels xtinycc,python3] [--rounds 3] [--json FILE]

Each cell's output is compared with what it must be, byte by byte and in order. Figures are from
sending the request to the `idle` status, as a client sees them: medians over the rounds, kernels in
turn. Compare kernels of one run only.
"""

import argparse
import hashlib
import json
import statistics
import sys
import time

from jupyter_client.kernelspec import KernelSpecManager

import kernel

LINES, LONG, LENGTH = 100000, 500, 100000
SETUP = {"c": "%output-limit off", "python": "pass"}
FLOODS = {
    "100,000 lines": {"c": f'for (int i = 0; i < {LINES}; i++) printf("%d\\n", i);',
                      "python": f"for i in range({LINES}): print(i)"},
    "50 MB in long lines": {
        "c": f"""char *line = malloc({LENGTH} + 1);
for (int i = 0; i < {LONG}; i++) {{
    memset(line, 'a' + i % 26, {LENGTH});
    line[{LENGTH}] = 0;
    puts(line);
}}""",
        "python": f"for i in range({LONG}): print(chr(97 + i % 26) * {LENGTH})"},
}


def expected(label):
    if label.startswith("100"):
        return "".join(f"{i}\n" for i in range(LINES))
    return "".join(chr(97 + i % 26) * LENGTH + "\n" for i in range(LONG))


def flood(client, code):
    """Seconds to idle, the whole text, and the number of messages."""
    pieces = []
    began = time.perf_counter()
    sent = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != sent:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            pieces.append(content["text"])
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return time.perf_counter() - began, "".join(pieces), len(pieces)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default="xtinycc,python3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="append one JSON line per kernel and flood to this file")
    options = parser.parse_args()
    known = KernelSpecManager().find_kernel_specs()
    names = [name for name in options.kernels.split(",") if name in known]
    running, wrong = {name: kernel.start(name) for name in names}, False
    print(f"{'kernel':<10} {'what':<20} {'s':>7} {'lines/s':>10} {'MB/s':>7} {'messages':>8}")
    try:
        for _, client, _, language in running.values():
            client.wait_for_ready(timeout=60)
            flood(client, SETUP[language])
        for label, code in FLOODS.items():
            whole = expected(label)
            digest = hashlib.sha256(whole.encode()).digest()
            seconds, messages = {name: [] for name in names}, {}
            complete = dict.fromkeys(names, True)
            for _ in range(options.rounds):
                for name, (_, client, _, language) in running.items():
                    took, text, messages[name] = flood(client, code[language])
                    seconds[name].append(took)
                    complete[name] &= hashlib.sha256(text.encode()).digest() == digest
            for name in names:
                s = statistics.median(seconds[name])
                line = {"bench": "flood", "kernel": name, "what": label, "seconds": round(s, 3),
                        "lines_s": round(whole.count("\n") / s), "mb_s": round(len(whole) / s / 1e6, 1),
                        "messages": messages[name], "complete": complete[name],
                        "time": time.strftime("%FT%TZ", time.gmtime())}
                wrong |= name == "xtinycc" and not complete[name]
                print(f"{name:<10} {label:<20} {s:>7.2f} {line['lines_s']:>10} {line['mb_s']:>7} "
                      f"{messages[name]:>8}  {'all, in order' if complete[name] else 'INCOMPLETE'}",
                      flush=True)
                if options.json:
                    with open(options.json, "a", encoding="utf-8") as out:
                        out.write(json.dumps(line) + "\n")
    finally:
        for manager, client, _, _ in running.values():
            kernel.stop(manager, client)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
