/* Dense layers in lanes. Part of lane_kernels.c, after lane_conv.h. */

INLINE long view_at(const lane_view *view, int i)
{
    return i / view->channels + i % view->channels * (long)view->plane;
}

/* ---- outputs ---- */

/* Of long rows, so many weights are read for all outputs before those of the next inputs: the nearest
   cache holds whole rows, where the same few columns of many would fight for their places. */
enum { DENSE_LONG = 256, DENSE_TILE = 6 << 10 };

/* Inputs i0 .. i1-1. Weights and bias from the first of OUTPUTS outputs on. */
INLINE void dense_outputs(const lane_view *view, const vf *x, const float *weights,
                          const float *bias, vf *y, long m, int i0, int i1, const int OUTPUTS)
{
    const long plane = view->plane;
    vf sum[SINGLE_BLOCK];
    if (i0)
        UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] = y[o];
    else
        UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] = vset(bias ? bias[o] : 0.0f);
    const float *end = weights + i1 * m;
    weights += i0 * m;
    const vf *from = x + view_at(view, i0);
    int run = view->channels - i0 % view->channels;
    for (x += i0 / view->channels + 1; weights < end; from = x++, run = view->channels) {
        const float *run_end = weights + run * m;
        run_end = run_end < end ? run_end : end;
        for (; weights < run_end; from += plane, weights += m) {
            vf v = *from;
            UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] += v * weights[o];
        }
    }
    UNROLL for (int o = 0; o < OUTPUTS; o++) y[o] = sum[o];
}

#define DENSE_OUTPUTS(k)                                                                           \
    case k:                                                                                        \
        dense_outputs(view, (const vf *)x, w, start, to, m, i0, i1, k);                            \
        break;

static void dense_tile(const lane_view *view, const float *x, const float *weights,
                       const float *bias, float *y, int m, int i0, int i1)
{
    int blocks = block_count(m, SINGLE_BLOCK);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(m, blocks, b);
        const float *w = weights + first, *start = bias ? bias + first : NULL;
        vf *to = (vf *)y + first;
        switch (block_start(m, blocks, b + 1) - first) {
            DENSE_OUTPUTS(1) DENSE_OUTPUTS(2) DENSE_OUTPUTS(3) DENSE_OUTPUTS(4)
            DENSE_OUTPUTS(5) DENSE_OUTPUTS(6) DENSE_OUTPUTS(7) DENSE_OUTPUTS(8)
            DENSE_OUTPUTS(9) DENSE_OUTPUTS(10) DENSE_OUTPUTS(11) DENSE_OUTPUTS(12)
#if SINGLE_BLOCK == 24
            DENSE_OUTPUTS(13) DENSE_OUTPUTS(14) DENSE_OUTPUTS(15) DENSE_OUTPUTS(16)
            DENSE_OUTPUTS(17) DENSE_OUTPUTS(18) DENSE_OUTPUTS(19) DENSE_OUTPUTS(20)
            DENSE_OUTPUTS(21) DENSE_OUTPUTS(22) DENSE_OUTPUTS(23) DENSE_OUTPUTS(24)
#endif
        }
    }
}

static void dense(const lane_view *view, const float *x, const float *weights, const float *bias,
                  float *y, int m)
{
    int most = m < DENSE_LONG ? view->n : DENSE_TILE / m > 8 ? DENSE_TILE / m : 8;
    int tiles = block_count(view->n, most);
    for (int t = 0; t < tiles; t++)
        dense_tile(view, x, weights, bias, y, m, block_start(view->n, tiles, t),
                   block_start(view->n, tiles, t + 1));
}

/* ---- gradient of the inputs ---- */

/* Inputs of a block of accumulators, and of the smaller ones for those that are left over. */
#if NREG == 32
#define DENSE_ROWS 20
#define DENSE_FEW  10
#else
#define DENSE_ROWS 12
#define DENSE_FEW  6
#endif

/* dx of input i is the sum over o of weights[i * m + o] * g[o], for inputs i to i + ROWS - 1. Three
   rows are reached from one pointer, or there would be too many. */
INLINE void dense_input_block(const lane_view *view, const vf *g, const float *weights, int m,
                              vf *dx, int i, const int ROWS)
{
    vf sum[DENSE_ROWS];
    const float *row[(DENSE_ROWS + 2) / 3];
    const long step = m;
    weights += i * step;
    UNROLL for (int r = 0; r < ROWS; r++) sum[r] = (vf){0};
    UNROLL for (int p = 0; 3 * p < ROWS; p++) row[p] = weights + 3 * p * step;
    for (long o = 0; o < m; o++) {
        vf v = g[o];
        UNROLL for (int r = 0; r < ROWS; r++) sum[r] += v * row[r / 3][r % 3 * step];
        UNROLL for (int p = 0; 3 * p < ROWS; p++) row[p]++;
    }
    int channel = i % view->channels;
    vf *to = dx + i / view->channels + channel * (long)view->plane;
    UNROLL for (int r = 0; r < ROWS; r++)
    {
        *to = sum[r];
        to += view->plane;
        if (++channel == view->channels) {
            to += 1 - view->channels * (long)view->plane;
            channel = 0;
        }
    }
}

static void dense_input(const lane_view *view, const float *g, const float *weights, float *dx,
                        int m)
{
    const vf *from = (const vf *)g;
    vf *to = (vf *)dx;
    int i = 0;
    /* Rows 2 or 4 KB apart have the same few places in the nearest cache. */
    int most = m % 512 ? view->n : 0;
    for (; i + DENSE_ROWS <= most; i += DENSE_ROWS)
        dense_input_block(view, from, weights, m, to, i, DENSE_ROWS);
    for (; i + DENSE_FEW <= view->n; i += DENSE_FEW)
        dense_input_block(view, from, weights, m, to, i, DENSE_FEW);
    for (; i + 3 <= view->n; i += 3)
        dense_input_block(view, from, weights, m, to, i, 3);
    for (; i < view->n; i++)
        dense_input_block(view, from, weights, m, to, i, 1);
}

static void fold(const float *sums, float *out, int n)
{
    const vf *in = (const vf *)sums;
    int i = 0;
    for (; i + VL <= n; i += VL)
        *(vf_any *)(out + i) = fold_square(in + i);
    if (i == n)
        return;
    vf last[VL];
    for (int k = 0; k < VL; k++)
        last[k] = i + k < n ? in[i + k] : (vf){0};
    vf result = fold_square(last);
    memcpy(out + i, &result, (size_t)(n - i) * sizeof(float));
}

/* ---- gradient of the weights ---- */

#if NREG == 32
#define OUTER_ROWS    6
#define OUTER_VECTORS 4
#else
#define OUTER_ROWS    4
#define OUTER_VECTORS 3
#endif

/* A panel is some of the outputs, as many vectors as a block of accumulators takes. The gradients of
   a panel's outputs lie together, [image][vectors], so that they stay in the nearest cache while
   many rows of weights need them. */
typedef struct panel {
    int first, vectors; /* counted in vectors */
} panel;

INLINE int panel_count(int m) { return block_count(block_count(m, VL), OUTER_VECTORS); }

INLINE panel panel_of(int m, int index)
{
    int all = block_count(m, VL), count = panel_count(m), first = block_start(all, count, index);
    return (panel){first, block_start(all, count, index + 1) - first};
}

static void dense_rows(const float *g, float *to, int m, int image, int images)
{
    for (int p = 0; p < panel_count(m); p++) {
        panel at = panel_of(m, p);
        const long row = at.vectors * VL;
        float *rows = to + (long)at.first * VL * images + image * row;
        for (int i = 0; i < at.vectors; i++) {
            vf square[VL];
            const vf *from = (const vf *)g + (at.first + i) * VL;
            int left = m - (at.first + i) * VL;
            for (int k = 0; k < VL; k++)
                square[k] = k < left ? from[k] : (vf){0};
            transpose_square(square);
            for (int k = 0; k < VL; k++)
                *(vf *)(rows + k * row + i * VL) = square[k];
        }
    }
}

/* ROWS inputs from the i-th on times VECTORS vectors of outputs, over all images of all groups in
   order: inputs are broadcast from the lane layout, gradients are vectors along the outputs. The last
   vector of a row of grad has `last` floats. */
INLINE void outer_block(const lane_outer *outer, int i, const float *g, float *grad, int last,
                        int add, const int ROWS, const int VECTORS)
{
    const long m = outer->m;
    long at[OUTER_ROWS];
    vf sum[OUTER_ROWS * OUTER_VECTORS];
    UNROLL for (int r = 0; r < ROWS; r++) at[r] = view_at(&outer->view, i + r) * VL;
    UNROLL for (int s = 0; s < ROWS * VECTORS; s++) sum[s] = (vf){0};
    if (add)
        UNROLL for (int r = 0; r < ROWS; r++)
        {
            UNROLL for (int c = 0; c < VECTORS - 1; c++)
                sum[r * VECTORS + c] = *(const vf_any *)(grad + r * m + c * VL);
            sum[r * VECTORS + VECTORS - 1] = load_part(grad + r * m + (VECTORS - 1) * VL, last);
        }
    const float *x = outer->x;
    for (int group = 0; group < outer->groups; group++, x += outer->stride)
        for (int pack = 0; pack < LANE_GROUP / VL; pack++) {
            const float *inputs = x + (long)pack * outer->view.n * VL;
            for (int l = 0; l < VL; l++, g += VECTORS * VL) {
                vf v[OUTER_VECTORS];
                UNROLL for (int c = 0; c < VECTORS; c++) v[c] = *(const vf *)(g + c * VL);
                UNROLL for (int r = 0; r < ROWS; r++)
                {
                    vf factor = vset(inputs[at[r] + l]);
                    UNROLL for (int c = 0; c < VECTORS; c++) sum[r * VECTORS + c] += v[c] * factor;
                }
            }
        }
    UNROLL for (int r = 0; r < ROWS; r++)
    {
        UNROLL for (int c = 0; c < VECTORS - 1; c++)
            *(vf_any *)(grad + r * m + c * VL) = sum[r * VECTORS + c];
        store_part(grad + r * m + (VECTORS - 1) * VL, sum[r * VECTORS + VECTORS - 1], last);
    }
}

#define OUTER_CASE(n)                                                                              \
    case n:                                                                                        \
        outer_block(outer, i, g, grad, last, add, ROWS, n);                                        \
        break;

INLINE void outer_vectors(const lane_outer *outer, int i, const float *g, float *grad, int last,
                          int add, const int ROWS, int vectors)
{
    switch (vectors) {
        OUTER_CASE(1)
        OUTER_CASE(2)
        OUTER_CASE(3)
#if OUTER_VECTORS == 4
        OUTER_CASE(4)
#endif
    }
}

static void outer_many(const lane_outer *outer, int i, const float *g, float *grad, int last,
                       int add, int vectors)
{
    outer_vectors(outer, i, g, grad, last, add, OUTER_ROWS, vectors);
}
static void outer_one(const lane_outer *outer, int i, const float *g, float *grad, int last,
                      int add, int vectors)
{
    outer_vectors(outer, i, g, grad, last, add, 1, vectors);
}

static void dense_weights(const lane_outer *outer, float *grad, int i0, int i1, int add)
{
    const long m = outer->m;
    for (int p = 0; p < panel_count(outer->m); p++) {
        panel at = panel_of(outer->m, p);
        const float *g = outer->g + (long)at.first * VL * outer->images;
        float *to = grad + at.first * VL;
        int left = outer->m - (at.first + at.vectors - 1) * VL, last = left < VL ? left : VL;
        int i = i0;
        for (; i + OUTER_ROWS <= i1; i += OUTER_ROWS)
            outer_many(outer, i, g, to + i * m, last, add, at.vectors);
        for (; i < i1; i++)
            outer_one(outer, i, g, to + i * m, last, add, at.vectors);
    }
}

static void dense_bias(const lane_outer *outer, float *grad, int add)
{
    for (int p = 0; p < panel_count(outer->m); p++) {
        panel at = panel_of(outer->m, p);
        const vf *g = (const vf *)(outer->g + (long)at.first * VL * outer->images);
        float *to = grad + at.first * VL;
        int count = outer->m - at.first * VL;
        count = count < at.vectors * VL ? count : at.vectors * VL;
        vf sum[OUTER_VECTORS] = {{0}};
        if (add)
            memcpy(sum, to, (size_t)count * sizeof(float));
        for (int image = 0; image < outer->groups * LANE_GROUP; image++, g += at.vectors)
            for (int c = 0; c < at.vectors; c++)
                sum[c] += g[c];
        memcpy(to, sum, (size_t)count * sizeof(float));
    }
}
