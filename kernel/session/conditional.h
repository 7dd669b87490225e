/*
 * Resolve `#if` in a cell: the compiler's preprocessor tells which branches are taken, the others
 * are blanked. Lines and columns stay.
 */
#ifndef XTINYCC_CONDITIONAL_H
#define XTINYCC_CONDITIONAL_H

#include "compiler.h"

/* Whether the cell has any `#if`, `#ifdef` or `#ifndef`. */
bool conditional_any(pool *pool, const char *text, size_t size);

/* MACROS: the directives in force before the cell. Returns the cell's text, of the same size; NULL
   with *MESSAGES set if the preprocessor fails. */
char *conditional_resolve(pool *pool, const compiler_paths *paths, const char *macros,
                          const char *text, size_t size, int number, const char **messages);

#endif
