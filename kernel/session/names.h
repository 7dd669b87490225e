/*
 * What names mean: ordinary identifiers, tags and macros, each a name space of its own.
 * Tables are stacked: the names of the headers, shared by every request, below those of the
 * session and the cell.
 */
#ifndef XTINYCC_NAMES_H
#define XTINYCC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "pool.h"
#include "scan.h"

typedef enum name_space { SPACE_ORDINARY, SPACE_TAG, SPACE_MACRO, SPACE_COUNT } name_space;

typedef enum name_kind {
    NAME_UNKNOWN, /* hides what a lower table says */
    NAME_TYPE,
    NAME_FUNCTION,
    NAME_OBJECT,
    NAME_CONSTANT, /* an enumerator */
    NAME_TAG,
    NAME_MACRO
} name_kind;

enum { NAME_NATIVE = -2 };

typedef struct name {
    const char *text;
    size_t length;
    name_kind kind;
    bool flexible;     /* type that ends in a flexible array */
    bool returns_void; /* function */
    int item;          /* session item that declares it; -1 none: a header or this cell;
                          NAME_NATIVE: a header of this cell that only the system compiler reads */
    const char *place; /* "stdio.h" or "In[3]"; "" unknown */
    const char *macro; /* macro: its text from the name on, to the end of the line */
    size_t macro_length;
    size_t start, end; /* header: where the declaration lies in the header text */
    size_t hash;
    struct name *next; /* in the same slot */
} name;

typedef struct names {
    const struct names *below;
    pool *pool;
    name **slots[SPACE_COUNT];
    size_t size[SPACE_COUNT], count[SPACE_COUNT]; /* slots are a power of two */
} names;

/* What only the system compiler can do with a declaration. */
typedef enum native_level {
    NATIVE_NOTHING,
    NATIVE_CALLS, /* TinyCC can declare the function, but not call it rightly */
    NATIVE_ALL    /* TinyCC cannot even declare it */
} native_level;

/* NULL if the name means nothing. */
const name *names_find(const names *names, name_space space, const char *text, size_t length);
const name *names_find_token(const names *names, name_space space, const token *token);
/* Add or replace in the top table; the rest of the entry is zero. */
name *names_set(names *names, name_space space, const char *text, size_t length, name_kind kind);

/* Whether a cell made it, not a header. */
bool name_is_users(const name *name);
/* "stdio.h" of `#include <stdio.h>`: the place of what the header declares. */
const char *name_header_place(pool *pool, const char *directive);

/* "function", "variable", ...: what users are told that a name is. */
const char *name_kind_word(name_kind kind);

bool is_type_name(const names *names, const token *token);
/* A macro's name, where it can be expanded. */
bool is_macro(const names *names, const token *token);

#endif
