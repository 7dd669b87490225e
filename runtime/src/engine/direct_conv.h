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
    SLIDING_MOST = 10,    /* with one, of two rows at a time, */
    SLIDING_LEAST = 5,
    SLIDING_RUN = 5 /* under kernel rows of so many taps */
};

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
            vf value = *(const vf *)at;
            if (POOLED) {
                vf right = *(const vf *)(at + row);
                vf low = *(const vf *)under, corner = *(const vf *)(under + row);
                value = POOLED == MAXIMUM_OF_4 ? largest_of_four(value, right, low, corner, ACT)
                                               : mean_of_four(value, right, low, corner, ACT);
            } else {
                value = activated(value, ACT);
            }
            store_first(y + i, value, c - i);
        }
}

#define POOLED_FINISH(d, ACT, finish, ...)                                                         \
    if (!(d)->pooled)                                                                              \
        finish(__VA_ARGS__, ACT, NOT_POOLED);                                                      \
    else if ((d)->maximum)                                                                         \
        finish(__VA_ARGS__, ACT, MAXIMUM_OF_4);                                                    \
    else                                                                                           \
        finish(__VA_ARGS__, ACT, AVERAGE_OF_4);                                                    \
    break

/* FINISH with the window's activation and pooling, known when this is compiled, as its last
   arguments. */
#define FINISH(d, finish, ...)                                                                     \
    switch ((d)->activation) {                                                                     \
    case NN_TANH:                                                                                  \
        POOLED_FINISH(d, NN_TANH, finish, __VA_ARGS__);                                            \
    case NN_RELU:                                                                                  \
        POOLED_FINISH(d, NN_RELU, finish, __VA_ARGS__);                                            \
    case NN_SIGMOID:                                                                               \
        POOLED_FINISH(d, NN_SIGMOID, finish, __VA_ARGS__);                                         \
    default:                                                                                       \
        POOLED_FINISH(d, NN_LINEAR, finish, __VA_ARGS__);                                          \
    }

static void finish_channels_row(const direct_window *d, const float *scratch, float *y)
{
    FINISH(d, finish_channels, d, scratch, y)
}

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

static void channels_block_1(const direct_window *d, const channels_place *at, float *y,
                             int columns)
{
    switch (columns) {
        CHANNELS_CASES_6(1, 0)
        CHANNELS_CASE(7, 1, 0) CHANNELS_CASE(8, 1, 0) CHANNELS_CASE(9, 1, 0)
        CHANNELS_CASE(10, 1, 0) CHANNELS_CASE(11, 1, 0) CHANNELS_CASE(12, 1, 0)
    }
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

/* Two rows of 512 bytes each: as many as can come in the time of a kernel row's multiplications.
   Returns where to go on. */
INLINE int fetch_ahead(const direct_ahead *ahead, int next)
{
    for (int i = 0; i < 2 && next < ahead->count; i++, next++) {
        const float *row = ahead->weights + (size_t)ahead->list[next] * ahead->row;
        UNROLL for (int line = 0; line < 8; line++) __builtin_prefetch(row + line * 16);
    }
    return next;
}

/* COLUMNS positions of two rows under RUN taps of a kernel row, one vector of channels. Inputs are
   read once for all the taps that meet them: a processor does not read as fast as it multiplies. */
INLINE void sliding_block(const direct_window *d, const channels_place *at, float *y, float *under,
                          const direct_ahead *ahead, const int RUN, const int COLUMNS)
{
    vf above[SLIDING_MOST], below[SLIDING_MOST];
    const size_t row = (size_t)d->weight_row, pitch = (size_t)d->in.pitch;
    const size_t plane = (size_t)d->in.plane, down = (size_t)d->stride_h * pitch;
    UNROLL for (int p = 0; p < COLUMNS; p++)
        above[p] = below[p] = *(const vf_any *)at->bias;
    const float *w = at->weights, *channel = at->x;
    int fetch = 0;
    for (int ic = 0; ic < at->planes; ic++, channel += plane) {
        const float *x = channel;
        for (int ky = 0; ky < d->kernel_h; ky++, x += pitch) {
            vf tap[SLIDING_RUN];
            RELOAD;
            UNROLL for (int t = 0; t < RUN; t++, w += row) tap[t] = *(const vf_any *)w;
            fetch = fetch_ahead(ahead, fetch);
            UNROLL for (int i = 0; i < COLUMNS + RUN - 1; i++) {
                vf value = vset(x[i]), value_below = vset(x[down + i]);
                UNROLL for (int t = 0; t < RUN; t++)
                    if (i - t >= 0 && i - t < COLUMNS) {
                        above[i - t] += value * tap[t];
                        below[i - t] += value_below * tap[t];
                    }
            }
        }
    }
    UNROLL for (int p = 0; p < COLUMNS; p++, y += row, under += row) {
        *(vf *)y = above[p];
        *(vf *)under = below[p];
    }
}

#define SLIDING_CASE(columns)                                                                      \
    case columns:                                                                                  \
        sliding_block(d, at, y, under, ahead, SLIDING_RUN, columns);                               \
        break;

static void sliding_blocks(const direct_window *d, const channels_place *at, float *y,
                           float *under, int columns, const direct_ahead *ahead)
{
    switch (columns) {
        SLIDING_CASE(5) SLIDING_CASE(6) SLIDING_CASE(7)
        SLIDING_CASE(8) SLIDING_CASE(9) SLIDING_CASE(10)
    }
}

/* Channels c .. of one output row, or of two where SLIDING. */
INLINE void channels_row(const direct_window *d, channels_place at, float *y, float *under, int c,
                         const direct_ahead *ahead, const int SLIDING)
{
    const int vectors = d->weight_row - c > VL ? 2 : 1;
    const int most = SLIDING ? SLIDING_MOST : vectors == 2 ? CHANNELS_MOST_2 : CHANNELS_MOST_1;
    const int blocks = block_count(d->columns, most);
    const float *x = at.x;
    at.weights += c;
    at.bias += c;
    for (int b = 0; b < blocks; b++) {
        const int first = piece_start(d->columns, blocks, b);
        const int columns = piece_start(d->columns, blocks, b + 1) - first;
        const int to = first * d->weight_row + c;
        at.x = x + (size_t)first * at.step;
        if (SLIDING)
            sliding_blocks(d, &at, y + to, under + to, columns, ahead);
        else
            (vectors == 2 ? channels_block_2 : channels_block_1)(d, &at, y + to, columns);
    }
}

static void direct_conv(const direct_window *d, const float *x, const float *weights,
                        const float *bias, float *scratch, float *y, int y0, int y1,
                        const direct_ahead *ahead)
{
    const int row = d->weight_row, planar = d->in.step == 1, down = d->stride_h * d->in.pitch;
    const int first = d->pooled ? 2 * y0 : y0, end = d->pooled ? 2 * y1 : y1;
    channels_place at = {.weights = weights,
                         .bias = bias,
                         .step = (size_t)(d->stride_w * d->in.step),
                         .planes = planar ? d->in.c : 1,
                         .run = planar ? d->kernel_w : d->kernel_w * d->in.c};
    const int slides = NREG == 32 && row == VL && at.step == 1 && at.run == SLIDING_RUN &&
                       d->columns >= SLIDING_LEAST;
    float *under = scratch + d->columns * row;
    at.x = x + d->in.at - d->pad_top * d->in.pitch - d->pad_left * d->in.step;
    at.x += first * down;
    y += d->out.at + y0 * d->out.pitch;
    for (int oy = first; oy < end; oy += 2, at.x += 2 * down) {
        const int both = oy + 1 < end;
        if (slides && both)
            channels_row(d, at, scratch, under, 0, ahead, 1);
        else
            for (int r = 0; r <= both; r++) {
                channels_place here = at;
                here.x += r * down;
                for (int c = 0; c < row; c += 2 * VL)
                    channels_row(d, here, r ? under : scratch, NULL, c, ahead, 0);
            }
        finish_channels_row(d, scratch, y);
        y += d->out.pitch;
        if (both && !d->pooled) {
            finish_channels_row(d, under, y);
            y += d->out.pitch;
        }
    }
}

#endif
