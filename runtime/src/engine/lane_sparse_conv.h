/* Backward of a convolution from lists of gradients, one image after the other; lane_sparse.h says
   what goes before. Part of lane_kernels.c. */

/* ---- weights ---- */

/* A row of taps as a vector of its own, [block][row][column]: whole and aligned, it is read half
   again as fast as from the picture. */
static void sparse_taps(const lane_sparse *s, const float *picture, vf *taps)
{
    const int width = s->conv.out.w, block = s->block;
    for (int b = 0; b < s->set; b++, picture += s->plane)
        for (int row = 0; row < s->rows; row++, taps += width) {
            const float *from = picture + (long)row * s->pitch;
            for (int x = 0; x < width; x++)
                taps[x] = *(const vf_any *)(from + x * block);
        }
}

/* sums[block][ky] += gradient * input for all entries of a list. The last elements of a vector may
   belong to no tap: their sums are not used. */
INLINE void sparse_weights(const float *taps, long pitch, long plane, const float *values,
                           const int32_t *offsets, int n, vf *sums, const int KERNEL,
                           const int BLOCKS)
{
    vf sum[10];
    UNROLL for (int i = 0; i < KERNEL * BLOCKS; i++) sum[i] = sums[i];
    for (int e = 0; e < n; e++) {
        const float *from = taps + offsets[e];
        vf g = vset(values[e]);
        UNROLL for (int b = 0; b < BLOCKS; b++)
            UNROLL for (int ky = 0; ky < KERNEL; ky++)
                sum[b * KERNEL + ky] += *(const vf *)(from + b * plane + ky * pitch) * g;
    }
    UNROLL for (int i = 0; i < KERNEL * BLOCKS; i++) sums[i] = sum[i];
}

INLINE void sparse_lists_weights(const lane_sparse *s, const float *taps, const float *values,
                                 const int32_t *offsets, const int32_t *counts, vf *sums,
                                 const int KERNEL, const int BLOCKS)
{
    const long pitch = 16 * s->conv.out.w, plane = pitch * s->rows;
    for (int oc = 0; oc < s->conv.out.c; oc++) {
        sparse_weights(taps, pitch, plane, values, offsets, counts[oc], sums, KERNEL, BLOCKS);
        values += s->capacity;
        offsets += s->capacity;
        sums += KERNEL * BLOCKS;
    }
}

/* One body for each size of kernel and each number of blocks in a set. */
#define SPARSE_CASES(CASE) CASE(5, 1) CASE(5, 2) CASE(3, 1) CASE(3, 2) CASE(3, 3)

#define SPARSE_WEIGHTS_CASE(kernel, blocks)                                                        \
    case kernel * 8 + blocks:                                                                      \
        sparse_lists_weights(s, taps, values, offsets, counts, sums, kernel, blocks);              \
        break;

static void sparse_all_weights(const lane_sparse *s, float *scratch)
{
    const int kernel = s->conv.kernel_w;
    const long vectors = (long)s->conv.out.c * s->set * kernel, lists = (long)s->conv.out.c * s->capacity;
    vf *all_sums = (vf *)(scratch + s->sums_at);
    float *taps = scratch + s->taps_at, *picture = scratch + s->pictures_at;
    const float *values = scratch + s->values_at;
    const int32_t *offsets = (const int32_t *)(scratch + s->offsets_at);
    const int32_t *counts = (const int32_t *)(scratch + s->counts_at);
    memset(all_sums, 0, (size_t)(vectors * s->sets) * sizeof *all_sums);
    for (int l = 0; l < 16; l++) {
        vf *sums = all_sums;
        for (int set = 0; set < s->sets; set++, sums += vectors, picture += s->set * s->plane) {
            sparse_taps(s, picture, (vf *)taps);
            switch (kernel * 8 + s->set) { SPARSE_CASES(SPARSE_WEIGHTS_CASE) }
        }
        values += lists;
        offsets += lists;
        counts += s->conv.out.c;
    }
}

/* Sums [set][oc][block][ky] to Keras' order. */
static void sparse_order(const lane_sparse *s, const float *scratch, float *to)
{
    int out_c = s->conv.out.c, in_c = s->conv.in.c, kernel = s->conv.kernel_w;
    int vectors = s->set * kernel;
    const vf *sums = (const vf *)(scratch + s->sums_at);
    for (int set = 0; set < s->sets; set++, sums += (long)out_c * vectors)
        for (int first = 0; first < out_c; first += 16)
            for (int v = 0; v < vectors; v++) {
                int channels = out_c - first < 16 ? out_c - first : 16;
                __mmask16 used = (__mmask16)((1u << channels) - 1);
                vf square[16];
                for (int i = 0; i < 16; i++)
                    square[i] = i < channels ? sums[(long)(first + i) * vectors + v] : (vf){0};
                transpose_square(square);
                for (int i = 0; i < kernel * s->block; i++) {
                    int kx = i / s->block, ky = v % kernel;
                    int ic = (set * s->set + v / kernel) * s->block + i % s->block;
                    if (ic < in_c)
                        _mm512_mask_storeu_ps(
                            to + ((long)(ky * kernel + kx) * in_c + ic) * out_c + first, used,
                            (__m512)square[i]);
                }
            }
}

/* ---- input ---- */

/* [set][oc][block][ky]: what a gradient gives to a row of the inputs under its taps. */
static void sparse_pack(const lane_sparse *s, const float *weights, float *packed)
{
    int kernel = s->conv.kernel_w, in_c = s->conv.in.c, out_c = s->conv.out.c;
    long vectors = (long)s->set * kernel;
    memset(packed, 0, s->packed_length * sizeof *packed);
    for (int tap = 0; tap < kernel * kernel; tap++)
        for (int ic = 0; ic < in_c; ic++) {
            int block = ic / s->block, set = block / s->set;
            float *to = packed + (set * out_c * vectors + block % s->set * kernel + tap / kernel) * 16 +
                        tap % kernel * s->block + ic % s->block;
            for (int oc = 0; oc < out_c; oc++)
                to[oc * vectors * 16] = *weights++;
        }
}

/* taps[block][ky] += weights * gradient for all entries of a list. An entry follows one of another
   window, so that hardly any addition waits for the one before. */
INLINE void sparse_spread(float *taps, long pitch, long plane, const float *values,
                          const int32_t *offsets, int n, const vf *weights, const int KERNEL,
                          const int BLOCKS)
{
    vf w[10];
    UNROLL for (int i = 0; i < KERNEL * BLOCKS; i++) w[i] = weights[i];
    for (int e = 0; e < n; e++) {
        float *to = taps + offsets[e];
        vf g = vset(values[e]);
        UNROLL for (int b = 0; b < BLOCKS; b++)
            UNROLL for (int ky = 0; ky < KERNEL; ky++)
                *(vf *)(to + b * plane + ky * pitch) += w[b * KERNEL + ky] * g;
    }
}

INLINE void sparse_lists_spread(const lane_sparse *s, float *taps, const float *values,
                                const int32_t *offsets, const int32_t *counts, const vf *weights,
                                const int KERNEL, const int BLOCKS)
{
    const long pitch = 16 * s->conv.out.w, plane = pitch * s->rows;
    for (int oc = 0; oc < s->conv.out.c; oc++) {
        sparse_spread(taps, pitch, plane, values, offsets, counts[oc], weights, KERNEL, BLOCKS);
        values += s->capacity;
        offsets += s->capacity;
        weights += KERNEL * BLOCKS;
    }
}

/* Rows of taps, one for each column, added up where they overlap: the first column's elements are
   complete when its row has been added, the others wait in the vector for the next. */
static void sparse_overlap(const lane_sparse *s, const vf *taps, float *picture)
{
    const int width = s->conv.out.w, block = s->block;
    const vw onward = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        _mm512_set1_epi32(block));
    const __mmask16 there = (__mmask16)(0xffffu >> block);
    for (int b = 0; b < s->set; b++, picture += s->plane)
        for (int row = 0; row < s->rows; row++, taps += width) {
            float *to = picture + (long)row * s->pitch;
            __m512 sum = _mm512_setzero_ps();
            for (int x = 0; x < width; x++, to += block) {
                sum = _mm512_add_ps(sum, (__m512)taps[x]);
                _mm512_storeu_ps(to, sum);
                sum = _mm512_maskz_permutexvar_ps(there, onward, sum);
            }
        }
}

#define SPARSE_INPUT_CASE(kernel, blocks)                                                          \
    case kernel * 8 + blocks:                                                                      \
        sparse_lists_spread(s, taps, values, offsets, counts, weights, kernel, blocks);            \
        break;

/* The pictures become those of the gradients. */
static void sparse_input(const lane_sparse *s, float *scratch, const float *packed)
{
    const int kernel = s->conv.kernel_w;
    const long vectors = (long)s->conv.out.c * s->set * kernel, lists = (long)s->conv.out.c * s->capacity;
    float *taps = scratch + s->taps_at, *picture = scratch + s->pictures_at;
    const float *values = scratch + s->values_at;
    const int32_t *offsets = (const int32_t *)(scratch + s->offsets_at);
    const int32_t *counts = (const int32_t *)(scratch + s->counts_at);
    for (int l = 0; l < 16; l++) {
        const vf *weights = (const vf *)packed;
        for (int set = 0; set < s->sets; set++, weights += vectors, picture += s->set * s->plane) {
            memset(taps, 0, (size_t)s->set * s->rows * s->conv.out.w * sizeof(vf));
            switch (kernel * 8 + s->set) { SPARSE_CASES(SPARSE_INPUT_CASE) }
            sparse_overlap(s, (const vf *)taps, picture);
        }
        values += lists;
        offsets += lists;
        counts += s->conv.out.c;
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
    size_t weights = (size_t)s->conv.out.c * s->conv.in.c * s->conv.kernel_h * s->conv.kernel_w;
    if (s->in_lanes) {
        first_backward(s, d);
        return;
    }
    sparse_pictures(s, (const vf *)d->x, d->scratch);
    sparse_lists_after(s, d);
    sparse_all_weights(s, d->scratch);
    sparse_order(s, d->scratch, d->sums);
    fold(d->scratch + s->bias_at, d->sums + weights, s->conv.out.c);
    if (!s->wants_input)
        return;
    sparse_input(s, d->scratch, d->packed);
    sparse_turn_back(s, d->scratch, (vf *)d->dx);
}
