#include "cells.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *file_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    char *text = NULL;
    size_t capacity = 0, used = 0;
    for (size_t n = 1; n > 0; used += n) {
        if (capacity - used < 4096) {
            capacity = capacity ? 2 * capacity : 16384;
            char *more = realloc(text, capacity);
            if (!more) {
                free(text);
                fclose(f);
                errno = ENOMEM;
                return NULL;
            }
            text = more;
        }
        n = fread(text + used, 1, capacity - used - 1, f);
    }
    int trouble = ferror(f) ? EIO : 0;
    fclose(f);
    if (trouble) {
        free(text);
        errno = trouble;
        return NULL;
    }
    text[used] = '\0';
    *size = used;
    return text;
}

static int add(cell_list *list, const char *text, size_t size)
{
    while (size > 0 && *text == '\n') {
        text++;
        size--;
    }
    while (size > 0 && text[size - 1] == '\n')
        size--;
    cell_text *cells = realloc(list->cells, (list->count + 1) * sizeof *cells);
    if (!cells)
        return -1;
    list->cells = cells;
    char *copy = malloc(size + 1);
    if (!copy)
        return -1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    list->cells[list->count++] = (cell_text){.text = copy, .size = size};
    return 0;
}

static bool is_separator(const char *line, size_t length)
{
    return length == 6 && memcmp(line, "// ---", 6) == 0;
}

int cells_read(const char *path, cell_list *out)
{
    *out = (cell_list){0};
    size_t size;
    char *text = file_read(path, &size);
    if (!text)
        return -1;
    int result = 0;
    size_t start = 0;
    for (size_t at = 0; at <= size && result == 0;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - text) : size;
        if (is_separator(text + at, end - at)) {
            result = add(out, text + start, at - start);
            start = end < size ? end + 1 : size;
        }
        at = end + 1;
    }
    if (result == 0)
        result = add(out, text + start, size - start);
    free(text);
    if (result < 0)
        cells_free(out);
    return result;
}

void cells_free(cell_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->cells[i].text);
    free(list->cells);
    *list = (cell_list){0};
}
