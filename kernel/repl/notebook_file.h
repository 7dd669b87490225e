/*
 * The code of a notebook file (.ipynb).
 */
#ifndef XTINYCC_NOTEBOOK_FILE_H
#define XTINYCC_NOTEBOOK_FILE_H

#include <stddef.h>
#include "wire.h"

/*
 * Read PATH and write its cells as `xtinycc-worker --export` wants them: u32 count, string title,
 * then {string heading of the section, u32 number, bytes code} for each code cell.
 *
 * Returns 0, or -1 with one line in ERROR: unreadable, no notebook, no cell of C in it.
 */
int notebook_pack(const char *path, wire_buf *out, char *error, size_t error_size);

#endif
