/*
 * Write the cells of a notebook as one C program that a reader would take for hand-written.
 *
 * Types, functions, and the macros and objects that they need stand at file scope; everything else
 * stands in main, in the order of the cells and with their comments. Values are shown by
 * display(), which prints text in a program. Builds with `cc FILE.c $(pkg-config --cflags --libs
 * nn)`.
 */
#ifndef XTINYCC_EXPORT_H
#define XTINYCC_EXPORT_H

#include <stddef.h>
#include "lang.h"
#include "wire.h"

typedef struct export_cell {
    const char *heading; /* of its section; "" for none */
    const char *text;
    size_t size;
    int number; /* N of In[N], in messages */
} export_cell;

/* Append the program to OUT. TITLE names the notebook. Needs lang_prepare(). Returns 0, or -1 with
   one line in ERROR: the cell, and what of it cannot be a program. */
int export_program(const char *title, const export_cell *cells, size_t count, wire_buf *out,
                   char *error, size_t error_size);

/* `xtinycc-worker --export`: read title and cells from stdin (u32 count, string title, then
   {string heading, u32 number, bytes text}), write the program to stdout. Returns the status. */
int export_main(const lang_options *options);

#endif
