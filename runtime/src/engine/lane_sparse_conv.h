/* Backward of a convolution from lists of gradients, one image after the other; lane_sparse.h says
   what goes before. Part of lane_kernels.c. */

/* ---- weights ---- */

/* sums[ky][vector] += gradient * input for all entries of a list. x: the picture; a row of taps is
   VECTORS of it, in which the last elements may belong to no tap: their sums are not used. */
INLINE void sparse_weights(const float *x, long pitch, const float *values, const int32_t *offsets,
                           int n, vf *sums, const int KERNEL, const int VECTORS)
{
    vf sum[5 * 3];
    UNROLL for (int i = 0; i < KERNEL * VECTORS; i++) sum[i] = sums[i];
    for (int e = 0; e < n; e++) {
        const float *from = x + offsets[e];
        vf g = vset(values[e]);
        UNROLL for (int ky = 0; ky < KERNEL; ky++)
            UNROLL for (int v = 0; v < VECTORS; v++)
                sum[ky * VECTORS + v] += *(const vf_any *)(from + ky * pitch + 16 * v) * g;
    }
    UNROLL for (int i = 0; i < KERNEL * VECTORS; i++) sums[i] = sum[i];
}

/* The same where a row of taps fits half a vector: two entries at a time, each with sums of its
   own, that no addition waits for the one before. */
typedef float half_any __attribute__((vector_size(32), may_alias, aligned(4)));
INLINE void sparse_weights_half(const float *x, long pitch, float *values, int32_t *offsets, int n,
                                vf *sums, const int KERNEL)
{
    half_any sum[5], other[5];
    UNROLL for (int i = 0; i < KERNEL; i++) {
        sum[i] = *(half_any *)&sums[i];
        other[i] = (half_any){0};
    }
    values[n] = 0;
    offsets[n] = 0;
    for (int e = 0; e < n; e += 2) {
        const float *a = x + offsets[e], *b = x + offsets[e + 1];
        float g = values[e], h = values[e + 1];
        UNROLL for (int ky = 0; ky < KERNEL; ky++) {
            sum[ky] += *(const half_any *)(a + ky * pitch) * g;
            other[ky] += *(const half_any *)(b + ky * pitch) * h;
        }
    }
    UNROLL for (int i = 0; i < KERNEL; i++) *(half_any *)&sums[i] = sum[i] + other[i];
}

#define SPARSE_WEIGHTS_CASE(kernel, vectors)                                                       \
    case kernel * 8 + vectors:                                                                     \
        sparse_weights(x, pitch, values, offsets, n, sums, kernel, vectors);                       \
        break;

static void sparse_list_weights(const lane_sparse *s, const float *x, float *values,
                                int32_t *offsets, int n, vf *sums)
{
    const long pitch = s->pitch;
    const int kernel = s->conv.kernel_w;
    switch (kernel * s->block <= 8 ? kernel * 8 : kernel * 8 + s->tap_vectors) {
    case 5 * 8:
        sparse_weights_half(x, pitch, values, offsets, n, sums, 5);
        break;
    case 3 * 8:
        sparse_weights_half(x, pitch, values, offsets, n, sums, 3);
        break;
        SPARSE_WEIGHTS_CASE(5, 1)
        SPARSE_WEIGHTS_CASE(5, 2)
        SPARSE_WEIGHTS_CASE(5, 3)
        SPARSE_WEIGHTS_CASE(3, 1)
        SPARSE_WEIGHTS_CASE(3, 2)
        SPARSE_WEIGHTS_CASE(3, 3)
    }
}

static void sparse_all_weights(const lane_sparse *s, float *scratch)
{
    int out_c = s->conv.out.c, vectors = s->conv.kernel_w * s->tap_vectors;
    vf *sums = (vf *)(scratch + s->sums_at);
    memset(sums, 0, (size_t)out_c * s->blocks * vectors * sizeof *sums);
    for (int l = 0; l < 16; l++)
        for (int b = 0; b < s->blocks; b++)
            for (int oc = 0; oc < out_c; oc++) {
                long list = (long)l * out_c + oc;
                sparse_list_weights(
                    s, scratch + s->pictures_at + ((long)l * s->blocks + b) * s->picture,
                    scratch + s->values_at + list * s->capacity,
                    (int32_t *)(scratch + s->offsets_at) + list * s->capacity,
                    ((const int32_t *)(scratch + s->counts_at))[list],
                    sums + ((long)b * out_c + oc) * vectors);
            }
}

/* Sums [block][oc][ky][vector] to Keras' order. */
static void sparse_order(const lane_sparse *s, const float *scratch, float *to)
{
    int out_c = s->conv.out.c, in_c = s->conv.in.c, kernel = s->conv.kernel_w, taps = s->tap_vectors;
    const vf *sums = (const vf *)(scratch + s->sums_at);
    for (int b = 0; b < s->blocks; b++)
        for (int first = 0; first < out_c; first += 16)
            for (int v = 0; v < kernel * taps; v++) {
                int channels = out_c - first < 16 ? out_c - first : 16;
                __mmask16 used = (__mmask16)((1u << channels) - 1);
                vf square[16];
                for (int i = 0; i < 16; i++)
                    square[i] = i < channels
                                    ? sums[((long)b * out_c + first + i) * kernel * taps + v]
                                    : (vf){0};
                transpose_square(square);
                for (int i = 0; i < 16; i++) {
                    int k = v % taps * 16 + i, kx = k / s->block, ic = b * s->block + k % s->block;
                    if (kx < kernel && ic < in_c)
                        _mm512_mask_storeu_ps(
                            to + ((long)(v / taps * kernel + kx) * in_c + ic) * out_c + first, used,
                            (__m512)square[i]);
                }
            }
}

/* ---- input ---- */

/* [block][oc][0: left, 1: right][ky][vector]: what a gradient gives to a row of the inputs under
   its window of results, which is one column more than the taps. */
static void sparse_pack(const lane_sparse *s, const float *weights, float *packed)
{
    int kernel = s->conv.kernel_w, in_c = s->conv.in.c, out_c = s->conv.out.c;
    long row = s->window_vectors * 16, side = row * kernel;
    memset(packed, 0, s->packed_length * sizeof *packed);
    for (int tap = 0; tap < kernel * kernel; tap++)
        for (int ic = 0; ic < in_c; ic++) {
            float *to = packed + (long)(ic / s->block) * out_c * 2 * side + tap / kernel * row +
                        tap % kernel * s->block + ic % s->block;
            for (int oc = 0; oc < out_c; oc++, weights++) {
                to[oc * 2 * side] = *weights;
                to[oc * 2 * side + side + s->block] = *weights;
            }
        }
}

/* Add the sums of a window's row to the picture. The last vector is added only as far as it is
   filled, so that what the next window reads has long been written. */
INLINE void sparse_add_row(float *to, const vf *sum, int filled, const int VECTORS)
{
    UNROLL for (int v = 0; v + 1 < VECTORS; v++) {
        vf_any *at = (vf_any *)(to + 16 * v);
        *at += sum[v];
    }
    __m512 last = (__m512)sum[VECTORS - 1];
    to += 16 * (VECTORS - 1);
    if (filled <= 4)
        _mm_storeu_ps(to, _mm_add_ps(_mm_loadu_ps(to), _mm512_castps512_ps128(last)));
    else if (filled <= 8)
        _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), _mm512_castps512_ps256(last)));
    else
        _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), last));
}

/* One window: a loop over the gradients of its upper results and one over those of its lower. g,
   turns: those of the image. */
INLINE void sparse_window(const lane_sparse *s, const float *g, const int32_t *turns,
                          const float *weights, float *to, const int KERNEL, const int VECTORS)
{
    const long side = KERNEL * VECTORS * 16;
    const int groups = block_count(s->conv.out.c, 16);
    const int filled = (KERNEL + 1) * s->block - 16 * (VECTORS - 1);
    unsigned any = 0;
    vf sum[(5 + 1) * 4];
    UNROLL for (int i = 0; i < (KERNEL + 1) * VECTORS; i++) sum[i] = (vf){0};
    for (int b = 0; b < groups; b++, g += 16, turns += 16, weights += 16 * 2 * side) {
        unsigned nonzero = _mm512_cmp_ps_mask(_mm512_load_ps(g), _mm512_setzero_ps(), _CMP_NEQ_UQ);
        unsigned right = (unsigned)*turns & 0xffff, below = (unsigned)*turns >> 16;
        any |= nonzero;
        for (unsigned left = nonzero & ~below; left; left &= left - 1) {
            int oc = __builtin_ctz(left);
            const vf *w = (const vf *)(weights + (2 * oc + (right >> oc & 1)) * side);
            vf factor = vset(g[oc]);
            UNROLL for (int i = 0; i < KERNEL * VECTORS; i++) sum[i] += w[i] * factor;
        }
        for (unsigned left = nonzero & below; left; left &= left - 1) {
            int oc = __builtin_ctz(left);
            const vf *w = (const vf *)(weights + (2 * oc + (right >> oc & 1)) * side);
            vf factor = vset(g[oc]);
            UNROLL for (int i = 0; i < KERNEL * VECTORS; i++) sum[i + VECTORS] += w[i] * factor;
        }
    }
    if (any)
        UNROLL for (int row = 0; row < KERNEL + 1; row++)
            sparse_add_row(to + row * (long)s->pitch, sum + row * VECTORS, filled, VECTORS);
}

/* All windows of an image and a block of input channels. Windows that follow each other do not
   overlap, so that none waits for the stores of the one before. */
INLINE void sparse_windows(const lane_sparse *s, const float *g, const int32_t *turns,
                           const float *weights, float *picture, const int KERNEL,
                           const int VECTORS)
{
    const int groups = block_count(s->conv.out.c, 16), width = s->pool.out.w;
    for (int y = 0; y < s->pool.out.h; y++)
        for (int first = 0; first < 3; first++)
            for (int x = first; x < width; x += 3) {
                long at = ((long)y * width + x) * groups * 16;
                sparse_window(s, g + at, turns + at, weights,
                              picture + 2 * y * (long)s->pitch + 2 * x * s->block, KERNEL, VECTORS);
            }
}

#define SPARSE_INPUT_CASE(kernel, vectors)                                                         \
    case kernel * 8 + vectors:                                                                     \
        sparse_windows(s, g, turns, weights, picture, kernel, vectors);                            \
        break;

static void sparse_input(const lane_sparse *s, float *scratch, const float *packed)
{
    const int kernel = s->conv.kernel_w, groups = block_count(s->conv.out.c, 16);
    const int32_t *turns = (const int32_t *)(scratch + s->turns_at);
    const float *g = scratch + s->rows_at, *weights = packed;
    float *picture = scratch + s->gradients_at;
    long block_weights = (long)s->conv.out.c * 2 * kernel * s->window_vectors * 16;
    memset(picture, 0, (size_t)16 * s->blocks * s->picture * sizeof *picture);
    for (int l = 0; l < 16; l++, turns++, g += (long)s->positions * groups * 16) {
        weights = packed;
        for (int b = 0; b < s->blocks; b++, weights += block_weights, picture += s->picture)
            switch (kernel * 8 + s->window_vectors) {
                SPARSE_INPUT_CASE(5, 1)
                SPARSE_INPUT_CASE(5, 2)
                SPARSE_INPUT_CASE(5, 3)
                SPARSE_INPUT_CASE(3, 1)
                SPARSE_INPUT_CASE(3, 2)
                SPARSE_INPUT_CASE(3, 3)
                SPARSE_INPUT_CASE(3, 4)
            }
    }
}

/* ---- the whole ---- */

static void sparse_lists_after(const lane_sparse *s, const lane_sparse_data *d)
{
    switch (s->activation) {
    case NN_RELU:
        sparse_lists(s, d, NN_RELU);
        break;
    case NN_TANH:
        sparse_lists(s, d, NN_TANH);
        break;
    case NN_SIGMOID:
        sparse_lists(s, d, NN_SIGMOID);
        break;
    default:
        sparse_lists(s, d, NN_LINEAR);
    }
}

static void sparse_backward(const lane_sparse *s, const lane_sparse_data *d)
{
    sparse_pictures(s, (const vf *)d->x, d->scratch);
    if (s->skip_blank)
        sparse_find_blank(s, d->scratch);
    sparse_lists_after(s, d);
    sparse_all_weights(s, d->scratch);
    sparse_order(s, d->scratch, d->sums);
    fold(d->scratch + s->bias_at, d->sums + (size_t)s->conv.out.c * s->conv.in.c * s->conv.kernel_h * s->conv.kernel_w, s->conv.out.c);
    if (!s->wants_input)
        return;
    sparse_rows(s, d->scratch);
    sparse_input(s, d->scratch, d->packed);
    sparse_turn_back(s, d->scratch, (vf *)d->dx);
}
