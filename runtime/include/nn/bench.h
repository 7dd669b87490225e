/**
 * @file bench.h
 * Time inference as the coursework asks: one image a call.
 */
#ifndef NN_BENCH_H
#define NN_BENCH_H

#include "nn/tensor.h"
#include "nn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Result of a latency measurement. Times in microseconds per call. */
typedef struct latency_t {
    double mean_us, median_us, p1_us, p99_us, min_us, max_us;
    double clock_overhead_us;  /**< cost of reading the clock, included in the times above */
    double images_per_second;  /**< batch_size / mean */
    int64_t calls;             /**< timed calls over all passes */
    int batch_size, warmup, passes, threads;
    double accuracy;           /**< of the answers given while timing; NaN without labels */
    char precision[8];         /**< "fp32", "int8", "bf16" */
    char engine[32];           /**< which kernels answered: "direct v3", "int8 v3", ... */
    char isa[8];               /**< "v2", "v3", "v4" */
} latency_t;

/** Options of nn_model_benchmark(); zero means default. */
typedef struct benchmark_opts {
    int batch_size;     /**< images a call; default 1 */
    int warmup;         /**< calls that are not counted; default 1000, -1 for none */
    int passes;         /**< times over all of x; default 3 */
    int threads;        /**< default 1 at batch 1, else as in fit_opts */
    tensor_t y;         /**< labels, to report the accuracy of the answers given; default: none */
    const char *engine; /**< as in fit_opts; "plain": the time does not depend on the image */
} benchmark_opts;

/**
 * Time inference: stored images in, classes out, one call after the other.
 *
 * CLOCK_MONOTONIC is read before and after each call; scaling of the pixels and the choice of the
 * largest output lie inside. Nothing is allocated between the first timed call and the last.
 * Answers go into the result, so no call can be left out by a compiler.
 *
 * @param x  images (N, shape of the model's input), as they are stored: uint8 stays uint8
 * @return   the times, over all complete calls when the user stopped it; `calls` is -1 on
 *           ValueError or MemoryError
 */
NN_API latency_t nn_model_benchmark(model_t *model, tensor_t x, benchmark_opts opts);

#ifdef __cplusplus
}
#endif
#endif
