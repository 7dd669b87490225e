/*
 * A model as plain data and as text: what libnn and nn-files tell each other about a model file.
 * Compiled into both; knows neither layers of libnn nor HDF5.
 *
 * The text is one record a line, fields separated by single spaces:
 *
 *     xtinycc-model 1 NAME LAYERS
 *     layer CLASS NAME ACTIVATION SAME UNITS WINDOW_H WINDOW_W STRIDE_H STRIDE_W BIAS RATE RANK
 *           LENGTH LENGTH LENGTH                                             (on one line)
 *     compile OPTIMIZER LOSS ACCURACY LEARNING_RATE BETA_1 BETA_2 EPSILON MOMENTUM NESTEROV
 *     state ITERATIONS SLOTS
 *     end
 *
 * Names are written as "=" and their bytes, those outside the printable ASCII range and "%" as
 * %XX. Real numbers are the 16 hexadecimal digits of their bits: no locale, no rounding.
 *
 * The tensors travel beside it as float32: all variables in the order of the layers (weights, then
 * bias), then the optimizer's first slot of all variables, then its second.
 */
#ifndef NN_SRC_MODEL_TEXT_H
#define NN_SRC_MODEL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define NN_TEXT_NAME       64
#define NN_TEXT_MAX_LAYERS 1000
#define NN_TEXT_MAX_LENGTH ((int64_t)1 << 20)
#define NN_TEXT_MAX_PARAMS ((int64_t)1 << 27)
#define NN_TEXT_MAX_VALUES ((int64_t)1 << 28) /* of one sample between two layers */

typedef struct nn_text_variable {
    const char *name; /* "kernel", "bias" */
    int rank;
    int64_t shape[4];
    size_t count;
} nn_text_variable;

typedef struct nn_text_layer {
    char class_name[24]; /* Keras' spelling, "InputLayer" for the first */
    char name[NN_TEXT_NAME];
    char activation[16];
    int same; /* padding */
    int64_t units, window[2], stride[2];
    int use_bias;
    double rate;
    int rank; /* of the input, InputLayer only */
    int64_t shape[3];

    /* Set by nn__text_infer(). */
    int in_rank, out_rank;
    int64_t in_shape[3], out_shape[3];
    int variable_count;
    nn_text_variable variables[2];
} nn_text_layer;

typedef struct nn_text_model {
    char name[NN_TEXT_NAME];
    nn_text_layer *layers;
    int layer_count;

    int compiled;
    char optimizer[8]; /* "adam" or "sgd" */
    char loss[48];
    int accuracy;
    double learning_rate, beta_1, beta_2, epsilon, momentum;
    int nesterov;

    int64_t iterations;
    int slots; /* 0 (no state), 1 or 2 */

    size_t param_count; /* set by nn__text_infer() */
} nn_text_model;

/* Make room for COUNT layers (zeroed). Returns 0 without memory. */
int nn__text_alloc(nn_text_model *model, int count);
void nn__text_free(nn_text_model *model);

/* Write the text; free() it. *SIZE receives its length. NULL without memory. */
char *nn__text_write(const nn_text_model *model, size_t *size);

/* Read a text of SIZE bytes, strictly. *REST receives the first byte behind the "end" line.
   Returns 0 if it is not well formed or memory is out. */
int nn__text_read(const char *text, size_t size, nn_text_model *model, const char **rest);

/* Infer all shapes and variables from the description. Returns 0 and a sentence about the first
   layer that does not fit. */
int nn__text_infer(nn_text_model *model, char *why, size_t why_size);

/* Slots of the optimizer once it has taken a step: Adam 2, SGD with momentum 1, without 0. */
int nn__text_slots(const nn_text_model *model);

#endif
