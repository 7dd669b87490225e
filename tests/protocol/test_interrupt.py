"""Stop, in all places. Checklist rows 63-71; faults F6-F9 and F19.

What a cell has done before it is stopped is kept, unless the test says otherwise.
"""

import os
import signal

import pytest

import processes

WAYS = ["message", "signal", "group"]


def stop(client, way="message"):
    """Press Stop: by the protocol's message, or as managers send SIGINT (row 65)."""
    if way == "message":
        assert client.interrupt().reply == {"status": "ok"}
    elif way == "signal":
        os.kill(client.kernel.process.pid, signal.SIGINT)
    else:
        os.killpg(client.kernel.process.pid, signal.SIGINT)


def started(client, code, **options):
    """Run a cell that prints "began" when it has come as far as it will."""
    cell = client.execute(code, **options)
    cell.wait_output("began")
    return cell


def stopped(cell):
    result = cell.finish()
    assert result.status == "error", result.reply
    assert result.reply["ename"] == "KeyboardInterrupt", result.reply
    assert len(result.of("error")) == 1
    return result


@pytest.mark.parametrize("way", WAYS)
def test_63_64_66_endless_loop(shared, way):
    shared.run("int seen;")
    cell = started(shared, 'seen = 1; printf("began"); for (;;) seen++;')
    stop(shared, way)
    result = stopped(cell)
    assert "In[" in result.reply["evalue"]
    assert shared.run("seen >= 1").result == "1"


@pytest.mark.parametrize("way", WAYS)
def test_65_71_stop_while_idle_is_void(shared, way):
    for _ in range(3):
        stop(shared, way)
    assert shared.run("kept + 1").result == "42"


PRELUDE = """
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
int reached, ends[2];
int slow(const void *a, const void *b) { usleep(1000); return *(int *)a - *(int *)b; }
"""

BLOCKED = {
    "sleep": 'printf("began"); sleep(100);',
    "nanosleep": 'printf("began"); nanosleep(&(struct timespec){100, 0}, NULL);',
    "read": 'pipe(ends); char c; printf("began"); read(ends[0], &c, 1);',
    "full pipe": 'pipe(ends); char c = 0; printf("began"); for (;;) write(ends[1], &c, 1);',
    "pause": 'printf("began"); pause();',
    "system": 'printf("began"); system("sleep 100");',
    "popen": 'FILE *p = popen("sleep 100", "r"); printf("began"); fgetc(p);',
    "child": 'int who = fork(); if (!who) for (;;) pause(); printf("began"); waitpid(who, NULL, 0);',
    "qsort": 'int *list = calloc(100000, sizeof *list); printf("began");'
             ' qsort(list, 100000, sizeof *list, slow);',
    "malloc": 'printf("began"); for (;;) free(malloc(100));',
    "printf": 'FILE *f = fopen("/dev/null", "w"); printf("began"); for (;;) fprintf(f, "%d", 1);',
    "deep": 'int down(int n) { return n ? down(n - 1) + 1 : pause(); } printf("began"); down(5000);',
    "stopped process": 'printf("began"); raise(SIGSTOP); for (;;) pause();',
}


@pytest.mark.parametrize("code", BLOCKED.values(), ids=BLOCKED)
def test_67_one_stop_is_enough(shared_tcp, code):
    shared_tcp.run(PRELUDE)
    cell = started(shared_tcp, "reached = 1; " + code + " reached = 2;")
    stop(shared_tcp)
    stopped(cell)
    assert shared_tcp.run("reached").result == "1"
    # Neither the heap nor the streams were left in a state that hurts.
    assert shared_tcp.run('free(malloc(1000)); printf("well\\n");').text() == "well\n"


NATIVE = """%%native
#include <stdio.h>
#include <unistd.h>
volatile long rounds;
int native_kept = 5;
void spin(void) { for (;;) rounds++; }
void wait_for_ever(void) { for (;;) pause(); }
"""


@pytest.mark.parametrize("way", ["%%native\n#include <stdio.h>\n", ""], ids=["native", "c"])
@pytest.mark.parametrize("call", ["spin", "wait_for_ever"])
def test_67_native_code(shared_tcp, way, call):
    assert shared_tcp.run(NATIVE).status == "ok"
    cell = started(shared_tcp, f'{way}native_kept = 6; printf("began"); {call}();')
    stop(shared_tcp)
    stopped(cell)
    assert shared_tcp.run("native_kept").result == "6"


NEEDS_TWO = {
    "pthread_join": "void *never(void *p) { for (;;) pause(); return p; } pthread_t thread;"
                    ' pthread_create(&thread, NULL, never, NULL); printf("began");'
                    " pthread_join(thread, NULL);",
    "mutex": "pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock);"
             ' printf("began"); pthread_mutex_lock(&lock);',
    "blocked signal": "sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, NULL);"
                      ' printf("began"); for (;;) pause();',
    "ignored signal": 'signal(SIGINT, SIG_IGN); printf("began"); for (;;) pause();',
}


@pytest.mark.parametrize("code", NEEDS_TWO.values(), ids=NEEDS_TWO)
def test_67_second_stop_goes_back(shared_tcp, code):
    shared_tcp.run(PRELUDE)
    shared_tcp.run("reached = 1;")
    cell = started(shared_tcp, "reached = 2; " + code)
    processes.wait_asleep(processes.worker_of(shared_tcp.kernel.process.pid).pid)
    stop(shared_tcp)
    cell.wait_for("stream")
    shared_tcp.pump_until(lambda: any("interrupt again" in m.content.get("text", "")
                                      for m in cell.iopub), 60, "the hint")
    stop(shared_tcp)
    result = stopped(cell)
    assert "killed" in result.reply["evalue"]
    assert "state is as before" in "\n".join(result.reply["traceback"])
    assert shared_tcp.run("reached").result == "1"


def test_67_training_stops_with_what_it_has(shared_tcp):
    shared_tcp.run("""
tensor_t x = tensor_zeros(400, 4, 4, 1), y = tensor_zeros(400);
model_t *net = Sequential("net", Input(4, 4, 1), Flatten(), Dense(2, .activation = "softmax"));
model_compile(net, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
history_t *told = NULL;
""")
    cell = shared_tcp.execute("told = model_fit(net, x, y, .epochs = 100000, .verbose = NN_LINES);")
    cell.wait_output("Epoch 2/")
    stop(shared_tcp)
    stopped(cell)
    assert shared_tcp.run("told && told->interrupted && told == model_history(net)").result == "1"
    # F7: the model is whole, and training goes on from there.
    assert shared_tcp.run("told = model_fit(net, x, y, .epochs = 2, .verbose = NN_SILENT);"
                          " told->epochs").result == "2"


def test_68_storm_of_stops_is_one(shared):
    cell = started(shared, 'printf("began"); for (;;);')
    for _ in range(20):
        os.kill(shared.kernel.process.pid, signal.SIGINT)
        shared.pump(0)
    stopped(cell)
    assert shared.run("kept").result == "41"


def test_69_stop_while_asking(shared):
    cell = shared.execute("int n = 5; scanf(\"%d\", &n);", allow_stdin=True)
    shared.question()
    stop(shared)
    stopped(cell)
    assert shared.run("n").result == "5"


def test_70_queued_cells_are_aborted_and_the_next_runs(shared):
    cell = started(shared, 'printf("began"); for (;;);')
    queued = [shared.execute("kept = 0;") for _ in range(3)]
    stop(shared)
    stopped(cell)
    assert [q.finish().status for q in queued] == ["aborted"] * 3
    assert shared.run("kept").result == "41"


def test_stop_while_compiling(shared_tcp):
    """The macro takes the compiler its ten seconds; Stop does not wait for it."""
    tower = "#define A0(x) x x x x x x x x\n" + "".join(
        f"#define A{i}(x) A{i - 1}(A{i - 1}(x))\n" for i in range(1, 6))
    cell = shared_tcp.execute(tower + "A5(kept = kept;)")
    cell.wait_for("execute_input")
    stop(shared_tcp)
    result = cell.finish()
    assert result.reply["ename"] in ("KeyboardInterrupt", "CompileError")
    assert shared_tcp.run("kept").result == "41"


def test_F19_stopped_session(shared_tcp):
    """The session's process stands still; the front does not, and Stop wakes and stops it."""
    cell = started(shared_tcp, '#include <unistd.h>\nprintf("began"); for (;;) pause();')
    worker = processes.worker_of(shared_tcp.kernel.process.pid).pid
    os.kill(worker, signal.SIGSTOP)
    assert shared_tcp.ask("kernel_info_request", channel="control")["status"] == "ok"
    stop(shared_tcp)
    stopped(cell)
    assert processes.worker_of(shared_tcp.kernel.process.pid).pid == worker
