#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "compile_child.h"
#include "events.h"
#include "cell_limits.h"
#include "messages.h"
#include "service.h"
#include "session.h"
#include "snapshot.h"
#include "stdin.h"
#include "tidy.h"

typedef struct worker {
    const worker_options *options;
    session_t *session;
    uint64_t serial; /* of the request last begun: the front repeats one it is unsure about */
    /* of the cell that runs */
    int number;
    bool transient;   /* an expression or silent cell: no snapshot of it is kept */
    pid_t snapshot;   /* taken for this cell, 0 for none */
    bool snapshot_asked;
    const char *unprotected; /* why there is none, NULL if there is or none was due */
    /* snapshots in general */
    bool snapshots_off;
    int snapshots_kept;
    const char *skip_told; /* the reason that the user has been told already */
} worker;

static void say_ready(const char *error)
{
    wire_buf b = {0};
    wire_put_u32(&b, (uint32_t)getpid());
    wire_put_string(&b, "201112");
    wire_put_string(&b, error);
    channel_send(FD_CONTROL, MSG_READY, &b);
    wire_buf_free(&b);
}

/* The front may have sent something to the process that died. It repeats what it still wants. */
static void forget_requests(void)
{
    message m;
    while (channel_receive(FD_CONTROL, &m, false) > 0)
        message_free(&m);
}

/* There is time to get ready for the next cell. */
static void rest(const worker *w)
{
    int text = lang_file(session_lang(w->session));
    channel_send_fds(FD_ANNOUNCE, MSG_REST, NULL, &text, text >= 0);
}

/* SIGINT is open from the moment the front hears STARTED to the end of the cell. */
static void set_interrupts(int how)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(how, &interrupt, NULL);
}

static void discard_interrupts(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    while (sigtimedwait(&interrupt, NULL, &(struct timespec){0}) > 0)
        continue;
}

/* In the snapshot, just woken. */
static void take_over(worker *w)
{
    set_interrupts(SIG_BLOCK);
    events_adopt();
    run_adopt();
    tidy_adopt();
    w->snapshot = 0;
    forget_requests();
    say_ready("");
    rest(w);
}

static void take_snapshot(worker *w, bool *woken)
{
    const char *reason = NULL;
    *woken = false;
    if (w->snapshot_asked)
        return;
    w->snapshot_asked = true;
    run_let_die(!w->snapshots_off);
    if (w->snapshots_off) {
        w->unprotected = "snapshots are off";
        channel_send(FD_ANNOUNCE, MSG_BARE, NULL);
        return;
    }
    switch (snapshot_take(w->options->zygote, (uint32_t)w->number, &w->snapshot, &reason)) {
    case SNAPSHOT_WOKEN:
        *woken = true;
        break;
    case SNAPSHOT_SKIPPED:
        channel_send(FD_ANNOUNCE, MSG_BARE, NULL);
        run_let_die(false);
        w->unprotected = reason;
        if (reason != w->skip_told && !w->transient) {
            dprintf(STDERR_FILENO, "\033[2mNo snapshot before this cell: %s. Should it crash, "
                    "memory may be damaged afterwards.\033[0m\n", reason);
            w->skip_told = reason;
        }
        break;
    default:
        w->skip_told = NULL; /* should it happen again, it is news again */
        break;
    }
}

static session_compiled compile(void *context, const wire_buf *request, int text, char **reply,
                                size_t *reply_size, char *reason, size_t reason_size)
{
    worker *w = context;
    compile_job job;
    bool asked = compile_begin(request, text, &job) == 0; /* runs beside the fork of the snapshot */
    bool woken;
    take_snapshot(w, &woken);
    if (woken) {
        if (asked)
            compile_abandon(&job);
        return SESSION_COPY_WOKEN;
    }
    if (!asked) {
        snprintf(reason, reason_size, "the compiler cannot be started: memory or descriptors "
                 "ran out");
        return SESSION_NO_ANSWER;
    }
    switch (compile_finish(&job, run_interrupted, reply, reply_size, reason, reason_size)) {
    case COMPILE_ANSWERED: return SESSION_COMPILED;
    case COMPILE_INTERRUPTED: return SESSION_STOPPED;
    default: return SESSION_NO_ANSWER;
    }
}

static bool snapshot(void *context)
{
    bool woken;
    take_snapshot(context, &woken);
    return !woken;
}

static void result(void *context, const char *text, size_t size)
{
    (void)context;
    events_result(text, size);
}

static void output_limit(void *context, uint64_t bytes)
{
    (void)context;
    wire_buf b = {0};
    wire_put_u64(&b, bytes);
    channel_send(FD_CONTROL, MSG_OUTPUT_LIMIT, &b);
    wire_buf_free(&b);
}

static bool undo(void *context)
{
    worker *w = context;
    int ends[2], possible = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    wire_buf b = {0};
    wire_put_u32(&b, (uint32_t)w->snapshot);
    if (channel_send_fds(FD_ANNOUNCE, MSG_UNDO, &b, &ends[1], 1) < 0)
        possible = -1;
    wire_buf_free(&b);
    close(ends[1]);
    ssize_t n;
    do
        n = possible < 0 ? 0 : read(ends[0], &possible, sizeof possible);
    while (n < 0 && errno == EINTR);
    close(ends[0]);
    w->snapshot = 0;
    if (n == sizeof possible && possible == 1)
        _exit(0);
    return false;
}

static void reset(void *context)
{
    (void)context;
    wire_buf b = {0};
    wire_put_u32(&b, DEATH_RESET);
    channel_send(FD_ANNOUNCE, MSG_LEAVE, &b);
    _exit(0);
}

static void keep_snapshots(void *context, int count)
{
    worker *w = context;
    w->snapshots_off = count < 0;
    if (count <= 0)
        return;
    w->snapshots_kept = count < SNAPSHOT_KEEP_MAX ? count : SNAPSHOT_KEEP_MAX;
    wire_buf b = {0};
    wire_put_u32(&b, (uint32_t)w->snapshots_kept);
    channel_send(FD_ANNOUNCE, MSG_KEEP, &b);
    wire_buf_free(&b);
}

static void describe_snapshots(void *context, wire_buf *out)
{
    const worker *w = context;
    char line[300];
    const char *obstacle = snapshot_obstacle();
    if (obstacle && !w->snapshots_off)
        snprintf(line, sizeof line, "no snapshot can be taken now: %s; a cell that crashes may "
                 "damage the session's memory", obstacle);
    else if (w->snapshots_off)
        snprintf(line, sizeof line, "snapshots are off: a cell that crashes takes all variables "
                 "with it (%%snapshot auto switches them on)");
    else
        snprintf(line, sizeof line, "a snapshot is taken before each cell; the last %d are kept "
                 "for %%undo", w->snapshots_kept);
    wire_put_raw(out, line, strlen(line));
}

static void say_done(uint64_t serial, const session_reply *reply)
{
    wire_buf b = {0};
    wire_put_u64(&b, serial);
    wire_put_u32(&b, reply->ok);
    wire_put_string(&b, reply->ename);
    wire_put_string(&b, reply->evalue);
    wire_put_string(&b, reply->traceback);
    if (channel_send(FD_CONTROL, MSG_DONE, &b) < 0)
        _exit(70); /* the cell closed our socket: its snapshot goes on */
    wire_buf_free(&b);
}

static void say_over(uint64_t serial)
{
    wire_buf b = {0};
    wire_put_u64(&b, serial);
    channel_send(FD_ANNOUNCE, MSG_OVER, &b);
    wire_buf_free(&b);
}

/* What cells print is seen at once. freopen() and setvbuf() change that, for their cell. */
static void unbuffer(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    setvbuf(stderr, NULL, _IONBF, 0);
}

/* While nothing could bring the state back, every error says so. */
static void tell_unprotected(const worker *w, session_reply *reply)
{
    char *more = NULL;
    if (!w->unprotected || reply->no_trace || !reply->traceback ||
        asprintf(&more, "%s\n\033[2mNot protected: %s (%%snapshot tells more).\033[0m",
                 reply->traceback, w->unprotected) < 0)
        return;
    free(reply->traceback);
    reply->traceback = more;
}

static void execute(worker *w, wire_reader *r)
{
    uint64_t serial = wire_get_u64(r);
    uint32_t number = wire_get_u32(r), flags = wire_get_u32(r);
    session_cell cell = {0};
    cell.code = wire_get_bytes(r, &cell.size);
    if (r->bad || serial == w->serial)
        return;
    w->serial = serial;
    cell.number = (int)number;
    cell.mode = flags & EXECUTE_EXPRESSION ? LANG_EXPRESSION : LANG_CELL;
    cell.silent = flags & EXECUTE_SILENT;
    w->number = cell.number;
    w->transient = cell.silent || cell.mode == LANG_EXPRESSION;
    w->snapshot = 0;
    w->snapshot_asked = false;
    w->unprotected = NULL;

    wire_buf started = {0};
    wire_put_u64(&started, serial);
    wire_put_u32(&started, w->transient ? 0 : limits_time());
    discard_interrupts();
    run_forget_interrupts();
    channel_send(FD_CONTROL, MSG_STARTED, &started);
    wire_buf_free(&started);

    tidy_before_cell();
    events_begin_cell(cell.silent, flags & EXECUTE_STDIN);
    stdin_begin_cell();
    set_interrupts(SIG_UNBLOCK);
    session_reply reply = {0};
    bool lives = session_execute(w->session, &cell, &reply);
    if (!lives) {
        session_reply_free(&reply);
        take_over(w);
        return;
    }
    fflush(NULL);
    set_interrupts(SIG_BLOCK);
    unbuffer();
    stdin_end_cell();
    tidy_after_cell();
    if (reply.no_trace || (w->transient && reply.ok))
        snapshot_drop(w->snapshot);
    if (!reply.ok)
        tell_unprotected(w, &reply);
    say_over(serial);
    say_done(serial, &reply);
    rest(w);
    session_reply_free(&reply);
}

/* The session ends in order. What cells gave to atexit() runs as a cell does, so that no fault of
   it matters. */
static _Noreturn void end_in_order(const worker *w)
{
    run_report report;
    run_let_die(false);
    run_forget_interrupts();
    run_cell(run_exit_functions, w->number, &report);
    fflush(NULL);
    _exit(0);
}

static void handle(worker *w, const message *m)
{
    wire_reader r = message_reader(m);
    switch (m->kind) {
    case MSG_EXECUTE:
        execute(w, &r);
        break;
    case MSG_COMPLETE:
    case MSG_INSPECT:
    case MSG_IS_COMPLETE:
        service_answer(session_lang(w->session), m);
        break;
    default:
        break; /* an answer that came too late */
    }
}

static void settle(void)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_SETMASK, &interrupt, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_NAME, "xtinycc-worker");
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "800", 3);
        (void)ignored;
        close(fd);
    }
    unbuffer();
}

_Noreturn void worker_run(const worker_options *options)
{
    static worker w;
    w = (worker){.options = options, .snapshots_kept = SNAPSHOT_KEEP};
    settle();
    events_adopt();
    events_install();
    limits_begin();
    session_options session = {
        .lang = options->lang,
        .helpers = options->helpers,
        .means = {.context = &w, .compile = compile, .snapshot = snapshot,
                  .result = result,
                  .output_limit = output_limit, .undo = undo, .reset = reset,
                  .keep_snapshots = keep_snapshots, .describe_snapshots = describe_snapshots},
        .hooks = {.died = events_died},
    };
    char error[512];
    w.session = session_create(&session, error, sizeof error);
    if (w.session && stdin_install(session_loader(w.session)) < 0) {
        snprintf(error, sizeof error, "no memory for the stream stdin");
        w.session = NULL;
    }
    say_ready(w.session ? "" : error);
    if (!w.session)
        pause(); /* the front gives up and ends us */
    for (;;) {
        message m;
        int got = channel_receive(FD_CONTROL, &m, true);
        if (got == 0)
            end_in_order(&w);
        if (got < 0 && errno != EINTR && errno != EBADMSG)
            _exit(70);
        if (got < 0)
            continue;
        handle(&w, &m);
        message_free(&m);
    }
}
