"""What cells do to the session. Faults F1-F30 of the design that no other file has; each test
checks, by its fixture, that a value set before is still there.

Elsewhere: F6-F9, F19 test_interrupt.py; F14 test_flood.py; F17, F18, F28 test_life.py; F27
test_stdin.py; F15 and F16 are the browser's (tests/browser).
"""

import os
import re
import signal
import time

import pytest

import processes

INCLUDES = """
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
"""
COLOUR = re.compile("\x1b\\[[0-9;]*m")


def said(result):
    return COLOUR.sub("", "\n".join(result.reply["traceback"]))


@pytest.fixture
def session(shared_tcp):
    assert shared_tcp.run(INCLUDES + "int after = 0;").status == "ok"
    return shared_tcp


DEATHS = {
    "F1 null": ("*(volatile int *)0 = 1;", "SIGSEGV", "NULL pointer"),
    "F1 wild": ("int *wild = (int *)0x123456789000; *wild = 1;", "SIGSEGV", "0x123456789000"),
    "F1 no address": ("int *wild = (int *)0xdead00000000beef; *wild = 1;", "SIGSEGV", "no address"),
    "F1 in a library": ("strlen((char *)8);", "SIGSEGV", "strlen"),
    "F1 call": ("void (*f)(void) = NULL; f();", "SIGSEGV", "function pointer"),
    "F1 all of memory": ("memset(&kept, 7, 1 << 28);", "SIGSEGV", "memset"),
    "F1 in a thread": ("void *bad(void *p) { *(volatile int *)0 = 1; return p; } pthread_t t;"
                       " pthread_create(&t, NULL, bad, NULL); pthread_join(t, NULL);", "SIGSEGV",
                       "bad()"),
    "F2 recursion": ("int deep(int n) { char b[1000]; b[0] = n; return deep(n + 1) + b[0]; }"
                     " deep(0);", "StackOverflow", "deep"),
    "F2 large local": ("void big(void) { char b[64 << 20]; b[0] = 1; } big();", "StackOverflow",
                       "big"),
    "F3 double free": ("char *p = malloc(10); free(p); free(p);", "SIGABRT", "older"),
    "F3 heap overrun": ("char *p = malloc(24); memset(p, 0x41, 4096); for (int i = 0; i < 9; i++)"
                        " free(malloc(1000 << i)); free(p); abort();", "SIGABRT", ""),
    "F4 abort": ("abort();", "SIGABRT", "abort()"),
    "F4 assert": ("#include <assert.h>\nkept = 7; assert(kept == 8);", "SIGABRT", "kept == 8"),
    "F5 exit": ("exit(3);", "ExitStatus", "exit(3)"),
    "F5 exec": ('execlp("false", "false", (char *)0);', "ExitStatus", "status 1"),
    "F10 division": ("int zero = 0; 5 / zero", "SIGFPE", "division by zero"),
    "F10 illegal": ("__builtin_trap();", "SIGILL", "illegal"),
    "F10 bus": ("int fd = memfd_create(\"m\", 0); char *m = mmap(NULL, 4096, PROT_READ, MAP_SHARED,"
                " fd, 0); char c = m[0];", "SIGBUS", "mapped file"),
    "F22 alarm": ("alarm(1); pause();", "SIGALRM", ""),
    "F22 pipe": ("int ends[2]; pipe(ends); close(ends[0]); write(ends[1], \"x\", 1);", "SIGPIPE",
                 ""),
    "F29 group": ("kill(0, SIGKILL);", "SIGKILL", "peak"),
    "F29 itself": ("kill(getpid(), SIGKILL);", "SIGKILL", "peak"),
    "F29 term": ("raise(SIGTERM);", "SIGTERM", ""),
    "quick_exit": ("quick_exit(5);", "ExitStatus", "quick_exit(5)"),
    "group left": ("setpgid(0, getpgid(getppid())); *(volatile int *)0 = 1;", "SIGSEGV", "NULL"),
    "handler": ("void on(int s) { *(volatile int *)0 = s; } signal(SIGUSR1, on); raise(SIGUSR1);",
                "SIGSEGV", "on()"),
    "longjmp": ("#include <setjmp.h>\njmp_buf b; memset(&b, 0x55, sizeof b); longjmp(b, 1);",
                "", ""),
}


@pytest.mark.parametrize("code, name, words", DEATHS.values(), ids=DEATHS)
def test_death(session, code, name, words):
    result = session.run("kept = 7; after = 1;\n" + code)
    assert result.status == "error"
    assert name in result.reply["ename"], result.reply
    assert words in said(result)
    assert "state is as before In[" in said(result)
    assert session.run("after").result == "0"
    assert session.run("kept").result == "41"


KEEP = {
    "F5 return": ("int main(void) { after = 1; return 3; }", "ExitStatus"),
    "exit(0)": ("after = 1; exit(0); after = 2;", None),
    "F11 malloc to the end": ("after = 1; size_t got = 0; while (malloc(1ul << 30) && got < 4096)"
                              " got++; got < 4096", None),
    "F11 size": ("after = malloc(SIZE_MAX / 2) == NULL;", None),
    "F20 fork": ("after = 1; if (!fork()) _exit(3);", None),
    "F20 zombie": ("after = 1; for (int i = 0; i < 20; i++) if (!fork()) _exit(0);", None),
    "F20 children wait": ("int n = 0; for (int i = 0; i < 5; i++) if (!fork()) _exit(i);"
                          " while (wait(NULL) > 0) n++; after = n == 5;", None),
    "F20 child falls out": ("after = 1; fork();", None),
    "F20 child crashes": ("int s; if (!fork()) *(volatile int *)0 = 1; wait(&s);"
                          " after = WTERMSIG(s) == SIGSEGV;", None),
    "F21 descriptors": ("after = 1; for (int i = 3; i < 500; i++) close(i);", None),
    "F21 standard ones": ("after = 1; close(0); close(1); close(2);", None),
    "F21 replaced": ('after = 1; freopen("/dev/null", "w", stdout);', None),
    "F21 closed streams": ('after = 1; fclose(stdin); fclose(stdout); fclose(stderr);', None),
    "F21 buffers": ("after = 1; char own[100]; setvbuf(stdout, own, _IOFBF, 100); puts(\"x\");",
                    None),
    "F22 handlers": ("after = 1; for (int s = 1; s < 65; s++) signal(s, SIG_IGN);", None),
    "F22 mask": ("after = 1; sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, NULL);",
                 None),
    "F22 alarm left": ("after = 1; alarm(1);", None),
    "F22 timer left": ("after = 1; ualarm(1000, 1000);", None),
    "umask, chdir": ('after = 1; umask(0777); chdir("/"); umask(022);', None),
    "limits": ("after = 1; setrlimit(RLIMIT_NOFILE, &(struct rlimit){600, 600});", None),
    "nice": ("after = 1; nice(5);", None),
    "setsid": ("after = 1; setsid();", None),
    "environment": ("after = 1; clearenv();", None),
    "locale": ('#include <locale.h>\nafter = 1; setlocale(LC_ALL, "");', None),
    "rounding": ("#include <fenv.h>\nafter = 1; fesetround(FE_UPWARD);", None),
    "no heap left": ("after = 1; setrlimit(RLIMIT_DATA, &(struct rlimit){1 << 20, RLIM_INFINITY});",
                     None),
    "tmp": ('after = 1; system("cd / && true");', None),
}


@pytest.mark.parametrize("code, name", KEEP.values(), ids=KEEP)
def test_harmless(session, code, name):
    result = session.run(code)
    assert result.status == ("error" if name else "ok"), result.reply
    assert name is None or result.reply["ename"] == name
    assert session.run("after").result == "1"
    assert session.run('printf("%d\\n", kept);').text() == "41\n"
    # The next crash is rolled back as ever, and Stop works.
    assert session.run("after = 2; *(volatile int *)0 = 1;").reply["ename"] == "SIGSEGV"
    assert session.run("after").result == "1"
    cell = session.execute('printf("began"); for (;;);')
    cell.wait_output("began")
    session.interrupt()
    assert cell.finish().reply["ename"] == "KeyboardInterrupt"


def test_F3_damage_found_later(session):
    """%undo goes back beyond the cell that did it, also after the crash. The block is so large that
    it lies by itself: no other block is hurt, whatever the tests before have left."""
    assert session.run("char *block = malloc(64 << 20); block != NULL").result == "1"
    assert session.run("after = 4; memset(block - 8, 0x7f, 8);").status == "ok"
    session.run("after = 5;")
    assert session.run("after = 6; free(block); abort();").reply["ename"] == "SIGABRT"
    assert session.run("after").result == "5"
    for before in ("5", "4", "0"):  # undone: the look at it, the cell after the damage, the damage
        undone = session.run("%undo", user_expressions={"after": "after"})
        assert undone.reply["user_expressions"]["after"]["data"]["text/plain"] == before, before
    assert session.run("free(block); kept").result == "41"


# Every fork of the session's process fails from here on, as it does where processes or memory are
# short.
FORBID_FORK = """
#include <linux/filter.h>
#include <sys/prctl.h>
struct sock_filter code[] = {{0x20, 0, 0, 0}, {0x15, 2, 0, 56}, {0x15, 1, 0, 57}, {0x15, 0, 1, 58},
                             {0x06, 0, 0, 0x5000b}, {0x06, 0, 0, 0x7fff0000}};
struct sock_fprog filter = {6, code};
prctl(38, 1, 0, 0, 0);
prctl(22, 2, &filter)
"""


def test_F13_fork_fails(session):
    """The cell runs without a snapshot, which is said once; the one before can still be gone back
    to."""
    if session.run(FORBID_FORK).result != "0":
        pytest.skip("the system lets no process restrict itself")
    first = session.run("after = 1;")
    assert first.status == "ok" and "No snapshot" in first.text("stderr")
    assert not session.run("after = 2;").text("stderr")
    assert session.run("after").result == "2"
    assert session.run("kill(getpid(), SIGKILL);").reply["ename"] == "SIGKILL"
    assert not session.run("after = 3;").text("stderr")
    assert session.run("after").result == "3"


# A child sends a signal to each helper program that the session starts. One alone might come when
# the helper has answered already.
HIT_HELPER = """
int hitter;
void hit_helper(int number)
{
    int session = getpid();
    if ((hitter = fork()))
        return;
    for (;;) {
        char path[100], name[100] = "";
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", session, session);
        FILE *list = fopen(path, "r");
        for (int pid = 0; list && fscanf(list, "%d", &pid) == 1;) {
            snprintf(path, sizeof path, "/proc/%d/comm", pid);
            FILE *comm = fopen(path, "r");
            if (comm && fgets(name, sizeof name, comm) && !strncmp(name, "nn-files", 8))
                kill(pid, number);
            if (comm)
                fclose(comm);
        }
        if (list)
            fclose(list);
        if (kill(session, 0))
            _exit(0);
    }
}
model_t *net = Sequential("net", Input(64), Dense(512), Dense(10));
model_compile(net, .optimizer = SGD(), .loss = "mean_squared_error");
"""


@pytest.mark.parametrize("signal_", ["SIGKILL", "SIGSEGV"])
def test_F30_helper_dies(session, tmp_path, signal_):
    """An error of one sentence; neither the session nor the file is touched."""
    path = tmp_path / "net.keras"
    assert session.run(HIT_HELPER).status == "ok"
    assert session.run(f'model_save(net, "{path}");').status == "ok"
    before = path.read_bytes()
    result = session.run(f'after = 7; hit_helper({signal_});'
                         f' for (;;) if (!model_load("{path}")) break;')
    assert result.status == "error" and "nn-files" in said(result), result.reply
    assert session.run("kill(hitter, SIGKILL); waitpid(hitter, NULL, 0) == hitter").result == "1"
    assert session.run("after").result == "7"
    assert path.read_bytes() == before
    assert session.run(f'model_load("{path}") != NULL').result == "1"


TRAINING = """
tensor_t xs = tensor_zeros(200, 4), ys = tensor_zeros(200);
model_t *net = Sequential("net", Input(4), Dense(8), Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = SGD(), .loss = "sparse_categorical_crossentropy");
history_t *h = NULL;
"""


def test_F15_progress(session):
    """One display, updated at most five times a second, and one line an epoch."""
    assert session.run(TRAINING).status == "ok"
    began = time.monotonic()
    result = session.run("h = model_fit(net, xs, ys, .epochs = 40, .batch_size = 1);")
    seconds = time.monotonic() - began
    assert result.status == "ok", result.reply
    shown, updates = result.of("display_data"), result.of("update_display_data")
    assert len(shown) == 1
    assert {u["transient"]["display_id"] for u in updates} <= {shown[0]["transient"]["display_id"]}
    assert len(updates) <= 5 * seconds + 10  # of 8,000 steps; the first and last are not waited for
    lines = [line for line in result.text().splitlines() if "poch" in line]
    assert len(lines) == 40, result.text()


def test_F16_page_closed_in_training(start_tcp):
    """The client goes, training goes on, and another finds the session."""
    kernel = start_tcp()
    first = kernel.connect()
    assert first.run(TRAINING).status == "ok"
    cell = first.execute('printf("began"); h = model_fit(net, xs, ys, .epochs = 20000, .verbose ='
                         ' NN_SILENT); printf("ended");')
    cell.wait_output("began")
    first.exchanges.clear()
    first.close()
    first.claim_all()
    second = kernel.connect()  # asks on shell, behind the cell
    assert second.run("h->epochs").result == "20000"
    second.claim_all()  # the end of the first one's cell


def test_F20_survivors_end_with_the_kernel(start_tcp):
    kernel = start_tcp()
    client = kernel.connect()
    client.run(INCLUDES + "if (!fork()) for (;;) pause(); if (!fork()) { setsid(); for (;;) pause(); }")
    pids = [p.pid for p in processes.below(kernel.process.pid)]
    client.request("shutdown_request", {"restart": False}, "control").finish()
    kernel.wait()
    processes.wait_gone(pids)


def test_F21_engines_descriptors(session):
    """If a cell closes ours the worker ends, and the state before the cell goes on."""
    result = session.run("after = 1; for (int i = 0; i < 1024; i++) close(i);")
    assert result.status in ("ok", "error")
    assert session.run("kept").result == "41"


def test_F23_thread_that_lives_on(session):
    session.run("volatile int end; void *stay(void *p) { while (!end) usleep(1000); return p; }"
                " pthread_t thread;")
    session.run("pthread_create(&thread, NULL, stay, NULL);")
    first = session.run("after = 1;")
    assert "thread" in first.text("stderr")
    assert not session.run("after = 2;").text("stderr")  # said once
    assert "thread" in session.run("%snapshot").text()
    # A fault leaves the cell where it was: what it had done stays, and that is said.
    result = session.run("after = 3; *(volatile int *)0 = 1;")
    assert result.reply["ename"] == "SIGSEGV" and "memory may be damaged" in said(result)
    assert session.run("after").result == "3"
    # So does every end of the process that nothing can prevent.
    result = session.run("end = 1; pthread_join(thread, NULL);")
    assert result.status == "ok"
    session.run("after = 4;")
    assert "a snapshot is taken before each cell" in session.run("%snapshot").text()
    assert session.run("after = 5; *(volatile int *)0 = 1;").reply["ename"] == "SIGSEGV"
    assert session.run("after").result == "4"


def test_F23_every_error_of_an_unprotected_session_says_so(session):
    session.run("volatile int end; void *stay(void *p) { while (!end) usleep(1000); return p; }"
                " pthread_t thread; pthread_create(&thread, NULL, stay, NULL);")
    session.run("after = 1;")
    for code in ("kill(getpid(), SIGKILL);", "exit(3);", "abort();", "raise(SIGFPE);"):
        result = session.run(code)
        assert result.status == "error"
        assert "memory may be damaged" in said(result) or "state is as before" in said(result), code


def test_F25_disk_full_while_saving(session, tmp_path):
    path = tmp_path / "net.keras"
    session.run('model_t *net = Sequential("net", Input(4), Dense(3)); model_compile(net,'
                ' .optimizer = SGD(), .loss = "mean_squared_error");')
    assert session.run(f'model_save(net, "{path}");').status == "ok"
    before = path.read_bytes()
    result = session.run(f"""
struct rlimit old; getrlimit(RLIMIT_FSIZE, &old); signal(SIGXFSZ, SIG_IGN);
setrlimit(RLIMIT_FSIZE, &(struct rlimit){{1000, old.rlim_max}});
model_save(net, "{path}");""")
    session.run("setrlimit(RLIMIT_FSIZE, &old);")
    assert result.status == "error" and str(path) in said(result), result.reply
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.keras"]
    for full in ("/dev/full", "/proc/net.keras", str(tmp_path / "nowhere" / "net.keras")):
        result = session.run(f'model_save(net, "{full}");')
        assert result.reply["ename"] in ("OSError", "FileNotFoundError", "ValueError"), result.reply
        assert full in said(result)


def test_F26_killed_while_saving(session, tmp_path):
    """Old or new file, never a broken one."""
    path = tmp_path / "net.keras"
    session.run('model_t *net = Sequential("net", Input(64), Dense(512), Dense(10));'
                ' model_compile(net, .optimizer = SGD(), .loss = "mean_squared_error");')
    assert session.run(f'model_save(net, "{path}");').status == "ok"
    for delay in (0, 2000, 5000, 10000, 20000):
        session.run(f"""
int who = getpid();
if (!fork()) {{ usleep({delay}); kill(who, SIGKILL); _exit(0); }}
for (int i = 0; i < 1000; i++) model_save(net, "{path}");""")
        result = session.run(f'model_t *back = model_load("{path}"); back != NULL')
        assert result.result == "1", result.reply
    cell = session.execute(f'printf("began"); for (;;) model_save(net, "{path}");')
    cell.wait_output("began")
    session.interrupt()
    assert cell.finish().reply["ename"] == "KeyboardInterrupt"
    assert session.run(f'model_load("{path}") != NULL').result == "1"


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGSEGV])
def test_between_cells(session, signal_):
    """Somebody ends the session's process while nothing runs."""
    session.run("after = 8;")
    os.kill(processes.worker_of(session.kernel.process.pid).pid, signal_)
    result = session.run("1;")
    assert "between cells" in COLOUR.sub("", result.text("stderr"))
    assert session.run("kept").result == "41"


def test_worker_killed_from_outside_in_a_cell(session):
    cell = session.execute('kept = 1; printf("began"); for (;;);')
    cell.wait_output("began")
    os.kill(processes.worker_of(session.kernel.process.pid).pid, signal.SIGKILL)
    assert cell.finish().reply["ename"] == "SIGKILL"
    assert session.run("kept").result == "41"


def test_all_snapshots_killed(session):
    """The cell's own thread of life: without them the next crash cannot be rolled back, and the
    session is empty then; but it goes on and says so."""
    for p in processes.below(session.kernel.process.pid):
        if p.name == "xtinycc-frozen":
            os.kill(p.pid, signal.SIGKILL)
    assert session.run("kept").result == "41"
    assert session.run("kept = 2; *(volatile int *)0 = 1;").reply["ename"] == "SIGSEGV"


def test_fault_after_fault(session):
    for _ in range(5):
        assert session.run("kept = 2; *(volatile int *)0 = 1;").reply["ename"] == "SIGSEGV"
    assert session.run("kept").result == "41"


def test_compiler_ends(session):
    """F-H15: whatever becomes of the compiler is an error of the cell."""
    deep = "int deep = " + "(" * 20000 + "1" + ")" * 20000 + ";"
    for code in (deep, "#include <no/such/file.h>", "#error stop",
                 "#define X X X\nX(" * 100, "int a[" + "9" * 400 + "];"):
        result = session.run(code)
        assert result.status == "error"
        assert result.reply["ename"] == "CompileError", (code[:40], result.reply)
    assert session.run("kept").result == "41"
