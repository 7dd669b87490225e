/*
 * Memory in pages of 2 MB, where the system gives them. Private to libnn.
 *
 * What is read all over the place, from more pages of 4 KB than the processor's tables hold, waits
 * for their addresses: images of a shuffled data set, activations read plane by plane. Files in
 * memory get large pages on few systems only, memory without a file on most. Where they are refused
 * the memory is the same, in small pages.
 */
#ifndef NN_SRC_LARGE_PAGES_H
#define NN_SRC_LARGE_PAGES_H

#include <stddef.h>

enum { NN_LARGE_PAGE = 2 << 20 };

/* BYTES zeros, rounded up to whole large pages and starting on one; NULL for lack of memory. */
void *nn__large_pages(size_t bytes);
/* The BYTES it was asked for; NULL is allowed. */
void nn__large_pages_free(void *memory, size_t bytes);

/* Ask for them inside memory from elsewhere that nothing was written to yet. */
void nn__large_pages_in(void *memory, size_t bytes);

/* BYTES rounded up to whole large pages. */
size_t nn__large_pages_size(size_t bytes);

#endif
