/*
 * Convolutions of a single quantised channel, positions in the lanes (conv_columns): its few
 * filters would leave most lanes of conv() empty. Included by quant_kernels.c only.
 *
 * The vectors of inputs come from a strip (quant_strip.h), made once for all outputs of a band of rows;
 * of each group four make the window's two rows and two columns; a weight's group is broadcast.
 */
#ifndef NN_QUANT_COLUMNS_H
#define NN_QUANT_COLUMNS_H

#include "quant_strip.h"

/* ---- sums ---- */

/* The four sums of N outputs from O on: their vectors of finished values to LANES. */
INLINE void finish_columns(const quant_window *k, const sums *s, int o, vi *lanes, const int N,
                           const quant_pooled POOLED, const nn_activation ACTIVATION)
{
    UNROLL for (int n = 0; n < N; n++)
    {
#if QUANT_FORM == QUANT_HALVES
        vf factor = {0};
#else
        vf factor = fset(k->finish.factor[o + n]);
#endif
        const sums *four = s + 4 * n;
        lanes[o + n] =
            pooled(four[0], four[1], four[2], four[3], factor, k->finish.zero, POOLED, ACTIVATION);
    }
}

/* The windows whose first row stands at AT in the strip: their rows ROW .. ROW + R - 1, N outputs
   from O on; 2 R sums of each, to s[4 n + 2 ROW]. */
INLINE void columns_block(const quant_window *k, const cut c, const vi *at, int row, int o, sums *s,
                          const int R, const int N)
{
    sums t[2 * 2 * 6];
    UNROLL for (int n = 0; n < N; n++)
    {
        sums bias = ((const sum *)k->bias)[o + n] - (sums){0};
        UNROLL for (int i = 0; i < 2 * R; i++) t[2 * R * n + i] = bias;
    }
    const int below = c.stride_h * c.vectors; /* vectors to what the windows' second row reads */
    const size_t next = bytes_of_output(c);
    const char *weights = (const char *)k->weights + (size_t)o * next;
    vi x[2 * 2];
#define ADD_GROUP(GROUP_NUMBER)                                                                    \
    UNROLL for (int n = 0; n < N; n++)                                                             \
    {                                                                                              \
        vi w = group_at((const element *)(weights + (GROUP_NUMBER)*4 + n * next));                 \
        UNROLL for (int i = 0; i < 2 * R; i++) t[2 * R * n + i] = dot(t[2 * R * n + i], x[i], w);  \
    }
    at += row * below;
    for (int ky = 0; ky < c.kernel_h; ky++)
        for (int g = 0; g < c.whole; g++) {
            const vi *from = at + ky * c.vectors + 2 * g;
            UNROLL for (int i = 0; i < 2 * R; i++) x[i] = from[i / 2 * below + i % 2];
            ADD_GROUP(ky * c.whole + g)
        }
#if QUANT_FORM == QUANT_QUADS
    for (int set = 0; set < c.sets; set++) {
        const vi *from = at + set * c.rows * c.vectors + 2 * c.whole;
        UNROLL for (int r = 0; r < R; r++)
            rests_of(from + r * below, c.vectors, c.few && set == c.sets - 1, c.rest, x + 2 * r);
        ADD_GROUP(c.kernel_h * c.whole + set)
    }
#endif
#undef ADD_GROUP
    UNROLL for (int n = 0; n < N; n++) UNROLL for (int i = 0; i < 2 * R; i++)
        s[4 * n + 2 * row + i] = t[2 * R * n + i];
}

#define FINISH_COLUMNS(N)                                                                          \
    if (k->pooled == QUANT_AVERAGED)                                                               \
        BY_ACTIVATION(k->finish.activation, finish_columns, k, s, o, lanes, N, QUANT_AVERAGED)     \
    else                                                                                           \
        BY_ACTIVATION(k->finish.activation, finish_columns, k, s, o, lanes, N, QUANT_MAXIMUM)

#if QUANT_FORM == QUANT_QUADS && defined __AVX512BW__ && VL == 16
#define NARROWS /* scatter_six() saturates */
/* Of a maximum, where finish.narrows. */
INLINE void finish_six_narrow(const quant_window *k, const sums *s, vi *lanes)
{
    UNROLL for (int n = 0; n < 6; n++)
    {
        const sums *four = s + 4 * n;
        sums most = greater(greater(four[0], four[1]), greater(four[2], four[3]));
        lanes[n] = nearest(to_floats(most) * fset(k->finish.factor[n]));
    }
}
#endif

static __attribute__((noinline)) void finish_column(const quant_window *k, const sums *s, int o,
                                                    vi *lanes)
{
    FINISH_COLUMNS(1)
}

/* Both rows at once where the registers hold their sums. */
INLINE void columns_of(const quant_window *k, const cut c, const vi *at, int o, vi *lanes,
                       const int N)
{
    sums s[4 * 6];
#if NREG == 32
    columns_block(k, c, at, 0, o, s, 2, N);
#else
    columns_block(k, c, at, 0, o, s, 1, N);
    columns_block(k, c, at, 1, o, s, 1, N);
#endif
#ifdef NARROWS
    if (N == 6 && k->out_c == 6 && k->pooled == QUANT_MAXIMUM && k->finish.narrows) {
        finish_six_narrow(k, s, lanes);
        return;
    }
#endif
    if (N == 6) {
        FINISH_COLUMNS(N)
        return;
    }
    for (int n = 0; n < N; n++)
        finish_column(k, s + 4 * n, o + n, lanes);
}

/* ---- to elements ---- */

#if QUANT_FORM == QUANT_QUADS
/* Six bytes a position. */
INLINE void scatter_six(const vi *lanes, element *y, int count)
{
#ifdef NARROWS
    /* Of each four positions, which narrowing keeps together, their four and their two bytes. */
    const __m128i by_position = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i turn = _mm512_broadcast_i32x4(by_position);
    __m512i ab = _mm512_packs_epi32((__m512i)lanes[0], (__m512i)lanes[1]);
    __m512i cd = _mm512_packs_epi32((__m512i)lanes[2], (__m512i)lanes[3]);
    __m512i ef = _mm512_packs_epi32((__m512i)lanes[4], (__m512i)lanes[5]);
    __m512i first = _mm512_shuffle_epi8(_mm512_packus_epi16(ab, cd), turn);
    __m512i rest = _mm512_shuffle_epi8(_mm512_packus_epi16(ef, ef), turn);
    /* Three words of each position, of those of both vectors. */
    static const uint16_t order[48] __attribute__((aligned(64))) = {
        0,  1,  32, 2,  3,  34, 4,  5,  36, 6,  7,  38, 8,  9,  40, 10,
        11, 42, 12, 13, 44, 14, 15, 46, 16, 17, 48, 18, 19, 50, 20, 21,
        52, 22, 23, 54, 24, 25, 56, 26, 27, 58, 28, 29, 60, 30, 31, 62};
    int words = 3 * count;
    if (words < 32) {
        _mm512_mask_storeu_epi16(y, ((__mmask32)1 << words) - 1,
                                 _mm512_permutex2var_epi16(first, _mm512_loadu_si512(order), rest));
        return;
    }
    UNROLL for (int i = 0; i < 2; i++) /* the second laps back */
    {
        int at = i * (words - 32);
        _mm512_storeu_si512(y + 2 * at,
                            _mm512_permutex2var_epi16(first, _mm512_loadu_si512(order + at), rest));
    }
#else /* eight bytes a position; the next one overwrites the last two */
    vi first = lanes[0] | lanes[1] << 8 | lanes[2] << 16 | lanes[3] << 24;
    vi rest = lanes[4] | lanes[5] << 8;
    int32_t low[VL] __attribute__((aligned(64))), high[VL] __attribute__((aligned(64)));
    *(vi *)low = first;
    *(vi *)high = rest;
    for (int j = 0; j < count; j++, y += 6) {
        memcpy(y, &low[j], 4);
        memcpy(y + 4, &high[j], j < count - 1 ? 4 : 2);
    }
#endif
}
#endif

/* Vectors [output] of positions to elements [position][output]: as many outputs as a group has
   elements are put together in 32 bits. */
static void scatter(const vi *lanes, element *y, int count, int outputs)
{
    const int bits = 8 * (int)sizeof(element);
    uint32_t groups[QUANT_COLUMNS_MOST / GROUP][VL] __attribute__((aligned(64)));
    int n = outputs / GROUP;
    for (int g = 0; g < n; g++) {
        vi joined = lanes[g * GROUP];
        UNROLL for (int i = 1; i < GROUP; i++) joined |= lanes[g * GROUP + i] << (i * bits);
        *(vi *)groups[g] = joined;
    }
    for (int g = 0; g < n; g++)
        for (int j = 0; j < count; j++)
            memcpy(y + j * outputs + g * GROUP, &groups[g][j], 4);
    for (int o = n * GROUP; o < outputs; o++)
        for (int j = 0; j < count; j++)
            y[j * outputs + o] = (element)((const int32_t *)&lanes[o])[j];
}

/* ROWS rows of COUNT windows at X, at most VL of them. */
INLINE void columns_band(const quant_window *k, const element *x, element *y, vi *scratch, int rows,
                         int count, const cut c)
{
    const int step = 2 * c.stride_h, reads = c.stride_h + c.kernel_h;
    vi lanes[QUANT_COLUMNS_MOST];
    strip s = {.from = x, .to = scratch, .rows = (rows - 1) * step + reads};
    const vi *at = scratch;
    for (int row = 0; row < rows; row++, y += k->out_pitch, at += step * c.vectors) {
        fill_strip(&s, row * step + reads, k->in_pitch, c);
#if QUANT_FORM == QUANT_QUADS
        if (k->out_c == 6) {
            vi six[6];
            columns_of(k, c, at, 0, six, 6);
            scatter_six(six, y, count);
            continue;
        }
#endif
        int o = 0;
        for (; o + 6 <= k->out_c; o += 6)
            columns_of(k, c, at, o, lanes, 6);
        for (; o + 2 <= k->out_c; o += 2)
            columns_of(k, c, at, o, lanes, 2);
        for (; o < k->out_c; o++)
            columns_of(k, c, at, o, lanes, 1);
        scatter(lanes, y, count, k->out_c);
    }
}

INLINE void columns(const quant_window *k, const element *x, element *y, vi *scratch, const cut c)
{
    size_t down = (size_t)(2 * c.stride_h) * (size_t)k->in_pitch;
    for (int column = 0; column < k->out_w; column += VL)
        for (int row = 0; row < k->out_h; row += QUANT_COLUMNS_ROWS)
            columns_band(k, x + (size_t)row * down + 2 * column,
                         y + (size_t)row * (size_t)k->out_pitch +
                             (size_t)column * (size_t)k->out_c,
                         scratch, at_most(k->out_h - row, QUANT_COLUMNS_ROWS),
                         at_most(k->out_w - column, VL), c);
}

static void conv_columns(const quant_window *k, const void *x, void *y, void *scratch)
{
#if QUANT_FORM == QUANT_QUADS
    if (k->kernel_h == 5 && k->kernel_w == 5 && k->stride_h == 1) { /* known to the compiler */
        columns(k, x, y, scratch, cut_of(5, 5, 1));
        return;
    }
#endif
    columns(k, x, y, scratch, cut_of(k->kernel_h, k->kernel_w, k->stride_h));
}

#endif
