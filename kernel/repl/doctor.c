/* `xtinycc doctor`: what this machine or container gives to a session, and what it forbids. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host.h"
#include "repl.h"

#define ADDRESS_SPACE_NEEDED (8ull << 30)

static void put(const char *mark, const char *subject, const char *text)
{
    printf("%-4s  %-16s %s\n", mark, subject, text);
}

static void put_good(const char *subject, const char *text)
{
    put("ok", subject, text);
}

/* Something that is done without, or another way. */
static void put_note(const char *subject, const char *text)
{
    put("note", subject, text);
}

/* --- The machine -------------------------------------------------------------------------- */

static double gigabytes(double bytes)
{
    return bytes / (1u << 30);
}

static void check_machine(void)
{
    struct utsname u;
    char line[400];
    if (uname(&u) == 0) {
        snprintf(line, sizeof line, "%.60s %.100s, %.40s, %ld processors", u.sysname, u.release,
                 u.machine, sysconf(_SC_NPROCESSORS_ONLN));
        put(strcmp(u.machine, "x86_64") == 0 ? "ok" : "BAD", "machine", line);
    }
}

static void check_memory(void)
{
    char line[200];
    double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    unsigned long long container = 0;
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");
    if (f) {
        if (fscanf(f, "%llu", &container) != 1)
            container = 0;
        fclose(f);
    }
    if (container)
        snprintf(line, sizeof line, "%.1f GB for this container, %.1f GB in the machine",
                 gigabytes((double)container), gigabytes(machine));
    else
        snprintf(line, sizeof line, "%.1f GB", gigabytes(machine));
    put_good("memory", line);

    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        snprintf(line, sizeof line, "limited to %.1f GB (ulimit -v)%s",
                 gigabytes((double)limit.rlim_cur),
                 limit.rlim_cur < ADDRESS_SPACE_NEEDED
                     ? ": sessions reserve less than they would, large ones may not fit" : "");
        put_note("address space", line);
    }
}

static void check_processes(void)
{
    char line[200];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur < 64) {
        snprintf(line, sizeof line, "only %llu allowed (ulimit -u): snapshots may fail",
                 (unsigned long long)limit.rlim_cur);
        put_note("processes", line);
    }
    char from = 'x', to = 0;
    struct iovec a = {&to, 1}, b = {&from, 1};
    if (process_vm_readv(getpid(), &a, 1, &b, 1, 0) == 1)
        put_good("reading memory", "process_vm_readv works");
    else
        put_note("reading memory", "process_vm_readv is forbidden: values are read through a pipe");
    int fd = memfd_create("xtinycc-doctor", MFD_CLOEXEC);
    bool can_map = false;
    if (fd >= 0 && ftruncate(fd, 4096) == 0) {
        void *m = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
        can_map = m != MAP_FAILED;
        if (can_map)
            munmap(m, 4096);
    }
    if (fd >= 0)
        close(fd);
    if (can_map)
        put_good("memory files", "memfd_create works");
    else
        put_note("memory files", fd < 0 ? "memfd_create is forbidden: unlinked files in the "
                                          "temporary folder take their place"
                                        : "files in memory may not be executed");
}

/* --- Files and programs ------------------------------------------------------------------- */

static void check_temporary(void)
{
    char line[PATH_MAX + 200], path[PATH_MAX];
    const char *folder = getenv("TMPDIR");
    if (!folder || *folder != '/')
        folder = "/tmp";
    snprintf(path, sizeof path, "%.4000s/xtinycc-doctor-XXXXXX", folder);
    int fd = mkstemp(path);
    if (fd < 0) {
        snprintf(line, sizeof line, "%.1000s: %s: output beyond a cell's limit is not kept, "
                 "%%%%native is not available", folder, strerror(errno));
        put_note("temporary files", line);
        return;
    }
    unlink(path);
    close(fd);
    struct statvfs s;
    bool known = statvfs(folder, &s) == 0;
    snprintf(line, sizeof line, "%.1000s, %.1f GB free%s", folder,
             known ? gigabytes((double)s.f_bavail * (double)s.f_frsize) : 0.0,
             known && (s.f_flag & ST_NOEXEC) ? ", mounted noexec" : "");
    put_good("temporary files", line);
}

/* The first program of this name on PATH. */
static bool find_program(const char *name, char *out, size_t size)
{
    if (strchr(name, '/')) {
        snprintf(out, size, "%s", name);
        return access(out, X_OK) == 0;
    }
    const char *path = getenv("PATH");
    for (const char *at = path; at && *at;) {
        size_t length = strcspn(at, ":");
        snprintf(out, size, "%.*s/%s", (int)length, at, name);
        if (length && access(out, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

static void check_compiler(void)
{
    char path[PATH_MAX], line[PATH_MAX + 100];
    const char *named = getenv("XTINYCC_CC");
    if (named && strcmp(named, "none") == 0) {
        put_note("system compiler", "switched off (XTINYCC_CC=none): no %%native");
        return;
    }
    if (named && *named ? find_program(named, path, sizeof path)
                        : find_program("gcc", path, sizeof path) ||
                              find_program("clang", path, sizeof path)) {
        snprintf(line, sizeof line, "%s, for %%%%native", path);
        put_good("system compiler", line);
    } else {
        put_note("system compiler", "none found (gcc or clang): no %%native, one error at a time");
    }
}

static void check_helper(const char *prefix, const char *name, const char *use)
{
    char path[PATH_MAX + 100], line[PATH_MAX + 300];
    snprintf(path, sizeof path, "%s/libexec/xeus-tinycc/%s", prefix, name);
    if (access(path, X_OK) == 0) {
        snprintf(line, sizeof line, "%s, for %s", path, use);
        put_good(name, line);
    } else {
        snprintf(line, sizeof line, "%s: %s: no %s", path, strerror(errno), use);
        put_note(name, line);
    }
}

/* --- A session ---------------------------------------------------------------------------- */

typedef struct heard {
    char value[100];
} heard;

static void on_result(void *context, const host_bundle *bundle)
{
    heard *h = context;
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, "text/plain") == 0)
            snprintf(h->value, sizeof h->value, "%.*s", (int)bundle->parts[i].size,
                     bundle->parts[i].data);
}

/* Run a cell. True if its result, or the name of its error, is WANTED. */
static bool gives(host_t *host, heard *h, int number, const char *code, const char *wanted)
{
    host_reply reply;
    host_execute_options how = {.number = number};
    *h->value = '\0';
    host_execute(host, code, strlen(code), &how, &reply);
    bool good = strcmp(reply.ename ? reply.ename : h->value, wanted) == 0;
    if (!good)
        snprintf(h->value, sizeof h->value, "%.90s", reply.evalue ? reply.evalue : "no answer");
    host_reply_free(&reply);
    return good;
}

static bool check_session(void)
{
    heard h = {""};
    char error[600] = "", line[700];
    host_options options = {.events = {.result = on_result}, .context = &h};
    host_t *host = host_start(&options, error, sizeof error);
    if (!host) {
        put("BAD", "cells", error);
        return false;
    }
    bool good = gives(host, &h, 1, "int x = 41; x + 1", "42");
    if (good) {
        put_good("cells", "compile and run");
        good = gives(host, &h, 2, "x = 0; *(volatile int *)0 = 1;", "SIGSEGV") &&
               gives(host, &h, 3, "x", "41");
        if (good)
            put_good("snapshots", "a crash leaves no trace");
    }
    if (!good) {
        snprintf(line, sizeof line, "a simple cell does not do what it should: %s", h.value);
        put("BAD", "cells", line);
    }
    host_stop(host);
    return good;
}

int doctor(void)
{
    char prefix[PATH_MAX];
    host_find_worker(prefix, sizeof prefix);
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(prefix, '/');
        if (slash)
            *slash = '\0';
    }
    bool good = check_session(); /* first: before this process has anything that it could inherit */
    check_machine();
    check_memory();
    check_processes();
    check_temporary();
    check_compiler();
    check_helper(prefix, "nn-files", "model files, downloads and hashes");
    check_helper(prefix, "nb-draw", "figures and reports");
    return good ? 0 : 1;
}
