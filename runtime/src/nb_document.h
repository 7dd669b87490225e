/*
 * A document in the making: the job for nb-draw (PDF) and the same as HTML, side by side. Private
 * to libnn. The first failure is kept in `status`; later calls do nothing.
 */
#ifndef NB_SRC_DOCUMENT_H
#define NB_SRC_DOCUMENT_H

#include "nb/figure.h"
#include "nb_text.h"

struct nb_table;

typedef struct nb__document {
    nb__text job, html;
    nn_status status;
    int list; /* a list of items is open in the HTML */
} nb__document;

/* WIDTH and HEIGHT in points; DATE is ISO 8601; AUTHOR and DATE may be NULL. */
void nb__document_begin(nb__document *d, const char *title, const char *author, const char *date,
                        double width, double height, int most_pages);
void nb__document_foot(nb__document *d, const char *text);
void nb__document_subtitle(nb__document *d, const char *text);

/* SOURCE: what the reader of an error message should make shorter, such as ".discussion"; NULL. */
void nb__document_section(nb__document *d, const char *heading, const char *source);

/* Paragraphs; an empty line begins the next one. */
void nb__document_text(nb__document *d, const char *text);
void nb__document_item(nb__document *d, const char *name, const char *text);
void nb__document_table(nb__document *d, const struct nb_table *table); /* with its notes */
void nb__document_figures(nb__document *d, const nb_figure *figures, size_t count);
void nb__document_end(nb__document *d);
void nb__document_free(nb__document *d);

/* Put a string as it is printed: " us" as microseconds, "+-" and "5x5" with their signs, and
   nothing that is not UTF-8. */
void nb__put_typeset(nb__text *text, const char *string);

#endif
