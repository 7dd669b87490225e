/**
 * @file bench.h
 * Time inference as the coursework asks: one image a call.
 */
#ifndef NN_BENCH_H
#define NN_BENCH_H

#include "nn/tensor.h"

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
    char precision[8];         /**< "fp32" */
    char engine[32];           /**< which kernels answered: "lane v4", "reference", ... */
    char isa[8];               /**< "v2", "v3", "v4" */
} latency_t;

#ifdef __cplusplus
}
#endif
#endif
