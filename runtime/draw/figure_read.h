/* Read a figure from the bytes of a job (nb_figure_job.h). Trusts nothing about them. */
#ifndef NB_DRAW_FIGURE_READ_H
#define NB_DRAW_FIGURE_READ_H

#include <stddef.h>
#include "nb/figure.h"

/* Returns the figure, freed with figure_free(); or NULL, with *REASON set to a constant sentence. */
nb_figure *figure_read(const void *bytes, size_t size, const char **reason);
void figure_free(nb_figure *figure);

#endif
