/*
 * What TinyCC takes although it is not C, and then compiles to something that nobody wrote: found
 * by looking at the tokens of an item, so that it is refused with a sentence that names it.
 *
 * Types that only the compiler knows are looked at while it compiles (strict.c).
 */
#ifndef XTINYCC_CHECK_H
#define XTINYCC_CHECK_H

#include "refuse.h"
#include "type_find.h"

/* The first such thing in the cell; the reason is NULL if there is none. *DOUBT gets the first that
   is C but hardly meant (`auto x = 1.5;` is an int, `int i = 3000000000;` too small), likewise. */
refusal check_items(const type_scope *scope, refusal *doubt);

/* Its parts, for tokens whose macros of the cells are expanded, with the place of each bracket's
   partner (0: it has none). */
typedef struct check_code {
    const type_scope *scope;
    tokens tokens;
    size_t *partner;
    refusal *doubt;
} check_code;

/* Words that do not go together in one type, and words of the language in a name's place. */
refusal check_specifiers(const check_code *code);
/* Numbers and escape sequences that are none. */
refusal check_literal(pool *pool, const token *t);
/* Lines that begin with `#` and mean nothing. */
refusal check_directive(pool *pool, const token *t);
/* Assignments to values, addresses of what has none, types whose members nobody has declared. */
refusal check_places(const check_code *code, const item *item);
/* Two members or parameters of one name, values without a name, sizes that are no integers. */
refusal check_declaration(const check_code *code, const item *item);

/* Variables that are used before the cell declares them, or that it declares with a value twice. */
refusal check_order(const type_scope *scope);

#endif
