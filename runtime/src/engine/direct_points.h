/*
 * Convolutions of the direct path (direct.h) by fewer products: five results of a column by nine,
 * as lane_winograd_points.h has them, not by twenty-five. Included by lane_kernels.c only.
 *
 * Channels are in the lanes. Two tiles at a time, which read the same weights, hence ten rows: five
 * of windows, where results are pooled. What is left of a kernel is a row of taps at each point.
 *
 * A dense layer that reads the results waits for its weights, which come from the second-level
 * cache, and not for its products. So it takes those of one block of columns while the next one is
 * computed, a few rows of weights after each channel's products.
 */
#ifndef NN_ENGINE_DIRECT_POINTS_H
#define NN_ENGINE_DIRECT_POINTS_H

enum { POINTS = DIRECT_POINTS, PAIR_ROWS = DIRECT_POINTS_ROWS, TILE_ROWS = PAIR_ROWS / 2 };

/* [point][ic][kx][channel], rows of VL. */
static void direct_pack_points(const direct_window *d, const float *weights, float *packed)
{
    double g[MOST_POINTS][MOST_WIDTH];
    const size_t in_c = (size_t)d->in.c, out_c = (size_t)d->out.c;
    const size_t down = (size_t)d->kernel_w * in_c * out_c;
    point_weights(POINTS, d->kernel_h, g);
    for (int p = 0; p < POINTS; p++)
        for (size_t ic = 0; ic < in_c; ic++)
            for (size_t kx = 0; kx < (size_t)d->kernel_w; kx++, packed += VL)
                for (size_t oc = 0; oc < out_c; oc++) {
                    const float *w = weights + (kx * in_c + ic) * out_c + oc;
                    packed[oc] = (float)point_weight(g[p], w, down, d->kernel_h);
                }
}

/* Both tiles' inputs at the points: [point][ic][tile][column]. */
static void take_pair(const direct_window *d, const float *x, float *points)
{
    const long pitch = d->in.pitch, step = 2 * d->in.c * pitch / VL;
    vf *to = (vf *)points;
    for (int ic = 0; ic < d->in.c; ic++, x += d->in.plane)
        for (int tile = 0; tile < 2; tile++)
            for (long i = 0; i < pitch; i += VL) {
                const float *from = x + tile * TILE_ROWS * pitch + i;
                vf in[POINTS];
                UNROLL for (int k = 0; k < POINTS; k++) in[k] = *(const vf *)(from + k * pitch);
                to_points(in, to++, step, POINTS);
            }
}

/* A block of columns of a pair of tiles. Sums are [point][tile][column]. */
typedef struct points_block {
    const direct_window *window;
    int row, to_row, first, columns; /* first row of results, of outputs; columns */
    vf *sums;
    const float *bias;
    float *y;
    direct_join *join; /* or NULL */
} points_block;

/* What the dense layer reads next: those of a vector of results that are not zero, or all. */
INLINE void list_inputs(direct_join *join, vf value, int number, int count)
{
    __mmask16 mask = (__mmask16)((1u << count) - 1);
    if (join->may_skip)
        mask = _mm512_mask_test_epi32_mask(mask, (__m512i)value, _mm512_set1_epi32(0x7fffffff));
    _mm512_storeu_si512(join->list + join->count,
                        _mm512_maskz_compress_epi32(mask, (__m512i)(lane_numbers() + number)));
    join->count += __builtin_popcount(mask);
}

INLINE void give_result(const points_block *block, vf value, int row, int column)
{
    const direct_map *out = &block->window->out;
    const int at = (block->to_row + row) * out->pitch + column * out->c;
    store_part(block->y + at, value, out->c);
    if (block->join)
        list_inputs(block->join, value, at, out->c);
}

INLINE void give_block(const points_block *block, const nn_activation ACT, const int POOLED)
{
    const direct_window *d = block->window;
    const long step = 2 * block->columns;
    const int every = POOLED ? 2 : 1;
    const int rows = (POOLED ? d->out.h : d->rows) - block->to_row;
    const vf start = *(const vf_any *)block->bias;
    for (int i = 0; i < block->columns; i += every) {
        vf left[PAIR_ROWS], right[PAIR_ROWS];
        UNROLL for (int tile = 0; tile < 2; tile++) {
            const vf *sums = block->sums + tile * block->columns + i;
            from_points(sums, step, start, left + tile * TILE_ROWS, POINTS);
            if (POOLED)
                from_points(sums + 1, step, start, right + tile * TILE_ROWS, POINTS);
        }
        UNROLL for (int r = 0; r < PAIR_ROWS / every; r++) {
            vf value;
            if (r == rows)
                break;
            if (POOLED == MAXIMUM_OF_4)
                value = largest_of_four(left[2 * r], right[2 * r], left[2 * r + 1],
                                        right[2 * r + 1], ACT);
            else if (POOLED)
                value = mean_of_four(left[2 * r], right[2 * r], left[2 * r + 1], right[2 * r + 1],
                                     ACT);
            else
                value = activated(left[r], ACT);
            give_result(block, value, r, (block->first + i) / every);
        }
    }
}

static void give_points(const points_block *block)
{
    const direct_window *d = block->window;
    FINISH(d, give_block, block)
}

/* So many vectors of outputs of the dense layer fit in the registers beside a block's sums. */
enum { JOIN_VECTORS = 8 };

/* The sums of one point, of COLUMNS columns of both tiles, and meanwhile, JOINED, those of the dense
   layer over COUNT inputs of LIST. The error of a result is mostly that of adding up products at a
   point one by one; so each channel's are summed by themselves. */
INLINE void tile_point(const points_block *block, const float *x, const float *w, vf *to,
                       const int32_t *list, int count, const int COLUMNS, const int JOINED)
{
    const direct_join *join = block->join;
    const int in_c = block->window->in.c;
    const size_t pitch = (size_t)block->window->in.pitch;
    vf sum[2 * DIRECT_POINTS_COLUMNS], outputs[JOIN_VECTORS];
    UNROLL for (int c = 0; c < 2 * COLUMNS; c++) sum[c] = (vf){0};
    if (JOINED)
        UNROLL for (int v = 0; v < JOIN_VECTORS; v++) outputs[v] = *(const vf *)(join->y + v * VL);
    int due = 0;
    for (int ic = 0; ic < in_c; ic++, x += 2 * pitch) {
        vf tap[SLIDING_RUN], above[DIRECT_POINTS_COLUMNS], below[DIRECT_POINTS_COLUMNS];
        RELOAD;
        UNROLL for (int t = 0; t < SLIDING_RUN; t++, w += VL) tap[t] = *(const vf *)w;
        UNROLL for (int i = 0; i < COLUMNS + SLIDING_RUN - 1; i++) {
            vf value = vset(x[i]), value_below = vset(x[pitch + i]);
            UNROLL for (int t = 0; t < SLIDING_RUN; t++)
                if (i - t >= 0 && i - t < COLUMNS) {
                    above[i - t] = t ? above[i - t] + value * tap[t] : value * tap[t];
                    below[i - t] = t ? below[i - t] + value_below * tap[t] : value_below * tap[t];
                }
        }
        UNROLL for (int c = 0; c < COLUMNS; c++) {
            sum[c] += above[c];
            sum[COLUMNS + c] += below[c];
        }
        if (JOINED)
            for (due += count; due >= in_c; due -= in_c, list++) {
                const float *row = join->weights + (size_t)*list * JOIN_VECTORS * VL;
                const vf value = vset(join->x[*list]);
                UNROLL for (int v = 0; v < JOIN_VECTORS; v++)
                    outputs[v] += value * *(const vf_any *)(row + v * VL);
            }
    }
    UNROLL for (int c = 0; c < 2 * COLUMNS; c++) to[c] = sum[c];
    if (JOINED)
        UNROLL for (int v = 0; v < JOIN_VECTORS; v++) *(vf *)(join->y + v * VL) = outputs[v];
}

INLINE void tile_points(const points_block *block, const float *points, const float *weights,
                        const int COLUMNS, const int JOINED)
{
    const direct_window *d = block->window;
    const size_t pitch = (size_t)d->in.pitch, in_c = (size_t)d->in.c;
    const int count = JOINED ? block->join->count : 0;
    for (int p = 0; p < POINTS; p++) {
        const int from = count * p / POINTS;
        tile_point(block, points + (size_t)p * 2 * in_c * pitch + block->first,
                   weights + (size_t)p * in_c * SLIDING_RUN * VL, block->sums + 2 * p * COLUMNS,
                   JOINED ? block->join->list + from : NULL, count * (p + 1) / POINTS - from,
                   COLUMNS, JOINED);
    }
    if (JOINED)
        block->join->count = 0;
}

#define POINTS_CASE(columns)                                                                       \
    case columns:                                                                                  \
        if (joined)                                                                                \
            tile_points(block, points, weights, columns, 1);                                       \
        else                                                                                       \
            tile_points(block, points, weights, columns, 0);                                       \
        break;

static void points_products(const points_block *block, const float *points, const float *weights,
                            int joined)
{
    switch (block->columns) {
        POINTS_CASE(1) POINTS_CASE(2) POINTS_CASE(3) POINTS_CASE(4)
    }
}

/* Are its outputs so many as the sums of a block leave room for? They start with the bias then. */
static int start_join(direct_join *join)
{
    if (join->layer.row != JOIN_VECTORS * VL)
        return 0;
    for (int v = 0; v < JOIN_VECTORS; v++)
        *(vf *)(join->y + v * VL) = join->start ? *(const vf_any *)(join->start + v * VL) : (vf){0};
    join->start = join->y;
    return 1;
}

static void direct_conv_points(const direct_window *d, const float *x, const float *weights,
                               const float *bias, float *scratch, float *y, direct_join *join)
{
    const int every = d->pooled ? 2 : 1, units = d->pooled ? d->out.w : d->columns;
    const int blocks = block_count(units, DIRECT_POINTS_COLUMNS / every);
    const int rows = d->pooled ? 2 * d->out.h : d->rows;
    const int joined = join && start_join(join);
    float *points = scratch + POINTS * 2 * DIRECT_POINTS_COLUMNS * VL;
    x += d->in.at - d->pad_top * d->in.pitch - d->pad_left;
    y += d->out.at;
    for (int row = 0; row < rows; row += PAIR_ROWS, x += PAIR_ROWS * d->in.pitch) {
        take_pair(d, x, points);
        for (int b = 0; b < blocks; b++) {
            const int first = piece_start(units, blocks, b) * every;
            const points_block block = {
                .window = d, .row = row, .to_row = row / every, .first = first,
                .columns = piece_start(units, blocks, b + 1) * every - first,
                .sums = (vf *)scratch, .bias = bias, .y = y, .join = join};
            points_products(&block, points, weights, joined);
            give_points(&block);
        }
    }
}

#endif
