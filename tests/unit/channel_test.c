#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"

typedef struct ends {
    int fd[2];
} ends;

static int setup(void **state)
{
    static ends e;
    *state = &e;
    return channel_pair(e.fd, 100);
}

static int teardown(void **state)
{
    ends *e = *state;
    close(e->fd[0]);
    close(e->fd[1]);
    return 0;
}

static void ends_are_high_and_close_on_exec(void **state)
{
    const ends *e = *state;
    for (int i = 0; i < 2; i++) {
        assert_true(e->fd[i] >= 100);
        assert_true(fcntl(e->fd[i], F_GETFD) & FD_CLOEXEC);
    }
}

static void carries_bodies_of_every_size(void **state)
{
    const ends *e = *state;
    const size_t sizes[] = {0, 1, CHANNEL_INLINE - 1, CHANNEL_INLINE, CHANNEL_INLINE + 1, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        wire_buf b = {0};
        for (size_t at = 0; at < sizes[i]; at++)
            wire_put_raw(&b, &(char){(char)(at * 7)}, 1);
        assert_int_equal(channel_send(e->fd[0], 40 + (uint32_t)i, &b), 0);
        message m;
        assert_int_equal(channel_receive(e->fd[1], &m, true), 1);
        assert_int_equal(m.kind, 40 + i);
        assert_int_equal(m.size, sizes[i]);
        if (sizes[i])
            assert_memory_equal(m.body, b.data, sizes[i]);
        assert_int_equal(m.body[m.size], 0);
        assert_int_equal(m.fd_count, 0);
        message_free(&m);
        wire_buf_free(&b);
    }
}

static void carries_descriptors_beside_a_large_body(void **state)
{
    const ends *e = *state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    wire_buf b = {0};
    for (int i = 0; i < 100000; i++)
        wire_put_u32(&b, (uint32_t)i);
    assert_int_equal(channel_send_fds(e->fd[0], 9, &b, &pipe_ends[1], 1), 0);
    close(pipe_ends[1]);
    message m;
    assert_int_equal(channel_receive(e->fd[1], &m, true), 1);
    assert_int_equal(m.size, 400000);
    assert_int_equal(m.fd_count, 1);
    assert_int_equal(write(m.fds[0], "x", 1), 1);
    message_free(&m); /* closes it: the pipe then ends */
    char text[4];
    assert_int_equal(read(pipe_ends[0], text, 4), 1);
    assert_int_equal(read(pipe_ends[0], text, 4), 0);
    close(pipe_ends[0]);
    wire_buf_free(&b);
}

static void tells_nothing_there_from_the_end(void **state)
{
    ends *e = *state;
    message m;
    assert_int_equal(channel_receive(e->fd[1], &m, false), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(channel_send_raw(e->fd[0], 3, "ab", 2), 0);
    close(e->fd[0]);
    assert_int_equal(channel_receive(e->fd[1], &m, true), 1); /* what was sent still comes */
    assert_memory_equal(m.body, "ab", 3);
    message_free(&m);
    assert_int_equal(channel_receive(e->fd[1], &m, true), 0);
    assert_int_equal(channel_send_raw(e->fd[1], 3, "ab", 2), -1); /* and no SIGPIPE */
    e->fd[0] = -1;
}

static void damaged_packets_are_dropped_one_by_one(void **state)
{
    const ends *e = *state;
    const uint32_t lies[] = {1, 500, 0}; /* says 500 bytes, brings none */
    const uint32_t no_file[] = {1, 4, 1}; /* says that a file comes along */
    message m;
    assert_int_equal(send(e->fd[0], "abc", 3, 0), 3);
    assert_int_equal(send(e->fd[0], lies, sizeof lies, 0), sizeof lies);
    assert_int_equal(send(e->fd[0], no_file, sizeof no_file, 0), sizeof no_file);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(channel_receive(e->fd[1], &m, true), -1);
        assert_int_equal(errno, EBADMSG);
    }
    assert_int_equal(channel_send_raw(e->fd[0], 3, NULL, 0), 0);
    assert_int_equal(channel_receive(e->fd[1], &m, true), 1);
    message_free(&m);
}

static void a_bad_body_is_not_sent(void **state)
{
    const ends *e = *state;
    wire_buf b = {.bad = true};
    message m;
    assert_int_equal(channel_send(e->fd[0], 1, &b), -1);
    assert_int_equal(channel_send_raw(e->fd[0], 1, "", CHANNEL_INLINE + 1), -1);
    assert_int_equal(channel_receive(e->fd[1], &m, false), -1);
}

/* A sender that is killed half-way through a stream of messages leaves whole ones only. */
static void a_killed_sender_leaves_whole_messages(void **state)
{
    ends *e = *state;
    pid_t child = fork();
    if (child == 0) {
        static char body[20000];
        memset(body, 'x', sizeof body);
        for (;;)
            channel_send_raw(e->fd[0], 5, body, sizeof body);
    }
    close(e->fd[0]);
    e->fd[0] = -1;
    message m;
    int got;
    for (int count = 0; (got = channel_receive(e->fd[1], &m, true)) == 1; count++) {
        assert_int_equal(m.size, 20000);
        message_free(&m);
        if (count == 20)
            kill(child, SIGKILL);
    }
    assert_int_equal(got, 0);
    waitpid(child, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_are_high_and_close_on_exec, setup, teardown),
        cmocka_unit_test_setup_teardown(carries_bodies_of_every_size, setup, teardown),
        cmocka_unit_test_setup_teardown(carries_descriptors_beside_a_large_body, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_nothing_there_from_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_packets_are_dropped_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_body_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_sender_leaves_whole_messages, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
