#include "idx.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "byte_source.h"
#include "error.h"
#include "large_pages.h"
#include "memory_file.h"

#define PAGE       ((size_t)4096)
#define SLACK      64
#define MAX_SIDE   4096 /* pixels of an image */
#define TYPE_UBYTE 0x08

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_big_endian(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

static size_t header_size(int rank)
{
    return 4 + 4 * (size_t)rank;
}

/* ---- the memory ---- */

static void *map_file(int fd, size_t size, int protection)
{
    void *map = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

nn_status nn__idx_create(const char *name, int rank, const int64_t *shape, nn_idx *out)
{
    *out = (nn_idx){.rank = rank, .fd = -1};
    size_t elements = 1;
    for (int i = 0; i < rank; i++) {
        out->shape[i] = shape[i];
        if (__builtin_mul_overflow(elements, (size_t)shape[i], &elements) ||
            elements > NN_IDX_LIMIT)
            return nn__fail(NN_VALUE_ERROR, "%s: more than 1 GiB of data.", name);
    }
    size_t header = header_size(rank);
    out->size = header + elements;
    out->offset = PAGE - header; /* the elements start at a page */
    out->map_size = (PAGE + elements + SLACK + PAGE - 1) / PAGE * PAGE;
    out->fd = nn__memory_file("data set", NULL, out->map_size);
    if (out->fd >= 0)
        out->map = map_file(out->fd, out->map_size, PROT_READ | PROT_WRITE);
    if (!out->map) {
        int why = errno;
        nn__idx_free(out);
        return nn__fail(NN_MEMORY_ERROR, "%s: no memory for %zu bytes: %s.", name, elements,
                        strerror(why));
    }
    uint8_t *start = (uint8_t *)out->map + out->offset;
    put_big_endian(start, (uint32_t)(TYPE_UBYTE << 8 | rank));
    for (int i = 0; i < rank; i++)
        put_big_endian(start + 4 + 4 * i, (uint32_t)shape[i]);
    out->data = start + header;
    return NN_OK;
}

nn_status nn__idx_seal(const char *name, nn_idx *idx)
{
    munmap(idx->map, idx->map_size);
    idx->map = NULL;
    idx->data = NULL;
    /* A file that cannot be sealed (no memfd here) is still only mapped for reading. */
    nn__memory_file_seal(idx->fd);
    idx->map = map_file(idx->fd, idx->map_size, PROT_READ);
    if (!idx->map) {
        int why = errno;
        nn__idx_free(idx);
        return nn__fail(NN_MEMORY_ERROR, "%s could not be mapped: %s.", name, strerror(why));
    }
    idx->data = (uint8_t *)idx->map + idx->offset + header_size(idx->rank);
    return NN_OK;
}

static void move_to_large_pages(nn_idx *idx)
{
    uint8_t *pages = nn__large_pages(idx->map_size);
    if (!pages)
        return; /* it may stay where it is */
    memcpy(pages, idx->map, idx->map_size);
    (void)mprotect(pages, nn__large_pages_size(idx->map_size), PROT_READ);
    idx->data = pages + (idx->data - (uint8_t *)idx->map);
    munmap(idx->map, idx->map_size);
}

tensor_t nn__idx_tensor(nn_idx *idx)
{
    if (idx->map_size >= NN_LARGE_PAGE)
        move_to_large_pages(idx);
    close(idx->fd);
    tensor_t x = {
        .data = idx->data, .rank = idx->rank, .dtype = NN_UINT8, .scale = 1.0f, .read_only = 1};
    memcpy(x.shape, idx->shape, (size_t)idx->rank * sizeof x.shape[0]);
    *idx = (nn_idx){.fd = -1};
    return x;
}

void nn__idx_free(nn_idx *idx)
{
    if (idx->map)
        munmap(idx->map, idx->map_size);
    if (idx->map_size > 0 && idx->fd >= 0)
        close(idx->fd);
    *idx = (nn_idx){.fd = -1};
}

/* ---- the file ---- */

static const char *kind(int rank)
{
    return rank == 1 ? "labels" : "images";
}

static nn_status check_header(const uint8_t *header, const char *name, int rank, int64_t *shape)
{
    uint32_t magic = big_endian(header), wanted = (uint32_t)(TYPE_UBYTE << 8 | rank);
    if (magic != wanted)
        return nn__fail(NN_VALUE_ERROR,
                        "%s is not an IDX file of %s: it starts with %u, expected %u.", name,
                        kind(rank), magic, wanted);
    for (int i = 0; i < rank; i++)
        shape[i] = big_endian(header + 4 + 4 * i);
    if (shape[0] < 1)
        return nn__fail(NN_VALUE_ERROR, "%s holds no %s.", name, kind(rank));
    for (int i = 1; i < rank; i++)
        if (shape[i] < 1 || shape[i] > MAX_SIDE)
            return nn__fail(NN_VALUE_ERROR, "%s: images of %lld x %lld; 1 to %d are read.", name,
                            (long long)shape[1], (long long)shape[2], MAX_SIDE);
    return NN_OK;
}

static nn_status wrong_length(const char *name, const nn_idx *idx, size_t found, int more)
{
    return nn__fail(NN_VALUE_ERROR,
                    "%s is %s: its header announces %lld %s, %zu bytes in all; found %s%zu.\n"
                    "Copy or download it again.",
                    name, more ? "too long" : "truncated", (long long)idx->shape[0],
                    kind(idx->rank), idx->size, more ? "at least " : "", found);
}

static nn_status read_elements(nn_byte_source *source, const char *name, nn_idx *idx)
{
    size_t header = header_size(idx->rank), elements = idx->size - header, got;
    /* Compressed data may lie about anything: it is only bounded while it inflates. */
    size_t stored = nn__byte_source_stored_size(source);
    if (!nn__byte_source_is_gz(source) && stored != idx->size)
        return wrong_length(name, idx, stored, stored > idx->size);
    nn_status status = nn__byte_source_read(source, idx->data, elements, &got);
    if (status != NN_OK)
        return status;
    if (got < elements)
        return wrong_length(name, idx, header + got, 0);
    uint8_t extra;
    status = nn__byte_source_read(source, &extra, 1, &got);
    if (status == NN_OK && got > 0)
        return wrong_length(name, idx, idx->size + 1, 1);
    return status;
}

nn_status nn__idx_read(int fd, const char *name, int rank, nn_idx *out)
{
    *out = (nn_idx){.fd = -1};
    nn_byte_source *source;
    nn_status status = nn__byte_source_open(fd, name, &source);
    if (status != NN_OK)
        return status;
    uint8_t header[NN_IDX_HEADER];
    int64_t shape[3] = {0};
    size_t got;
    status = nn__byte_source_read(source, header, header_size(rank), &got);
    if (status == NN_OK && got < header_size(rank))
        status =
            nn__fail(NN_VALUE_ERROR, "%s is truncated: %zu bytes are no IDX header.", name, got);
    if (status == NN_OK)
        status = check_header(header, name, rank, shape);
    if (status == NN_OK && !nn__byte_source_is_gz(source)) {
        /* Before any memory is taken: a short file cannot ask for a gigabyte. */
        nn_idx told = {.rank = rank, .size = header_size(rank)};
        size_t elements = 1;
        memcpy(told.shape, shape, sizeof shape);
        for (int i = 0; i < rank; i++)
            if (__builtin_mul_overflow(elements, (size_t)shape[i], &elements))
                elements = SIZE_MAX / 2;
        told.size += elements;
        size_t stored = nn__byte_source_stored_size(source);
        if (stored < told.size)
            status = wrong_length(name, &told, stored, 0);
    }
    if (status == NN_OK)
        status = nn__idx_create(name, rank, shape, out);
    if (status == NN_OK) {
        status = read_elements(source, name, out);
        if (status == NN_OK)
            status = nn__idx_seal(name, out);
        else
            nn__idx_free(out);
    }
    nn__byte_source_close(source);
    return status;
}
