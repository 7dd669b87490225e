/*
 * The lane engine: one SIMD lane is one image. Private to runtime/src/engine.
 *
 * A pack is VL images (4, 8 or 16: the floats of one vector) that go through the network together;
 * a group is LANE_GROUP images, so 16 / VL packs, and is the unit of work and of summation:
 * whatever the number of threads, group k of a batch has the same images and its sums are added as
 * the k-th. Activations lie as [channel][row][column][VL], so that any channel count and any kernel
 * size works without waste: weights are broadcast, everything else is a vector.
 *
 * The kernels (lane_kernels.c) are built once for each instruction set and reached through the
 * table below; no vector type appears in this header. The plan (lane_plan.c) lays out memory and
 * the engine (lane_engine.c) runs it.
 */
#ifndef NN_ENGINE_LANE_H
#define NN_ENGINE_LANE_H

#include <stddef.h>
#include <stdint.h>
#include "engine.h"

enum {
    LANE_GROUP = 16,      /* images of a group */
    LANE_ALIGN = 64,      /* bytes; every buffer starts on a multiple */
    LANE_MAX_KERNEL = 11  /* longest side of a convolution window */
};

/* Where an activation lies in its buffer, counted in vectors. The frame around the image is zero
   and stays zero: it is the padding of the convolution that reads it. */
typedef struct lane_map {
    int c, h, w;
    int pitch; /* from row to row */
    int plane; /* from channel to channel */
    int at;    /* element (0, 0, 0) */
    int size;  /* the whole buffer */
} lane_map;

typedef struct lane_conv {
    lane_map in, out;
    int kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
} lane_conv;

typedef struct lane_pool {
    lane_map in, out;
    int window_h, window_w, stride_h, stride_w, pad_top, pad_left;
    int maximum; /* else the average of what lies inside the image */
    int tiles;   /* windows neither overlap nor leave anything out */
} lane_pool;

/* What becomes of a convolution's results while they are in the registers. */
typedef struct lane_after {
    nn_activation activation; /* not softmax */
    const lane_pool *pool;    /* windows of 2 x 2 that tile the results; NULL: none */
    float *pooled;
} lane_after;

/* A pack's labels, and what their losses are made of: gap + log(sum). */
typedef struct lane_labels {
    _Alignas(LANE_ALIGN) int32_t label[LANE_GROUP];
    float weight[LANE_GROUP]; /* of each image in the gradient */
    float gap[LANE_GROUP], sum[LANE_GROUP];
    int32_t hit[LANE_GROUP]; /* not 0: the first of the largest outputs is the label's */
} lane_labels;

/* VL images on their way in: image[l] points to in_h * in_w * in_c stored elements. */
typedef struct lane_input {
    const void *image[LANE_GROUP];
    nn_dtype dtype;
    float scale, offset;
    lane_map map;
} lane_input;

/* What dense_weights() reads: of every group, a pack's inputs [n][VL] and gradients [VL][ld],
   packs after each other, groups `stride` floats apart. */
typedef struct lane_outer {
    const float *x, *g;
    size_t stride;
    int groups;
    int n, m, ld; /* inputs, outputs, length of a gradient row (m rounded up to vectors) */
} lane_outer;

/* The same for one image (direct.h), counted in floats. Channels last, as in Keras: step = c, plane
   = 1; or in planes: step = 1. A row of split planes has its odd columns `half` behind the even
   ones (those of the frame counted), so that vectors hold the left and the right columns of
   pooling windows. */
typedef struct direct_map {
    int c, h, w;
    int step, pitch, plane; /* from column to column, row to row, channel to channel */
    int at;                 /* element (0, 0, 0) */
    int rows;               /* of a plane, those of the frame included */
    int half;               /* 0: not split; else `at` is where the row of (0, 0, 0) begins */
    int size;               /* the whole buffer, with room behind for two vectors and a window */
} direct_map;

/* A convolution, with what becomes of its results, or a pooling. */
typedef struct direct_window {
    direct_map in, out;
    int kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
    int maximum; /* pooling; else the average of what lies inside the image */
    /* Convolution only: its results before the pooling, if any, by windows of 2 x 2. */
    int rows, columns;
    int pooled;
    nn_activation activation; /* not softmax */
    int weight_row;           /* floats of a tap's weights (direct_conv) */
} direct_window;

/* A dense layer's weights are rows, one for each input, `row` floats apart: m, or m in whole
   vectors with zeros behind, as they must be where m is less than a vector. */
typedef struct direct_layer {
    int m; /* outputs */
    int row;
    nn_activation activation;
} direct_layer;

/* Rows of a dense layer's weights that a convolution before it fetches into the nearest cache while
   it computes: those in the list. */
typedef struct direct_ahead {
    const float *weights;
    size_t row;
    const int32_t *list;
    int count;
} direct_ahead;

/* One image on its way in. */
typedef struct direct_input {
    const void *image;
    nn_dtype dtype;
    float scale, offset;
} direct_input;

/* Pointers to activations are to the start of the buffer that the map describes. Sums over images
   (`sums`, `bias_sums`) are kept per lane, [n][VL], and added to; fold() makes scalars of them. */
typedef struct lane_kernels {
    int lanes; /* VL */

    void (*load)(const lane_input *input, float *x);

    /* Convolution, bias and what comes after for output rows y0 .. y1-1 (with pooling: whole pairs).
       `weights` as packed by conv_pack: as many floats as the layer has weights. */
    void (*conv_pack)(const lane_conv *conv, const float *weights, float *packed);
    void (*conv_forward)(const lane_conv *conv, const float *x, const float *weights,
                         const float *bias, float *y, int y0, int y1, const lane_after *after);
    /* Gradient of the input; overwrites dx (what it leaves in the frame has no meaning). */
    void (*conv_pack_input)(const lane_conv *conv, const float *weights, float *packed);
    void (*conv_input)(const lane_conv *conv, const float *g, const float *weights, float *dx);
    /* Gradient of the weights from output rows y0 .. y1-1, in Keras' order. */
    void (*conv_weights)(const lane_conv *conv, const float *x, const float *g, float *sums,
                         int y0, int y1);

    void (*pool_forward)(const lane_pool *pool, const float *x, float *y, int y0, int y1);
    /* Gradient of the input; overwrites dx. */
    void (*pool_backward)(const lane_pool *pool, const float *x, const float *g, float *dx);
    /* For windows that tile the image: x (the outputs of an activation) becomes the gradient
       before that activation, in the input rows of output rows y0 .. y1-1. */
    void (*pool_backward_tiles)(const lane_pool *pool, nn_activation activation, float *x,
                                const float *g, float *bias_sums, int y0, int y1);

    /* In place; softmax is over the channels. */
    void (*activate)(const lane_map *map, nn_activation activation, float *x, int y0, int y1);
    /* g becomes the gradient before the activation with outputs y. bias_sums may be NULL. */
    void (*activate_backward)(const lane_map *map, nn_activation activation, const float *y,
                              float *g, float *bias_sums, int y0, int y1);

    /* out [n][VL] becomes its softmax, gradient (may be NULL) that of the weighted crossentropy.
       NULL where there is no vector code: nn__lane_loss() then goes lane by lane. */
    void (*label_loss)(const lane_labels *labels, float *out, float *gradient, int n);

    void (*copy)(const lane_map *from, const lane_map *to, const float *x, float *y);
    /* y (h, w, c) in Keras' order and back */
    void (*flatten)(const lane_map *map, const float *x, float *y);
    void (*unflatten)(const lane_map *map, const float *x, float *y);
    /* mask[] in Keras' order of elements, which nn__dropout_keeps() numbers */
    void (*dropout_mask)(const uint64_t *keys, int count, float rate, float *mask);
    void (*dropout)(const lane_map *map, const lane_map *to, const float *x, const float *mask,
                    float *y);

    /* y[m] = x[n] times weights (n, m) plus bias; bias may be NULL */
    void (*dense)(const float *x, const float *weights, const float *bias, float *y, int n, int m);
    /* dx[n] = weights (n, m) times g[m] */
    void (*dense_input)(const float *g, const float *weights, float *dx, int n, int m);
    /* [n][VL] to [VL][ld], zeros after n */
    void (*rows)(const float *a, float *b, int n, int ld);
    /* grad (n, m) rows i0 .. i1-1, added to what is there if `add`; i0 is a multiple of 4 */
    void (*dense_weights)(const lane_outer *outer, float *grad, int i0, int i1, int add);

    /* out[i] = sum of the VL lanes of sums[i] */
    void (*fold)(const float *sums, float *out, int n);

    /* The direct path. direct_conv has the channels in its lanes: its weights, in the order of the
       input ([ky][kx][ic], of planes [ic][ky][kx]), and its bias have rows of weight_row floats.
       direct_conv_columns has the columns there, input and output in planes, and its weights as
       direct_pack_columns() orders them; rows of the input (by channel, frame included) that are
       marked in `blank` are zero; direct_blank() finds those of an image. `empty` (a byte for each
       two rows of results) tells a call where the one before left what comes of zeros alone; with
       other weights, or other outputs, it starts as zeros. Both keep two rows of results in
       `scratch`. direct_conv computes rows y0 .. y1-1. direct_dense takes the `count` inputs in
       `list`; its bias may be y itself, for sums so far. direct_nonzero() lists the inputs that
       are not zero: it writes up to n + 16 numbers. */
    void (*direct_load)(const direct_input *input, const direct_map *map, float *y);
    void (*direct_blank)(const direct_map *map, const float *x, uint8_t *marks);
    /* The rows of planes x as those of split planes y, their marks (may be NULL) as well. The other
       one does so at once with bytes of few columns; it returns 0 where it cannot. */
    int (*direct_load_split)(const direct_input *input, const direct_map *from,
                             const direct_map *to, float *y, uint8_t *marks);
    void (*direct_split)(const direct_map *from, const direct_map *to, const float *x, float *y,
                         uint8_t *marks);
    void (*direct_conv)(const direct_window *window, const float *x, const float *weights,
                        const float *bias, float *scratch, float *y, int y0, int y1,
                        const direct_ahead *ahead);
    void (*direct_pack_columns)(const direct_window *window, const float *weights, float *packed);
    void (*direct_conv_columns)(const direct_window *window, const float *x, const float *weights,
                                const float *bias, const uint8_t *blank, uint8_t *empty,
                                float *scratch, float *y);
    void (*direct_pool)(const direct_window *window, const float *x, float *y);
    /* n values in place; a softmax is of all n. Touches no more than these. */
    void (*direct_activate)(nn_activation activation, float *x, int n);
    int (*direct_nonzero)(const float *x, int n, int32_t *list);
    void (*direct_dense)(const direct_layer *layer, const float *x, const float *weights,
                         const float *bias, const int32_t *list, int count, float *y);
} lane_kernels;

extern const lane_kernels nn__lane_kernels_v2;
#ifdef __x86_64__
extern const lane_kernels nn__lane_kernels_v3;
extern const lane_kernels nn__lane_kernels_v4;
#endif

/* 1 to 4 (x86-64-v1 .. v4): what the machine has; 2 to 4: what is used, after XTINYCC_ISA. Other
   processors count as 2, four lanes. */
int nn__isa_machine(void);
int nn__isa_number(void);

#endif
