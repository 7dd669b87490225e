/* Backward of a convolution from lists of gradients, one image after the other; lane_sparse.h says
   what goes before. Part of lane_kernels.c. */

/* ---- weights ---- */

/* A row of taps as a vector of its own, [block][row][column]: whole and aligned, it is read half
   again as fast as from the picture. */
static void sparse_taps(const lane_sparse *s, const float *picture, vf *taps)
{
    const char *next = (const char *)(picture + (long)s->blocks * s->plane);
    for (long i = 0; i < (long)s->set * s->plane * 4; i += 64)
        __builtin_prefetch(next + i, 1);
    const int width = s->conv.out.w, block = s->block;
    for (int b = 0; b < s->set; b++, picture += s->plane)
        for (int row = 0; row < s->rows; row++, taps += width) {
            const float *from = picture + (long)row * s->pitch;
            for (int x = 0; x < width; x++)
                taps[x] = *(const vf_any *)(from + x * block);
        }
}

/* sums[block][ky] += gradient * input for all entries of a list. The last elements of a vector may
   belong to no tap: their sums are not used. With WANTS_INPUT also given += gradient * weights, the
   same vectors as of the taps: both in one loop, since lists are short and one half of the work
   waits for stores. Entries that follow each other belong to different windows. */
INLINE void sparse_list(const float *taps, float *given, long pitch, long plane,
                        const float *values, const int32_t *offsets, int n, vf *sums,
                        const vf *weights, const int WANTS_INPUT, const int KERNEL,
                        const int BLOCKS)
{
    vf sum[10], w[10];
    UNROLL for (int i = 0; i < KERNEL * BLOCKS; i++) {
        sum[i] = sums[i];
        w[i] = WANTS_INPUT ? weights[i] : (vf){0};
    }
    for (int e = 0; e < n; e++) {
        const float *from = taps + offsets[e];
        float *to = given + offsets[e];
        vf g = vset(values[e]);
        UNROLL for (int b = 0; b < BLOCKS; b++)
            UNROLL for (int ky = 0; ky < KERNEL; ky++) {
                const long at = b * plane + ky * pitch;
                if (WANTS_INPUT)
                    *(vf *)(to + at) += w[b * KERNEL + ky] * g;
                sum[b * KERNEL + ky] += *(const vf *)(from + at) * g;
            }
    }
    UNROLL for (int i = 0; i < KERNEL * BLOCKS; i++) sums[i] = sum[i];
}

/* What one image's lists are used with. */
typedef struct sparse_work {
    const float *values;
    const int32_t *offsets, *counts;
    float *picture, *taps, *given;
    vf *sums;
    const vf *weights; /* NULL: the gradient of the input is not wanted */
} sparse_work;

INLINE void sparse_lists_of(const lane_sparse *s, const sparse_work *work, const int WANTS_INPUT,
                            const int KERNEL, const int BLOCKS)
{
    const long pitch = 16 * s->conv.out.w, plane = pitch * s->rows;
    const long next = (long)s->conv.out.c * s->capacity; /* image's lists are asked for in time */
    const float *values = work->values;
    const int32_t *offsets = work->offsets;
    for (int oc = 0; oc < s->conv.out.c; oc++, values += s->capacity, offsets += s->capacity) {
        for (int e = 0; e < work->counts[oc]; e += 16) {
            __builtin_prefetch(values + next + e);
            __builtin_prefetch(offsets + next + e);
        }
        sparse_list(work->taps, work->given, pitch, plane, values, offsets, work->counts[oc],
                    work->sums + oc * KERNEL * BLOCKS, work->weights + oc * KERNEL * BLOCKS,
                    WANTS_INPUT, KERNEL, BLOCKS);
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

/* Rows of taps, one for each column, added up where they overlap: the first column's elements are
   complete when its row has been added, the others wait in the vector for the next. */
INLINE void sparse_overlap_row(const vf *taps, int width, float *to, const int BLOCK)
{
    const __mmask16 there = (__mmask16)(0xffffu >> BLOCK);
    __m512 sum = _mm512_setzero_ps();
    for (int x = 0; x < width; x++, to += BLOCK) {
        sum = _mm512_add_ps(sum, (__m512)taps[x]);
        if (BLOCK <= 4)
            _mm_storeu_ps(to, _mm512_castps512_ps128(sum));
        else
            _mm256_storeu_ps(to, _mm512_castps512_ps256(sum));
        sum = (__m512)_mm512_maskz_alignr_epi32(there, (vw)sum, (vw)sum, BLOCK);
    }
    _mm512_storeu_ps(to, sum);
}

#define SPARSE_OVERLAP_CASE(block)                                                                 \
    case block:                                                                                    \
        sparse_overlap_row(taps, s->conv.out.w, to, block);                                        \
        break;

static void sparse_overlap(const lane_sparse *s, const vf *taps, float *picture)
{
    for (int b = 0; b < s->set; b++, picture += s->plane)
        for (int row = 0; row < s->rows; row++, taps += s->conv.out.w) {
            float *to = picture + (long)row * s->pitch;
            switch (s->block) {
                SPARSE_OVERLAP_CASE(1)
                SPARSE_OVERLAP_CASE(2)
                SPARSE_OVERLAP_CASE(3)
                SPARSE_OVERLAP_CASE(4)
                SPARSE_OVERLAP_CASE(5)
            }
        }
}

/* ---- the whole ---- */

/* One body for each size of kernel and each number of blocks in a set. */
#define SPARSE_CASE(kernel, blocks)                                                                \
    case kernel * 8 + blocks:                                                                      \
        if (work->weights)                                                                         \
            sparse_lists_of(s, work, 1, kernel, blocks);                                           \
        else                                                                                       \
            sparse_lists_of(s, work, 0, kernel, blocks);                                           \
        break;

/* One image and set of blocks: the sums of the weights; the picture becomes that of the gradients. */
static void sparse_image(const lane_sparse *s, const sparse_work *work)
{
    sparse_taps(s, work->picture, (vf *)work->taps);
    if (work->weights)
        memset(work->given, 0, (size_t)s->set * s->rows * s->conv.out.w * sizeof(vf));
    switch (s->conv.kernel_w * 8 + s->set) {
        SPARSE_CASE(5, 1)
        SPARSE_CASE(5, 2)
        SPARSE_CASE(3, 1)
        SPARSE_CASE(3, 2)
        SPARSE_CASE(3, 3)
    }
    if (work->weights)
        sparse_overlap(s, (const vf *)work->given, work->picture);
}

static void sparse_images(const lane_sparse *s, float *scratch, const float *packed)
{
    const long vectors = (long)s->conv.out.c * s->set * s->conv.kernel_w;
    const long lists = (long)s->conv.out.c * s->capacity;
    vf *sums = (vf *)(scratch + s->sums_at);
    sparse_work work = {.values = scratch + s->values_at,
                        .offsets = (const int32_t *)(scratch + s->offsets_at),
                        .counts = (const int32_t *)(scratch + s->counts_at),
                        .picture = scratch + s->pictures_at,
                        .taps = scratch + s->taps_at,
                        .given = scratch + s->given_at};
    memset(sums, 0, (size_t)(vectors * s->sets) * sizeof *sums);
    for (int l = 0; l < 16; l++) {
        for (int set = 0; set < s->sets; set++, work.picture += s->set * s->plane) {
            work.sums = sums + set * vectors;
            work.weights = s->wants_input ? (const vf *)packed + set * vectors : NULL;
            sparse_image(s, &work);
        }
        work.values += lists;
        work.offsets += lists;
        work.counts += s->conv.out.c;
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
