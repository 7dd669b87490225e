/*
 * Load files in IDX form into sealed, read-only memory. Private to libnn.
 *
 * The form: two zero bytes, a type (0x08: unsigned bytes, the only one read here), the number of
 * dimensions, each length as a big-endian 32-bit number, then the elements. A file is taken only
 * if its length is exactly header + product of the lengths, and at most 1 GiB.
 *
 * The bytes live in a memory file, for helpers to fill and to hash, that is sealed against every
 * change before it is mapped for reading; then nn__idx_tensor() hands them out. A fork shares them
 * and nothing can write to them. The elements start at a multiple of 64 bytes, with at least 64
 * readable bytes in front and behind, so that vector loads may overrun.
 */
#ifndef NN_SRC_IDX_H
#define NN_SRC_IDX_H

#include <stddef.h>
#include <stdint.h>
#include "nn/error.h"
#include "nn/tensor.h"

#define NN_IDX_LIMIT  ((size_t)1 << 30)
#define NN_IDX_HEADER 16 /* of images; labels have 8 */

typedef struct nn_idx {
    int rank;         /* 1: labels; 3: images */
    int64_t shape[3]; /* count, height, width */
    uint8_t *data;    /* the first element; the memory is read-only */
    int fd;           /* the memory file */
    size_t offset;    /* where the IDX file, header included, starts in the memory file */
    size_t size;      /* its length */
    void *map;        /* the whole mapping */
    size_t map_size;
} nn_idx;

/* Load the IDX file behind FD (closed in the end), plain or .gz; RANK 1 or 3 says what it must
   hold. NAME stands in error messages. Fails with NN_VALUE_ERROR (not IDX, wrong number of
   dimensions, length 0, cut short, too long), NN_OS_ERROR, NN_MEMORY_ERROR or NN_INTERRUPTED. */
nn_status nn__idx_read(int fd, const char *name, int rank, nn_idx *out);

/* Make an empty writable block of that shape with the header filled in; the caller writes the
   elements and calls nn__idx_seal(). */
nn_status nn__idx_create(const char *name, int rank, const int64_t *shape, nn_idx *out);

/* Seal a block made by nn__idx_create() and map it for reading. On failure it is freed. */
nn_status nn__idx_seal(const char *name, nn_idx *idx);

/* The elements as a tensor that lasts as long as the process; idx is empty afterwards. Large data
   move from their file to pages of 2 MB, which no file gets on most systems: to load shuffled images
   from small ones took 15 % of an epoch, nearly all of it the wait for the pages' addresses. */
tensor_t nn__idx_tensor(nn_idx *idx);

void nn__idx_free(nn_idx *idx); /* a zeroed one is fine */

#endif
