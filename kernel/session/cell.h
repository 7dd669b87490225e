/*
 * Compile one cell, from its text to an object and what it adds to the session. Runs in the compile
 * child.
 */
#ifndef XTINYCC_CELL_H
#define XTINYCC_CELL_H

#include "lang.h"
#include "past.h"

typedef struct cell_request {
    bool whole; /* begin units with all that headers and session say, see unit_plan */
    const char *text;
    size_t size;
    int number;
    lang_mode mode;
    const past *past;
    const names *past_names; /* what it declares, above the headers' */
    size_t done; /* see lang_cell */
    int64_t *sizes;
    size_t size_count;
    const char *native, *flags, *folders; /* see lang_cell */
} cell_request;

typedef struct cell_answer {
    bool again; /* nothing but this: a fresh process must compile the cell, `whole` */
    const char *ename, *evalue, *traceback; /* ename NULL: the cell is good */
    const char *object;
    size_t object_size;
    const char *native; /* the system compiler's object */
    size_t native_size;
    const char *entry, *main, *shown, *shown_address;
    lang_symbol *symbols;
    size_t symbol_count;
    const char **notes;
    size_t note_count, note_capacity;
    const char *magic, *magic_arguments;
    bool rest; /* see lang_unit */
    size_t rest_done, size_count;
    const char *sizes;
    const past *past; /* the session with the cell's declarations */
} cell_answer;

void cell_compile(pool *pool, const cell_request *request, cell_answer *answer);

#endif
