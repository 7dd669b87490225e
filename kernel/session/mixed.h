/*
 * Hole H17: a structure of 9 to 16 bytes with only floating-point members in one half and others
 * in the other half is passed and returned in other registers by TinyCC than by other compilers.
 * Functions that do so are left to the system compiler, with their callers.
 */
#ifndef XTINYCC_MIXED_H
#define XTINYCC_MIXED_H

#include "past.h"
#include "split.h"

/* Where types are looked up. ITEMS: those of the cell itself, may be NULL. */
typedef struct mixed_scope {
    pool *pool;
    const names *names;
    const past *past;
    const items *items;
} mixed_scope;

/* The type by which one of the functions that the declaration declares is concerned: "struct m";
   NULL if none is. Types that cannot be found are taken for harmless. */
const char *mixed_in_declaration(const mixed_scope *scope, const tokens *tokens,
                                 const declaration *declaration);

/* The same for the function that entry ITEM of the session declares. */
const char *mixed_in_entry(const mixed_scope *scope, size_t item);

#endif
