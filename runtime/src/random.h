/*
 * Random numbers as functions of counters, never of a hidden state: the same numbers for any
 * number of threads and any order of asking. Private to libnn.
 */
#ifndef NN_SRC_RANDOM_H
#define NN_SRC_RANDOM_H

#include <stdint.h>

/* What a number is for: streams of one seed never meet. */
typedef enum nn_stream { NN_STREAM_INIT = 1, NN_STREAM_SHUFFLE = 2, NN_STREAM_DROPOUT = 3 } nn_stream;

/* 64 random bits of (seed, stream, a, b, c). */
uint64_t nn__random(uint64_t seed, nn_stream stream, uint64_t a, uint64_t b, uint64_t c);

/* Mixes one more counter into random bits: a cheap way to number elements under one nn__random(). */
static inline uint64_t nn__random_mix(uint64_t bits, uint64_t counter)
{
    uint64_t z = bits + counter * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The upper 24 bits as a float in [0, 1). */
static inline float nn__random_unit(uint64_t bits)
{
    return (float)(bits >> 40) * 0x1p-24f;
}

/* Dropout's decision for one element, shared by all engines: KEY is
   nn__random(seed, NN_STREAM_DROPOUT, epoch, row of x, index of the operation). */
static inline int nn__dropout_keeps(uint64_t key, uint64_t element, float rate)
{
    return nn__random_unit(nn__random_mix(key, element + 1)) >= rate;
}

/* Fills ORDER with a random permutation of 0 .. count-1. */
void nn__shuffle(int32_t *order, int32_t count, uint64_t seed, uint64_t epoch);

#endif
