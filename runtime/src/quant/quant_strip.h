/*
 * A strip: the inputs of a column of VL windows (2x2, pooled) as vectors, for conv_columns().
 * Included by quant_kernels.c only.
 *
 * Lane j is column j of the pooled output; two vectors, for the even and the odd columns of the
 * windows, make its two columns. A row of the strip holds those of each whole group of the input's
 * row, in order; then those of what kernel rows leave over.
 *
 * Of bytes, what a kernel row leaves over beyond whole groups of four, one or two, fills a group
 * with that of the rows below: a kernel of 5 x 5 is 5 groups and 2, not 10.
 */
#ifndef NN_QUANT_STRIP_H
#define NN_QUANT_STRIP_H

#include "quant_conv.h"

/* How a kernel is cut into groups. */
typedef struct cut {
    int kernel_h, stride_h;
    int whole;   /* groups of a row by itself; the last may be filled up with zeros */
    int rest;    /* columns left over of each row; 0: none */
    int rows;    /* whose rests make a group */
    int sets;    /* such groups */
    int few;     /* of the last set only the first two rows count */
    int vectors; /* of a row of the strip: two of each whole group, one of each column left over */
} cut;

INLINE cut cut_of(int kernel_h, int kernel_w, int stride_h)
{
    cut c = {.kernel_h = kernel_h, .stride_h = stride_h, .whole = groups_of(kernel_w)};
#if QUANT_FORM == QUANT_QUADS
    int rest = kernel_w % GROUP;
    if (rest == 1 || rest == 2) {
        c.whole = kernel_w / GROUP;
        c.rest = rest;
        c.rows = GROUP / rest;
        c.sets = (kernel_h + c.rows - 1) / c.rows;
        c.few = rest == 1 && kernel_h - (c.sets - 1) * c.rows <= 2;
    }
#endif
    c.vectors = 2 * c.whole + c.rest;
    return c;
}

/* ---- packed weights: [output], whole groups by rows, then sets ---- */

INLINE size_t bytes_of_output(const cut c)
{
    return 4 * (size_t)(c.kernel_h * c.whole + c.sets);
}

static size_t columns_pack_size(int kernel_h, int kernel_w, int out_c)
{
    return bytes_of_output(cut_of(kernel_h, kernel_w, 1)) * (size_t)out_c;
}

/* The group that holds the weight at (row, column), and its place in it. */
static int place_of(const cut *c, int row, int column, int *place)
{
    if (column < c->whole * GROUP) {
        *place = column % GROUP;
        return row * c->whole + column / GROUP;
    }
    static const int order[] = {0, 2, 1, 3}; /* as rests_of() puts rows together */
    *place = c->rest == 1 ? order[row % 4] : row % 2 * 2 + column - c->whole * GROUP;
    return c->kernel_h * c->whole + row / c->rows;
}

static void columns_pack(const void *from, int kernel_h, int kernel_w, int out_c, void *packed)
{
    const weight *w = from;
    cut c = cut_of(kernel_h, kernel_w, 1);
    size_t next = bytes_of_output(c);
    memset(packed, 0, columns_pack_size(kernel_h, kernel_w, out_c));
    for (int row = 0; row < kernel_h; row++)
        for (int column = 0; column < kernel_w; column++) {
            int place, group = place_of(&c, row, column, &place);
            for (int o = 0; o < out_c; o++, w++)
                put_weight((char *)packed + (size_t)o * next + (size_t)group * 4, 4, place, *w);
        }
}

/* ---- vectors ---- */

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
#endif

/* ---- the strip ---- */

typedef struct strip {
    const element *from; /* the input's next row */
    vi *to;              /* its row of the strip */
    int next, rows;      /* its number, and how many there are */
} strip;

#if QUANT_FORM == QUANT_QUADS
/* Of windows whose rows' rests stand at AT and below in the strip, ROW_BELOW vectors apart: those
   of the set that begins there, of the even columns to x[0], of the odd ones to x[1]. */
INLINE void rests_of(const vi *at, int row_below, int few, const int REST, vi *x)
{
    x[0] = at[0];
    if (REST == 2) {
        x[1] = at[1];
        return;
    }
    x[1] = x[0] >> 8;
    if (few)
        return;
    const vi half = iset(0x00ff00ff), cd = at[2 * row_below];
    x[0] = iselect(half, x[0], cd << 8);
    x[1] = iselect(half, x[1], cd);
}
#endif

/* Fill the rows before END that are not filled yet. */
INLINE void fill_strip(strip *s, int end, int pitch, const cut c)
{
    for (; s->next < end; s->next++, s->from += pitch, s->to += c.vectors) {
        const element *x = s->from;
        vi *to = s->to;
        for (int g = 0; g < c.whole; g++, x += GROUP, to += 2) {
            to[0] = every_second(x);
            to[1] = every_second(x + 1);
        }
#if QUANT_FORM == QUANT_QUADS
        /* Below the last row anything will do: it meets weights that are zero. */
        const element *below = s->next + 1 < s->rows ? x + pitch : x;
        UNROLL for (int i = 0; i < c.rest; i++) to[i] = two_and_two(x + i, below + i);
#endif
    }
}

#endif
