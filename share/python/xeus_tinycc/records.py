"""The records of runs as one table: python -m xeus_tinycc.records FOLDER... > records.csv

Every run of a notebook leaves records/DEVICE-VARIANT-TIME-RUN.json (nb/record.h). This command
looks for them below the folders that it is given, whoever wrote them, and prints a line for each.
"""

import argparse
import csv
import json
import os
import pathlib
import sys

FORMAT = "xeus-tinycc record"
COLUMNS = ["device", "variant", "date", "epochs", "batch_size", "seed", "best_accuracy", "best_loss",
           "best_val_accuracy", "best_val_loss", "training_seconds", "test_accuracy", "test_loss",
           "latency_us", "score", "data", "data_verified", "layers", "parameters", "cpu", "cores",
           "load_average", "version", "model_sha256"]
LOAD_PER_CORE = 0.5 # above it times are not those of an idle machine
MOST_BYTES = 1 << 20


def read(path):
    """The record in a file, or None: any other JSON file may lie there too."""
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return None
        record = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    known = isinstance(record, dict) and str(record.get("format", "")).startswith(FORMAT)
    return record if known else None


def find(folder, levels=5):
    """(path, record) of every record in FOLDER and LEVELS folders below, by name."""
    found = []
    for where, folders, files in os.walk(folder, followlinks=False):
        depth = len(pathlib.Path(where).relative_to(folder).parts)
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if depth < levels else []
        for name in sorted(files):
            if name.endswith(".json"):
                path = pathlib.Path(where, name)
                record = read(path)
                if record is not None:
                    found.append((path, record))
    return found


def load_warning(record):
    """What to say about the machine's load during a run, "" if nothing."""
    load, cores = record.get("load_average"), record.get("cores")
    if not isinstance(load, (int, float)) or not isinstance(cores, (int, float)) or cores < 1:
        return ""
    return f"load {load:.1f} on {cores:g} cores" if load > LOAD_PER_CORE * cores else ""


def plain(value):
    """Text that a spreadsheet does not take for a formula, whoever wrote the record."""
    return "'" + value if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value


def row(record):
    return {**{name: plain(record.get(name, "")) for name in COLUMNS},
            "load_warning": load_warning(record)}


def best(records):
    """The record that the device table would take: full runs first, then the highest Score."""
    def rank(record):
        score = record.get("score")
        return record.get("epochs") == 5, score if isinstance(score, (int, float)) else 0
    return max(records, key=rank, default=None)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m xeus_tinycc.records",
                                     description="Print the records below folders as CSV.")
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of printing")
    arguments = parser.parse_args(argv)
    for folder in arguments.folders:
        if not os.path.isdir(folder):
            parser.error(f"{folder} is no folder")
    out = open(arguments.output, "w", newline="", encoding="utf-8") if arguments.output else sys.stdout
    with out:
        writer = csv.DictWriter(out, ["path", *COLUMNS, "load_warning"])
        writer.writeheader()
        for folder in arguments.folders:
            for path, record in find(folder):
                writer.writerow({"path": plain(str(path)), **row(record)})


if __name__ == "__main__":
    main()
