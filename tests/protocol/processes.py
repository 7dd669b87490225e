"""The processes of a kernel, read from /proc."""

import os
import time


class Process:
    def __init__(self, pid):
        self.pid = pid
        with open(f"/proc/{pid}/stat") as f:
            stat = f.read()
        self.name = stat[stat.index("(") + 1:stat.rindex(")")]
        fields = stat[stat.rindex(")") + 2:].split()
        self.state, self.parent, self.group = fields[0], int(fields[1]), int(fields[2])

    def __repr__(self):
        return f"{self.pid} {self.name} ({self.state}) of {self.parent}"


def every():
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.append(Process(int(name)))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def below(pid):
    """The living descendants of a process."""
    everyone, found, wanted = every(), [], {pid}
    while True:
        more = [p for p in everyone if p.parent in wanted and p.pid not in wanted]
        if not more:
            return [p for p in found if p.state != "Z"]
        found += more
        wanted |= {p.pid for p in more}


def zygote_of(front):
    return next(p for p in every() if p.parent == front)


def worker_of(front):
    """The process that holds the session: it leads its own group."""
    zygote = zygote_of(front)
    return next(p for p in every() if p.parent == zygote.pid and p.group == p.pid
                and p.name == "xtinycc-worker")


def lives(pid):
    try:
        return Process(pid).state not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_gone(pids, patience=60):
    """Wait until none of them lives."""
    end = time.monotonic() + patience
    while True:
        left = [pid for pid in pids if lives(pid)]
        if not left:
            return
        assert time.monotonic() < end, f"still there: {[Process(p) for p in left]}"
        time.sleep(0.02)


def wait_asleep(pid, patience=60):
    """Wait until the process sleeps and goes on sleeping: it has come to the call that blocks."""
    end, looks = time.monotonic() + patience, 0
    while looks < 10:
        looks = looks + 1 if Process(pid).state == "S" else 0
        assert time.monotonic() < end, f"does not sleep: {Process(pid)}"
        time.sleep(0.02)
