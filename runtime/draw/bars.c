/* Counts as bars. */
#include "render.h"

#include <math.h>

#define COUNTS_UP_TO 14 /* with more bars, the counts do not fit above them */

static double bar_middle(const area *a, size_t index, size_t count)
{
    return a->left + (a->right - a->left) * ((double)index + 0.5) / (double)count;
}

/* Bars that divide an interval: ticks at round numbers. */
static void draw_numbers(canvas *page, const area *a, const nb_figure *figure)
{
    scale x = scale_of_interval(figure->x_low, figure->x_high, 7);
    for (int i = 0; i < scale_tick_count(&x); i++) {
        char label[64];
        double value = scale_tick(&x, i);
        scale_label(&x, value, label, sizeof label);
        double share = (value - x.low) / (x.high - x.low);
        draw_x_tick(page, a, a->left + share * (a->right - a->left), label);
    }
}

static void draw_labels(canvas *page, const area *a, const nb_figure *figure, size_t count)
{
    text_style style = {.size = TEXT_SIZE};
    double widest = 1;
    for (size_t i = 0; i < figure->label_count; i++)
        widest = fmax(widest, canvas_text_width(page, figure->labels[i], style));
    double room = (a->right - a->left) / (double)count;
    size_t every = (size_t)ceil((widest + 8) / room);
    for (size_t i = 0; i < figure->label_count; i += every)
        draw_x_tick(page, a, bar_middle(a, i, count), figure->labels[i]);
}

int draw_bars(canvas *page, const nb_figure *figure)
{
    const nb_series *series = &figure->series[0];
    size_t count = series->count;
    double high = 0;
    for (size_t i = 0; i < count; i++)
        if (isfinite(series->values[i]))
            high = fmax(high, series->values[i]);
    int with_counts = count <= COUNTS_UP_TO;
    scale y = scale_of_counts(with_counts ? high * 1.04 : high, 6);
    area a = draw_frame(page, figure, &y, 0);
    int divides = !figure->label_count && figure->x_high > figure->x_low;
    double room = (a.right - a.left) / (double)count;
    double width = divides ? fmax(room - 1, 0.75 * room) : count > 40 ? room : 0.8 * room;
    cairo_t *cr = canvas_cairo(page);
    text_style style = {.size = TEXT_SIZE - 1, .color = SOFT_INK, .across = ANCHOR_MIDDLE};
    scale labels = {.step = 1};
    for (size_t i = 0; i < count; i++) {
        double value = series->values[i];
        if (!isfinite(value) || value <= 0)
            continue;
        double middle = bar_middle(&a, i, count), top = y_position(&a, &y, value);
        canvas_color(page, BLUE);
        cairo_rectangle(cr, middle - width / 2, top, width, a.bottom - top);
        cairo_fill(cr);
        char label[32];
        scale_label(&labels, value, label, sizeof label);
        double label_width = canvas_text_width(page, label, style);
        if (!with_counts || label_width >= room)
            continue;
        canvas_color(page, WHITE); /* no grid line through the number */
        cairo_rectangle(cr, middle - label_width / 2 - 1, top - 12, label_width + 2, 11);
        cairo_fill(cr);
        canvas_text(page, middle, top - 7, label, style);
    }
    /* The axis again, over the feet of the bars. */
    canvas_color(page, AXIS);
    cairo_set_line_width(cr, 1);
    cairo_move_to(cr, a.left, floor(a.bottom) + 0.5);
    cairo_line_to(cr, a.right, floor(a.bottom) + 0.5);
    cairo_stroke(cr);
    if (divides)
        draw_numbers(page, &a, figure);
    else
        draw_labels(page, &a, figure, count);
    return 0;
}
