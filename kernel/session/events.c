#include "events.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "messages.h"
#include "nb/host.h"
#include "run.h"

static pid_t session_process;
static bool silent_cell, stdin_allowed_cell;
/* Displays may come from any thread; each waits for its own answer. */
static pthread_mutex_t talking = PTHREAD_MUTEX_INITIALIZER;

void events_adopt(void)
{
    session_process = getpid();
}

bool events_is_session(void)
{
    return getpid() == session_process;
}

void events_begin_cell(bool silent, bool stdin_allowed)
{
    silent_cell = silent;
    stdin_allowed_cell = stdin_allowed;
}

/* Wait for a message of KIND; others are of no use any more and dropped. EINTR ends the wait only
   if STOPPABLE. Returns false then. */
static bool await(uint32_t kind, uint64_t ticket, bool stoppable, message *m)
{
    for (;;) {
        int got = channel_receive(FD_CONTROL, m, true);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EBADMSG))
            _exit(70); /* the front is gone, or the cell closed our socket */
        if (got < 0 && errno == EINTR && stoppable)
            return false;
        if (got < 0)
            continue;
        wire_reader r = message_reader(m);
        if (m->kind == kind && (ticket == 0 || wire_get_u64(&r) == ticket))
            return true;
        message_free(m);
    }
}

static void send_and_wait(uint32_t kind, const wire_buf *body)
{
    message m;
    fflush(stdout);
    pthread_mutex_lock(&talking);
    if (channel_send(FD_CONTROL, kind, body) == 0 && await(MSG_ACK, 0, false, &m))
        message_free(&m);
    pthread_mutex_unlock(&talking);
}

static void put_part(wire_buf *b, const char *mime, const void *data, size_t size, int width,
                     int height)
{
    wire_put_string(b, mime);
    wire_put_bytes(b, data, size);
    wire_put_u32(b, (uint32_t)width);
    wire_put_u32(b, (uint32_t)height);
}

static void on_display(void *self, const nb_bundle *bundle, unsigned id, int update)
{
    (void)self;
    if (silent_cell || !events_is_session())
        return;
    wire_buf b = {0};
    wire_put_u32(&b, id);
    wire_put_u32(&b, update != 0);
    wire_put_u32(&b, (uint32_t)bundle->count);
    for (size_t i = 0; i < bundle->count; i++) {
        const nb_part *p = &bundle->parts[i];
        put_part(&b, p->mime, p->data, p->size, p->width, p->height);
    }
    send_and_wait(MSG_DISPLAY, &b);
    wire_buf_free(&b);
}

static void on_clear_output(void *self, int wait)
{
    (void)self;
    if (silent_cell || !events_is_session())
        return;
    wire_buf b = {0};
    wire_put_u32(&b, wait != 0);
    send_and_wait(MSG_CLEAR_OUTPUT, &b);
    wire_buf_free(&b);
}

static int on_interrupted(void *self)
{
    (void)self;
    return run_interrupted();
}

static int on_silent(void *self)
{
    (void)self;
    return silent_cell;
}

static void on_raise(void *self, const char *name, const char *message)
{
    (void)self;
    run_raise(name, message);
}

void events_install(void)
{
    nb_host_set(&(nb_host){.display = on_display, .clear_output = on_clear_output,
                           .interrupted = on_interrupted, .silent = on_silent,
                           .raise = on_raise});
}

void events_result(const char *text, size_t size)
{
    wire_buf b = {0};
    wire_put_u32(&b, 1);
    put_part(&b, "text/plain", text, size, 0, 0);
    channel_send(FD_CONTROL, MSG_RESULT, &b);
    wire_buf_free(&b);
}

/* Append a text field to a fixed buffer, cut to what is left for it. */
static size_t put_fixed(char *out, size_t at, size_t limit, const char *text)
{
    size_t size = strlen(text), room = limit - at - 5;
    if (size > room)
        size = room;
    uint32_t length = (uint32_t)size;
    memcpy(out + at, &length, 4); /* x86-64: little-endian, as the wire */
    memcpy(out + at + 4, text, size);
    out[at + 4 + size] = '\0';
    return at + 5 + size;
}

void events_died(void *context, const char *name, const char *message, const char *trace)
{
    (void)context;
    static char body[20480];
    if (!events_is_session())
        return;
    size_t at = put_fixed(body, 0, 128, name);
    at = put_fixed(body, at, at + 5 + 8192, message);
    at = put_fixed(body, at, sizeof body, trace);
    channel_send_raw(FD_CONTROL, MSG_FAULT, body, at);
}

/* A number that no earlier question has had, not even one that a roll-back has forgotten. */
static uint64_t new_ticket(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

events_input events_ask(bool password, char **line)
{
    *line = NULL;
    if (!stdin_allowed_cell || !events_is_session())
        return EVENTS_NO_STDIN;
    uint64_t ticket = new_ticket();
    wire_buf b = {0};
    wire_put_u64(&b, ticket);
    wire_put_u32(&b, password);
    fflush(stdout);
    pthread_mutex_lock(&talking);
    message m = {0};
    bool answered = channel_send(FD_CONTROL, MSG_INPUT, &b) == 0 &&
                    await(MSG_INPUT_REPLY, ticket, true, &m);
    pthread_mutex_unlock(&talking);
    wire_buf_free(&b);
    if (!answered)
        return EVENTS_INTERRUPTED;
    wire_reader r = message_reader(&m);
    wire_get_u64(&r);
    events_input status = (events_input)wire_get_u32(&r);
    const char *text = wire_get_string(&r);
    if (r.bad || status > EVENTS_INTERRUPTED)
        status = EVENTS_EOF;
    if (status == EVENTS_LINE) {
        *line = strdup(text);
        if (!*line)
            status = EVENTS_EOF;
    }
    message_free(&m);
    if (status == EVENTS_INTERRUPTED)
        run_expect_interrupt(); /* the signal may come when the cell is over */
    return status;
}
