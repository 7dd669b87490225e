#include "zygote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "compile_child.h"
#include "folder.h"
#include "messages.h"
#include "orphans.h"
#include "snapshot.h"
#include "worker.h"

#define FRESH_STARTS_MAX 3
#define VAIN_CHILDREN_MAX 3
#define END_TIMEOUT 1000 /* ms, for functions given to atexit() */
#define KILL_PATIENCE 5000 /* ms, for a worker that has no copy of the state before its cell */
#define STOP_PATIENCE 300  /* ms, from the copy on: a Stop went out before */

/* A frozen copy of the worker. */
typedef struct frozen {
    pid_t pid;
    int wake; /* a byte wakes it, end of file ends it */
    uint32_t cell;
} frozen;

typedef struct zygote {
    const zygote_options *options;
    int signals; /* signalfd: SIGCHLD, SIGTERM */
    pid_t worker;
    int fresh_starts; /* since the last sign of life of a worker */
    bool ending;      /* the front has asked for the end; it comes with the worker's */
    enum death_cause cause;
    frozen snapshots[SNAPSHOT_KEEP_MAX + 1]; /* oldest first */
    size_t snapshot_count, keep;
    pid_t compiler; /* the compile child that waits or works, 0 for none */
    int vain_children; /* that have died in a row without taking a request */
    bool wanted;    /* the next one, once the cell that is running has ended */
    bool resting;   /* the cell has ended before its compile child */
    int text;       /* the file of the session's text, -1: none yet */
    bool guarded;    /* there is a copy of the state before the cell that runs, or will be none */
    int64_t kill_by; /* ms: kill the worker by then, or soon after there is; 0: never */
    uint64_t over;   /* serial of the last cell that has ended */
} zygote;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void forget_snapshot(zygote *z, size_t i)
{
    close(z->snapshots[i].wake);
    memmove(&z->snapshots[i], &z->snapshots[i + 1],
            (z->snapshot_count - i - 1) * sizeof z->snapshots[0]);
    z->snapshot_count--;
}

static void drop_snapshot(zygote *z, pid_t pid)
{
    for (size_t i = 0; i < z->snapshot_count; i++)
        if (z->snapshots[i].pid == pid) {
            forget_snapshot(z, i);
            return;
        }
}

/* Make room first and add then: an undo drops its own snapshot again and must find KEEP others. */
static void add_snapshot(zygote *z, pid_t pid, uint32_t cell, int wake)
{
    while (z->snapshot_count > z->keep)
        forget_snapshot(z, 0);
    z->snapshots[z->snapshot_count++] = (frozen){.pid = pid, .wake = wake, .cell = cell};
}

static void start_worker(zygote *z)
{
    pid_t zygote_pid = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != zygote_pid)
            _exit(0);
        setpgid(0, 0);
        close_range(3, FD_ENGINE_FIRST - 1, 0); /* sockets of snapshots */
        close(FD_KEEPER);
        close(FD_ANNOUNCE_ZYGOTE);
        close_range(FD_COMPILE_CHILD, FD_JOB_ZYGOTE, 0);
        close(z->signals);
        worker_run(&(worker_options){.zygote = zygote_pid,
                                     .lang = z->options->lang,
                                     .helpers = z->options->helpers});
    }
    if (pid > 0)
        setpgid(pid, pid);
    z->worker = pid;
    z->cause = DEATH_FAULT;
    z->guarded = false;
    z->kill_by = 0;
    z->fresh_starts++;
}

/* --- Compile children: one waits, so that no cell waits for a fork -------------------------- */

static void start_compiler(zygote *z)
{
    pid_t zygote_pid = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != zygote_pid)
            _exit(0);
        compile_child_main(z->text);
    }
    z->compiler = pid > 0 ? pid : 0;
    z->wanted = z->resting = false;
}

/* Whether the compile child has a request to answer. */
static bool compiler_works(const zygote *z)
{
    struct pollfd job = {.fd = FD_JOB_ZYGOTE, .events = POLLIN};
    return z->compiler && poll(&job, 1, 0) > 0;
}

/* The cell that was compiled shall not share the processors with what is made for the next; which
   then can read what the cell has declared. */
static void rest(zygote *z, message *m)
{
    if (m->fd_count == 1) {
        if (z->text >= 0)
            close(z->text);
        z->text = m->fds[0];
        m->fd_count = 0;
    }
    if (!z->compiler && z->wanted)
        start_compiler(z);
    else
        z->resting = compiler_works(z);
}

/* No compile child waits, and one is asked for: the last fork failed or its child died idle. */
static void serve_compile_request(zygote *z)
{
    message m;
    if (z->vain_children < VAIN_CHILDREN_MAX)
        start_compiler(z);
    if (z->compiler)
        return;
    z->vain_children = 0;
    if (channel_receive(FD_COMPILE_CHILD, &m, false) > 0)
        message_free(&m); /* the worker reads end of file and says that no process could be made */
}

/* Not a child that waits: a request that reaches it between the signal and its death is lost. */
static void cancel_job(const zygote *z)
{
    if (!compiler_works(z))
        return;
    kill(-z->compiler, SIGKILL); /* its group, if it runs a system compiler */
    kill(z->compiler, SIGKILL);
}

static void end_job(zygote *z, int status)
{
    message m;
    bool had_job = false;
    while (channel_receive(FD_JOB_ZYGOTE, &m, false) > 0) {
        wire_buf b = {0};
        wire_put_u32(&b, (uint32_t)status);
        if (status != 0 && m.fd_count == 1)
            channel_send(m.fds[0], MSG_COMPILE_DIED, &b);
        wire_buf_free(&b);
        message_free(&m);
        had_job = true;
    }
    z->compiler = 0;
    z->vain_children = had_job ? 0 : z->vain_children + 1;
    z->wanted = had_job; /* else it may die again and again: wait until it is asked for */
    if (z->wanted && z->resting)
        start_compiler(z);
}

static void kill_worker(zygote *z)
{
    z->kill_by = 0;
    z->cause = DEATH_KILLED;
    kill(-z->worker, SIGKILL);
    kill(z->worker, SIGKILL); /* should it have left its group */
}

/* The cell may be ended from here on. */
static void guard(zygote *z)
{
    z->guarded = true;
    if (z->kill_by)
        z->kill_by = now_ms() + STOP_PATIENCE;
}

static void answer_undo(zygote *z, message *m)
{
    wire_reader r = message_reader(m);
    drop_snapshot(z, (pid_t)wire_get_u32(&r));
    int possible = z->snapshot_count > 0;
    if (possible)
        z->cause = DEATH_UNDO;
    if (m->fd_count == 1 && write(m->fds[0], &possible, sizeof possible) < 0)
        z->cause = DEATH_FAULT;
}

static void handle_worker_message(zygote *z, message *m)
{
    wire_reader r = message_reader(m);
    switch (m->kind) {
    case MSG_SNAPSHOT: {
        pid_t pid = (pid_t)wire_get_u32(&r);
        uint32_t cell = wire_get_u32(&r);
        if (r.bad || m->fd_count != 1)
            break;
        add_snapshot(z, pid, cell, m->fds[0]);
        m->fd_count = 0;
        z->fresh_starts = 0;
        guard(z);
        break;
    }
    case MSG_BARE:
        guard(z);
        break;
    case MSG_DROP:
        drop_snapshot(z, (pid_t)wire_get_u32(&r));
        break;
    case MSG_KEEP: {
        uint32_t keep = wire_get_u32(&r);
        z->keep = keep > SNAPSHOT_KEEP_MAX ? SNAPSHOT_KEEP_MAX : keep;
        break;
    }
    case MSG_CANCEL:
        cancel_job(z);
        break;
    case MSG_OVER:
        z->over = wire_get_u64(&r);
        z->guarded = false;
        z->kill_by = 0;
        break;
    case MSG_REST:
        rest(z, m);
        break;
    case MSG_UNDO:
        answer_undo(z, m);
        break;
    case MSG_LEAVE:
        z->cause = (enum death_cause)wire_get_u32(&r);
        break;
    default:
        break;
    }
}

/* Read what the worker has announced, all of it. */
static void read_worker_messages(zygote *z)
{
    message m;
    for (;;) {
        int got = channel_receive(FD_ANNOUNCE_ZYGOTE, &m, false);
        if (got < 0 && errno == EBADMSG)
            continue;
        if (got <= 0)
            return;
        handle_worker_message(z, &m);
        message_free(&m);
    }
}

/* The newest snapshot that still lives, or NULL. */
static frozen *find_heir(zygote *z)
{
    while (z->snapshot_count > 0) {
        frozen *newest = &z->snapshots[z->snapshot_count - 1];
        struct pollfd p = {.fd = newest->wake, .events = POLLIN};
        if (poll(&p, 1, 0) == 0)
            return newest;
        forget_snapshot(z, z->snapshot_count - 1);
    }
    return NULL;
}

static void report_death(const zygote *z, int status, long peak_kb, const frozen *heir)
{
    wire_buf b = {0};
    wire_put_u32(&b, z->cause);
    wire_put_u32(&b, WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0);
    wire_put_u32(&b, WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 0);
    wire_put_u64(&b, (uint64_t)peak_kb);
    wire_put_u32(&b, heir ? HEIR_SNAPSHOT : HEIR_FRESH);
    wire_put_u32(&b, heir ? heir->cell : 0);
    channel_send(FD_KEEPER, MSG_DEATH, &b);
    wire_buf_free(&b);
}

static _Noreturn void shut_down(const zygote *z, int status);

/* Snapshots are woken by a message, never by end of file: a child of the cell may hold any
   descriptor open, and files close before children are handed to us. */
static void succeed(zygote *z, int status, long peak_kb)
{
    read_worker_messages(z); /* it may have announced a snapshot just before it died */
    cancel_job(z);
    frozen *heir = z->cause == DEATH_RESET ? NULL : find_heir(z);
    if (!heir && z->fresh_starts >= FRESH_STARTS_MAX) {
        wire_buf b = {0};
        wire_put_string(&b, "the worker dies as soon as it is started");
        channel_send(FD_KEEPER, MSG_NO_START, &b);
        shut_down(z, 1);
    }
    report_death(z, status, peak_kb, heir);
    if (!heir) {
        start_worker(z);
        return;
    }
    z->worker = heir->pid;
    z->cause = DEATH_FAULT;
    z->guarded = false;
    z->kill_by = 0;
    while (send(heir->wake, "w", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
        continue;
    forget_snapshot(z, z->snapshot_count - 1);
}

static void reap(zygote *z)
{
    int status;
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid == z->worker) {
            if (z->ending)
                shut_down(z, 0);
            succeed(z, status, usage.ru_maxrss);
            continue;
        }
        if (pid == z->compiler)
            end_job(z, status);
        else
            drop_snapshot(z, pid); /* or a stray child of a cell */
    }
}

static void shut_down(const zygote *z, int status)
{
    if (z->worker > 0)
        kill(-z->worker, SIGKILL);
    for (size_t i = 0; i < z->snapshot_count; i++)
        kill(z->snapshots[i].pid, SIGKILL);
    cancel_job(z);
    orphans_end();
    if (z->options->folder && !z->ending)
        folder_remove(z->options->folder); /* the front will not come to it */
    _exit(status);
}

/* A process that stands still (SIGSTOP) would not notice. A cell may have left its own group. */
static void interrupt_group(pid_t worker)
{
    if (getpgid(worker) != worker) {
        kill(worker, SIGINT);
        kill(worker, SIGCONT);
    }
    kill(-worker, SIGINT);
    kill(-worker, SIGCONT);
}

/* Before its snapshot is taken nothing of a cell has run, and with the worker the state would go:
   a worker that a busy machine keeps from its work is asked once more. */
static void end_cell(zygote *z, uint64_t serial)
{
    if (serial == z->over)
        return;
    if (z->guarded) {
        kill_worker(z);
        return;
    }
    z->kill_by = now_ms() + KILL_PATIENCE;
    cancel_job(z);
    interrupt_group(z->worker);
}

/* What poll() is to wait at most. */
static int patience(const zygote *z)
{
    if (z->ending)
        return END_TIMEOUT;
    if (!z->kill_by)
        return -1;
    int64_t left = z->kill_by - now_ms();
    return left > 0 ? (int)left : 0;
}

static void handle_front_message(zygote *z, const message *m)
{
    wire_reader r = message_reader(m);
    switch (m->kind) {
    case MSG_INTERRUPT:
        interrupt_group(z->worker);
        channel_send(FD_KEEPER, MSG_REACHED, NULL);
        break;
    case MSG_END:
        z->ending = true;
        break;
    case MSG_KILL:
        read_worker_messages(z);
        end_cell(z, wire_get_u64(&r));
        channel_send(FD_KEEPER, MSG_REACHED, NULL);
        break;
    default:
        break;
    }
}

static void read_front_messages(zygote *z)
{
    message m;
    for (;;) {
        int got = channel_receive(FD_KEEPER, &m, false);
        if (got == 0 && !z->ending)
            shut_down(z, 0);
        if (got <= 0)
            return;
        handle_front_message(z, &m);
        message_free(&m);
    }
}

static void read_signals(zygote *z)
{
    struct signalfd_siginfo info;
    while (read(z->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGTERM)
            shut_down(z, 0);
}

/* Signals: block all that could reach us; children of the front die with it by SIGTERM here, so
   that the zygote still can end what it owns. */
static int take_signals(pid_t front)
{
    sigset_t all, read;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&read);
    sigaddset(&read, SIGCHLD);
    sigaddset(&read, SIGTERM);
    int fd = signalfd(-1, &read, SFD_CLOEXEC | SFD_NONBLOCK);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != front)
        _exit(0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setpgid(0, 0); /* who kills the front's group must leave somebody to end the rest */
    return channel_move_high(fd, FD_ENGINE_FREE);
}

/* One line in ERROR if the files that cells are compiled with are not there. */
static int prepare(const zygote_options *options, char *error, size_t size)
{
    if (access(options->helpers, R_OK) == 0)
        return lang_prepare(&options->lang, error, size);
    snprintf(error, size, "%.400s: %s (XTINYCC_HOME names the folder)", options->helpers,
             strerror(errno));
    return -1;
}

int zygote_run(const zygote_options *options)
{
    zygote z = {.options = options, .keep = SNAPSHOT_KEEP, .text = -1};
    z.signals = take_signals(options->front);
    char error[512];
    if (prepare(options, error, sizeof error) < 0) {
        wire_buf b = {0};
        wire_put_string(&b, error);
        channel_send(FD_KEEPER, MSG_NO_START, &b);
        return 1;
    }
    start_worker(&z);
    start_compiler(&z);
    for (;;) {
        struct pollfd fds[] = {{.fd = z.ending ? -1 : FD_KEEPER, .events = POLLIN},
                               {.fd = FD_ANNOUNCE_ZYGOTE, .events = POLLIN},
                               {.fd = z.signals, .events = POLLIN},
                               {.fd = z.compiler ? -1 : FD_COMPILE_CHILD, .events = POLLIN}};
        int ready = poll(fds, 4, patience(&z));
        if ((ready < 0 && errno != EINTR) || (ready == 0 && z.ending))
            shut_down(&z, 1);
        if (z.kill_by && now_ms() >= z.kill_by)
            kill_worker(&z);
        read_worker_messages(&z);
        read_signals(&z);
        reap(&z);
        if (fds[3].revents && !z.compiler)
            serve_compile_request(&z);
        read_front_messages(&z);
    }
}
