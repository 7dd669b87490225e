/* Stop: forward it once, say how to escalate, kill a worker that does not answer. */
#include <stdio.h>
#include <unistd.h>

#include "host_internal.h"

#define ESCALATE_AFTER 1000 /* ms: a further Stop kills from here on */
#define KILL_AFTER 10000    /* ms: without a further Stop */

void stop_begin(host_t *host)
{
    stop_state *s = &host->stop;
    pthread_mutex_lock(&s->lock);
    s->running = true;
    s->serial = host->serial;
    s->started = s->sent = s->hinted = s->killed = s->by_limit = false;
    s->first = s->limit = s->over = 0;
    pthread_mutex_unlock(&s->lock);
}

void stop_end(host_t *host)
{
    pthread_mutex_lock(&host->stop.lock);
    host->stop.running = false;
    pthread_mutex_unlock(&host->stop.lock);
}

void stop_reached(host_t *host)
{
    pthread_mutex_lock(&host->stop.lock);
    host->stop.on_the_way--;
    pthread_mutex_unlock(&host->stop.lock);
}

bool stop_is_on_the_way(host_t *host)
{
    pthread_mutex_lock(&host->stop.lock);
    bool is = host->stop.on_the_way > 0;
    pthread_mutex_unlock(&host->stop.lock);
    return is;
}

static void ask_keeper(host_t *host, uint32_t kind)
{
    wire_buf cell = {0};
    wire_put_u64(&cell, host->stop.serial);
    if (channel_send(host->keeper, kind, &cell) == 0)
        host->stop.on_the_way++;
    wire_buf_free(&cell);
}

static void kill_worker(host_t *host)
{
    if (!host->stop.killed)
        ask_keeper(host, MSG_KILL);
    host->stop.killed = true;
}

static void send_once(host_t *host)
{
    if (host->stop.started && !host->stop.sent) {
        ask_keeper(host, MSG_INTERRUPT);
        host->stop.sent = true;
    }
}

void stop_started(host_t *host, int64_t limit)
{
    stop_state *s = &host->stop;
    pthread_mutex_lock(&s->lock);
    s->started = true;
    s->limit = limit;
    s->over = host_now() + limit;
    if (s->first)
        send_once(host);
    pthread_mutex_unlock(&s->lock);
}

void host_interrupt(host_t *host)
{
    stop_state *s = &host->stop;
    pthread_mutex_lock(&s->lock);
    if (s->running) {
        int64_t now = host_now();
        if (!s->first) {
            s->first = now;
            send_once(host);
        } else if (now - s->first >= ESCALATE_AFTER) {
            kill_worker(host);
        }
        uint64_t one = 1;
        ssize_t ignored = write(host->wake, &one, sizeof one);
        (void)ignored;
    }
    pthread_mutex_unlock(&s->lock);
}

void stop_extend(host_t *host, int64_t milliseconds)
{
    pthread_mutex_lock(&host->stop.lock);
    host->stop.over += milliseconds;
    pthread_mutex_unlock(&host->stop.lock);
}

bool stop_by_limit(host_t *host, char *out, size_t size)
{
    const stop_state *s = &host->stop;
    snprintf(out, size, "\n\033[2mThe limit of %g s a cell is over: %%limit time off lifts it."
             "\033[0m", (double)s->limit / 1000);
    return s->by_limit;
}

int64_t stop_tick(host_t *host)
{
    stop_state *s = &host->stop;
    int64_t next = -1;
    bool hint = false;
    pthread_mutex_lock(&s->lock);
    if (s->running && s->limit && !s->first) {
        int64_t now = host_now();
        next = s->over - now;
        if (next <= 0) {
            s->by_limit = true;
            s->first = now;
            send_once(host);
        }
    }
    if (s->running && s->first && !s->killed) {
        int64_t waited = host_now() - s->first;
        if (waited >= KILL_AFTER) {
            kill_worker(host);
        } else if (waited >= ESCALATE_AFTER) {
            hint = !s->hinted;
            s->hinted = true;
            next = KILL_AFTER - waited;
        } else {
            next = ESCALATE_AFTER - waited;
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (hint)
        host_say(host, "inside a library call; interrupt again to kill the cell and return to "
                       "the state before it");
    return next;
}
