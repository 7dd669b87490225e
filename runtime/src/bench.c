#include "nn/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "error.h"
#include "nb/host.h"
#include "nn/quantize.h"
#include "run.h"

#define MAX_CALLS      100000000
#define CALLS_PER_POLL 64
#define CLOCK_READS    1001

static const latency_t failed = {.mean_us = NAN, .accuracy = NAN, .calls = -1};

typedef struct bench {
    model_t *model;
    nn_batch batch;
    int64_t rows, calls_per_pass;
    int32_t *order;   /* 0, 1, 2, ...: a batch is a pointer into it */
    float *out;       /* of one call */
    int32_t *answers; /* of every row */
    double *times;    /* of every timed call, microseconds */
} bench;

static double microseconds(struct timespec from, struct timespec to)
{
    return 1e6 * (double)(to.tv_sec - from.tv_sec) + 1e-3 * (double)(to.tv_nsec - from.tv_nsec);
}

/* One call: the images from row `first` on to their classes. */
static void answer(bench *b, int64_t first)
{
    int outputs = b->model->net.out_c;
    b->batch.order = b->order + first;
    b->model->engine->forward(b->model->engine_self, b->model->params, &b->batch, b->out, NULL,
                              NULL);
    for (int i = 0; i < b->batch.count; i++) {
        const float *row = b->out + (size_t)i * outputs;
        int best = 0;
        for (int k = 1; k < outputs; k++)
            if (row[k] > row[best])
                best = k;
        b->answers[first + i] = best;
    }
}

static int64_t row_of_call(const bench *b, int64_t call)
{
    return call % b->calls_per_pass * b->batch.count;
}

/* Returns the number of timed calls: fewer than asked for when the user stops it. */
static int64_t time_calls(bench *b, int64_t warmup, int64_t calls)
{
    struct timespec before, after;
    for (int64_t call = 0; call < warmup; call++) {
        if (call % CALLS_PER_POLL == 0 && nb_interrupted())
            return 0;
        answer(b, row_of_call(b, call));
    }
    for (int64_t call = 0; call < calls; call++) {
        if (call % CALLS_PER_POLL == 0 && nb_interrupted())
            return call;
        int64_t first = row_of_call(b, call);
        clock_gettime(CLOCK_MONOTONIC, &before);
        answer(b, first);
        clock_gettime(CLOCK_MONOTONIC, &after);
        b->times[call] = microseconds(before, after);
    }
    return calls;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that PERCENT of all do not exceed. */
static double percentile(const double *sorted, int64_t count, double percent)
{
    int64_t rank = (int64_t)ceil(percent / 100 * (double)count);
    return sorted[rank < 1 ? 0 : rank - 1];
}

/* What two reads of the clock cost with nothing between them: the median of many. */
static double clock_overhead(void)
{
    double costs[CLOCK_READS];
    struct timespec before, after;
    for (int i = 0; i < CLOCK_READS; i++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        clock_gettime(CLOCK_MONOTONIC, &after);
        costs[i] = microseconds(before, after);
    }
    qsort(costs, CLOCK_READS, sizeof *costs, compare);
    return costs[CLOCK_READS / 2];
}

static double accuracy(const bench *b, tensor_t y, int64_t calls)
{
    int64_t rows = (calls < b->calls_per_pass ? calls : b->calls_per_pass) * b->batch.count;
    int64_t right = 0;
    if (!y.data)
        return NAN;
    for (int64_t i = 0; i < rows; i++)
        right += nn_tensor_at(y, (size_t)i) == (float)b->answers[i];
    return (double)right / (double)rows;
}

static latency_t summarise(bench *b, benchmark_opts opts, int64_t calls)
{
    latency_t result = {
        .clock_overhead_us = clock_overhead(),
        .accuracy = accuracy(b, opts.y, calls),
        .calls = calls,
        .batch_size = opts.batch_size,
        .warmup = opts.warmup,
        .passes = opts.passes,
        .threads = b->model->engine_threads,
    };
    snprintf(result.precision, sizeof result.precision, "%s", nn_model_precision(b->model));
    double sum = 0;
    for (int64_t i = 0; i < calls; i++)
        sum += b->times[i];
    qsort(b->times, (size_t)calls, sizeof *b->times, compare);
    result.mean_us = sum / (double)calls;
    result.median_us = percentile(b->times, calls, 50);
    result.p1_us = percentile(b->times, calls, 1);
    result.p99_us = percentile(b->times, calls, 99);
    result.min_us = b->times[0];
    result.max_us = b->times[calls - 1];
    result.images_per_second = opts.batch_size / (result.mean_us * 1e-6);
    const nn_engine *engine = b->model->engine;
    const char *name = engine->name_for ? engine->name_for(opts.batch_size) : engine->name;
    strncpy(result.engine, name, sizeof result.engine - 1);
    strncpy(result.isa, nn__isa_level(), sizeof result.isa - 1);
    return result;
}

static nn_status check_options(const model_t *model, tensor_t x, benchmark_opts *opts)
{
    static const char function[] = "model_benchmark";
    if (!model)
        return nn__fail(NN_VALUE_ERROR, "%s: the model is NULL", function);
    if (nn__check_x(model, function, "x", x))
        return NN_VALUE_ERROR;
    if (opts->batch_size == 0)
        opts->batch_size = 1;
    if (opts->batch_size < 1 || opts->batch_size > x.shape[0])
        return nn__fail(NN_VALUE_ERROR, "%s: batch_size is %d, 1 to the %lld rows of x expected",
                        function, opts->batch_size, (long long)x.shape[0]);
    opts->warmup = opts->warmup == 0 ? 1000 : opts->warmup < 0 ? 0 : opts->warmup;
    if (opts->passes == 0)
        opts->passes = 3;
    int64_t calls = x.shape[0] / opts->batch_size;
    if (opts->passes < 1 || opts->passes > MAX_CALLS / calls)
        return nn__fail(NN_VALUE_ERROR, "%s: passes is %d, 1 to %lld expected", function,
                        opts->passes, (long long)(MAX_CALLS / calls));
    if (opts->y.data && (opts->y.rank < 1 || opts->y.shape[0] != x.shape[0]))
        return nn__fail(NN_VALUE_ERROR, "%s: y has %lld rows and x has %lld; as many of both "
                                        "expected",
                        function, (long long)opts->y.shape[0], (long long)x.shape[0]);
    if (opts->threads == 0 && opts->batch_size == 1)
        opts->threads = 1;
    return NN_OK;
}

latency_t nn_model_benchmark(model_t *model, tensor_t x, benchmark_opts opts)
{
    if (check_options(model, x, &opts) ||
        nn__model_engine(model, "model_benchmark", opts.engine, opts.threads))
        return failed;
    bench b = {.model = model, .rows = x.shape[0], .calls_per_pass = x.shape[0] / opts.batch_size};
    b.batch = (nn_batch){.x = x, .count = opts.batch_size, .params_version = nn__params_version()};
    int64_t calls = b.calls_per_pass * opts.passes;
    b.order = malloc((size_t)b.rows * sizeof *b.order);
    b.answers = malloc((size_t)b.rows * sizeof *b.answers);
    b.out = malloc((size_t)opts.batch_size * (size_t)model->net.out_c * sizeof *b.out);
    b.times = malloc((size_t)calls * sizeof *b.times);
    latency_t result = failed;
    if (!b.order || !b.answers || !b.out || !b.times) {
        nn__fail(NN_MEMORY_ERROR, "model_benchmark: no memory for %lld times", (long long)calls);
    } else {
        for (int64_t i = 0; i < b.rows; i++)
            b.order[i] = (int32_t)i;
        memset(b.times, 0, (size_t)calls * sizeof *b.times); /* its pages are there from the start */
        model->engine->enter(model->engine_self);
        int64_t done = time_calls(&b, opts.warmup, calls);
        model->engine->leave(model->engine_self);
        if (done > 0)
            result = summarise(&b, opts, done);
        else
            nn__fail(NN_INTERRUPTED, "model_benchmark: stopped before the first timed call");
    }
    free(b.order);
    free(b.answers);
    free(b.out);
    free(b.times);
    return result;
}
