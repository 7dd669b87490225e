/*
 * What TinyCC cannot express, or compiles wrongly without a word (holes H3 to H6, H12): found by
 * looking at the tokens, before it is compiled.
 */
#ifndef XTINYCC_REFUSE_H
#define XTINYCC_REFUSE_H

#include "split.h"

typedef struct refusal {
    const char *reason; /* NULL: nothing to refuse */
    const token *token;
} refusal;

/* Whether brackets [first, end) hold a variable or a call. */
bool refuse_variable_size(const names *names, const token *first, const token *end);

refusal refuse_item(pool *pool, const names *names, const item *item);
/* What is wrong only in code, not in a declaration: see refuse_address.h. */
refusal refuse_code(pool *pool, const names *names, const item *item);
/* The same for a part of the item's tokens. */
refusal refuse_tokens(pool *pool, const names *names, const item *item, size_t first, size_t end);

#endif
