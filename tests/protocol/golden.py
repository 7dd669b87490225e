"""Golden transcripts (tests/cells): NAME.c, cells separated by lines `// ---`, and NAME.expect."""

import json
import re

COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
TEXTS = ("stdout", "stderr", "stdout-contains", "stdout-starts", "result", "error-contains",
         "output-or-error-contains", "system-compiler", "stdin")


class Cell:
    """One cell and what is expected of it: a list of (keyword, value)."""

    def __init__(self, number, code, lines):
        self.number, self.code, self.lines = number, code, lines

    def all(self, keyword):
        return [value for key, value in self.lines if key == keyword]

    def one(self, keyword, default=None):
        return (self.all(keyword) or [default])[0]

    @property
    def time_limit(self):
        return float(self.one("time-limit", 10))


def _expectations(text):
    cells = []
    for line in text.splitlines():
        if re.fullmatch(r"cell \d+", line):
            assert int(line.split()[1]) == len(cells) + 1, line
            cells.append([])
        elif line.strip():
            keyword, _, value = line.strip().partition(": ")
            cells[-1].append((keyword, json.loads(value) if keyword in TEXTS else value))
    return cells


def read(path):
    """The cells of a transcript."""
    codes = [code.strip("\n") for code in
             re.split(r"^// ---$", path.read_text(), flags=re.MULTILINE)]
    expected = _expectations(path.with_suffix(".expect").read_text())
    assert len(codes) == len(expected), f"{path.name}: {len(codes)} cells, {len(expected)} expected"
    return [Cell(i + 1, *pair) for i, pair in enumerate(zip(codes, expected))]


def wrong(cell, result):
    """What of a finished cell is not as expected, each a line of text.

    `result` is a strict_client.Result.
    """
    found = []
    out, err = result.text("stdout"), result.text("stderr")
    error = result.reply if result.status == "error" else None
    said = COLOURS.sub("", "\n".join([error["evalue"]] + error["traceback"])) if error else ""

    def want(good, what, got):
        if not good:
            found.append(f"cell {cell.number}: expected {what}, got {got!r}")

    name = cell.one("expect-error")
    if name:
        want(error and error["ename"] == name, f"the error {name}", said or result.status)
    else:
        want(error is None, "no error", said)
    sent = re.search(r"compiled by .*", COLOURS.sub("", err))
    reason = cell.one("system-compiler")
    if sent or reason:
        want(sent and reason and reason in sent.group(0),
             f"to go to the system compiler because {reason!r}" if reason
             else "not to go to the system compiler", sent and sent.group(0))
    for key, value in cell.lines:
        if key == "stdout":
            want(out == value, f"stdout {value!r}", out)
        elif key == "stderr":
            want(err == value, f"stderr {value!r}", err)
        elif key == "stdout-contains":
            want(value in out, f"{value!r} in stdout", out)
        elif key == "stdout-starts":
            want(out.startswith(value), f"stdout to start with {value!r}", out)
        elif key == "result":
            want(result.result == value, f"the result {value!r}", result.result)
        elif key == "no-result":
            want(result.result is None, "no result", result.result)
        elif key == "error-contains":
            want(value in said, f"{value!r} in the error", said)
        elif key == "output-or-error-contains":
            everything = COLOURS.sub("", "\n".join((out, err, said)))
            want(value in everything, f"{value!r} in output or error", everything)
    return found
