/* What a table holds, and its three writers. Private to libnn. */
#ifndef NB_SRC_TABLE_H
#define NB_SRC_TABLE_H

#include "nb/table.h"
#include "nb_text.h"

enum { NB__MAX_COLUMNS = 32, NB__WIDTH = 80 };
#define NB__NO_GAP ((size_t)-1)

struct nb_table {
    char *title; /* NULL for none */
    char **names;
    size_t columns;
    nb_align align[NB__MAX_COLUMNS];
    char **cells; /* row by row */
    size_t cell_count;
    char **notes;
    size_t note_count;
    unsigned char *bold; /* per row; rows past bold_count are not bold */
    size_t bold_count;
    size_t gap_row; /* "..." stands before this row; NB__NO_GAP for none */
    long long total_rows;
    int failed;  /* no memory */
    int misused; /* a column after a cell, or too many */
};

/* The rows that are shown: row R stands for the stored row R, or R + skip from HEAD on. */
typedef struct nb__rows {
    size_t count;
    size_t head, skip;
    size_t gap; /* as gap_row, in shown rows */
    long long total;
} nb__rows;

nb__rows nb__table_rows(const nb_table *table);
const char *nb__table_cell_text(const nb_table *table, const nb__rows *rows, size_t row,
                                size_t column);
int nb__table_bold(const nb_table *table, const nb__rows *rows, size_t row);

void nb__table_html(const nb_table *table, nb__text *out);
void nb__table_latex(const nb_table *table, nb__text *out);
void nb__table_plain(const nb_table *table, nb__text *out);

#endif
