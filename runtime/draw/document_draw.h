/* Lay out a document on pages and draw it. */
#ifndef NB_DRAW_DOCUMENT_DRAW_H
#define NB_DRAW_DOCUMENT_DRAW_H

#include "canvas.h"
#include "document_read.h"

/* Draw all pages, in the largest letters of a few sizes that keep to DOCUMENT->most_pages. Returns
   the number of pages; 0 if they are too many even so, with a sentence in WHY that names the
   section to cut; -1 if there is no memory. Nothing is drawn unless the number is above 0. */
int document_draw(canvas *page, const document *d, char *why, size_t why_size);

#endif
