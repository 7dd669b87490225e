/*
 * Convolutions of a single quantised channel, positions in the lanes (conv_columns): its few filters
 * would leave most lanes of conv() empty. Included by quant_kernels.c only.
 *
 * Lane j is column j of the pooled output; two vectors, for the even and the odd columns of the
 * windows, make its two columns, and so do two for each of its two rows: four vectors a group. They
 * are made once for all outputs; a weight's group is broadcast.
 *
 * Of bytes, what a kernel row leaves over beyond whole groups of four, one or two, fills a group
 * with that of the rows below: a kernel of 5 x 5 is 5 groups and 2, not 10.
 */
#ifndef NN_QUANT_COLUMNS_H
#define NN_QUANT_COLUMNS_H

#include "quant_conv.h"

enum { COLUMNS_MOST = QUANT_COLUMNS_MOST };

/* How a kernel is cut into groups. */
typedef struct cut {
    int whole; /* groups of a row by itself; the last may be filled up with zeros */
    int rest;  /* columns left over of each row; 0: none */
    int rows;  /* whose rests make a group */
    int sets;  /* such groups */
} cut;

static cut cut_of(int kernel_h, int kernel_w)
{
    cut c = {.whole = groups_of(kernel_w)};
#if QUANT_FORM == QUANT_QUADS
    int rest = kernel_w % GROUP;
    if (rest == 1 || rest == 2) {
        c.whole = kernel_w / GROUP;
        c.rest = rest;
        c.rows = GROUP / rest;
        c.sets = (kernel_h + c.rows - 1) / c.rows;
    }
#else
    (void)kernel_h;
#endif
    return c;
}

/* ---- packed weights: [output], whole groups by rows, then sets ---- */

static int columns_groups(int kernel_h, int kernel_w)
{
    cut c = cut_of(kernel_h, kernel_w);
    return kernel_h * c.whole + c.sets;
}

static size_t columns_pack_size(int kernel_h, int kernel_w, int out_c)
{
    return (size_t)columns_groups(kernel_h, kernel_w) * (size_t)out_c * 4;
}

/* The group that holds the weight at (row, column), and its place in it. */
static int place_of(const cut *c, int kernel_h, int row, int column, int *place)
{
    if (column < c->whole * GROUP) {
        *place = column % GROUP;
        return row * c->whole + column / GROUP;
    }
    static const int order[] = {0, 2, 1, 3}; /* as rests() puts rows together */
    *place = c->rest == 1 ? order[row % 4] : row % 2 * 2 + column - c->whole * GROUP;
    return kernel_h * c->whole + row / c->rows;
}

static void columns_pack(const void *from, int kernel_h, int kernel_w, int out_c, void *packed)
{
    const weight *w = from;
    cut c = cut_of(kernel_h, kernel_w);
    size_t next = (size_t)columns_groups(kernel_h, kernel_w) * 4;
    memset(packed, 0, columns_pack_size(kernel_h, kernel_w, out_c));
    for (int row = 0; row < kernel_h; row++)
        for (int column = 0; column < kernel_w; column++) {
            int place, group = place_of(&c, kernel_h, row, column, &place);
            for (int o = 0; o < out_c; o++, w++)
                put_weight((char *)packed + (size_t)o * next + (size_t)group * 4, 4, place, *w);
        }
}

/* ---- vectors of inputs ---- */

#if QUANT_FORM == QUANT_QUADS
/* Lane j: the two bytes at x + 2 j, and zeros. */
INLINE vi two_bytes(const element *x)
{
#if defined __AVX512F__ && VL == 16 /* gcc 12 takes the plain form apart */
    return (vi)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)x));
#elif defined __AVX2__ && VL == 8
    return (vi)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)x));
#else
    typedef uint16_t two __attribute__((vector_size(VL * 2), may_alias, aligned(1)));
    return __builtin_convertvector(*(const two *)x, vi);
#endif
}
#endif

/* Lane j: the group at x + 2 j. */
INLINE vi every_second(const element *x)
{
#if QUANT_FORM == QUANT_QUADS && defined __AVX512BW__ && VL == 16
    static const uint16_t pairs[32] __attribute__((aligned(64))) = {
        0, 1, 1, 2,  2,  3,  3,  4,  4,  5,  5,  6,  6,  7,  7,  8,
        8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16};
    return (vi)_mm512_permutexvar_epi16(*(const __m512i *)pairs, _mm512_loadu_si512(x));
#elif QUANT_FORM == QUANT_QUADS
    return two_bytes(x) | two_bytes(x + 2) << 16;
#else
    return *(const vi_any *)x;
#endif
}

#if QUANT_FORM == QUANT_QUADS
/* Lane j: the two bytes at x + 2 j, then those at y + 2 j. */
INLINE vi two_and_two(const element *x, const element *y)
{
#if defined __AVX512BW__ && VL == 16
    static const uint16_t order[32] __attribute__((aligned(64))) = {
        0, 32, 1, 33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
        8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
    return (vi)_mm512_permutex2var_epi16(_mm512_loadu_si512(x), *(const __m512i *)order,
                                         _mm512_loadu_si512(y));
#else
    return two_bytes(x) | two_bytes(y) << 16;
#endif
}

/* What COUNT rows (four or less of one byte, two or less of two) leave over at x, PITCH apart: of
   the even columns to to[0], of the odd ones to to[1]. Where there is no row, anything: it meets
   weights that are zero. */
INLINE void rests(const element *x, int pitch, int count, const int REST, vi *to)
{
    if (REST == 2) {
        UNROLL for (int odd = 0; odd < 2; odd++) to[odd] =
            count > 1 ? two_and_two(x + odd, x + pitch + odd) : two_bytes(x + odd);
        return;
    }
    vi ab = count > 1 ? two_and_two(x, x + pitch) : two_bytes(x);
    if (count < 3) {
        to[0] = ab;
        to[1] = ab >> 8;
        return;
    }
    const vi half = iset(0x00ff00ff);
    vi cd = count > 3 ? two_and_two(x + 2 * pitch, x + 3 * pitch) : two_bytes(x + 2 * pitch);
    to[0] = iselect(half, ab, cd << 8);
    to[1] = iselect(half, ab >> 8, cd);
}
#endif

/* The vectors of one row of windows at x: of each input row and whole group the even and the odd
   columns, to IN; then, behind them, of each set those of the window's first and second row. */
static void gather(const quant_window *k, const cut *c, const element *x, vi *in)
{
    int rows = k->kernel_h + k->stride_h;
    for (int row = 0; row < rows; row++)
        for (int g = 0; g < c->whole; g++, in += 2) {
            in[0] = every_second(x + row * k->in_pitch + g * GROUP);
            in[1] = every_second(x + row * k->in_pitch + g * GROUP + 1);
        }
#if QUANT_FORM == QUANT_QUADS
    for (int row = 0; row < k->kernel_h && c->rest; row += c->rows)
        for (int second = 0; second < 2; second++, in += 2) {
            int count = k->kernel_h - row < c->rows ? k->kernel_h - row : c->rows;
            const element *from =
                x + (row + second * k->stride_h) * k->in_pitch + c->whole * GROUP;
            if (c->rest == 1)
                rests(from, k->in_pitch, count, 1, in);
            else
                rests(from, k->in_pitch, count, 2, in);
        }
#endif
}

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
        lanes[o + n] = pooled(four[0], four[1], four[2], four[3], factor, k->finish.zero, POOLED,
                              ACTIVATION);
    }
}

/* Rows row .. row + R - 1 of the windows, N outputs: 2 R sums of each, to s[4 n + 2 row]. */
INLINE void columns_block(const quant_window *k, const cut *c, const vi *in, int row, int o, sums *s,
                          const int R, const int N)
{
    sums t[2 * 2 * 6];
    UNROLL for (int n = 0; n < N; n++)
    {
        sums bias = ((const sum *)k->bias)[o + n] - (sums){0};
        UNROLL for (int i = 0; i < 2 * R; i++) t[2 * R * n + i] = bias;
    }
    int groups = k->kernel_h * c->whole, below = 2 * k->stride_h * c->whole;
    size_t next = (size_t)(groups + c->sets) * 4;
    const char *w = (const char *)k->weights + (size_t)o * next;
    const vi *first = in + row * below, *end = first + 2 * groups;
    for (; first != end; first += 2, w += 4) {
        vi x[2 * 2];
        UNROLL for (int i = 0; i < 2 * R; i++) x[i] = first[i / 2 * below + i % 2];
        UNROLL for (int n = 0; n < N; n++)
        {
            vi weights = group_at((const element *)(w + n * next));
            UNROLL for (int i = 0; i < 2 * R; i++) t[2 * R * n + i] =
                dot(t[2 * R * n + i], x[i], weights);
        }
    }
    first = in + 2 * groups + below + 2 * row;
    for (int set = 0; set < c->sets; set++, first += 4, w += 4)
        UNROLL for (int n = 0; n < N; n++)
        {
            vi weights = group_at((const element *)(w + n * next));
            UNROLL for (int i = 0; i < 2 * R; i++) t[2 * R * n + i] =
                dot(t[2 * R * n + i], first[i], weights);
        }
    UNROLL for (int n = 0; n < N; n++) UNROLL for (int i = 0; i < 2 * R; i++)
        s[4 * n + 2 * row + i] = t[2 * R * n + i];
}

#define FINISH_COLUMNS(N)                                                                          \
    if (k->pooled == QUANT_AVERAGED)                                                               \
        BY_ACTIVATION(k->finish.activation, finish_columns, k, s, o, lanes, N, QUANT_AVERAGED)     \
    else                                                                                           \
        BY_ACTIVATION(k->finish.activation, finish_columns, k, s, o, lanes, N, QUANT_MAXIMUM)

static __attribute__((noinline)) void finish_column(const quant_window *k, const sums *s, int o,
                                                    vi *lanes)
{
    FINISH_COLUMNS(1)
}

/* Both rows at once where the registers hold their sums. */
INLINE void columns_of(const quant_window *k, const cut *c, const vi *in, int o, vi *lanes,
                       const int N)
{
    sums s[4 * 6];
#if NREG == 32
    columns_block(k, c, in, 0, o, s, 2, N);
#else
    columns_block(k, c, in, 0, o, s, 1, N);
    columns_block(k, c, in, 1, o, s, 1, N);
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
static void scatter_six(const vi *lanes, element *y, int count)
{
    vi first = lanes[0] | lanes[1] << 8 | lanes[2] << 16 | lanes[3] << 24;
    vi rest = lanes[4] | lanes[5] << 8;
#if defined __AVX512BW__ && VL == 16 /* three words of each position, of those of both vectors */
    static const uint16_t order[64] __attribute__((aligned(64))) = {
        0,  1,  32, 2,  3,  34, 4,  5,  36, 6,  7,  38, 8,  9,  40, 10,
        11, 42, 12, 13, 44, 14, 15, 46, 16, 17, 48, 18, 19, 50, 20, 21,
        52, 22, 23, 54, 24, 25, 56, 26, 27, 58, 28, 29, 60, 30, 31, 62};
    const __m512i *at = (const __m512i *)order;
    int words = 3 * count;
    _mm512_mask_storeu_epi16(y, words >= 32 ? ~(__mmask32)0 : ((__mmask32)1 << words) - 1,
                             _mm512_permutex2var_epi16((__m512i)first, at[0], (__m512i)rest));
    if (words > 32)
        _mm512_mask_storeu_epi16(y + 64, ((__mmask32)1 << (words - 32)) - 1,
                                 _mm512_permutex2var_epi16((__m512i)first, at[1], (__m512i)rest));
#else /* eight bytes a position; the next one overwrites the last two */
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
#if QUANT_FORM == QUANT_QUADS
    if (outputs == 6) {
        scatter_six(lanes, y, count);
        return;
    }
#endif
    const int bits = 8 * (int)sizeof(element);
    uint32_t groups[COLUMNS_MOST / GROUP][VL] __attribute__((aligned(64)));
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

static void conv_columns(const quant_window *k, const void *x, void *y, void *scratch)
{
    cut c = cut_of(k->kernel_h, k->kernel_w);
    vi lanes[COLUMNS_MOST], *in = scratch;
    for (int row = 0; row < k->out_h; row++)
        for (int column = 0; column < k->out_w; column += VL) {
            gather(k, &c,
                   (const element *)x + (size_t)(2 * row * k->stride_h) * (size_t)k->in_pitch +
                       2 * column,
                   in);
            int o = 0;
            for (; o + 6 <= k->out_c; o += 6)
                columns_of(k, &c, in, o, lanes, 6);
            for (; o + 2 <= k->out_c; o += 2)
                columns_of(k, &c, in, o, lanes, 2);
            for (; o < k->out_c; o++)
                columns_of(k, &c, in, o, lanes, 1);
            scatter(lanes,
                    (element *)y + (size_t)row * (size_t)k->out_pitch +
                        (size_t)column * (size_t)k->out_c,
                    k->out_w - column < VL ? k->out_w - column : VL, k->out_c);
        }
}

#endif
