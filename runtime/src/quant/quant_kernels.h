/*
 * Kernels of quantised networks, one table for each instruction set. Private to runtime/src/quant.
 *
 * Activations ("elements") are held in the form that the instruction set multiplies best; four
 * bytes of them, a group, are one lane's worth of inputs:
 *   quads  bytes, four a group, times signed bytes: VNNI
 *   pairs  16-bit integers, two a group, times 16-bit integers: everywhere else
 *   bf16   bfloat16, two a group
 * A convolution takes one channels-last kernel row (kernel_w * in_c contiguous elements) as
 * ceil(that / group) groups; what the last group reads too much meets zero weights. So every buffer
 * of elements must be readable (and, bf16, finite) QUANT_SLACK bytes beyond its end.
 */
#ifndef NN_QUANT_KERNELS_H
#define NN_QUANT_KERNELS_H

#include "quant.h"

enum {
    QUANT_SLACK = 256,
    QUANT_ALIGN = 64,
    QUANT_COLUMNS_MOST = 64, /* outputs of conv_columns() */
    QUANT_COLUMNS_ROWS = 16, /* rows of its windows at a time */
    QUANT_AHEAD = 64 * 40    /* bytes that conv() asks for in a row of a kernel and ten windows */
};

typedef enum quant_pooled { QUANT_NOT_POOLED, QUANT_AVERAGED, QUANT_MAXIMUM } quant_pooled;

/* How sums become elements (or, to_float, floats). Arrays are padded to whole vectors. */
typedef struct quant_finish {
    nn_activation activation;
    int to_float;
    const float *factor; /* int8 */
    int32_t zero;        /* int8: of the output */
    int narrows; /* int8: ReLU whose zero is byte 0, and all factors are below 1, so that a scaled
                    sum stays an int32_t: saturation does the rest */
} quant_finish;

/* Weights that will be read soon, as much as the first cache has room for: layers ask for them where
   they have loads to spare. Nothing: `at` is not below `end`. Up to QUANT_AHEAD bytes beyond the end
   may be asked for, too. */
typedef struct quant_ahead {
    const char *at, *end;
} quant_ahead;

/* A convolution, or a pooling, of maps that lie channels last; pitches in elements. */
typedef struct quant_window {
    int in_h, in_w, in_c, in_pitch;
    int out_h, out_w, out_c, out_pitch; /* of the pooled output where `pooled` */
    int kernel_h, kernel_w, stride_h, stride_w;
    int pad_top, pad_left; /* pooling only: a convolution's input has a frame */
    int maximum;           /* pooling */
    quant_pooled pooled;   /* convolution: 2x2 windows of the result, stride 2 */
    int row_groups;        /* of a kernel row */
    int padded;            /* outputs rounded up to vectors */
    const void *weights;   /* packed */
    const void *bias;      /* int32_t or float, padded */
    quant_finish finish;
    quant_ahead ahead;
} quant_window;

typedef struct quant_dense {
    int groups, out_c, padded;
    const void *weights, *bias;
    quant_finish finish;
    quant_ahead ahead;
} quant_dense;

typedef struct quant_input {
    nn_dtype dtype;
    float scale, offset; /* of the tensor */
    quant_range range;   /* int8: wanted */
    int same;            /* int8: the stored bytes are the wanted ones */
} quant_input;

typedef struct quant_kernels {
    const char *name;  /* of the instruction set: "v3", "vnni", ... */
    const char *label; /* "int8 v3", "bf16 v3 (emulated)", ... */
    quant_type type;
    int lanes, group, element; /* element: bytes of one */

    /* Weights of a layer, in Keras' order, to what the kernels read: ROWS kernel rows (dense: 1) of
       COUNT inputs. pack_size: bytes of it. For conv_columns(): the other two. */
    size_t (*pack_size)(int rows, int count, int out_c, int dense);
    void (*pack)(const void *weights, int rows, int count, int out_c, int dense, void *packed);
    size_t (*columns_pack_size)(int kernel_h, int kernel_w, int out_c);
    void (*columns_pack)(const void *weights, int kernel_h, int kernel_w, int out_c, void *packed);

    /* x: the first element that the first window reads; y: element (0, 0, 0) or float. Sums go to
       the scratch, aligned: nn__quant_conv_scratch(), nn__quant_dense_scratch() bytes. */
    void (*conv)(const quant_window *window, const void *x, void *y, void *scratch);
    /* The same with positions in the lanes, where nn__quant_has_columns(). */
    void (*conv_columns)(const quant_window *window, const void *x, void *y, void *scratch);
    void (*dense)(const quant_dense *dense, const void *x, void *y, void *scratch);
    /* conv() and the dense layer that reads its map, Y, whose sums are added up row by row; Z: its
       outputs. To be called only where nn__quant_joins(). */
    void (*conv_dense)(const quant_window *window, const quant_dense *dense, const void *x, void *y,
                       void *z, void *scratch);
    void (*pool)(const quant_window *window, const void *x, void *y);
    /* COUNT elements by the function of the layer. */
    void (*map)(const quant_layer *layer, const void *x, void *y, int count);
    /* ROWS of COUNT values each, of some storage, to rows of elements that start PITCH apart; and
       elements to floats. */
    void (*load)(const quant_input *input, const void *from, void *y, int count, int rows,
                 int pitch);
    void (*unload)(quant_range range, const void *x, float *y, int count);
} quant_kernels;

/* Whether conv_columns() can compute it. */
static inline int nn__quant_has_columns(const quant_window *window)
{
    return window->pooled && window->in_c == 1 && window->stride_w == 1 &&
           window->out_c <= QUANT_COLUMNS_MOST;
}

static inline size_t nn__quant_conv_scratch(const quant_window *window)
{
    if (!window->pooled)
        return 4 * (size_t)window->out_w * (size_t)window->padded;
    if (!nn__quant_has_columns(window))
        return 0;
    /* A strip of the input: of each row two vectors of each group and two of rests. */
    int height = window->out_h < QUANT_COLUMNS_ROWS ? window->out_h : QUANT_COLUMNS_ROWS;
    size_t rows = (size_t)((2 * height - 1) * window->stride_h + window->kernel_h);
    return 64 * rows * (size_t)(2 * window->row_groups + 2);
}

static inline size_t nn__quant_dense_scratch(const quant_dense *dense)
{
    return 4 * (size_t)dense->padded;
}

/* Whether a convolution loads less than it multiplies: LeNet-5's second is what is written out. */
static inline int nn__quant_shares_loads(const quant_window *w)
{
    return w->in_c == 6 && w->kernel_w == 5 && w->stride_w == 1;
}

/* Whether conv_dense() can compute them, and gains: the weights that a row of the map meets come in
   while the row is computed. */
static inline int nn__quant_joins(const quant_kernels *k, const quant_window *w,
                                  const quant_dense *d)
{
    if (!k->conv_dense || !w->pooled || !nn__quant_shares_loads(w) || w->padded != k->lanes ||
        w->out_pitch != w->out_w * w->out_c || w->out_pitch % k->group ||
        d->groups != w->out_h * w->out_pitch / k->group)
        return 0;
    int64_t met = (int64_t)(w->out_pitch / k->group) * d->padded * 4;
    return met <= (int64_t)(2 * w->out_w / 10) * w->kernel_h * QUANT_AHEAD;
}

/* The best table for this machine and XTINYCC_ISA (v2, v3, v4: at most that level, without VNNI and
   bf16 instructions; vnni, avxvnni, bf16: these, if the machine has them). */
const quant_kernels *nn__quant_kernels(quant_type type);

/* All tables of a type, the plainest first; RUNS tells whether this machine can run it. NULL behind
   the last. */
const quant_kernels *nn__quant_kernels_at(quant_type type, int index, int *runs);

#endif
