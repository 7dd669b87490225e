"""Every row of the design has a test, and every test that rows.py names is there."""

import pathlib
import re

import rows

TESTS = pathlib.Path(__file__).resolve().parents[1]
HERE = "\n".join(p.read_text() for p in sorted(pathlib.Path(__file__).parent.glob("test_*.py")))
FUNCTIONS = re.findall(r"^def (test_\w+)", HERE, re.M)
WANTED = [str(n) for n in range(1, 101)] + [f"F{n}" for n in range(1, 31)]


def numbers(name):
    """The rows in a test's name: test_72_73_F17_words."""
    words = name.split("_")[1:]
    found = []
    while words and re.fullmatch(r"F?\d+", words[0]):
        found.append(words.pop(0))
    return found


def is_there(name):
    if "::" not in name:
        return name in FUNCTIONS
    file, function = name.split("::")
    path = TESTS / file
    return path.exists() and re.search(rf"\b{function}\(", path.read_text()) is not None


def test_every_row_has_a_test():
    covered = {number for name in FUNCTIONS for number in numbers(name)}
    covered |= {str(row) for row in rows.CHECKLIST} | set(rows.FAULTS)
    without = [row for row in WANTED if row not in covered and row not in rows.MISSING]
    assert not without, f"rows without a test: {without}"
    assert len(rows.MISSING) <= 5 and not covered & set(rows.MISSING)


def test_named_tests_are_there():
    named = " ".join([*rows.CHECKLIST.values(), *rows.FAULTS.values()]).split()
    assert not [name for name in named if not is_there(name)]
