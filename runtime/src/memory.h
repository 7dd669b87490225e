/*
 * Memory of the session: zeroed blocks on 64-byte boundaries, listed so that nn_reset() can free
 * them all. Private to libnn.
 */
#ifndef NN_SRC_MEMORY_H
#define NN_SRC_MEMORY_H

#include <stddef.h>

/* Returns SIZE zeroed bytes (large blocks cost no page until they are touched), or NULL. DESTROY,
   if not NULL, is called with the block before it is freed. */
void *nn__session_alloc(size_t size, void (*destroy)(void *block));

/* Frees one block early; NULL is allowed. */
void nn__session_free(void *block);

/* Write each page of it as it is; NULL is allowed. A session's frozen snapshot shares all pages until
   they are written to, and a first write while threads run interrupts every core: what threads are
   going to change is made the session's own before they start. */
void nn__own_pages(void *memory, size_t bytes);

#endif
