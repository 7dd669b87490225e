#include "scratch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../large_pages.h"

enum { LINE = 64 };

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

float *nn__scratch_alloc(size_t floats)
{
    size_t bytes = bytes_of(floats);
    if (bytes >= LARGE) {
        void *pages = nn__large_pages(bytes);
        if (pages)
            (void)madvise(pages, nn__large_pages_size(bytes), MADV_WIPEONFORK);
        return pages;
    }
    float *memory = aligned_alloc(LINE, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void nn__scratch_free(float *memory, size_t floats)
{
    size_t bytes = bytes_of(floats);
    if (!memory)
        return;
    if (bytes >= LARGE)
        nn__large_pages_free(memory, bytes);
    else
        free(memory);
}
