"""How kernels end, and that nothing of theirs is left. Checklist rows 72-80; faults F17, F18, F20,
F28."""

import os
import signal
import subprocess
import sys

import pytest
import zmq

import processes
from strict_client import PATIENCE

# A cell that leaves behind all that a cell can: a child, a grandchild that has left its session and
# ignores what it can, and a thread; then, once all of them live, the cell goes on.
LEAVES_THINGS = """
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
void *stay(void *p) { for (;;) pause(); return p; }
pthread_t thread;
int ready[2];
char byte;
pipe(ready);
if (!fork()) { if (!fork()) { setsid(); signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN);
                              write(ready[1], "r", 1); for (;;) pause(); } for (;;) pause(); }
pthread_create(&thread, NULL, stay, NULL);
read(ready[0], &byte, 1);
printf("began");
"""
GOES_ON = {"idle": "", "in a loop": "for (;;);", "in a library": "pthread_join(thread, NULL);",
           "asking": "getchar();"}


@pytest.fixture
def folder(tmp_path):
    """Where this test's kernels put their temporary files."""
    return tmp_path


def living(start, folder, doing="idle", **kw):
    """A kernel that does this, its client, its cell and all its processes."""
    kernel = start(env={"TMPDIR": str(folder)}, **kw)
    client = kernel.connect()
    cell = client.execute(LEAVES_THINGS + GOES_ON[doing], allow_stdin=True)
    cell.wait_output("began")
    if doing == "asking":
        client.question()
    elif doing == "idle":
        cell.finish()
    everyone = processes.below(kernel.process.pid)
    # Zygote, worker, at least one frozen copy, child, grandchild.
    assert len(everyone) >= 5, everyone
    return kernel, client, cell, [p.pid for p in everyone]


def gone(kernel, client, pids, folder, status=0):
    assert kernel.wait() == status
    processes.wait_gone(pids)
    assert not list(folder.iterdir())
    # A cell that ran has no reply: its kernel has gone. What came of it is no mistake.
    client.exchanges.clear()
    client.claim_all()


@pytest.mark.parametrize("doing", GOES_ON)
def test_72_73_shutdown(start_real, folder, doing):
    kernel, client, cell, pids = living(start_real, folder, doing)
    assert client.request("shutdown_request", {"restart": doing == "idle"}, "control") \
        .finish().reply == {"status": "ok", "restart": doing == "idle"}
    gone(kernel, client, pids, folder)


def test_74_shutdown_on_shell(start_real, folder):
    kernel, client, _, pids = living(start_real, folder)
    assert client.request("shutdown_request", {"restart": False}).finish().reply == {
        "status": "ok", "restart": False}
    gone(kernel, client, pids, folder)


@pytest.mark.parametrize("doing", GOES_ON)
@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_75_told_to_end(start_tcp, folder, doing, signal_):
    kernel, client, _, pids = living(start_tcp, folder, doing)
    os.kill(kernel.process.pid, signal_)
    gone(kernel, client, pids, folder)


@pytest.mark.parametrize("doing", ["idle", "in a library"])
def test_76_kernel_killed(start_tcp, folder, doing):
    kernel, client, _, pids = living(start_tcp, folder, doing)
    os.kill(kernel.process.pid, signal.SIGKILL)
    gone(kernel, client, pids, folder, -signal.SIGKILL)


def test_76_group_killed(start_tcp, folder):
    """As a manager does that has run out of patience. What ignores signals ends too."""
    kernel, client, _, pids = living(start_tcp, folder, "in a loop")
    assert os.getpgid(kernel.process.pid) == kernel.process.pid
    os.killpg(kernel.process.pid, signal.SIGKILL)
    gone(kernel, client, pids, folder, -signal.SIGKILL)


STARTER = """
import os, subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], env=dict(os.environ, JPY_PARENT_PID=str(os.getpid())))
print(child.pid, flush=True)
time.sleep(3600)
"""


def test_77_F17_server_killed(start_tcp, folder):
    kernel = start_tcp(start=False, env={"TMPDIR": str(folder)})
    server = subprocess.Popen(
        [sys.executable, "-c", STARTER, kernel.program, "-f", kernel.connection_file],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=str(folder)),
        start_new_session=True)
    front = int(server.stdout.readline())

    class Started:
        """Stands in for the process, which is no child of ours."""
        pid, returncode = front, None

        def poll(self):
            return None if processes.lives(front) else 0

        def wait(self, timeout=None):
            processes.wait_gone([front])
            return 0
    kernel.process = Started()
    kernel.stderr_file = open(os.path.join(kernel.dir, "stderr"), "a+")
    client = kernel.connect()
    assert client.run("1 + 1").result == "2"
    cell = client.execute(LEAVES_THINGS + "for (;;);")
    cell.wait_output("began")
    pids = [p.pid for p in processes.below(front)]
    server.kill()
    server.wait()
    gone(kernel, client, pids, folder)


def test_77_F17_server_killed_while_the_kernel_starts(start_tcp, folder):
    kernel = start_tcp(start=False)
    server = subprocess.Popen(
        [sys.executable, "-c", STARTER, kernel.program, "-f", kernel.connection_file],
        stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=str(folder)),
        start_new_session=True)
    front = int(server.stdout.readline())
    while processes.lives(front) and not processes.below(front):
        pass  # its first child is made long before it serves
    server.kill()
    server.wait()
    processes.wait_gone([front])
    assert not list(folder.iterdir())


def test_77_F17_server_dead_before_the_kernel_began(start_tcp, folder):
    """The kernel cannot know whether the number that it is told is of another PID namespace; but
    from a server that is dead no request ever comes."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    kernel = start_tcp(env={"TMPDIR": str(folder), "JPY_PARENT_PID": str(dead.pid)})
    assert kernel.wait() == 0
    assert not list(folder.iterdir())


def test_78_restart_on_the_same_ports(start_tcp, folder):
    """A child of the old kernel's cell lives on outside of all its groups; managers kill kernels
    that take too long, and start the next on the same ports at once."""
    kernel, client, _, pids = living(start_tcp, folder, "in a loop")
    os.kill(kernel.process.pid, signal.SIGKILL)
    kernel.process.wait()
    client.exchanges.clear()
    client.claim_all()
    kernel.clients.remove(client)
    client.close()
    kernel.start()
    again = kernel.connect()
    assert again.run("1 + 1").result == "2"
    processes.wait_gone(pids)


def test_79_dies_at_start(start_tcp, folder):
    """A kernel that cannot work ends by itself, with a status and a line."""
    ended = subprocess.run(
        [start_tcp.program, "-f", start_tcp(start=False).connection_file],
        env=dict(os.environ, XTINYCC_HOME="/nowhere"), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 2 and ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1 and "/nowhere" in ended.stderr


def test_80_heartbeat(start_real, folder):
    kernel, client, cell, _ = living(start_real, folder, "in a library")
    heart = client.context.socket(zmq.REQ)
    heart.linger = 0
    heart.connect(kernel.url("hb"))
    for beat in (b"ping", b"", b"\0\xff" * 1000):
        heart.send(beat)
        assert heart.poll(PATIENCE * 1000) and heart.recv() == beat
    heart.close()
    client.exchanges.clear()


def test_F18_owner_of_the_session_dies(start_tcp, folder):
    """Nothing can bring the variables back; the kernel says so, and stays reachable."""
    kernel, client, cell, pids = living(start_tcp, folder, "in a loop")
    os.kill(processes.zygote_of(kernel.process.pid).pid, signal.SIGKILL)
    result = cell.finish()
    assert result.reply["ename"] == "KernelError" and "restart" in result.reply["evalue"]
    assert client.run("1").reply["ename"] == "KernelError"
    client.still_works()
    assert client.request("shutdown_request", {"restart": True}, "control").finish()
    kernel.wait()


def test_stopped_and_continued(start_tcp, folder):
    """SIGSTOP and SIGCONT to the front: what was sent meanwhile is answered."""
    kernel = start_tcp()
    client = kernel.connect()
    os.kill(kernel.process.pid, signal.SIGSTOP)
    cell = client.execute("6 * 7")
    client.quiet(0.1)
    os.kill(kernel.process.pid, signal.SIGCONT)
    assert cell.finish().result == "42"


def test_F28_many_starts_at_once(start_tcp):
    kernels = [start_tcp() for _ in range(6)]
    assert [k.connect().run("6 * 7").result for k in kernels] == ["42"] * 6
