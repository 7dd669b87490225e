"""What a run leaves: lines of JSON in out/bench, and tables on the screen."""

import json
import math
import statistics
import subprocess
import time

import sides

OUT = sides.TOP / "out" / "bench"
FIELDS = ("bench", "case", "engine", "threads", "batch", "dtype", "value", "unit", "limit_ratio",
          "peer", "peer_ratio")


class Run:
    """Facts that all lines of one run share."""

    def __init__(self, info):
        git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True,
                             text=True, cwd=sides.TOP)
        self.facts = {"run": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                      "revision": git.stdout.strip(),
                      **{name: info[name] for name in ("version", "compiler", "cpu", "isa", "cores",
                                                       "load_average")}}
        self.info = info

    def write(self, **values):
        """Append a line to the file of its bench; returns it. Rounded to six digits."""
        line = {name: None for name in FIELDS} | values | self.facts
        line = {name: rounded(value) for name, value in line.items()}
        OUT.mkdir(parents=True, exist_ok=True)
        with open(OUT / f"{line['bench']}.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        return line


def rounded(value):
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def last_run(bench, wanted=None):
    """The lines of the last run of a bench, if wanted(line) of one that has such a line; empty if
    there is none."""
    try:
        lines = [json.loads(line) for line in open(OUT / f"{bench}.jsonl")]
    except FileNotFoundError:
        return []
    runs = [line["run"] for line in lines if not wanted or wanted(line)]
    return [line for line in lines if runs and line["run"] == runs[-1]]


def spread(values):
    """Median, least and greatest of what the rounds gave."""
    return {"value": statistics.median(values), "least": min(values), "greatest": max(values),
            "rounds": len(values)}


def table(title, head, rows):
    """Print rows of texts; all columns but the first are aligned right."""
    rows = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}\n")
    for k, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
        if k == 0:
            print("  " + "  ".join("-" * width for width in widths))
    print(flush=True)


def number(value, digits=3):
    """Three digits that count, never an exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def times(value):
    return "-" if value is None else f"{value:.2f} x"
