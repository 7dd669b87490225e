/*
 * Quantised networks: what nn_model_quantize() makes of a model, as plain data. Private to libnn.
 *
 * The planner (quant_plan.c) cuts the operations of an nn_net into quant_layers; numbers come from
 * a model and calibration (quant_make.c) or from a file (quant_file.c), and nn__quant_finish()
 * derives the rest, so that both ways end in the same bits. The engine (quant_engine.c) runs the
 * layers with kernels of the best instruction set; quant_reference.c computes the same in plain
 * loops and is the oracle.
 *
 * int8: an activation x is a byte q with x = scale (q - zero). A weight is scale[o] w, |w| <= 127.
 * For output o, with all sums exact in 32 bits:
 *     sum = bias[o] + SUM w q        bias[o] = round(b / (scale[o] scale_in)) - zero_in SUM w
 *     y   = activation(sum * factor[o]), in float32 without fused multiply-add
 * where factor is scale[o] scale_in, divided by scale_out where the activation is linear or ReLU and
 * times the lines' steps where it is tanh or sigmoid (quant_math.h). A pooling that a convolution
 * takes along is of the four sums, if it is a maximum, and of the four results before they are
 * rounded to a byte, if it is an average.
 *
 * bf16: activations are bfloat16. For output o, in float32: sum = b, then for each pair of inputs
 * (2k, 2k + 1) of a kernel row first the odd one's product is added, then the even one's: the order
 * of vdpbf16ps. An odd number of inputs is filled up with a zero.
 */
#ifndef NN_QUANT_H
#define NN_QUANT_H

#include <stddef.h>
#include <stdint.h>
#include "../engine/engine.h"

typedef enum quant_type { QUANT_INT8 = 1, QUANT_BF16 = 2 } quant_type;

typedef enum quant_kind {
    QUANT_CONV,
    QUANT_DENSE,
    QUANT_POOL,
    QUANT_MAP,  /* an activation function of its own, value by value */
    QUANT_FLOAT /* a run of operations left in float32 */
} quant_kind;

typedef struct quant_range {
    float scale;
    int32_t zero;
} quant_range;

typedef struct quant_layer {
    quant_kind kind;
    int op, op_end; /* operations op .. op_end - 1 of the net */
    int in_h, in_w, in_c, out_h, out_w, out_c;
    int kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
    int maximum; /* pooling; else the average of what lies inside the image */
    int takes_pool; /* CONV: the pooling that follows is made along with it */
    nn_activation activation;
    int to_float; /* gives floats: the end of the net, or what float32 layers read */
    int measured; /* int8: the range of the output must be calibrated */
    quant_range in, out;

    /* CONV, DENSE: weights in Keras' order, the output fastest. */
    size_t weight_count;
    int8_t *weights;
    uint16_t *weights_bf16;
    float *scale;  /* int8: of the weights of each output */
    float *biases; /* zeros where the layer has none */
    int32_t *bias; /* int8, derived */
    float *factor; /* int8, derived */

    nn_net part; /* FLOAT: the run as a network of its own */
} quant_layer;

typedef struct quant_net {
    quant_type type;
    const nn_net *net;   /* of the model that owns this */
    const float *params; /* for the float32 runs */
    quant_layer *layers;
    int layer_count;
    unsigned char *in_float; /* of each operation: left in float32 ... */
    const char **why;        /* ... for this reason; NULL for the others */
    nn_activation end;       /* computed in float32 on what the last layer gives */
} quant_net;

/* ---- quant_plan.c ---- */

/* Values of in_float. */
enum { QUANT_WISHED = 1, QUANT_TOO_LARGE = 2 };

/* Lay out the layers. IN_FLOAT (of each operation with weights, others are not looked at; may be
   NULL) demands float32. NULL with the reason in WHY, "" for lack of memory. */
quant_net *nn__quant_plan(const nn_net *net, const float *params, quant_type type,
                          const unsigned char *in_float, char *why, size_t why_size);
void nn__quant_free(quant_net *quant);

/* ---- quant_make.c ---- */

/* Convert the weights of PARAMS; the ranges are another matter. */
void nn__quant_weights(quant_net *quant, const float *params);

/* Derive the other ranges from the input's (in layers[0].in) and the measured ones, and bias and
   factor of all layers. Returns 0 with the place of a layer in *LAYER whose sums
   could leave 32 bits. */
int nn__quant_finish(quant_net *quant, int *layer);

/* The bfloat16 nearest to x, ties to even, and back. */
uint16_t nn__bf16(float x);
float nn__bf16_value(uint16_t bits);

/* ---- quant_reference.c ---- */

/* One sample through the net in plain loops: IMAGE is what the input's tensor holds, OUT receives
   the floats before the closing activation. Returns 0 without memory. */
int nn__quant_reference(const quant_net *quant, const void *image, nn_dtype dtype, float scale,
                        float offset, float *out);

/* ---- quant_engine.c ---- */

struct quant_kernels;

/* The engine's functions for a quantised net; the instance comes from nn__quant_create(), not from
   nn_engine.create. KERNELS NULL: the reference. */
const nn_engine *nn__quant_engine(quant_type type, const struct quant_kernels *kernels);
void *nn__quant_create(const quant_net *quant, const struct quant_kernels *kernels, int threads);

/* "int8" or "bf16". */
const char *nn__quant_type_name(quant_type type);

#endif
