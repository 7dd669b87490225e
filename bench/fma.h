/*
 * The limit that speeds are measured against: float32 multiply-adds that the cores can do. For the
 * programs of this folder, which are compiled with -ffp-contract=fast: without it a multiply-add
 * would be two instructions.
 */
#ifndef BENCH_FMA_H
#define BENCH_FMA_H

#include <pthread.h>
#include <string.h>
#include <time.h>

/* More independent sums than a multiply-add has cycles of delay times units to do it. A slice
   takes about a millisecond: the quickest of many is one that no other process disturbed. */
enum { SUMS = 12, SLICES = 200, MOST_THREADS = 256 };
static const long SLICE_STEPS = 500000;

/* steps times SUMS multiply-adds of vectors of LANES floats; the result only keeps them alive. */
#define DEFINE_KERNEL(name, lanes, ...)                                                            \
    __VA_ARGS__ static float name(long steps)                                                      \
    {                                                                                              \
        typedef float vector __attribute__((vector_size((lanes) * 4)));                            \
        vector sum[SUMS], x = (vector){0} + 1.0000001f, y = (vector){0} + 1e-9f, all = {0};        \
        _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) sum[i] = x * (float)i;             \
        for (long step = 0; step < steps; step++) {                                                \
            _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++)                                \
            {                                                                                      \
                sum[i] = sum[i] * x + y;                                                           \
                __asm__ volatile("" : KEEP(sum[i]));                                               \
            }                                                                                      \
        }                                                                                          \
        _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) all += sum[i];                     \
        return all[0] + all[(lanes) - 1];                                                          \
    }

#ifdef __x86_64__
#define KEEP(v) "+v"(v)
DEFINE_KERNEL(multiply_add_v2, 4, __attribute__((noinline)))
DEFINE_KERNEL(multiply_add_v3, 8, __attribute__((noinline, target("avx2,fma"))))
DEFINE_KERNEL(multiply_add_v4, 16, __attribute__((noinline, target("avx512f"))))
#elif defined __aarch64__
#define KEEP(v) "+w"(v)
DEFINE_KERNEL(multiply_add_v2, 4, __attribute__((noinline)))
#else
#define KEEP(v) "+m"(v)
DEFINE_KERNEL(multiply_add_v2, 4, __attribute__((noinline)))
#endif

static const struct fma_level {
    const char *name;
    int lanes;
    float (*run)(long steps);
} fma_levels[] = {
    {"v2", 4, multiply_add_v2},
#ifdef __x86_64__
    {"v3", 8, multiply_add_v3},
    {"v4", 16, multiply_add_v4},
#endif
};

static const struct fma_level *fma_level_named(const char *name)
{
    for (size_t i = 0; i < sizeof fma_levels / sizeof *fma_levels; i++)
        if (strcmp(fma_levels[i].name, name) == 0)
            return &fma_levels[i];
    return &fma_levels[0];
}

static double wall_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* GFLOP/s (a multiply-add is 2): of the quickest slice, and of all slices together, which is less
   where neighbours or the power supply make the clock go up and down. */
typedef struct fma_rate {
    double peak, held;
} fma_rate;

typedef struct fma_core {
    const struct fma_level *level;
    pthread_t thread;
    fma_rate rate;
} fma_core;

static void *fma_measure(void *argument)
{
    fma_core *me = argument;
    double work = 2e-9 * (double)SLICE_STEPS * SUMS * me->level->lanes, all = 0;
    for (int slice = 0; slice < SLICES; slice++) {
        double start = wall_seconds();
        volatile float kept = me->level->run(SLICE_STEPS);
        double seconds = wall_seconds() - start;
        (void)kept;
        all += seconds;
        if (work / seconds > me->rate.peak)
            me->rate.peak = work / seconds;
    }
    me->rate.held = SLICES * work / all;
    return NULL;
}

/* Of THREADS cores that work at once; zeros if a thread could not be started. */
static fma_rate fma_measure_cores(const struct fma_level *level, int threads)
{
    static fma_core cores[MOST_THREADS];
    fma_rate sum = {0};
    int started = 0;
    for (; started < threads && started < MOST_THREADS; started++) {
        cores[started] = (fma_core){.level = level};
        if (pthread_create(&cores[started].thread, NULL, fma_measure, &cores[started]))
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(cores[i].thread, NULL);
        sum.peak += cores[i].rate.peak;
        sum.held += cores[i].rate.held;
    }
    return started == threads ? sum : (fma_rate){0};
}

#endif
