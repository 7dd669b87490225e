/* Dense layers in lanes. Part of lane_kernels.c, after lane_conv.h. */

static void dense(const float *x, const float *weights, const float *bias, float *y, int n, int m)
{
    int blocks = block_count(m, SINGLE_BLOCK);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(m, blocks, b);
        const float *w = weights + first, *start = bias ? bias + first : NULL;
        vf *to = (vf *)y + first;
        int outputs = block_start(m, blocks, b + 1) - first;
        single_outputs((const vf *)x, 1, w, n, m, start, to, 1, 0, outputs);
    }
}

/* ---- gradient of the inputs ---- */

enum { DENSE_ROWS = 12 };

/* dx[i] = the sum over o of weights[i * m + o] * g[o] for ROWS inputs. Three rows are reached from
   one pointer, or there would be too many. */
INLINE void dense_input_block(const vf *g, const float *weights, int m, vf *dx, const int ROWS)
{
    vf sum[DENSE_ROWS];
    const float *row[(DENSE_ROWS + 2) / 3];
    const long step = m;
    UNROLL for (int r = 0; r < ROWS; r++) sum[r] = (vf){0};
    UNROLL for (int p = 0; 3 * p < ROWS; p++) row[p] = weights + 3 * p * step;
    for (int o = 0; o < m; o++) {
        vf v = g[o];
        UNROLL for (int r = 0; r < ROWS; r++) sum[r] += v * row[r / 3][r % 3 * step];
        UNROLL for (int p = 0; 3 * p < ROWS; p++) row[p]++;
    }
    UNROLL for (int r = 0; r < ROWS; r++) dx[r] = sum[r];
}

#define DENSE_INPUT_CASE(k)                                                                        \
    case k:                                                                                        \
        dense_input_block((const vf *)g, weights, m, to, k);                                       \
        break;

static void dense_input(const float *g, const float *weights, float *dx, int n, int m)
{
    int blocks = block_count(n, DENSE_ROWS);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(n, blocks, b), end = block_start(n, blocks, b + 1);
        vf *to = (vf *)dx + first;
        switch (end - first) {
            DENSE_INPUT_CASE(1) DENSE_INPUT_CASE(2) DENSE_INPUT_CASE(3) DENSE_INPUT_CASE(4)
            DENSE_INPUT_CASE(5) DENSE_INPUT_CASE(6) DENSE_INPUT_CASE(7) DENSE_INPUT_CASE(8)
            DENSE_INPUT_CASE(9) DENSE_INPUT_CASE(10) DENSE_INPUT_CASE(11) DENSE_INPUT_CASE(12)
        }
        weights += (size_t)(end - first) * (size_t)m;
    }
}

static void rows(const float *a, float *b, int n, int ld)
{
    for (int i = 0; i < ld; i += VL) {
        vf square[VL];
        for (int k = 0; k < VL; k++)
            square[k] = i + k < n ? ((const vf *)a)[i + k] : (vf){0};
        transpose_square(square);
        for (int k = 0; k < VL; k++)
            *(vf *)(b + (long)k * ld + i) = square[k];
    }
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
#define OUTER_ROWS    4
#define OUTER_VECTORS 6
#else
#define OUTER_ROWS    4
#define OUTER_VECTORS 3
#endif

/* ROWS inputs times VECTORS vectors of outputs, over all images of all groups in order: inputs are
   broadcast from the lane layout, gradients are vectors along the outputs. */
INLINE void outer_block(const lane_outer *outer, const float *x, const float *g, float *grad,
                        int columns, int add, const int ROWS, const int VECTORS)
{
    const int packs = LANE_GROUP / VL, ld = outer->ld;
    vf sum[OUTER_ROWS * OUTER_VECTORS];
    float edge[OUTER_ROWS * OUTER_VECTORS * VL];
    if (add) {
        memset(edge, 0, sizeof edge);
        for (int r = 0; r < ROWS; r++)
            memcpy(edge + r * VECTORS * VL, grad + (long)r * outer->m,
                   (size_t)columns * sizeof(float));
        UNROLL for (int i = 0; i < ROWS * VECTORS; i++) sum[i] = *(const vf_any *)(edge + i * VL);
    } else {
        UNROLL for (int i = 0; i < ROWS * VECTORS; i++) sum[i] = (vf){0};
    }
    for (int group = 0; group < outer->groups; group++, x += outer->stride, g += outer->stride) {
        const float *gradients = g;
        for (int pack = 0; pack < packs; pack++)
            for (int l = 0; l < VL; l++, gradients += ld) {
                const float *inputs = x + (long)pack * outer->n * VL + l;
                vf v[OUTER_VECTORS];
                UNROLL for (int c = 0; c < VECTORS; c++)
                    v[c] = *(const vf *)(gradients + c * VL);
                UNROLL for (int r = 0; r < ROWS; r++) {
                    vf factor = vset(inputs[r * VL]);
                    UNROLL for (int c = 0; c < VECTORS; c++) sum[r * VECTORS + c] += v[c] * factor;
                }
            }
    }
    if (columns == VECTORS * VL) {
        UNROLL for (int r = 0; r < ROWS; r++)
            UNROLL for (int c = 0; c < VECTORS; c++)
                *(vf_any *)(grad + (long)r * outer->m + c * VL) = sum[r * VECTORS + c];
        return;
    }
    UNROLL for (int i = 0; i < ROWS * VECTORS; i++) *(vf_any *)(edge + i * VL) = sum[i];
    for (int r = 0; r < ROWS; r++)
        memcpy(grad + (long)r * outer->m, edge + r * VECTORS * VL, (size_t)columns * sizeof(float));
}

#define OUTER_CASE(n)                                                                              \
    case n:                                                                                        \
        outer_block(outer, x, g, grad, columns, add, ROWS, n);                                     \
        break;

INLINE void outer_vectors(const lane_outer *outer, const float *x, const float *g, float *grad,
                          int columns, int add, const int ROWS, int vectors)
{
    switch (vectors) {
        OUTER_CASE(1)
        OUTER_CASE(2)
        OUTER_CASE(3)
#if OUTER_VECTORS == 6
        OUTER_CASE(4)
        OUTER_CASE(5)
        OUTER_CASE(6)
#endif
    }
}

static void outer_four(const lane_outer *outer, const float *x, const float *g, float *grad,
                       int columns, int add, int vectors)
{
    outer_vectors(outer, x, g, grad, columns, add, OUTER_ROWS, vectors);
}
static void outer_one(const lane_outer *outer, const float *x, const float *g, float *grad,
                      int columns, int add, int vectors)
{
    outer_vectors(outer, x, g, grad, columns, add, 1, vectors);
}

static void dense_weights(const lane_outer *outer, float *grad, int i0, int i1, int add)
{
    int all = (outer->m + VL - 1) / VL, blocks = block_count(all, OUTER_VECTORS);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(all, blocks, b), end = block_start(all, blocks, b + 1);
        int columns = (end * VL < outer->m ? end * VL : outer->m) - first * VL;
        const float *g = outer->g + first * VL;
        float *to = grad + first * VL;
        int i = i0;
        for (; i + OUTER_ROWS <= i1; i += OUTER_ROWS)
            outer_four(outer, outer->x + (long)i * VL, g, to + (long)i * outer->m, columns, add,
                       end - first);
        for (; i < i1; i++)
            outer_one(outer, outer->x + (long)i * VL, g, to + (long)i * outer->m, columns, add,
                      end - first);
    }
}
