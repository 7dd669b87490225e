#include "large_pages.h"

#include <stdint.h>
#include <sys/mman.h>

size_t nn__large_pages_size(size_t bytes)
{
    return (bytes + NN_LARGE_PAGE - 1) / NN_LARGE_PAGE * NN_LARGE_PAGE;
}

/* Mapped with room to cut it at a large page's boundary; what is left over goes back. */
void *nn__large_pages(size_t bytes)
{
    size_t size = nn__large_pages_size(bytes), all = size + NN_LARGE_PAGE;
    char *base = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)base % NN_LARGE_PAGE);
    char *memory = base + before;
    if (before)
        munmap(base, before);
    munmap(memory + size, all - before - size);
    (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

void nn__large_pages_in(void *memory, size_t bytes)
{
    size_t before = (size_t)(-(uintptr_t)memory % NN_LARGE_PAGE);
    if (before < bytes && bytes - before >= NN_LARGE_PAGE)
        (void)madvise((char *)memory + before, (bytes - before) / NN_LARGE_PAGE * NN_LARGE_PAGE,
                      MADV_HUGEPAGE);
}

void nn__large_pages_free(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, nn__large_pages_size(bytes));
}
