/**
 * @file table.h
 * Show tables: as HTML in the notebook, as LaTeX in a PDF, as aligned text anywhere.
 *
 *     nb_table *t = nb_table_new("Squares");
 *     nb_table_column(t, "n", NB_RIGHT);
 *     nb_table_column(t, "n*n", NB_RIGHT);
 *     for (int n = 1; n <= 3; n++) {
 *         nb_table_cell(t, "%d", n);
 *         nb_table_cell(t, "%d", n * n);
 *     }
 *     nb_table_show(t);
 *     nb_table_free(t);
 *
 * Every text is escaped, so names from files cannot inject markup. More than 20 rows are shown as
 * the first and last 5. The text form is at most 80 columns wide: long cells are wrapped, and a
 * table too wide even so is turned on its side.
 *
 * If memory runs out while a table is filled, nb_table_show() says so; the functions between need
 * no check.
 */
#ifndef NB_TABLE_H
#define NB_TABLE_H

#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nb_table nb_table;

/** How the cells of a column are aligned: numbers right, words left. */
typedef enum nb_align { NB_LEFT = 0, NB_RIGHT = 1 } nb_align;

/** The three forms of a table. */
typedef enum nb_table_form { NB_PLAIN = 0, NB_HTML = 1, NB_LATEX = 2 } nb_table_form;

/**
 * Make an empty table.
 *
 * @param title  line above it, copied; NULL for none
 * @return       the table, freed with nb_table_free(); NULL: MemoryError
 */
NN_API nb_table *nb_table_new(const char *title);

/** Free a table. NULL is a no-op. */
NN_API void nb_table_free(nb_table *table);

/** Add a column; all columns come before the first cell. @param name  its heading, copied */
NN_API void nb_table_column(nb_table *table, const char *name, nb_align align);

/** Add the next cell, row by row from the left. @param format  as printf */
NN_API void nb_table_cell(nb_table *table, const char *format, ...) NN_PRINTF(2, 3);

/** Print the row whose cells are being added (or were added last) in bold. */
NN_API void nb_table_emphasize(nb_table *table);

/** Stand for rows that are left out here. @param total  number of rows the whole table has */
NN_API void nb_table_gap(nb_table *table, long long total);

/** Add a line of text below the table. @param format  as printf */
NN_API void nb_table_note(nb_table *table, const char *format, ...) NN_PRINTF(2, 3);

/**
 * Show the table.
 *
 * @return NN_OK; NN_MEMORY_ERROR; NN_VALUE_ERROR (no column, or the last row is not complete)
 */
NN_API nn_status nb_table_show(const nb_table *table);

/**
 * Write the table as text of one form.
 *
 * @return the text, freed with free(); NULL on failure as nb_table_show()
 */
NN_API char *nb_table_text(const nb_table *table, nb_table_form form);

#ifdef __cplusplus
}
#endif
#endif
