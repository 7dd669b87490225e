/* The pool of threads: every item once, restarts, and life after fork(). */
#include <sched.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "engine/pool.h"

enum { ITEMS = 100, THREADS = 4 };

typedef struct counts {
    atomic_int runs[ITEMS];
    atomic_int wrong_worker;
} counts;

static void count_item(void *context, int worker, int item)
{
    counts *c = context;
    atomic_fetch_add(&c->runs[item], 1);
    if (worker < 0 || worker >= THREADS)
        atomic_store(&c->wrong_worker, 1);
}

/* Does a run of ITEMS do each of the first `items` once and no other? */
static int run_is_complete(nn_pool *pool, int items)
{
    counts c = {0};
    nn__pool_run(pool, items, count_item, &c);
    for (int i = 0; i < ITEMS; i++)
        if (atomic_load(&c.runs[i]) != (i < items))
            return 0;
    return !atomic_load(&c.wrong_worker);
}

static void test_every_item_once(void **unused)
{
    (void)unused;
    nn_pool *pool = nn__pool_create(THREADS);
    assert_non_null(pool);
    assert_true(run_is_complete(pool, ITEMS)); /* not started: the caller does all */
    nn__pool_start(pool);
    assert_true(nn__pool_running(pool));
    for (int round = 0; round < 300; round++)
        assert_true(run_is_complete(pool, round % (ITEMS + 1)));
    nn__pool_stop(pool);
    nn__pool_destroy(pool);
}

/* Cuts ITEMS into a share for each worker, some empty. */
static void test_every_near_item_once(void **unused)
{
    (void)unused;
    nn_pool *pool = nn__pool_create(THREADS);
    assert_non_null(pool);
    for (int round = 0; round < 300; round++) {
        if (round == 1)
            nn__pool_start(pool);
        int items = round % (ITEMS + 1), cut = round * 7 % (items + 1);
        int first_of[THREADS + 1] = {0, cut / 2, cut, cut, items};
        counts c = {0};
        nn__pool_run_near(pool, first_of, count_item, &c);
        for (int i = 0; i < ITEMS; i++)
            assert_int_equal(atomic_load(&c.runs[i]), i < items);
        assert_false(atomic_load(&c.wrong_worker));
    }
    nn__pool_stop(pool);
    nn__pool_destroy(pool);
}

/* Everyone is at work on an item of its own before anyone takes a second. */
typedef struct own_items {
    pthread_barrier_t all_here;
    atomic_int others; /* first items that another worker took */
} own_items;

static void take_own(void *context, int worker, int item)
{
    own_items *own = context;
    if (item % 10 != 0)
        return;
    pthread_barrier_wait(&own->all_here);
    if (item / 10 != worker)
        atomic_fetch_add(&own->others, 1);
}

static void test_workers_begin_with_their_own_items(void **unused)
{
    (void)unused;
    own_items own = {0};
    pthread_barrier_init(&own.all_here, NULL, THREADS);
    nn_pool *pool = nn__pool_create(THREADS);
    nn__pool_start(pool);
    int first_of[THREADS + 1] = {0, 10, 20, 30, 40};
    for (int round = 0; round < 20; round++)
        nn__pool_run_near(pool, first_of, take_own, &own);
    assert_int_equal(atomic_load(&own.others), 0);
    nn__pool_destroy(pool);
    pthread_barrier_destroy(&own.all_here);
}

/* Items that need all workers at once; those of other threads end late. */
typedef struct meeting {
    pthread_barrier_t all_here;
    atomic_int of_worker[THREADS];
} meeting;

static void meet(void *context, int worker, int item)
{
    (void)item;
    meeting *m = context;
    pthread_barrier_wait(&m->all_here);
    if (worker > 0)
        usleep(2000);
    atomic_fetch_add(&m->of_worker[worker], 1);
}

static void test_all_workers_take_part_and_are_waited_for(void **unused)
{
    (void)unused;
    meeting m = {0};
    pthread_barrier_init(&m.all_here, NULL, THREADS);
    nn_pool *pool = nn__pool_create(THREADS);
    nn__pool_start(pool);
    for (int round = 1; round <= 20; round++) {
        nn__pool_run(pool, THREADS, meet, &m);
        for (int worker = 0; worker < THREADS; worker++)
            assert_int_equal(atomic_load(&m.of_worker[worker]), round);
    }
    nn__pool_destroy(pool); /* stops them */
    pthread_barrier_destroy(&m.all_here);
}

static int threads_of_process(void)
{
    char text[4096] = "";
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, text, sizeof text - 1);
    close(file);
    const char *line = got > 0 ? strstr(text, "\nThreads:") : NULL;
    return line ? atoi(line + 9) : -1;
}

static void test_no_thread_outlives_stop(void **unused)
{
    (void)unused;
    int before = threads_of_process();
    nn_pool *pool = nn__pool_create(THREADS);
    for (int round = 0; round < 20; round++) {
        nn__pool_start(pool);
        nn__pool_start(pool); /* again: no more threads */
        assert_int_equal(threads_of_process(), before + THREADS - 1);
        assert_true(run_is_complete(pool, ITEMS));
        nn__pool_stop(pool);
        assert_false(nn__pool_running(pool));
        /* A joined thread may stay a moment longer in the kernel's list. */
        for (int i = 0; i < 100000 && threads_of_process() != before; i++)
            sched_yield();
        assert_int_equal(threads_of_process(), before);
    }
    nn__pool_destroy(pool);
}

/* What a child does with the pool that it has inherited. */
static int child_can_use(nn_pool *pool)
{
    alarm(20);
    if (nn__pool_running(pool) || !run_is_complete(pool, ITEMS))
        return 1;
    nn__pool_start(pool);
    if (!nn__pool_running(pool) || !run_is_complete(pool, ITEMS))
        return 2;
    nn__pool_stop(pool);
    if (!run_is_complete(pool, ITEMS))
        return 3;
    nn__pool_destroy(pool);
    return 0;
}

static void check_child(nn_pool *pool)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_can_use(pool));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_child_starts_its_own_threads(void **unused)
{
    (void)unused;
    nn_pool *pool = nn__pool_create(THREADS);
    nn__pool_start(pool);
    assert_true(run_is_complete(pool, ITEMS));
    nn__pool_stop(pool);
    check_child(pool); /* as the session forks: no thread is left */
    nn__pool_start(pool);
#ifndef __SANITIZE_THREAD__ /* which forbids new threads in such a child */
    check_child(pool);      /* and while threads run */
#endif
    assert_true(nn__pool_running(pool));
    assert_true(run_is_complete(pool, ITEMS));
    nn__pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_item_once),
        cmocka_unit_test(test_every_near_item_once),
        cmocka_unit_test(test_workers_begin_with_their_own_items),
        cmocka_unit_test(test_all_workers_take_part_and_are_waited_for),
        cmocka_unit_test(test_no_thread_outlives_stop),
        cmocka_unit_test(test_child_starts_its_own_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
