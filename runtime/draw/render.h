/* Draw one kind of figure each, and the frame that plots share. */
#ifndef NB_DRAW_RENDER_H
#define NB_DRAW_RENDER_H

#include "canvas.h"
#include "nb/figure.h"
#include "scale.h"

/* Colours of the house. */
enum {
    INK = 0x222222,
    SOFT_INK = 0x555555,
    GRID = 0xE4E4E4,
    AXIS = 0x9A9A9A,
    BLUE = 0x1F77B4,
    ORANGE = 0xFF7F0E,
    WHITE = 0xFFFFFF
};

#define TEXT_SIZE  10.0
#define TITLE_SIZE 12.0
#define EDGE       14.0 /* free space at the edges of a figure */

/* The part of the page where data are drawn. */
typedef struct area {
    double left, top, right, bottom;
} area;

/* Draw title, y grid with labels, names of the axes; LEGEND is the height to leave free for a
   legend below the title. Returns where the data go. */
area draw_frame(canvas *page, const nb_figure *figure, const scale *y, double legend);
double y_position(const area *a, const scale *y, double value);

/* Where the title ends, and its middle height. */
double draw_title(canvas *page, const nb_figure *figure);
#define TITLE_MIDDLE 17.0

void draw_x_tick(canvas *page, const area *a, double x, const char *label);

/* Each returns 0, or -1 if there is no memory. */
int draw_curves(canvas *page, const nb_figure *figure);
int draw_bars(canvas *page, const nb_figure *figure);
int draw_images(canvas *page, const nb_figure *figure);
int draw_matrix(canvas *page, const nb_figure *figure);

#endif
