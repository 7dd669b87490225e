/* Text that is broken into lines of equal height. */
#ifndef NB_DRAW_PARAGRAPH_H
#define NB_DRAW_PARAGRAPH_H

#include "canvas.h"

typedef struct paragraph paragraph;

/* Break TEXT into lines of at most WIDTH, each LEADING times the font's size high. Newlines break
   too. STYLE.across END: lines end at the right. Returns NULL if there is no memory. */
paragraph *paragraph_new(canvas *page, const char *text, text_style style, double width,
                         double leading);
void paragraph_free(paragraph *p);

int paragraph_lines(const paragraph *p);
double paragraph_line_height(const paragraph *p);

/* Draw one line; its box has its upper left corner at X, TOP. */
void paragraph_draw_line(const paragraph *p, canvas *page, int line, double x, double top);

/* Width of the widest word, and of the text on one line. */
void text_widths(canvas *page, const char *text, text_style style, double *word, double *whole);

#endif
