#include "flow.h"

#include <stdio.h>
#include "paragraph.h"
#include "render.h"

#define FOOT 30.0 /* from the page's end to the middle of the foot */

void flow_foot(flow *f)
{
    const document *d = f->document;
    char text[200];
    snprintf(text, sizeof text, "%.120s%s%d / %d", d->foot ? d->foot : "",
             d->foot && *d->foot ? "  \xC2\xB7  " : "", f->pages, f->total);
    canvas_text(f->page, d->width / 2, d->height - FOOT, text,
                (text_style){.size = 7, .color = SOFT_INK, .across = ANCHOR_MIDDLE});
}

void flow_need(flow *f, double height)
{
    if (f->y + height <= f->bottom + 0.01 || f->y <= f->top)
        return;
    if (f->drawing) {
        flow_foot(f);
        canvas_next_page(f->page);
    }
    f->pages++;
    f->y = f->top;
}

void flow_space(flow *f, double height)
{
    if (f->y > f->top)
        f->y += height;
}

double flow_text(flow *f, const char *text, text_style style, double x, double width,
                 double leading)
{
    paragraph *p = paragraph_new(f->page, text, style, width, leading);
    if (!p) {
        f->failed = 1;
        return 0;
    }
    double height = paragraph_line_height(p), start = f->y;
    int lines = paragraph_lines(p);
    for (int i = 0; i < lines; i++) {
        /* No single line of several is left alone at the foot of a page. */
        flow_need(f, i == 0 && lines > 2 ? 2 * height : i == lines - 2 ? 2 * height : height);
        if (f->drawing)
            paragraph_draw_line(p, f->page, i, x, f->y);
        f->y += height;
    }
    paragraph_free(p);
    return f->y - start;
}

double flow_text_height(flow *f, const char *text, text_style style, double width, double leading)
{
    paragraph *p = paragraph_new(f->page, text, style, width, leading);
    if (!p) {
        f->failed = 1;
        return 0;
    }
    double height = paragraph_lines(p) * paragraph_line_height(p);
    paragraph_free(p);
    return height;
}

void flow_rule(flow *f, unsigned color, double thickness)
{
    if (!f->drawing)
        return;
    cairo_t *cr = canvas_cairo(f->page);
    canvas_color(f->page, color);
    cairo_set_line_width(cr, thickness);
    cairo_move_to(cr, f->left, f->y);
    cairo_line_to(cr, f->left + f->width, f->y);
    cairo_stroke(cr);
}
