/*
 * stdin in cells: a line-buffered stream each of whose refills asks the user for one line.
 */
#ifndef XTINYCC_STDIN_H
#define XTINYCC_STDIN_H

#include "loader.h"

/* Make the stream, assign it to stdin, and interpose read, fileno and freopen. 0, or -1. */
int stdin_install(loader_t *loader);

void stdin_begin_cell(void);
/* Drop what was typed and not read. */
void stdin_end_cell(void);

#endif
