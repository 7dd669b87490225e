/* See one request through: messages, output, Stop, and deaths of the worker. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host_internal.h"
#include "orphans.h"

#define PARTS_MAX 64

void request_begin(host_t *host, request *r, uint32_t kind)
{
    *r = (request){.kind = kind, .serial = ++host->serial};
    wire_put_u64(&r->body, r->serial);
}

void request_free(request *r)
{
    wire_buf_free(&r->body);
    message_free(&r->answer);
}

static void set_gone(host_t *host, const char *why)
{
    if (!host->gone)
        snprintf(host->why_gone, sizeof host->why_gone, "%s", why);
    host->gone = true;
}

/* --- the zygote ------------------------------------------------------------------------- */

static void read_keeper(host_t *host)
{
    message m;
    for (;;) {
        int got = channel_receive(host->keeper, &m, false);
        if (got == 0 && !host->gone)
            orphans_end();
        if (got == 0)
            set_gone(host, "the session's processes are gone: restart the kernel");
        if (got == 0 || (got < 0 && errno != EBADMSG && errno != EINTR))
            return;
        if (got < 0)
            continue;
        wire_reader r = message_reader(&m);
        if (m.kind == MSG_DEATH)
            death_note(host, &m);
        else if (m.kind == MSG_NO_START)
            set_gone(host, wire_get_string(&r));
        else if (m.kind == MSG_REACHED)
            stop_reached(host);
        message_free(&m);
    }
}

/* A Stop belongs to the cell that ran when it came. If that one has ended meanwhile, its signal
   must be over before the next begins. */
static void let_stop_pass(host_t *host)
{
    while (!host->gone && stop_is_on_the_way(host)) {
        struct pollfd p = {.fd = host->keeper, .events = POLLIN};
        poll(&p, 1, -1);
        read_keeper(host);
    }
}

/* --- the worker's messages -------------------------------------------------------------- */

/* What came before a display or a question in the pipes goes out before it. */
static void bring_output(host_t *host)
{
    pump_drain(host);
    output_flush(host->output, host_now());
}

static bool read_bundle(wire_reader *r, host_part *parts, host_bundle *bundle)
{
    uint32_t count = wire_get_u32(r);
    if (count > PARTS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        parts[i].mime = wire_get_string(r);
        parts[i].data = wire_get_bytes(r, &parts[i].size);
        parts[i].width = (int)wire_get_u32(r);
        parts[i].height = (int)wire_get_u32(r);
    }
    *bundle = (host_bundle){.parts = parts, .count = count};
    return !r->bad;
}

static void show_display(host_t *host, const request *q, const message *m)
{
    wire_reader r = message_reader(m);
    uint64_t id = wire_get_u32(&r);
    bool update = wire_get_u32(&r) != 0;
    host_part parts[PARTS_MAX];
    host_bundle bundle;
    bring_output(host);
    if (read_bundle(&r, parts, &bundle) && host->events.display && !host->silent)
        host->events.display(host->context, &bundle, id ? q->serial << 32 | id : 0, update);
    channel_send(host->control, MSG_ACK, NULL);
}

static void show_result(host_t *host, const message *m)
{
    wire_reader r = message_reader(m);
    host_part parts[PARTS_MAX];
    host_bundle bundle;
    bring_output(host);
    if (read_bundle(&r, parts, &bundle) && host->events.result && !host->silent)
        host->events.result(host->context, &bundle);
}

static void clear_output(host_t *host, const message *m)
{
    wire_reader r = message_reader(m);
    bool wait = wire_get_u32(&r) != 0;
    bring_output(host);
    if (host->events.clear_output && !host->silent)
        host->events.clear_output(host->context, wait);
    channel_send(host->control, MSG_ACK, NULL);
}

static void ask_user(host_t *host, const request *q, const message *m)
{
    wire_reader r = message_reader(m);
    uint64_t ticket = wire_get_u64(&r);
    bool password = wire_get_u32(&r) != 0;
    host_input_status status = HOST_INPUT_NONE;
    char *line = NULL;
    bring_output(host);
    int64_t asked = host_now();
    if (host->events.input && q->allow_stdin)
        status = host->events.input(host->context, output_take_prompt(host->output), password,
                                    &line);
    stop_extend(host, host_now() - asked);
    wire_buf b = {0};
    wire_put_u64(&b, ticket);
    wire_put_u32(&b, status);
    wire_put_string(&b, line);
    channel_send(host->control, MSG_INPUT_REPLY, &b);
    wire_buf_free(&b);
    free(line);
}

static char *copy_unless_empty(const char *text, bool wanted)
{
    return wanted ? strdup(text) : NULL;
}

static void finish_cell(host_t *host, request *q, wire_reader *r)
{
    bool ok = wire_get_u32(r) != 0;
    const char *name = wire_get_string(r), *value = wire_get_string(r);
    const char *trace = wire_get_string(r);
    pump_drain(host);
    char late[200], *told = NULL;
    if (!ok && stop_by_limit(host, late, sizeof late) && strcmp(name, "KeyboardInterrupt") == 0 &&
        asprintf(&told, "%s%s", trace, late) >= 0)
        trace = told;
    *q->reply = (host_reply){.status = ok ? HOST_OK : HOST_ERROR,
                             .ename = copy_unless_empty(name, !ok),
                             .evalue = copy_unless_empty(value, !ok),
                             .traceback = copy_unless_empty(trace, !ok)};
    free(told);
    q->done = true;
}

/* A new worker has announced itself: the old one is dead. */
static void meet_heir(host_t *host, request *q, wire_reader *r)
{
    wire_get_u32(r);
    wire_get_string(r);
    const char *trouble = wire_get_string(r);
    read_keeper(host); /* the report was sent first, on another socket */
    if (*trouble) {
        set_gone(host, trouble);
        return;
    }
    if (q->started) {
        pump_drain(host);
        if (q->reply)
            death_reply(host, q->reply);
        q->done = true;
        return;
    }
    death_between_cells(host);
    channel_send(host->control, q->kind, &q->body);
}

static void handle(host_t *host, request *q, message *m)
{
    wire_reader r = message_reader(m);
    switch (m->kind) {
    case MSG_READY:
        meet_heir(host, q, &r);
        break;
    case MSG_STARTED:
        if (wire_get_u64(&r) == q->serial) {
            q->started = true;
            stop_started(host, wire_get_u32(&r));
        }
        break;
    case MSG_DONE:
        if (q->reply && wire_get_u64(&r) == q->serial)
            finish_cell(host, q, &r);
        break;
    case MSG_SERVICE:
        if (!q->reply && wire_get_u64(&r) == q->serial) {
            q->answer = *m;
            *m = (message){0};
            q->done = true;
        }
        break;
    case MSG_DISPLAY: show_display(host, q, m); break;
    case MSG_RESULT: show_result(host, m); break;
    case MSG_CLEAR_OUTPUT: clear_output(host, m); break;
    case MSG_INPUT: ask_user(host, q, m); break;
    case MSG_FAULT: fault_note(host, m); break;
    case MSG_OUTPUT_LIMIT:
        output_set_head(host->output, wire_get_u64(&r));
        break;
    default:
        break;
    }
}

/* --- the loop --------------------------------------------------------------------------- */

static int shorter(int64_t a, int64_t b)
{
    int64_t t = a < 0 ? b : b < 0 || a < b ? a : b;
    return t < 0 ? -1 : t > 60000 ? 60000 : (int)t;
}

static void step(host_t *host, request *q)
{
    int64_t stop = stop_tick(host);
    int64_t due = output_due(host->output, host_now());
    bool full = output_is_full(host->output);
    struct pollfd fds[5] = {{.fd = host->keeper, .events = POLLIN},
                            {.fd = host->control, .events = POLLIN},
                            {.fd = full ? -1 : host->pipes[0], .events = POLLIN},
                            {.fd = full ? -1 : host->pipes[1], .events = POLLIN},
                            {.fd = host->wake, .events = POLLIN}};
    poll(fds, 5, shorter(stop, due));
    uint64_t ignored;
    while (fds[4].revents && read(host->wake, &ignored, sizeof ignored) < 0 && errno == EINTR)
        continue;
    if (fds[0].revents)
        read_keeper(host);
    if (fds[2].revents || fds[3].revents)
        pump_read(host);
    output_tick(host->output, host_now());
    message m;
    if (fds[1].revents && channel_receive(host->control, &m, false) > 0) {
        handle(host, q, &m);
        message_free(&m);
    }
}

/* Under a rate the end of a flood takes its time; a Stop ends the waiting. */
static void let_output_out(host_t *host)
{
    for (int64_t due; (due = output_due(host->output, host_now())) >= 0;) {
        struct pollfd p = {.fd = host->wake, .events = POLLIN};
        poll(&p, 1, (int)due);
        output_tick(host->output, host_now());
    }
}

int request_run(host_t *host, request *q)
{
    pump_pause(host);
    read_keeper(host);
    let_stop_pass(host);
    if (q->reply) {
        output_flush(host->output, host_now());
        output_begin(host->output, host->number);
        stop_begin(host);
    }
    if (!host->gone && channel_send(host->control, q->kind, &q->body) < 0)
        set_gone(host, errno == EINVAL ? "no memory for the request" : strerror(errno));
    while (!q->done && !host->gone)
        step(host, q);
    if (q->reply) {
        stop_end(host);
        output_end(host->output, host_now());
        let_output_out(host);
    }
    pump_resume(host);
    return q->done ? 0 : -1;
}
