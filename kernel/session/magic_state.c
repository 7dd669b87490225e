/* The session's states and limits: %undo, %reset, %snapshot, %output-limit, %limit. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cell_limits.h"
#include "magic.h"

bool magic_undo(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    if (!means->undo(means->context))
        magic_fail(call, "ValueError", "no snapshot is left to go back to");
    return true;
}

bool magic_reset(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    means->reset(means->context);
    return true;
}

bool magic_snapshot(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    const char *arguments = call->arguments;
    char *end;
    long count = strtol(arguments, &end, 10);
    if (strcmp(arguments, "off") == 0) {
        means->keep_snapshots(means->context, -1);
    } else if (strcmp(arguments, "auto") == 0) {
        means->keep_snapshots(means->context, 0);
    } else if (*arguments && (*end || count < 1 || count > 20)) {
        magic_fail(call, "ValueError", "expected off, auto or a number from 1 to 20, not %.40s",
                   arguments);
        return true;
    } else if (*arguments) {
        means->keep_snapshots(means->context, (int)count);
    }
    wire_buf line = {0};
    means->describe_snapshots(means->context, &line);
    if (!line.bad)
        magic_print(call, "%.*s\n", (int)line.size, line.data);
    wire_buf_free(&line);
    return true;
}

bool magic_output_limit(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    const char *arguments = call->arguments;
    char *end;
    double megabytes = strtod(arguments, &end);
    if (strcmp(arguments, "off") == 0)
        means->output_limit(means->context, 0);
    else if (strcmp(arguments, "on") == 0)
        means->output_limit(means->context, 4u << 20);
    else if (*arguments && !*end && megabytes >= 0.001 && megabytes <= 65536)
        means->output_limit(means->context, (uint64_t)(megabytes * (1 << 20)));
    else
        magic_fail(call, "ValueError", "expected off, on (4 MB) or a number of megabytes");
    return true;
}

/* --- %limit ----------------------------------------------------------------------------- */

typedef struct unit {
    const char *name;
    double size;
} unit;

static const unit bytes[] = {{"", 1 << 20}, {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30},
                             {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const unit times[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"m", 60000},
                             {"h", 3600000}, {NULL, 0}};

/* Read "off" (0) or a number and its unit at *TEXT, and go past it. False if there is none. */
static bool read_amount(const char **text, const unit *units, double *amount)
{
    const char *at = *text;
    if (strncmp(at, "off", 3) == 0) {
        *text = at + 3;
        *amount = 0;
        return true;
    }
    char *end;
    double number = strtod(at, &end);
    if (end == at || !(number > 0))
        return false;
    at = end + strspn(end, " ");
    size_t length = 0;
    while (isalpha((unsigned char)at[length]))
        length++;
    for (const unit *u = units; u->name; u++) {
        bool is_next_word = *u->name == '\0' && (length == 0 || strncmp(at, "time", 4) == 0 ||
                                                strncmp(at, "memory", 6) == 0);
        if (is_next_word || (strlen(u->name) == length && length &&
                             strncasecmp(u->name, at, length) == 0)) {
            *text = is_next_word ? at : at + length;
            *amount = number * u->size;
            return true;
        }
    }
    return false;
}

static bool set_memory(const magic_call *call, double amount)
{
    if (amount > 1e18) {
        magic_fail(call, "ValueError", "that is more memory than there is");
        return false;
    }
    uint64_t least = limits_set_memory((uint64_t)amount);
    if (least)
        magic_fail(call, "ValueError", "the session needs %.0f MB as it is; give it that or more",
                   (double)least / (1 << 20) + 1);
    return least == 0;
}

static bool set_time(const magic_call *call, double amount)
{
    if (amount > 0 && (amount < 1 || amount > 4e9)) {
        magic_fail(call, "ValueError", "expected 1 ms to 1000 h");
        return false;
    }
    limits_set_time((uint32_t)amount);
    return true;
}

bool magic_limit(const magic_call *call)
{
    const char *at = call->arguments;
    bool good = true;
    while (good && *(at += strspn(at, " \t"))) {
        double amount;
        size_t word = strcspn(at, " \t");
        bool memory = word == 6 && strncmp(at, "memory", 6) == 0;
        bool time = word == 4 && strncmp(at, "time", 4) == 0;
        at += word + strspn(at + word, " \t");
        if ((!memory && !time) || !read_amount(&at, memory ? bytes : times, &amount)) {
            magic_fail(call, "ValueError", "expected %%limit memory 2GB, %%limit time 30s, off for "
                       "none of these, or nothing to see the limits; got %.60s",
                       call->arguments);
            return true;
        }
        good = memory ? set_memory(call, amount) : set_time(call, amount);
    }
    if (!good)
        return true;
    wire_buf line = {0};
    limits_describe(&line);
    if (!line.bad)
        magic_print(call, "%.*s\n", (int)line.size, line.data);
    wire_buf_free(&line);
    return true;
}
