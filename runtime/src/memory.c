#include "memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "large_pages.h"
#include "nn/tensor.h"

#define ALIGNMENT 64
#define WORTH_LARGE_PAGES ((size_t)16 << 20) /* data sets; their images are read in any order */

/* Stands right before each block; one cache line, so that the block stays aligned. */
typedef struct header {
    struct header *previous, *next;
    void *base; /* what calloc returned */
    void (*destroy)(void *block);
} header;

_Static_assert(sizeof(header) <= ALIGNMENT, "a header fits before an aligned block");

static header *blocks; /* newest first */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static header *header_of(void *block)
{
    return (header *)((char *)block - ALIGNMENT);
}

void *nn__session_alloc(size_t size, void (*destroy)(void *block))
{
    if (size > PTRDIFF_MAX - 2 * ALIGNMENT)
        return NULL;
    /* calloc, because it hands out untouched zero pages for large blocks. */
    char *base = calloc(1, size + 2 * ALIGNMENT);
    if (!base)
        return NULL;
    if (size >= WORTH_LARGE_PAGES)
        nn__large_pages_in(base, size);
    uintptr_t start = ((uintptr_t)base + ALIGNMENT + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *block = base + (start - (uintptr_t)base);
    header *h = header_of(block);
    h->base = base;
    h->destroy = destroy;
    pthread_mutex_lock(&lock);
    h->next = blocks;
    if (blocks)
        blocks->previous = h;
    blocks = h;
    pthread_mutex_unlock(&lock);
    return block;
}

void nn__session_free(void *block)
{
    if (!block)
        return;
    header *h = header_of(block);
    pthread_mutex_lock(&lock);
    if (h->previous)
        h->previous->next = h->next;
    else
        blocks = h->next;
    if (h->next)
        h->next->previous = h->previous;
    pthread_mutex_unlock(&lock);
    if (h->destroy)
        h->destroy(block);
    free(h->base);
}

void nn__own_pages(void *memory, size_t bytes)
{
    enum { PAGE = 4096 }; /* of larger ones some are written again */
    volatile char *at = memory;
    if (!at || !bytes)
        return;
    for (size_t i = 0; i < bytes; i += PAGE)
        at[i] = at[i];
    at[bytes - 1] = at[bytes - 1];
}

/* All destructors run before anything is freed: a model's looks at its other blocks. */
void nn_reset(void)
{
    for (header *h = blocks; h; h = h->next) {
        if (h->destroy)
            h->destroy((char *)h + ALIGNMENT);
        h->destroy = NULL;
    }
    while (blocks)
        nn__session_free((char *)blocks + ALIGNMENT);
}
