/*
 * White pages to draw on: PNG at twice the resolution, PDF or SVG, all by the same calls.
 *
 * Lengths are CSS pixels (PDF and SVG: points). The same calls give the same bytes: no date is
 * written, and glyphs are neither hinted nor placed on the pixel grid.
 */
#ifndef NB_DRAW_CANVAS_H
#define NB_DRAW_CANVAS_H

#include <cairo.h>
#include <pango/pango.h>
#include <stddef.h>

typedef enum canvas_format { CANVAS_PNG, CANVAS_PDF, CANVAS_SVG } canvas_format;

typedef struct canvas canvas;

/* Where text stands relative to its point. */
typedef enum canvas_anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END } canvas_anchor;

typedef struct text_style {
    double size; /* height of the font */
    int bold;
    unsigned color; /* 0xRRGGBB */
    canvas_anchor across; /* START: the text begins at x */
    int turned; /* written from bottom to top */
} text_style;

/* Make a page. GREY: shades of grey only, which a PNG then stores in 8 bits. Returns NULL if there
   is no memory. */
canvas *canvas_new(canvas_format format, double width, double height, int grey);
void canvas_free(canvas *page);

/* Is there any font at all? */
int canvas_has_font(canvas *page);

/* Begin a further page; PDF only. */
void canvas_next_page(canvas *page);

/* Describe the PDF; each may be NULL. DATE is ISO 8601. */
void canvas_describe(canvas *page, const char *title, const char *author, const char *date);

/* The cairo context, for paths; colours are set by canvas_color(). */
cairo_t *canvas_cairo(canvas *page);
void canvas_color(canvas *page, unsigned color);

/* Write one line, its middle at height Y. */
void canvas_text(canvas *page, double x, double y, const char *text, text_style style);
double canvas_text_width(canvas *page, const char *text, text_style style);

/* A layout of TEXT for more than one line, freed with g_object_unref(). */
PangoLayout *canvas_layout(canvas *page, const char *text, text_style style);

/* Put a picture of WIDTH x HEIGHT grey bytes, ZOOM large, its corner at X, Y. Returns 0, or -1 if
   there is no memory. */
int canvas_picture(canvas *page, double x, double y, double zoom, const unsigned char *bytes,
                   int width, int height);

/* Finish the last page and write all to descriptor FD. Returns 0, or -1. */
int canvas_write(canvas *page, int fd);

#endif
