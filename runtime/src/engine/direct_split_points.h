/*
 * Pooled convolutions of the direct path with split planes (direct_columns.h) by fewer products:
 * four results of a column by eight, as lane_winograd_points.h has them, not by twenty. Included by
 * lane_kernels.c only, before direct_columns.h.
 */
#ifndef NN_ENGINE_DIRECT_SPLIT_POINTS_H
#define NN_ENGINE_DIRECT_SPLIT_POINTS_H

enum {
    COLUMNS_MOST = DIRECT_SPLIT_CHANNELS, /* of a block of two vectors of columns */
    SPLIT_POINTS = DIRECT_SPLIT_POINTS,
    SPLIT_ROWS = 4,
    SPLIT_FEW = 5 /* rows of the kernel, of two pairs of rows, that cost no more plainly */
};

/* [block of channels][ic][point][kx][channel] */
static void pack_split_points(const direct_window *d, const float *weights, float *packed)
{
    double g[MOST_POINTS][MOST_WIDTH];
    const size_t in_c = (size_t)d->in.c, out_c = (size_t)d->out.c;
    const size_t width = (size_t)d->kernel_w;
    const int blocks = block_count(d->out.c, COLUMNS_MOST);
    point_weights(SPLIT_POINTS, d->kernel_h, g);
    for (int b = 0; b < blocks; b++)
        for (size_t ic = 0; ic < in_c; ic++)
            for (size_t at = 0; at < SPLIT_POINTS * width; at++)
                for (int oc = piece_start(d->out.c, blocks, b);
                     oc < piece_start(d->out.c, blocks, b + 1); oc++, packed++) {
                    const float *w = weights + (at % width * in_c + ic) * out_c + (size_t)oc;
                    *packed = (float)point_weight(g[at / width], w, width * in_c * out_c,
                                                  d->kernel_h);
                }
}

/* The inputs of four rows at the points: [ic][point][even columns, odd ones]. */
static void take_split(const direct_window *d, const float *x, float *points)
{
    const long pitch = d->in.pitch;
    for (int ic = 0; ic < d->in.c; ic++, x += d->in.plane, points += SPLIT_POINTS * pitch)
        for (long i = 0; i < pitch; i += VL) {
            vf in[SPLIT_POINTS];
            UNROLL for (int k = 0; k < SPLIT_POINTS; k++) in[k] = *(const vf *)(x + k * pitch + i);
            to_points(in, (vf *)(points + i), pitch / VL, SPLIT_POINTS);
        }
}

/* The sums of one point under the even and the odd columns: to[channel][2]. */
INLINE void split_point(const direct_window *d, const float *x, const float *w, vf *to,
                        const int CHANNELS)
{
    vf sum[2 * COLUMNS_MOST];
    const int kernel_w = d->kernel_w;
    const size_t plane = (size_t)(SPLIT_POINTS * d->in.pitch), half = (size_t)d->in.half;
    UNROLL for (int i = 0; i < 2 * CHANNELS; i++) sum[i] = (vf){0};
    for (int ic = 0; ic < d->in.c; ic++, x += plane) {
        const float *left = x, *right = x + half;
        vf even = *(const vf_any *)left;
        for (int kx = 0; kx < kernel_w; kx++, w += CHANNELS) {
            RELOAD;
            vf odd = *(const vf_any *)right;
            UNROLL for (int c = 0; c < CHANNELS; c++) {
                vf factor = vset(w[c]);
                sum[2 * c] += even * factor;
                sum[2 * c + 1] += odd * factor;
            }
            const float *next = left + 1;
            left = right;
            right = next;
            even = odd;
        }
        w += (SPLIT_POINTS - 1) * kernel_w * CHANNELS;
    }
    UNROLL for (int i = 0; i < 2 * CHANNELS; i++) to[i] = sum[i];
}

/* Two rows of windows, VL columns of them, of so many channels. */
typedef struct split_place {
    const float *x, *weights, *bias;
    vf *sums;
    float *y;
    int channels, columns; /* of the columns, those inside */
} split_place;

#define SPLIT_POINT_CASE(n)                                                                        \
    case n:                                                                                        \
        split_point(d, x, w, to, n);                                                               \
        break;

static void split_sums(const direct_window *d, const split_place *at)
{
    const float *x = at->x, *w = at->weights;
    vf *to = at->sums;
    for (int p = 0; p < SPLIT_POINTS; p++, x += d->in.pitch, to += 2 * at->channels) {
        switch (at->channels) {
            SPLIT_POINT_CASE(1) SPLIT_POINT_CASE(2) SPLIT_POINT_CASE(3)
            SPLIT_POINT_CASE(4) SPLIT_POINT_CASE(5) SPLIT_POINT_CASE(6)
        }
        w += d->kernel_w * at->channels;
    }
}

INLINE void split_windows(const direct_window *d, const split_place *at, const nn_activation ACT,
                          const int POOLED)
{
    const vi inside = lane_numbers() < at->columns;
    float *y = at->y;
    for (int c = 0; c < at->channels; c++, y += d->out.plane) {
        vf left[SPLIT_ROWS], right[SPLIT_ROWS], start = vset(at->bias[c]);
        from_points(at->sums + 2 * c, 2 * at->channels, start, left, SPLIT_POINTS);
        from_points(at->sums + 2 * c + 1, 2 * at->channels, start, right, SPLIT_POINTS);
        UNROLL for (int i = 0; i < SPLIT_ROWS; i += 2) {
            vf value = POOLED == MAXIMUM_OF_4
                           ? largest_of_four(left[i], right[i], left[i + 1], right[i + 1], ACT)
                           : mean_of_four(left[i], right[i], left[i + 1], right[i + 1], ACT);
            *(vf_any *)(y + i / 2 * d->out.pitch) =
                at->columns >= VL ? value : (vf)((vi)value & inside);
        }
    }
}

static void finish_windows(const direct_window *d, const split_place *at)
{
    FINISH(d, split_windows, d, at)
}

/* Two rows of windows from four of results; x is under tap (0, 0) of the first. */
static void split_tile(const direct_window *d, const float *x, const float *weights,
                       const float *bias, float *scratch, float *y)
{
    float *points = scratch + SPLIT_POINTS * 2 * COLUMNS_MOST * VL;
    const int blocks = block_count(d->out.c, COLUMNS_MOST);
    const size_t column = (size_t)(SPLIT_POINTS * d->kernel_w * d->in.c);
    take_split(d, x, points);
    for (int b = 0; b < blocks; b++) {
        const int c = piece_start(d->out.c, blocks, b);
        for (int i = 0; i < d->out.w; i += VL) {
            const split_place at = {.x = points + i, .weights = weights + (size_t)c * column,
                                    .bias = bias + c, .sums = (vf *)scratch,
                                    .y = y + c * d->out.plane + i,
                                    .channels = piece_start(d->out.c, blocks, b + 1) - c,
                                    .columns = d->out.w - i};
            split_sums(d, &at);
            finish_windows(d, &at);
        }
    }
}

#endif
