/*
 * xtinycc-cells: run golden transcripts (NAME.c with NAME.expect beside it) through the host.
 *
 *     xtinycc-cells NAME.c ...
 *
 * Each runs in a session of its own, all cells in order. Every expectation that fails is told in a
 * line, with what came instead. Exit status: 0 all as expected, 1 something was not, 2 a file is
 * unreadable or no session could be started.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cells.h"
#include "expect.h"
#include "host.h"
#include "wire.h"

#define TIME_LIMIT 10.0 /* s, of a cell that names none */
#define INTERRUPTS_MAX 4 /* of a cell */

/* What a cell brought. */
typedef struct outcome {
    wire_buf stream[3]; /* by descriptor: 1 and 2 */
    wire_buf result;
    int result_count;
    host_reply reply;
    double seconds;
} outcome;

typedef struct golden {
    host_t *host;
    const char *name;
    int number;             /* of the cell that runs */
    const expect_cell *cell; /* its expectations; NULL while a state is asked for */
    size_t next_answer;      /* index of the line from which answers are looked for */
    outcome outcome;
    int failures;
    /* The thread that interrupts. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    double interrupt_at[INTERRUPTS_MAX]; /* s on the monotonic clock, ascending; 0: never */
} golden;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- events ----------------------------------------------------------------------------- */

static void on_stream(void *context, int fd, const char *text, size_t size, int number)
{
    (void)number;
    golden *g = context;
    wire_put_raw(&g->outcome.stream[fd == 2 ? 2 : 1], text, size);
}

static void on_result(void *context, const host_bundle *bundle)
{
    golden *g = context;
    g->outcome.result_count++;
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, "text/plain") == 0)
            wire_put_raw(&g->outcome.result, bundle->parts[i].data, bundle->parts[i].size);
}

static host_input_status on_input(void *context, const char *prompt, bool password, char **line)
{
    (void)prompt, (void)password;
    golden *g = context;
    while (g->cell && g->next_answer < g->cell->count) {
        const expect_line *l = &g->cell->lines[g->next_answer++];
        if (l->kind == EXPECT_STDIN) {
            *line = strdup(l->text);
            return *line ? HOST_INPUT_LINE : HOST_INPUT_EOF;
        }
    }
    return HOST_INPUT_EOF;
}

/* --- interrupts ------------------------------------------------------------------------- */

/* Forget the first of the times. */
static void next_interrupt(golden *g)
{
    memmove(&g->interrupt_at[0], &g->interrupt_at[1], sizeof g->interrupt_at - sizeof(double));
    g->interrupt_at[INTERRUPTS_MAX - 1] = 0;
}

static void *interrupt_cells(void *context)
{
    golden *g = context;
    pthread_mutex_lock(&g->lock);
    for (;;) {
        double at = g->interrupt_at[0];
        if (at == 0) {
            pthread_cond_wait(&g->changed, &g->lock);
            continue;
        }
        struct timespec until = {.tv_sec = (time_t)at,
                                 .tv_nsec = (long)((at - (double)(time_t)at) * 1e9)};
        if (pthread_cond_timedwait(&g->changed, &g->lock, &until) == ETIMEDOUT &&
            g->interrupt_at[0] == at) {
            next_interrupt(g);
            host_interrupt(g->host);
        }
    }
    return NULL;
}

/* Set the times that the cell's expectations name; none for NULL. */
static void set_interrupts(golden *g, const expect_cell *cell, double began)
{
    pthread_mutex_lock(&g->lock);
    memset(g->interrupt_at, 0, sizeof g->interrupt_at);
    for (size_t i = 0, count = 0; cell && i < cell->count && count < INTERRUPTS_MAX; i++)
        if (cell->lines[i].kind == EXPECT_INTERRUPT_AFTER)
            g->interrupt_at[count++] = began + cell->lines[i].seconds;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

/* --- checks ----------------------------------------------------------------------------- */

static void fail(golden *g, const expect_line *line, const char *format, ...)
{
    va_list arguments;
    g->failures++;
    printf("%s: cell %d", g->name, g->number);
    if (line)
        printf(", line %d of the expectations", line->line);
    printf(": ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static void remove_colours(wire_buf *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->size; i++) {
        if (b->data[i] == '\033' && i + 1 < b->size && b->data[i + 1] == '[') {
            i += 2;
            while (i < b->size && (b->data[i] < '@' || b->data[i] > '~'))
                i++;
            continue;
        }
        b->data[kept++] = b->data[i];
    }
    b->size = kept;
}

static bool equals(const wire_buf *b, const expect_line *l)
{
    return b->size == l->size && (l->size == 0 || memcmp(b->data, l->text, l->size) == 0);
}

static bool contains(const wire_buf *b, const expect_line *l)
{
    return l->size == 0 || (b->size > 0 && memmem(b->data, b->size, l->text, l->size));
}

static bool starts(const wire_buf *b, const expect_line *l)
{
    return b->size >= l->size && (l->size == 0 || memcmp(b->data, l->text, l->size) == 0);
}

static void check_text(golden *g, const expect_line *l, const wire_buf *got, bool good,
                       const char *how)
{
    if (!good)
        fail(g, l, "expected %s \"%s\", got \"%.*s\"", how, l->text, (int)got->size,
             got->data ? got->data : "");
}

static void check_state(golden *g, const expect_line *l)
{
    wire_buf code = {0};
    wire_put_raw(&code, "(", 1);
    wire_put_raw(&code, l->text, l->size);
    wire_put_raw(&code, ") != 0", 6);
    outcome of_cell = g->outcome;
    g->outcome = (outcome){0};
    g->cell = NULL;
    host_evaluate(g->host, code.data, code.size, &g->outcome.reply);
    outcome *o = &g->outcome;
    if (o->reply.status != HOST_OK)
        fail(g, l, "%s cannot be told: %s: %s", l->text, o->reply.ename, o->reply.evalue);
    else if (o->result_count != 1 || o->result.size != 1 || o->result.data[0] != '1')
        fail(g, l, "%s is not so: (%s) != 0 gives \"%.*s\"", l->text, l->text,
             (int)o->result.size, o->result.data ? o->result.data : "");
    host_reply_free(&o->reply);
    wire_buf_free(&o->result);
    wire_buf_free(&o->stream[1]);
    wire_buf_free(&o->stream[2]);
    wire_buf_free(&code);
    g->outcome = of_cell;
}

static void check_line(golden *g, const expect_line *l, const wire_buf *error,
                       const wire_buf *anything)
{
    const outcome *o = &g->outcome;
    const wire_buf *out = &o->stream[1], *err = &o->stream[2];
    switch (l->kind) {
    case EXPECT_STDOUT:
        check_text(g, l, out, equals(out, l), "stdout");
        break;
    case EXPECT_STDERR:
        check_text(g, l, err, equals(err, l), "stderr");
        break;
    case EXPECT_STDOUT_CONTAINS:
        check_text(g, l, out, contains(out, l), "in stdout");
        break;
    case EXPECT_STDOUT_STARTS:
        check_text(g, l, out, starts(out, l), "stdout to start with");
        break;
    case EXPECT_RESULT:
        check_text(g, l, &o->result, o->result_count == 1 && equals(&o->result, l), "the result");
        break;
    case EXPECT_NO_RESULT:
        if (o->result_count > 0)
            fail(g, l, "expected no result, got \"%.*s\"", (int)o->result.size, o->result.data);
        break;
    case EXPECT_ERROR_CONTAINS:
        check_text(g, l, error, contains(error, l), "in the error");
        break;
    case EXPECT_ANYWHERE:
        check_text(g, l, anything, contains(anything, l), "in the output or the error");
        break;
    default:
        break;
    }
}

/* Status and name of the error first: they explain what else is wrong. */
static void check_status(golden *g, const expect_cell *cell)
{
    const host_reply *r = &g->outcome.reply;
    const expect_line *error = NULL;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->lines[i].kind == EXPECT_ERROR)
            error = &cell->lines[i];
    if (!error && r->status != HOST_OK)
        fail(g, NULL, "expected no error, got %s", r->traceback ? r->traceback : r->ename);
    else if (error && r->status == HOST_OK)
        fail(g, error, "expected the error %s, got none", error->text);
    else if (error && strcmp(r->ename, error->text) != 0)
        fail(g, error, "expected the error %s, got %s", error->text,
             r->traceback ? r->traceback : r->ename);
}

/* A cell goes to the system compiler only where the transcript says so, and why. */
static void check_compiler(golden *g, const expect_cell *cell)
{
    static const char note[] = "compiled by ";
    const wire_buf *err = &g->outcome.stream[2];
    const char *at = err->size ? memmem(err->data, err->size, note, strlen(note)) : NULL;
    const char *line_end = at ? memchr(at, '\n', (size_t)(err->data + err->size - at)) : NULL;
    size_t size = at ? (size_t)((line_end ? line_end : err->data + err->size) - at) : 0;
    const expect_line *wanted = NULL;
    for (size_t i = 0; i < cell->count; i++)
        if (cell->lines[i].kind == EXPECT_SYSTEM)
            wanted = &cell->lines[i];
    if (at && !wanted)
        fail(g, NULL, "went to the system compiler, which is not expected: %.*s", (int)size, at);
    else if (wanted && (!at || !memmem(at, size, wanted->text, wanted->size)))
        fail(g, wanted, "expected to go to the system compiler because \"%s\", got \"%.*s\"",
             wanted->text, (int)size, at ? at : "");
}

static void check_cell(golden *g, const expect_cell *cell)
{
    wire_buf error = {0}, anything = {0};
    outcome *o = &g->outcome;
    double limit = TIME_LIMIT;
    check_status(g, cell);
    check_compiler(g, cell);
    if (o->reply.evalue)
        wire_put_raw(&error, o->reply.evalue, strlen(o->reply.evalue));
    wire_put_raw(&error, "\n", 1);
    if (o->reply.traceback)
        wire_put_raw(&error, o->reply.traceback, strlen(o->reply.traceback));
    wire_put_raw(&anything, o->stream[1].data, o->stream[1].size);
    wire_put_raw(&anything, "\n", 1);
    wire_put_raw(&anything, o->stream[2].data, o->stream[2].size);
    wire_put_raw(&anything, error.data, error.size);
    remove_colours(&error);
    remove_colours(&anything);
    for (size_t i = 0; i < cell->count; i++) {
        check_line(g, &cell->lines[i], &error, &anything);
        if (cell->lines[i].kind == EXPECT_TIME_LIMIT)
            limit = cell->lines[i].seconds;
    }
    if (o->seconds > limit)
        fail(g, NULL, "took %.1f s, at most %.1f s were expected", o->seconds, limit);
    for (size_t i = 0; i < cell->count; i++)
        if (cell->lines[i].kind == EXPECT_STATE)
            check_state(g, &cell->lines[i]);
    wire_buf_free(&error);
    wire_buf_free(&anything);
}

/* --- transcripts ------------------------------------------------------------------------ */

static bool has(const expect_cell *cell, expect_kind kind)
{
    for (size_t i = 0; i < cell->count; i++)
        if (cell->lines[i].kind == kind)
            return true;
    return false;
}

/* Returns false if the session is gone. */
static bool run_cell(golden *g, const cell_text *text, const expect_cell *cell)
{
    g->outcome = (outcome){0};
    g->cell = cell;
    g->next_answer = 0;
    double began = now();
    set_interrupts(g, cell, began);
    host_execute_options options = {.number = g->number, .allow_stdin = has(cell, EXPECT_STDIN)};
    bool lives = host_execute(g->host, text->text, text->size, &options, &g->outcome.reply) == 0;
    g->outcome.seconds = now() - began;
    set_interrupts(g, NULL, 0);
    if (lives)
        check_cell(g, cell);
    else
        fail(g, NULL, "the session is gone: %s", g->outcome.reply.evalue);
    host_reply_free(&g->outcome.reply);
    wire_buf_free(&g->outcome.result);
    wire_buf_free(&g->outcome.stream[1]);
    wire_buf_free(&g->outcome.stream[2]);
    return lives;
}

static int read_transcript(const char *path, cell_list *cells, expect_file *expected)
{
    char beside[4096], error[200];
    size_t length = strlen(path), size;
    if (length < 3 || length > 4000 || strcmp(path + length - 2, ".c") != 0) {
        printf("%s: not the name of a transcript (NAME.c)\n", path);
        return -1;
    }
    snprintf(beside, sizeof beside, "%.*s.expect", (int)length - 2, path);
    if (cells_read(path, cells) < 0) {
        printf("%s: %s\n", path, strerror(errno));
        return -1;
    }
    char *text = file_read(beside, &size);
    if (!text)
        printf("%s: %s\n", beside, strerror(errno));
    else if (expect_parse(text, size, expected, error, sizeof error) < 0)
        printf("%s: %s\n", beside, error);
    else if (cells->count == expected->count) {
        free(text);
        return 0;
    } else
        printf("%s: %zu cells, but %zu are expected\n", path, cells->count, expected->count);
    free(text);
    cells_free(cells);
    expect_free(expected);
    return -1;
}

/* Returns the number of failures, -1 if the transcript could not be run. */
static int run_transcript(golden *g, const char *path)
{
    cell_list cells;
    expect_file expected = {0};
    char error[512];
    if (read_transcript(path, &cells, &expected) < 0)
        return -1;
    const char *slash = strrchr(path, '/');
    g->name = slash ? slash + 1 : path;
    g->failures = 0;
    int result = -1;
    host_options options = {
        .events = {.stream = on_stream, .result = on_result, .input = on_input}, .context = g};
    g->host = host_start(&options, error, sizeof error);
    if (!g->host) {
        printf("%s: no session: %s\n", g->name, error);
    } else {
        for (size_t i = 0; i < cells.count; i++) {
            g->number = (int)i + 1;
            if (!run_cell(g, &cells.cells[i], &expected.cells[i]))
                break;
        }
        result = g->failures;
    }
    host_stop(g->host);
    g->host = NULL;
    cells_free(&cells);
    expect_free(&expected);
    return result;
}

static int start_interrupts(golden *g)
{
    pthread_condattr_t attributes;
    pthread_t thread;
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return pthread_create(&thread, NULL, interrupt_cells, g) == 0 ? pthread_detach(thread) : -1;
}

int main(int argc, char **argv)
{
    static golden g;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (argc < 2) {
        fprintf(stderr, "usage: xtinycc-cells NAME.c ...   (NAME.expect lies beside it)\n");
        return 2;
    }
    if (start_interrupts(&g) < 0)
        return 2;
    int status = 0;
    for (int i = 1; i < argc; i++) {
        int failures = run_transcript(&g, argv[i]);
        if (failures == 0)
            printf("%s: as expected\n", g.name);
        if (failures != 0 && status != 2)
            status = failures < 0 ? 2 : 1;
    }
    return status;
}
