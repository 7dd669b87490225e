/* Start and stop the processes of a session. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "host_internal.h"
#include "orphans.h"

#define START_TIMEOUT 30000 /* ms */
#define STOP_TIMEOUT 3000   /* ms: the zygote ends what it owns, then it is killed itself */
#define OWN_FIRST 520       /* our ends, clear of the numbers that the worker gets */

int64_t host_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_output(void *context, int fd, const char *text, size_t size, int number)
{
    host_t *host = context;
    if (host->events.stream && !host->silent)
        host->events.stream(host->context, fd, text, size, number);
}

void host_say(host_t *host, const char *text)
{
    char line[600];
    int n = snprintf(line, sizeof line, "\033[2m%.560s\033[0m\n", text);
    output_put(host->output, 2, line, (size_t)n, host_now());
}

int host_find_worker(char *path, size_t size)
{
    char own[4096];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    own[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(own, '/');
    snprintf(path, size, "%.*sxtinycc-worker", slash ? (int)(slash + 1 - own) : 0, own);
    return access(path, X_OK);
}

static int find_worker(const host_options *options, char *out, size_t size)
{
    if (!options->worker_path)
        return host_find_worker(out, size);
    snprintf(out, size, "%s", options->worker_path);
    return access(out, X_OK);
}

/* The worker's descriptors have numbers above what some shells allow by default. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1024) {
        limit.rlim_cur = limit.rlim_max < 1024 ? limit.rlim_max : 1024;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* What is opened for the worker: its ends of the sockets and pipes. */
typedef struct worker_ends {
    int control, keeper, out, err;
} worker_ends;

static int pipe_for(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *read_end = channel_move_high(ends[0], OWN_FIRST);
    *write_end = channel_move_high(ends[1], OWN_FIRST);
    return fcntl(*read_end, F_SETFL, O_NONBLOCK);
}

static int open_channels(host_t *host, worker_ends *w)
{
    int control[2], keeper[2];
    *w = (worker_ends){-1, -1, -1, -1};
    if (channel_pair(control, OWN_FIRST) < 0)
        return -1;
    host->control = control[0];
    w->control = control[1];
    if (channel_pair(keeper, OWN_FIRST) < 0)
        return -1;
    host->keeper = keeper[0];
    w->keeper = keeper[1];
    host->wake = channel_move_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), OWN_FIRST);
    return host->wake < 0 || pipe_for(&host->pipes[0], &w->out) < 0 ||
           pipe_for(&host->pipes[1], &w->err) < 0 ? -1 : 0;
}

static void close_one(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int spawn(host_t *host, const char *path, const worker_ends *w)
{
    extern char **environ;
    char front[24], program[] = "xtinycc-worker", option[] = "--front";
    snprintf(front, sizeof front, "%d", (int)getpid());
    char *arguments[] = {program, option, front, host->folder, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, w->out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, w->err, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, w->control, FD_CONTROL);
    posix_spawn_file_actions_adddup2(&actions, w->keeper, FD_KEEPER);
    posix_spawn_file_actions_adddup2(&actions, w->out, FD_STDOUT);
    posix_spawn_file_actions_adddup2(&actions, w->err, FD_STDERR);
    int result = posix_spawn(&host->zygote, path, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (result != 0)
        host->zygote = 0;
    return result;
}

/* Wait for the worker's first word. */
static int await_start(host_t *host, char *error, size_t size)
{
    int64_t deadline = host_now() + START_TIMEOUT;
    snprintf(error, size, "xtinycc-worker ended as soon as it was started");
    for (;;) {
        struct pollfd fds[2] = {{.fd = host->control, .events = POLLIN},
                                {.fd = host->keeper, .events = POLLIN}};
        int64_t left = deadline - host_now();
        if (left <= 0 || (poll(fds, 2, (int)left) == 0)) {
            snprintf(error, size, "xtinycc-worker does not answer");
            return -1;
        }
        message m;
        if (fds[1].revents) {
            int got = channel_receive(host->keeper, &m, false);
            if (got == 0)
                return -1;
            if (got > 0 && m.kind == MSG_NO_START) {
                wire_reader r = message_reader(&m);
                snprintf(error, size, "%s", wire_get_string(&r));
                message_free(&m);
                return -1;
            }
            message_free(&m); /* a death: another one is being started */
        }
        if (!fds[0].revents || channel_receive(host->control, &m, false) <= 0)
            continue;
        wire_reader r = message_reader(&m);
        wire_get_u32(&r);
        const char *version = wire_get_string(&r), *trouble = wire_get_string(&r);
        bool ready = m.kind == MSG_READY && !r.bad && *trouble == '\0';
        if (ready)
            host->language_version = strdup(version);
        else
            snprintf(error, size, "%s", r.bad ? "damaged message" : trouble);
        message_free(&m);
        return ready && host->language_version ? 0 : -1;
    }
}

static host_t *create(const host_options *options)
{
    host_t *host = calloc(1, sizeof *host);
    if (!host)
        return NULL;
    host->events = options->events;
    host->context = options->context;
    host->control = host->keeper = host->wake = host->pipes[0] = host->pipes[1] = -1;
    pthread_mutex_init(&host->stop.lock, NULL);
    pthread_mutex_init(&host->reading, NULL);
    pthread_cond_init(&host->idle, NULL);
    host->folder = spool_make_folder();
    host->output = output_create(&(output_options){.emit = on_output, .context = host,
                                                   .rate = options->stream_rate,
                                                   .folder = host->folder});
    return host;
}

host_t *host_start(const host_options *options, char *error, size_t error_size)
{
    char path[4200], ignored[8];
    if (!error) {
        error = ignored;
        error_size = sizeof ignored;
    }
    if (find_worker(options, path, sizeof path) < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    allow_descriptors();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* should the zygote be killed, its orphans come to us */
    host_t *host = create(options);
    worker_ends w = {-1, -1, -1, -1};
    if (!host || !host->output || open_channels(host, &w) < 0) {
        snprintf(error, error_size, "no memory or descriptors for a session");
        host_stop(host);
        return NULL;
    }
    int trouble = spawn(host, path, &w);
    close_one(w.control);
    close_one(w.keeper);
    close_one(w.out);
    close_one(w.err);
    if (trouble)
        snprintf(error, error_size, "%s: %s", path, strerror(trouble));
    else if (await_start(host, error, error_size) == 0 && pump_start(host) == 0)
        return host;
    host_stop(host);
    return NULL;
}

void host_set_events(host_t *host, const host_events *events, void *context)
{
    pump_pause(host);
    host->events = *events;
    host->context = context;
    pump_resume(host);
}

/* The zygote ends all others when our end of its socket closes. */
static void end_zygote(pid_t zygote)
{
    for (int64_t deadline = host_now() + STOP_TIMEOUT;;) {
        pid_t got = waitpid(zygote, NULL, WNOHANG);
        if (got == zygote || (got < 0 && errno != EINTR))
            return;
        if (host_now() > deadline)
            kill(zygote, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
}

void host_stop(host_t *host)
{
    if (!host)
        return;
    pump_stop(host);
    if (host->keeper >= 0)
        channel_send(host->keeper, MSG_END, NULL);
    close_one(host->control);
    close_one(host->keeper);
    if (host->zygote > 0)
        end_zygote(host->zygote);
    if (host->gone)
        orphans_end();
    if (host->output && host->pipes[0] >= 0 && host->pipes[1] >= 0) {
        pump_drain(host);
        output_flush(host->output, host_now());
    }
    close_one(host->wake);
    close_one(host->pipes[0]);
    close_one(host->pipes[1]);
    output_free(host->output);
    if (host->folder)
        folder_remove(host->folder);
    free(host->folder);
    fault_clear(host);
    pthread_mutex_destroy(&host->stop.lock);
    pthread_mutex_destroy(&host->reading);
    pthread_cond_destroy(&host->idle);
    free(host->language_version);
    free(host);
}

void host_abandon(host_t *host)
{
    if (host->folder)
        folder_remove(host->folder);
}

const char *host_language_version(const host_t *host)
{
    return host->language_version;
}
