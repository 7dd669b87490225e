/*
 * Types whose size is known only as the program runs. TinyCC has plain variable-length arrays; it
 * miscompiles pointers to them (hole H3), parameters made of them (H4) and structures that hold
 * them (H18).
 */
#ifndef XTINYCC_REFUSE_VARIABLE_H
#define XTINYCC_REFUSE_VARIABLE_H

#include "local.h"
#include "refuse.h"

/* H3: `(*p)[m]`, `(*)[m]` at token AT (the parenthesis). */
refusal refuse_row_pointer(pool *pool, const names *names, const tokens *tokens, size_t at);
/* H4: parameters `double a[][n]`. */
refusal refuse_array_parameter(pool *pool, const names *names, const item *item);
/* H3 and H18 where types are made or used by name: in code between FIRST and END, which declares
   LOCALS. */
refusal refuse_variable_types(pool *pool, const tokens *tokens, size_t first, size_t end,
                              const local_list *locals);

/* Whether the brackets at AT change something or call a function: `int a[n++]`. */
bool refuse_effects(const tokens *tokens, size_t at);

#endif
