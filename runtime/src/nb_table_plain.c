/*
 * Tables as text of at most NB__WIDTH columns.
 *
 * Cells of a column that is too wide are wrapped at spaces. If that is not enough, or would give
 * tall rows, a table of few rows is turned on its side; what fits in no way is written as one
 * block of "name: value" lines a row.
 */
#include "nb_table.h"

#include <stdlib.h>
#include <string.h>

enum { SPACE = 2, TALLEST = 3, MOST_TURNED = 8 };

/* A grid of ASCII strings; the first row is the heading. */
typedef struct grid {
    size_t rows, columns;
    char **cells; /* rows * columns */
    nb_align align[NB__MAX_COLUMNS + 1];
    int width[NB__MAX_COLUMNS + 1];
    int keep_first; /* do not wrap the first column: it holds the headings of a turned table */
} grid;

static char *cell(const grid *g, size_t row, size_t column)
{
    return g->cells[row * g->columns + column];
}

static void grid_free(grid *g)
{
    for (size_t i = 0; g->cells && i < g->rows * g->columns; i++)
        free(g->cells[i]);
    free(g->cells);
    g->cells = NULL;
}

static int grid_set(grid *g, size_t row, size_t column, const char *string)
{
    nb__text text = {0};
    nb__put_ascii(&text, string);
    char *ascii = nb__text_take(&text);
    g->cells[row * g->columns + column] = ascii;
    return ascii != NULL;
}

/* Make the grid of a table, upright or turned on its side. Returns 0 if there is no memory. */
static int grid_make(grid *g, const nb_table *table, const nb__rows *rows, int turned)
{
    int gap = rows->gap != NB__NO_GAP;
    size_t height = rows->count + 1 + (size_t)gap;
    *g = (grid){.rows = turned ? table->columns : height,
                .columns = turned ? height : table->columns};
    g->cells = calloc(g->rows * g->columns, sizeof *g->cells);
    if (!g->cells)
        return 0;
    int whole = 1;
    for (size_t line = 0; line < height; line++) {
        int is_gap = gap && line == rows->gap + 1;
        size_t row = line - 1 - (gap && line > rows->gap + 1 ? 1 : 0);
        for (size_t column = 0; column < table->columns; column++) {
            const char *text = line == 0 ? table->names[column]
                               : is_gap  ? "..."
                                         : nb__table_cell_text(table, rows, row, column);
            whole &= turned ? grid_set(g, column, line, text) : grid_set(g, line, column, text);
        }
    }
    for (size_t column = 0; column < g->columns; column++)
        g->align[column] = !turned ? table->align[column] : column ? NB_RIGHT : NB_LEFT;
    g->keep_first = turned;
    if (!whole)
        grid_free(g);
    return whole;
}

/* The piece of TEXT that fits on a line of WIDTH; sets *REST to what follows ("" at the end). */
static int line_length(const char *text, int width, const char **rest)
{
    int length = (int)strlen(text);
    if (length > width) {
        int cut = width;
        while (cut > 0 && text[cut] != ' ')
            cut--;
        length = cut > 0 ? cut : width; /* a word longer than the line is split */
    }
    *rest = text + length;
    while (**rest == ' ')
        ++*rest;
    return length;
}

static int line_count(const char *text, int width)
{
    int lines = 0;
    do {
        line_length(text, width, &text);
        lines++;
    } while (*text);
    return lines;
}

static int longest_word(const char *text)
{
    int longest = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        longest = length > longest ? length : longest;
        text += length + (text[length] == ' ');
    }
    return longest;
}

/* Choose the widths of the columns. Returns the lines of the tallest cell, or 0 if the grid does
   not fit even with every cell wrapped. */
static int grid_layout(grid *g)
{
    int least[NB__MAX_COLUMNS + 1];
    int total = SPACE * (int)(g->columns - 1);
    for (size_t column = 0; column < g->columns; column++) {
        g->width[column] = least[column] = 1;
        for (size_t row = 0; row < g->rows; row++) {
            int length = (int)strlen(cell(g, row, column)), word = longest_word(cell(g, row, column));
            if (length > g->width[column])
                g->width[column] = length;
            if (word > least[column])
                least[column] = word;
        }
        if (column == 0 && g->keep_first)
            least[0] = g->width[0];
        total += g->width[column];
    }
    for (; total > NB__WIDTH; total--) { /* take from the widest column that can give */
        size_t widest = g->columns;
        for (size_t column = 0; column < g->columns; column++)
            if (g->width[column] > least[column] &&
                (widest == g->columns || g->width[column] > g->width[widest]))
                widest = column;
        if (widest == g->columns)
            return 0;
        g->width[widest]--;
    }
    int tallest = 1;
    for (size_t row = 0; row < g->rows; row++)
        for (size_t column = 0; column < g->columns; column++) {
            int lines = line_count(cell(g, row, column), g->width[column]);
            tallest = lines > tallest ? lines : tallest;
        }
    return tallest;
}

/* Take back the spaces at the end of the line just written, and end it. */
static void end_line(nb__text *out)
{
    while (!out->failed && out->size && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    nb__put(out, "\n");
}

static void write_row(const grid *g, size_t row, nb__text *out)
{
    const char *rest[NB__MAX_COLUMNS + 1];
    int more = 1;
    for (size_t column = 0; column < g->columns; column++)
        rest[column] = cell(g, row, column);
    while (more) {
        more = 0;
        for (size_t column = 0; column < g->columns; column++) {
            const char *text = rest[column];
            int length = line_length(text, g->width[column], &rest[column]);
            int blank = g->width[column] - length;
            nb__put_repeated(out, ' ', column ? SPACE : 0);
            nb__put_repeated(out, ' ', g->align[column] == NB_RIGHT ? blank : 0);
            nb__put_bytes(out, text, (size_t)length);
            nb__put_repeated(out, ' ', g->align[column] == NB_RIGHT ? 0 : blank);
            more |= *rest[column] != '\0';
        }
        end_line(out);
    }
}

static void write_grid(const grid *g, nb__text *out)
{
    for (size_t row = 0; row < g->rows; row++) {
        write_row(g, row, out);
        if (row)
            continue;
        for (size_t column = 0; column < g->columns; column++) {
            nb__put_repeated(out, ' ', column ? SPACE : 0);
            nb__put_repeated(out, '-', g->width[column]);
        }
        nb__put(out, "\n");
    }
}

static void write_wrapped(nb__text *out, const char *text)
{
    while (*text) {
        const char *begin = text;
        int length = line_length(text, NB__WIDTH, &text);
        nb__put_bytes(out, begin, (size_t)length);
        nb__put(out, "\n");
    }
}

static void write_ascii_wrapped(nb__text *out, const char *string)
{
    nb__text ascii = {0};
    nb__put_ascii(&ascii, string);
    out->failed |= ascii.failed;
    write_wrapped(out, nb__text_string(&ascii));
    nb__text_free(&ascii);
}

static void write_blocks(const grid *g, nb__text *out)
{
    for (size_t row = 1; row < g->rows; row++) {
        if (row > 1)
            nb__put(out, "\n");
        for (size_t column = 0; column < g->columns; column++) {
            nb__text line = {0};
            nb__putf(&line, "%s: %s", cell(g, 0, column), cell(g, row, column));
            out->failed |= line.failed;
            write_wrapped(out, nb__text_string(&line));
            nb__text_free(&line);
        }
    }
}

/* Write the cells in the first way that reads well. Returns 0 if there is no memory. */
static int write_cells(const nb_table *table, const nb__rows *rows, nb__text *out)
{
    grid upright, turned;
    if (!grid_make(&upright, table, rows, 0))
        return 0;
    int tallest = grid_layout(&upright);
    if ((tallest == 0 || tallest > TALLEST) && rows->count && rows->count <= MOST_TURNED) {
        if (!grid_make(&turned, table, rows, 1)) {
            grid_free(&upright);
            return 0;
        }
        int turned_tallest = grid_layout(&turned);
        if (turned_tallest && (!tallest || turned_tallest < tallest)) {
            write_grid(&turned, out);
            grid_free(&turned);
            grid_free(&upright);
            return 1;
        }
        grid_free(&turned);
    }
    if (tallest)
        write_grid(&upright, out);
    else
        write_blocks(&upright, out);
    grid_free(&upright);
    return 1;
}

void nb__table_plain(const nb_table *table, nb__text *out)
{
    nb__rows rows = nb__table_rows(table);
    if (table->title) {
        write_ascii_wrapped(out, table->title);
        nb__put(out, "\n");
    }
    if (!write_cells(table, &rows, out))
        out->failed = 1;
    if (rows.gap != NB__NO_GAP)
        nb__putf(out, "(%lld rows)\n", rows.total);
    if (table->note_count)
        nb__put(out, "\n");
    for (size_t i = 0; i < table->note_count; i++)
        write_ascii_wrapped(out, table->notes[i]);
    if (!out->failed && out->size) /* the display itself is the last line's end */
        out->data[--out->size] = '\0';
}
