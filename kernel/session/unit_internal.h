/* What the files that write a unit share. */
#ifndef XTINYCC_UNIT_INTERNAL_H
#define XTINYCC_UNIT_INTERNAL_H

#include "unit.h"

typedef struct writer {
    const unit_plan *plan;
    pool *pool;
    unit *out;
    names *names;           /* the plan's, less the macros that the cell takes */
    text top, body;         /* file scope; the entry function */
    int anonymous;          /* structures without a tag so far */
    size_t next_size;       /* of the plan's sizes */
    bool shown;             /* the value to show has been written */
    native_level native;    /* of the item being written */
    names *forward;         /* functions that an item before their own must know: unit_forward.c */
} writer;

void unit_note(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void unit_refuse(writer *w, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* `#line` for what follows. */
void unit_line(writer *w, text *to, int line);
/* The same, and blanks up to the token's column, so that messages name it. */
void unit_place(writer *w, text *to, const token *token);

/* Whether the unit declares the item being written; the code of functions and statements. */
bool unit_declares(const writer *w);
bool unit_has_code(const writer *w);

/* unit_declare.c: declarations and functions. */
void unit_declaration(writer *w, const item *item);
/* What declares the function that ITEM defines, if its head defines no type. */
const char *unit_prototype(writer *w, const item *item);
/* unit_forward.c: declare the cell's functions that the INDEXth item is the first to name, and a
   later item defines. */
void unit_forward(writer *w, size_t index);
/* unit_shadow.c: names that headers make macros are names again in code between FIRST and END that
   declares them; END_OF_CODE: what stood before stands again. */
void unit_shadow(writer *w, text *to, const token *first, const token *end, bool end_of_code);
/* unit_sizes.c: arrays at top level whose size only the cell's own code knows. */
bool unit_needs_sizes(const writer *w, const item *item);
/* End the unit before ITEM, the INDEXth: its code leaves the sizes. */
void unit_ask_sizes(writer *w, const item *item, size_t index);
/* The declarator with the sizes that were asked for, NULL if it needs none. */
const char *unit_sized_declarator(writer *w, const tokens *tokens, const declarator *d);

/* unit_prologue.c: what comes before the cell's own code: of headers and session, what REST, the
   remainder of the unit, can use. */
void unit_prologue(writer *w, const char *rest, text *out);
/* Whether a value of the cell may have a type that notebook.h's display() shows as a table: whether
   the cell's names reach one. */
bool unit_reaches_tables(writer *w);
/* An include directive, for the system compiler. */
void unit_native_include(text *out, const char *directive);
/* unit_show.c: the value of the cell. */
void unit_show(writer *w, const item *item, size_t first, size_t end);
/* unit_names.c: a name gets a (new) meaning. Returns how to bind it. */
bool unit_has_changed(const writer *w, const char *name); /* its type, as the compiler found */
lang_bind unit_claim(writer *w, name_space space, name_kind kind, const token *name);

#endif
