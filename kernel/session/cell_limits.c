#include "cell_limits.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tidy.h"

#define SPARE (64u << 20) /* what a limit must leave for the session itself */

static uint64_t memory_limit; /* of the user's; 0: none */
static uint32_t time_limit;

/* The number behind KEY in a file of "Key:  number kB" lines, in bytes; 0 if there is none. */
static uint64_t kilobytes_in(const char *path, const char *key)
{
    char line[256];
    unsigned long long found = 0;
    FILE *f = fopen(path, "re");
    while (f && found == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), "%llu", &found);
    if (f)
        fclose(f);
    return found * 1024;
}

uint64_t limits_memory_total(void)
{
    uint64_t machine = kilobytes_in("/proc/meminfo", "MemTotal:");
    unsigned long long container = 0;
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");
    if (f) {
        if (fscanf(f, "%llu", &container) != 1) /* "max" */
            container = 0;
        fclose(f);
    }
    return container && (!machine || container < machine) ? container : machine;
}

static void apply(uint64_t bytes)
{
#ifndef XTINYCC_SANITIZED /* sanitizers write to far more memory than the program has */
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) < 0)
        return;
    limit.rlim_cur = bytes && bytes < limit.rlim_max ? bytes : limit.rlim_max;
    setrlimit(RLIMIT_DATA, &limit);
    tidy_keep_limit(RLIMIT_DATA);
#else
    (void)bytes;
    (void)tidy_keep_limit;
#endif
}

static uint64_t default_limit(void)
{
    return limits_memory_total() / 10 * 9;
}

void limits_begin(void)
{
    apply(default_limit());
}

uint64_t limits_set_memory(uint64_t bytes)
{
    uint64_t least = kilobytes_in("/proc/self/status", "VmData:") + SPARE;
    if (bytes && bytes < least)
        return least;
    memory_limit = bytes;
    apply(bytes ? bytes : default_limit());
    return 0;
}

void limits_set_time(uint32_t milliseconds)
{
    time_limit = milliseconds;
}

uint32_t limits_time(void)
{
    return time_limit;
}

static void put(wire_buf *out, const char *text)
{
    wire_put_raw(out, text, strlen(text));
}

void limits_describe(wire_buf *out)
{
    char line[200];
    struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
    getrlimit(RLIMIT_DATA, &now);
    if (now.rlim_cur == RLIM_INFINITY)
        put(out, "memory: no limit; ");
    else {
        snprintf(line, sizeof line, "memory: %.1f GB%s, %.1f GB of it in use; ",
                 (double)now.rlim_cur / (1u << 30),
                 memory_limit ? "" : " (nine tenths of what is here)",
                 (double)kilobytes_in("/proc/self/status", "VmData:") / (1u << 30));
        put(out, line);
    }
    if (time_limit)
        snprintf(line, sizeof line, "time: %g s a cell", time_limit / 1000.0);
    else
        snprintf(line, sizeof line, "time: no limit");
    put(out, line);
}
