/*
 * Dense layers of quantised networks, and a convolution together with the dense layer that reads
 * it. Included by quant_kernels.c only.
 */
#ifndef NN_QUANT_DENSE_H
#define NN_QUANT_DENSE_H

#include "quant_conv.h"

/* Add to N vectors of sums what so many groups of inputs give, whose weights begin at W. Where
   there are registers, in two parts: a sum waits for itself. Integers only: their order does not
   matter. */
INLINE void dense_block(const quant_dense *k, const element *x, const char *w, int groups, sum *to,
                        quant_ahead *next, const int N)
{
    const int AHEAD = 8, PARTS = QUANT_FORM != QUANT_HALVES && 2 * N <= NREG / 2 ? 2 : 1;
    sums s[8 * 2];
    UNROLL for (int n = 0; n < N; n++) s[n] = sums_at(to + n * VL);
    UNROLL for (int n = N; n < N * PARTS; n++) s[n] = (sums){0};
    size_t below = (size_t)k->padded * DENSE_BYTES;
    int g = 0;
    for (; PARTS == 2 && g + 1 < groups; g += 2, x += 2 * GROUP, w += 2 * below) {
        if (next->at < next->end) {
            UNROLL for (int i = 0; i < AHEAD; i++) __builtin_prefetch(next->at + 64 * i, 0, 3);
            next->at += 64 * AHEAD;
        }
        vi in[2] = {group_at(x), group_at(x + GROUP)};
        UNROLL for (int n = 0; n < N; n++)
        {
            s[n] = dot(s[n], in[0], dense_weights(w + n * VL * DENSE_BYTES));
            s[(PARTS - 1) * N + n] =
                dot(s[(PARTS - 1) * N + n], in[1], dense_weights(w + below + n * VL * DENSE_BYTES));
        }
    }
    for (; g < groups; g++, x += GROUP, w += below) {
        vi in = group_at(x);
        UNROLL for (int n = 0; n < N; n++) s[n] =
            dot(s[n], in, dense_weights(w + n * VL * DENSE_BYTES));
    }
    UNROLL for (int n = N; n < N * PARTS; n++) s[n - N] += s[n];
    UNROLL for (int n = 0; n < N; n++) memcpy(to + n * VL, &s[n], sizeof s[n]);
}

#define DENSE_CASE(N)                                                                              \
    case N:                                                                                        \
        dense_block(k, x, w, groups, to, next, N);                                                 \
        break;

/* The same to all sums, cut into few blocks of at most 8 vectors, about equal. */
static void dense_add(const quant_dense *k, const element *x, const char *w, int groups, sum *to,
                      quant_ahead *next)
{
    int vectors = k->padded / VL, blocks = (vectors + 7) / 8;
    for (int b = 0; b < blocks; b++) {
        int n = vectors / blocks + (b < vectors % blocks);
        switch (n) {
            DENSE_CASE(1)
            DENSE_CASE(2)
            DENSE_CASE(3)
            DENSE_CASE(4)
            DENSE_CASE(5)
            DENSE_CASE(6)
            DENSE_CASE(7)
            DENSE_CASE(8)
        }
        to += n * VL;
        w += n * VL * DENSE_BYTES;
    }
}

static void dense(const quant_dense *k, const void *x, void *y, void *scratch)
{
    quant_ahead next = k->ahead;
    memcpy(scratch, k->bias, (size_t)k->padded * sizeof(sum));
    dense_add(k, x, k->weights, k->groups, scratch, &next);
    finish_outputs(&k->finish, scratch, 1, k->out_c, y);
}

#if NREG == 32 && QUANT_FORM == QUANT_QUADS
#define CONV_DENSE conv_dense
/* The weights that a row of the map meets come into the first cache while the row is computed. */
static void conv_dense(const quant_window *k, const quant_dense *d, const void *x, void *y, void *z,
                       void *scratch)
{
    const element *from = x;
    element *row = y;
    const char *w = d->weights;
    int groups = k->out_pitch / GROUP;
    size_t bytes = (size_t)groups * (size_t)d->padded * DENSE_BYTES;
    quant_ahead next = k->ahead, none = {w, w};
    memcpy(scratch, d->bias, (size_t)d->padded * sizeof(sum));
    for (int i = 0; i < k->out_h; i++, w += bytes, row += k->out_pitch) {
        windows_row(k, from, row, &next);
        from += (size_t)(2 * k->stride_h) * (size_t)k->in_pitch;
        dense_add(d, row, w, groups, scratch, &none);
        next.end = (size_t)(d->ahead.end - next.end) > bytes ? next.end + bytes : d->ahead.end;
    }
    finish_outputs(&d->finish, scratch, 1, d->out_c, z);
}
#else
#define CONV_DENSE NULL
#endif

#endif
