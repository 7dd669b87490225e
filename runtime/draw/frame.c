/* What plots with axes share. */
#include "render.h"

double draw_title(canvas *page, const nb_figure *figure)
{
    text_style style = {.size = TITLE_SIZE, .bold = 1, .color = INK};
    if (!figure->title)
        return EDGE;
    canvas_text(page, EDGE, TITLE_MIDDLE, figure->title, style);
    return EDGE + canvas_text_width(page, figure->title, style);
}

double y_position(const area *a, const scale *y, double value)
{
    return a->bottom - (value - y->low) / (y->high - y->low) * (a->bottom - a->top);
}

static void horizontal(canvas *page, double left, double right, double y, unsigned color)
{
    cairo_t *cr = canvas_cairo(page);
    canvas_color(page, color);
    cairo_set_line_width(cr, 1);
    cairo_move_to(cr, left, y);
    cairo_line_to(cr, right, y);
    cairo_stroke(cr);
}

/* On the middle of a pixel, so that a line of one pixel is sharp. */
static double sharp(double y)
{
    return (double)(long)y + 0.5;
}

area draw_frame(canvas *page, const nb_figure *figure, const scale *y, double legend)
{
    text_style tick = {.size = TEXT_SIZE, .color = SOFT_INK, .across = ANCHOR_END};
    text_style name = {.size = TEXT_SIZE, .color = INK, .across = ANCHOR_MIDDLE};
    double widest = 0;
    char label[64];
    int ticks = scale_tick_count(y);
    for (int i = 0; i < ticks; i++) {
        scale_label(y, scale_tick(y, i), label, sizeof label);
        double width = canvas_text_width(page, label, tick);
        widest = width > widest ? width : widest;
    }
    area a = {.left = EDGE + (figure->y_label ? 18 : 0) + widest + 6,
              .top = (figure->title ? 34 : EDGE) + legend,
              .right = figure->width - EDGE,
              .bottom = figure->height - (figure->x_label ? 44 : 28)};
    draw_title(page, figure);
    for (int i = 0; i < ticks; i++) {
        double value = scale_tick(y, i);
        double at = sharp(y_position(&a, y, value));
        horizontal(page, a.left, a.right, at, GRID);
        scale_label(y, value, label, sizeof label);
        canvas_text(page, a.left - 7, at, label, tick);
    }
    horizontal(page, a.left, a.right, sharp(a.bottom), AXIS);
    if (figure->x_label)
        canvas_text(page, (a.left + a.right) / 2, figure->height - 15, figure->x_label, name);
    if (figure->y_label) {
        name.turned = 1;
        canvas_text(page, EDGE + 5, (a.top + a.bottom) / 2, figure->y_label, name);
    }
    return a;
}

void draw_x_tick(canvas *page, const area *a, double x, const char *label)
{
    text_style tick = {.size = TEXT_SIZE, .color = SOFT_INK, .across = ANCHOR_MIDDLE};
    cairo_t *cr = canvas_cairo(page);
    canvas_color(page, AXIS);
    cairo_set_line_width(cr, 1);
    cairo_move_to(cr, sharp(x), a->bottom);
    cairo_line_to(cr, sharp(x), a->bottom + 4);
    cairo_stroke(cr);
    canvas_text(page, x, a->bottom + 13, label, tick);
}
