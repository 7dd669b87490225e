/* A square matrix of counts as a heat map. */
#include "render.h"

#include <math.h>
#include <stdio.h>

/* From white to COLOR: the share of it that a count gets. */
static unsigned shade(unsigned color, double share)
{
    unsigned mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double full = color >> shift & 255;
        mixed |= (unsigned)lround(255 + share * (full - 255)) << shift;
    }
    return mixed;
}

static double largest(const nb_figure *f, int on_diagonal)
{
    size_t n = f->label_count;
    double most = 0;
    for (size_t i = 0; i < n * n; i++)
        if ((i % (n + 1) == 0) == on_diagonal && isfinite(f->series[0].values[i]))
            most = fmax(most, f->series[0].values[i]);
    return most;
}

int draw_matrix(canvas *page, const nb_figure *f)
{
    size_t n = f->label_count;
    text_style name = {.size = TEXT_SIZE, .color = INK, .across = ANCHOR_MIDDLE};
    text_style tick = {.size = TEXT_SIZE, .color = SOFT_INK, .across = ANCHOR_MIDDLE};
    area a = {.left = 52, .top = f->title ? 36 : 14, .right = f->width - 14,
              .bottom = f->height - 46};
    double width = (a.right - a.left) / (double)n, height = (a.bottom - a.top) / (double)n;
    double right = largest(f, 1), wrong = largest(f, 0);
    cairo_t *cr = canvas_cairo(page);
    scale counts = {.step = 1};
    draw_title(page, f);
    for (size_t row = 0; row < n; row++) {
        for (size_t column = 0; column < n; column++) {
            double value = f->series[0].values[row * n + column];
            double most = row == column ? right : wrong;
            double share = most > 0 && value > 0 ? value / most : 0;
            /* The roots of the shares: one mistake among ten still shows. */
            unsigned fill = row == column ? shade(BLUE, share * share)
                                          : shade(ORANGE, 0.85 * sqrt(share));
            double x = a.left + width * (double)column, y = a.top + height * (double)row;
            canvas_color(page, value > 0 ? fill : 0xF7F7F7);
            cairo_rectangle(cr, x + 0.75, y + 0.75, width - 1.5, height - 1.5);
            cairo_fill(cr);
            char text[32];
            scale_label(&counts, isfinite(value) ? value : 0, text, sizeof text);
            text_style style = {.size = n > 16 ? 8 : TEXT_SIZE, .across = ANCHOR_MIDDLE,
                                .color = value <= 0                       ? 0xC4C4C4
                                         : row == column && share > 0.7   ? WHITE
                                                                          : INK};
            if (canvas_text_width(page, text, style) < width)
                canvas_text(page, x + width / 2, y + height / 2, text, style);
        }
    }
    for (size_t i = 0; i < n; i++) {
        canvas_text(page, a.left + width * ((double)i + 0.5), a.bottom + 11, f->labels[i], tick);
        canvas_text(page, a.left - 12, a.top + height * ((double)i + 0.5), f->labels[i], tick);
    }
    if (f->x_label)
        canvas_text(page, (a.left + a.right) / 2, f->height - 16, f->x_label, name);
    name.turned = 1;
    if (f->y_label)
        canvas_text(page, 18, (a.top + a.bottom) / 2, f->y_label, name);
    return 0;
}
