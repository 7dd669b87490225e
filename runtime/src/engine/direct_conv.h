/*
 * Convolutions of the direct path (direct.h). Included by lane_kernels.c only.
 *
 * Two forms: the lanes hold channels, or columns of a row where those fill the vectors better. Both
 * leave the results of one row, or of the two under a row of pooling windows, in `scratch`, which
 * stays in the nearest cache, and then activate, pool and store them.
 */
#ifndef NN_ENGINE_DIRECT_CONV_H
#define NN_ENGINE_DIRECT_CONV_H

/* Registers hold the accumulators, the weights or inputs of a tap and one factor. */
enum {
    CHANNELS_MOST_1 = 12, /* columns of a block with one vector of channels */
    CHANNELS_MOST_2 = 6,  /* with two */
    COLUMNS_MOST = 6      /* channels of a block of two vectors of columns */
};

/* ---- from scratch to the map ---- */

/* The first LEFT lanes; zeros in the others: what lies behind a row is a frame of zeros, or is
   written later. */
INLINE vf first_lanes(vf value, int left)
{
    static const int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    vi number;
    memcpy(&number, numbers, sizeof number);
    return (vf)((number < left) & (vi)value);
}

INLINE void store_first(float *y, vf value, int left)
{
    *(vf_any *)y = left >= VL ? value : first_lanes(value, left);
}

INLINE vf pool_four(vf a, vf b, vf c, vf d, const int MAXIMUM)
{
    return MAXIMUM ? vmax(vmax(a, b), vmax(c, d)) : (vf)(((a + b) + (c + d)) * 0.25f);
}

enum { NOT_POOLED, AVERAGE_OF_4, MAXIMUM_OF_4 };

/* One output row; scratch holds `weight_row` floats for each column, of the second row behind. */
INLINE void finish_channels(const direct_window *d, const float *scratch, float *y,
                            const nn_activation ACT, const int POOLED)
{
    const int c = d->out.c, row = d->weight_row;
    const float *below = scratch + (size_t)d->columns * (size_t)row;
    for (int ox = 0; ox < d->out.w; ox++, y += c)
        for (int i = 0; i < c; i += VL) {
            const float *at = scratch + (size_t)ox * (size_t)(POOLED ? 2 * row : row) + i;
            const float *under = below + (at - scratch);
            vf value = activated(*(const vf *)at, ACT);
            if (POOLED)
                value = pool_four(value, activated(*(const vf *)(at + row), ACT),
                                  activated(*(const vf *)under, ACT),
                                  activated(*(const vf *)(under + row), ACT),
                                  POOLED == MAXIMUM_OF_4);
            store_first(y + i, value, c - i);
        }
}

/* Floats of a row of one channel in the scratch of the columns' form: pairs of vectors. */
INLINE int columns_row(const direct_window *d)
{
    return (d->columns + 2 * VL - 1) / (2 * VL) * (2 * VL);
}

/* One output row of every channel; scratch is [channel][row of two][columns_row]. */
INLINE void finish_columns(const direct_window *d, const float *scratch, float *y,
                           const nn_activation ACT, const int POOLED)
{
    const int row = columns_row(d), w = d->out.w;
    for (int c = 0; c < d->out.c; c++, scratch += 2 * row, y += d->out.plane)
        for (int i = 0; i < w; i += VL) {
            const float *at = scratch + (POOLED ? 2 * i : i);
            vf value = activated(*(const vf *)at, ACT);
            if (POOLED) {
                vf right = activated(*(const vf *)(at + VL), ACT);
                vf under = activated(*(const vf *)(at + row), ACT);
                vf corner = activated(*(const vf *)(at + row + VL), ACT);
                if (POOLED == MAXIMUM_OF_4) {
                    value = vmax(value, under);
                    right = vmax(right, corner);
                    value = vmax(EVEN(value, right), ODD(value, right));
                } else {
                    value += under;
                    right += corner;
                    value = (EVEN(value, right) + ODD(value, right)) * 0.25f;
                }
            }
            store_first(y + i, value, w - i);
        }
}

#define FINISH_POOLED(finish, ACT)                                                                 \
    if (!d->pooled)                                                                                \
        finish(d, scratch, y, ACT, NOT_POOLED);                                                    \
    else if (d->maximum)                                                                           \
        finish(d, scratch, y, ACT, MAXIMUM_OF_4);                                                  \
    else                                                                                           \
        finish(d, scratch, y, ACT, AVERAGE_OF_4);                                                  \
    break

#define DEFINE_FINISH(name, finish)                                                                \
    static void name(const direct_window *d, const float *scratch, float *y)                       \
    {                                                                                              \
        switch (d->activation) {                                                                   \
        case NN_TANH:                                                                              \
            FINISH_POOLED(finish, NN_TANH);                                                        \
        case NN_RELU:                                                                              \
            FINISH_POOLED(finish, NN_RELU);                                                        \
        case NN_SIGMOID:                                                                           \
            FINISH_POOLED(finish, NN_SIGMOID);                                                     \
        default:                                                                                   \
            FINISH_POOLED(finish, NN_LINEAR);                                                      \
        }                                                                                          \
    }

DEFINE_FINISH(finish_channels_row, finish_channels)
DEFINE_FINISH(finish_columns_row, finish_columns)

/* ---- channels in lanes ---- */

typedef struct channels_place {
    const float *x, *weights, *bias; /* x: under tap (0, 0) of the first column */
    size_t step;                     /* from one output column's inputs to the next one's */
    int planes, run;                 /* the input lies in so many planes, whose taps of one kernel
                                        row are so many floats */
} channels_place;

/* COLUMNS positions of a row, VECTORS vectors of channels. RUN 0: not known when compiling; else
   the step is 1. */
INLINE void channels_block(const direct_window *d, const channels_place *at, float *y,
                           const int RUN, const int COLUMNS, const int VECTORS)
{
    vf sum[CHANNELS_MOST_1];
    const int run = RUN ? RUN : at->run;
    const size_t step = RUN ? 1 : at->step, row = (size_t)d->weight_row;
    const size_t pitch = (size_t)d->in.pitch, plane = (size_t)d->in.plane;
    UNROLL for (int p = 0; p < COLUMNS; p++)
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[p * VECTORS + v] = *(const vf_any *)(at->bias + v * VL);
    const float *w = at->weights, *channel = at->x;
    for (int ic = 0; ic < at->planes; ic++, channel += plane) {
        const float *first = channel;
        for (int ky = 0; ky < d->kernel_h; ky++, first += pitch) {
            const float *x = first;
            for (int t = 0; t < run; t++, x++, w += row) {
                vf tap[2];
                RELOAD;
                UNROLL for (int v = 0; v < VECTORS; v++) tap[v] = *(const vf_any *)(w + v * VL);
                UNROLL for (int p = 0; p < COLUMNS; p++) {
                    vf value = vset(x[(size_t)p * step]);
                    UNROLL for (int v = 0; v < VECTORS; v++)
                        sum[p * VECTORS + v] += value * tap[v];
                }
            }
        }
    }
    UNROLL for (int p = 0; p < COLUMNS; p++, y += row)
        UNROLL for (int v = 0; v < VECTORS; v++)
            *(vf *)(y + v * VL) = sum[p * VECTORS + v];
}

#define CHANNELS_CASE(columns, vectors, run)                                                       \
    case columns:                                                                                  \
        channels_block(d, at, y, run, columns, vectors);                                           \
        break;
#define CHANNELS_CASES_6(vectors, run)                                                             \
    CHANNELS_CASE(1, vectors, run) CHANNELS_CASE(2, vectors, run)                                  \
    CHANNELS_CASE(3, vectors, run) CHANNELS_CASE(4, vectors, run)                                  \
    CHANNELS_CASE(5, vectors, run) CHANNELS_CASE(6, vectors, run)
#define CHANNELS_CASES_12(run)                                                                     \
    CHANNELS_CASES_6(1, run)                                                                       \
    CHANNELS_CASE(7, 1, run) CHANNELS_CASE(8, 1, run) CHANNELS_CASE(9, 1, run)                     \
    CHANNELS_CASE(10, 1, run) CHANNELS_CASE(11, 1, run) CHANNELS_CASE(12, 1, run)

static void channels_block_1(const direct_window *d, const channels_place *at, float *y,
                             int columns)
{
    if (at->step == 1 && at->run == 5)
        switch (columns) { CHANNELS_CASES_12(5) }
    else
        switch (columns) { CHANNELS_CASES_12(0) }
}

static void channels_block_2(const direct_window *d, const channels_place *at, float *y,
                             int columns)
{
    if (at->step == 1 && at->run == 5)
        switch (columns) { CHANNELS_CASES_6(2, 5) }
    else if (at->step == 1 && at->run == 3)
        switch (columns) { CHANNELS_CASES_6(2, 3) }
    else
        switch (columns) { CHANNELS_CASES_6(2, 0) }
}

static void direct_conv(const direct_window *d, const float *x, const float *weights,
                        const float *bias, float *scratch, float *y)
{
    const int row = d->weight_row, together = d->pooled ? 2 : 1;
    const int planar = d->in.step == 1;
    channels_place at = {.step = (size_t)(d->stride_w * d->in.step),
                         .planes = planar ? d->in.c : 1,
                         .run = planar ? d->kernel_w : d->kernel_w * d->in.c};
    x += d->in.at - d->pad_top * d->in.pitch - d->pad_left * d->in.step;
    y += d->out.at;
    for (int oy = 0; oy < d->rows; oy++) {
        const float *from = x + (size_t)oy * (size_t)(d->stride_h * d->in.pitch);
        float *to = scratch + (size_t)(oy % together) * (size_t)(d->columns * row);
        for (int c = 0; c < row;) {
            const int vectors = row - c > VL ? 2 : 1;
            const int blocks =
                block_count(d->columns, vectors == 2 ? CHANNELS_MOST_2 : CHANNELS_MOST_1);
            at.weights = weights + c;
            at.bias = bias + c;
            for (int b = 0; b < blocks; b++) {
                const int first = block_start(d->columns, blocks, b);
                at.x = from + (size_t)first * at.step;
                (vectors == 2 ? channels_block_2 : channels_block_1)(
                    d, &at, to + first * row + c, block_start(d->columns, blocks, b + 1) - first);
            }
            c += vectors * VL;
        }
        if (oy % together == together - 1) {
            finish_channels_row(d, scratch, y);
            y += d->out.pitch;
        }
    }
}

/* ---- columns in lanes ---- */

/* [block of output channels][ic][ky][kx][channel] */
static void direct_pack_columns(const direct_window *d, const float *weights, float *packed)
{
    const int in_c = d->in.c, out_c = d->out.c, taps = d->kernel_h * d->kernel_w;
    const int blocks = block_count(out_c, COLUMNS_MOST);
    for (int b = 0; b < blocks; b++)
        for (int ic = 0; ic < in_c; ic++)
            for (int tap = 0; tap < taps; tap++)
                for (int oc = block_start(out_c, blocks, b); oc < block_start(out_c, blocks, b + 1);
                     oc++)
                    *packed++ = weights[(size_t)(tap * in_c + ic) * (size_t)out_c + (size_t)oc];
}

/* CHANNELS output channels at VECTORS vectors of columns; `blank` is of the row under kernel row 0
   in the first channel. KERNEL_W 0: not known when compiling. */
INLINE void columns_block(const direct_window *d, const float *x, const float *w,
                          const float *bias, const uint8_t *blank, float *y, int row,
                          const int KERNEL_W, const int CHANNELS, const int VECTORS)
{
    vf sum[COLUMNS_MOST * 2];
    const int kernel_w = KERNEL_W ? KERNEL_W : d->kernel_w;
    const size_t pitch = (size_t)d->in.pitch, plane = (size_t)d->in.plane;
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int v = 0; v < VECTORS; v++) sum[c * VECTORS + v] = vset(bias[c]);
    for (int ic = 0; ic < d->in.c; ic++, x += plane, blank += d->in.rows) {
        const float *first = x;
        for (int ky = 0; ky < d->kernel_h; ky++, first += pitch) {
            if (blank[ky]) {
                w += kernel_w * CHANNELS;
                continue;
            }
            _Pragma("GCC unroll 5") for (int kx = 0; kx < kernel_w; kx++, w += CHANNELS)
            {
                vf in[2];
                RELOAD;
                UNROLL for (int v = 0; v < VECTORS; v++)
                    in[v] = *(const vf_any *)(first + kx + v * VL);
                UNROLL for (int c = 0; c < CHANNELS; c++) {
                    vf factor = vset(w[c]);
                    UNROLL for (int v = 0; v < VECTORS; v++)
                        sum[c * VECTORS + v] += in[v] * factor;
                }
            }
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int v = 0; v < VECTORS; v++)
            *(vf *)(y + (size_t)c * (size_t)(2 * row) + v * VL) = sum[c * VECTORS + v];
}

#define COLUMNS_CASE(n)                                                                            \
    case n:                                                                                        \
        if (d->kernel_w == 5)                                                                      \
            columns_block(d, x, w, bias, blank, y, row, 5, n, VECTORS);                            \
        else if (d->kernel_w == 3)                                                                 \
            columns_block(d, x, w, bias, blank, y, row, 3, n, VECTORS);                            \
        else                                                                                       \
            columns_block(d, x, w, bias, blank, y, row, 0, n, VECTORS);                            \
        break;

INLINE void columns_channels(const direct_window *d, const float *x, const float *w,
                             const float *bias, const uint8_t *blank, float *y, int row,
                             int channels, const int VECTORS)
{
    switch (channels) {
        COLUMNS_CASE(1)
        COLUMNS_CASE(2)
        COLUMNS_CASE(3)
        COLUMNS_CASE(4)
        COLUMNS_CASE(5)
        COLUMNS_CASE(6)
    }
}

static void columns_one(const direct_window *d, const float *x, const float *w, const float *bias,
                        const uint8_t *blank, float *y, int row, int channels)
{
    columns_channels(d, x, w, bias, blank, y, row, channels, 1);
}
static void columns_two(const direct_window *d, const float *x, const float *w, const float *bias,
                        const uint8_t *blank, float *y, int row, int channels)
{
    columns_channels(d, x, w, bias, blank, y, row, channels, 2);
}

static void direct_conv_columns(const direct_window *d, const float *x, const float *weights,
                                const float *bias, const uint8_t *blank, float *scratch, float *y)
{
    const int row = columns_row(d), together = d->pooled ? 2 : 1;
    const int blocks = block_count(d->out.c, COLUMNS_MOST);
    const size_t taps = (size_t)d->in.c * (size_t)(d->kernel_h * d->kernel_w);
    x += d->in.at - d->pad_top * d->in.pitch - d->pad_left;
    blank += d->in.at / d->in.pitch - d->pad_top;
    y += d->out.at;
    for (int oy = 0; oy < d->rows; oy++) {
        const float *from = x + (size_t)oy * (size_t)(d->stride_h * d->in.pitch);
        const uint8_t *marks = blank + (size_t)oy * (size_t)d->stride_h;
        for (int b = 0; b < blocks; b++) {
            const int c = block_start(d->out.c, blocks, b);
            const int channels = block_start(d->out.c, blocks, b + 1) - c;
            const float *w = weights + (size_t)c * taps;
            float *to = scratch + (2 * c + oy % together) * row;
            int i = 0;
            for (; i + VL < d->columns; i += 2 * VL)
                columns_two(d, from + i, w, bias + c, marks, to + i, row, channels);
            if (i < d->columns)
                columns_one(d, from + i, w, bias + c, marks, to + i, row, channels);
        }
        if (oy % together == together - 1) {
            finish_columns_row(d, scratch, y);
            y += d->out.pitch;
        }
    }
}

#endif
