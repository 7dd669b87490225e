/* Grey images in a grid, labels above. */
#include "render.h"

#include <math.h>

/* As nb_imshow_grid() reckons the size of the page. */
#define MARGIN       8.0
#define GAP          10.0
#define LABEL_HEIGHT 18.0
#define TITLE_HEIGHT 26.0

static void draw_edge(canvas *page, double x, double y, double width, double height)
{
    cairo_t *cr = canvas_cairo(page);
    canvas_color(page, 0xC8C8C8);
    cairo_set_line_width(cr, 0.5);
    cairo_rectangle(cr, x - 0.25, y - 0.25, width + 0.5, height + 0.5);
    cairo_stroke(cr);
}

int draw_images(canvas *page, const nb_figure *f)
{
    size_t size = (size_t)f->image_height * (size_t)f->image_width;
    double width = f->image_width * f->zoom, height = f->image_height * f->zoom;
    double top = MARGIN + (f->title ? TITLE_HEIGHT : 0), label = f->label_count ? LABEL_HEIGHT : 0;
    text_style style = {.size = TITLE_SIZE, .bold = 1, .color = INK};
    if (f->title)
        canvas_text(page, MARGIN, MARGIN + 8, f->title, style);
    for (size_t i = 0; i < f->image_count; i++) {
        double x = MARGIN + (double)(i % (size_t)f->cols) * (width + GAP);
        double y = top + (double)(i / (size_t)f->cols) * (height + label + GAP);
        text_style name = {.size = 11, .color = INK, .across = ANCHOR_MIDDLE,
                           .bold = f->emphasis && f->emphasis[i]};
        if (f->label_count)
            canvas_text(page, x + width / 2, y + label / 2 - 1, f->labels[i], name);
        if (canvas_picture(page, x, y + label, f->zoom, f->pixels + i * size, f->image_width,
                           f->image_height) != 0)
            return -1;
        draw_edge(page, x, y + label, width, height);
    }
    return 0;
}
