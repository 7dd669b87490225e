/*
 * The splitter: a cell's text to items, in order. Pure and total: any bytes, any names.
 *
 * NAMES says what the names of the headers and the session mean; what the cell itself declares is
 * entered into its top table as the items pass.
 */
#ifndef XTINYCC_SPLIT_H
#define XTINYCC_SPLIT_H

#include "declare.h"
#include "names.h"
#include "scan.h"

typedef enum item_kind {
    ITEM_DIRECTIVE,
    ITEM_MAGIC,
    ITEM_DECLARATION, /* types, prototypes, objects: see `declaration` */
    ITEM_FUNCTION,    /* a definition */
    ITEM_ASSERT,      /* _Static_assert */
    ITEM_STATEMENT,
    ITEM_EXPRESSION   /* the trailing one, not ended by `;` */
} item_kind;

typedef struct item {
    item_kind kind;
    tokens tokens;           /* the array that FIRST, END and `declaration` index */
    size_t first, end;
    int line;
    bool expanded;           /* some of its tokens were made by a macro */
    native_level native;     /* see route.h */
    size_t offset, offset_end; /* where it lies in the cell's text */
    declaration *declaration;  /* ITEM_DECLARATION, ITEM_FUNCTION */
} item;

typedef enum split_status {
    SPLIT_OK,
    SPLIT_INCOMPLETE, /* the text ends within an item */
    SPLIT_INVALID     /* no continuation can mend it */
} split_status;

typedef struct items {
    item *list;
    size_t count;
    split_status status;
    const char *problem; /* when not SPLIT_OK */
    int problem_line;
    const token *problem_token; /* may be NULL */
    size_t open_braces;         /* unclosed brackets at the end, for the indent */
    size_t steps;               /* that its macros took, see macro.h */
} items;

items split(pool *pool, names *names, const char *text, size_t size, const char *place);

#endif
