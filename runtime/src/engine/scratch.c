#include "scratch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LINE = 64, LARGE_PAGE = 2 << 20 };

/* What is smaller is copied sooner than a mapping of its own is made. The address sanitizer watches
   only what malloc() gave. */
#ifdef __SANITIZE_ADDRESS__
static const size_t LARGE = SIZE_MAX;
#else
static const size_t LARGE = 256 << 10;
#endif

static size_t bytes_of(size_t floats)
{
    size_t bytes = floats * sizeof(float);
    return bytes ? (bytes + LINE - 1) / LINE * LINE : LINE;
}

/* Mapped with room to cut it at a large page's boundary; what is left over goes back. */
static void *mapped(size_t bytes)
{
    size_t all = bytes + LARGE_PAGE;
    char *base = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)base % LARGE_PAGE);
    char *memory = base + before;
    if (before)
        munmap(base, before);
    munmap(memory + bytes, all - before - bytes);
    /* Refused, they cost time and nothing else. */
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    (void)madvise(memory, bytes, MADV_WIPEONFORK);
    return memory;
}

static size_t mapped_bytes(size_t bytes) { return (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE; }

float *nn__scratch_alloc(size_t floats)
{
    size_t bytes = bytes_of(floats);
    if (bytes >= LARGE)
        return mapped(mapped_bytes(bytes));
    float *memory = aligned_alloc(LINE, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void nn__scratch_free(float *memory, size_t floats)
{
    size_t bytes = bytes_of(floats);
    if (!memory)
        return;
    if (bytes >= LARGE)
        munmap(memory, mapped_bytes(bytes));
    else
        free(memory);
}
