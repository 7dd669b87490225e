/*
 * Dense layers of the direct path (direct.h). Included by lane_kernels.c only.
 *
 * The weights are read once and used once: what counts is how they come from the second-level
 * cache. The processor foresees whole rows by itself; fetching them here only takes time from
 * reading. One input's weights are a row; rows of zero inputs are not touched at all.
 */
#ifndef NN_ENGINE_DIRECT_DENSE_H
#define NN_ENGINE_DIRECT_DENSE_H

/* Sums of a block: they and one factor fill the registers. */
enum { DENSE_MOST = NREG == 32 ? 16 : 15 };

/* The inputs that are not zero. */
static int direct_nonzero(const float *x, int n, int32_t *list)
{
    int count = 0;
#if VL == 16
    __m512i number = (__m512i)lane_numbers();
    const __m512i value_bits = _mm512_set1_epi32(0x7fffffff); /* all but the sign */
    for (int i = 0; i < n; i += VL, number = _mm512_add_epi32(number, _mm512_set1_epi32(VL))) {
        __mmask16 mask = n - i < VL ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)-1;
        __m512i bits = _mm512_maskz_loadu_epi32(mask, x + i);
        mask = _mm512_test_epi32_mask(bits, value_bits);
        _mm512_storeu_si512(list + count, _mm512_maskz_compress_epi32(mask, number));
        count += __builtin_popcount(mask);
    }
#else
    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        list[count] = i;
        count += bits << 1 != 0;
    }
#endif
    return count;
}

/* What a call has to do: outputs j .. of the listed inputs. */
typedef struct dense_work {
    const float *x, *weights, *bias;
    const int32_t *list;
    int count;
    size_t row;
    float *y;
} dense_work;

/* VECTORS vectors of outputs from output j on, the last of them from `last` on: where a row of
   weights is no whole number of vectors, it laps back. ROWS inputs at a time, where few sums would
   wait for each other. */
INLINE void dense_block(const dense_work *work, int j, int last, const int VECTORS, const int ROWS)
{
    vf sum[DENSE_MOST];
    const int lap = last - j;
    const float *weights = work->weights + j, *x = work->x;
    const int32_t *list = work->list;
    const size_t length = work->row;
    UNROLL for (int v = 0; v < ROWS * VECTORS; v++) sum[v] = (vf){0};
    if (work->bias)
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[v] = *(const vf_any *)(work->bias + j + (v == VECTORS - 1 ? lap : v * VL));
    int i = 0;
    for (; i + ROWS <= work->count; i += ROWS) {
        RELOAD;
        UNROLL for (int r = 0; r < ROWS; r++) {
            const float *w = weights + (size_t)list[i + r] * length;
            const vf value = vset(x[list[i + r]]);
            UNROLL for (int v = 0; v < VECTORS; v++)
                sum[r * VECTORS + v] +=
                    value * *(const vf_any *)(w + (v == VECTORS - 1 ? lap : v * VL));
        }
    }
    for (; i < work->count; i++) {
        const float *w = weights + (size_t)list[i] * length;
        const vf value = vset(x[list[i]]);
        UNROLL for (int v = 0; v < VECTORS; v++)
            sum[v] += value * *(const vf_any *)(w + (v == VECTORS - 1 ? lap : v * VL));
    }
    UNROLL for (int half = ROWS / 2; half > 0; half /= 2)
        UNROLL for (int v = 0; v < half * VECTORS; v++) sum[v] += sum[half * VECTORS + v];
    UNROLL for (int v = 0; v < VECTORS; v++)
        *(vf_any *)(work->y + j + (v == VECTORS - 1 ? lap : v * VL)) = sum[v];
}

#define DENSE_CASE(vectors, rows)                                                                  \
    case vectors:                                                                                  \
        dense_block(work, j, last, vectors, rows);                                                 \
        break;

static void dense_vectors(const dense_work *work, int j, int last, int vectors)
{
    switch (vectors) {
        DENSE_CASE(1, 8) DENSE_CASE(2, 4) DENSE_CASE(3, 4) DENSE_CASE(4, 2)
        DENSE_CASE(5, 2) DENSE_CASE(6, 2) DENSE_CASE(7, 2)
        DENSE_CASE(8, NREG == 32 ? 2 : 1) DENSE_CASE(9, 1) DENSE_CASE(10, 1) DENSE_CASE(11, 1)
        DENSE_CASE(12, 1) DENSE_CASE(13, 1) DENSE_CASE(14, 1) DENSE_CASE(15, 1)
#if NREG == 32
        DENSE_CASE(16, 1)
#endif
    }
}

static void direct_dense(const direct_layer *layer, const float *x, const float *weights,
                         const float *bias, const int32_t *list, int count, float *y)
{
    const dense_work work = {.x = x, .weights = weights, .bias = bias, .list = list,
                             .count = count, .row = (size_t)layer->row, .y = y};
    const int all = block_count(layer->m, VL), blocks = block_count(all, DENSE_MOST);
    for (int b = 0; b < blocks; b++) {
        const int first = piece_start(all, blocks, b), end = piece_start(all, blocks, b + 1);
        const int last = end * VL > layer->row ? layer->m - VL : (end - 1) * VL;
        dense_vectors(&work, first * VL, last, end - first);
    }
    direct_activate(layer->activation, y, layer->m);
}

#endif
