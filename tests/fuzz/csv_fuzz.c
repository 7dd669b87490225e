/* Read images and labels from comma-separated text. What is accepted must lie in the mappings. */
#include <stdint.h>
#include <stdlib.h>

#include "csv.h"
#include "memory_file.h"

static size_t sum_of(const nn_idx *idx, int rank)
{
    size_t count = 1, sum = 0;
    for (int i = 0; i < idx->rank; i++)
        count *= (size_t)idx->shape[i];
    const uint8_t *map = idx->map;
    if (idx->rank != rank || (size_t)(idx->data - map) + count > idx->map_size)
        abort();
    for (size_t i = 0; i < count; i++)
        sum += idx->data[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_idx images, labels;
    int fd = nn__memory_file("fuzz", data, size);
    if (fd < 0 || nn__csv_read(fd, "fuzz", &images, &labels) != NN_OK)
        return 0;
    if (images.shape[0] != labels.shape[0])
        abort();
    size_t sum = sum_of(&images, 3) + sum_of(&labels, 1);
    nn__idx_free(&images);
    nn__idx_free(&labels);
    return sum == SIZE_MAX; /* the reads are not left out */
}
