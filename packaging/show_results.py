"""Print what an executed coursework notebook left behind: its displays, numbers and files."""
import json
import pathlib
import sys


def main(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    outputs = [o for c in cells for o in c["outputs"]]
    errors = [o for o in outputs if o["output_type"] == "error"]
    bundles = [o["data"] for o in outputs if "data" in o]
    pictures = sum("image/png" in b for b in bundles)
    tables = sum({"text/html", "text/latex", "text/plain"} <= set(b) for b in bundles)
    for bundle in bundles:
        text = "".join(bundle.get("text/plain", ""))
        if "Average Test Accuracy" in text or "Avg. Test Acc." in text:
            print(text)
    print(f"{len(cells)} code cells, {len(errors)} errors, {pictures} pictures, {tables} tables")
    for folder in (path.parent, path.parent / "handin"):
        for file in sorted(folder.iterdir() if folder.is_dir() else []):
            if file.is_file() and not file.name.startswith("."):
                name = path.parent.name / file.relative_to(path.parent)
                print(f"  {file.stat().st_size:>10,} bytes  {name}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
