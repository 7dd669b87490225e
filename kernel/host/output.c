#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pieces.h"
#include "utf8.h"

#define INTERVAL 50           /* ms between calls */
#define CALL_MAX (256u << 10) /* bytes a call */
#define WAITING_MAX (8u << 20)
#define SPOOL_FROM (1u << 20) /* what is printed up to here (or the cut) needs no file */
#define PROMPT_MAX 4096

struct output {
    output_options options;
    int number;
    utf8_state utf8[2];
    pieces waiting; /* repaired, to be shown */
    pieces tail;    /* repaired, beyond the head: the end of it is shown when the cell ends */
    uint64_t printed; /* bytes of this cell */
    int64_t last_call;
    double allowance; /* bytes that the rate lets through now */
    int64_t allowance_at;
    char prompt[PROMPT_MAX + 1];
    size_t prompt_size;
    /* spool */
    wire_buf start; /* what was printed, until a file is needed */
    int spool;
    bool spool_failed;
    char spool_path[4200];
};

output_t *output_create(const output_options *options)
{
    output_t *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->options = *options;
    if (!o->options.head)
        o->options.head = 4u << 20;
    if (!o->options.tail)
        o->options.tail = 64u << 10;
    o->spool = -1;
    o->last_call = INT64_MIN / 2;
    return o;
}

static void end_spool(output_t *o, bool keep)
{
    if (o->spool >= 0) {
        close(o->spool);
        if (!keep)
            unlink(o->spool_path);
    }
    o->spool = -1;
    o->spool_failed = false;
    wire_buf_free(&o->start);
}

void output_free(output_t *o)
{
    if (!o)
        return;
    end_spool(o, true);
    pieces_free(&o->waiting);
    pieces_free(&o->tail);
    free(o);
}

void output_begin(output_t *o, int number)
{
    o->number = number;
    o->printed = 0;
    o->prompt_size = 0;
    o->last_call = INT64_MIN / 2;
    o->allowance = 3.0 * (double)o->options.rate; /* servers count anew for each cell */
    end_spool(o, false);
    pieces_clear(&o->tail);
}

void output_set_head(output_t *o, uint64_t bytes)
{
    o->options.head = bytes ? (size_t)bytes : SIZE_MAX;
}

/* --- spool file ------------------------------------------------------------------------- */

static void spool_write(output_t *o, const char *data, size_t size)
{
    while (size > 0 && !o->spool_failed) {
        ssize_t n = write(o->spool, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            o->spool_failed = true;
            break;
        }
        data += n;
        size -= (size_t)n;
    }
}

static void spool_put(output_t *o, const char *data, size_t size)
{
    if (!o->options.folder || o->options.head == SIZE_MAX || o->spool_failed)
        return;
    size_t from = o->options.head < SPOOL_FROM ? o->options.head : SPOOL_FROM;
    if (o->spool < 0 && o->start.size + size <= from) {
        wire_put_raw(&o->start, data, size);
        return;
    }
    if (o->spool < 0) {
        snprintf(o->spool_path, sizeof o->spool_path, "%s/output-of-cell-%d.txt",
                 o->options.folder, o->number);
        o->spool = open(o->spool_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        o->spool_failed = o->spool < 0;
        spool_write(o, o->start.data, o->start.size);
        wire_buf_free(&o->start);
    }
    spool_write(o, data, size);
}

/* --- what waits ------------------------------------------------------------------------- */

/* Tokens: the rate in the long run, three seconds' worth at once. */
static size_t allowed(output_t *o, int64_t now)
{
    if (!o->options.rate)
        return SIZE_MAX;
    double most = 3.0 * (double)o->options.rate;
    o->allowance += (double)(now - o->allowance_at) * (double)o->options.rate / 1000.0;
    o->allowance_at = now;
    if (o->allowance > most)
        o->allowance = most;
    return o->allowance < 1 ? 0 : (size_t)o->allowance;
}

/* What a byte costs in a message: JSON writes newlines and quotes in two, control characters in
   six. */
static size_t cost_of(unsigned char c)
{
    if (c >= 0x20)
        return c == '"' || c == '\\' ? 2 : 1;
    return c == '\n' || c == '\t' || c == '\r' || c == '\b' || c == '\f' ? 2 : 6;
}

/* How many bytes at the start of TEXT cost at most BUDGET; *COST is what they do cost. */
static size_t affordable(const char *text, size_t size, size_t budget, size_t *cost)
{
    size_t n = 0;
    *cost = 0;
    for (size_t c; n < size && *cost + (c = cost_of((unsigned char)text[n])) <= budget; n++)
        *cost += c;
    return n;
}

static void call(output_t *o, int64_t now, bool all)
{
    size_t budget = all ? SIZE_MAX : allowed(o, now);
    const char *text;
    size_t size;
    int fd;
    while (budget > 0 && (size = pieces_front(&o->waiting, &fd, &text)) > 0) {
        size_t limit = CALL_MAX, cost = 0;
        if (o->options.rate && !all)
            limit = affordable(text, size < limit ? size : limit, budget, &cost);
        size_t n = pieces_cut(text, size, limit);
        if (n == 0)
            break;
        if (o->options.rate) {
            affordable(text, n, SIZE_MAX, &cost);
            o->allowance -= (double)cost;
            budget -= cost < budget ? cost : budget;
        }
        o->options.emit(o->options.context, fd, text, n, o->number);
        pieces_remove(&o->waiting, n);
    }
    pieces_compact(&o->waiting);
    o->last_call = now;
}

bool output_is_full(const output_t *o)
{
    /* Under a rate no more than a second's worth: a Stop shall not be followed by a long rest. */
    size_t most = o->options.rate && o->options.rate < WAITING_MAX ? o->options.rate : WAITING_MAX;
    return o->waiting.size >= most;
}

int64_t output_due(const output_t *o, int64_t now)
{
    if (o->waiting.size == 0)
        return -1;
    int64_t due = o->last_call + INTERVAL;
    return due > now ? due - now : 0;
}

void output_tick(output_t *o, int64_t now)
{
    if (output_due(o, now) == 0)
        call(o, now, false);
}

void output_flush(output_t *o, int64_t now)
{
    if (o->waiting.size)
        call(o, now, true);
}

static void keep_prompt(output_t *o, const char *text, size_t size)
{
    const char *newline = memrchr(text, '\n', size);
    if (newline) {
        o->prompt_size = 0;
        size -= (size_t)(newline + 1 - text);
        text = newline + 1;
    }
    if (size > PROMPT_MAX - o->prompt_size) /* not a prompt that anybody would read */
        size = PROMPT_MAX - o->prompt_size;
    memcpy(o->prompt + o->prompt_size, text, size);
    o->prompt_size += size;
}

const char *output_take_prompt(output_t *o)
{
    o->prompt[o->prompt_size] = '\0';
    o->prompt_size = 0;
    return o->prompt;
}

/* Show or keep for the tail: repaired text. */
static void put_text(output_t *o, int fd, const wire_buf *text)
{
    if (text->size == 0)
        return;
    if (fd == 1)
        keep_prompt(o, text->data, text->size);
    size_t shown = 0;
    if (o->printed < o->options.head) {
        size_t room = o->options.head - (size_t)o->printed;
        shown = pieces_cut(text->data, text->size, room);
        pieces_append(&o->waiting, fd, text->data, shown);
    }
    if (shown < text->size) {
        pieces_append(&o->tail, fd, text->data + shown, text->size - shown);
        pieces_keep_last(&o->tail, o->options.tail);
    }
    o->printed += text->size;
    /* A head that was cut at a line's end must not take up again with a later, shorter text. */
    if (shown < text->size && o->printed < o->options.head)
        o->printed = o->options.head;
}

void output_put(output_t *o, int fd, const char *data, size_t size, int64_t now)
{
    wire_buf text = {0};
    spool_put(o, data, size);
    utf8_repair(&o->utf8[fd == 2], data, size, &text);
    put_text(o, fd, &text);
    wire_buf_free(&text);
    output_tick(o, now);
}

/* The cut, told once, and the tail. */
static void show_tail(output_t *o)
{
    char notice[4400];
    double megabytes = (double)o->printed / (1 << 20);
    int n = snprintf(notice, sizeof notice, "\n\033[2m[%.1f MB printed; the first %.1f MB and the "
                     "last %zu KB are shown; ", megabytes,
                     (double)o->options.head / (1 << 20), o->options.tail >> 10);
    if (o->spool >= 0 && !o->spool_failed)
        n += snprintf(notice + n, sizeof notice - (size_t)n, "all of it: %s; ", o->spool_path);
    else
        n += snprintf(notice + n, sizeof notice - (size_t)n, "no file could hold all of it; ");
    n += snprintf(notice + n, sizeof notice - (size_t)n, "%%output-limit off lifts this]\033[0m\n");
    pieces_append(&o->waiting, 2, notice, (size_t)n);
    const char *text;
    int fd;
    for (size_t size; (size = pieces_front(&o->tail, &fd, &text)) > 0;) {
        pieces_append(&o->waiting, fd, text, size);
        pieces_remove(&o->tail, size);
    }
    pieces_clear(&o->tail);
}

void output_end(output_t *o, int64_t now)
{
    for (int fd = 1; fd <= 2; fd++) {
        wire_buf text = {0};
        utf8_finish(&o->utf8[fd == 2], &text);
        put_text(o, fd, &text);
        wire_buf_free(&text);
    }
    bool cut = o->tail.size > 0;
    if (cut)
        show_tail(o);
    if (o->waiting.size)
        call(o, now, !o->options.rate);
    end_spool(o, cut);
    /* A child that goes on printing has a new head and a new file to itself. */
    o->printed = 0;
}
