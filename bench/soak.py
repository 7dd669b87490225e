"""Run very many cells of all kinds in one kernel and see whether anything gets lost or grows.

usage: soak.py [--cells 20000] [--seed 1] [--json FILE]

Every 50th cell is a fault, drawn from all rows that the design lists but F24, which needs a device;
every 100th is stopped. The state that is carried through is a trained model: the hash of its weights
must stay the same, checked after each fault and stop. Lost `idle` messages, processes left behind,
and growth after the first 1,000 cells (memory as PSS over all processes, descriptors, temporary
files) end the run with 1. Growth is judged by memory that is not a file's: how many share the pages
of libraries depends on what else the machine runs.
"""

import argparse
import json
import os
import queue
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from jupyter_client.manager import KernelManager

PATIENCE = 120
TRAINED = """
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int counter = 0, scratch = 0, ends_[2] = {0};
tensor_t xs = tensor_zeros(64, 4), ys = tensor_zeros(64);
for (int i = 0; i < 64; i++) {
    tensor_data(ys)[i] = i % 2;
    for (int k = 0; k < 4; k++) tensor_data(xs)[4 * i + k] = i % 2 ? k : -k;
}
model_t *net = Sequential("net", Input(4), Dense(8, .activation = "tanh"),
                          Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
history_t *h = model_fit(net, xs, ys, .epochs = 5, .verbose = NN_SILENT);
model_save(net, "net.keras");
model_t *other = Sequential("other", Input(4), Dense(2, .activation = "softmax"));
model_compile(other, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
unsigned long weights_hash(void)
{
    unsigned long hash = 1469598103934665603ul;
    int sizes[] = {4 * 8, 8, 8 * 2, 2};
    for (int part = 0; part < 4; part++) {
        layer_t *layer = model_layer(net, 1 + part / 2);
        const unsigned char *bytes = (const unsigned char *)(part % 2 ? layer_bias(layer)
                                                                      : layer_weights(layer));
        for (size_t i = 0; i < sizes[part] * sizeof(float); i++)
            hash = (hash ^ bytes[i]) * 1099511628211ul;
    }
    return hash;
}
/* From a child: send a signal to the first helper program that the session starts. */
void hit_helper(int number)
{
    int session = getpid();
    if (fork())
        return;
    for (;;) {
        char path[100], name[100] = "";
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", session, session);
        FILE *list = fopen(path, "r");
        for (int pid = 0; list && fscanf(list, "%d", &pid) == 1;) {
            snprintf(path, sizeof path, "/proc/%d/comm", pid);
            FILE *comm = fopen(path, "r");
            if (comm && fgets(name, sizeof name, comm) && !strncmp(name, "nn-files", 8) &&
                kill(pid, number) == 0)
                _exit(0);
            if (comm)
                fclose(comm);
        }
        if (list)
            fclose(list);
        if (kill(session, 0))
            _exit(0);
    }
}
/* From now on the session's process cannot fork. */
void forbid_fork(void)
{
    struct sock_filter code[] = {{0x20, 0, 0, 0}, {0x15, 2, 0, 56}, {0x15, 1, 0, 57},
                                 {0x15, 0, 1, 58}, {0x06, 0, 0, 0x5000b}, {0x06, 0, 0, 0x7fff0000}};
    struct sock_fprog program = {6, code};
    prctl(38, 1, 0, 0, 0);
    prctl(22, 2, &program);
}
int rec(int n) { char b[1000]; b[0] = n; return rec(n + 1) + b[0]; }
"""
HASH = "weights_hash()"

# Cells of the usual kind; N is their number, K one of fifty: a session keeps what it is told, and
# what is to stay flat must not be told ever new names.
USUAL = [
    "counter++;", "counter + N", "int v_K = N; v_K", "double d_K = N / 3.0;",
    'printf("line %d\\n", N);', "int f(int n) { return n + N; } f(1)",
    'for (int i = 0; i < 200; i++) printf("%d ", i);', "char *text = \"N\"; text",
    'fprintf(stderr, "N\\n");', "scratch = scratch + 1; scratch", "int bad = ;", "undeclared + 1",
    "void *p = malloc(100000); memset(p, 1, 100000); free(p);", "%time counter",
    "model_evaluate(net, xs, ys).loss > 0", "#define MACRO_K N\nMACRO_K",
    "if (!fork()) _exit(0); wait(NULL);", "{ pthread_t t; }", "int table[] = {1, N, 3}; table",
    "struct pair { int a; double b; } one = {N, 0.5}; one", "%who", "%snapshot",
]

# The design's faults that a cell brings about, by their row. Those below that are functions need
# more than a cell.
FAULTS = {
    "F1": ["scratch = -1; *(volatile int *)0 = 1;", "strlen((char *)16);",
           "void (*f0)(void) = NULL; f0();", "memset(&counter, 7, 1 << 28);"],
    "F2": ["rec(0);", "void big(void) { char b[64 << 20]; b[0] = 1; } big();"],
    "F3": ["char *q = malloc(9); free(q); free(q);",
           "char *q = malloc(24); memset(q, 65, 4096); for (int i = 0; i < 9; i++)"
           " free(malloc(1000 << i)); free(q); abort();"],
    "F4": ["abort();", "#include <assert.h>\nassert(counter < 0);"],
    "F5": ["exit(3);", "_exit(1);", "quick_exit(2);", 'execlp("false", "false", (char *)0);',
           "int main(void) { return 3; }"],
    "F10": ["int zero = 0; 5 / zero", "__builtin_trap();", "raise(SIGFPE);",
            'int m_ = memfd_create("m", 0); char *a_ = mmap(0, 4096, 1, 1, m_, 0);'
            " char c_ = a_[0];"],
    "F11": ["while (malloc(1ul << 30)); *(volatile int *)0 = 1;",
            "tensor_t huge = tensor_zeros(1 << 20, 1 << 20);"],
    "F12": ["kill(getpid(), SIGKILL);",
            "int me = getpid(); if (!fork()) { kill(me, SIGKILL); _exit(0); } for (;;) pause();"],
    "F20": ["if (!fork()) { setsid(); sleep(1); _exit(0); } *(volatile int *)8 = 1;",
            "setpgid(0, getpgid(getppid())); abort();"],
    "F21": ["for (int i = 3; i < 1024; i++) close(i);", "close_range(0, ~0u, 0);"],
    "F22": ["alarm(1); pause();", "for (int i = 1; i < 65; i++) signal(i, SIG_IGN); exit(4);",
            "sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, NULL); abort();",
            'int ends[2]; pipe(ends); close(ends[0]); write(ends[1], "x", 1);', "raise(SIGTERM);"],
    "F23": ["void *nap(void *p) { usleep(20000); return p; } pthread_t t_;"
            " pthread_create(&t_, NULL, nap, NULL); *(volatile int *)0 = 1;"],
    "F25": ['model_save(net, "/dev/full");', 'model_save(net, "nowhere/net.keras");',
            "struct rlimit was; getrlimit(RLIMIT_FSIZE, &was); signal(SIGXFSZ, SIG_IGN);"
            " setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, was.rlim_max});"
            ' model_save(net, "net.keras");'],
    "F26": ["int me = getpid(); if (!fork()) { usleep(5000); kill(me, SIGKILL); _exit(0); }"
            ' for (;;) model_save(net, "net.keras");'],
    "F27": ['int n_; scanf("%d", &n_);', "#include <unistd.h>\nchar c_; read(0, &c_, 1);"],
    "F29": ["kill(0, SIGKILL);", "kill(0, SIGTERM);"],
    "F30": ['model_load("/dev/null");', 'model_load("/proc/self/exe");',
            'hit_helper(SIGKILL); for (int i = 0; i < 1000; i++) model_load("net.keras");',
            'hit_helper(SIGSEGV); for (int i = 0; i < 1000; i++) model_save(net, "copy.keras");'],
}

STORM = 'printf("began"); for (;;) counter = counter;'  # stopped twenty times

# Cells that are stopped; they print "began" when they have come to where they stay.
STOPPED = {
    "F6": ['printf("began"); for (;;);', 'printf("began"); for (;;) free(malloc(100));',
           'printf("began"); sleep(100);', 'printf("began"); pause();',
           'printf("began"); system("sleep 100");',
           'if (!ends_[1]) pipe(ends_); char b_; printf("began"); read(ends_[0], &b_, 1);'],
    "F7": ['printf("began"); model_fit(other, xs, ys, .epochs = 100000, .verbose = NN_SILENT);'],
    "F8": [STORM],
    "F14": ['printf("began"); for (int i = 0;; i++) printf("%d\\n", i);'],
    "F19": ['printf("began"); raise(SIGSTOP); for (;;) pause();'],
}


class Kernel:
    def __init__(self, folder):
        self.folder = folder
        self.manager = KernelManager(kernel_name="xtinycc")
        self.manager.start_kernel(cwd=folder)
        self.connect()
        self.front = self.manager.provisioner.pid

    def connect(self):
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        # From the welcome on no message passes the client by.
        while self.client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "iopub_welcome":
            pass
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code, stop=False):
        """Run a cell; its result, its error's name, and the seconds to idle (from Stop on)."""
        value = error = None
        began = time.perf_counter()
        sent = self.client.execute(code, allow_stdin=False)
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                raise RuntimeError(f"an idle message was lost: {code}") from None
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_result":
                value = content["data"]["text/plain"]
            elif kind == "error":
                error = content["ename"]
            elif kind == "stream" and stop:
                self.press_stop(20 if code == STORM else 1)
                stop = False
                began = time.perf_counter()
            elif kind == "status" and content["execution_state"] == "idle":
                break
        seconds = time.perf_counter() - began
        while self.client.get_shell_msg(timeout=PATIENCE)["parent_header"]["msg_id"] != sent:
            pass
        return value, error, seconds

    def press_stop(self, times):
        """Returns once all are answered: none of them can come later than what is sent next."""
        for _ in range(times):
            self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))
        for _ in range(times):
            self.client.get_control_msg(timeout=PATIENCE)

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def processes_below(pid):
    """The kernel's process and all its descendants."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    parents[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = {pid}
    while True:
        more = {p for p, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def stop_while_idle(kernel):  # F9
    kernel.press_stop(3)
    expect(kernel.run("counter")[1] is None, "F9: a Stop while nothing runs hit the next cell")


def fork_fails(kernel):  # F13: no snapshot, and the cell runs; the one before is still there
    expect(kernel.run("forbid_fork();")[1] is None, "F13: the filter is refused")
    expect(kernel.run("counter")[1] is None, "F13: a cell without a snapshot does not run")
    expect(kernel.run("kill(getpid(), SIGKILL);")[1] == "SIGKILL", "F13: no end")


def progress(kernel):  # F15
    _, error, _ = kernel.run("model_fit(other, xs, ys, .epochs = 30);")
    expect(error is None, f"F15: {error}")


def tab_closed(kernel):  # F16: the client goes while a model is trained, and comes back
    kernel.client.execute("model_fit(other, xs, ys, .epochs = 200, .verbose = NN_SILENT);")
    kernel.client.stop_channels()
    kernel.connect()


def server_killed(kernel):  # F17
    code = ("import sys, time; from jupyter_client.manager import KernelManager;"
            " m = KernelManager(kernel_name='xtinycc'); m.start_kernel();"
            " print(m.provisioner.pid, m.connection_file, flush=True); time.sleep(600)")
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    front, file = server.stdout.readline().split()
    server.kill()  # while the kernel starts
    server.wait()
    wait_until(lambda: not lives(int(front)), "F17: the kernel outlives its server")
    os.unlink(file)  # the server's, which could not


def owner_dies(kernel):  # F18, in another kernel: nothing can bring that back
    second = Kernel(kernel.folder)
    everyone = processes_below(second.front)
    zygote = next(p for p in everyone if parent_of(p) == second.front)
    os.kill(zygote, signal.SIGKILL)
    try:
        wait_until(lambda: not lives(zygote), "F18: the process does not end")
        expect(second.run("1 + 1")[1] == "KernelError", "F18: the kernel does not say so")
    finally:
        second.stop()
    wait_until(lambda: not any(map(lives, everyone)), "F18: left behind")


def many_starts(kernel):  # F28
    several = [Kernel(kernel.folder) for _ in range(3)]
    for one in several:
        expect(one.run("6 * 7")[0] == "42", "F28: a kernel does not work")
        one.stop()


BEYOND_CELLS = {"F9": stop_while_idle, "F13": fork_fails, "F15": progress, "F16": tab_closed,
                "F17": server_killed, "F18": owner_dies, "F28": many_starts}


def expect(holds, complaint):
    if not holds:
        raise RuntimeError(complaint)


def wait_until(holds, complaint):
    end = time.monotonic() + PATIENCE
    while not holds():
        expect(time.monotonic() < end, complaint)
        time.sleep(0.02)


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return "?"


def look(kernel):
    """Memory in KB (PSS; the part that is no file's, also by program), descriptors, processes."""
    found = {"pss_kb": 0, "own_kb": 0, "descriptors": 0, "processes": 0, "own_of": {}}
    for pid in processes_below(kernel.front):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                sizes = {line.split(":")[0]: int(line.split()[1]) for line in f if " kB" in line}
            found["descriptors"] += len(os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            continue
        found["pss_kb"] += sizes["Pss"]
        own = sizes["Pss_Anon"] + sizes["Pss_Shmem"]
        found["own_kb"] += own
        found["own_of"][name_of(pid)] = found["own_of"].get(name_of(pid), 0) + own
        found["processes"] += 1
    return found


def measure(kernel, folder):
    """The session after four usual cells, once what they have dropped is gone."""
    for _ in range(4):
        kernel.run("counter;")
    before = None
    for _ in range(100):
        time.sleep(0.1)
        now = look(kernel)
        if before and now["descriptors"] == before["descriptors"]:
            break
        before = now
    now["files"] = sum(len(files) for _, _, files in os.walk(folder))
    return now


def draw(choose, rows):
    """A row of the design and one of its cells."""
    row = choose.choice(sorted(rows))
    return row, choose.choice(rows[row])


def one_cell(kernel, n, choose):
    """Returns the kind of the cell, its row in the design (None: a usual cell) and the seconds."""
    if n % 100 == 0:
        row, code = draw(choose, STOPPED)
        _, error, seconds = kernel.run(code, stop=True)
        if error != "KeyboardInterrupt":
            raise RuntimeError(f"cell {n}, {row}: stopped, but the error is {error}: {code}")
        return "stop", row, seconds
    if n % 50 == 0:
        row = choose.choice(sorted({**FAULTS, **BEYOND_CELLS}))
        if row in BEYOND_CELLS:
            began = time.perf_counter()
            BEYOND_CELLS[row](kernel)
            return "other", row, time.perf_counter() - began
        code = choose.choice(FAULTS[row])
        _, error, seconds = kernel.run(code)
        if error is None:
            raise RuntimeError(f"cell {n}, {row}: no error from {code}")
        return "fault", row, seconds
    code = choose.choice(USUAL).replace("N", str(n)).replace("_K", f"_{n % 50}")
    return "usual", None, kernel.run(code)[2]


def soak(cells, seed, folder, record):
    choose = random.Random(seed)
    kernel = Kernel(os.path.join(folder, "work"))
    seconds = {"usual": [], "fault": [], "stop": [], "other": []}
    record.update(points=[], rows={}, seconds=seconds)
    try:
        _, error, _ = kernel.run(TRAINED)
        expected, _, _ = kernel.run(HASH)
        expect(not error and expected, f"the session cannot be set up: {error}")
        for n in range(1, cells + 1):
            kind, row, took = one_cell(kernel, n, choose)
            if row:
                record["rows"][row] = record["rows"].get(row, 0) + 1
            seconds[kind].append(took)
            if kind != "usual":
                found, error, _ = kernel.run(HASH)
                expect(found == expected, f"after cell {n}, {row}: the model is {found} ({error}), "
                                          f"expected {expected}")
            if n in (100, 1000) or n % max(1, cells // 10) == 0:
                point = {"cells": n, **measure(kernel, folder)}
                record["points"].append(point)
                print("{cells:>7} cells  {pss_kb:>8} KB, own {own_kb:>6}  {descriptors:>4} "
                      "descriptors  {processes:>3} processes  {files} files  own of {own_of}"
                      .format(**point), flush=True)
        everyone = processes_below(kernel.front)
    finally:
        kernel.stop()
    wait_until(lambda: not any(map(lives, everyone)), "processes are left behind")


def growth(points, rows):
    """What is larger at the end than at the first 1,000 cells (or the first point). The front keeps
    the last 10,000 cells for history requests. In the session a training keeps its history as long
    as the session lives, 45 KB or so of those here."""
    first = next((p for p in points if p["cells"] >= 1000), points[0])
    last, found = points[-1], []
    front = [p["own_of"].get("xtinycc", 0) for p in (first, last)]
    session = [p["own_kb"] - own for p, own in zip((first, last), front)]
    trainings = sum(rows.get(row, 0) for row in ("F7", "F15", "F16"))
    if front[1] > front[0] + 2048:
        found.append(f"memory of the front: {front[0]} to {front[1]} KB")
    if session[1] > session[0] + 2048 + 48 * trainings:
        found.append(f"memory of the session: {session[0]} to {session[1]} KB")
    if last["descriptors"] > first["descriptors"] + 10:  # one more copy than then
        found.append(f"descriptors: {first['descriptors']} to {last['descriptors']}")
    if last["files"] > first["files"] + 1:  # a helper that is killed leaves what it wrote
        found.append(f"files: {first['files']} to {last['files']}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="append one JSON line to this file")
    options = parser.parse_args()
    record, wrong = {"points": []}, []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        os.mkdir(os.path.join(folder, "work"))  # where cells save the model
        try:
            soak(options.cells, options.seed, folder, record)
        except queue.Empty:
            wrong.append("a reply was lost")
        except RuntimeError as error:
            wrong.append(str(error))
        if len(record["points"]) > 1:
            wrong += growth(record["points"], record["rows"])
        wrong += [f"file left behind: {name}" for name in os.listdir(folder)
                  if name != "work"]
    load = os.getloadavg()[0]
    figures = {kind: {"n": len(s), "median_ms": round(1e3 * statistics.median(s), 2),
                      "max_ms": round(1e3 * max(s), 1)}
               for kind, s in record.get("seconds", {}).items() if s}
    for kind, f in figures.items():
        print(f"{kind:<6} n {f['n']:>6}  median {f['median_ms']:>9.2f} ms  "
              f"longest {f['max_ms']:>9.1f} ms")
    print("rows: " + ", ".join(f"{row} {n}" for row, n in
                               sorted(record.get("rows", {}).items(), key=lambda r: int(r[0][1:]))))
    print(f"load {load:.1f}; " + ("; ".join(wrong) if wrong else "nothing lost, nothing left"))
    if options.json:
        with open(options.json, "a", encoding="utf-8") as out:
            out.write(json.dumps({**record, "bench": "soak", "cells": options.cells,
                                  "seed": options.seed, "seconds": figures, "load": load,
                                  "wrong": wrong,
                                  "time": time.strftime("%FT%TZ", time.gmtime())}) + "\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
