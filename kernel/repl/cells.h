/*
 * Files of cells: C with lines "// ---" between the cells.
 */
#ifndef XTINYCC_CELLS_H
#define XTINYCC_CELLS_H

#include <stddef.h>

typedef struct cell_text {
    char *text; /* NUL-terminated, without leading and trailing newlines */
    size_t size;
} cell_text;

typedef struct cell_list {
    cell_text *cells;
    size_t count;
} cell_list;

/* Read a whole file, a NUL behind it; NULL with errno. */
char *file_read(const char *path, size_t *size);

/* Read and split PATH. 0, or -1 with errno. */
int cells_read(const char *path, cell_list *out);
void cells_free(cell_list *list);

#endif
