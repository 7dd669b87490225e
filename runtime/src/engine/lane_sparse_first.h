/*
 * Gradient of the weights of a convolution before a max-pooling, where the input has one channel
 * and its gradient is not wanted: the first layer of a network for grey pictures. Part of
 * lane_kernels.c, where a vector has 16 floats.
 *
 * There are too few products for each gradient to take the images apart (lane_sparse.h). In lanes
 * a window's gradient belongs to the same result only by chance; but whichever column it belongs
 * to, the input under it is chosen lane by lane before the product, and the upper and the lower
 * row have products of their own: 80 instead of 100 operations on a window of 5 x 5 taps, and no
 * map of gradients is written and read. Windows over nothing but zeros in all images, the edge of
 * most pictures of digits, give nothing.
 */

/* For each row of windows, a bit for each window that has anything else than zeros under it. */
static void first_used(const lane_sparse *s, const vf *x, uint64_t *windows)
{
    const lane_map *in = &s->conv.in;
    int reach = s->conv.kernel_w + 1, width = s->pool.out.w;
    uint64_t used[8] = {0}; /* columns of the last rows */
    for (int py = 0, row = 0; py < s->pool.out.h; py++) {
        for (; row < 2 * py + reach; row++) {
            int y = row - s->conv.pad_top;
            uint64_t bits = 0;
            for (int i = 0; y >= 0 && y < in->h && i < in->w; i++) {
                __m512 v = (__m512)x[in->at + (long)y * in->pitch + i];
                __mmask16 any = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
                bits |= (uint64_t)(any != 0) << (i + s->conv.pad_left);
            }
            used[row % 8] = bits;
        }
        uint64_t under = 0;
        for (int y = 2 * py; y < 2 * py + reach; y++)
            under |= used[y % 8];
        under |= under >> 1;
        under |= under >> 2 | (reach == 6 ? under >> 4 : 0);
        windows[py] = _pext_u64(under, 0x5555555555555555u) & ((1ull << width) - 1);
    }
}

/* The gradients of a row of windows: those of upper and those of lower results. */
typedef struct first_row {
    vf upper[32], lower[32];
} first_row;

INLINE void first_gradients(const vf *most, const vf *g, const lane_turn *turns, int n,
                            first_row *row, vf *bias_sum, const nn_activation ACTIVATION)
{
    vf bias = *bias_sum;
    for (int i = 0; i < n; i++) {
        vf gradient = derived(most[i], g[i], ACTIVATION);
        __mmask16 below = turns[i].below;
        row->upper[i] = (vf)_mm512_maskz_mov_ps(_knot_mask16(below), (__m512)gradient);
        row->lower[i] = (vf)_mm512_maskz_mov_ps(below, (__m512)gradient);
        bias += gradient;
    }
    *bias_sum = bias;
}

/* One window: rows[i] points to the input under its row i of KERNEL + 1. */
INLINE void first_window(const first_row *g, const lane_turn *turns, int at, const vf *const *rows,
                         vf *sum, const int KERNEL)
{
    const vf upper = g->upper[at], lower = g->lower[at];
    const __mmask16 right = turns[at].right;
    UNROLL for (int row = 0; row < KERNEL + 1; row++) {
        const vf *x = rows[row] + 2 * at;
        RELOAD;
        vf next = x[0];
        UNROLL for (int kx = 0; kx < KERNEL; kx++) {
            vf here = next;
            next = x[kx + 1];
            HOLD(next);
            vf v = (vf)_mm512_mask_blend_ps(right, (__m512)here, (__m512)next);
            if (row < KERNEL)
                sum[row * KERNEL + kx] += upper * v;
            if (row > 0)
                sum[(row - 1) * KERNEL + kx] += lower * v;
        }
    }
}

/* One output channel's sums [tap][out_c] from the windows of rows y0 .. y1-1. */
INLINE void first_channel(const lane_sparse *s, const lane_sparse_data *d, const vf *zeros, int oc,
                          const uint64_t *windows, vf *sums, vf *bias_sum, int y0, int y1,
                          const nn_activation ACTIVATION, const int KERNEL)
{
    const lane_map *in = &s->conv.in, *out = &s->pool.out;
    const long out_c = s->conv.out.c;
    first_row g;
    vf sum[25];
    UNROLL for (int i = 0; i < KERNEL * KERNEL; i++) sum[i] = sums[i * out_c];
    for (int y = y0; y < y1; y++) {
        const vf *rows[6];
        for (int i = 0; i < KERNEL + 1; i++) {
            int from = 2 * y + i - s->conv.pad_top;
            rows[i] = from >= 0 && from < in->h ? (const vf *)d->x + in->at +
                                                      (long)from * in->pitch - s->conv.pad_left
                                                : zeros;
        }
        const lane_turn *turns = d->turns + (long)oc * s->positions + y * out->w;
        first_gradients((const vf *)d->pooled + index_of(out, oc, y, 0),
                        (const vf *)d->g + index_of(out, oc, y, 0), turns, out->w, &g, bias_sum,
                        ACTIVATION);
        for (uint64_t left = windows[y]; left; left &= left - 1) {
            UNROLL for (int i = 0; i < KERNEL * KERNEL; i++) HOLD(sum[i]);
            first_window(&g, turns, __builtin_ctzll(left), rows, sum, KERNEL);
        }
    }
    UNROLL for (int i = 0; i < KERNEL * KERNEL; i++) sums[i * out_c] = sum[i];
}

/* Band by band of rows of windows, so that the input stays in the first cache for all channels. */
INLINE void first_weights(const lane_sparse *s, const lane_sparse_data *d,
                          const nn_activation ACTIVATION, const int KERNEL)
{
    const int out_c = s->conv.out.c, taps = KERNEL * KERNEL, pitch = s->conv.in.pitch;
    const vf *zeros = (const vf *)(d->scratch + s->zeros_at);
    vf *sums = (vf *)(d->scratch + s->sums_at);
    uint64_t windows[32];
    int band = ((20 << 10) / (pitch * (int)sizeof(vf)) - KERNEL) / 2;
    band = band < 1 ? 1 : band;
    memset(d->scratch + s->zeros_at, 0, (size_t)pitch * sizeof(vf));
    memset(sums, 0, (size_t)(taps + 1) * out_c * sizeof *sums);
    first_used(s, (const vf *)d->x, windows);
    for (int y = 0; y < s->pool.out.h; y += band) {
        int end = y + band < s->pool.out.h ? y + band : s->pool.out.h;
        for (int oc = 0; oc < out_c; oc++)
            first_channel(s, d, zeros, oc, windows, sums + oc, sums + taps * out_c + oc, y, end,
                          ACTIVATION, KERNEL);
    }
    fold((const float *)sums, d->sums, (taps + 1) * out_c);
}

#define FIRST_CASE(activation)                                                                     \
    case activation:                                                                               \
        if (s->conv.kernel_w == 5)                                                                 \
            first_weights(s, d, activation, 5);                                                    \
        else                                                                                       \
            first_weights(s, d, activation, 3);                                                    \
        break;

static void first_backward(const lane_sparse *s, const lane_sparse_data *d)
{
    switch (s->activation) {
        FIRST_CASE(NN_LINEAR)
        FIRST_CASE(NN_TANH)
        FIRST_CASE(NN_RELU)
        FIRST_CASE(NN_SIGMOID)
    case NN_SOFTMAX: /* sparse_fits() declines */
        break;
    }
}
