#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef bool (*magic_function)(session_t *s, const session_cell *cell, const char *arguments,
                               session_reply *reply);

typedef struct magic {
    const char *name, *usage, *what;
    magic_function run;
} magic;

static bool magic_undo(session_t *s, const session_cell *cell, const char *arguments,
                       session_reply *reply)
{
    (void)cell, (void)arguments;
    const session_means *means = session_get_means(s);
    if (!means->undo(means->context))
        session_fail(reply, "ValueError", "%undo: no snapshot is left to go back to", "");
    return true;
}

static bool magic_reset(session_t *s, const session_cell *cell, const char *arguments,
                        session_reply *reply)
{
    (void)cell, (void)arguments, (void)reply;
    const session_means *means = session_get_means(s);
    means->reset(means->context);
    return true;
}

static bool magic_snapshot(session_t *s, const session_cell *cell, const char *arguments,
                           session_reply *reply)
{
    const session_means *means = session_get_means(s);
    char *end;
    long count = strtol(arguments, &end, 10);
    if (strcmp(arguments, "off") == 0) {
        means->keep_snapshots(means->context, -1);
    } else if (strcmp(arguments, "auto") == 0) {
        means->keep_snapshots(means->context, 0);
    } else if (*arguments && (*end || count < 1 || count > 20)) {
        session_fail(reply, "ValueError",
                     "%snapshot: expected off, auto or a number from 1 to 20", "");
        return true;
    } else if (*arguments) {
        means->keep_snapshots(means->context, (int)count);
    }
    if (!cell->silent) {
        wire_buf line = {0};
        means->describe_snapshots(means->context, &line);
        wire_put_raw(&line, "\n", 1);
        if (!line.bad)
            dprintf(STDOUT_FILENO, "%.*s", (int)line.size, line.data);
        wire_buf_free(&line);
    }
    return true;
}

static bool magic_output_limit(session_t *s, const session_cell *cell, const char *arguments,
                               session_reply *reply)
{
    (void)cell;
    const session_means *means = session_get_means(s);
    char *end;
    double megabytes = strtod(arguments, &end);
    if (strcmp(arguments, "off") == 0)
        means->output_limit(means->context, 0);
    else if (strcmp(arguments, "on") == 0)
        means->output_limit(means->context, 4u << 20);
    else if (*arguments && !*end && megabytes > 0 && megabytes <= 65536)
        means->output_limit(means->context, (uint64_t)(megabytes * (1 << 20)));
    else
        session_fail(reply, "ValueError",
                     "%output-limit: expected off, on (4 MB) or a number of megabytes", "");
    return true;
}

static bool magic_time(session_t *s, const session_cell *cell, const char *arguments,
                       session_reply *reply)
{
    struct timespec began, ended, cpu_began, cpu_ended;
    session_cell timed = *cell;
    timed.code = arguments;
    timed.size = strlen(arguments);
    clock_gettime(CLOCK_MONOTONIC, &began);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_began);
    if (!session_run_text(s, &timed, reply))
        return false;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_ended);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double wall = (double)(ended.tv_sec - began.tv_sec) +
                  (double)(ended.tv_nsec - began.tv_nsec) * 1e-9;
    double cpu = (double)(cpu_ended.tv_sec - cpu_began.tv_sec) +
                 (double)(cpu_ended.tv_nsec - cpu_began.tv_nsec) * 1e-9;
    char line[120];
    snprintf(line, sizeof line, "%.3g s, of which %.3g s of processor time (compiling included)",
             wall, cpu);
    session_note(cell, line);
    return true;
}

static bool magic_list(session_t *s, const session_cell *cell, const char *arguments,
                       session_reply *reply);

static const magic magics[] = {
    {"lsmagic", "%lsmagic", "list the magics", magic_list},
    {"output-limit", "%output-limit off|on|MB", "how much of a cell's output is shown",
     magic_output_limit},
    {"reset", "%reset", "start with an empty session (%undo brings the old one back)",
     magic_reset},
    {"snapshot", "%snapshot [off|auto|N]", "how many states %undo can go back", magic_snapshot},
    {"time", "%time STATEMENT, or %%time on a cell's first line", "tell how long it takes",
     magic_time},
    {"undo", "%undo", "go back to the state before the last cell", magic_undo},
};
#define MAGIC_COUNT (sizeof magics / sizeof magics[0])

static bool magic_list(session_t *s, const session_cell *cell, const char *arguments,
                       session_reply *reply)
{
    (void)s, (void)arguments, (void)reply;
    for (size_t i = 0; i < MAGIC_COUNT && !cell->silent; i++)
        dprintf(STDOUT_FILENO, "%-52s %s\n", magics[i].usage, magics[i].what);
    return true;
}

/* The number of edits between two short names (insert, delete, replace). */
static size_t distance(const char *a, const char *b)
{
    size_t row[32], la = strlen(a), lb = strlen(b);
    if (la > 30 || lb > 30)
        return 99;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[lb];
}

static void fail_unknown(session_reply *reply, const char *name)
{
    char message[400];
    size_t at = (size_t)snprintf(message, sizeof message, "there is no magic %%%.60s", name);
    const char *lead = "; near it: ";
    for (size_t i = 0; i < MAGIC_COUNT && at < 300; i++)
        if (distance(name, magics[i].name) <= 2) {
            at += (size_t)snprintf(message + at, sizeof message - at, "%s%%%s", lead,
                                   magics[i].name);
            lead = ", ";
        }
    snprintf(message + at, sizeof message - at, " (%%lsmagic lists all)");
    session_fail(reply, "ValueError", message, "");
    reply->no_trace = true;
}

bool session_magic(session_t *session, const session_cell *cell, const char *name,
                   const char *arguments, session_reply *reply)
{
    while (*name == '%')
        name++;
    for (size_t i = 0; i < MAGIC_COUNT; i++)
        if (strcmp(name, magics[i].name) == 0)
            return magics[i].run(session, cell, arguments, reply);
    fail_unknown(reply, name);
    return true;
}
