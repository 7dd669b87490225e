#include "random.h"

uint64_t nn__random(uint64_t seed, nn_stream stream, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t bits = nn__random_mix(seed, (uint64_t)stream);
    bits = nn__random_mix(bits ^ a, 1);
    bits = nn__random_mix(bits ^ b, 2);
    return nn__random_mix(bits ^ c, 3);
}

/* Fisher and Yates. The upper half of (32 random bits x bound) is an index below the bound, uniform
   up to a bias of bound / 2^32. */
void nn__shuffle(int32_t *order, int32_t count, uint64_t seed, uint64_t epoch)
{
    for (int32_t i = 0; i < count; i++)
        order[i] = i;
    uint64_t key = nn__random(seed, NN_STREAM_SHUFFLE, epoch, 0, 0);
    for (int32_t i = count - 1; i > 0; i--) {
        uint64_t bits = nn__random_mix(key, (uint64_t)i) >> 32;
        int32_t j = (int32_t)((bits * (uint64_t)(i + 1)) >> 32);
        int32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
