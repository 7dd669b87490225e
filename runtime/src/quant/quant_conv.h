/*
 * Convolutions of quantised maps, outputs in the lanes (conv). Included by quant_kernels.c only.
 *
 * A block of rows x columns x vectors of outputs stays in registers; a group of inputs is
 * broadcast, the weights of a group and VL outputs are one vector. Single input channels:
 * quant_columns.h.
 */
#ifndef NN_QUANT_CONV_H
#define NN_QUANT_CONV_H

#include "quant_results.h"

/* ---- packed weights: 4 bytes for each group and output ---- */

static int groups_of(int count)
{
    return (count + GROUP - 1) / GROUP;
}

static int padded(int outputs)
{
    return (outputs + VL - 1) / VL * VL;
}

static size_t pack_size(int rows, int count, int out_c, int dense)
{
    return (size_t)rows * (size_t)groups_of(count) * (size_t)padded(out_c) *
           (dense ? DENSE_BYTES : 4);
}

/* A weight to its place in a group of BYTES. */
static void put_weight(char *group, size_t bytes, int place, weight value)
{
    if (bytes / GROUP == sizeof value)
        memcpy(group + (size_t)place * sizeof value, &value, sizeof value);
    else
        ((int16_t *)group)[place] = (int16_t)value;
}

/* [row][group][output] of GROUP weights, zero where there is none. */
static void pack(const void *from, int rows, int count, int out_c, int dense, void *packed)
{
    const weight *w = from;
    int groups = groups_of(count), outputs = padded(out_c);
    size_t bytes = dense ? DENSE_BYTES : 4;
    memset(packed, 0, pack_size(rows, count, out_c, dense));
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < count; i++)
            for (int o = 0; o < out_c; o++, w++) {
                size_t group = (size_t)row * (size_t)groups + (size_t)(i / GROUP);
                put_weight((char *)packed + (group * (size_t)outputs + (size_t)o) * bytes, bytes,
                           i % GROUP, *w);
            }
}

/* ---- outputs in the lanes ---- */

/* Multiples of a distance in bytes, for addresses of the form base + multiple * 1, 2, 4 or 8. */
typedef struct multiples {
    ptrdiff_t one, three, five, seven, nine;
} multiples;

INLINE ptrdiff_t times(const multiples *m, int i)
{
    switch (i) {
    case 3:
    case 6:
        return m->three * (i / 3);
    case 5:
        return m->five;
    case 7:
        return m->seven;
    case 9:
        return m->nine;
    default:
        return m->one * i;
    }
}

/* The compiler must not know them from one step to the next: it would keep the address of every
   position in a register of its own, and these in memory. */
INLINE void renew(multiples *m)
{
    __asm__("" : "+r"(m->one), "+r"(m->three), "+r"(m->five), "+r"(m->seven), "+r"(m->nine));
}

enum { P_MOST = 20 }; /* sums in registers */

INLINE sums sums_at(const sum *from)
{
    sums s;
    memcpy(&s, from, sizeof s);
    return s;
}

/* The sums of R rows (2: pooled) x P columns x V vectors of outputs from c on, beginning at x, to
   s[row][column][vector]. */
INLINE void conv_sums(const quant_window *k, const element *x, sums *s, int c, const int R,
                      const int P, const int V)
{
    UNROLL for (int v = 0; v < V; v++)
    {
        sums bias;
        memcpy(&bias, (const sum *)k->bias + c + v * VL, sizeof bias);
        UNROLL for (int i = 0; i < R * P; i++) s[i * V + v] = bias;
    }
    ptrdiff_t step = (ptrdiff_t)(k->stride_w * k->in_c) * (ptrdiff_t)sizeof *x;
    multiples columns = {step, 3 * step, 5 * step, 7 * step, 9 * step};
    size_t down = (size_t)(k->stride_h * k->in_pitch);
    const char *w = (const char *)k->weights + (size_t)c * 4;
    size_t next = (size_t)k->padded * 4;
    for (int ky = 0; ky < k->kernel_h; ky++, x += k->in_pitch) {
        const element *at = x;
        for (int g = 0; g < k->row_groups; g++, at += GROUP, w += next) {
            vi weights[2];
            const char *rows[2] = {(const char *)at, (const char *)(at + down)};
            renew(&columns);
            UNROLL for (int v = 0; v < V; v++) weights[v] = *(const vi_any *)(w + v * VL * 4);
            UNROLL for (int i = 0; i < R * P; i++)
            {
                vi in = group_at((const element *)(rows[i / P] + times(&columns, i % P)));
                UNROLL for (int v = 0; v < V; v++) s[i * V + v] = dot(s[i * V + v], in, weights[v]);
            }
        }
    }
}

#if NREG == 32 && QUANT_FORM == QUANT_QUADS
/* The same of two rows x P columns x one vector where nn__quant_shares_loads(): a kernel row's
   weights all stay in registers, and a group of inputs is loaded once for every second window of an
   output row that it belongs to. Half as many loads as products: there is room for some lines of what
   comes next. */
INLINE void shared_sums(const quant_window *k, const element *x, sums *s, int c, quant_ahead *next,
                        const int P)
{
    enum { STEP = 6, GROUPS = (5 * STEP + GROUP - 1) / GROUP };
    enum { EVERY = 2, APART = STEP * EVERY / GROUP }; /* windows that share, groups between them */
    const int LOADS = GROUPS + (P / EVERY - 1) * APART, LINES = QUANT_AHEAD / 64;
    sums bias = sums_at((const sum *)k->bias + c);
    UNROLL for (int i = 0; i < 2 * P; i++) s[i] = bias;
    const char *w = (const char *)k->weights + (size_t)c * 4;
    size_t below = (size_t)k->padded * 4, down = (size_t)(k->stride_h * k->in_pitch);
    for (int ky = 0; ky < k->kernel_h; ky++, x += k->in_pitch) {
        vi weights[GROUPS];
        UNROLL for (int g = 0; g < GROUPS; g++, w += below) weights[g] = *(const vi_any *)w;
        UNROLL for (int i = 0; i < LOADS; i++)
        {
            UNROLL for (int line = i; line < LINES; line += LOADS)
                __builtin_prefetch(next->at + 64 * line, 0, 3);
            UNROLL for (int start = 0; start < 2 * EVERY; start++)
            {
                int row = start / EVERY, first = start % EVERY;
                vi in = group_at(x + (row ? down : 0) + first * STEP + i * GROUP);
                UNROLL for (int n = 0; n < P / EVERY; n++)
                {
                    int at = row * P + first + n * EVERY, g = i - n * APART;
                    if (g >= 0 && g < GROUPS)
                        s[at] = dot(s[at], in, weights[g]);
                }
            }
        }
        next->at = next->end - next->at > QUANT_AHEAD ? next->at + QUANT_AHEAD : next->end;
    }
}
#endif

INLINE vf factor_at(const quant_finish *finish, int c)
{
#if QUANT_FORM == QUANT_HALVES
    (void)finish, (void)c;
    return (vf){0};
#else
    return *(const vf_any *)(finish->factor + c);
#endif
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

/* ---- not pooled: sums of a row to the scratch, then from there ---- */

INLINE void conv_block(const quant_window *k, const element *x, sum *to, int c, const int P,
                       const int V)
{
    sums s[P_MOST];
    conv_sums(k, x, s, c, 1, P, V);
    UNROLL for (int i = 0; i < P; i++) UNROLL for (int v = 0; v < V; v++)
        memcpy(to + (size_t)i * (size_t)k->padded + c + v * VL, &s[i * V + v], sizeof s[0]);
}

#define CONV_BLOCK(P, V)                                                                           \
    for (; k->out_w - x >= (P); x += (P))                                                          \
        conv_block(k, from + (size_t)x * step, to + (size_t)x * (size_t)k->padded, c, P, V);

static void sum_row(const quant_window *k, const element *from, sum *to)
{
    size_t step = (size_t)(k->stride_w * k->in_c);
    for (int c = 0; c < k->padded;) {
        int x = 0, two = k->padded - c >= 2 * VL;
        if (two) {
            CONV_BLOCK(4, 2)
            CONV_BLOCK(1, 2)
        } else {
            CONV_BLOCK(8, 1)
            CONV_BLOCK(1, 1)
        }
        c += two ? 2 * VL : VL;
    }
}

/* ---- pooled: from the registers ---- */

/* P / 2 windows whose sums are s[row][column][vector]. Outputs that do not fill a vector may be
   stored as a whole one where ROOM is left, but only the first of a position: those to the right of
   it come later. */
INLINE void finish_windows(const quant_window *k, const sums *s, element *y, int c, int room,
                           const int P, const int V, const quant_pooled POOLED,
                           const nn_activation ACTIVATION)
{
    UNROLL for (int i = 0; i < P / 2; i++) UNROLL for (int v = 0; v < V; v++)
    {
        const sums *four = s + 2 * i * V + v;
        int at = i * k->out_c + v * VL;
        store(y + at,
              pooled(four[0], four[V], four[P * V], four[P * V + V],
                     factor_at(&k->finish, c + v * VL), k->finish.zero, POOLED, ACTIVATION),
              c + v * VL ? k->out_c - c - v * VL : room - at);
    }
}

#define FINISH_WINDOWS(P, V)                                                                       \
    if (k->pooled == QUANT_AVERAGED)                                                               \
        BY_ACTIVATION(k->finish.activation, finish_windows, k, s, y, c, room, P, V,                \
                      QUANT_AVERAGED)                                                              \
    else                                                                                           \
        BY_ACTIVATION(k->finish.activation, finish_windows, k, s, y, c, room, P, V, QUANT_MAXIMUM)

static void finish_one(const quant_window *k, const sums *s, element *y, int c, int room)
{
    FINISH_WINDOWS(2, 1)
}

/* One window at a time, for blocks of all sizes. */
static __attribute__((noinline)) void finish_block(const quant_window *k, const sums *block,
                                                   element *y, int c, int room, int p, int v)
{
    for (int i = 0; i < p / 2; i++)
        for (int n = 0; n < v; n++) {
            const sums *at = block + 2 * i * v + n;
            sums s[4] = {at[0], at[v], at[p * v], at[p * v + v]};
            finish_one(k, s, y + i * k->out_c + n * VL, c + n * VL, room - i * k->out_c - n * VL);
        }
}

INLINE void windows_block(const quant_window *k, const element *x, element *y, int c, int room,
                          quant_ahead *next, const int P, const int V)
{
    sums s[P_MOST];
    (void)next;
#if NREG == 32 && QUANT_FORM == QUANT_QUADS
    if (P == 10 && nn__quant_shares_loads(k))
        shared_sums(k, x, s, c, next, P);
    else
#endif
        conv_sums(k, x, s, c, 2, P, V);
    if (2 * P * V < P_MOST) { /* smaller code */
        finish_block(k, s, y, c, room, P, V);
        return;
    }
    FINISH_WINDOWS(P, V)
}

#define WINDOWS_BLOCK(P, V)                                                                        \
    for (; 2 * k->out_w - x >= (P); x += (P))                                                      \
        windows_block(k, from + (size_t)x * step, y + x / 2 * k->out_c + c, c,                     \
                      (k->out_w - x / 2) * k->out_c, next, P, V);

static void windows_row(const quant_window *k, const element *from, element *y, quant_ahead *next)
{
    size_t step = (size_t)(k->stride_w * k->in_c);
    for (int c = 0; c < k->padded;) {
        int x = 0, two = k->padded - c >= 2 * VL;
        if (two) {
#if NREG == 32
            WINDOWS_BLOCK(4, 2)
#endif
            WINDOWS_BLOCK(2, 2)
        } else {
#if NREG == 32
            WINDOWS_BLOCK(10, 1)
#endif
            WINDOWS_BLOCK(4, 1)
            WINDOWS_BLOCK(2, 1)
        }
        c += two ? 2 * VL : VL;
    }
}

static void conv(const quant_window *k, const void *x, void *y, void *scratch)
{
    int pooled = k->pooled != QUANT_NOT_POOLED;
    size_t down = (size_t)(k->stride_h * k->in_pitch) * (pooled ? 2 : 1);
    const element *from = x;
    quant_ahead next = k->ahead;
    for (int row = 0; row < k->out_h; row++, from += down) {
        size_t at = (size_t)row * (size_t)k->out_pitch;
        if (pooled) {
            windows_row(k, from, (element *)y + at, &next);
            continue;
        }
        sum_row(k, from, scratch);
        finish_outputs(&k->finish, scratch, k->out_w, k->out_c,
                       k->finish.to_float ? (void *)((float *)y + at) : (element *)y + at);
    }
}

#endif
