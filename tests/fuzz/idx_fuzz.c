/* Read an IDX file, plain or .gz. What is accepted must lie in the mapping, whole. */
#include <stdint.h>
#include <stdlib.h>

#include "idx.h"
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_idx idx;
    if (size < 1)
        return 0;
    int rank = data[0] & 2 ? 3 : 1;
    int fd = nn__memory_file("fuzz", data + 1, size - 1);
    if (fd < 0 || nn__idx_read(fd, "fuzz", rank, &idx) != NN_OK)
        return 0;
    size_t count = 1, sum = 0;
    for (int i = 0; i < idx.rank; i++)
        count *= (size_t)idx.shape[i];
    const uint8_t *map = idx.map;
    if (idx.rank != rank || idx.data < map ||
        (size_t)(idx.data - map) + count > idx.map_size)
        abort();
    for (size_t i = 0; i < count; i++)
        sum += idx.data[i];
    nn__idx_free(&idx);
    return sum == SIZE_MAX; /* the reads are not left out */
}
