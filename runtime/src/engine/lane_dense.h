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

static void transpose(const float *a, float *b, int n, int m)
{
    int whole_n = n / VL * VL, whole_m = m / VL * VL;
    for (int i = 0; i < whole_n; i += VL)
        for (int o = 0; o < whole_m; o += VL) {
            vf square[VL];
            for (int k = 0; k < VL; k++)
                square[k] = *(const vf_any *)(a + (long)(i + k) * m + o);
            transpose_square(square);
            for (int k = 0; k < VL; k++)
                *(vf_any *)(b + (long)(o + k) * n + i) = square[k];
        }
    for (int i = 0; i < n; i++)
        for (int o = i < whole_n ? whole_m : 0; o < m; o++)
            b[(long)o * n + i] = a[(long)i * m + o];
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
