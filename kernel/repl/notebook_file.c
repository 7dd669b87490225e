#include "notebook_file.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HEADING_MAX 120

/* Append a cell's source: one string, or an array of strings. False if it is neither. */
static bool put_source(const json_t *cell, wire_buf *out)
{
    const json_t *source = json_object_get(cell, "source");
    if (json_is_string(source)) {
        wire_put_raw(out, json_string_value(source), json_string_length(source));
        return true;
    }
    if (!json_is_array(source))
        return false;
    size_t i;
    json_t *line;
    json_array_foreach (source, i, line) {
        if (!json_is_string(line))
            return false;
        wire_put_raw(out, json_string_value(line), json_string_length(line));
    }
    return true;
}

/* The last heading of a markdown text, without its #s; HEADING stays as it is if there is none. */
static void find_heading(const char *text, char *heading)
{
    bool in_code = false;
    for (const char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        in_code ^= strncmp(line, "```", 3) == 0;
        size_t marks = strspn(line, "#");
        if (in_code || marks == 0 || line[marks] != ' ')
            continue;
        const char *from = line + marks + 1;
        length -= marks + 1;
        if (length >= HEADING_MAX)
            length = HEADING_MAX - 1;
        memcpy(heading, from, length);
        heading[length] = '\0';
        /* It goes into a comment of C. */
        for (char *end; (end = strstr(heading, "*/"));)
            *end = ' ';
    }
}

static bool is_type(const json_t *cell, const char *type)
{
    const char *value = json_string_value(json_object_get(cell, "cell_type"));
    return value && strcmp(value, type) == 0;
}

/* All cells of the notebook; returns how many are code, -1 if it is damaged. */
static int put_cells(const json_t *cells, wire_buf *out)
{
    char heading[HEADING_MAX] = "";
    size_t i;
    json_t *cell;
    int count = 0;
    json_array_foreach (cells, i, cell) {
        wire_buf source = {0};
        bool good = put_source(cell, &source);
        wire_put_raw(&source, "", 1);
        if (good && !source.bad && is_type(cell, "markdown"))
            find_heading(source.data, heading);
        if (good && !source.bad && is_type(cell, "code")) {
            wire_put_string(out, heading);
            wire_put_u32(out, (uint32_t)++count);
            wire_put_bytes(out, source.data, source.size - 1);
        }
        wire_buf_free(&source);
        if (!good)
            return -1;
    }
    return count;
}

int notebook_pack(const char *path, wire_buf *out, char *error, size_t error_size)
{
    json_error_t where;
    json_t *root = json_load_file(path, 0, &where);
    if (!root) {
        snprintf(error, error_size, "%s: %s", path, where.text);
        return -1;
    }
    const json_t *cells = json_object_get(root, "cells");
    wire_buf body = {0};
    int count = json_is_array(cells) ? put_cells(cells, &body) : -1;
    const char *slash = strrchr(path, '/');
    if (count > 0) {
        wire_put_u32(out, (uint32_t)count);
        wire_put_string(out, slash ? slash + 1 : path);
        wire_put_raw(out, body.data, body.size);
    } else {
        snprintf(error, error_size, count < 0 ? "%s is not a notebook (format 4)"
                                              : "%s has no cell of code", path);
    }
    bool good = count > 0 && !body.bad && !out->bad;
    wire_buf_free(&body);
    json_decref(root);
    return good ? 0 : -1;
}
