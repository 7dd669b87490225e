/*
 * Convolutions of the direct path (direct.h) with columns in lanes. Included by lane_kernels.c
 * only, after direct_conv.h.
 */
#ifndef NN_ENGINE_DIRECT_COLUMNS_H
#define NN_ENGINE_DIRECT_COLUMNS_H

enum {
    COLUMNS_ROWS = NREG == 32 ? 2 : 1   /* rows of a block */
};

/* Floats of a row of one channel in scratch: pairs of vectors. */
INLINE int columns_row(const direct_window *d)
{
    return (d->columns + 2 * VL - 1) / (2 * VL) * (2 * VL);
}

/* One output row of every channel; scratch is [channel][row of two][columns_row], with split
   planes the even and the odd columns in turns of a vector. */
INLINE void finish_columns(const direct_window *d, const float *scratch, float *y,
                           const nn_activation ACT, const int POOLED)
{
    const int row = columns_row(d), w = d->out.w, split = d->in.half;
    const vi edge = lane_numbers() < w % VL;
    for (int c = 0; c < d->out.c; c++, scratch += 2 * row, y += d->out.plane)
        for (int i = 0; i < w; i += VL) {
            const float *at = scratch + (POOLED ? 2 * i : i);
            vf value = *(const vf *)at;
            if (POOLED) {
                vf right = *(const vf *)(at + VL);
                vf under = *(const vf *)(at + row), corner = *(const vf *)(at + row + VL);
                if (POOLED == MAXIMUM_OF_4) {
                    value = vmax(value, under);
                    right = vmax(right, corner);
                    value = split ? vmax(value, right)
                                  : vmax(EVEN(value, right), ODD(value, right));
                    value = activated(value, ACT);
                } else if (split) {
                    value = mean_of_four(value, right, under, corner, ACT);
                } else {
                    value = mean_of_four(EVEN(value, right), ODD(value, right),
                                         EVEN(under, corner), ODD(under, corner), ACT);
                }
            } else {
                value = activated(value, ACT);
            }
            *(vf_any *)(y + i) = i + VL <= w ? value : (vf)((vi)value & edge);
        }
}

static void finish_columns_row(const direct_window *d, const float *scratch, float *y)
{
    FINISH(d, finish_columns, d, scratch, y)
}

/* [block of output channels][ic][ky][kx][channel] */
static void direct_pack_columns(const direct_window *d, const float *weights, float *packed)
{
    const int in_c = d->in.c, out_c = d->out.c, taps = d->kernel_h * d->kernel_w;
    const int blocks = block_count(out_c, COLUMNS_MOST);
    for (int b = 0; b < blocks; b++)
        for (int ic = 0; ic < in_c; ic++)
            for (int tap = 0; tap < taps; tap++)
                for (int oc = piece_start(out_c, blocks, b); oc < piece_start(out_c, blocks, b + 1);
                     oc++)
                    *packed++ = weights[(size_t)(tap * in_c + ic) * (size_t)out_c + (size_t)oc];
    if (d->points)
        pack_split_points(d, weights, packed);
}

typedef struct columns_place {
    const float *x, *weights, *bias; /* x: under tap (0, 0) of the first column */
    const uint8_t *blank;            /* of that row */
    float *y;                        /* scratch, and */
    int row;                         /* its columns_row() */
} columns_place;

/* CHANNELS output channels at VECTORS vectors of columns, of ROWS rows. */
INLINE void columns_block(const direct_window *d, const columns_place *at, const int CHANNELS,
                          const int VECTORS, const int ROWS)
{
    vf sum[COLUMNS_MOST * 2 * COLUMNS_ROWS];
    const int kernel_w = d->kernel_w, stride = d->stride_h;
    const size_t pitch = (size_t)d->in.pitch, plane = (size_t)d->in.plane;
    const size_t down = (size_t)stride * pitch;
    const float *x = at->x, *w = at->weights;
    const uint8_t *blank = at->blank;
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < ROWS * VECTORS; i++)
            sum[c * ROWS * VECTORS + i] = vset(at->bias[c]);
    for (int ic = 0; ic < d->in.c; ic++, x += plane, blank += d->in.rows) {
        const float *first = x;
        for (int ky = 0; ky < d->kernel_h; ky++, first += pitch) {
            if (blank[ky] & blank[ky + (ROWS - 1) * stride]) {
                w += kernel_w * CHANNELS;
                continue;
            }
            for (int kx = 0; kx < kernel_w; kx++, w += CHANNELS) {
                vf in[2 * COLUMNS_ROWS];
                RELOAD;
                UNROLL for (int i = 0; i < ROWS * VECTORS; i++)
                    in[i] = *(const vf_any *)(first + kx + (i >= VECTORS ? down : 0) +
                                              i % VECTORS * VL);
                UNROLL for (int c = 0; c < CHANNELS; c++) {
                    vf factor = vset(w[c]);
                    UNROLL for (int i = 0; i < ROWS * VECTORS; i++)
                        sum[c * ROWS * VECTORS + i] += in[i] * factor;
                }
            }
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < ROWS * VECTORS; i++)
            *(vf *)(at->y + (2 * c + i / VECTORS) * at->row + i % VECTORS * VL) =
                sum[c * ROWS * VECTORS + i];
}

/* The same with split planes: two vectors, of the even and of the odd results. The even ones read
   what the odd ones read at the tap before. */
INLINE void split_block(const direct_window *d, const columns_place *at, const int CHANNELS,
                        const int ROWS)
{
    vf sum[COLUMNS_MOST * 2 * COLUMNS_ROWS];
    const int kernel_w = d->kernel_w, stride = d->stride_h;
    const size_t pitch = (size_t)d->in.pitch, plane = (size_t)d->in.plane;
    const size_t down = (size_t)stride * pitch, half = (size_t)d->in.half;
    const float *x = at->x, *w = at->weights;
    const uint8_t *blank = at->blank;
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < ROWS * 2; i++) sum[c * ROWS * 2 + i] = vset(at->bias[c]);
    for (int ic = 0; ic < d->in.c; ic++, x += plane, blank += d->in.rows) {
        const float *first = x;
        for (int ky = 0; ky < d->kernel_h; ky++, first += pitch) {
            if (blank[ky] & blank[ky + (ROWS - 1) * stride]) {
                w += kernel_w * CHANNELS;
                continue;
            }
            const float *left = first, *right = first + half;
            vf in[2 * COLUMNS_ROWS];
            UNROLL for (int r = 0; r < ROWS; r++) in[r] = *(const vf_any *)(left + r * down);
            for (int kx = 0; kx < kernel_w; kx++, w += CHANNELS) {
                RELOAD;
                UNROLL for (int r = 0; r < ROWS; r++)
                    in[ROWS + r] = *(const vf_any *)(right + r * down);
                UNROLL for (int c = 0; c < CHANNELS; c++) {
                    vf factor = vset(w[c]);
                    UNROLL for (int i = 0; i < ROWS * 2; i++)
                        sum[c * ROWS * 2 + i] += in[i] * factor;
                }
                const float *next = left + 1;
                left = right;
                right = next;
                UNROLL for (int r = 0; r < ROWS; r++) in[r] = in[ROWS + r];
            }
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < ROWS * 2; i++)
            *(vf *)(at->y + (2 * c + i % ROWS) * at->row + i / ROWS * VL) = sum[c * ROWS * 2 + i];
}

#define SPLIT_CASE(n)                                                                              \
    case n:                                                                                        \
        split_block(d, &at, n, COLUMNS_ROWS);                                                      \
        break;

/* Windows of one or two rows of a pooled convolution with split planes. */
static void split_rows(const direct_window *d, columns_place at, int channels)
{
    for (int i = 0; i < d->out.w; i += VL, at.x += VL, at.y += 2 * VL)
        switch (channels) {
            SPLIT_CASE(1)
            SPLIT_CASE(2)
            SPLIT_CASE(3)
            SPLIT_CASE(4)
            SPLIT_CASE(5)
            SPLIT_CASE(6)
        }
}

#define COLUMNS_CASE(n)                                                                            \
    case n:                                                                                        \
        columns_block(d, at, n, VECTORS, ROWS);                                                    \
        break;

INLINE void columns_channels(const direct_window *d, const columns_place *at, int channels,
                             const int VECTORS, const int ROWS)
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

/* All columns of one or two rows, a block of channels. */
INLINE void columns_row_block(const direct_window *d, columns_place at, int channels,
                              const int ROWS)
{
    int i = 0;
    for (; i + VL < d->columns; i += 2 * VL, at.x += 2 * VL, at.y += 2 * VL)
        columns_channels(d, &at, channels, 2, ROWS);
    if (i < d->columns)
        columns_channels(d, &at, channels, 1, ROWS);
}

static void columns_row_one(const direct_window *d, columns_place at, int channels)
{
    columns_row_block(d, at, channels, 1);
}
#if NREG == 32
static void columns_row_two(const direct_window *d, columns_place at, int channels)
{
    columns_row_block(d, at, channels, 2);
}
#endif

/* One row, or two if BOTH. */
static void columns_rows(const direct_window *d, columns_place at, int channels, int both)
{
    const int step = both ? COLUMNS_ROWS : 1;
    for (int r = 0; r <= both; r += step) {
        if (d->in.half)
            split_rows(d, at, channels);
#if NREG == 32
        else if (both)
            columns_row_two(d, at, channels);
#endif
        else
            columns_row_one(d, at, channels);
        at.x += d->stride_h * d->in.pitch;
        at.blank += d->stride_h;
        at.y += at.row;
    }
}

/* Are all the inputs of this output row, and of the next one if BOTH, zero? */
INLINE int all_blank(const direct_window *d, const uint8_t *blank, int both)
{
    const int rows = d->kernel_h + both * d->stride_h;
    for (int ic = 0; ic < d->in.c; ic++, blank += d->in.rows)
        for (int y = 0; y < rows; y++)
            if (!blank[y])
                return 0;
    return 1;
}

/* Rows of the kernel that two pairs of rows of results, the first from BLANK on, take plainly: those
   over inputs that are not all zero. */
static int kernel_rows_of_pairs(const direct_window *d, const uint8_t *blank)
{
    int rows = 0;
    for (int ic = 0; ic < d->in.c; ic++, blank += d->in.rows)
        for (int y = 0; y < d->kernel_h; y++)
            rows += !(blank[y] & blank[y + 1]) + !(blank[y + 2] & blank[y + 3]);
    return rows;
}

static void direct_conv_columns(const direct_window *d, const float *x, const float *weights,
                                const float *bias, const uint8_t *blank, uint8_t *empty,
                                float *scratch, float *y)
{
    const int row = columns_row(d), rows = d->pooled ? 2 * d->out.h : d->rows;
    const int blocks = block_count(d->out.c, COLUMNS_MOST), top = d->in.at / d->in.pitch;
    const size_t taps = (size_t)d->in.c * (size_t)(d->kernel_h * d->kernel_w);
    const float *points = weights + taps * (size_t)d->out.c;
    const int few = d->points ? d->in.c * SPLIT_FEW : 0;
    x += d->in.at - d->pad_top * d->in.pitch - (d->in.half ? 0 : d->pad_left);
    blank += top - d->pad_top;
    y += d->out.at;
    for (int oy = 0; oy < rows; oy += 2) {
        const int both = oy + 1 < rows;
        columns_place at = {.x = x + oy * d->stride_h * d->in.pitch,
                            .blank = blank + oy * d->stride_h, .row = row};
        if (few && oy + SPLIT_ROWS <= rows && kernel_rows_of_pairs(d, at.blank) > few) {
            split_tile(d, at.x, points, bias, scratch, y);
            empty[oy / 2] = empty[oy / 2 + 1] = 0;
            oy += 2;
            y += 2 * d->out.pitch;
            continue;
        }
        const int is_empty = all_blank(d, at.blank, both);
        if (!(is_empty && empty[oy / 2])) {
            for (int b = 0; b < blocks; b++) {
                const int c = piece_start(d->out.c, blocks, b);
                at.weights = weights + (size_t)c * taps;
                at.bias = bias + c;
                at.y = scratch + 2 * c * row;
                columns_rows(d, at, piece_start(d->out.c, blocks, b + 1) - c, both);
            }
            finish_columns_row(d, scratch, y);
            if (both && !d->pooled)
                finish_columns_row(d, scratch + row, y + d->out.pitch);
        }
        empty[oy / 2] = (uint8_t)is_empty;
        y += d->pooled ? d->out.pitch : 2 * d->out.pitch;
    }
}

#endif
