/* Backward of a convolution from lists of gradients, one image after the other; lane_sparse.h says
   what goes before. Part of lane_kernels.c. */

/* ---- one image ---- */

/* A row of taps as a vector of its own, [row][column]: whole and aligned, it is read half again as
   fast as from the picture. */
static void sparse_taps(const lane_sparse *s, const float *picture, vf *taps)
{
    const int width = s->conv.out.w, block = s->block;
    for (int row = 0; row < s->rows; row++, taps += width, picture += s->pitch)
        for (int x = 0; x < width; x++)
            taps[x] = *(const vf_any *)(picture + x * block);
}

/* sums[ky] += gradient * input for all entries of a list. The last elements of a vector may belong
   to no tap: their sums are not used. With WANTS_INPUT also given += gradient * weights, the same
   vectors as of the taps: both in one loop, since one half of the work waits for stores. */
INLINE void sparse_list(const float *taps, float *given, long pitch, const float *values,
                        const int32_t *offsets, int n, vf *sums, const vf *weights,
                        const int WANTS_INPUT, const int KERNEL)
{
    vf sum[5], w[5];
    UNROLL for (int ky = 0; ky < KERNEL; ky++) {
        sum[ky] = sums[ky];
        w[ky] = WANTS_INPUT ? weights[ky] : (vf){0};
    }
    for (int e = 0; e < n; e++) {
        const float *from = taps + offsets[e];
        float *to = given + offsets[e];
        vf g = vset(values[e]);
        UNROLL for (int ky = 0; ky < KERNEL; ky++) {
            if (WANTS_INPUT)
                *(vf *)(to + ky * pitch) += w[ky] * g;
            sum[ky] += *(const vf *)(from + ky * pitch) * g;
        }
    }
    UNROLL for (int ky = 0; ky < KERNEL; ky++) sums[ky] = sum[ky];
}

/* What one image's lists are used with. */
typedef struct sparse_work {
    const float *values;
    const int32_t *offsets, *counts;
    float *picture, *taps, *given;
    vf *sums;          /* [oc][ky] */
    const vf *weights; /* likewise; not read if the gradient of the input is not wanted */
} sparse_work;

INLINE void sparse_lists_of(const lane_sparse *s, const sparse_work *work, const int WANTS_INPUT,
                            const int KERNEL)
{
    for (int oc = 0; oc < s->conv.out.c; oc++)
        sparse_list(work->taps, work->given, 16 * s->conv.out.w,
                    work->values + (long)oc * s->capacity, work->offsets + (long)oc * s->capacity,
                    work->counts[oc], work->sums + oc * KERNEL, work->weights + oc * KERNEL,
                    WANTS_INPUT, KERNEL);
}

/* Rows of taps, one for each column, added up where they overlap: the first column's elements are
   complete when its row has been added, the others wait in the vector for the next. */
INLINE void sparse_overlap_row(const vf *taps, int width, float *to, const int BLOCK)
{
    const __mmask16 there = (__mmask16)(0xffffu >> BLOCK);
    const __m512i ahead = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(BLOCK));
    __m512 sum = _mm512_setzero_ps();
    for (int x = 0; x < width; x++, to += BLOCK) {
        sum = _mm512_add_ps(sum, (__m512)taps[x]);
        if (BLOCK <= 4)
            _mm_storeu_ps(to, _mm512_castps512_ps128(sum));
        else
            _mm256_storeu_ps(to, _mm512_castps512_ps256(sum));
        sum = _mm512_maskz_permutexvar_ps(there, ahead, sum);
    }
    _mm512_storeu_ps(to, sum);
}

#define SPARSE_OVERLAP_CASE(block)                                                                 \
    case block:                                                                                    \
        sparse_overlap_row(taps, width, picture, block);                                           \
        break;

static void sparse_overlap(const lane_sparse *s, const vf *taps, float *picture)
{
    const int width = s->conv.out.w;
    for (int row = 0; row < s->rows; row++, taps += width, picture += s->pitch)
        switch (s->block) {
            SPARSE_OVERLAP_CASE(1)
            SPARSE_OVERLAP_CASE(2)
            SPARSE_OVERLAP_CASE(3)
            SPARSE_OVERLAP_CASE(4)
            SPARSE_OVERLAP_CASE(5)
        }
}

/* The sums of the weights of a block of input channels; its picture becomes that of the gradients. */
static void sparse_image(const lane_sparse *s, const sparse_work *work)
{
    const int kernel = s->conv.kernel_w;
    sparse_taps(s, work->picture, (vf *)work->taps);
    if (!s->wants_input) {
        if (kernel == 5)
            sparse_lists_of(s, work, 0, 5);
        else
            sparse_lists_of(s, work, 0, 3);
        return;
    }
    memset(work->given, 0, (size_t)s->rows * s->conv.out.w * sizeof(vf));
    if (kernel == 5)
        sparse_lists_of(s, work, 1, 5);
    else
        sparse_lists_of(s, work, 1, 3);
    sparse_overlap(s, (const vf *)work->given, work->picture);
}

/* ---- all images ---- */

static void sparse_images(const lane_sparse *s, float *scratch, const float *packed)
{
    const long vectors = (long)s->conv.out.c * s->conv.kernel_w;
    vf *sums = (vf *)(scratch + s->sums_at);
    sparse_work work = {.values = scratch + s->values_at,
                        .offsets = (const int32_t *)(scratch + s->offsets_at),
                        .counts = (const int32_t *)(scratch + s->counts_at),
                        .picture = scratch + s->pictures_at,
                        .taps = scratch + s->taps_at,
                        .given = scratch + s->given_at};
    memset(sums, 0, (size_t)(vectors * s->blocks) * sizeof *sums);
    for (int l = 0; l < 16; l++) {
        for (int b = 0; b < s->blocks; b++, work.picture += s->plane) {
            work.sums = sums + b * vectors;
            work.weights = (const vf *)packed + b * vectors;
            sparse_image(s, &work);
        }
        work.values += (long)s->conv.out.c * s->capacity;
        work.offsets += (long)s->conv.out.c * s->capacity;
        work.counts += s->conv.out.c;
    }
}

/* Sums [block][oc][ky] to Keras' order. */
static void sparse_order(const lane_sparse *s, const float *scratch, float *to)
{
    int out_c = s->conv.out.c, in_c = s->conv.in.c, kernel = s->conv.kernel_w;
    const vf *sums = (const vf *)(scratch + s->sums_at);
    for (int b = 0; b < s->blocks; b++, sums += (long)out_c * kernel)
        for (int first = 0; first < out_c; first += 16)
            for (int ky = 0; ky < kernel; ky++) {
                int channels = out_c - first < 16 ? out_c - first : 16;
                __mmask16 used = (__mmask16)((1u << channels) - 1);
                vf square[16];
                for (int i = 0; i < 16; i++)
                    square[i] = i < channels ? sums[(long)(first + i) * kernel + ky] : (vf){0};
                transpose_square(square);
                for (int i = 0; i < kernel * s->block; i++) {
                    int kx = i / s->block, ic = b * s->block + i % s->block;
                    if (ic < in_c)
                        _mm512_mask_storeu_ps(
                            to + ((long)(ky * kernel + kx) * in_c + ic) * out_c + first, used,
                            (__m512)square[i]);
                }
            }
}

/* [block][oc][ky]: what a gradient gives to a row of the inputs under its taps. */
static void sparse_pack(const lane_sparse *s, const float *weights, float *packed)
{
    int kernel = s->conv.kernel_w, in_c = s->conv.in.c, out_c = s->conv.out.c;
    memset(packed, 0, s->packed_length * sizeof *packed);
    for (int tap = 0; tap < kernel * kernel; tap++)
        for (int ic = 0; ic < in_c; ic++) {
            float *to = packed + ((long)(ic / s->block) * out_c * kernel + tap / kernel) * 16 +
                        tap % kernel * s->block + ic % s->block;
            for (int oc = 0; oc < out_c; oc++)
                to[(long)oc * kernel * 16] = *weights++;
        }
}

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
    sparse_images(s, d->scratch, d->packed);
    sparse_order(s, d->scratch, d->sums);
    fold(d->scratch + s->bias_at, d->sums + weights, s->conv.out.c);
    if (s->wants_input)
        sparse_turn_back(s, d->scratch, (vf *)d->dx);
}
