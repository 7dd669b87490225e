/*
 * Which of the headers' declarations and macros a unit can use: those that its names reach.
 *
 * The headers' text is long; a cell needs little of it. The index knows for each declaration what
 * it declares and what it mentions, so that a unit may begin with the declarations and macros that
 * its own text reaches, in the order of the headers. More than needed is taken when in doubt: a
 * name counts in every name space. Two things cannot be found so, and whoever writes a unit must
 * then give all of the headers' text: names that `##` makes (reach_pastes), and a unit that the
 * compiler has anything to say about.
 */
#ifndef XTINYCC_REACH_H
#define XTINYCC_REACH_H

#include "declare.h"
#include "names.h"
#include "scan.h"

/* --- The index, made once ------------------------------------------------------------------- */

typedef struct reach_index reach_index;

reach_index *reach_create(pool *pool);
/* Add the declaration in [FIRST, END) of TOKENS, whose text begins at BASE. */
void reach_add(reach_index *index, const tokens *tokens, const declaration *declaration,
               size_t first, size_t end, const char *base);
/* Add #define lines; they must live as long as the index. */
void reach_add_macros(reach_index *index, const char *lines);

/* --- One unit ------------------------------------------------------------------------------- */

typedef struct reach reach;

/* Told of every name that is mentioned outside the headers' own declarations: for the names that
   the session itself knows. It may call reach_text(). */
typedef void (*reach_hook)(void *context, reach *reach, const token *name);

reach *reach_begin(pool *pool, const reach_index *index, reach_hook hook, void *context);
/* Leave out the declarations of an object or function, unless one of them declares more. Returns
   whether all were left out. */
bool reach_leave_out(reach *reach, const char *name);
/* Follow the names in a text: C, with directives, or a macro's definition. */
void reach_text(reach *reach, const char *text, size_t size);
void reach_tokens(reach *reach, const token *first, const token *end);

/* Whether a macro that was reached joins names that cannot be known. */
bool reach_pastes(const reach *reach);
/* Whether a name of the headers was reached. */
bool reach_has(const reach *reach, const char *name);
/* Whether the headers' macro NAME was reached. */
bool reach_has_macro(const reach *reach, const char *name);
/* What was reached. BASE is the headers' text. */
void reach_put_declarations(const reach *reach, const char *base, text *out);
void reach_put_macros(const reach *reach, text *out);

#endif
