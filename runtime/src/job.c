#include "job.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "memory_file.h"
#include "nb/host.h"

extern char **environ;

#define OUTPUT_LIMIT      ((size_t)256 << 20)
#define DEFAULT_TIMEOUT_S 600.0
#define POLL_MS           100
#define POLL_MS_NO_PIDFD  10
#define GRACE_S           2.0 /* between asking a helper to stop and killing it */
#define FIRST_SPARE_FD    64  /* sources of dup2() are moved out of the targets' way */

/* One started helper. */
typedef struct helper {
    const nn_job *job;
    pid_t pid;
    int pidfd;  /* -1 where the system has none: then short polls */
    int output; /* read end of its fd 1 */
    int errors; /* memory file behind its fd 2 */
    char *data;
    size_t size, capacity;
    int gone;
    siginfo_t end;
} helper;

/* What SIGCHLD meant before the job, so that a cell's own handler never sees our child. */
typedef struct child_signals {
    sigset_t mask;
    struct sigaction action;
    int replaced;
} child_signals;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- finding the executable ---- */

/* PATH = (folder of FILE)/../libexec/xeus-tinycc/PROGRAM */
static int beside(const char *file, const char *program, char path[PATH_MAX])
{
    char real[PATH_MAX];
    if (!realpath(file, real))
        return 0;
    char *slash = strrchr(real, '/');
    if (!slash)
        return 0;
    *slash = '\0';
    return snprintf(path, PATH_MAX, "%s/../libexec/xeus-tinycc/%s", real, program) < PATH_MAX;
}

static nn_status find_program(const char *program, char path[PATH_MAX])
{
    char first[PATH_MAX] = "";
    Dl_info self;
    if (dladdr((void *)nn__job_run, &self) && self.dli_fname &&
        beside(self.dli_fname, program, path)) {
        if (access(path, X_OK) == 0)
            return NN_OK;
        memcpy(first, path, sizeof first);
    }
    if (beside("/proc/self/exe", program, path) && access(path, X_OK) == 0)
        return NN_OK;
    const char *home = getenv("XTINYCC_HOME");
    if (home &&
        snprintf(path, PATH_MAX, "%s/../../libexec/xeus-tinycc/%s", home, program) < PATH_MAX) {
        if (access(path, X_OK) == 0)
            return NN_OK;
        if (!first[0])
            memcpy(first, path, sizeof first);
    }
    return nn__fail(NN_OS_ERROR,
                    "The helper program %s was not found (looked for %s).\n"
                    "Install xeus-tinycc completely, or set XTINYCC_HOME to its "
                    "share/xeus-tinycc folder.",
                    program, first[0] ? first : program);
}

/* ---- starting ---- */

/* Join the group of the caller's parent (the zygote's) where that is allowed: same session.
   In a container getsid() is 0 when the session's leader is outside: then setpgid decides. */
static int parent_group(pid_t *group)
{
    pid_t parent = getppid();
    pid_t session = parent > 1 ? getsid(parent) : -1;
    if (session < 0 || session != getsid(0))
        return 0;
    *group = getpgid(parent);
    return *group > 0 && *group != getpgrp();
}

static int set_attributes(posix_spawnattr_t *attributes, int join)
{
    sigset_t blocked, defaults;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigfillset(&defaults);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    int rc = posix_spawnattr_setsigmask(attributes, &blocked);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &defaults);
    pid_t group;
    if (rc == 0 && join && parent_group(&group)) {
        flags |= POSIX_SPAWN_SETPGROUP;
        rc = posix_spawnattr_setpgroup(attributes, group);
    }
    return rc == 0 ? posix_spawnattr_setflags(attributes, flags) : rc;
}

/* Duplicate SOURCE far above the targets and dup2 it onto TARGET in the child. */
static int hand_over(posix_spawn_file_actions_t *actions, int source, int target, int *spare)
{
    *spare = fcntl(source, F_DUPFD_CLOEXEC, FIRST_SPARE_FD);
    if (*spare < 0)
        return errno;
    return posix_spawn_file_actions_adddup2(actions, *spare, target);
}

#define MAX_FDS 16

static int spawn(const char *path, const nn_job *job, int input, int output, int errors, int join,
                 pid_t *pid)
{
    int spare[3 + MAX_FDS];
    size_t spares = 0;
    size_t argc = 0;
    while (job->args && job->args[argc])
        argc++;
    char **argv = calloc(argc + 2, sizeof *argv);
    if (!argv)
        return ENOMEM;
    argv[0] = (char *)job->program;
    for (size_t i = 0; i < argc; i++)
        argv[1 + i] = (char *)job->args[i];

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int rc = set_attributes(&attributes, join);
    for (int i = 0; rc == 0 && i < 3 + (int)job->fd_count; i++) {
        int source = i == 0 ? input : i == 1 ? output : i == 2 ? errors : job->fds[i - 3];
        spare[spares] = -1;
        rc = hand_over(&actions, source, i, &spare[spares]);
        spares++;
    }
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, 3 + (int)job->fd_count);
    if (rc == 0)
        rc = posix_spawn(pid, path, &actions, &attributes, argv, environ);
    for (size_t i = 0; i < spares; i++)
        close_fd(&spare[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(argv);
    return rc;
}

/* The parent may end between our look and the child's setpgid: then start it where we are. */
static int start(const char *path, const nn_job *job, helper *self, int input, int output)
{
    int rc = spawn(path, job, input, output, self->errors, 1, &self->pid);
    if (rc == EPERM || rc == ESRCH)
        rc = spawn(path, job, input, output, self->errors, 0, &self->pid);
    if (rc == 0)
        self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
    return rc;
}

/* ---- SIGCHLD ---- */

static void hide_child_signal(child_signals *saved)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &saved->mask);
    /* With SIGCHLD ignored the system would throw the helper's exit status away. */
    sigaction(SIGCHLD, NULL, &saved->action);
    saved->replaced =
        saved->action.sa_handler == SIG_IGN || (saved->action.sa_flags & SA_NOCLDWAIT);
    if (saved->replaced) {
        struct sigaction plain = {.sa_handler = SIG_DFL};
        sigaction(SIGCHLD, &plain, NULL);
    }
}

static void restore_child_signal(const child_signals *saved, pid_t pid)
{
    if (!sigismember(&saved->mask, SIGCHLD)) {
        sigset_t child;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        siginfo_t info;
        const struct timespec at_once = {0, 0};
        if (sigtimedwait(&child, &info, &at_once) == SIGCHLD) {
            /* Signals of one number merge: ours may have swallowed one of the cell's children. */
            siginfo_t other = {0};
            int waiting = waitid(P_ALL, 0, &other, WEXITED | WNOHANG | WNOWAIT) == 0;
            if (info.si_pid != pid || (waiting && other.si_pid != 0))
                kill(getpid(), SIGCHLD);
        }
    }
    if (saved->replaced)
        sigaction(SIGCHLD, &saved->action, NULL);
    pthread_sigmask(SIG_SETMASK, &saved->mask, NULL);
}

/* ---- waiting ---- */

/* Read what is there. Returns 0 when the helper has sent more than we accept or memory is out. */
static int drain(helper *self)
{
    for (;;) {
        if (self->capacity - self->size < 4096) {
            if (self->size >= OUTPUT_LIMIT)
                return 0;
            size_t grown = self->capacity ? 2 * self->capacity : 65536;
            char *data = realloc(self->data, grown);
            if (!data)
                return 0;
            self->data = data;
            self->capacity = grown;
        }
        /* One byte stays free for the NUL that ends the reply. */
        ssize_t got = read(self->output, self->data + self->size, self->capacity - self->size - 1);
        if (got > 0)
            self->size += (size_t)got;
        else if (got < 0 && errno == EINTR)
            continue;
        else {
            if (got == 0)
                close_fd(&self->output);
            self->data[self->size] = '\0';
            return 1;
        }
        if (self->output < 0)
            return 1;
    }
}

static void wait_a_while(helper *self)
{
    struct pollfd fds[2];
    nfds_t count = 0;
    if (self->pidfd >= 0)
        fds[count++] = (struct pollfd){.fd = self->pidfd, .events = POLLIN};
    if (self->output >= 0)
        fds[count++] = (struct pollfd){.fd = self->output, .events = POLLIN};
    poll(fds, count, self->pidfd >= 0 ? POLL_MS : POLL_MS_NO_PIDFD);
}

static int reap(helper *self, int flags)
{
    if (self->gone)
        return 1;
    siginfo_t end = {0};
    int rc;
    do
        rc = waitid(P_PID, (id_t)self->pid, &end, WEXITED | flags);
    while (rc < 0 && errno == EINTR);
    if (rc == 0 && end.si_pid == 0)
        return 0;
    self->gone = 1;
    self->end = end; /* all zero if someone else has reaped it */
    return 1;
}

static void kill_now(helper *self)
{
    if (!reap(self, WNOHANG)) {
        kill(self->pid, SIGKILL);
        reap(self, 0);
    }
}

/* Run until the helper ends. An interrupt asks it to stop (SIGTERM) and gives it time to remove
   its temporary file, or to finish a step that must not be cut; a helper that ends well in that
   time has done its job. */
static nn_status run_to_end(helper *self)
{
    const nn_job *job = self->job;
    double limit = job->timeout_s > 0 ? job->timeout_s : DEFAULT_TIMEOUT_S;
    double deadline = now() + limit;
    double last_poll = 0;
    int stopping = 0;
    for (;;) {
        if (self->output >= 0 && !drain(self)) {
            kill_now(self);
            return nn__fail(NN_MEMORY_ERROR, "%s sent more than %zu MB.", job->program,
                            OUTPUT_LIMIT >> 20);
        }
        if (reap(self, WNOHANG))
            break;
        double t = now();
        if (t >= deadline) {
            kill_now(self);
            if (stopping)
                return nn__fail(NN_INTERRUPTED, "Interrupted.");
            return nn__fail(NN_OS_ERROR, "%s did not answer within %g s and was stopped.",
                            job->program, limit);
        }
        if (!stopping && nb_interrupted()) {
            stopping = 1;
            deadline = t + GRACE_S;
            kill(self->pid, SIGTERM);
        }
        if (job->poll && t - last_poll >= 0.001 * POLL_MS) {
            last_poll = t;
            job->poll(job->context);
        }
        wait_a_while(self);
    }
    if (self->output >= 0)
        drain(self);
    if (stopping && !(self->end.si_code == CLD_EXITED && self->end.si_status == 0))
        return nn__fail(NN_INTERRUPTED, "Interrupted.");
    return NN_OK;
}

/* ---- the answer ---- */

static nn_status status_of_name(const char *name, size_t size)
{
    for (int status = NN_VALUE_ERROR; status <= NN_INTERRUPTED; status++) {
        const char *known = nn_status_name((nn_status)status);
        if (strlen(known) == size && memcmp(known, name, size) == 0)
            return (nn_status)status;
    }
    return NN_OK;
}

/* The dynamic loader's complaint names the library: "...: error while loading shared libraries:
   libX.so.1: cannot open ...". */
static int missing_library(const helper *self, char *library, size_t size)
{
    static const char mark[] = "error while loading shared libraries: ";
    char text[1024];
    ssize_t got = pread(self->errors, text, sizeof text - 1, 0);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    const char *found = strstr(text, mark);
    if (!found)
        return 0;
    found += sizeof mark - 1;
    size_t length = strcspn(found, ":\n");
    snprintf(library, size, "%.*s", (int)length, found);
    return 1;
}

static nn_status judge(helper *self)
{
    const char *program = self->job->program;
    int code = self->end.si_status;
    if (self->end.si_code == CLD_EXITED && code == 0)
        return NN_OK;
    if (self->end.si_code == 0)
        return nn__fail(NN_OS_ERROR, "%s was waited for by other code; its result is lost.",
                        program);
    if (self->end.si_code != CLD_EXITED)
        return nn__fail(NN_OS_ERROR, "%s failed: it was ended by signal %d (%s).", program, code,
                        strsignal(code));
    const char *line_end = self->data ? memchr(self->data, '\n', self->size) : NULL;
    if (line_end) {
        nn_status status = status_of_name(self->data, (size_t)(line_end - self->data));
        if (status != NN_OK) {
            size_t length = self->size - (size_t)(line_end + 1 - self->data);
            return nn__fail(status, "%.*s", (int)length, line_end + 1);
        }
    }
    char library[256];
    if (code == 127 && missing_library(self, library, sizeof library))
        return nn__fail(NN_OS_ERROR,
                        "%s cannot start: the library %s is missing.\n"
                        "Install the package that holds it; the rest of the kernel works without.",
                        program, library);
    return nn__fail(NN_OS_ERROR, "%s failed with exit status %d.", program, code);
}

static nn_status run_helper(const char *path, const nn_job *job, helper *self)
{
    int input = nn__memory_file(job->program, job->input, job->input_size);
    if (input < 0)
        return nn__fail(NN_OS_ERROR, "No memory file for the input of %s: %s.", job->program,
                        strerror(errno));
    self->errors = nn__memory_file(job->program, NULL, 0);
    int pipe_fds[2] = {-1, -1};
    int rc = self->errors < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0 ? errno : 0;
    if (rc == 0) {
        self->output = pipe_fds[0];
        fcntl(self->output, F_SETFL, O_NONBLOCK);
        rc = start(path, job, self, input, pipe_fds[1]);
        close_fd(&pipe_fds[1]);
    }
    close_fd(&input);
    if (rc != 0)
        return nn__fail(NN_OS_ERROR, "%s could not be started: %s.", job->program, strerror(rc));
    nn_status status = run_to_end(self);
    return status == NN_OK ? judge(self) : status;
}

nn_status nn__job_run(const nn_job *job, nn_job_result *result)
{
    char path[PATH_MAX];
    *result = (nn_job_result){0};
    if (job->fd_count > MAX_FDS)
        return nn__fail(NN_VALUE_ERROR, "%s: more than %d descriptors.", job->program, MAX_FDS);
    if (nb_interrupted())
        return nn__fail(NN_INTERRUPTED, "Interrupted.");
    nn_status status = find_program(job->program, path);
    if (status != NN_OK)
        return status;

    helper self = {.job = job, .pidfd = -1, .output = -1, .errors = -1};
    child_signals saved;
    hide_child_signal(&saved);
    status = run_helper(path, job, &self);
    restore_child_signal(&saved, self.pid);
    close_fd(&self.output);
    close_fd(&self.errors);
    close_fd(&self.pidfd);
    if (status == NN_OK) {
        result->data = self.data;
        result->size = self.size;
    } else {
        free(self.data);
    }
    return status;
}
