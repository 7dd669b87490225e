/*
 * What earlier cells declared: the session's text.
 *
 * Declarations are kept macro-expanded, so that no later macro changes their meaning; macros are
 * kept apart, each as it is in force now. A unit begins with the headers, then these declarations,
 * then the macros. A name that gets a new meaning is renamed in the older declarations.
 */
#ifndef XTINYCC_PAST_H
#define XTINYCC_PAST_H

#include <stdint.h>

#include "headers.h"
#include "names.h"
#include "pool.h"
#include "wire.h"

typedef enum entry_kind {
    ENTRY_TYPE,
    ENTRY_OBJECT,
    ENTRY_FUNCTION,
    ENTRY_INCLUDE, /* a header */
    ENTRY_PRAGMA,
    ENTRY_DROPPED
} entry_kind;

/* A name that an entry declares, as past_enter() enters it. */
typedef struct past_name {
    name_space space;
    name_kind kind;
    bool flexible, returns_void;
    uint32_t offset, length, start, end; /* in the entry's text: the name, its declaration */
} past_name;

typedef struct entry {
    entry_kind kind;
    int cell, line;
    int made;           /* the cell that it is of: CELL may have said the same again */
    const char *text;   /* what later units need: C without macros */
    const char *source; /* as written in the cell; include: the directive */
    native_level native;
    const past_name *names; /* NULL: to be found in the text */
    size_t name_count;
} entry;

typedef struct past_macro {
    const char *name;
    const char *text; /* "NAME(x) body"; "" if the user undefined it */
    int cell, line;
    bool header; /* of one that a cell included */
    bool native; /* of one that only the system compiler reads */
} past_macro;

typedef struct past {
    pool *pool;
    entry *list;
    size_t count, capacity;
    past_macro *macros;
    size_t macro_count, macro_capacity;
    taken *taken; /* names of the headers that are the user's now */
    size_t taken_count, taken_capacity;
    unsigned renamed; /* how many names have been renamed */
} past;

void past_write(const past *past, wire_buf *out);
/* Returns 0, or -1 if the text is damaged. Strings stay in the message. */
int past_read(pool *pool, wire_reader *in, past *past);

/* Enter all names into NAMES' top table; an entry's index is the names' `item`. What the entries
   declare is read from their text once, and kept with them. */
void past_enter(const past *past, names *names);
/* Whether nothing has changed since BEFORE. */
bool past_is_same(const past *past, const struct past *before);

entry *past_add(past *past, entry_kind kind, int cell, int line, const char *text,
                const char *source);
/* TEXT "": undefined. */
past_macro *past_set_macro(past *past, const char *name, const char *text, int cell, int line);
const past_macro *past_find_macro(const past *past, const char *name);
/* Whether TinyCC cannot know what a name found in the session's tables means. */
bool past_is_native(const past *past, name_space space, const name *name);
bool past_has_taken(const past *past, name_space space, const char *name);
void past_take(past *past, name_space space, const char *name);

/* Give the name of entry ITEM another spelling wherever older declarations use it; an entry that
   then is of no use to anybody is dropped. Returns the new spelling. */
const char *past_rename(past *past, size_t item, name_space space, name_kind kind,
                        const char *name);
/* Forget NAME: object, function, type, tag and macro alike. Returns whether there was any. */
bool past_forget(past *past, const char *name);
/* Whether the text of an entry mentions a name. */
bool past_mentions(const past *past, size_t item, const char *name);

/* Tokens joined by single blanks: the form in which declarations are kept and compared. */
const char *tokens_join(pool *pool, const token *first, const token *end);

#endif
