/*
 * `xtinycc export NOTEBOOK.ipynb [-o FILE.c]`: a notebook as a C program. The cells are split by
 * xtinycc-worker, which knows C; this side knows notebooks.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "host.h"
#include "notebook_file.h"
#include "repl.h"

/* Run the worker on the request; its output goes to descriptor OUT. Returns its exit status. */
static int run_worker(const wire_buf *request, int out)
{
    extern char **environ;
    char path[4200], program[] = "xtinycc-worker", option[] = "--export";
    char *arguments[] = {program, option, NULL};
    pid_t pid;
    int status, in = channel_memory_file(request->data, request->size);
    if (in < 0 || host_find_worker(path, sizeof path) < 0) {
        fprintf(stderr, "xtinycc export: %s: %s\n", in < 0 ? "cells" : path, strerror(errno));
        return 1;
    }
    lseek(in, 0, SEEK_SET);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int trouble = posix_spawn(&pid, path, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in);
    if (trouble) {
        fprintf(stderr, "xtinycc export: %s: %s\n", path, strerror(trouble));
        return 1;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int export_notebook(const char *notebook, const char *file)
{
    char error[600];
    wire_buf request = {0};
    if (notebook_pack(notebook, &request, error, sizeof error) < 0) {
        fprintf(stderr, "xtinycc export: %s\n", error);
        wire_buf_free(&request);
        return 1;
    }
    int out = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
    int status = 1;
    if (out < 0)
        fprintf(stderr, "xtinycc export: %s: %s\n", file, strerror(errno));
    else
        status = run_worker(&request, out);
    if (file && out >= 0)
        close(out);
    if (file && out >= 0 && status != 0)
        unlink(file); /* half a program is none */
    wire_buf_free(&request);
    return status;
}
