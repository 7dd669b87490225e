"""More output than anybody reads. Checklist rows 36, 59, 99, 100; fault F14."""

import hashlib
import re

import pytest
import zmq

COLOUR = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def unlimited(shared_tcp):
    shared_tcp.run("%output-limit off")
    yield shared_tcp
    shared_tcp.run("%output-limit on")


def test_99_lines_all_received(unlimited):
    result = unlimited.run('for (int i = 0; i < 100000; i++) printf("%d\\n", i);')
    assert result.text() == "".join(f"{i}\n" for i in range(100000))
    assert result.shape[-1] == "idle"


def test_99_fifty_megabytes_in_long_lines(unlimited):
    """Each line says where it stands, so that a lost or moved piece is seen."""
    result = unlimited.run("""
char line[100001];
for (int i = 0; i < 500; i++) {
    for (int k = 0; k < 100000; k++) line[k] = 'a' + (i * 31 + k * 7 + k / 1000) % 26;
    line[100000] = 0;
    puts(line);
}""")
    row = [bytes(97 + (k * 7 + k // 1000 + shift) % 26 for k in range(100000)).decode()
           for shift in range(26)]
    expected, got = hashlib.sha256(), hashlib.sha256()
    for i in range(500):
        expected.update((row[i * 31 % 26] + "\n").encode())
    text = result.text()
    got.update(text.encode())
    assert len(text) == 500 * 100001
    assert got.digest() == expected.digest()


def test_99_cut_is_told_and_all_is_in_a_file(shared_tcp):
    result = shared_tcp.run('for (int i = 0; i < 600000; i++) printf("line %07d\\n", i);')
    out, notice = result.text(), COLOUR.sub("", result.text("stderr"))
    lines = out.split("\n")
    assert lines[0] == "line 0000000" and lines[-2] == "line 0599999"
    assert 4_000_000 < len(out) < 5_000_000
    path = re.search(r"all of it: ([^;]+);", notice).group(1)
    with open(path) as f:
        assert f.read() == "".join(f"line {i:07d}\n" for i in range(600000))


def test_59_stderr_and_stdout_each_in_order(unlimited):
    result = unlimited.run('for (int i = 0; i < 20000; i++) {'
                           ' printf("%d\\n", i); fprintf(stderr, "%d\\n", i); }')
    all_numbers = "".join(f"{i}\n" for i in range(20000))
    assert result.text() == all_numbers and result.text("stderr") == all_numbers


def test_flood_can_be_stopped(unlimited):
    cell = unlimited.execute('for (long i = 0;; i++) printf("%ld\\n", i);')
    cell.wait_output("1000\n")
    unlimited.interrupt()
    result = cell.finish()
    assert result.reply["ename"] == "KeyboardInterrupt"
    numbers = result.text().split("\n")
    assert numbers[:-1] == [str(i) for i in range(len(numbers) - 1)]


def test_100_subscriber_that_never_reads(start_fake):
    """It holds up the others for a second at most, and they lose nothing."""
    kernel = start_fake()
    client = kernel.connect()
    deaf = client.context.socket(zmq.SUB)
    deaf.rcvhwm = 1
    deaf.setsockopt(zmq.RCVBUF, 4096)
    deaf.subscribe(b"")
    deaf.connect(kernel.url("iopub"))
    client.pump_until(lambda: len(client.welcomes) == 2, 60, "the other's welcome")
    result = client.run("print 2500 16384")
    assert len(result.text()) == 2500 * 16384
    assert len(result.of("stream")) == 2500
    deaf.close()
