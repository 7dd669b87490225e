/* A square matrix of counts as a heat map. */
#include "render.h"

#include <math.h>

enum { EMPTY = 0xF7F7F7, EMPTY_INK = 0xC4C4C4 }; /* where nothing was counted */

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

/* The count of a cell; what is not a count is none. */
static double count_at(const nb_figure *f, size_t row, size_t column)
{
    double value = f->series[0].values[row * f->label_count + column];
    return isfinite(value) && value > 0 ? value : 0;
}

static double row_total(const nb_figure *f, size_t row)
{
    double total = 0;
    for (size_t column = 0; column < f->label_count; column++)
        total += count_at(f, row, column);
    return total;
}

static double most_mistakes(const nb_figure *f)
{
    double most = 0;
    for (size_t row = 0; row < f->label_count; row++)
        for (size_t column = 0; column < f->label_count; column++)
            if (row != column)
                most = fmax(most, count_at(f, row, column));
    return most;
}

/* One cell, shaded: right answers by their share of the class, squared, since they are nearly all;
   mistakes by the root of their share of the worst mistake, so that a single one still shows. */
static void draw_cell(canvas *page, const nb_figure *f, size_t row, size_t column, double most,
                      double x, double y, double width, double height)
{
    cairo_t *cr = canvas_cairo(page);
    double value = count_at(f, row, column);
    double share = row == column ? value / row_total(f, row) : value / most;
    double strength = row == column ? share * share : 0.85 * sqrt(share);
    canvas_color(page, value > 0 ? shade(row == column ? BLUE : ORANGE, strength) : EMPTY);
    cairo_rectangle(cr, x + 0.75, y + 0.75, width - 1.5, height - 1.5);
    cairo_fill(cr);
    char text[32];
    scale counts = {.step = 1};
    scale_label(&counts, value, text, sizeof text);
    text_style style = {.size = f->label_count > 16 ? 8 : TEXT_SIZE, .across = ANCHOR_MIDDLE,
                        .color = value <= 0                         ? EMPTY_INK
                                 : row == column && strength > 0.55 ? WHITE
                                                                    : INK};
    if (canvas_text_width(page, text, style) < width)
        canvas_text(page, x + width / 2, y + height / 2, text, style);
}

int draw_matrix(canvas *page, const nb_figure *f)
{
    size_t n = f->label_count;
    text_style name = {.size = TEXT_SIZE, .color = INK, .across = ANCHOR_MIDDLE};
    text_style tick = {.size = TEXT_SIZE, .color = SOFT_INK, .across = ANCHOR_MIDDLE};
    area a = {.left = 52, .top = f->title ? 36 : 14, .right = f->width - 14,
              .bottom = f->height - 46};
    double width = (a.right - a.left) / (double)n, height = (a.bottom - a.top) / (double)n;
    double most = most_mistakes(f);
    draw_title(page, f);
    for (size_t row = 0; row < n; row++)
        for (size_t column = 0; column < n; column++)
            draw_cell(page, f, row, column, most, a.left + width * (double)column,
                      a.top + height * (double)row, width, height);
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
