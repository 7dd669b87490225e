/*
 * Where a type's name comes from: the declaration of a tag or typedef name in the code at hand, the
 * cell, the session or a header.
 */
#ifndef XTINYCC_TYPE_FIND_H
#define XTINYCC_TYPE_FIND_H

#include "past.h"
#include "split.h"

/* A declaration somewhere. */
typedef struct type_found {
    const tokens *tokens;
    const declaration *declaration;
} type_found;

/* Where types are looked up, innermost first. All but the first three members may be empty. */
typedef struct type_scope {
    pool *pool;
    const names *names;
    const past *past;
    const items *items;          /* those of the cell itself */
    const char *const *headers;  /* texts of the headers that the cell includes */
    size_t header_count;
    const type_found *locals;    /* declarations inside the code at hand */
    size_t local_count;
} type_scope;

/* The declaration of NAME: a tag with its body (SPACE_TAG), or a typedef (SPACE_ORDINARY). */
bool type_find(const type_scope *scope, const token *name, name_space space, type_found *out);

/* Read the declaration that TEXT begins with. */
type_found type_read(const type_scope *scope, const char *text, size_t size);

/* Whether tokens [first, end) name an integer or floating type made of the words of WORDS, a list
   that ends in NULL, all of which must occur; through macros and typedef names. `const` and the
   like do not matter. */
bool type_is_made_of(const type_scope *scope, const token *first, const token *end,
                     const char *const *words);

#endif
