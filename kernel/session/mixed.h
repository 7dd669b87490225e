/*
 * Hole H17: a structure of 9 to 16 bytes with only floating-point members in one half and others
 * in the other half is passed and returned in other registers by TinyCC than by other compilers.
 * Functions that do so are left to the system compiler, with their callers.
 */
#ifndef XTINYCC_MIXED_H
#define XTINYCC_MIXED_H

#include "type_find.h"

/* The type by which one of the functions that the declaration declares is concerned: "struct m";
   NULL if none is. Types that cannot be found are taken for harmless. */
const char *mixed_in_declaration(const type_scope *scope, const tokens *tokens,
                                 const declaration *declaration);

/* Hole H5: whether va_arg of the type that tokens [first, end) name reads wrong values: structures of
   9 to 16 bytes with floating-point members, empty ones, and those of unknown layout. */
bool mixed_va_arg(const type_scope *scope, const token *first, const token *end);

/* As mixed_in_declaration(), for the function that entry ITEM of the session declares. */
const char *mixed_in_entry(const type_scope *scope, size_t item);

#endif
