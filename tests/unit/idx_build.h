/* Make IDX and .gz bytes for tests. */
#ifndef TESTS_IDX_BUILD_H
#define TESTS_IDX_BUILD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static inline void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Element i of COUNT x HEIGHT x WIDTH (rank 3) or COUNT (rank 1) is i * STEP % 10. */
static inline bytes idx_bytes(int rank, uint32_t count, uint32_t height, uint32_t width, int step)
{
    size_t header = 4 + 4 * (size_t)rank;
    size_t elements = rank == 1 ? count : (size_t)count * height * width;
    bytes b = {calloc(1, header + elements + 1), header + elements};
    put32(b.data, 0x800 | (uint32_t)rank);
    put32(b.data + 4, count);
    if (rank == 3) {
        put32(b.data + 8, height);
        put32(b.data + 12, width);
    }
    for (size_t i = 0; i < elements; i++)
        b.data[header + i] = (uint8_t)(i * (size_t)step % 10);
    return b;
}

static inline bytes gz_bytes(const void *data, size_t size)
{
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    bytes b = {malloc(deflateBound(&z, size) + 64), 0};
    z.next_in = (Bytef *)data;
    z.avail_in = (uInt)size;
    z.next_out = b.data;
    z.avail_out = (uInt)deflateBound(&z, size) + 64;
    deflate(&z, Z_FINISH);
    b.size = z.total_out;
    deflateEnd(&z);
    return b;
}

static inline void write_bytes(const char *folder, const char *name, bytes b)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(b.data, 1, b.size, f) != b.size)
        abort();
    fclose(f);
}

#endif
