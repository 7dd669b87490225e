#include "compile_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "lang.h"
#include "messages.h"

#define COMPILE_SECONDS 10
#define NATIVE_SECONDS 60 /* what native.c may ask for */
#define COMPILE_BYTES (2ul << 30)

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

int compile_begin(const wire_buf *request, compile_job *job)
{
    int ends[2] = {-1, -1};
    if (request->bad || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    job->done = channel_move_high(ends[0], FD_ENGINE_FIRST);
    int sent[3] = {channel_memory_file(request->data, request->size), channel_memory_file("", 0),
                   ends[1]};
    job->reply = sent[1] < 0 ? -1 : fcntl(sent[1], F_DUPFD_CLOEXEC, FD_ENGINE_FIRST);
    bool sent_ok = sent[0] >= 0 && job->reply >= 0 &&
                   channel_send_fds(FD_ANNOUNCE, MSG_COMPILE, NULL, sent, 3) == 0;
    close_all(sent, 3);
    if (!sent_ok) {
        compile_abandon(job);
        return -1;
    }
    return 0;
}

void compile_abandon(compile_job *job)
{
    close_all((int[]){job->reply, job->done}, 2);
    job->reply = job->done = -1;
}

static const char *signal_words(int number)
{
    switch (number) {
    case SIGXCPU: return "the compiler did not finish within 10 s of processor time";
    case SIGKILL: return "the compiler was killed, probably because memory ran out";
    case SIGABRT: return "the compiler gave up (SIGABRT)";
    default: return NULL;
    }
}

static void describe(int status, char *reason, size_t size)
{
    if (WIFEXITED(status)) {
        snprintf(reason, size, "the compiler ended without an answer (status %d)",
                 WEXITSTATUS(status));
        return;
    }
    int number = WTERMSIG(status);
    const char *words = signal_words(number);
    const char *name = sigabbrev_np(number);
    if (words)
        snprintf(reason, size, "%s", words);
    else
        snprintf(reason, size, "the compiler crashed on this cell (SIG%s)", name ? name : "?");
}

compile_end compile_finish(compile_job *job, int (*interrupted)(void), char **reply,
                           size_t *reply_size, char *reason, size_t reason_size)
{
    int status = 0;
    compile_end end = COMPILE_ANSWERED;
    for (;;) {
        ssize_t n = read(job->done, &status, sizeof status);
        if (n == sizeof status)
            break;
        if (n < 0 && errno == EINTR) {
            if (!interrupted())
                continue;
            channel_send(FD_ANNOUNCE, MSG_CANCEL, NULL);
            end = COMPILE_INTERRUPTED;
            break;
        }
        snprintf(reason, reason_size, "no process for the compiler: memory or processes ran out");
        end = COMPILE_IMPOSSIBLE;
        break;
    }
    if (end == COMPILE_ANSWERED && status != 0) {
        describe(status, reason, reason_size);
        end = COMPILE_CRASHED;
    }
    if (end == COMPILE_ANSWERED) {
        *reply = channel_file_content(job->reply, reply_size);
        if (!*reply) {
            snprintf(reason, reason_size, "no memory for the compiled cell");
            end = COMPILE_IMPOSSIBLE;
        }
    }
    compile_abandon(job);
    return end;
}

/* Quiet, limited and alone: the child keeps only the two memory files. It shares the front's
   process group, so a terminal's Ctrl-C must pass it by. */
static void confine(int *request, int *reply)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    *request = channel_move_high(*request, FD_ENGINE_FREE + 2);
    *reply = channel_move_high(*reply, FD_ENGINE_FREE + 2);
    dup2(*request, FD_ENGINE_FREE);
    dup2(*reply, FD_ENGINE_FREE + 1);
    *request = FD_ENGINE_FREE;
    *reply = FD_ENGINE_FREE + 1;
    close_range(3, FD_ENGINE_FREE - 1, 0);
    close_range(FD_ENGINE_FREE + 2, ~0u, 0);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; nowhere >= 0 && fd < 3; fd++)
        dup2(nowhere, fd);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    struct rlimit seconds = {COMPILE_SECONDS, NATIVE_SECONDS};
    setrlimit(RLIMIT_CPU, &seconds);
#ifndef XTINYCC_SANITIZED
    struct rlimit bytes = {COMPILE_BYTES, COMPILE_BYTES};
    setrlimit(RLIMIT_AS, &bytes);
#endif
}

void compile_child_main(int request, int reply)
{
    confine(&request, &reply);
    size_t size = 0;
    char *text = channel_file_content(request, &size);
    if (!text)
        _exit(3);
    wire_buf answer = {0};
    lang_compile(text, size, &answer);
    if (answer.bad)
        _exit(4);
    for (size_t done = 0; done < answer.size;) {
        ssize_t n = pwrite(reply, answer.data + done, answer.size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(5);
        done += (size_t)n;
    }
    _exit(0);
}
