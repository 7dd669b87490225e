/*
 * mutate: damage the cells of transcripts and run them.
 *
 *     mutate [-n MUTANTS] [-s SEED] [-t TRANSCRIPTS] NAME.c ...
 *
 * Each transcript runs in a session of its own. Before each of its cells as it stands come some of
 * its mutants: tokens and bytes removed, doubled, exchanged, pieces of other cells put in. Whatever
 * a mutant does, the session must live on, and a value that was set before must be what it was.
 * MUTANTS: of all cells together (300); TRANSCRIPTS: take so many of those named (all).
 *
 * Cells that reach beyond the session (processes, files, magics) are left out: their mutants would,
 * too. A mutant that runs for long is stopped, again and again until it ends.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cells.h"
#include "host.h"

#define PATIENCE_MS 300 /* before the first Stop; the next ones come after the time of a second Stop */
#define AGAIN_MS 1200
#define KEPT "kept_through_mutants"
#define KEPT_VALUE "47110815"

typedef struct tester {
    host_t *host;
    const char *name;
    uint64_t random;
    int number;            /* of the last cell */
    long mutants, stopped, failures, errors;
    char value[64];        /* what was shown last */
    /* The thread that stops. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running;
} tester;

/* --- Chance -------------------------------------------------------------------------------- */

static size_t below(tester *t, size_t limit)
{
    t->random ^= t->random << 13; /* xorshift64 */
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return limit ? t->random % limit : 0;
}

/* --- Mutants ------------------------------------------------------------------------------- */

typedef struct mutant {
    char text[16384];
    size_t size;
} mutant;

/* Put SIZE bytes of TEXT in place of those from AT to END. */
static void put(mutant *m, size_t at, size_t end, const char *text, size_t size)
{
    if (m->size - (end - at) + size >= sizeof m->text)
        return;
    memmove(m->text + at + size, m->text + end, m->size - end);
    memcpy(m->text + at, text, size);
    m->size += size - (end - at);
}

/* A token, roughly: a word, a number, or one other character; at or behind a place taken by
   chance. */
static void token_of(tester *t, const char *text, size_t size, size_t *at, size_t *end)
{
    *at = below(t, size + 1);
    while (*at < size && isspace((unsigned char)text[*at]))
        ++*at;
    while (*at > 0 && *at < size && isalnum((unsigned char)text[*at]) &&
           isalnum((unsigned char)text[*at - 1]))
        --*at;
    *end = *at + (*at < size);
    while (*end < size && isalnum((unsigned char)text[*at]) &&
           (isalnum((unsigned char)text[*end]) || text[*end] == '_'))
        ++*end;
}

static void mutate(tester *t, mutant *m, const cell_list *cells)
{
    static const char *const spice[] = {
        ";", "{", "}", "(", ")", "[", "]", "*", "&", ",", "\"", "'", "#", "\n", "\\\n", "/*", "//",
        "0", "-1", "1e999", "0x7fffffffffffffff", "int ", "struct ", "typedef ", "static ", "goto ",
        "return ", "sizeof ", "double ", "\xc3\xa9", "#if 1\n", "#define x(", "\n#endif\n", "##",
        "__VA_ARGS__", "case 1:", "...", "= {0}", "->", "?", "\x01", "\xff", "const ", "extern ",
    };
    const cell_text *other = &cells->cells[below(t, cells->count)];
    size_t at, end, from, to;
    token_of(t, m->text, m->size, &at, &end);
    token_of(t, other->text, other->size, &from, &to);
    switch (below(t, 9)) {
    case 0: /* a token goes */
        put(m, at, end, "", 0);
        break;
    case 1: /* or comes twice */
        put(m, end, end, m->text + at, end - at);
        break;
    case 2: /* another one stands there */
        put(m, at, end, other->text + from, to - from);
        break;
    case 3:
        put(m, at, at, other->text + from, to - from);
        break;
    case 4: {
        const char *grain = spice[below(t, sizeof spice / sizeof *spice)];
        put(m, at, below(t, 2) ? at : end, grain, strlen(grain));
        break;
    }
    case 5: /* a byte changes */
        if (m->size)
            m->text[below(t, m->size)] = (char)(32 + below(t, 95));
        break;
    case 6: /* a piece of another cell */
        to = from + below(t, other->size - from + 1);
        put(m, at, at, other->text + from, to - from);
        break;
    case 7: /* a line goes */
        end = at + strcspn(m->text + at, "\n");
        put(m, at, end < m->size ? end : m->size, "", 0);
        break;
    default: /* it ends early */
        if (m->size > 1 && below(t, 3) == 0)
            m->size = 1 + below(t, m->size - 1);
        break;
    }
    m->text[m->size] = '\0';
}

/* Whether it could reach beyond the session. */
static bool is_dangerous(const char *text)
{
    static const char *const words[] = {
        "kill", "fork", "clone", "system", "popen", "exec", "spawn", "syscall", "asm", "unlink",
        "remove", "rename", "rmdir", "mkdir", "link", "open", "creat", "truncate", "chmod", "chown",
        "chdir", "rlimit", "prctl", "ptrace", "socket", "ioctl", "setpgid", "setsid", "reboot", "mount",
        "save", "load", "download", "mnist", "write_report", "record_run", "dlsym", "mprotect",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i]))
            return true;
    for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
        line += strspn(line, " \t");
        if (*line == '%' || *line == '!')
            return true;
    }
    return false;
}

/* --- Running ------------------------------------------------------------------------------- */

static void on_result(void *context, const host_bundle *bundle)
{
    tester *t = context;
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, "text/plain") == 0)
            snprintf(t->value, sizeof t->value, "%.*s", (int)bundle->parts[i].size,
                     bundle->parts[i].data);
}

static host_input_status on_input(void *context, const char *prompt, bool password, char **line)
{
    (void)context, (void)prompt, (void)password, (void)line;
    return HOST_INPUT_EOF;
}

static void add_ms(struct timespec *t, long ms)
{
    t->tv_nsec += ms % 1000 * 1000000;
    t->tv_sec += ms / 1000 + t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
}

static void *stop_cells(void *context)
{
    tester *t = context;
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->running)
            pthread_cond_wait(&t->changed, &t->lock);
        int number = t->number;
        long ms = PATIENCE_MS;
        while (t->running && t->number == number) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            add_ms(&until, ms);
            int got = 0;
            while (t->running && t->number == number && got != ETIMEDOUT)
                got = pthread_cond_timedwait(&t->changed, &t->lock, &until);
            if (got == ETIMEDOUT && t->running && t->number == number) {
                host_interrupt(t->host);
                t->stopped++;
            }
            ms = AGAIN_MS;
        }
    }
    return NULL;
}

static void set_running(tester *t, bool running)
{
    pthread_mutex_lock(&t->lock);
    t->running = running;
    t->number += running;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* False if the session is gone. */
static bool run(tester *t, const char *text, size_t size, bool *failed)
{
    host_reply reply;
    set_running(t, true);
    host_execute_options options = {.number = t->number, .allow_stdin = true};
    bool lives = host_execute(t->host, text, size, &options, &reply) == 0;
    set_running(t, false);
    *failed = reply.status != HOST_OK;
    if (!lives || (reply.ename && strcmp(reply.ename, "KernelError") == 0)) {
        printf("%s: %s: %s\n", t->name, lives ? "an error of the kernel" : "the session is gone",
               reply.evalue ? reply.evalue : "");
        t->failures++;
    }
    host_reply_free(&reply);
    return lives;
}

static bool is_kept(tester *t)
{
    host_reply reply;
    *t->value = '\0';
    host_evaluate(t->host, KEPT, strlen(KEPT), &reply);
    if (reply.ename && strcmp(reply.ename, "KeyboardInterrupt") == 0) { /* a Stop that came late */
        host_reply_free(&reply);
        host_evaluate(t->host, KEPT, strlen(KEPT), &reply);
    }
    bool same = reply.status == HOST_OK && strcmp(t->value, KEPT_VALUE) == 0;
    if (!same) {
        printf("%s: the value of an earlier cell is %s, %s %s\n", t->name,
               *t->value ? t->value : "gone", reply.ename ? reply.ename : "",
               reply.evalue ? reply.evalue : "");
        t->failures++;
    }
    host_reply_free(&reply);
    return same;
}

/* False if the session is of no use any more. */
static bool run_mutants(tester *t, const cell_list *cells, const cell_text *cell, size_t count)
{
    static mutant m;
    for (size_t i = 0; i < count; i++) {
        m.size = cell->size < sizeof m.text - 1 ? cell->size : sizeof m.text - 1;
        memcpy(m.text, cell->text, m.size);
        m.text[m.size] = '\0';
        uint64_t seed = t->random;
        for (size_t k = 1 + (below(t, 3) == 0); k > 0; k--)
            mutate(t, &m, cells);
        if (memchr(m.text, '\0', m.size) || is_dangerous(m.text))
            continue;
        bool failed;
        t->mutants++;
        bool good = run(t, m.text, m.size, &failed) && is_kept(t);
        t->errors += failed;
        if (!good) {
            printf("%s: after this cell (state %llu):\n%.*s\n", t->name, (unsigned long long)seed,
                   (int)m.size, m.text);
            return false;
        }
    }
    return true;
}

static void run_transcript(tester *t, const char *path, double mutants_a_cell)
{
    static const char first[] = "const long " KEPT " = " KEPT_VALUE ";";
    cell_list cells;
    char error[512];
    bool failed;
    const char *slash = strrchr(path, '/');
    t->name = slash ? slash + 1 : path;
    if (cells_read(path, &cells) < 0) {
        printf("%s: %s\n", path, strerror(errno));
        t->failures++;
        return;
    }
    host_options options = {.events = {.result = on_result, .input = on_input}, .context = t};
    t->host = host_start(&options, error, sizeof error);
    bool good = t->host != NULL;
    failed = true;
    for (int tries = 0; good && failed && tries < 5; tries++) /* a busy machine may be slow to run it */
        good = run(t, first, sizeof first - 1, &failed);
    good = good && !failed;
    if (!t->host)
        printf("%s: no session: %s\n", t->name, error);
    t->failures += !good;
    double due = 0;
    for (size_t i = 0; good && i < cells.count; i++) {
        if (is_dangerous(cells.cells[i].text))
            continue;
        due += mutants_a_cell;
        good = run_mutants(t, &cells, &cells.cells[i], (size_t)due) &&
               run(t, cells.cells[i].text, cells.cells[i].size, &failed);
        due -= (double)(size_t)due;
    }
    host_stop(t->host);
    t->host = NULL;
    cells_free(&cells);
}

static size_t count_cells(const char *path)
{
    cell_list cells;
    size_t count = 0;
    if (cells_read(path, &cells) < 0)
        return 0;
    for (size_t i = 0; i < cells.count; i++)
        count += !is_dangerous(cells.cells[i].text);
    cells_free(&cells);
    return count;
}

static int start_stops(tester *t)
{
    pthread_condattr_t attributes;
    pthread_t thread;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return pthread_create(&thread, NULL, stop_cells, t) == 0 ? pthread_detach(thread) : -1;
}

int main(int argc, char **argv)
{
    static tester t = {.random = 1};
    size_t mutants = 300, transcripts = 0, cells = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (int option; (option = getopt(argc, argv, "n:s:t:")) != -1;) {
        if (option == 'n')
            mutants = strtoul(optarg, NULL, 10);
        else if (option == 's')
            t.random = strtoull(optarg, NULL, 10) * 2 + 1;
        else if (option == 't')
            transcripts = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    size_t given = (size_t)(argc - optind), step = transcripts ? given / transcripts : 1;
    step += step == 0;
    for (size_t i = 0; i < given; i += step)
        cells += count_cells(argv[optind + (int)i]);
    if (!cells || start_stops(&t) < 0) {
        fprintf(stderr, "usage: mutate [-n MUTANTS] [-s SEED] [-t TRANSCRIPTS] NAME.c ...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < given; i += step)
        run_transcript(&t, argv[optind + (int)i], (double)mutants / (double)cells);
    printf("%ld mutants of %zu cells: %ld ended with an error, %ld were stopped, %ld failures\n",
           t.mutants, cells, t.errors, t.stopped, t.failures);
    return t.failures > 0;
}
