"""Forty students' notebooks, four at a time, leave forty complete folders: ./dev test forty

    forty.py [FOLDER] [--notebooks N]     default: out/forty, 40

Each is the coursework notebook with a seed of its own, of one epoch, through xeus_tinycc.grade. Takes
about ten minutes on two cores, so it is a command of its own and no part of ./dev test.
"""
import argparse
import csv
import json
import pathlib
import shutil
import subprocess
import sys

from python_notebook import TOP, environment

COMPLETE = ["lenet5-mnist.ipynb", "lenet5.keras", "best.keras", "report.pdf", "report.html", "log.txt",
            "handin/lenet5-mnist.ipynb", "handin/best.keras", "handin/report.pdf"]


def hand_in(folder, count):
    """COUNT copies of the notebook, which differ in their seed."""
    notebook = (TOP / "notebooks" / "lenet5-mnist.ipynb").read_text(encoding="utf-8")
    paths = []
    for seed in range(1, count + 1):
        path = folder / "handed-in" / f"student{seed:02}" / "lenet5-mnist.ipynb"
        path.parent.mkdir(parents=True)
        own = notebook.replace("seed          = 42;", f"seed          = {seed};")
        assert own != notebook, "the notebook's constants have changed"
        path.write_text(own, encoding="utf-8")
        paths.append(path)
    return paths


def faults(own, line):
    """What is wrong with one student's folder and line of the table."""
    found = [f"{name} is missing" for name in COMPLETE if not (own / name).is_file()]
    if line["status"] != "ok":
        return [*found, f"status {line['status']}: {line['error']}"]
    cells = json.loads((own / "lenet5-mnist.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    if not all(c["execution_count"] for c in code):
        found.append("not all cells ran")
    if any(o["output_type"] == "error" for c in code for o in c["outputs"]):
        found.append("a cell failed")
    records = [p.suffix for p in sorted((own / "records").iterdir())]
    if records != [".json", ".keras"]:
        found.append(f"records/ holds {records}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=TOP / "out" / "forty")
    parser.add_argument("--notebooks", type=int, default=40)
    arguments = parser.parse_args()
    folder, count = arguments.folder.resolve(), arguments.notebooks
    shutil.rmtree(folder, ignore_errors=True)
    graded = folder / "graded"
    subprocess.run([sys.executable, "-m", "xeus_tinycc.grade", *map(str, hand_in(folder, count)),
                    "--out", str(graded), "--jobs", "4", "-p", "epochs", "1", "-p", "runs", "1"],
                   env=environment(), check=False)
    with open(graded / "grades.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    wrong = 0
    for line in lines:
        for fault in faults(pathlib.Path(line["folder"]), line):
            print(f"{line['folder']}: {fault}")
            wrong += 1
    if {line["seed"] for line in lines} != {str(s) for s in range(1, count + 1)}:
        print("the seeds in the table are not those of the notebooks")
        wrong += 1
    if len({line["model_sha256"] for line in lines}) != count:
        print("two notebooks have the same model")
        wrong += 1
    accuracies = sorted(float(line["test_accuracy"] or 0) for line in lines)
    print(f"{len(lines)} folders, {wrong} faults; test accuracy after one epoch {accuracies[0]:.4f} to "
          f"{accuracies[-1]:.4f}")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
