/* Reading the worker's pipes: by the caller while a request runs, else by a thread. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "host_internal.h"

#define DRAIN_MAX (4u << 20)

/* Read once from one pipe. Returns the number of bytes. */
static size_t read_one(host_t *host, int which)
{
    char data[65536];
    ssize_t n;
    do
        n = read(host->pipes[which], data, sizeof data);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return 0;
    output_put(host->output, which + 1, data, (size_t)n, host_now());
    return (size_t)n;
}

bool pump_read(host_t *host)
{
    bool any = read_one(host, 0) > 0;
    return read_one(host, 1) > 0 || any;
}

void pump_drain(host_t *host)
{
    for (size_t total = 0; total < DRAIN_MAX;) {
        size_t n = read_one(host, 0) + read_one(host, 1);
        if (n == 0)
            break;
        total += n;
    }
}

static void *run(void *argument)
{
    host_t *host = argument;
    pthread_mutex_lock(&host->reading);
    while (!host->pump_ends) {
        if (host->busy) {
            pthread_cond_wait(&host->idle, &host->reading);
            continue;
        }
        int64_t due = output_due(host->output, host_now());
        bool full = output_is_full(host->output);
        pthread_mutex_unlock(&host->reading);
        struct pollfd fds[3] = {{.fd = full ? -1 : host->pipes[0], .events = POLLIN},
                                {.fd = full ? -1 : host->pipes[1], .events = POLLIN},
                                {.fd = host->wake, .events = POLLIN}};
        poll(fds, 3, due < 0 ? -1 : (int)due);
        bool hung_up = (fds[0].revents & POLLHUP) && (fds[1].revents & POLLHUP) &&
                       !(fds[0].revents & POLLIN) && !(fds[1].revents & POLLIN);
        pthread_mutex_lock(&host->reading);
        if (host->busy || host->pump_ends)
            continue;
        if (hung_up) { /* every process is gone: nothing will ever come */
            output_flush(host->output, host_now());
            pthread_cond_wait(&host->idle, &host->reading);
            continue;
        }
        if ((fds[0].revents | fds[1].revents) & POLLIN)
            pump_read(host);
        output_tick(host->output, host_now());
    }
    pthread_mutex_unlock(&host->reading);
    return NULL;
}

int pump_start(host_t *host)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    host->pump_runs = pthread_create(&host->pump, NULL, run, host) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return host->pump_runs ? 0 : -1;
}

static void poke(host_t *host)
{
    uint64_t one = 1;
    ssize_t ignored = write(host->wake, &one, sizeof one);
    (void)ignored;
}

void pump_stop(host_t *host)
{
    if (!host->pump_runs)
        return;
    pthread_mutex_lock(&host->reading);
    host->pump_ends = true;
    pthread_cond_broadcast(&host->idle);
    pthread_mutex_unlock(&host->reading);
    poke(host);
    pthread_join(host->pump, NULL);
    host->pump_runs = false;
}

void pump_pause(host_t *host)
{
    pthread_mutex_lock(&host->reading);
    host->busy = true;
    pthread_mutex_unlock(&host->reading);
}

void pump_resume(host_t *host)
{
    pthread_mutex_lock(&host->reading);
    host->busy = false;
    pthread_cond_broadcast(&host->idle);
    pthread_mutex_unlock(&host->reading);
}
