/* What the files that compile a cell share (cell.c, cell_fail.c, cell_take.c, ...). */
#ifndef XTINYCC_CELL_INTERNAL_H
#define XTINYCC_CELL_INTERNAL_H

#include "cell.h"
#include "compiler.h"
#include "diagnose.h"
#include "headers.h"
#include "refuse.h"
#include "split.h"
#include "type_find.h"
#include "unit.h"

enum { CELL_ATTEMPTS = 12 }; /* ways of writing the unit, each mending an error of the one before */

typedef struct compilation {
    pool *pool;
    const cell_request *request;
    cell_answer *answer;
    const char *text; /* the cell with its conditionals resolved */
    size_t size;
    names past_names; /* headers and session */
    names names;      /* and what the cell includes and declares */
    const type_scope *scope; /* where the cell's types are looked up */
    included *includes;
    size_t include_count, include_capacity;
    const char *native_include; /* why a header of the cell is not for TinyCC; NULL: all are */
    const token *native_token;
} compilation;

/* cell_fail.c: the answer says what is wrong. */
void cell_fail(compilation *c, const char *ename, diagnosis diagnosis);
void cell_fail_plain(compilation *c, const char *text, int line, int column, int width);
void cell_fail_compiler(compilation *c, const char *messages, int signal);
bool cell_fail_refusal(compilation *c, const unit *unit); /* false: nothing was refused */

/* The column of a token of the cell, 0 for any other. */
int cell_column(const compilation *c, const token *t);

/* cell_magic.c: whether the cell is one magic, which the answer then names. */
bool cell_find_magic(compilation *c);

/* cell_take.c: how the unit is to be written, and what a compiled one gives the answer. */
unit_plan cell_plan(compilation *c, const items *items);
/* Whether another way of writing the unit may mend the error. */
bool cell_learn(compilation *c, unit_plan *plan, size_t *capacity, const unit *unit,
                const compiler_message *error);
/* Arrays declared `[]`: later units must know their size. */
void cell_size_arrays(compilation *c, unit *unit, const compiler_result *result);
/* Warnings about the cell itself become notes. */
void cell_take_warnings(compilation *c, const compiler_messages *messages);
void cell_take_unit(compilation *c, const unit *unit, const compiler_result *result);

/* cell_native.c: the cell, or what is in it, is not for TinyCC. */
void cell_compile_elsewhere(compilation *c, items *items, refusal why);
/* What TinyCC does not understand may be good C all the same: whether it was. */
bool cell_rescue(compilation *c, items *items, const compiler_message *error);

#endif
