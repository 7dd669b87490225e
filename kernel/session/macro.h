/*
 * Expand macros, as the splitter needs it: to see what an item that begins with a macro is, and to
 * find names and sizes that macros hide. What is compiled is expanded by the compiler itself.
 */
#ifndef XTINYCC_MACRO_H
#define XTINYCC_MACRO_H

#include "names.h"
#include "scan.h"

/* How many steps the expansions of a request may take, all together, and those while it is split:
   macros that call each other can be made to take any number. */
enum { MACRO_WORK = 8000000, MACRO_SPLIT_WORK = 400000 };
/* From now on, so many steps. */
void macro_allow(pool *pool, size_t work);
/* Take so many of them for something else that macros can make long. False: there were too few. */
bool macro_spend(pool *pool, size_t steps);
/* How many are left. */
size_t macro_left(pool *pool);
/* Whether something was left as written for want of them. */
bool macro_is_spent(pool *pool);

/* Enter `#define` and `#undef` directives into the top table; others are ignored. */
void macro_directive(names *names, const token *directive);

/* Whether the brackets of what a macro stands for do not match: `#define BEGIN {`. */
bool macro_is_uneven(pool *pool, const name *entry);
/* Whether it stands for an object that a pointer leads to, as `errno` does. */
bool macro_is_object(pool *pool, const name *entry);

/*
 * Expand the macro call that begins at FIRST (before END), completely. Returns the token after the
 * call, or NULL if FIRST is no macro, its arguments are incomplete or the expansion is too large:
 * by itself, or with all that this pool's request has expanded before.
 * *LIST gets *COUNT tokens and a TOKEN_END; all are marked `expanded` and bear FIRST's line.
 */
const token *macro_expand(pool *pool, const names *names, const token *first, const token *end,
                          token **list, size_t *count);

/* Expand every macro in [first, end); none, if that is too large. */
void macro_expand_all(pool *pool, const names *names, const token *first, const token *end,
                      token **list, size_t *count);

#endif
