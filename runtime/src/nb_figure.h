/* Private parts of figures. */
#ifndef NB_SRC_FIGURE_H
#define NB_SRC_FIGURE_H

#include "nb/figure.h"
#include "nb_text.h"

/* Write the job for nb-draw (nb_figure_job.h). */
void nb__figure_write(const nb_figure *figure, nb__text *out);

/* Fill in the default size of a plot and check its options; FUNCTION opens the message. */
nn_status nb__plot_size(const char *function, plot_opts *opts, int width, int height);

/* TABLE as plain text, then freed; NULL: MemoryError (also when TABLE is NULL). */
struct nb_table;
char *nb__table_take_plain(struct nb_table *table);

#endif
