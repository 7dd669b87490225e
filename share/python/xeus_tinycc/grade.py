"""Run many notebooks, each in a folder of its own: python -m xeus_tinycc.grade NOTEBOOK... --out DIR

DIR/NAME/ then holds the executed notebook, its records, models and report, and log.txt; DIR/grades.csv
has a line for each. A notebook that fails or takes too long costs nothing but its own line. Needs
papermill (pip install 'xeus-tinycc[papermill]').

Cells are not sandboxed: they can do what you can do. Grade strangers' work in a container
(docs/grading.md).
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from . import records

COLUMNS = ["notebook", "folder", "status", "seconds", "error", "cell", "cells_run"]
END_S = 10 # between asking a run to end and ending it


@dataclasses.dataclass
class Job:
    notebook: pathlib.Path
    folder: pathlib.Path
    arguments: list
    timeout: float
    threads: int

    @property
    def executed(self):
        return self.folder / self.notebook.name

    def run(self):
        """Run it to its end; the line for the table."""
        self.folder.mkdir(parents=True)
        env = dict(os.environ, XTINYCC_OUT=str(self.folder))
        env.setdefault("XTINYCC_THREADS", str(self.threads))
        command = [sys.executable, "-m", "papermill", str(self.notebook), str(self.executed),
                   "--cwd", str(self.folder), "--no-progress-bar", *self.arguments]
        start = time.monotonic()
        with open(self.folder / "log.txt", "wb") as log:
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            status = self._wait(process)
        handin = self.folder / "handin" # where write_report() has put the PDF and the best model
        if handin.is_dir() and self.executed.is_file():
            shutil.copy(self.executed, handin)
        return self._line(status, time.monotonic() - start)

    def _wait(self, process):
        try:
            return "ok" if process.wait(self.timeout) == 0 else "failed"
        except subprocess.TimeoutExpired:
            _end(process)
            return "timeout"
        except BaseException:
            _end(process)
            raise

    def _line(self, status, seconds):
        line = {"notebook": str(self.notebook), "folder": str(self.folder), "status": status,
                "seconds": f"{seconds:.1f}", **self._cells()}
        if status == "failed" and not line["error"]: # before the first cell
            line["error"] = self._last_words()
        best = records.best([r for _, r in records.find(self.folder)])
        return {**line, **(records.row(best) if best else {})}

    def _cells(self):
        """How many code cells ran, and the first that did not go well."""
        found = {"error": "", "cell": "", "cells_run": 0}
        try:
            cells = json.loads(self.executed.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            return found
        for number, cell in enumerate((c for c in cells if c["cell_type"] == "code"), 1):
            found["cells_run"] += cell.get("execution_count") is not None
            for output in cell.get("outputs", []):
                if output["output_type"] == "error" and not found["error"]:
                    found["error"] = records.plain(f"{output['ename']}: {output['evalue']}")
                    found["cell"] = number
        return found

    def _last_words(self):
        text = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return records.plain(lines[-1].strip()[:300]) if lines else ""


def _end(process):
    """The runner and all that stayed in its session; its kernel ends by itself without it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(END_S)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def folders_for(notebooks):
    """A name for each notebook's folder: its own where that is unique, else with those above."""
    paths = [pathlib.Path(n).resolve() for n in notebooks]
    for parts in range(1, max(len(p.parts) for p in paths)):
        names = ["-".join([*p.parts[-parts:-1], p.stem]) for p in paths]
        if len(set(names)) == len(names):
            return names
    raise ValueError("the same notebook is given twice")


def _say(done, total, name, line):
    told = f"[{done}/{total}] {name}: {line['status']}, {float(line['seconds']):.0f} s"
    if line.get("test_accuracy"):
        told += f", test accuracy {line['test_accuracy']:.4f}"
    if line["error"]:
        told += f", {line['error']}" + (f" (code cell {line['cell']})" if line["cell"] else "")
    print(told, flush=True)


def grade(notebooks, out, jobs=1, timeout=3600, arguments=()):
    """Run the notebooks, JOBS at a time; the lines of the table, in the order of the notebooks."""
    names = folders_for(notebooks)
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    todo = [Job(pathlib.Path(n).resolve(), out / name, list(arguments), timeout, threads)
            for n, name in zip(notebooks, names)]
    taken = [str(j.folder) for j in todo if j.folder.exists()]
    if taken:
        raise FileExistsError(f"{taken[0]} is there already; choose another --out, or remove it")
    lines, done = {}, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(job.run): i for i, job in enumerate(todo)}
        for future in concurrent.futures.as_completed(running):
            i = running[future]
            lines[i] = future.result()
            done += 1
            _say(done, len(todo), names[i], lines[i])
    return [lines[i] for i in range(len(todo))]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m xeus_tinycc.grade", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK")
    parser.add_argument("--out", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="at a time; above 1, times and latencies disturb each other")
    parser.add_argument("--timeout", type=float, default=3600, metavar="SECONDS",
                        help="for one notebook; default 3600")
    parser.add_argument("-p", dest="parameters", nargs=2, action="append", default=[],
                        metavar=("NAME", "VALUE"), help="as papermill's")
    arguments = parser.parse_args(argv)
    missing = [n for n in arguments.notebooks if not os.path.isfile(n)]
    if missing:
        parser.error(f"{missing[0]} is no file")
    if arguments.jobs < 1 or arguments.timeout <= 0:
        parser.error("--jobs and --timeout are above 0")
    if importlib.util.find_spec("papermill") is None:
        parser.error("papermill is missing: pip install 'xeus-tinycc[papermill]'")
    passed = [word for name, value in arguments.parameters for word in ("-p", name, value)]
    out = arguments.out.resolve()
    try:
        lines = grade(arguments.notebooks, out, arguments.jobs, arguments.timeout, passed)
    except (FileExistsError, ValueError) as error:
        parser.error(str(error))
    table = out / "grades.csv"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *records.COLUMNS, "load_warning"], restval="")
        writer.writeheader()
        writer.writerows(lines)
    failed = sum(line["status"] != "ok" for line in lines)
    print(f"{len(lines) - failed} of {len(lines)} ran to their end; {table}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
