/*
 * Backward through a convolution whose results go through a max-pooling of 2 x 2 windows. Part of
 * lane_kernels.c, where a vector has 16 floats.
 *
 * Pooling sends each gradient to one of four results, and ReLU drops some: three quarters and more
 * of the gradients at the convolution are exactly zero. Lanes cannot skip them, since each image
 * has its own; so the images of a pack are taken apart and done one by one:
 *   1. The inputs become a picture for each image: rows with the channels last, in blocks of as many
 *      channels as let a row of taps fit a vector (3 for 5 taps, 5 for 3).
 *   2. Squares of 16 windows x 16 images are turned, and for each image and output channel the
 *      gradients that are not zero are listed, with the place in the picture under their result:
 *      sparse_turns() kept of the forward pass which of its window's four it is, and the others are
 *      never written to memory.
 *   3. For each image and list (lane_sparse_conv.h): the rows of taps times the gradients give the
 *      weights' sums, the weights times the gradients are given to the rows of taps, which are added
 *      up where they overlap: the input's gradient.
 *   4. The pictures of gradients are turned back into lanes.
 * All sums are made in the order of the images, so that they do not depend on anything else.
 */

enum {
    SPARSE_FLOATS = 1 << 19 /* of scratch: more would not stay in the second cache */
};

typedef __m512i vw; /* 16 words; element-wise in intrinsics only */

INLINE size_t sparse_reserve(size_t *total, size_t floats)
{
    size_t at = *total;
    *total += (floats + 15) / 16 * 16;
    return at;
}

/* Is there a kernel? */
static int sparse_fits(const lane_sparse *s)
{
    const lane_conv *conv = &s->conv;
    const lane_pool *pool = &s->pool;
    return conv->kernel_h == conv->kernel_w && (conv->kernel_w == 5 || conv->kernel_w == 3) &&
           conv->stride_h == 1 && conv->stride_w == 1 && pool->maximum && pool->tiles &&
           pool->window_h == 2 && pool->window_w == 2 && s->activation != NN_SOFTMAX;
}

/* Few products for each gradient are not worth the taking apart. Cycles of an image, fitted to what
   small networks took with and without, on noise; three gradients of four are not zero. */
static int sparse_is_quicker(const lane_sparse *s)
{
    double k = s->conv.kernel_w, inputs = 1 + s->wants_input;
    double gradients = (double)s->positions * s->conv.out.c;
    double in_lanes = gradients * (4 * k * k * s->conv.in.c * inputs / 16 / 1.3 + 1.5);
    double entry = s->wants_input ? 2 * k + 2 : 0.9 * k + 2;
    double one_by_one = gradients * (3 + 0.75 * s->blocks * entry) +
                        s->rows * s->blocks * (s->conv.out.w * (s->wants_input ? 4 : 1.1) +
                                               s->pitch * 0.5 * inputs);
    return one_by_one * 1.1 < in_lanes;
}

/* For lane_sparse_first.h. */
static int sparse_plan_first(lane_sparse *s)
{
    size_t length = 0, taps = (size_t)s->conv.kernel_h * s->conv.kernel_w;
    s->zeros_at = sparse_reserve(&length, 16 * (size_t)s->conv.in.pitch);
    s->sums_at = sparse_reserve(&length, 16 * (taps + 1) * s->conv.out.c);
    s->scratch_length = length;
    return 1;
}

static int sparse_plan(lane_sparse *s)
{
    const lane_map *in = &s->conv.in, *out = &s->conv.out;
    if (!sparse_fits(s))
        return 0;
    s->positions = s->pool.out.h * s->pool.out.w;
    s->in_lanes = in->c == 1 && !s->wants_input && in->pitch <= 64 && s->pool.out.h <= 32;
    if (s->in_lanes)
        return sparse_plan_first(s);
    int k = s->conv.kernel_w;
    s->blocks = block_count(in->c, 16 / k);
    s->block = block_count(in->c, s->blocks);
    s->rows = out->h + k - 1;
    s->columns = out->w + k - 1;
    s->pitch = (s->columns * s->block + 15) / 16 * 16;
    s->plane = s->rows * s->pitch + 16;
    s->capacity = (s->positions + 15) / 16 * 16 + 16; /* and what is stored behind the last entry */
    size_t length = 0, pictures = (size_t)16 * s->blocks * s->plane;
    size_t lists = (size_t)16 * out->c * s->capacity;
    s->table_at = sparse_reserve(&length, (size_t)s->pitch);
    s->places_at = sparse_reserve(&length, 2 * (size_t)s->capacity);
    s->pictures_at = sparse_reserve(&length, pictures);
    /* The same place in a page for taps and what is given to them: a quarter faster than others. */
    size_t taps = ((size_t)s->rows * out->w * 16 + 1023) / 1024 * 1024;
    s->taps_at = sparse_reserve(&length, taps);
    s->given_at = sparse_reserve(&length, s->wants_input ? taps : 0);
    s->values_at = sparse_reserve(&length, lists);
    s->offsets_at = sparse_reserve(&length, lists);
    s->counts_at = sparse_reserve(&length, (size_t)16 * out->c);
    s->bias_at = sparse_reserve(&length, (size_t)16 * out->c);
    s->sums_at = sparse_reserve(&length, (size_t)out->c * s->blocks * k * 16);
    s->scratch_length = length;
    s->packed_length = (size_t)s->blocks * out->c * k * 16;
    return length <= SPARSE_FLOATS && sparse_is_quicker(s);
}

/* ---- pictures ---- */

/* Where a row of a block of channels has its floats, counted from the channel's row in lanes; -1:
   nowhere. */
static void sparse_table(const lane_sparse *s, int block, int32_t *table)
{
    for (int k = 0; k < s->pitch; k++) {
        int column = k / s->block, c = block * s->block + k % s->block;
        table[k] = column < s->columns && c < s->conv.in.c ? c * s->conv.in.plane + column : -1;
    }
}

/* Inputs to pictures [image][block][row][column][channel], with the zeros around the image. */
static void sparse_pictures(const lane_sparse *s, const vf *x, float *scratch)
{
    const lane_map *in = &s->conv.in;
    int32_t *table = (int32_t *)(scratch + s->table_at);
    long image = (long)s->blocks * s->plane;
    for (int b = 0; b < s->blocks; b++) {
        sparse_table(s, b, table);
        for (int row = 0; row < s->rows; row++) {
            int y = row - s->conv.pad_top;
            float *to = scratch + s->pictures_at + (long)b * s->plane + (long)row * s->pitch;
            const vf *from = x + in->at + (long)y * in->pitch - s->conv.pad_left;
            for (int k = 0; k < s->pitch; k += 16) {
                vf square[16];
                UNROLL for (int i = 0; i < 16; i++)
                    square[i] = y >= 0 && y < in->h && table[k + i] >= 0 ? from[table[k + i]]
                                                                         : (vf){0};
                transpose_square(square);
                UNROLL for (int l = 0; l < 16; l++) *(vf *)(to + l * image + k) = square[l];
            }
        }
    }
}

/* And back: pictures of gradients to lanes. */
static void sparse_turn_back(const lane_sparse *s, float *scratch, vf *dx)
{
    const lane_map *in = &s->conv.in;
    int32_t *table = (int32_t *)(scratch + s->table_at);
    long image = (long)s->blocks * s->plane;
    for (int b = 0; b < s->blocks; b++) {
        sparse_table(s, b, table);
        for (int y = 0; y < in->h; y++) {
            const float *from = scratch + s->pictures_at + (long)b * s->plane +
                                (long)(y + s->conv.pad_top) * s->pitch;
            vf *to = dx + in->at + (long)y * in->pitch - s->conv.pad_left;
            for (int k = 0; k < s->pitch; k += 16) {
                vf square[16];
                UNROLL for (int l = 0; l < 16; l++) square[l] = *(const vf *)(from + l * image + k);
                transpose_square(square);
                UNROLL for (int i = 0; i < 16; i++)
                    if (table[k + i] >= 0)
                        to[table[k + i]] = square[i];
            }
        }
    }
}

/* ---- lists ---- */

static void sparse_turns(const lane_sparse *s, const lane_map *map, const float *results,
                         const float *pooled, lane_turn *turns, int y)
{
    const lane_map *out = &s->pool.out;
    turns += y * out->w;
    for (int c = 0; c < out->c; c++, turns += s->positions) {
        const vf *result = (const vf *)results + index_of(map, c, 2 * y, 0);
        const vf *most = (const vf *)pooled + index_of(out, c, y, 0);
        for (int i = 0; i < out->w; i++, result += 2) {
            __m512 m = (__m512)most[i];
            __mmask16 a = _mm512_cmp_ps_mask((__m512)result[0], m, _CMP_EQ_OQ);
            __mmask16 b = _mm512_cmp_ps_mask((__m512)result[1], m, _CMP_EQ_OQ);
            __mmask16 d = _mm512_cmp_ps_mask((__m512)result[map->pitch], m, _CMP_EQ_OQ);
            turns[i].right = _kandn_mask16(a, _kor_mask16(b, _knot_mask16(d)));
            turns[i].below = _knot_mask16(_kor_mask16(a, b));
        }
    }
}

/* Of each pooling window: where its maximum lies in lanes, and where the inputs under its first
   result lie in the rows of taps. */
static void sparse_places(const lane_sparse *s, int32_t *maxima, int32_t *inputs)
{
    const lane_map *out = &s->pool.out;
    memset(maxima, 0, 2 * (size_t)s->capacity * sizeof *maxima);
    for (int y = 0, p = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++, p++) {
            maxima[p] = y * out->pitch + x;
            inputs[p] = (2 * y * s->conv.out.w + 2 * x) * 16;
        }
}

/* 16 windows of one output channel: to the list of each image those that are not zero. turns: two
   bits for each window. */
INLINE void sparse_append(const lane_sparse *s, vf *square, const int32_t *turns,
                          const int32_t *inputs, vw steps, float *values,
                          int32_t *offsets, int32_t *counts)
{
    const vw shifts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const long image = (long)s->conv.out.c * s->capacity;
    const vw places = _mm512_load_si512(inputs);
    transpose_square(square);
    for (int l = 0; l < 16; l++, values += image, offsets += image, counts += s->conv.out.c) {
        __m512 g = (__m512)square[l];
        __mmask16 listed = _mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        vw turn = _mm512_srlv_epi32(_mm512_set1_epi32(turns[l]), shifts);
        vw place = _mm512_add_epi32(places, _mm512_permutexvar_epi32(turn, steps));
        _mm512_storeu_ps(values + *counts, _mm512_maskz_compress_ps(listed, g));
        _mm512_storeu_si512(offsets + *counts, _mm512_maskz_compress_epi32(listed, place));
        *counts += __builtin_popcount(listed);
    }
}

/* Lists of all output channels, and the sums of their gradients. */
INLINE void sparse_lists(const lane_sparse *s, const lane_sparse_data *d, const nn_activation ACTIVATION)
{
    float *scratch = d->scratch;
    int32_t *maxima = (int32_t *)(scratch + s->places_at), *inputs = maxima + s->capacity;
    int32_t *counts = (int32_t *)(scratch + s->counts_at);
    int32_t *offsets = (int32_t *)(scratch + s->offsets_at);
    const long plane = s->pool.out.plane;
    const int right = 16, below = 16 * s->conv.out.w;
    const vw steps = _mm512_setr_epi32(0, right, below, below + right, 0, right, below,
                                       below + right, 0, right, below, below + right, 0, right,
                                       below, below + right);
    const vw right_bit = _mm512_set1_epi32(1), below_bit = _mm512_set1_epi32(2);
    sparse_places(s, maxima, inputs);
    memset(counts, 0, 16 * (size_t)s->conv.out.c * sizeof *counts);
    for (int oc = 0; oc < s->conv.out.c; oc++) {
        const vf *most = (const vf *)d->pooled + s->pool.out.at + oc * plane;
        const vf *g = (const vf *)d->g + s->pool.out.at + oc * plane;
        const lane_turn *turn = d->turns + (long)oc * s->positions;
        vf bias = {0};
        for (int p0 = 0; p0 < s->positions; p0 += 16) {
            int n = s->positions - p0 < 16 ? s->positions - p0 : 16;
            vf square[16];
            vw turns = _mm512_setzero_si512();
            for (int i = n; i < 16; i++)
                square[i] = (vf){0};
            for (int i = n - 1; i >= 0; i--) {
                square[i] = derived(most[maxima[p0 + i]], g[maxima[p0 + i]], ACTIVATION);
                bias += square[i];
                turns = _mm512_slli_epi32(turns, 2);
                turns = _mm512_mask_or_epi32(turns, turn[p0 + i].right, turns, right_bit);
                turns = _mm512_mask_or_epi32(turns, turn[p0 + i].below, turns, below_bit);
            }
            int32_t turns_of[16] __attribute__((aligned(64)));
            _mm512_store_si512(turns_of, turns);
            sparse_append(s, square, turns_of, inputs + p0, steps,
                          scratch + s->values_at + (long)oc * s->capacity,
                          offsets + (long)oc * s->capacity, counts + oc);
        }
        ((vf *)(scratch + s->bias_at))[oc] = bias;
    }
}
