#include "nb_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb_show.h"

/* More rows than SHOWN_ROWS are shown as the first and last EDGE_ROWS. */
enum { SHOWN_ROWS = 20, EDGE_ROWS = 5 };

static char *copy_string(nb_table *table, const char *string)
{
    char *copy = strdup(string ? string : "");
    if (!copy)
        table->failed = 1;
    return copy;
}

static char *format_string(nb_table *table, const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        table->failed = 1;
        return NULL;
    }
    return text;
}

/* Append ITEM (taken over) to a list of strings. */
static void append(nb_table *table, char ***list, size_t *count, char *item)
{
    if (!item)
        return;
    if ((*count & (*count - 1)) == 0) { /* 0 or a power of two: the list is full */
        size_t capacity = *count ? *count * 2 : 1;
        char **grown = realloc(*list, capacity * sizeof *grown);
        if (!grown) {
            table->failed = 1;
            free(item);
            return;
        }
        *list = grown;
    }
    (*list)[(*count)++] = item;
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

nb_table *nb_table_new(const char *title)
{
    nb_table *table = calloc(1, sizeof *table);
    char *copy = table && title ? strdup(title) : NULL;
    if (!table || (title && !copy)) {
        free(table);
        return nn__fail_null(NN_MEMORY_ERROR, "table: no memory");
    }
    table->title = copy;
    table->gap_row = NB__NO_GAP;
    return table;
}

void nb_table_free(nb_table *table)
{
    if (!table)
        return;
    free_list(table->names, table->columns);
    free_list(table->cells, table->cell_count);
    free_list(table->notes, table->note_count);
    free(table->bold);
    free(table->title);
    free(table);
}

void nb_table_column(nb_table *table, const char *name, nb_align align)
{
    if (table->columns == NB__MAX_COLUMNS || table->cell_count) {
        table->misused = 1;
        return;
    }
    table->align[table->columns] = align;
    append(table, &table->names, &table->columns, copy_string(table, name));
}

void nb_table_cell(nb_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(table, &table->cells, &table->cell_count, format_string(table, format, arguments));
    va_end(arguments);
}

void nb_table_emphasize(nb_table *table)
{
    if (!table->columns || !table->cell_count)
        return;
    size_t row = (table->cell_count - 1) / table->columns;
    unsigned char *bold = realloc(table->bold, row + 1);
    if (!bold) {
        table->failed = 1;
        return;
    }
    for (size_t i = table->bold_count; i <= row; i++)
        bold[i] = 0;
    bold[row] = 1;
    table->bold = bold;
    table->bold_count = row + 1;
}

void nb_table_gap(nb_table *table, long long total)
{
    table->gap_row = table->columns ? table->cell_count / table->columns : 0;
    table->total_rows = total;
}

void nb_table_note(nb_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(table, &table->notes, &table->note_count, format_string(table, format, arguments));
    va_end(arguments);
}

nb__rows nb__table_rows(const nb_table *table)
{
    size_t rows = table->cell_count / table->columns;
    nb__rows shown = {.count = rows, .gap = table->gap_row, .head = rows,
                      .total = table->total_rows};
    if (table->gap_row == NB__NO_GAP && rows > SHOWN_ROWS) {
        shown.gap = EDGE_ROWS;
        shown.head = EDGE_ROWS;
        shown.skip = rows - 2 * EDGE_ROWS;
        shown.count = 2 * EDGE_ROWS;
        shown.total = (long long)rows;
    }
    return shown;
}

const char *nb__table_cell_text(const nb_table *table, const nb__rows *rows, size_t row, size_t column)
{
    size_t stored = row < rows->head ? row : row + rows->skip;
    return table->cells[stored * table->columns + column];
}

int nb__table_bold(const nb_table *table, const nb__rows *rows, size_t row)
{
    size_t stored = row < rows->head ? row : row + rows->skip;
    return stored < table->bold_count && table->bold[stored];
}

static nn_status check(const nb_table *table)
{
    if (table->failed)
        return nn__fail(NN_MEMORY_ERROR, "table: no memory for its cells");
    if (!table->columns || table->misused)
        return nn__fail(NN_VALUE_ERROR, "table: 1 to %d columns are added before the first cell",
                        NB__MAX_COLUMNS);
    if (table->cell_count % table->columns)
        return nn__fail(NN_VALUE_ERROR,
                        "table: %zu cells do not fill rows of %zu columns; add the missing ones",
                        table->cell_count, table->columns);
    return NN_OK;
}

char *nb_table_text(const nb_table *table, nb_table_form form)
{
    if (check(table) != NN_OK)
        return NULL;
    nb__text out = {0};
    if (form == NB_HTML)
        nb__table_html(table, &out);
    else if (form == NB_LATEX)
        nb__table_latex(table, &out);
    else
        nb__table_plain(table, &out);
    char *text = nb__text_take(&out);
    return text ? text : nn__fail_null(NN_MEMORY_ERROR, "table: no memory for its text");
}

nn_status nb_table_show(const nb_table *table)
{
    nn_status status = check(table);
    if (status != NN_OK || nb__silent())
        return status;
    char *html = nb_table_text(table, NB_HTML);
    char *latex = html ? nb_table_text(table, NB_LATEX) : NULL;
    char *plain = latex ? nb_table_text(table, NB_PLAIN) : NULL;
    status = plain ? nb__show_forms(html, latex, plain, 0, 0) : nn_error_status();
    free(html);
    free(latex);
    free(plain);
    return status;
}

nn_status nb__table_finish(nb_table *table)
{
    if (!table)
        return NN_MEMORY_ERROR;
    nn_status status = nb_table_show(table);
    nb_table_free(table);
    return status;
}
