/*
 * The peak that training is measured against: multiply-adds in float32 that the cores can do.
 *
 *     bench_peak [--json FILE]
 *
 * For each instruction set that the machine has (XTINYCC_ISA lowers the highest), on one core and
 * on all allowed cores at once: the best of several rounds, in GFLOP/s (a multiply-add is 2), by
 * the processor time of each thread, so that busy neighbours disturb little. --json appends one
 * line of JSON to FILE.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "nn/device.h"

/* More independent sums than a multiply-add has cycles of delay times units to do it. */
enum { SUMS = 12, ROUNDS = 7, MOST_THREADS = 256 };
static const long STEPS = 5000000;

/* STEPS times SUMS multiply-adds of vectors of LANES floats; the result only keeps them alive. */
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

static const struct level {
    const char *name;
    int lanes;
    float (*run)(long steps);
} levels[] = {
    {"v2", 4, multiply_add_v2},
#ifdef __x86_64__
    {"v3", 8, multiply_add_v3},
    {"v4", 16, multiply_add_v4},
#endif
};

typedef struct core {
    const struct level *level;
    pthread_t thread;
    double gflops;
} core;

static volatile float kept;

static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *measure(void *argument)
{
    core *me = argument;
    kept = me->level->run(STEPS / 10);
    for (int round = 0; round < ROUNDS; round++) {
        double start = thread_seconds();
        kept = me->level->run(STEPS);
        double flops = 2.0 * (double)STEPS * SUMS * me->level->lanes;
        double gflops = 1e-9 * flops / (thread_seconds() - start);
        if (gflops > me->gflops)
            me->gflops = gflops;
    }
    return NULL;
}

/* The sum over THREADS cores that work at once; 0 if a thread could not be started. */
static double measure_cores(const struct level *level, int threads)
{
    static core cores[MOST_THREADS];
    double sum = 0;
    int started = 0;
    for (; started < threads; started++) {
        cores[started] = (core){.level = level};
        if (pthread_create(&cores[started].thread, NULL, measure, &cores[started]))
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(cores[i].thread, NULL);
        sum += cores[i].gflops;
    }
    return started == threads ? sum : 0;
}

static int write_json(const char *path, const nn_system_info *info, int threads, const char *level,
                      double one, double all)
{
    FILE *file = fopen(path, "a");
    if (!file) {
        perror(path);
        return 1;
    }
    fprintf(file,
            "{\"bench\": \"peak\", \"version\": \"%s\", \"compiler\": \"%s\", \"cpu\": \"%s\", "
            "\"isa\": \"%s\", \"cores\": %d, \"load_average\": %.2f, \"gflops_one_core\": %.2f, "
            "\"gflops_all_cores\": %.2f}\n",
            info->version, info->compiler, info->cpu, level, threads, info->load_average, one, all);
    return fclose(file) != 0;
}

int main(int count, char **words)
{
    const char *json = NULL;
    if (count == 3 && strcmp(words[1], "--json") == 0) {
        json = words[2];
    } else if (count != 1) {
        fprintf(stderr, "usage: bench_peak [--json FILE]\n");
        return 2;
    }
    nn_system_info info = nn_system();
    int threads = info.cores < 1 ? 1 : info.cores > MOST_THREADS ? MOST_THREADS : info.cores;
    printf("%s, %d cores, load average %.2f\nGFLOP/s in float32, by processor time\n", info.cpu,
           threads, info.load_average);
    int status = 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        double one = measure_cores(&levels[i], 1), all = measure_cores(&levels[i], threads);
        printf("%s  %2d lanes  one core %7.1f  %d cores at once %7.1f\n", levels[i].name,
               levels[i].lanes, one, threads, all);
        fflush(stdout);
        if (json && write_json(json, &info, threads, levels[i].name, one, all))
            status = 1;
        if (strcmp(levels[i].name, info.isa) == 0)
            break;
    }
    return status;
}
