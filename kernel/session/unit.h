/*
 * Write the C unit of one cell, and with it what the cell adds to the session.
 *
 * A unit: the headers' declarations, the session's, the macros, then the cell's own types,
 * objects and functions at file scope in the order written, and `void __cell_N(void)` with the
 * statements, the initial values that must be computed, and the value of the last expression.
 */
#ifndef XTINYCC_UNIT_H
#define XTINYCC_UNIT_H

#include "lang.h"
#include "past.h"
#include "split.h"

/* An object or function that the cell defines. */
typedef struct defined {
    const char *name;
    bool is_function;
    lang_bind bind;
    size_t entry;  /* in unit.past */
    bool unsized;  /* array: its size is what the object file says */
    bool native;   /* an object that TinyCC cannot declare */
} defined;

/* An include directive of the cell, expanded. */
typedef struct included {
    const token *directive; /* text pointer identifies it */
    header_text text;
    bool native; /* only the system compiler reads it */
} included;

/* What the attempts before have taught: names whose type has changed. */
typedef struct lesson {
    const char *name;
} lesson;

/* A cell for the system compiler is written twice: its types and objects for TinyCC, which makes
   room for them and describes them, and all of it for the system compiler. */
typedef enum unit_target {
    UNIT_WHOLE,  /* for TinyCC, with everything */
    UNIT_TYPES,  /* for TinyCC: no code */
    UNIT_NATIVE  /* for the system compiler: objects that TinyCC can declare are extern */
} unit_target;

struct unit;

typedef struct unit_plan {
    pool *pool;
    const past *before;      /* the session as it is */
    const items *items;
    const names *names;      /* headers, session and cell */
    const names *past_names; /* headers and session */
    const included *includes;
    size_t include_count;
    const char *text; /* the cell's */
    int number;
    lang_mode mode;
    lesson *changed;
    size_t changed_count;
    size_t done; /* items that have run: see lang_cell */
    const int64_t *sizes;
    size_t size_count;
    bool whole;     /* all that headers and session say, not only what the cell's names reach */
    bool show_copy; /* the value to show cannot be addressed: copy it */
    bool show_decayed; /* it is an array that cannot even be copied: show the pointer to it */
    unit_target target;
    bool show_native;         /* TinyCC cannot express the value to show */
    const struct unit *types; /* UNIT_NATIVE: what UNIT_TYPES has become */
} unit_plan;

typedef struct unit {
    past past;  /* the session as it will be */
    const char *text;
    const char *entry; /* "" nothing to run */
    const char *main; /* "main", or "void main", if the cell defines it; else "" */
    const char *shown, *shown_address;
    int shown_line, shown_end_line; /* lines of the value's expression; 0: no value */
    defined *defined;
    size_t defined_count, defined_capacity;
    const char **notes;
    size_t note_count, note_capacity;
    const char *refusal; /* not NULL: the cell is refused for this reason */
    int refusal_line;
    bool refusal_is_value; /* a value is to blame: ValueError */
    bool rest; /* see lang_unit */
    size_t rest_done, size_count;
    const char *sizes;
} unit;

void unit_write(const unit_plan *plan, unit *out);

#endif
