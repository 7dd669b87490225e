#include "paragraph.h"

#include <pango/pangocairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct paragraph {
    PangoLayout *layout;
    text_style style;
    double width, line_height, baseline;
};

/* Where the line of letters lies in a line's box, so that capitals stand in its middle. */
#define BASELINE(line_height, size) (0.5 * (line_height) + 0.36 * (size))

paragraph *paragraph_new(canvas *page, const char *text, text_style style, double width,
                         double leading)
{
    paragraph *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->layout = canvas_layout(page, text, style);
    pango_layout_set_single_paragraph_mode(p->layout, FALSE);
    pango_layout_set_width(p->layout, (int)lround(width * PANGO_SCALE));
    pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
    p->style = style;
    p->width = width;
    p->line_height = leading * style.size;
    p->baseline = BASELINE(p->line_height, style.size);
    return p;
}

void paragraph_free(paragraph *p)
{
    if (!p)
        return;
    g_object_unref(p->layout);
    free(p);
}

int paragraph_lines(const paragraph *p)
{
    return pango_layout_get_line_count(p->layout);
}

double paragraph_line_height(const paragraph *p)
{
    return p->line_height;
}

void paragraph_draw_line(const paragraph *p, canvas *page, int line, double x, double top)
{
    cairo_t *cr = canvas_cairo(page);
    PangoLayoutLine *l = pango_layout_get_line_readonly(p->layout, line);
    if (!l)
        return;
    if (p->style.across == ANCHOR_END) {
        PangoRectangle logical;
        pango_layout_line_get_extents(l, NULL, &logical);
        x += p->width - (double)logical.width / PANGO_SCALE;
    }
    canvas_color(page, p->style.color);
    cairo_move_to(cr, x, top + p->baseline);
    pango_cairo_show_layout_line(cr, l);
}

void text_widths(canvas *page, const char *text, text_style style, double *word, double *whole)
{
    *whole = canvas_text_width(page, text, style);
    *word = 0;
    for (const char *s = text; *s;) {
        size_t length = strcspn(s, " \n");
        char *copy = strndup(s, length);
        double width = copy ? canvas_text_width(page, copy, style) : 0;
        *word = width > *word ? width : *word;
        free(copy);
        s += length;
        s += strspn(s, " \n");
    }
}
