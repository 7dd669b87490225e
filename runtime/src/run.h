/* Run a model's engine over rows of data: shared by training, evaluation, prediction and
   benchmarks. Private to libnn. */
#ifndef NN_SRC_RUN_H
#define NN_SRC_RUN_H

#include "model.h"

/* Rows computed between two looks at nb_interrupted(). */
#define NN_CHUNK_ROWS 1024

/* A number for nn_batch.params_version that no earlier call has used. */
uint64_t nn__params_version(void);

/* Seconds of CLOCK_MONOTONIC. */
double nn__seconds(void);

/* Computes all rows of x with the engine at hand (entered by the caller, or not): outputs to OUT
   (may be NULL); loss and hits by y into SUMS (may be NULL). Returns the rows done, fewer when the
   user stops it. */
typedef struct nn_sums {
    double loss;
    int64_t hits;
} nn_sums;

int64_t nn__run_forward(model_t *model, tensor_t x, tensor_t y, float *out, nn_sums *sums);

#endif
