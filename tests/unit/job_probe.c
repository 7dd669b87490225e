/* The helper that job_test.c runs: does what its first argument says. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void copy(int from, int to)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, (size_t)got) != got)
            _exit(9);
}

static void on_term(int signal)
{
    (void)signal;
    _exit(0);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "echo") == 0) {
        copy(0, 1);
    } else if (strcmp(what, "fds") == 0) {
        copy(3, 1);
        copy(4, 1);
        /* Nothing else may have come along. */
        for (int fd = 5; fd < 256; fd++)
            if (fcntl(fd, F_GETFD) >= 0)
                dprintf(1, " leaked:%d", fd);
    } else if (strcmp(what, "arguments") == 0) {
        for (int i = 1; i < argc; i++)
            printf("[%s]", argv[i]);
    } else if (strcmp(what, "state") == 0) {
        sigset_t mask;
        sigprocmask(SIG_BLOCK, NULL, &mask);
        printf("int:%d term:%d group:%d", sigismember(&mask, SIGINT), sigismember(&mask, SIGTERM),
               (int)getpgrp());
    } else if (strcmp(what, "crash") == 0) {
        abort();
    } else if (strcmp(what, "error") == 0) {
        printf("ValueError\nthe model has no layers\nAdd one.");
        return 1;
    } else if (strcmp(what, "silent") == 0) {
        return 3;
    } else if (strcmp(what, "nolib") == 0) {
        fprintf(stderr, "nn-files: error while loading shared libraries: libhdf5.so.9: cannot open "
                        "shared object file: No such file or directory\n");
        return 127;
    } else if (strcmp(what, "sleep") == 0) {
        for (;;)
            pause();
    } else if (strcmp(what, "finish") == 0) {
        signal(SIGTERM, on_term);
        for (;;)
            pause();
    } else if (strcmp(what, "flood") == 0) {
        static char block[65536];
        for (;;)
            if (write(1, block, sizeof block) < 0)
                return 4;
    }
    return 0;
}
