/* A model that learns in a blink, for tests of what training shows. */
#ifndef NB_TRAINING_H
#define NB_TRAINING_H

#include <stdint.h>
#include "nn/model.h"

enum { TRAINING_SAMPLES = 64 };

static float training_x[TRAINING_SAMPLES][4];
static uint8_t training_y[TRAINING_SAMPLES];

static inline tensor_t training_inputs(void)
{
    for (int i = 0; i < TRAINING_SAMPLES; i++)
        for (int k = 0; k < 4; k++)
            training_x[i][k] = (float)(i % 2 ? k : -k);
    return nn_tensor_wrap(training_x, NN_FLOAT32, 2, (int64_t[]){TRAINING_SAMPLES, 4});
}

static inline tensor_t training_labels(void)
{
    for (int i = 0; i < TRAINING_SAMPLES; i++)
        training_y[i] = (uint8_t)(i % 2);
    return nn_tensor_wrap(training_y, NN_UINT8, 1, (int64_t[]){TRAINING_SAMPLES});
}

static inline model_t *training_model(const char *name)
{
    layer_t *layers[] = {nn_input(1, (int64_t[]){4}), nn_dense(8, (dense_opts){.activation = "tanh"}),
                         nn_dense(2, (dense_opts){.activation = "softmax"})};
    model_t *model = nn_sequential(name, 3, layers);
    compile_opts opts = {.optimizer = nn_adam((adam_opts){0}),
                         .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}};
    return model && nn_model_compile(model, opts) == NN_OK ? model : NULL;
}

#endif
