/* The declarations inside code: those of blocks, and of the first part of `for`. */
#ifndef XTINYCC_LOCAL_H
#define XTINYCC_LOCAL_H

#include "type_find.h"

typedef struct local_list {
    names names; /* what they declare, above the names given; scopes are not told apart */
    type_found *list;
    size_t count, capacity;
} local_list;

/* Read those between tokens FIRST and END, which are a function's body or a statement. */
void local_read(pool *pool, const names *names, const tokens *tokens, size_t first, size_t end,
                local_list *out);

#endif
