/* Ways to show things that the display functions share. Private to libnn. */
#ifndef NB_SRC_SHOW_H
#define NB_SRC_SHOW_H

#include "nb/host.h"
#include "nb/table.h"

/* Show a text in up to three forms; HTML and LATEX may be NULL. */
nn_status nb__show_forms(const char *html, const char *latex, const char *plain, unsigned id,
                         int update);

/* Show and free a table; TABLE may be NULL (MemoryError of nb_table_new). */
nn_status nb__table_finish(nb_table *table);

/* Print a line of progress on the host's stdout. */
void nb__print(const char *text);

/* Is the cell silent, so that a display need not even be made? */
int nb__silent(void);

#endif
