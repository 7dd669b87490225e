#include "compile_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "lang.h"
#include "messages.h"

#define COMPILE_SECONDS 10
#define NATIVE_SECONDS 60 /* what native.c may ask for */
#define COMPILE_BYTES (2ul << 30)

int compile_begin(const wire_buf *request, int text, compile_job *job)
{
    int ends[2];
    job->answer = -1;
    if (request->bad || channel_pair(ends, FD_ENGINE_FREE) < 0)
        return -1;
    job->answer = ends[0];
    int sent = channel_send_fds(FD_COMPILE, MSG_COMPILE, request, (int[]){ends[1], text},
                                text >= 0 ? 2 : 1);
    close(ends[1]);
    if (sent < 0)
        compile_abandon(job);
    return sent;
}

void compile_abandon(compile_job *job)
{
    if (job->answer >= 0)
        close(job->answer);
    job->answer = -1;
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

static compile_end take_answer(message *m, char **reply, size_t *reply_size, char *reason,
                               size_t reason_size)
{
    wire_reader r = message_reader(m);
    if (m->kind != MSG_COMPILED) {
        describe((int)wire_get_u32(&r), reason, reason_size);
        return COMPILE_CRASHED;
    }
    *reply = m->body;
    *reply_size = m->size;
    m->body = NULL;
    return COMPILE_ANSWERED;
}

/* Wait for the answer; false if the user has asked to stop. A Stop that comes between the question
   and the wait must not be slept over: SIGINT is open only while we wait. */
static bool await_answer(const compile_job *job, int (*interrupted)(void))
{
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    struct pollfd answer = {.fd = job->answer, .events = POLLIN};
    bool stopped;
    int ready;
    do {
        stopped = interrupted();
        ready = stopped ? 0 : ppoll(&answer, 1, NULL, &before);
    } while (!stopped && ready < 0 && errno == EINTR);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return !stopped;
}

/* The zygote ends the child that has taken the job. One that has not yet said so sees that nobody
   waits: copies of our end may be open elsewhere, so it is shut down and not only closed. */
static void cancel(const compile_job *job)
{
    shutdown(job->answer, SHUT_RDWR);
    channel_send(FD_ANNOUNCE, MSG_CANCEL, NULL);
}

compile_end compile_finish(compile_job *job, int (*interrupted)(void), char **reply,
                           size_t *reply_size, char *reason, size_t reason_size)
{
    compile_end end = COMPILE_INTERRUPTED;
    if (!await_answer(job, interrupted)) {
        cancel(job);
        compile_abandon(job);
        return end;
    }
    message m;
    int got;
    do
        got = channel_receive(job->answer, &m, true);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        end = take_answer(&m, reply, reply_size, reason, reason_size);
        message_free(&m);
    } else {
        snprintf(reason, reason_size, "%s", got == 0
                 ? "no process for the compiler: memory or processes ran out"
                 : "no memory for the compiled cell");
        end = COMPILE_IMPOSSIBLE;
    }
    compile_abandon(job);
    return end;
}

/* Quiet and limited. The child shares the front's process group, so a terminal's Ctrl-C must pass
   it by. */
static void confine(void)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    prctl(PR_SET_NAME, "xtinycc-compile");
    close_range(3, FD_COMPILE - 1, 0);
    close_range(FD_JOB_ZYGOTE, ~0u, 0);
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

static void wait_for_request(message *request)
{
    for (;;) {
        int got = channel_receive(FD_COMPILE_CHILD, request, true);
        if (got > 0 && (request->fd_count == 1 || request->fd_count == 2))
            return;
        if (got > 0)
            message_free(request);
        else if (got == 0 || (errno != EINTR && errno != EBADMSG))
            _exit(3);
    }
}

/* The worker was stopped and has turned away. */
static bool is_cancelled(int answer)
{
    struct pollfd p = {.fd = answer};
    return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

void compile_child_main(int text)
{
    if (text >= 0)
        lang_read(text);
    confine();
    lang_warm();
    message request;
    wait_for_request(&request);
    int answer = request.fds[0];
    channel_send_fds(FD_JOB, MSG_JOB, NULL, &answer, 1);
    if (is_cancelled(answer)) /* ask only now: a later Stop finds the job with the zygote */
        _exit(0);
    close_range(FD_COMPILE_CHILD, FD_JOB, 0);
    wire_buf reply = {0};
    if (request.fd_count == 2)
        lang_read(request.fds[1]);
    bool again = !lang_compile(request.body, request.size, &reply);
    if (reply.bad)
        _exit(4);
    int sent = again ? channel_send_fds(FD_COMPILE, MSG_COMPILE, &reply, request.fds, request.fd_count)
                     : channel_send(answer, MSG_COMPILED, &reply);
    _exit(sent < 0 && errno != EPIPE ? 5 : 0); /* EPIPE: the worker wants it no more */
}
