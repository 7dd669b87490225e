/*
 * How an object of a cell gets its initial value: at file scope if the compiler can know it, else
 * by code in the entry function.
 */
#ifndef XTINYCC_INITIALISER_H
#define XTINYCC_INITIALISER_H

#include "declare.h"

typedef enum initialiser_kind {
    INITIALISER_NONE,
    INITIALISER_STATIC, /* stays at file scope */
    INITIALISER_ASSIGN, /* x = e; */
    INITIALISER_COPY    /* { T t = e; memcpy(&x, &t, sizeof x); } */
} initialiser_kind;

initialiser_kind initialiser_choose(pool *pool, const names *names, const tokens *tokens,
                                    const declaration *d, const declarator *item);

/* The number of elements of the array that `{ a, b, c }` gives its size, 0 if it cannot be told:
   with designators, or where braces are left out around rows and structures. */
size_t initialiser_count(pool *pool, const names *names, const tokens *tokens,
                         const declaration *d,
                         const declarator *item);

#endif
