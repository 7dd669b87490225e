/*
 * Memory of one request: allocated piece by piece, freed all at once.
 *
 * When memory is out (or the request has used POOL_LIMIT) pool_alloc() jumps to `out_of_memory`,
 * so that the code between needs no error paths of its own. Whoever makes a pool sets the jump:
 *
 *     pool pool = {0};
 *     if (setjmp(pool.out_of_memory)) { pool_free(&pool); return -1; }
 */
#ifndef XTINYCC_POOL_H
#define XTINYCC_POOL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

#define POOL_LIMIT ((size_t)1 << 30)

typedef struct pool {
    bool shared; /* memory that a fork need not copy: to be sealed before there is one */
    struct pool_block *blocks;
    char *at;
    size_t left, total;
    struct macro_memory *macros; /* what macro.c has read and spent in this request */
    jmp_buf out_of_memory;
} pool;

void *pool_alloc(pool *pool, size_t size); /* zeroed, 16-byte aligned, never NULL */
char *pool_copy(pool *pool, const char *text, size_t size); /* NUL-terminated copy */
char *pool_format(pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_free(pool *pool);
/* Make a shared pool's memory read-only for good. */
void pool_seal(pool *pool);

/* Make room for one more element of ARRAY (a pointer), which holds COUNT of CAPACITY. */
void *pool_grow(pool *pool, void *array, size_t count, size_t *capacity, size_t element);
#define POOL_PUSH(pool, array, count, capacity)                                                    \
    ((array) = pool_grow((pool), (array), (count), &(capacity), sizeof *(array)),                  \
     &(array)[(count)++])

/* A text that grows; always NUL-terminated once anything was added. */
typedef struct text {
    pool *pool;
    char *data;
    size_t size, capacity;
} text;

void text_add(text *text, const char *data, size_t size);
void text_puts(text *text, const char *data);
void text_format(text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *text_string(const text *text); /* "" when empty */

#endif
