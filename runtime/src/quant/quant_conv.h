/*
 * Convolutions of quantised maps. Included by quant_kernels.c only.
 *
 * With outputs in the lanes (conv): a block of rows x columns x vectors of outputs stays in
 * registers; a group of inputs is broadcast, the weights of a group and VL outputs are one vector.
 * With positions in the lanes (conv_columns), for a single input channel, whose few filters would
 * leave most lanes empty: lane j is column j of the pooled output; two vectors, for the even and
 * the odd columns of the windows, make its two columns; a weight's group is broadcast.
 */
#ifndef NN_QUANT_CONV_H
#define NN_QUANT_CONV_H

#include "quant_vec.h"

/* ---- packed weights: 4 bytes for each group and output ---- */

static int groups_of(int count)
{
    return (count + GROUP - 1) / GROUP;
}

static int padded(int outputs)
{
    return (outputs + VL - 1) / VL * VL;
}

static size_t pack_size(int rows, int count, int out_c, int dense, int columns)
{
    size_t outputs = (size_t)(columns ? out_c : padded(out_c));
    return (size_t)rows * (size_t)groups_of(count) * outputs * (dense ? DENSE_BYTES : 4);
}

/* [row][group][output] (columns: [output][row][group]) of GROUP weights, zero where there is
   none. */
static void pack(const void *from, int rows, int count, int out_c, int dense, int columns,
                 void *packed)
{
    const weight *w = from;
    int groups = groups_of(count), outputs = columns ? out_c : padded(out_c);
    size_t bytes = dense ? DENSE_BYTES : 4;
    memset(packed, 0, pack_size(rows, count, out_c, dense, columns));
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < count; i++)
            for (int o = 0; o < out_c; o++) {
                size_t group = (size_t)row * (size_t)groups + (size_t)(i / GROUP);
                size_t cell = columns ? (size_t)o * (size_t)rows * (size_t)groups + group
                                      : group * (size_t)outputs + (size_t)o;
                char *to = (char *)packed + cell * bytes;
                weight value =
                    w[((size_t)row * (size_t)count + (size_t)i) * (size_t)out_c + (size_t)o];
                if (bytes / GROUP == sizeof value)
                    memcpy(to + (size_t)(i % GROUP) * sizeof value, &value, sizeof value);
                else
                    ((int16_t *)to)[i % GROUP] = (int16_t)value;
            }
}

/* ---- outputs in the lanes ---- */

/* R rows (2: pooled) x P columns x V vectors of outputs from c on, beginning at x: their sums to
   [row][column][output]. */
INLINE void conv_block(const quant_window *k, const element *x, sum *to, int c, const int R,
                       const int P, const int V)
{
    sums s[20];
    UNROLL for (int v = 0; v < V; v++)
    {
        sums bias;
        memcpy(&bias, (const sum *)k->bias + c + v * VL, sizeof bias);
        UNROLL for (int i = 0; i < R * P; i++) s[i * V + v] = bias;
    }
    int step = k->stride_w * k->in_c, down = k->stride_h * k->in_pitch;
    const char *w = (const char *)k->weights + (size_t)c * 4;
    size_t next = (size_t)k->padded * 4;
    for (int ky = 0; ky < k->kernel_h; ky++, x += k->in_pitch) {
        const element *at = x;
        for (int g = 0; g < k->row_groups; g++, at += GROUP, w += next) {
            vi weights[2];
            UNROLL for (int v = 0; v < V; v++) weights[v] = *(const vi_any *)(w + v * VL * 4);
            UNROLL for (int i = 0; i < R * P; i++)
            {
                vi in = group_at(at + i / P * down + i % P * step);
                UNROLL for (int v = 0; v < V; v++) s[i * V + v] = dot(s[i * V + v], in, weights[v]);
            }
        }
    }
    size_t row = (size_t)(k->out_w * R) * (size_t)k->padded;
    UNROLL for (int i = 0; i < R * P; i++) UNROLL for (int v = 0; v < V; v++)
        memcpy(to + (size_t)(i / P) * row + (size_t)(i % P) * (size_t)k->padded + c + v * VL,
               &s[i * V + v], sizeof s[0]);
}

#define CONV_BLOCK(R, P, V)                                                                        \
    for (; width - x >= (P); x += (P))                                                             \
        conv_block(k, from + (size_t)x * step, to + (size_t)x * (size_t)k->padded, c, R, P, V);

/* The sums of one row of the result (pooled: of the two rows that it is made of). */
static void sum_rows(const quant_window *k, const element *from, sum *to)
{
    int pairs = k->pooled != QUANT_NOT_POOLED, width = k->out_w * (1 + pairs);
    size_t step = (size_t)(k->stride_w * k->in_c);
    for (int c = 0; c < k->padded;) {
        int x = 0, two = k->padded - c >= 2 * VL;
        if (pairs && two) {
#if NREG == 32
            CONV_BLOCK(2, 4, 2)
#endif
            CONV_BLOCK(2, 2, 2)
        } else if (pairs) {
#if NREG == 32
            CONV_BLOCK(2, 10, 1)
#endif
            CONV_BLOCK(2, 4, 1)
            CONV_BLOCK(2, 2, 1)
        } else if (two) {
            CONV_BLOCK(1, 4, 2)
            CONV_BLOCK(1, 1, 2)
        } else {
            CONV_BLOCK(1, 8, 1)
            CONV_BLOCK(1, 1, 1)
        }
        c += two ? 2 * VL : VL;
    }
}

INLINE vf factor_at(const quant_finish *finish, int c)
{
#if QUANT_FORM == QUANT_HALVES
    (void)finish, (void)c;
    return (vf){0};
#else
    return *(const vf_any *)(finish->factor + c);
#endif
}

INLINE sums sums_at(const sum *from)
{
    sums s;
    memcpy(&s, from, sizeof s);
    return s;
}

/* COUNT positions of OUT_C outputs each, to floats or to elements. Positions go from left to right,
   so that a whole vector may be stored where outputs do not fill it, while the row has room. */
INLINE void finish_row(const quant_finish *finish, const sum *s, int count, int out_c, void *y,
                       const nn_activation ACTIVATION)
{
    int room = count * out_c;
    for (int at = 0; at < room; at += out_c)
        for (int c = 0; c < out_c; c += VL, s += VL) {
            vf factor = factor_at(finish, c);
            if (finish->to_float)
                store_floats((float *)y + at + c, finished_float(sums_at(s), factor, ACTIVATION),
                             room - at - c);
            else
                store((element *)y + at + c, finished(sums_at(s), factor, finish->zero, ACTIVATION),
                      room - at - c);
        }
}

/* The same of 2x2 windows: COUNT positions of the result. */
INLINE void finish_pooled(const quant_window *k, const sum *s, element *y,
                          const quant_pooled POOLED, const nn_activation ACTIVATION)
{
    int room = k->out_w * k->out_c;
    size_t below = (size_t)(2 * k->out_w) * (size_t)k->padded, beside = (size_t)k->padded;
    for (int at = 0; at < room; at += k->out_c, s += beside)
        for (int c = 0; c < k->out_c; c += VL, s += VL)
            store(y + at + c,
                  pooled(sums_at(s), sums_at(s + beside), sums_at(s + below),
                         sums_at(s + below + beside), factor_at(&k->finish, c), k->finish.zero,
                         POOLED, ACTIVATION),
                  room - at - c);
}

#define BY_ACTIVATION(which, run, ...)                                                             \
    switch (which) {                                                                               \
    case NN_TANH:                                                                                  \
        run(__VA_ARGS__, NN_TANH);                                                                 \
        break;                                                                                     \
    case NN_SIGMOID:                                                                               \
        run(__VA_ARGS__, NN_SIGMOID);                                                              \
        break;                                                                                     \
    case NN_RELU:                                                                                  \
        run(__VA_ARGS__, NN_RELU);                                                                 \
        break;                                                                                     \
    default:                                                                                       \
        run(__VA_ARGS__, NN_LINEAR);                                                               \
        break;                                                                                     \
    }

static void finish_outputs(const quant_finish *finish, const sum *s, int count, int out_c, void *y)
{
    BY_ACTIVATION(finish->activation, finish_row, finish, s, count, out_c, y)
}

static void conv(const quant_window *k, const void *x, void *y, void *scratch)
{
    size_t down = (size_t)(k->stride_h * k->in_pitch) * (k->pooled == QUANT_NOT_POOLED ? 1 : 2);
    for (int row = 0; row < k->out_h; row++) {
        size_t at = (size_t)row * (size_t)k->out_pitch;
        element *to = (element *)y + at;
        sum_rows(k, (const element *)x + (size_t)row * down, scratch);
        if (k->pooled == QUANT_AVERAGED)
            BY_ACTIVATION(k->finish.activation, finish_pooled, k, scratch, to, QUANT_AVERAGED)
        else if (k->pooled == QUANT_MAXIMUM)
            BY_ACTIVATION(k->finish.activation, finish_pooled, k, scratch, to, QUANT_MAXIMUM)
        else
            finish_outputs(&k->finish, scratch, k->out_w, k->out_c,
                           k->finish.to_float ? (void *)((float *)y + at) : to);
    }
}

/* ---- positions in the lanes ---- */

/* Lane j: the group at x + 2 j. */
INLINE vi every_second(const element *x)
{
#if QUANT_FORM == QUANT_QUADS && defined __AVX512BW__ && VL == 16
    static const uint16_t pairs[32] __attribute__((aligned(64))) = {
        0, 1, 1, 2,  2,  3,  3,  4,  4,  5,  5,  6,  6,  7,  7,  8,
        8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16};
    return (vi)_mm512_permutexvar_epi16(*(const __m512i *)pairs, _mm512_loadu_si512(x));
#elif QUANT_FORM == QUANT_QUADS
    typedef uint16_t two __attribute__((vector_size(VL * 2), may_alias, aligned(1)));
    vi low = __builtin_convertvector(*(const two *)x, vi);
    return low | __builtin_convertvector(*(const two *)(x + 2), vi) << 16;
#else
    return *(const vi_any *)x;
#endif
}

/* Rows row .. row + R - 1 of the windows, N outputs from o on, VL pooled positions: two vectors for
   each row and output, to their places in [output][row][column]. */
INLINE void columns_block(const quant_window *k, const element *x, int row, int o, sums *to,
                          const int R, const int N)
{
    sums s[2 * 2 * 6];
    UNROLL for (int n = 0; n < N; n++)
    {
        sums bias = ((const sum *)k->bias)[o + n] - (sums){0};
        UNROLL for (int i = 0; i < 2 * R; i++) s[2 * R * n + i] = bias;
    }
    int groups = k->row_groups;
    size_t next = (size_t)(k->kernel_h * groups) * 4, down = (size_t)(k->stride_h * k->in_pitch);
    const char *w = (const char *)k->weights + (size_t)o * next;
    x += (size_t)row * down;
    for (int ky = 0; ky < k->kernel_h; ky++, x += k->in_pitch)
        for (int g = 0; g < groups; g++, w += 4) {
            vi in[2 * 2];
            UNROLL for (int i = 0; i < 2 * R; i++) in[i] =
                every_second(x + g * GROUP + i / 2 * down + i % 2);
            UNROLL for (int n = 0; n < N; n++)
            {
                vi weights = group_at((const element *)(w + n * next));
                UNROLL for (int i = 0; i < 2 * R; i++) s[2 * R * n + i] =
                    dot(s[2 * R * n + i], in[i], weights);
            }
        }
    UNROLL for (int n = 0; n < N; n++) UNROLL for (int i = 0; i < 2 * R; i++)
        to[4 * (o + n) + 2 * row + i] = s[2 * R * n + i];
}

/* Both rows at once where the registers hold their sums. */
#if NREG == 32
#define COLUMNS_BLOCK(N) columns_block(k, from, 0, o, s, 2, N)
#else
#define COLUMNS_BLOCK(N)                                                                           \
    columns_block(k, from, 0, o, s, 1, N);                                                         \
    columns_block(k, from, 1, o, s, 1, N)
#endif

enum { COLUMNS_MOST = QUANT_COLUMNS_MOST };

INLINE void finish_columns(const quant_window *k, const sums *s, vi *lanes,
                           const quant_pooled POOLED, const nn_activation ACTIVATION)
{
    for (int o = 0; o < k->out_c; o++, s += 4) {
#if QUANT_FORM == QUANT_HALVES
        vf factor = {0};
#else
        vf factor = fset(k->finish.factor[o]);
#endif
        lanes[o] = pooled(s[0], s[1], s[2], s[3], factor, k->finish.zero, POOLED, ACTIVATION);
    }
}

/* Vectors [output] of positions to elements [position][output]: as many outputs as a group has
   elements are put together in 32 bits. */
static void scatter(const vi *lanes, element *y, int count, int outputs)
{
#if QUANT_FORM == QUANT_QUADS
    if (outputs == 6) { /* eight bytes a position; the next one overwrites the last two */
        int32_t first[VL] __attribute__((aligned(64))), rest[VL] __attribute__((aligned(64)));
        *(vi *)first = lanes[0] | lanes[1] << 8 | lanes[2] << 16 | lanes[3] << 24;
        *(vi *)rest = lanes[4] | lanes[5] << 8;
        for (int j = 0; j < count - 1; j++, y += 6) {
            memcpy(y, &first[j], 4);
            memcpy(y + 4, &rest[j], 4);
        }
        memcpy(y, &first[count - 1], 4);
        memcpy(y + 4, &rest[count - 1], 2);
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
    sums *s = scratch;
    vi lanes[COLUMNS_MOST];
    for (int row = 0; row < k->out_h; row++)
        for (int column = 0; column < k->out_w; column += VL) {
            const element *from = (const element *)x +
                                  (size_t)(2 * row * k->stride_h) * (size_t)k->in_pitch +
                                  2 * column;
            int o = 0;
            for (; o + 6 <= k->out_c; o += 6) {
                COLUMNS_BLOCK(6);
            }
            for (; o + 2 <= k->out_c; o += 2) {
                COLUMNS_BLOCK(2);
            }
            for (; o < k->out_c; o++) {
                COLUMNS_BLOCK(1);
            }
            if (k->pooled == QUANT_AVERAGED)
                BY_ACTIVATION(k->finish.activation, finish_columns, k, s, lanes, QUANT_AVERAGED)
            else
                BY_ACTIVATION(k->finish.activation, finish_columns, k, s, lanes, QUANT_MAXIMUM)
            scatter(lanes,
                    (element *)y + (size_t)row * (size_t)k->out_pitch +
                        (size_t)column * (size_t)k->out_c,
                    k->out_w - column < VL ? k->out_w - column : VL, k->out_c);
        }
}

#endif
