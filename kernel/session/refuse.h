/*
 * What TinyCC cannot express, or compiles wrongly without a word (holes H3 to H6, H12, H18, H20):
 * found by looking at the tokens, before it is compiled.
 */
#ifndef XTINYCC_REFUSE_H
#define XTINYCC_REFUSE_H

#include "split.h"
#include "type_find.h"

typedef struct refusal {
    const char *reason; /* NULL: nothing to refuse */
    const token *token;
} refusal;

/* Whether brackets [first, end) hold a variable or a call. */
bool refuse_variable_size(pool *pool, const names *names, const token *first, const token *end);

/* What cannot be said to TinyCC, in a part of the item's tokens. */
refusal refuse_tokens(pool *pool, const names *names, const item *item, size_t first, size_t end);
/* What is compiled wrongly, in code. */
refusal refuse_code(const type_scope *scope, const item *item);

/* What cannot be told any more in a cell of whose object a conversion from long double has been
   mended (mend_object.h): whether a cast to double was meant to round. */
refusal refuse_mended(const type_scope *scope);

#endif
