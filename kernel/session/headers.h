/*
 * The text of headers: expanded once, cut down to what later units need, indexed by name.
 *
 * A header's text is its declarations, already expanded, and then the macros it leaves behind. So
 * a name the user takes can be left out of it, and no later macro can change what it means.
 */
#ifndef XTINYCC_HEADERS_H
#define XTINYCC_HEADERS_H

#include "names.h"
#include "compiler.h"
#include "reach.h"

/* A type that display() shows as a table, and the function it calls for it. */
typedef struct header_table {
    const char *type, *function;
    const char *name; /* the type's, without `const` and `*` */
} header_table;

typedef struct headers {
    pool pool;
    compiler_paths paths;
    const char *declarations; /* expanded C without macros */
    size_t declarations_size;
    const char *macros;       /* #define lines, in the order of definition */
    names names;              /* what both declare; places are header names */
    names used;               /* ordinary names that inline functions of the headers mention */
    reach_index *reach;       /* what names reach in both */
    header_table *tables;     /* types that notebook.h's display() shows as tables */
    size_t table_count;
} headers;

/* The default headers, expanded by headers_prepare(); NULL before. */
const headers *headers_default(void);
int headers_prepare(const compiler_paths *paths, char *error, size_t error_size);

/* Whether `#include DIRECTIVE` names one of the default headers, which are always there. */
bool headers_are_default(const char *rest, size_t length);

/* A header included by a cell, as kept in the session: "declarations" then "macros". */
typedef struct header_text {
    const char *declarations, *macros;
} header_text;

/* Expand one include directive, with MACROS (#define and #undef lines) in force. */
compiler_result headers_expand(pool *pool, const char *macros, const char *directive, const char *file,
                          int line, header_text *out);

/* Enter what a header's text declares. *USED (may be NULL): see struct headers. */
void headers_enter(pool *pool, names *names, struct names *used, const char *declarations, size_t size,
                   int item, const char *place);
void headers_enter_macros(pool *pool, names *names, const char *macros, int item,
                          const char *place);

/* A name the user took. */
typedef struct taken {
    name_space space;
    const char *name;
} taken;

/* DECLARATIONS without the names taken: declarations nobody else needs are blanked, the others go
   under hidden names. */
const char *headers_without(pool *pool, const char *declarations, size_t size, const taken *taken,
                            size_t count);
/* Whether a name can be taken by leaving out its default declarations. */
bool headers_taken_simply(const taken *taken);
/* The default declarations without them, faster. */
const char *headers_default_without(pool *pool, const taken *taken, size_t count);

#endif
