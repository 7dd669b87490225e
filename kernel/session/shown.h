/*
 * Values that only the system compiler has types for, such as complex numbers: the cell's own code
 * calls one of these functions (see unit_show.c), which makes the text.
 */
#ifndef XTINYCC_SHOWN_H
#define XTINYCC_SHOWN_H

#include "loader.h"

/* Let cells call the functions. Returns 0, or -1 when memory is out. */
int shown_install(loader_t *loader);
/* Before a cell: nothing has been shown. */
void shown_begin(void);
/* The text that the cell has left, "" for none. */
const char *shown_take(void);

#endif
