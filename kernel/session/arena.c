#include "arena.h"

#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096, ALIGN_MAX = 1 << 21 };

static const size_t MIB = 1u << 20;

static char *page_ceil(void *address)
{
    return (char *)(((uintptr_t)address + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
}

bool arena_init(arena_t *arena)
{
    *arena = (arena_t){0};
    /* 1.75 GiB keeps every pair of addresses within a signed 32-bit displacement. */
    for (size_t size = 1792 * MIB; size >= 28 * MIB; size /= 2) {
        void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                          -1, 0);
        if (base == MAP_FAILED)
            continue;
        arena->base = base;
        arena->size = size;
        size_t text = size / 7 & ~(size_t)(PAGE - 1);
        arena->text = arena->text_top = arena->text_open = base;
        /* One page between the parts is never used. */
        arena->text_end = arena->text + text - PAGE;
        arena->data = arena->data_top = arena->data_open = arena->text + text;
        arena->data_end = arena->base + size;
        return true;
    }
    return false;
}

void arena_destroy(arena_t *arena)
{
    if (arena->base)
        munmap(arena->base, arena->size);
    *arena = (arena_t){0};
}

/* Writable text: executable as well where the system allows it. */
static bool make_writable(char *from, char *to)
{
    if (from >= to)
        return true;
    size_t size = (size_t)(to - from);
    return mprotect(from, size, PROT_READ | PROT_WRITE | PROT_EXEC) == 0 ||
           mprotect(from, size, PROT_READ | PROT_WRITE) == 0;
}

/* The next SIZE bytes of a part that ends at END, or NULL. */
static char *place(char *top, char *end, size_t size, size_t align)
{
    if (align > ALIGN_MAX)
        return NULL;
    uintptr_t at = ((uintptr_t)top + align - 1) & ~(uintptr_t)(align - 1);
    if (at > (uintptr_t)end || size > (uintptr_t)end - at)
        return NULL;
    return (char *)at;
}

void *arena_alloc_text(arena_t *arena, size_t size, size_t align)
{
    char *at = place(arena->text_top, arena->text_end, size, align);
    if (!at)
        return NULL;
    char *end = page_ceil(at + size);
    if (end > arena->text_open) {
        if (!make_writable(arena->text_open, end))
            return NULL;
        arena->text_open = end;
    }
    arena->text_top = at + size;
    return at;
}

void *arena_alloc_data(arena_t *arena, size_t size, size_t align)
{
    char *at = place(arena->data_top, arena->data_end, size, align);
    if (!at)
        return NULL;
    char *end = page_ceil(at + size);
    if (end > arena->data_open) {
        size_t more = (size_t)(end - arena->data_open);
        if (mprotect(arena->data_open, more, PROT_READ | PROT_WRITE) != 0)
            return NULL;
        arena->data_open = end;
    }
    arena->data_top = at + size;
    return at;
}

arena_mark arena_save(const arena_t *arena)
{
    return (arena_mark){.text_top = arena->text_top, .data_top = arena->data_top};
}

void arena_restore(arena_t *arena, arena_mark mark)
{
    memset(mark.text_top, 0, (size_t)(arena->text_top - mark.text_top));
    arena->text_top = mark.text_top;

    /* Whole pages go back to the system: they may be many, and they must become inaccessible. */
    char *kept = page_ceil(mark.data_top);
    char *used = kept < arena->data_top ? kept : arena->data_top;
    memset(mark.data_top, 0, (size_t)(used - mark.data_top));
    if (kept < arena->data_open) {
        size_t size = (size_t)(arena->data_open - kept);
        madvise(kept, size, MADV_DONTNEED);
        mprotect(kept, size, PROT_NONE);
        arena->data_open = kept;
    }
    arena->data_top = mark.data_top;
}

bool arena_unlock_text(arena_t *arena)
{
    return make_writable(arena->text, arena->text_open);
}

void arena_lock_text(arena_t *arena)
{
    if (arena->text < arena->text_open)
        mprotect(arena->text, (size_t)(arena->text_open - arena->text), PROT_READ | PROT_EXEC);
}
