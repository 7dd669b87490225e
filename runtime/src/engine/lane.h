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
 * the engine (lane_run.h) runs it.
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
    int filters; /* of the layer; for the gradient of weights, out.c may be some of them */
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

/* The inputs of a dense layer in Keras' order, read where they lie as [channel][row][column]: the
   i-th is vector i / channels + i % channels * plane. Those of a vector: channels = n, plane = 1. */
typedef struct lane_view {
    int n, channels, plane;
} lane_view;

/* What dense_weights() reads: the inputs of every group, packs of [n][VL] after each other and groups
   `stride` floats apart, and their gradients as dense_rows() wrote them, with room for `images`. */
typedef struct lane_outer {
    const float *x, *g;
    size_t stride;
    int groups, images;
    lane_view view;
    int m;
} lane_outer;

/* Of one step of Adam: its size, 1 - beta_1, 1 - beta_2, epsilon. */
typedef struct lane_adam {
    float alpha, rest_1, rest_2, epsilon;
} lane_adam;

/* A convolution whose results go through an activation and a max-pooling by windows of 2 x 2 that
   tile them, for a backward pass that skips what pooling and ReLU made zero (lane_sparse.h). The
   first five are given, sparse_plan() finds the others. */
typedef struct lane_sparse {
    lane_conv conv;
    lane_pool pool; /* pool.in is not used */
    nn_activation activation;
    int wants_input; /* the gradient of the input is wanted */

    int in_lanes;             /* only weights of one channel (lane_sparse_first.h): none of these */
    int block, blocks;        /* input channels of a block, whose row of taps fits a vector; zeros
                                 where there are none left */
    int rows, columns, pitch; /* of an image's picture: the input and the zeros around it */
    int plane;                /* floats of a block's picture */
    int positions, capacity;  /* windows; room of a list */
    size_t table_at, places_at, pictures_at, taps_at, given_at, values_at, offsets_at, counts_at, bias_at,
        sums_at, zeros_at; /* floats from the start of scratch */
    size_t scratch_length, packed_length;
} lane_sparse;

/* Which of a window's four results is its maximum, the first in reading order: a bit of each image. */
typedef struct lane_turn {
    uint16_t right, below;
} lane_turn;

/* Inputs, maxima of the activated results and their gradients, in lanes; sums receives the gradient
   of the weights in Keras' order, then that of the biases, as scalars; dx (unless NULL) is
   overwritten. */
typedef struct lane_sparse_data {
    const float *x, *pooled, *g, *packed;
    const lane_turn *turns; /* [channel][window] */
    float *sums, *dx, *scratch;
} lane_sparse_data;

/* A lane_map for one image (direct.h), counted in floats. Channels last, as in Keras: step = c, plane
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
    int points;               /* by fewer products, at so many points of a column; 0: plainly */
} direct_window;

/* What direct_conv_points takes at once: rows of results, columns of a block; and
   direct_conv_columns with split planes: channels of a block. */
enum { DIRECT_POINTS = 9, DIRECT_POINTS_ROWS = 10, DIRECT_POINTS_COLUMNS = 4 };
enum { DIRECT_SPLIT_POINTS = 8, DIRECT_SPLIT_CHANNELS = 6 };

/* Floats of their scratch: a block's sums, then inputs at the points. */
static inline size_t nn__direct_points_scratch(const direct_window *window)
{
    return (size_t)(2 * DIRECT_POINTS *
                    (DIRECT_POINTS_COLUMNS * window->weight_row + window->in.c * window->in.pitch));
}

static inline size_t nn__direct_split_scratch(const direct_window *window, int lanes)
{
    return (size_t)(DIRECT_SPLIT_POINTS *
                    (2 * DIRECT_SPLIT_CHANNELS * lanes + window->in.c * window->in.pitch)) +
           LANE_GROUP; /* reads past the last row */
}

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

/* A dense layer that takes a convolution's results while more of them are computed. */
typedef struct direct_join {
    direct_layer layer;       /* without its activation */
    const float *x, *weights; /* the convolution's results, in Keras' order */
    const float *start;       /* what the sums start with: the bias or NULL; then y */
    float *y;
    int may_skip;             /* the weights of results that are zero */
    int32_t *list;            /* those of the results that are not in the sums yet: room for all of */
    int count;                /* them and a vector */
} direct_join;

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
    /* Gradient of the weights from output rows y0 .. y1-1, in Keras' order, of out.c of the filters:
       sums, like g, starts at the first of them. */
    void (*conv_weights)(const lane_conv *conv, const float *x, const float *g, float *sums,
                         int y0, int y1);
    /* The same from all rows, summed over the lanes and set: no per-lane sums are kept. Only where
       the kernel is 3 or 5 wide and the stride across is 1. */
    void (*conv_weights_whole)(const lane_conv *conv, const float *x, const float *g, float *grad);

    /* Another way to all of these results (lane_way.h). */
    const struct lane_way_kernels *winograd;

    /* Both of these, and what comes before them, for results that go into a max-pooling. NULL, or
       sparse_plan() 0: there is no such kernel, or it would be slower. A pack must be a group. */
    int (*sparse_plan)(lane_sparse *sparse);
    /* Row Y of windows of TURNS, from its maxima and the results where MAP says. */
    void (*sparse_turns)(const lane_sparse *sparse, const lane_map *map, const float *results,
                         const float *pooled, lane_turn *turns, int y);
    void (*sparse_pack)(const lane_sparse *sparse, const float *weights, float *packed);
    void (*sparse_backward)(const lane_sparse *sparse, const lane_sparse_data *data);

    void (*pool_forward)(const lane_pool *pool, const float *x, float *y, int y0, int y1);
    /* Gradient of the input; overwrites dx. */
    void (*pool_backward)(const lane_pool *pool, const float *x, const float *g, float *dx);
    /* For windows that tile the image, and x the outputs of an activation: the gradient before that
       activation, in the input rows of output rows y0 .. y1-1. dx may be x. */
    void (*pool_backward_tiles)(const lane_pool *pool, nn_activation activation, const float *x,
                                const float *g, const lane_map *map, float *dx, float *bias_sums,
                                int y0, int y1);

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
    void (*dense)(const lane_view *view, const float *x, const float *weights, const float *bias,
                  float *y, int m);
    /* dx[n] = weights (n, m) times g[m] */
    void (*dense_input)(const lane_view *view, const float *g, const float *weights, float *dx,
                        int m);
    /* g [m][VL] to rows of images number `image` and following, of `images` in all: as many floats
       as m rounded up to vectors for each */
    void (*dense_rows)(const float *g, float *to, int m, int image, int images);
    /* grad (n, m) rows i0 .. i1-1, grad (m), added to what is there if `add` */
    void (*dense_weights)(const lane_outer *outer, float *grad, int i0, int i1, int add);
    void (*dense_bias)(const lane_outer *outer, float *grad, int add);

    /* out[i] = sum of the VL lanes of sums[i] */
    void (*fold)(const float *sums, float *out, int n);

    /* m and v of n weights, then the weights: as Keras computes them */
    void (*adam)(const lane_adam *step, const float *grad, float *params, float *m, float *v,
                 size_t n);

    /* The direct path. direct_conv has the channels in its lanes: its weights, in the order of the
       input ([ky][kx][ic], of planes [ic][ky][kx]), and its bias have rows of weight_row floats.
       direct_conv_columns has the columns there, input and output in planes, and its weights as
       direct_pack_columns() orders them; rows of the input (by channel, frame included) that are
       marked in `blank` are zero; direct_blank() finds those of an image. `empty` (a byte for each
       two rows of results) tells a call where the one before left what comes of zeros alone; with
       other weights, or other outputs, it starts as zeros. Plainly, both keep two rows of results in
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
    /* The same by fewer products (direct_points.h), for all rows; or NULL. window->points is
       DIRECT_POINTS, the input in planes, of as many rows as whole tens of results read, the kernel
       5 x 5, its stride 1, channels one vector. What JOIN (may be NULL) lists at the end is left to
       the caller. */
    void (*direct_pack_points)(const direct_window *window, const float *weights, float *packed);
    void (*direct_conv_points)(const direct_window *window, const float *x, const float *weights,
                               const float *bias, float *scratch, float *y, direct_join *join);
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

/* The kernels of the instruction set in use. */
const lane_kernels *nn__lane_kernels(void);

/* 1 to 4 (x86-64-v1 .. v4): what the machine has; 2 to 4: what is used, after XTINYCC_ISA. Other
   processors count as 2, four lanes. */
int nn__isa_machine(void);
int nn__isa_number(void);

/* Matrix tiles (lane_tiles.h): 0 no; 1 where they are quicker; 2 wherever they can compute, which
   XTINYCC_ISA=amx asks for. The first call asks the system for them. */
int nn__isa_tiles(void);

#endif
