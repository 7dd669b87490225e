/* A Stop during compilation is never slept over, whenever it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "compile_child.h"
#include "messages.h"

static int other; /* the end that a compile child would hold */
static volatile sig_atomic_t stopped;

static void on_interrupt(int number)
{
    (void)number;
    stopped = 1;
}

static int is_stopped(void)
{
    return stopped;
}

/* The question is answered with no; the Stop comes before the wait begins. */
static int is_stopped_too_late(void)
{
    int told = stopped;
    raise(SIGINT);
    return told;
}

static compile_end finish(int (*interrupted)(void))
{
    int ends[2];
    compile_job job;
    char *reply = NULL, reason[100] = "";
    size_t size = 0;
    assert_int_equal(channel_pair(ends, FD_ENGINE_FREE), 0);
    job.answer = ends[0];
    other = ends[1];
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    alarm(60);
    compile_end end = compile_finish(&job, interrupted, &reply, &size, reason, sizeof reason);
    alarm(0);
    free(reply);
    assert_int_equal(job.answer, -1);
    return end;
}

static void a_stop_before_the_wait_ends_it(void **state)
{
    (void)state;
    stopped = 1;
    assert_int_equal(finish(is_stopped), COMPILE_INTERRUPTED);
    close(other);
}

static void a_stop_between_question_and_wait_ends_it(void **state)
{
    (void)state;
    stopped = 0;
    assert_int_equal(finish(is_stopped_too_late), COMPILE_INTERRUPTED);
    close(other);
}

/* A copy of the worker's end is open in its snapshot: the child must see the Stop all the same. */
static void the_child_sees_that_nobody_waits(void **state)
{
    (void)state;
    int ends[2], copy;
    char *reply, reason[100];
    size_t size;
    assert_int_equal(channel_pair(ends, FD_ENGINE_FREE), 0);
    compile_job job = {.answer = ends[0]};
    copy = dup(ends[0]);
    stopped = 1;
    compile_finish(&job, is_stopped, &reply, &size, reason, sizeof reason);
    struct pollfd p = {.fd = ends[1]};
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_true(p.revents & POLLHUP);
    close(copy);
    close(ends[1]);
}

/* The real child: a request whose worker has turned away is not compiled. */
static void a_cancelled_request_is_not_compiled(void **state)
{
    (void)state;
    int requests[2], jobs[2], answer[2], status;
    assert_int_equal(channel_pair(requests, FD_ENGINE_FREE), 0);
    assert_int_equal(channel_pair(jobs, FD_ENGINE_FREE), 0);
    assert_int_equal(channel_pair(answer, FD_ENGINE_FREE), 0);
    shutdown(answer[0], SHUT_RDWR);
    wire_buf body = {0};
    wire_put_string(&body, "no request that can be compiled");
    assert_int_equal(channel_send_fds(requests[0], MSG_COMPILE, &body, &answer[1], 1), 0);
    wire_buf_free(&body);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(requests[1], FD_COMPILE_CHILD);
        dup2(jobs[1], FD_JOB);
        alarm(60);
        compile_child_main(-1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    message m;
    assert_int_equal(channel_receive(jobs[0], &m, false), 1); /* the zygote starts the next one */
    assert_int_equal(m.kind, MSG_JOB);
    message_free(&m);
    for (int i = 0; i < 2; i++) {
        close(requests[i]);
        close(jobs[i]);
        close(answer[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_before_the_wait_ends_it),
        cmocka_unit_test(a_stop_between_question_and_wait_ends_it),
        cmocka_unit_test(the_child_sees_that_nobody_waits),
        cmocka_unit_test(a_cancelled_request_is_not_compiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
