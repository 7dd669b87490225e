#include "job.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "memory_file.h"
#include "nb/host.h"

#define PROBE "nn-job-probe"

static nn_status run(const char *what, const void *input, size_t size, nn_job_result *result)
{
    const char *args[] = {what, NULL};
    nn_job job = {.program = PROBE, .args = args, .input = input, .input_size = size};
    return nn__job_run(&job, result);
}

static void input_comes_back(void **state)
{
    (void)state;
    size_t size = 3 << 20; /* more than a pipe holds */
    char *input = malloc(size);
    for (size_t i = 0; i < size; i++)
        input[i] = (char)(i * 7 + (i >> 12));
    nn_job_result result;
    assert_int_equal(run("echo", input, size, &result), NN_OK);
    assert_int_equal(result.size, size);
    assert_memory_equal(result.data, input, size);
    free(result.data);
    free(input);
}

static void no_input_is_an_empty_file(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("echo", NULL, 0, &result), NN_OK);
    assert_int_equal(result.size, 0);
    free(result.data);
}

static void descriptors_arrive_as_3_and_4_and_no_other(void **state)
{
    (void)state;
    int fds[2] = {nn__memory_file("b", "second", 6), nn__memory_file("a", "first ", 6)};
    int swapped[2] = {fds[1], fds[0]}; /* their own numbers are likely 3 and 4 already */
    const char *args[] = {"fds", NULL};
    nn_job job = {.program = PROBE, .args = args, .fds = swapped, .fd_count = 2};
    nn_job_result result;
    assert_int_equal(nn__job_run(&job, &result), NN_OK);
    assert_string_equal(result.data, "first second");
    free(result.data);
    close(fds[0]);
    close(fds[1]);
}

static void arguments_arrive(void **state)
{
    (void)state;
    const char *args[] = {"arguments", "a b", "", "\"c\"", NULL};
    nn_job job = {.program = PROBE, .args = args};
    nn_job_result result;
    assert_int_equal(nn__job_run(&job, &result), NN_OK);
    assert_string_equal(result.data, "[arguments][a b][][\"c\"]");
    free(result.data);
}

static void helper_starts_with_int_blocked_in_the_parents_group(void **state)
{
    (void)state;
    int output[2];
    assert_int_equal(pipe(output), 0);
    /* As the zygote: in a container the group we came in may be led from outside, and read 0. */
    setpgid(0, 0);
    pid_t child = fork();
    if (child == 0) {
        /* As the worker: leader of a group of its own. */
        setpgid(0, 0);
        nn_job_result result;
        if (run("state", NULL, 0, &result) != NN_OK)
            _exit(1);
        _exit(write(output[1], result.data, result.size) < 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char text[200] = "", expected[200];
    assert_true(read(output[0], text, sizeof text - 1) > 0);
    snprintf(expected, sizeof expected, "int:1 term:0 group:%d", (int)getpgrp());
    assert_string_equal(text, expected);
    close(output[0]);
    close(output[1]);
}

static void missing_helper_is_named(void **state)
{
    (void)state;
    nn_job job = {.program = "nn-no-such-helper"};
    nn_job_result result;
    assert_int_equal(nn__job_run(&job, &result), NN_OS_ERROR);
    assert_non_null(strstr(nn_error_message(), "libexec/xeus-tinycc/nn-no-such-helper"));
    assert_null(result.data);
}

static void crash_is_an_error_that_names_the_signal(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("crash", NULL, 0, &result), NN_OS_ERROR);
    assert_string_equal(nn_error_message(),
                        "nn-job-probe failed: it was ended by signal 6 (Aborted).");
}

static void error_reply_becomes_the_error(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("error", NULL, 0, &result), NN_VALUE_ERROR);
    assert_string_equal(nn_error_message(), "the model has no layers\nAdd one.");
}

static void status_without_a_reply_is_an_error(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("silent", NULL, 0, &result), NN_OS_ERROR);
    assert_string_equal(nn_error_message(), "nn-job-probe failed with exit status 3.");
}

static void missing_library_is_named(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("nolib", NULL, 0, &result), NN_OS_ERROR);
    assert_non_null(strstr(nn_error_message(), "libhdf5.so.9 is missing"));
}

static void slow_helper_is_killed(void **state)
{
    (void)state;
    const char *args[] = {"sleep", NULL};
    nn_job job = {.program = PROBE, .args = args, .timeout_s = 0.2};
    nn_job_result result;
    assert_int_equal(nn__job_run(&job, &result), NN_OS_ERROR);
    assert_non_null(strstr(nn_error_message(), "did not answer within 0.2 s"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left behind */
}

static void flood_is_cut(void **state)
{
    (void)state;
    nn_job_result result;
    assert_int_equal(run("flood", NULL, 0, &result), NN_MEMORY_ERROR);
    assert_null(result.data);
}

static int asked;
static int interrupted_at_third_question(void *self)
{
    (void)self;
    return ++asked >= 3;
}

static nn_status run_interrupted(const char *what)
{
    nn_job_result result;
    asked = 0;
    nb_host_set(&(nb_host){.interrupted = interrupted_at_third_question});
    nn_status status = run(what, NULL, 0, &result);
    nb_host_set(NULL);
    if (status == NN_OK)
        free(result.data);
    return status;
}

static void interrupt_ends_the_job(void **state)
{
    (void)state;
    assert_int_equal(run_interrupted("sleep"), NN_INTERRUPTED);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void helper_that_finishes_when_asked_to_stop_has_done_its_job(void **state)
{
    (void)state;
    assert_int_equal(run_interrupted("finish"), NN_OK);
}

static void poll_is_called(void **state);
static int polls;
static void count_poll(void *context)
{
    polls += *(int *)context;
}
static void poll_is_called(void **state)
{
    (void)state;
    int step = 2;
    const char *args[] = {"sleep", NULL};
    nn_job job = {
        .program = PROBE, .args = args, .timeout_s = 0.3, .poll = count_poll, .context = &step};
    nn_job_result result;
    nn__job_run(&job, &result);
    assert_true(polls >= 2);
}

static volatile sig_atomic_t child_signals;
static void on_child(int signal)
{
    (void)signal;
    child_signals++;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void cells_child_handler_sees_nothing(void **state)
{
    (void)state;
    signal(SIGCHLD, on_child);
    nn_job_result result;
    assert_int_equal(run("silent", NULL, 0, &result), NN_OS_ERROR);
    assert_string_equal(nn_error_message(), "nn-job-probe failed with exit status 3.");
    assert_int_equal(child_signals, 0);
    signal(SIGCHLD, SIG_DFL);
}

static void ignored_child_signal_does_not_lose_the_status(void **state)
{
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    nn_job_result result;
    assert_int_equal(run("error", NULL, 0, &result), NN_VALUE_ERROR);
    assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_comes_back),
        cmocka_unit_test(no_input_is_an_empty_file),
        cmocka_unit_test(descriptors_arrive_as_3_and_4_and_no_other),
        cmocka_unit_test(arguments_arrive),
        cmocka_unit_test(helper_starts_with_int_blocked_in_the_parents_group),
        cmocka_unit_test(missing_helper_is_named),
        cmocka_unit_test(crash_is_an_error_that_names_the_signal),
        cmocka_unit_test(error_reply_becomes_the_error),
        cmocka_unit_test(status_without_a_reply_is_an_error),
        cmocka_unit_test(missing_library_is_named),
        cmocka_unit_test(slow_helper_is_killed),
        cmocka_unit_test(flood_is_cut),
        cmocka_unit_test(interrupt_ends_the_job),
        cmocka_unit_test(helper_that_finishes_when_asked_to_stop_has_done_its_job),
        cmocka_unit_test(poll_is_called),
        cmocka_unit_test(cells_child_handler_sees_nothing),
        cmocka_unit_test(ignored_child_signal_does_not_lose_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
