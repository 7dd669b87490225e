"""What a cell may use (%limit), what servers let through, and what `xtinycc doctor` finds."""

import os
import re
import subprocess
import time

import pytest

COLOUR = re.compile("\x1b\\[[0-9;]*m")


def said(result):
    return COLOUR.sub("", "\n".join(result.reply["traceback"]))


@pytest.fixture
def limited(shared_tcp):
    yield shared_tcp
    assert shared_tcp.run("%limit memory off time off").status == "ok"


def test_memory(limited):
    assert "memory: 1.0 GB" in limited.run("%limit memory 1GB").text()
    cell = limited.run("kept = 1; size_t got = 0; char *p;"
                       " while ((p = malloc(16 << 20))) { memset(p, 1, 16 << 20); got++; }"
                       " kept = 41; p[0] = 1;")
    assert cell.reply["ename"] == "SIGSEGV"
    assert "memory is out: 16777216 bytes" in said(cell) and "%limit" in said(cell)
    assert limited.run("kept").result == "41"
    # The limit is state of the session; what the library cannot get is its own clear error.
    result = limited.run("tensor_t big = tensor_zeros(1 << 20, 512);")
    assert result.reply["ename"] == "MemoryError", result.reply
    assert "no limit" in limited.run("%limit memory off time off").text()


def test_time(limited):
    assert "time: 0.3 s" in limited.run("%limit time 300ms").text()
    result = limited.run("int at = 1; for (;;) at = 2;")
    assert result.reply["ename"] == "KeyboardInterrupt"
    assert "limit of 0.3 s" in said(result) and "%limit time off" in said(result)
    assert limited.run("at").result == "2"
    # Waiting for the user does not count.
    cell = limited.execute("char l[9]; fgets(l, 9, stdin); l", allow_stdin=True)
    limited.question()
    time.sleep(0.4)
    limited.answer("late")
    assert cell.finish().result == '"late\\n"'
    limited.run("%limit time off")
    assert limited.run("#include <unistd.h>\nusleep(400000); at").result == "2"


@pytest.mark.parametrize("words", ["time soon", "memory", "memory 5 apples", "speed 3", "memory -1",
                                   "time 1e300 s", "memory 10 KB"])
def test_words_that_are_no_limit(limited, words):
    result = limited.run("%limit " + words)
    assert result.reply["ename"] == "ValueError"
    assert "no limit" in limited.run("%limit").text()


def test_server_gets_no_more_than_it_passes_on(start_tcp):
    """A Jupyter server drops output beyond 3 MB within 3 s, counted anew after each idle."""
    client = start_tcp(env={"JPY_SESSION_NAME": "a.ipynb"}).connect()
    result = client.run('for (int i = 0; i < 1100000; i++) printf("%d\\n", i % 10);')
    assert len(result.text()) == 2200000
    window = [(m.arrived, len(str(m.content["text"]).encode("unicode_escape")))
              for m in result.iopub if m.type == "stream"]
    # Messages may arrive late, never early: only the first window's start is sure.
    sent = sum(size for at, size in window if at < window[0][0] + 1)
    assert sent < 3_000_000


def doctor(start, **env):
    return subprocess.run([start.program, "doctor"], env=dict(os.environ, **env), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def test_doctor(start_tcp, tmp_path):
    done = doctor(start_tcp)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for words in ("cells", "compiler", "memory", "nn-files", "nb-draw", "temporary"):
        assert words in done.stdout, done.stdout
    broken = doctor(start_tcp, XTINYCC_HOME="/nowhere")
    assert broken.returncode == 1 and "/nowhere" in broken.stdout
    # root may write anywhere: a file in a folder's place
    file = tmp_path / "file"
    file.write_text("")
    assert "temporary" in doctor(start_tcp, TMPDIR=str(file)).stdout


def test_no_place_for_temporary_files(start_tcp, tmp_path):
    """Neither /tmp nor the home folder need be writable."""
    file = tmp_path / "file"
    file.write_text("")
    client = start_tcp(env={"TMPDIR": str(file), "HOME": "/nowhere"}).connect()
    result = client.run('for (int i = 0; i < 600000; i++) printf("line %07d\\n", i);')
    assert result.status == "ok" and "no file could hold all of it" in result.text("stderr")
    assert client.run("1 + 1").result == "2"
