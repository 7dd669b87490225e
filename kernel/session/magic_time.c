/* %time and %timeit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "magic.h"

#define LAPS 7
#define LAP_NS 20000000 /* the least that a lap should take */

static long long nanoseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void spell_time(char *out, size_t size, double ns)
{
    if (ns < 1e3)
        snprintf(out, size, "%.3g ns", ns);
    else if (ns < 1e6)
        snprintf(out, size, "%.3g us", ns * 1e-3);
    else if (ns < 1e9)
        snprintf(out, size, "%.3g ms", ns * 1e-6);
    else
        snprintf(out, size, "%.3f s", ns * 1e-9);
}

static bool run(const magic_call *call, const char *code)
{
    session_cell inner = *call->cell;
    inner.code = code;
    inner.size = strlen(code);
    return session_run_text(call->session, &inner, call->reply);
}

bool magic_time(const magic_call *call)
{
    long long wall = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    if (!run(call, call->body ? call->body : call->arguments))
        return false;
    char spelled[2][40], line[160];
    spell_time(spelled[0], 40, (double)(nanoseconds(CLOCK_MONOTONIC) - wall));
    spell_time(spelled[1], 40, (double)(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu));
    snprintf(line, sizeof line, "%s, of which %s of processor time (compiling included)",
             spelled[0], spelled[1]);
    session_note(call->cell, line);
    return true;
}

/* --- %timeit ---------------------------------------------------------------------------- */

static struct laps {
    bool running;
    long count; /* of rounds in the lap that runs */
    int done;   /* laps that count */
    long long began;
    double per_round[LAPS]; /* ns */
} laps;

/* Called by the loop that %timeit compiles: how many rounds the next lap has, 0 to end. The first
   laps only find out how many make a lap long enough. */
static long next_lap(void)
{
    long long took = nanoseconds(CLOCK_MONOTONIC) - laps.began;
    if (!laps.running) {
        laps = (struct laps){.running = true, .count = 1};
    } else if (took < LAP_NS && laps.done == 0 && laps.count < 1000000000) {
        long factor = took < LAP_NS / 100 ? 10 : (long)(LAP_NS / (took + 1)) + 1;
        laps.count *= factor < 2 ? 2 : factor;
    } else {
        laps.per_round[laps.done++] = (double)took / (double)laps.count;
    }
    if (laps.done == LAPS)
        return 0;
    laps.began = nanoseconds(CLOCK_MONOTONIC);
    return laps.count;
}

int magic_time_install(loader_t *loader)
{
    return loader_interpose(loader, "__nb_next_lap", (void *)next_lap);
}

static void report(const magic_call *call)
{
    double mean = 0, square = 0;
    for (int i = 0; i < LAPS; i++)
        mean += laps.per_round[i] / LAPS;
    for (int i = 0; i < LAPS; i++)
        square += (laps.per_round[i] - mean) * (laps.per_round[i] - mean) / LAPS;
    char spelled[2][40];
    spell_time(spelled[0], 40, mean);
    spell_time(spelled[1], 40, sqrt(square));
    magic_print(call, "%s +- %s per round (mean and deviation of %d laps of %ld)\n", spelled[0],
                spelled[1], LAPS, laps.count);
}

bool magic_timeit(const magic_call *call)
{
    static const char before[] = "{ extern long __nb_next_lap(void); for (long __nb_n; "
                                 "(__nb_n = __nb_next_lap()) > 0;) while (__nb_n-- > 0) { ";
    const char *code = call->body ? call->body : call->arguments;
    char *text = NULL;
    if (!call->body && !*code) {
        magic_fail(call, "ValueError", "a statement is missing");
        return true;
    }
    if (asprintf(&text, "%s%s\n;}}", before, code) < 0) {
        session_fail(call->reply, "MemoryError", "no memory for the cell's text", "");
        return true;
    }
    laps.running = false;
    bool lives = run(call, text);
    free(text);
    if (lives && !call->reply->ename && laps.done == LAPS)
        report(call);
    return lives;
}
