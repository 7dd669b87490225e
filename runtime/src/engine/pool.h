/*
 * A pool of threads for loops over independent items. Private to libnn.
 *
 * Threads exist only between nn__pool_start() and nn__pool_stop(): the session forks between
 * cells, and a child has only the thread that forked. A pool that finds itself in a forked child
 * forgets its threads and starts new ones when it is next asked to.
 *
 * Every thread that runs items has denormals flushed to zero; the caller's own mode is restored
 * before nn__pool_run() returns.
 */
#ifndef NN_ENGINE_POOL_H
#define NN_ENGINE_POOL_H

typedef struct nn_pool nn_pool;

/* Items of one nn__pool_run() at most. */
#define NN_POOL_MAX_ITEMS ((1 << 20) - 1)
#define NN_POOL_MAX_THREADS 256

/* A pool of THREADS workers, the caller counted (1 to NN_POOL_MAX_THREADS; others are clamped).
   No thread is started yet. NULL: no memory. */
nn_pool *nn__pool_create(int threads);

/* Stop the threads and free. NULL is allowed. */
void nn__pool_destroy(nn_pool *pool);

/* The number of workers, the caller counted: WORKER below is less than this. */
int nn__pool_threads(const nn_pool *pool);

/* Start the threads (none that runs already). Fewer than asked for, where the system refuses. */
void nn__pool_start(nn_pool *pool);

/* End and join the threads. */
void nn__pool_stop(nn_pool *pool);

/* Are threads running, in this process? */
int nn__pool_running(const nn_pool *pool);

/* Call run(context, worker, item) once for each item 0 .. items-1, in any order, on the caller
   (worker 0) and on the running threads; return when all are done. */
void nn__pool_run(nn_pool *pool, int items, void (*run)(void *context, int worker, int item),
                  void *context);

/* The same for items 0 .. first_of[threads]-1, of which worker w is first offered first_of[w] ..
   first_of[w + 1]-1: over many runs it finds in its own cache what it left there. Who has none left
   helps the others. */
void nn__pool_run_near(nn_pool *pool, const int *first_of,
                       void (*run)(void *context, int worker, int item), void *context);

#endif
