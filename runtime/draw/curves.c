/* Series against 1, 2, 3, ...: lines told apart by colour and by marker. */
#include "render.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CIRCLE, SQUARE, TRIANGLE, DIAMOND };

typedef struct look {
    unsigned color;
    int marker;
} look;

#define LINE_WIDTH   2.0
#define MARKER       3.5 /* half its size */
#define SPARSE_AFTER 25  /* with more points, not every one gets a marker */
#define LEGEND_LINE  22.0
#define LEGEND_GAP   16.0

/* Validation is orange and square, training blue and round; further ones have looks of their own. */
static look look_of(const nb_figure *figure, size_t index)
{
    static const look training[] = {{BLUE, CIRCLE}, {0x2CA02C, TRIANGLE}, {0x9467BD, DIAMOND},
                                    {0x17BECF, CIRCLE}};
    static const look validation[] = {{ORANGE, SQUARE}, {0xD62728, DIAMOND}, {0x8C564B, TRIANGLE},
                                      {0xE377C2, SQUARE}};
    int is_validation = strncmp(figure->series[index].name, "val_", 4) == 0;
    size_t earlier = 0;
    for (size_t i = 0; i < index; i++)
        earlier += (strncmp(figure->series[i].name, "val_", 4) == 0) == is_validation;
    return is_validation ? validation[earlier % 4] : training[earlier % 4];
}

static void draw_marker(canvas *page, double x, double y, look l)
{
    cairo_t *cr = canvas_cairo(page);
    cairo_new_path(cr);
    if (l.marker == CIRCLE) {
        cairo_arc(cr, x, y, MARKER, 0, 2 * acos(-1));
    } else if (l.marker == SQUARE) {
        cairo_rectangle(cr, x - MARKER + 0.3, y - MARKER + 0.3, 2 * MARKER - 0.6, 2 * MARKER - 0.6);
    } else {
        double low = l.marker == TRIANGLE ? 0.8 * MARKER : 0, side = 1.2 * MARKER;
        cairo_move_to(cr, x, y - side);
        cairo_line_to(cr, x + side, y + low);
        if (l.marker == DIAMOND)
            cairo_line_to(cr, x, y + side);
        cairo_line_to(cr, x - side, y + low);
        cairo_close_path(cr);
    }
    canvas_color(page, l.color);
    cairo_fill_preserve(cr);
    canvas_color(page, WHITE);
    cairo_set_line_width(cr, 1);
    cairo_stroke(cr);
}

static const text_style legend_style = {.size = TEXT_SIZE, .color = INK};

static double legend_width(canvas *page, const nb_figure *figure)
{
    double width = 0;
    for (size_t i = 0; i < figure->series_count; i++)
        width += LEGEND_LINE + 6 + canvas_text_width(page, figure->series[i].name, legend_style) +
                 (i ? LEGEND_GAP : 0);
    return width;
}

static void draw_legend(canvas *page, const nb_figure *figure, double x, double y)
{
    cairo_t *cr = canvas_cairo(page);
    for (size_t i = 0; i < figure->series_count; i++) {
        look l = look_of(figure, i);
        canvas_color(page, l.color);
        cairo_set_line_width(cr, LINE_WIDTH);
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + LEGEND_LINE, y);
        cairo_stroke(cr);
        draw_marker(page, x + LEGEND_LINE / 2, y, l);
        x += LEGEND_LINE + 6;
        canvas_text(page, x, y, figure->series[i].name, legend_style);
        x += canvas_text_width(page, figure->series[i].name, legend_style) + LEGEND_GAP;
    }
}

static double x_position(const area *a, size_t index, size_t count)
{
    double pad = 14, width = a->right - a->left - 2 * pad;
    return count < 2 ? (a->left + a->right) / 2
                     : a->left + pad + width * (double)index / (double)(count - 1);
}

static void draw_x_ticks(canvas *page, const area *a, size_t count)
{
    char widest[32];
    snprintf(widest, sizeof widest, "%zu", count);
    double room = canvas_text_width(page, widest, legend_style) + 14;
    int most = (int)((a->right - a->left) / room);
    size_t step = (size_t)fmax(1, nice_step((double)count, most < 1 ? 1 : most > 10 ? 10 : most));
    for (size_t i = 0; i < count; i++) {
        if (count > 10 && (i + 1) % step)
            continue;
        char label[32];
        snprintf(label, sizeof label, "%zu", i + 1);
        draw_x_tick(page, a, x_position(a, i, count), label);
    }
}

static void draw_series(canvas *page, const area *a, const scale *y, const nb_series *series,
                        size_t longest, look l)
{
    cairo_t *cr = canvas_cairo(page);
    int pen_down = 0;
    cairo_new_path(cr);
    for (size_t i = 0; i < series->count; i++) {
        double value = series->values[i];
        if (!isfinite(value)) {
            pen_down = 0;
            continue;
        }
        double px = x_position(a, i, longest), py = y_position(a, y, value);
        if (pen_down)
            cairo_line_to(cr, px, py);
        else
            cairo_move_to(cr, px, py);
        pen_down = 1;
    }
    canvas_color(page, l.color);
    cairo_set_line_width(cr, LINE_WIDTH);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_stroke(cr);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    size_t every = series->count > SPARSE_AFTER ? (series->count + 14) / 15 : 1;
    for (size_t i = 0; i < series->count; i += every)
        if (isfinite(series->values[i]))
            draw_marker(page, x_position(a, i, longest), y_position(a, y, series->values[i]), l);
}

int draw_curves(canvas *page, const nb_figure *figure)
{
    double low = INFINITY, high = -INFINITY;
    size_t longest = 0;
    for (size_t s = 0; s < figure->series_count; s++) {
        const nb_series *series = &figure->series[s];
        longest = series->count > longest ? series->count : longest;
        for (size_t i = 0; i < series->count; i++) {
            if (!isfinite(series->values[i]))
                continue;
            low = fmin(low, series->values[i]);
            high = fmax(high, series->values[i]);
        }
    }
    if (low > high)
        low = high = 0;
    int most_ticks = figure->height > 400 ? 8 : 6;
    scale y = scale_around(low, high, most_ticks);

    /* The legend stands right of the title, or below it where there is no room. */
    double title_end = 14;
    if (figure->title)
        title_end += canvas_text_width(page, figure->title,
                                       (text_style){.size = TITLE_SIZE, .bold = 1});
    double width = legend_width(page, figure);
    int below = title_end + 24 + width > figure->width - 14;
    area a = draw_frame(page, figure, &y, below ? 20 : 0);
    draw_legend(page, figure, below ? a.left : a.right - width, TITLE_MIDDLE + (below ? 20 : 0));
    draw_x_ticks(page, &a, longest);
    for (size_t s = 0; s < figure->series_count; s++)
        draw_series(page, &a, &y, &figure->series[s], longest, look_of(figure, s));
    return 0;
}
