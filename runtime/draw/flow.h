/* The place on the pages where the next part of a document goes. */
#ifndef NB_DRAW_FLOW_H
#define NB_DRAW_FLOW_H

#include "canvas.h"
#include "document_read.h"

/* The same calls measure (DRAWING 0) and draw. */
typedef struct flow {
    canvas *page;
    const document *document;
    int drawing;
    double body;                      /* size of the letters of text */
    double left, width, top, bottom;  /* of the part of each page that is written on */
    double y;                         /* from the top of this page */
    int pages;                        /* begun so far */
    int total;                        /* pages that there will be, for the foot */
    int failed;                       /* no memory */
} flow;

/* Go to the next page unless HEIGHT more fits on this one. */
void flow_need(flow *f, double height);

/* Write the foot of this page; flow_need() does it for the pages that it ends. */
void flow_foot(flow *f);

/* Leave free space, but none at the top of a page. */
void flow_space(flow *f, double height);

/* Write a paragraph at X; it may go on on the next page. Returns its height where it did not. */
double flow_text(flow *f, const char *text, text_style style, double x, double width,
                 double leading);

/* The height that flow_text() would take. */
double flow_text_height(flow *f, const char *text, text_style style, double width, double leading);

/* A horizontal rule at F->y. */
void flow_rule(flow *f, unsigned color, double thickness);

/* A table as wide as the page; its rows are not broken. */
void flow_table(flow *f, const document_table *t);

#endif
