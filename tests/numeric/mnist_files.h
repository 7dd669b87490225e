/* Find and read MNIST for the numeric tests: XTINYCC_DATA, then the cache. */
#ifndef XTINYCC_TESTS_MNIST_FILES_H
#define XTINYCC_TESTS_MNIST_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nn/tensor.h"

static void *mnist_read(const char *directory, const char *name, size_t header, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(header + size) : NULL;
    int complete = bytes && fread(bytes, 1, header + size, file) == header + size;
    if (file)
        fclose(file);
    if (complete)
        memmove(bytes, bytes + header, size);
    else
        free(bytes);
    return complete ? bytes : NULL;
}

/* Images as (COUNT, 28, 28, 1), scaled to [0, 1], and labels; returns 0 if there are none. KIND is
   "train" or "t10k". The memory stays until the program ends. */
static int mnist_load(const char *kind, int64_t count, tensor_t *x, tensor_t *y)
{
    char cache[900], name[64];
    const char *data = getenv("XTINYCC_DATA"), *xdg = getenv("XDG_CACHE_HOME");
    snprintf(cache, sizeof cache, "%s%s/xeus-tinycc/mnist", xdg ? xdg : getenv("HOME"),
             xdg ? "" : "/.cache");
    const char *folders[] = {data ? data : cache, cache};
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s-images-idx3-ubyte", kind);
        void *images = mnist_read(folders[i], name, 16, (size_t)count * 784);
        snprintf(name, sizeof name, "%s-labels-idx1-ubyte", kind);
        void *labels = mnist_read(folders[i], name, 8, (size_t)count);
        if (images && labels) {
            *x = nn_rescale(nn_tensor_wrap(images, NN_UINT8, 4, (int64_t[]){count, 28, 28, 1}),
                            1 / 255.0f);
            *y = nn_tensor_wrap(labels, NN_UINT8, 1, (int64_t[]){count});
            return 1;
        }
        free(images);
        free(labels);
    }
    return 0;
}

#endif
