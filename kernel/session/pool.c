#include "pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 16, BLOCK = 64 * 1024, SHARED_BLOCK = 1024 * 1024 };

struct pool_block {
    struct pool_block *next;
    size_t size; /* with this */
    max_align_t data[];
};

static struct pool_block *allocate_block(const pool *pool, size_t size)
{
    struct pool_block *block;
    if (pool->shared) {
        block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            return NULL;
    } else {
        block = malloc(size);
    }
    if (block)
        block->size = size;
    return block;
}

void *pool_alloc(pool *pool, size_t size)
{
    if (size > POOL_LIMIT)
        longjmp(pool->out_of_memory, 1);
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > pool->left) {
        size_t usual = pool->shared ? SHARED_BLOCK : BLOCK;
        size_t room = size > usual / 4 ? size : usual;
        struct pool_block *block = NULL;
        if (pool->total + room <= POOL_LIMIT)
            block = allocate_block(pool, sizeof *block + room);
        if (!block)
            longjmp(pool->out_of_memory, 1);
        pool->total += room;
        block->next = pool->blocks;
        pool->blocks = block;
        if (room == size) /* a large piece has its own block; the current one stays in use */
            return memset(block->data, 0, size);
        pool->at = (char *)block->data;
        pool->left = room;
    }
    void *piece = memset(pool->at, 0, size);
    pool->at += size;
    pool->left -= size;
    return piece;
}

char *pool_copy(pool *pool, const char *text, size_t size)
{
    char *copy = pool_alloc(pool, size + 1);
    if (size)
        memcpy(copy, text, size);
    return copy;
}

static char *format_list(pool *pool, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    char *out = pool_alloc(pool, size > 0 ? (size_t)size + 1 : 1);
    if (size > 0)
        vsnprintf(out, (size_t)size + 1, format, again);
    va_end(again);
    return out;
}

char *pool_format(pool *pool, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *out = format_list(pool, format, list);
    va_end(list);
    return out;
}

void pool_free(pool *pool)
{
    while (pool->blocks) {
        struct pool_block *next = pool->blocks->next;
        if (pool->shared)
            munmap(pool->blocks, pool->blocks->size);
        else
            free(pool->blocks);
        pool->blocks = next;
    }
    pool->at = NULL;
    pool->macros = NULL;
    pool->left = pool->total = 0;
}

void pool_seal(pool *pool)
{
    for (struct pool_block *block = pool->blocks; block; block = block->next)
        mprotect(block, block->size, PROT_READ);
    pool->left = 0;
}

/* Make the piece that was allocated last larger where it is. */
static bool extend(pool *pool, const void *piece, size_t size, size_t wanted)
{
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    wanted = (wanted + ALIGN - 1) / ALIGN * ALIGN;
    if (!piece || (const char *)piece + size != pool->at || wanted - size > pool->left)
        return false;
    memset(pool->at, 0, wanted - size);
    pool->at += wanted - size;
    pool->left -= wanted - size;
    return true;
}

void *pool_grow(pool *pool, void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity)
        return array;
    size_t room = *capacity ? *capacity * 2 : 16;
    if (extend(pool, array, *capacity * element, room * element)) {
        *capacity = room;
        return array;
    }
    char *larger = pool_alloc(pool, room * element);
    if (count)
        memcpy(larger, array, count * element);
    *capacity = room;
    return larger;
}

void text_add(text *text, const char *data, size_t size)
{
    if (text->size + size + 1 > text->capacity) {
        size_t room = text->capacity ? text->capacity * 2 : 256;
        while (room < text->size + size + 1)
            room *= 2;
        if (!extend(text->pool, text->data, text->capacity, room)) {
            char *larger = pool_alloc(text->pool, room);
            if (text->size)
                memcpy(larger, text->data, text->size);
            text->data = larger;
        }
        text->capacity = room;
    }
    if (size)
        memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_puts(text *text, const char *data)
{
    text_add(text, data, strlen(data));
}

void text_format(text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    text_puts(text, format_list(text->pool, format, list));
    va_end(list);
}

const char *text_string(const text *text)
{
    return text->data ? text->data : "";
}
