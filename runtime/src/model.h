/*
 * Inside of layers and models. Private to libnn: the model's own files, the training loop, and the
 * reader and writer of model files (keras_file.c) use it.
 *
 * A layer is a description (what its constructor was given) until nn_sequential() builds a model
 * from it; then it also knows its shapes and where its parameters lie. Layer 0 is the Input. The
 * operation of layer i (i >= 1) is ops[i - 1]: every layer but the Input is one operation.
 */
#ifndef NN_SRC_MODEL_H
#define NN_SRC_MODEL_H

#include "nn/device.h"
#include "nn/model.h"
#include "engine/engine.h"

#define NN_NAME_SIZE    64
#define NN_MAX_LAYERS   1000
#define NN_MAX_LENGTH   ((int64_t)1 << 20) /* of one axis, of filters, of units */
#define NN_MAX_PARAMS   ((int64_t)1 << 27)
#define NN_MAX_ELEMENTS ((int64_t)1 << 28) /* of one sample between two layers */

typedef enum nn_layer_kind {
    NN_LAYER_INPUT,
    NN_LAYER_CONV2D,
    NN_LAYER_AVERAGE_POOLING2D,
    NN_LAYER_MAX_POOLING2D,
    NN_LAYER_FLATTEN,
    NN_LAYER_DENSE,
    NN_LAYER_DROPOUT,
    NN_LAYER_ACTIVATION
} nn_layer_kind;

struct layer_t {
    /* The description. */
    nn_layer_kind kind;
    char name[NN_NAME_SIZE];   /* "" until the model names it */
    nn_activation activation;  /* conv2d, dense, activation */
    int same;                  /* padding: 0 "valid", 1 "same" */
    int units;                 /* filters of conv2d, units of dense */
    int window_h, window_w;    /* kernel of conv2d, pool of the poolings */
    int stride_h, stride_w;
    int use_bias;
    double rate;               /* dropout */

    /* Set by the model (for the Input: the out shape by its constructor). One sample's shapes. */
    struct model_t *model;
    int index;
    int named_by_model;
    int in_rank, out_rank; /* 1 to 3 */
    int64_t in_shape[3], out_shape[3];
};

/* Parameters and optimizer state lie in arrays of the same form: net.param_count floats, each
   tensor starting at its operation's `weight` or `bias`, dense, in Keras' layout. */
struct model_t {
    char name[NN_NAME_SIZE];
    layer_t **layers;
    int layer_count;
    nn_op *ops; /* layer_count - 1 */
    nn_net net; /* points to ops */
    float *params;

    int compiled;
    nn_optimizer optimizer;
    int accuracy;       /* the metric was asked for */
    int64_t iterations; /* steps taken since compile */
    float *slots[2];    /* Adam: m and v; SGD with momentum: the buffer and NULL; NULL before the
                           first step or model file */

    /* The engine instance of the last call, kept for the next one. */
    const nn_engine *engine;
    void *engine_self;
    int engine_threads;

    history_t *history; /* of the last fit */

    struct quant_net *quant; /* quantised: what computes in the place of params; else NULL */
};

/* Names of enumerators in Keras' spelling; the finders return -1 for an unknown name. */
const char *nn__activation_name(nn_activation activation);
int nn__activation_find(const char *name);
const char *nn__loss_name(nn_loss loss);
int nn__loss_find(const char *name);
const char *nn__layer_class_name(nn_layer_kind kind);

/* Lists of valid names for messages: "linear, tanh, relu, sigmoid, softmax". */
extern const char nn__activation_names[];
extern const char nn__loss_names[];

/* Makes a layer of a description (checked by the caller) in session memory; NULL: MemoryError. */
layer_t *nn__layer_new(const layer_t *description);

/* Checks a description as the constructors do. FUNCTION opens the message ("Conv2D", or
   "model_load: layer 'conv2d'"). */
nn_status nn__layer_check(const char *function, const layer_t *description);

/* Where a layer's parameters lie: WHICH 0 weights, 1 bias. Returns the number of floats (0: none),
   and the offset into model->params and the slots; SHAPE receives up to 4 lengths, *RANK their
   number. */
size_t nn__layer_variable(const layer_t *layer, int which, size_t *offset, int64_t shape[4],
                          int *rank);

/* Makes sure that the optimizer's slots exist (zeroed when new). */
nn_status nn__model_slots(model_t *model);

/* Sets all weights from a seed. */
void nn__model_init(model_t *model, uint64_t seed);

/* Chooses an engine for this model (NULL: the fastest that can) and makes it ready, or keeps the
   one at hand. FUNCTION opens the message of an error. */
nn_status nn__model_engine(model_t *model, const char *function, const char *engine, int threads);

/* Gives the engine instance back (before the net changes or the model goes). */
void nn__model_drop_engine(model_t *model);

/* Fails with a ValueError if the model is quantised; WHAT continues "is quantised (int8) and". */
nn_status nn__refuse_quantised(const model_t *model, const char *function, const char *what);

/* "int8", "bf16" or "fp32" for an operation with weights of a quantised model; else NULL. */
const char *nn__quant_layer_form(const model_t *model, int op);

/* Bytes of all parameters as they are kept. */
int64_t nn__quant_bytes(const model_t *model);

/* Corrects what model_plan() says of an operation: ENGINE becomes NAME where it is quantised. */
void nn__quant_plan_row(const model_t *model, int op, const char *name, char *engine,
                        size_t engine_size, char *why, size_t why_size);

/* The history of the fit before this one, or NULL. */
history_t *nn__history_older(const history_t *history);

/* One update of the parameters by a gradient of form params. */
typedef struct nn_step {
    const nn_optimizer *optimizer;
    const struct lane_kernels *kernels; /* of this processor; NULL: none */
    float alpha; /* Adam's step size, corrected for the number of steps so far */
    const float *grad;
    float *params, *slots[2];
} nn_step;

/* Begins the next step; the engine that computes GRAD does it by what is returned. STEP must live
   until then. */
nn_update nn__optimizer_begin(model_t *model, const float *grad, nn_step *step);

/* The decimal that a float literal was written as: (double)0.9f -> 0.9. Other doubles stay. */
double nn__decimal(double value);

/* Checks x (and y, unless it is NULL) against model and loss; fails with a message that opens with
   FUNCTION and calls the tensors X_NAME and Y_NAME. */
nn_status nn__check_x(const model_t *model, const char *function, const char *x_name, tensor_t x);
nn_status nn__check_xy(const model_t *model, const char *function, const char *x_name, tensor_t x,
                       const char *y_name, tensor_t y);

#endif
