/*
 * Kernels of the direct path (direct.h): channels in lanes. Included by lane_kernels.c only.
 */
#ifndef NN_ENGINE_DIRECT_KERNELS_H
#define NN_ENGINE_DIRECT_KERNELS_H

/* Registers hold the accumulators, the weights of a tap and one input. */
enum {
    MOST_COLUMNS_1 = 14, /* with one vector of channels */
    MOST_COLUMNS_2 = 6,  /* with two */
    DENSE_BLOCK = 8
};

/* Store the first LEFT channels of a vector. LAPPED: what lies behind is written later. */
INLINE void store_channels(float *y, vf value, int left, int lapped)
{
    if (left >= VL || lapped) {
        *(vf_any *)y = value;
        return;
    }
    float lanes[VL] __attribute__((aligned(64)));
    *(vf *)lanes = value;
    for (int i = 0; i < left; i++)
        y[i] = lanes[i];
}

typedef struct direct_place {
    const float *x, *weights, *bias;
    size_t step; /* from one output column's inputs to the next one's */
    int row;     /* floats of a tap's weights */
} direct_place;

/* COLUMNS positions of an output row, VECTORS vectors of channels: to `out`, one after another. */
INLINE void direct_block(const direct_window *d, const direct_place *at, size_t step, vf *out,
                         const int COLUMNS, const int VECTORS)
{
    vf sum[MOST_COLUMNS_1];
    UNROLL for (int p = 0; p < COLUMNS; p++)
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[p * VECTORS + v] = *(const vf_any *)(at->bias + v * VL);
    const float *w = at->weights, *first = at->x;
    const int run = d->kernel_w * d->in.c, rows = d->kernel_h;
    const size_t pitch = (size_t)d->in.pitch, row = (size_t)at->row;
    for (int ky = 0; ky < rows; ky++, first += pitch) {
        const float *x = first;
        for (int t = 0; t < run; t++, x++, w += row) {
            vf tap[2];
            UNROLL for (int v = 0; v < VECTORS; v++) tap[v] = *(const vf_any *)(w + v * VL);
            UNROLL for (int p = 0; p < COLUMNS; p++) {
                vf value = vset(x[(size_t)p * step]);
                UNROLL for (int v = 0; v < VECTORS; v++) sum[p * VECTORS + v] += value * tap[v];
            }
        }
    }
    UNROLL for (int i = 0; i < COLUMNS * VECTORS; i++) out[i] = sum[i];
}

#define DIRECT_CASE(columns, vectors, step)                                                        \
    case columns:                                                                                  \
        direct_block(d, at, step, out, columns, vectors);                                              \
        break;
#define DIRECT_CASES_6(vectors, step)                                                              \
    DIRECT_CASE(1, vectors, step) DIRECT_CASE(2, vectors, step) DIRECT_CASE(3, vectors, step)      \
    DIRECT_CASE(4, vectors, step) DIRECT_CASE(5, vectors, step) DIRECT_CASE(6, vectors, step)
#define DIRECT_CASES_14(step)                                                                      \
    DIRECT_CASES_6(1, step)                                                                        \
    DIRECT_CASE(7, 1, step) DIRECT_CASE(8, 1, step) DIRECT_CASE(9, 1, step)                        \
    DIRECT_CASE(10, 1, step) DIRECT_CASE(11, 1, step) DIRECT_CASE(12, 1, step)                     \
    DIRECT_CASE(13, 1, step) DIRECT_CASE(14, 1, step)

static void direct_block_1(const direct_window *d, const direct_place *at, vf *out, int columns)
{
    if (at->step == 1)
        switch (columns) { DIRECT_CASES_14(1) }
    else
        switch (columns) { DIRECT_CASES_14(at->step) }
}

static void direct_block_2(const direct_window *d, const direct_place *at, vf *out, int columns)
{
    if (at->step == 6)
        switch (columns) { DIRECT_CASES_6(2, 6) }
    else
        switch (columns) { DIRECT_CASES_6(2, at->step) }
}

/* One output row y for a block of channels, of which `channels` are left from it on. */
static void direct_row(const direct_window *d, direct_place at, float *y, int channels, int vectors)
{
    const int c = d->out.c, lappable = c <= vectors * VL;
    const int blocks = block_count(d->out.w, vectors == 2 ? MOST_COLUMNS_2 : MOST_COLUMNS_1);
    const float *x = at.x;
    vf out[MOST_COLUMNS_1];
    for (int i = 0; i < blocks; i++) {
        int from = block_start(d->out.w, blocks, i), to = block_start(d->out.w, blocks, i + 1);
        at.x = x + (size_t)from * at.step;
        (vectors == 2 ? direct_block_2 : direct_block_1)(d, &at, out, to - from);
        const vf *value = out;
        for (int p = from; p < to; p++)
            for (int v = 0; v < vectors; v++)
                store_channels(y + p * c + v * VL, *value++, channels - v * VL,
                               lappable && (d->out.w - p) * c >= (v + 1) * VL);
    }
}

static void direct_conv(const direct_window *d, const float *x, const float *weights,
                        const float *bias, float *y)
{
    int row = (d->out.c + VL - 1) / VL * VL;
    x += d->in.at - d->pad_top * d->in.pitch - d->pad_left * d->in.c;
    for (int oy = 0; oy < d->out.h; oy++)
        for (int c = 0; c < row;) {
            int vectors = row - c > VL ? 2 : 1;
            direct_place at = {.x = x + (size_t)oy * (size_t)(d->stride_h * d->in.pitch),
                               .weights = weights + c,
                               .bias = bias + c,
                               .step = (size_t)(d->stride_w * d->in.c),
                               .row = row};
            direct_row(d, at, y + d->out.at + oy * d->out.pitch + c, d->out.c - c, vectors);
            c += vectors * VL;
        }
}

/* One window, cut to the image, for one vector of channels. */
INLINE vf pool_window(const float *x, int pitch, int c, const int ROWS, const int COLUMNS,
                      const int MAXIMUM)
{
    vf value = *(const vf_any *)x;
    for (int y = 0; y < ROWS; y++)
        for (int i = y == 0; i < COLUMNS; i++) {
            vf next = *(const vf_any *)(x + y * pitch + i * c);
            value = MAXIMUM ? vmax(value, next) : (vf)(value + next);
        }
    return MAXIMUM ? value : (vf)(value * vset(1.0f / (float)(ROWS * COLUMNS)));
}

static void direct_pool(const direct_window *d, const float *x, float *y)
{
    int c = d->in.c, pitch = d->in.pitch;
    for (int oy = 0; oy < d->out.h; oy++) {
        int y0 = oy * d->stride_h - d->pad_top, y1 = y0 + d->kernel_h;
        y0 = y0 < 0 ? 0 : y0;
        y1 = y1 > d->in.h ? d->in.h : y1;
        for (int ox = 0; ox < d->out.w; ox++) {
            int x0 = ox * d->stride_w - d->pad_left, x1 = x0 + d->kernel_w;
            x0 = x0 < 0 ? 0 : x0;
            x1 = x1 > d->in.w ? d->in.w : x1;
            const float *in = x + d->in.at + y0 * pitch + x0 * c;
            float *out = y + d->out.at + oy * d->out.pitch + ox * c;
            int square = y1 - y0 == 2 && x1 - x0 == 2, lapped = c < VL && (d->out.w - ox) * c >= VL;
            for (int i = 0; i < c; i += VL) {
                vf value = square && d->maximum ? pool_window(in + i, pitch, c, 2, 2, 1)
                           : square ? pool_window(in + i, pitch, c, 2, 2, 0)
                                    : pool_window(in + i, pitch, c, y1 - y0, x1 - x0, d->maximum);
                store_channels(out + i, value, c - i, lapped);
            }
        }
    }
}

INLINE void direct_activate_row(float *x, int n, const nn_activation ACTIVATION)
{
    int i = 0;
    for (; i + VL <= n; i += VL)
        *(vf_any *)(x + i) = activated(*(const vf_any *)(x + i), ACTIVATION);
    if (i < n) {
        float lanes[VL] __attribute__((aligned(64))) = {0};
        for (int k = i; k < n; k++)
            lanes[k - i] = x[k];
        *(vf *)lanes = activated(*(const vf *)lanes, ACTIVATION);
        for (int k = i; k < n; k++)
            x[k] = lanes[k - i];
    }
}

/* n values in place; softmax is not for this. */
static void direct_activate(nn_activation activation, float *x, int n)
{
    if (activation == NN_TANH)
        direct_activate_row(x, n, NN_TANH);
    else if (activation == NN_RELU)
        direct_activate_row(x, n, NN_RELU);
    else if (activation == NN_SIGMOID)
        direct_activate_row(x, n, NN_SIGMOID);
}

/* N vectors of outputs from output j on; weights (n, m) as Keras has them. */
INLINE void direct_dense_block(const float *x, const float *weights, const float *bias, float *y,
                               int n, int m, int j, const int N)
{
    vf sum[DENSE_BLOCK];
    UNROLL for (int v = 0; v < N; v++)
        sum[v] = bias ? *(const vf_any *)(bias + j + v * VL) : (vf){0};
    const float *w = weights + j;
    for (int i = 0; i < n; i++, w += m) {
        vf value = vset(x[i]);
        UNROLL for (int v = 0; v < N; v++) sum[v] += value * *(const vf_any *)(w + v * VL);
    }
    UNROLL for (int v = 0; v < N; v++) *(vf_any *)(y + j + v * VL) = sum[v];
}

/* What does not fill a vector is computed by one that laps back, or, below VL, one by one. */
static void direct_dense(const float *x, const float *weights, const float *bias, float *y, int n,
                         int m)
{
    int j = 0;
    for (; j + 8 * VL <= m; j += 8 * VL)
        direct_dense_block(x, weights, bias, y, n, m, j, 8);
    if (j + 7 * VL <= m) {
        direct_dense_block(x, weights, bias, y, n, m, j, 7);
        j += 7 * VL;
    }
    if (j + 4 * VL <= m) {
        direct_dense_block(x, weights, bias, y, n, m, j, 4);
        j += 4 * VL;
    }
    for (; j + 2 * VL <= m; j += 2 * VL)
        direct_dense_block(x, weights, bias, y, n, m, j, 2);
    for (; j + VL <= m; j += VL)
        direct_dense_block(x, weights, bias, y, n, m, j, 1);
    if (j < m && m >= VL) {
        direct_dense_block(x, weights, bias, y, n, m, m - VL, 1);
        return;
    }
    for (; j < m; j++) {
        float sum = bias ? bias[j] : 0;
        for (int i = 0; i < n; i++)
            sum += x[i] * weights[(size_t)i * (size_t)m + (size_t)j];
        y[j] = sum;
    }
}

/* n stored elements to floats */
static void direct_load(const void *from, nn_dtype dtype, float scale, float offset, float *y,
                        int n)
{
    if (dtype == NN_UINT8)
        for (int i = 0; i < n; i++)
            y[i] = (float)((const uint8_t *)from)[i] * scale + offset;
    else if (dtype == NN_INT32)
        for (int i = 0; i < n; i++)
            y[i] = (float)((const int32_t *)from)[i] * scale + offset;
    else
        for (int i = 0; i < n; i++)
            y[i] = ((const float *)from)[i] * scale + offset;
}

#endif
