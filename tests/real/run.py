#!/usr/bin/env python3
"""Run real C programs, each pasted whole into one cell, and compare with gcc -O0.

    tests/real/run.py [--only man|torture] [--match TEXT] [--limit N] [--jobs N] [--no-gcc]
                      [--split] [--twice] [--keep FOLDER] [--expected FILE] XTINYCC

A program counts as
    same       its exit status and output are those of gcc -O0
    gcc        the same, but the cell went to the system compiler (without --no-gcc)
    refused    CompileError or LinkError: the construct is named
    wrong      anything else
With --split each is cut over cells at every boundary of the file scope, main last; those that cannot
be cut so (functions as before 1989, names used before they are declared) are left out. With --twice
each cell runs twice, so that a whole program gives its output twice; of a program that is split all
cells but main's do.

Programs that gcc does not compile and run here the same way twice are left out. Exits with 1 if any
program is wrong that FILE does not name (a name and a reason a line).
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import programs

SECONDS = 10
FAULT = re.compile(r"(SIG[A-Z]+|StackOverflow|ExitStatus|MemoryError|KernelError)")


def run(command, folder, environment=None, program=None):
    """Exit status and output, or None if it did not end in time."""
    process = subprocess.Popen(command, executable=program, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                               start_new_session=True)
    try:
        out, err = process.communicate(timeout=SECONDS * 3)
        return process.returncode, out, err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None


def reference(source, work, environment):
    """What gcc's program does, (status, output); None: nothing to compare with."""
    program = source.with_suffix("")
    built = run(["gcc", "-O0", "-w", "-std=gnu17", "-D_GNU_SOURCE", "-o", program, source, "-lm",
                 "-lpthread", "-lrt", "-ldl"], work)
    if not built or built[0] != 0:
        return None
    # As in a cell, argv[0] is "a.out".
    first, second = (run(["a.out"], work, environment, program) for _ in range(2))
    if not first or not second or first[:2] != second[:2] or first[0] < 0:
        return None
    return first[:2]


def status_of(result):
    """The exit status that a program of the cell would have had; None: it was not compiled."""
    status, _, err = result
    if status == 0:
        return 0
    # "ExitStatus: main returned 3", "ExitStatus: ... exit(1) ..."
    found = re.search(r"ExitStatus.*?(\d+)", err)
    return int(found.group(1)) if found else -1


def is_declared(source, work):
    """Whether gcc finds everything declared before it is used, as cells of their own must."""
    words = ["stdio", "stdlib", "string", "math", "stdint", "inttypes", "stdbool", "stddef", "stdarg",
             "ctype", "time", "errno", "limits", "float"]
    found = run(["gcc", "-fsyntax-only", "-w", "-std=gnu17", "-D_GNU_SOURCE",
                 "-Werror=implicit-function-declaration", "-Werror=implicit-int"] +
                [part for word in words for part in ("-include", f"{word}.h")] + [source], work)
    return found is not None and found[0] == 0


def make_cells(text, source, work, split, twice):
    """The cells to run, and how often the program's output is to come; None: it cannot be split."""
    cells = programs.cells(text) if split else [text]
    if split and (not cells or not is_declared(source, work)):
        return None, 0
    if twice:
        cells = [c for cell in cells[:-1] for c in (cell, cell)] + cells[-1:] * (1 if split else 2)
    return cells, 1 if split or not twice else 2


def judge(name, text, xtinycc, environment, split=False, twice=False):
    with tempfile.TemporaryDirectory() as folder:
        source, work = pathlib.Path(folder) / "program.c", pathlib.Path(folder) / "work"
        source.write_text(text)
        work.mkdir()
        wanted = reference(source, work, environment)
        cells, times = make_cells(text, source, work, split, twice)
        if wanted is None or cells is None or (times > 1 and wanted[0] != 0):
            return name, "left out", ""
        wanted = wanted[0], wanted[1] * times
        source.write_text("\n// ---\n".join(cells))
        result = run([xtinycc, "run", source], work, environment)
    if result is None:
        return name, "wrong", f"not done after {SECONDS * 3} s"
    err = re.sub(r"\x1b\[[0-9;]*m", "", result[2])
    if re.search(r"^(CompileError|LinkError|NativeUnavailable)", err, re.M):
        lines = [line for line in err.splitlines() if "error" in line.lower()]
        return name, "refused", lines[1] if len(lines) > 1 else err.strip()[:200]
    if status_of((result[0], result[1], err)) == wanted[0] and result[1] == wanted[1]:
        return name, "gcc" if "compiled by gcc" in err else "same", ""
    told = FAULT.search(err)
    return name, "wrong", (f"status {result[0]}, wanted {wanted[0]}; " +
                           (err.strip().splitlines() or ["other output"])[-1][:150] +
                           (" [gcc]" if "compiled by gcc" in err else "") +
                           (f" {told.group(1)}" if told else ""))


def read_expected(path):
    known = {}
    for line in pathlib.Path(path).read_text().splitlines() if path else []:
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            known[name] = reason.strip()
    return known


def chosen(options):
    sources = {"man": programs.man_pages, "torture": lambda: programs.torture(options.keep)}
    for kind, source in sources.items():
        if options.only not in (None, kind):
            continue
        picked = [(f"{kind}/{n}", t) for n, t in source() if options.match in f"{kind}/{n}"]
        step = max(1, len(picked) // options.limit) if options.limit else 1
        yield from picked[::step]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("xtinycc")
    parser.add_argument("--only", choices=["man", "torture"])
    parser.add_argument("--match", default="")
    parser.add_argument("--limit", type=int, default=0, help="about so many of each kind")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-gcc", action="store_true", help="cells are compiled by TinyCC only")
    parser.add_argument("--split", action="store_true", help="one cell a declaration")
    parser.add_argument("--twice", action="store_true", help="run each cell twice")
    parser.add_argument("--keep", default="out/real", help="where downloads are kept")
    parser.add_argument("--expected", help="programs that are known to be wrong, and why")
    options = parser.parse_args()
    environment = dict(os.environ)
    if options.no_gcc:
        environment["XTINYCC_CC"] = "none"
    known = read_expected(options.expected)
    xtinycc = str(pathlib.Path(options.xtinycc).resolve())
    counts, failures = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(judge, name, text, xtinycc, environment, options.split, options.twice)
                for name, text in chosen(options)]
        for job in concurrent.futures.as_completed(jobs):
            name, verdict, why = job.result()
            if verdict == "wrong" and name in known:
                verdict = "known"
            counts[verdict] += 1
            if verdict in ("wrong", "refused", "gcc") and (why or verdict == "gcc"):
                print(f"{verdict:8} {name}: {why}", flush=True)
            if verdict == "wrong":
                failures.append(name)
    print("real C: " + ", ".join(f"{counts[k]} {k}" for k in sorted(counts)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
