/**
 * @file repeat.h
 * Train the same network again from other seeds: how much of a result is luck?
 *
 * One training run is one sample. Between two devices, or two networks, a difference of test
 * accuracy smaller than what seeds alone make means nothing.
 */
#ifndef NB_REPEAT_H
#define NB_REPEAT_H

#include "nn/metrics.h"
#include "nn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NB_MOST_RUNS = 32 };

/** Results of runs that differ in their seed only. */
typedef struct runs_t {
    int runs;                   /**< complete ones; -1 after an error */
    double accuracy_mean;       /**< of the test accuracies */
    double accuracy_spread;     /**< their standard deviation (n - 1); NaN for one run */
    double loss_mean;           /**< of the test losses */
    double loss_spread;
    double seconds;             /**< wall time of all that was trained here */
    uint64_t seed[NB_MOST_RUNS];
    double accuracy[NB_MOST_RUNS]; /**< on the test data, of each run */
    double loss[NB_MOST_RUNS];
} runs_t;

/** Options of nb_model_repeat(); zero means default. */
typedef struct repeat_opts {
    int runs;          /**< how many, 1 to 32; default 3 */
    nn_data test_data; /**< evaluated after each run; required */
    metrics_t first;   /**< what a run with the first seed gave, if there was one: it counts as the
                            first and is not trained again */
    fit_opts fit;      /**< how each is trained; .seed is the first seed, the next ones follow it;
                            .verbose 0 shows one line a run */
} repeat_opts;

/**
 * Train fresh copies of a model, each from a seed of its own, and test them.
 *
 * A copy has the model's layers and compile settings and the initial weights of its seed, as after
 * nn_set_random_seed(); the model itself is left alone. So a run with the seed of an earlier one
 * gives the same bits again.
 *
 * @param model  a compiled model
 * @param x      training samples, as for nn_model_fit()
 * @param y      their labels
 * @param opts   options
 * @return       the results, of the complete runs when the user stopped it; `runs` is -1 on
 *               ValueError (not compiled, no test data, an option out of range) or MemoryError
 */
NN_API runs_t nb_model_repeat(const model_t *model, tensor_t x, tensor_t y, repeat_opts opts);

/** Show the runs one by one, their mean and their spread. @param name  NULL for none */
NN_API nn_status nb_display_runs(const char *name, runs_t runs);

#ifdef __cplusplus
}
#endif
#endif
