"""scenarios.txt names a test of each acceptance scenario, and the tests are what it says."""

import pathlib
import re

CELLS = pathlib.Path(__file__).resolve().parent
TESTS = CELLS.parent
SCENARIOS = range(1, 69)


def rows():
    for line in (CELLS / "scenarios.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            place, piece = line.split(" | ", 1)
            number, name = place.split()
            yield int(number), name, piece


def test_every_scenario_has_a_test():
    assert sorted({number for number, _, _ in rows()}) == list(SCENARIOS)


def test_the_tests_are_there():
    for number, name, piece in rows():
        path = TESTS / name if "/" in name else CELLS / f"{name}.c"
        assert path.exists(), f"scenario {number}: {path} is missing"
        assert piece in path.read_text(encoding="utf-8"), f"scenario {number}: {name} lacks: {piece}"


def test_transcripts_and_expectations_are_pairs():
    code = {path.stem for path in CELLS.glob("*.c")}
    expected = {path.stem for path in CELLS.glob("*.expect")}
    assert code == expected


def test_both_front_ends_run_all_transcripts():
    for runner in (CELLS / "cells.cmake", TESTS / "protocol" / "test_transcripts.py"):
        text = runner.read_text(encoding="utf-8")
        assert re.search(r"/?\*\.c\b", text), f"{runner.name} does not take all transcripts"
