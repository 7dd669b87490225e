"""The golden transcripts of tests/cells through the kernel, as Jupyter's clients see them."""

import pathlib
import time

import pytest

import golden

CELLS = pathlib.Path(__file__).resolve().parents[1] / "cells"
# Refusals are those of a machine without a system compiler, but for NN_native_*.
WITHOUT_COMPILER = {"XTINYCC_CC": "none"}
GIVING_UP = 60  # seconds; a cell's own time limit is checked by xtinycc-cells


@pytest.fixture
def client(start_tcp, path):
    return start_tcp(env={} if "_native" in path.stem else WITHOUT_COMPILER).connect()


def wait_until(client, moment, exchange):
    while time.monotonic() < moment and not exchange.ended():
        client.pump(min(0.05, moment - time.monotonic()))


def run_cell(client, cell):
    answers = cell.all("stdin")
    exchange = client.execute(cell.code, allow_stdin=bool(answers), stop_on_error=False)
    began = time.monotonic()
    for answer in answers:
        client.question()
        client.answer(answer)
    for after in cell.all("interrupt-after"):
        wait_until(client, began + float(after), exchange)
        client.interrupt()
    return exchange.finish(GIVING_UP)


def state_is(client, expression):
    result = client.run(f"({expression}) != 0", store_history=False)
    return result.result == "1"


@pytest.mark.parametrize("path", sorted(CELLS.glob("*.c")), ids=lambda path: path.stem)
def test_transcript(path, client):
    wrong = []
    for cell in golden.read(path):
        result = run_cell(client, cell)
        wrong += golden.wrong(cell, result)
        if result.status == "error":
            told = {key: result.error[key] for key in ("ename", "evalue", "traceback")}
            assert told == {key: result.reply[key] for key in told}
        wrong += [f"cell {cell.number}: not so: {expression}"
                  for expression in cell.all("expect-state") if not state_is(client, expression)]
    assert not wrong, "\n".join(wrong)
    client.still_works()
