/* A pool of threads; see pool.h. */
#include "pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Before a waiting thread sleeps, which costs two system calls and the time until it runs again, it
   looks so often: first without a break, then it lets others run between every few. More of the first
   kind would cost much on a busy machine, where the thread holds a core that another could use. */
enum { SPIN = 1000, YIELDS = 60, SPIN_OF_YIELD = 100, STACK_BYTES = 256 << 10 };

/* The state of one run in one word, so that a thread takes an item, and learns whether there is
   one, by one compare-and-swap: run number (24 bits), items (20), next item (20). A thread that
   comes late finds no item left and is not waited for. */
typedef uint64_t ticket;

static ticket ticket_make(uint32_t run, int items)
{
    return (uint64_t)run << 40 | (uint64_t)items << 20;
}
static int ticket_items(ticket t) { return (int)(t >> 20 & 0xfffff); }
static int ticket_next(ticket t) { return (int)(t & 0xfffff); }

typedef struct worker {
    nn_pool *pool;
    int index;
    pthread_t thread;
} worker;

/* What is left of a worker's own items in nn__pool_run_near(). */
typedef struct share {
    _Alignas(64) _Atomic int next;
    int end;
} share;

struct nn_pool {
    _Alignas(64) _Atomic ticket ticket;
    _Alignas(64) _Atomic int done;      /* items finished in this run */
    _Atomic int waiting;                /* the caller sleeps on done */
    _Alignas(64) _Atomic uint32_t call; /* counts runs and stops; threads sleep on it */
    _Atomic int sleepers;
    _Atomic int stopping;

    void (*run)(void *context, int worker, int item);
    void *context;
    uint32_t run_number;

    int threads; /* workers wanted, the caller counted */
    int running; /* threads started, the caller not counted */
    unsigned forks;
    worker *workers;
    share *shares;
};

/* Forks that led to this process: a pool started under another count has lost its threads. */
static _Atomic unsigned forks;
static void count_fork(void) { atomic_fetch_add(&forks, 1); }
static void watch_forks(void) { pthread_atfork(NULL, NULL, count_fork); }

#if defined __x86_64__ || defined __i386__
#include <xmmintrin.h>
static void pause_core(void) { _mm_pause(); }
static unsigned long flush_denormals(void)
{
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
    return before;
}
static void restore_denormals(unsigned long before) { _mm_setcsr((unsigned)before); }
#elif defined __aarch64__
static void pause_core(void) { __asm__ volatile("yield"); }
static unsigned long flush_denormals(void)
{
    unsigned long before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1ul << 24));
    return before;
}
static void restore_denormals(unsigned long before)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
static void pause_core(void) {}
static unsigned long flush_denormals(void) { return 0; }
static void restore_denormals(unsigned long before) { (void)before; }
#endif

static void futex_wait(void *word, uint32_t seen)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}
static void futex_wake(void *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

/* Run items of the present run until none is left. */
static void take_items(nn_pool *pool, int index)
{
    ticket seen = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while (ticket_next(seen) < ticket_items(seen)) {
        if (!atomic_compare_exchange_weak(&pool->ticket, &seen, seen + 1))
            continue;
        /* This item keeps the run alive, and so run and context unchanged. */
        pool->run(pool->context, index, ticket_next(seen));
        int finished = atomic_fetch_add(&pool->done, 1) + 1;
        if (finished == ticket_items(seen) && atomic_load(&pool->waiting))
            futex_wake(&pool->done);
        seen = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
}

/* Time passes between two looks at what a thread waits for; 0: time to sleep. */
static int may_look_again(int looks)
{
    if (looks >= SPIN && looks % SPIN_OF_YIELD == 0)
        sched_yield();
    pause_core();
    return looks < SPIN + YIELDS * SPIN_OF_YIELD;
}

static void wait_for_call(nn_pool *pool, uint32_t seen)
{
    for (int looks = 0; may_look_again(looks); looks++)
        if (atomic_load_explicit(&pool->call, memory_order_acquire) != seen)
            return;
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(&pool->call) == seen)
        futex_wait(&pool->call, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
}

static void *worker_main(void *argument)
{
    worker *me = argument;
    nn_pool *pool = me->pool;
    flush_denormals();
    for (;;) {
        uint32_t call = atomic_load(&pool->call);
        if (atomic_load(&pool->stopping))
            return NULL;
        take_items(pool, me->index);
        wait_for_call(pool, call);
    }
}

nn_pool *nn__pool_create(int threads)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    threads = threads < 1 ? 1 : threads > NN_POOL_MAX_THREADS ? NN_POOL_MAX_THREADS : threads;
    nn_pool *pool = aligned_alloc(64, (sizeof *pool + 63) / 64 * 64);
    worker *workers = calloc((size_t)threads, sizeof *workers);
    share *shares = aligned_alloc(64, (size_t)threads * sizeof *shares);
    if (!pool || !workers || !shares) {
        free(pool);
        free(workers);
        free(shares);
        return NULL;
    }
    *pool = (nn_pool){.threads = threads, .workers = workers, .shares = shares};
    return pool;
}

void nn__pool_destroy(nn_pool *pool)
{
    if (!pool)
        return;
    nn__pool_stop(pool);
    free(pool->workers);
    free(pool->shares);
    free(pool);
}

int nn__pool_threads(const nn_pool *pool) { return pool->threads; }

int nn__pool_running(const nn_pool *pool)
{
    return pool->running > 0 && pool->forks == atomic_load(&forks);
}

/* After a fork the child has none of the threads, and what they counted means nothing. */
static void forget_lost_threads(nn_pool *pool)
{
    if (pool->forks == atomic_load(&forks))
        return;
    pool->forks = atomic_load(&forks);
    pool->running = 0;
    atomic_store(&pool->sleepers, 0);
    atomic_store(&pool->stopping, 0);
    atomic_store(&pool->waiting, 0);
}

void nn__pool_start(nn_pool *pool)
{
    forget_lost_threads(pool);
    if (pool->running || pool->threads == 1)
        return;
    /* Signals are for the session's own thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (pool->running < pool->threads - 1) {
        worker *w = &pool->workers[pool->running];
        *w = (worker){.pool = pool, .index = pool->running + 1};
        if (pthread_create(&w->thread, &attributes, worker_main, w))
            break;
        pool->running++;
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void nn__pool_stop(nn_pool *pool)
{
    forget_lost_threads(pool);
    if (!pool->running)
        return;
    atomic_store(&pool->stopping, 1);
    atomic_fetch_add(&pool->call, 1);
    futex_wake(&pool->call);
    for (int i = 0; i < pool->running; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pool->running = 0;
    atomic_store(&pool->stopping, 0);
}

static void wait_for_items(nn_pool *pool, int items)
{
    for (int looks = 0; may_look_again(looks); looks++)
        if (atomic_load_explicit(&pool->done, memory_order_acquire) == items)
            return;
    atomic_store(&pool->waiting, 1);
    for (int done; (done = atomic_load(&pool->done)) != items;)
        futex_wait(&pool->done, (uint32_t)done);
    atomic_store(&pool->waiting, 0);
}

void nn__pool_run(nn_pool *pool, int items, void (*run)(void *context, int worker, int item),
                  void *context)
{
    unsigned long mode = flush_denormals();
    if (items < 2 || !nn__pool_running(pool)) {
        for (int i = 0; i < items; i++)
            run(context, 0, i);
        restore_denormals(mode);
        return;
    }
    pool->run = run;
    pool->context = context;
    atomic_store(&pool->done, 0);
    atomic_store(&pool->ticket, ticket_make(++pool->run_number & 0xffffff, items));
    atomic_fetch_add(&pool->call, 1);
    if (atomic_load(&pool->sleepers))
        futex_wake(&pool->call);
    take_items(pool, 0);
    wait_for_items(pool, items);
    restore_denormals(mode);
}

typedef struct near_run {
    nn_pool *pool;
    void (*run)(void *context, int worker, int item);
    void *context;
} near_run;

/* Whoever takes one of these does all that is left, its own first. */
static void run_shares(void *context, int worker, int item)
{
    (void)item;
    const near_run *near = context;
    int threads = near->pool->threads;
    for (int k = 0; k < threads; k++) {
        share *s = &near->pool->shares[(worker + k) % threads];
        while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end) {
            int i = atomic_fetch_add(&s->next, 1);
            if (i < s->end)
                near->run(near->context, worker, i);
        }
    }
}

void nn__pool_run_near(nn_pool *pool, const int *first_of,
                       void (*run)(void *context, int worker, int item), void *context)
{
    near_run near = {pool, run, context};
    for (int w = 0; w < pool->threads; w++) {
        atomic_store_explicit(&pool->shares[w].next, first_of[w], memory_order_relaxed);
        pool->shares[w].end = first_of[w + 1];
    }
    nn__pool_run(pool, pool->threads, run_shares, &near);
}
