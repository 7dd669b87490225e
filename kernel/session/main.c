/*
 * xtinycc-worker: the processes that run cells. Started by the front (kernel/host), which hands
 * over its sockets and pipes at the descriptors of messages.h; of no use when started by hand.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "export.h"
#include "messages.h"
#include "zygote.h"

/* The folder above the one this executable is in: the prefix of the installation. */
static void find_prefix(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(out, '/');
        if (slash)
            *slash = '\0';
    }
}

/* A channel between our own processes, at fixed descriptors. */
static int open_channel(int one, int other)
{
    int ends[2];
    if (channel_pair(ends, FD_ENGINE_FREE) < 0)
        return -1;
    bool bad = dup3(ends[0], one, O_CLOEXEC) < 0 || dup3(ends[1], other, O_CLOEXEC) < 0;
    close(ends[0]);
    close(ends[1]);
    return bad ? -1 : 0;
}

int main(int argc, char **argv)
{
    char prefix[4096];
    find_prefix(prefix, sizeof prefix);
    static char runtime[4200], include[4200], helpers[4300];
    const char *home = getenv("XTINYCC_HOME");
    if (home && *home)
        snprintf(runtime, sizeof runtime, "%.4000s", home);
    else
        snprintf(runtime, sizeof runtime, "%s/share/xeus-tinycc", prefix);
    snprintf(include, sizeof include, "%s/include", prefix);
    snprintf(helpers, sizeof helpers, "%s/libtcc1.a", runtime);
    lang_options lang = {.runtime_dir = runtime, .notebook_include = include};
    if (argc == 2 && strcmp(argv[1], "--export") == 0)
        return export_main(&lang);
    if ((argc != 3 && argc != 4) || strcmp(argv[1], "--front") != 0) {
        fprintf(stderr, "xtinycc-worker is started by xtinycc; run `xtinycc repl` instead\n");
        return 2;
    }
    close_range(3, FD_ENGINE_FIRST - 1, 0); /* whatever the front's parents left open */
    close_range(FD_COMPILE, ~0u, 0);
    for (int fd = FD_ENGINE_FIRST; fd < FD_COMPILE; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (open_channel(FD_ANNOUNCE, FD_ANNOUNCE_ZYGOTE) < 0 ||
        open_channel(FD_COMPILE, FD_COMPILE_CHILD) < 0 || open_channel(FD_JOB, FD_JOB_ZYGOTE) < 0)
        return 1;
    zygote_options options = {
        .front = (pid_t)strtol(argv[2], NULL, 10),
        .folder = argv[3],
        .lang = lang,
        .helpers = helpers,
    };
    return zygote_run(&options);
}
