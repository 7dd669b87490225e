/*
 * Kernels of the direct path (direct.h) but the convolutions. Included by lane_kernels.c only.
 */
#ifndef NN_ENGINE_DIRECT_KERNELS_H
#define NN_ENGINE_DIRECT_KERNELS_H

/* ---- images in ---- */

/* n neighbours to floats, those of one channel of `every`; n * every elements are there. */
INLINE void load_run(const direct_input *input, size_t from, float *y, int n, int every)
{
    const float scale = input->scale, offset = input->offset;
    if (input->dtype == NN_UINT8) {
        const uint8_t *bytes = (const uint8_t *)input->image + from;
        int i = 0;
        if (every == 1 && n >= VL) /* the last vector laps back */
            for (; i < n; i += VL) {
                i = i + VL > n ? n - VL : i;
                *(vf_any *)(y + i) = vbytes(bytes + i) * scale + offset;
            }
        for (; i < n; i++)
            y[i] = (float)bytes[(size_t)i * (size_t)every] * scale + offset;
    } else if (input->dtype == NN_INT32) {
        const int32_t *numbers = (const int32_t *)input->image + from;
        for (int i = 0; i < n; i++)
            y[i] = (float)numbers[(size_t)i * (size_t)every] * scale + offset;
    } else {
        const float *numbers = (const float *)input->image + from;
        for (int i = 0; i < n; i++)
            y[i] = numbers[(size_t)i * (size_t)every] * scale + offset;
    }
}

static void direct_load(const direct_input *input, const direct_map *map, float *y)
{
    const int run = map->step == 1 ? map->w : map->w * map->c;
    const int planes = map->step == 1 ? map->c : 1;
    size_t from = 0;
    y += map->at;
    for (int row = 0; row < map->h; row++, y += map->pitch, from += (size_t)(map->w * map->c))
        if (planes == 1)
            load_run(input, from, y, run, 1);
        else
            for (int c = 0; c < planes; c++)
                load_run(input, from + (size_t)c, y + (size_t)c * (size_t)map->plane, run, planes);
}

/* marks[y] of every channel: is the row zero? */
static void direct_blank(const direct_map *map, const float *x, uint8_t *marks)
{
    x += map->at;
    for (int c = 0; c < map->c; c++, marks += map->rows, x += map->plane)
        for (int y = 0; y < map->h; y++) {
            const float *row = x + (size_t)y * (size_t)map->pitch;
            uint32_t found[VL], any = 0;
            vi bits = {0};
            int i = 0;
            for (; i + VL <= map->w; i += VL)
                bits |= (vi)*(const vf_any *)(row + i);
            memcpy(found, &bits, sizeof found);
            for (int l = 0; l < VL; l++)
                any |= found[l];
            for (; i < map->w; i++) {
                memcpy(found, row + i, sizeof *found);
                any |= *found;
            }
            marks[y] = !(any << 1); /* all but the sign */
        }
}

/* ---- pooling and activations by themselves ---- */

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
            int square = y1 - y0 == 2 && x1 - x0 == 2;
            for (int i = 0; i < c; i += VL) {
                vf value = square && d->maximum ? pool_window(in + i, pitch, c, 2, 2, 1)
                           : square ? pool_window(in + i, pitch, c, 2, 2, 0)
                                    : pool_window(in + i, pitch, c, y1 - y0, x1 - x0, d->maximum);
                store_first(out + i, value, c - i);
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

/* ---- dense ---- */

/* Vectors of outputs at a time: their sums and one factor fill the registers. */
enum {
    DENSE_MOST = NREG == 32 ? 16 : 15,
    LIST_AHEAD = 3 /* rows of a list that are fetched in advance; so many zeros follow it */
};

/* VECTORS vectors of outputs from output j on, the last of them from `last` on: where outputs are
   left over, it laps back. Rows of weights are read whole, in order, by this one reader: they come
   from the second-level cache. ROWS of them at a time, where few sums would wait for each other.
   LISTED: only the rows in `list`. */
INLINE void dense_block(const float *x, const float *weights, const float *bias, float *y, int n,
                        int m, int j, int last, const int32_t *list, const int VECTORS,
                        const int ROWS, const int LISTED)
{
    vf sum[DENSE_MOST];
    const int lap = last - j;
    UNROLL for (int v = 0; v < ROWS * VECTORS; v++) sum[v] = (vf){0};
    if (bias)
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[v] = *(const vf_any *)(bias + j + (v == VECTORS - 1 ? lap : v * VL));
    weights += j;
    int i = 0;
    for (; i + ROWS <= n; i += ROWS)
        UNROLL for (int r = 0; r < ROWS; r++) {
            const size_t row = (size_t)(LISTED ? list[i + r] : i + r);
            const float *w = weights + row * (size_t)m;
            const vf value = vset(x[row]);
            if (LISTED && VECTORS > 6) /* what is skipped is not foreseen by the processor */
                UNROLL for (int v = 0; v < VECTORS; v += 64 / 4 / VL)
                    __builtin_prefetch(weights + (size_t)list[i + LIST_AHEAD] * (size_t)m + v * VL);
            UNROLL for (int v = 0; v < VECTORS; v++)
                sum[r * VECTORS + v] +=
                    value * *(const vf_any *)(w + (v == VECTORS - 1 ? lap : v * VL));
        }
    for (; i < n; i++) {
        const size_t row = (size_t)(LISTED ? list[i] : i);
        const float *w = weights + row * (size_t)m;
        const vf value = vset(x[row]);
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[v] += value * *(const vf_any *)(w + (v == VECTORS - 1 ? lap : v * VL));
    }
    UNROLL for (int r = 1; r < ROWS; r++)
        UNROLL for (int v = 0; v < VECTORS; v++) sum[v] += sum[r * VECTORS + v];
    UNROLL for (int v = 0; v < VECTORS; v++)
        *(vf_any *)(y + j + (v == VECTORS - 1 ? lap : v * VL)) = sum[v];
}

#define DENSE_CASE(vectors, rows)                                                                  \
    case vectors:                                                                                  \
        dense_block(x, weights, bias, y, n, m, j, last, list, vectors, rows, LISTED);              \
        break;

INLINE void dense_vectors(const float *x, const float *weights, const float *bias, float *y, int n,
                          int m, int j, int last, const int32_t *list, int vectors,
                          const int LISTED)
{
    switch (vectors) {
        DENSE_CASE(1, 4) DENSE_CASE(2, 4) DENSE_CASE(3, 4) DENSE_CASE(4, 2)
        DENSE_CASE(5, 2) DENSE_CASE(6, 2) DENSE_CASE(7, 1) DENSE_CASE(8, 1)
        DENSE_CASE(9, 1) DENSE_CASE(10, 1) DENSE_CASE(11, 1) DENSE_CASE(12, 1)
        DENSE_CASE(13, 1) DENSE_CASE(14, 1) DENSE_CASE(15, 1)
#if NREG == 32
        DENSE_CASE(16, 1)
#endif
    }
}

static void dense_all(const float *x, const float *weights, const float *bias, float *y, int n,
                      int m, int j, int last, int vectors)
{
    dense_vectors(x, weights, bias, y, n, m, j, last, NULL, vectors, 0);
}
static void dense_listed(const float *x, const float *weights, const float *bias, float *y,
                         int n, int m, int j, int last, const int32_t *list, int vectors)
{
    dense_vectors(x, weights, bias, y, n, m, j, last, list, vectors, 1);
}

static int list_nonzero(const float *x, int n, int32_t *list)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        list[count] = i;
        count += bits << 1 != 0; /* all but the sign */
    }
    for (int i = 0; i < LIST_AHEAD; i++)
        list[count + i] = 0;
    return count;
}

static void direct_dense(const float *x, const float *weights, const float *bias, float *y, int n,
                         int m, int32_t *indices)
{
    if (m < VL) {
        for (int j = 0; j < m; j++) {
            float sum = bias ? bias[j] : 0;
            for (int i = 0; i < n; i++)
                sum += x[i] * weights[(size_t)i * (size_t)m + (size_t)j];
            y[j] = sum;
        }
        return;
    }
    const int count = indices ? list_nonzero(x, n, indices) : n;
    const int all = block_count(m, VL), blocks = block_count(all, DENSE_MOST);
    for (int b = 0; b < blocks; b++) {
        const int first = block_start(all, blocks, b), end = block_start(all, blocks, b + 1);
        const int last = end * VL > m ? m - VL : (end - 1) * VL;
        if (indices && count < n)
            dense_listed(x, weights, bias, y, count, m, first * VL, last, indices, end - first);
        else
            dense_all(x, weights, bias, y, n, m, first * VL, last, end - first);
    }
}

#endif
