/*
 * How a network is computed: the seam between the model (layers, training loop, optimizers) and
 * the compute kernels. Private to libnn.
 *
 * The model flattens its layers into an nn_net: a list of operations with every shape known, and
 * one flat array of parameters in Keras' layouts (convolutions HWIO, dense layers (in, out), each
 * tensor starting on a multiple of 16 floats; the floats between are zero and stay zero). An
 * engine turns a batch into outputs or into gradients with the same layout. Engines know nothing
 * of epochs, optimizers or files; packing weights for their own loops is their business.
 *
 * Determinism: same net, parameters and batch give the same bits for any number of threads.
 * No thread of an engine outlives the call that made it or nn_engine.leave().
 */
#ifndef NN_ENGINE_H
#define NN_ENGINE_H

#include <stddef.h>
#include <stdint.h>
#include "nn/tensor.h"

typedef enum nn_op_kind {
    NN_OP_CONV2D,
    NN_OP_AVERAGE_POOL,
    NN_OP_MAX_POOL,
    NN_OP_FLATTEN,
    NN_OP_DENSE,
    NN_OP_DROPOUT,
    NN_OP_ACTIVATION
} nn_op_kind;

typedef enum nn_activation {
    NN_LINEAR,
    NN_TANH,
    NN_RELU,
    NN_SIGMOID,
    NN_SOFTMAX
} nn_activation;

typedef enum nn_loss {
    NN_SPARSE_CATEGORICAL_CROSSENTROPY,
    NN_CATEGORICAL_CROSSENTROPY,
    NN_MEAN_SQUARED_ERROR
} nn_loss;

/* One operation. Vectors (after Flatten, Dense) have height and width 1 and c entries. */
typedef struct nn_op {
    nn_op_kind kind;
    nn_activation activation; /* applied to the result; NN_LINEAR for none */
    int in_h, in_w, in_c;
    int out_h, out_w, out_c;
    int kernel_h, kernel_w; /* convolution and pooling windows */
    int stride_h, stride_w;
    int pad_top, pad_left; /* Keras' "same": the smaller half comes first; bottom/right follow */
    float rate;            /* dropout */
    int has_bias;
    size_t weight, bias; /* offsets into the parameters, in floats */
    size_t weight_count, bias_count;
    const char *name; /* the layer's name, for messages and model_plan() */
} nn_op;

typedef struct nn_net {
    const nn_op *ops;
    int op_count;
    int in_h, in_w, in_c; /* the input, channels last */
    int out_c;            /* length of the output vector */
    nn_loss loss;
    size_t param_count; /* floats, padding included */
} nn_net;

/* Samples of a batch: row order[i] of x (and of y) for i = 0 .. count-1; order NULL = first rows.
   x: uint8 or float32 with scale/offset (nn_tensor), its rows in_h*in_w*in_c elements.
   y: integer labels (N) for the sparse loss, else rows of out_c values; data NULL for none. */
typedef struct nn_batch {
    tensor_t x, y;
    const int32_t *order;
    int count;
    /* The next call's rows stand behind those of `order`, so many of them: an engine may fetch what
       they need in time. 0: not known. */
    int ahead;
    /* Dropout in training: element e of row r of x is kept by operation o if
       nn__dropout_keeps(nn__random(seed, NN_STREAM_DROPOUT, epoch, r, o), e, rate): random.h. */
    uint64_t seed;
    uint64_t epoch;
    /* Tells an engine that packs weights whether they are still those of the call before: equal
       nonzero numbers promise equal parameters; 0 promises nothing. */
    uint64_t params_version;
} nn_batch;

/* range(context, from, end) is called once for each float of a gradient (padding, which is zero, may
   be left out), in ranges that start on multiples of 16, when it is complete and no longer needed:
   from any thread of the engine, in any order. Thus an optimizer changes the parameters while the gradient is still
   in the nearest cache. */
typedef struct nn_update {
    void (*range)(void *context, size_t from, size_t end);
    void *context;
} nn_update;

typedef struct nn_engine {
    const char *name; /* "reference", "lane v4", "lane amx" (v4 with matrix tiles), ... */
    /* The name of the kernels that compute outputs of COUNT samples a call; NULL: the same. */
    const char *(*name_for)(int count);

    /* Can this engine compute the net? If not, WHY receives a few words naming the layer. */
    int (*supports)(const nn_net *net, char *why, size_t why_size);

    /* NET stays valid and unchanged until destroy. NULL: no memory. */
    void *(*create)(const nn_net *net, int threads);
    void (*destroy)(void *self);

    /* Start and end a run of many calls (thread start-up is paid once). Calls outside a run work
       too. */
    void (*enter)(void *self);
    void (*leave)(void *self);

    /* Outputs (after the last activation) of every sample: count rows of out_c floats. Dropout is
       the identity. If loss_sum is not NULL it receives the sum of the samples' losses, *hits the
       number of right answers (arg-max equal to the label). */
    void (*forward)(void *self, const float *params, const nn_batch *batch, float *out,
                    double *loss_sum, int64_t *hits);

    /* Gradient of the mean loss over the batch, written to GRAD (param_count floats, padding
       zero), with the loss sum and hits of the same forward pass. UPDATE (may be NULL) is told of
       its parts. */
    void (*gradient)(void *self, const float *params, const nn_batch *batch, float *grad,
                     const nn_update *update, double *loss_sum, int64_t *hits);
} nn_engine;

/* Slow and clear; computes everything; the oracle of the fast ones. */
extern const nn_engine nn__reference_engine;

/* Batch in SIMD lanes; picks the best instruction set (XTINYCC_ISA overrides). Calls of few images
   and the training of convolutions before a max-pooling pass over zeros; PLAIN: they do not. */
const nn_engine *nn__lane_engine(int plain);

/* How "lane" (not "plain") computes this operation, if it is a convolution and not by plain sums alone:
   some of these. */
enum {
    NN_SKIPS_ZEROS = 1, /* its backward pass skips gradients that max-pooling and ReLU made zero */
    NN_BY_TILES = 2,    /* matrix tiles, in calls of many images */
    NN_BY_WINOGRAD = 4, /* fewer products, in calls of many images */
    NN_GRADIENT_BY_WINOGRAD = 8 /* of the gradients only */
};
unsigned nn__lane_manner(const nn_net *net, int op);

/* The engine called "reference", "lane", "plain" or "blas" (blas_engine.h) that can compute the net;
   NAME NULL: the fastest one. NULL: none can or the name is unknown; WHY receives the reason. */
const nn_engine *nn__engine_choose(const nn_net *net, const char *name, char *why, size_t why_size);

/* "v2", "v3" or "v4": the vectors that this machine (and XTINYCC_ISA) allows. */
const char *nn__isa_level(void);

/* Threads to use by default: XTINYCC_THREADS, else cores allowed by affinity and cgroup quota. */
int nn__default_threads(void);

#endif
