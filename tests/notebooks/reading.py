"""Read executed notebooks."""
import json
import re


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook):
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


def outputs(notebook):
    return [o for c in code_cells(notebook) for o in c["outputs"]]


def bundles(notebook):
    return [o["data"] for o in outputs(notebook) if "data" in o]


def text(part):
    return part if isinstance(part, str) else "".join(part)


def stdout(notebook):
    return "".join(text(o["text"]) for o in outputs(notebook)
                   if o["output_type"] == "stream" and o["name"] == "stdout")


def number(pattern, where):
    found = re.search(pattern, where)
    assert found, f"{pattern!r} not found in:\n{where}"
    return float(found.group(1).replace(",", ""))
