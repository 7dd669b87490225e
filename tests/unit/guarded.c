/*
 * Memory between pages that nobody may touch, for programs linked with --wrap=malloc and so on: one
 * byte too far is a fault. What is asked for ends at the page behind it, or, with GUARDED=start in
 * the environment, begins at the page before it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

/* What is asked of the mapping, kept in the page before the guard. */
typedef struct mapping {
    size_t length, size;
} mapping;

/* [facts][guard][data ...][guard], the data at one end of its pages. */
static void *guarded(size_t align, size_t size)
{
    size_t rounded = (size + align - 1) / align * align;
    size_t pages = (rounded + PAGE - 1) / PAGE * PAGE + (rounded == 0) * PAGE;
    size_t length = pages + 3 * PAGE;
    char *base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    *(mapping *)base = (mapping){length, size};
    mprotect(base + PAGE, PAGE, PROT_NONE);
    mprotect(base + 2 * PAGE + pages, PAGE, PROT_NONE);
    const char *side = getenv("GUARDED");
    int at_start = side && strcmp(side, "start") == 0;
    return base + 2 * PAGE + (at_start ? 0 : pages - rounded);
}

/* The data starts in its first page, whichever end it lies at. */
static char *base_of(const void *data)
{
    uintptr_t page = (uintptr_t)data & ~(uintptr_t)(PAGE - 1);
    return (char *)page - 2 * PAGE;
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *data, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
float *__wrap_nn__scratch_alloc(size_t floats);
void __wrap_nn__scratch_free(float *memory, size_t floats);
void __wrap_free(void *data);

void *__wrap_malloc(size_t size)
{
    return guarded(16, size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    return guarded(16, n * size);
} /* pages are zero */
void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return guarded(align, size);
}

float *__wrap_nn__scratch_alloc(size_t floats)
{
    return guarded(64, floats ? floats * sizeof(float) : 1);
}

void __wrap_nn__scratch_free(float *memory, size_t floats)
{
    (void)floats;
    __wrap_free(memory);
}

void __wrap_free(void *data)
{
    if (!data)
        return;
    char *base = base_of(data);
    munmap(base, ((mapping *)base)->length);
}

void *__wrap_realloc(void *data, size_t size)
{
    void *moved = guarded(16, size);
    if (moved && data) {
        size_t before = ((mapping *)base_of(data))->size;
        memcpy(moved, data, before < size ? before : size);
        __wrap_free(data);
    }
    return moved;
}
