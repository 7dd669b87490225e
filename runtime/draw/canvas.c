#include "canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOLUTION 2.0 /* device pixels per CSS pixel of a PNG */
#define FONT       "sans-serif"

#ifdef XTINYCC_SANITIZED
/* What fontconfig keeps until the process ends is not ours to free. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig.so\nleak:libpango\n";
}
#endif

struct canvas {
    canvas_format format;
    int grey; /* the surface has only an alpha channel, which stands for brightness */
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoContext *pango;
    unsigned char *bytes; /* the PDF or SVG so far */
    size_t size, capacity;
};

static cairo_status_t append(void *closure, const unsigned char *data, unsigned length)
{
    canvas *page = closure;
    if (page->size + length > page->capacity) {
        size_t capacity = 2 * (page->size + length);
        unsigned char *bytes = realloc(page->bytes, capacity);
        if (!bytes)
            return CAIRO_STATUS_NO_MEMORY;
        page->bytes = bytes;
        page->capacity = capacity;
    }
    memcpy(page->bytes + page->size, data, length);
    page->size += length;
    return CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *make_surface(canvas *page, double width, double height)
{
    if (page->format == CANVAS_PDF) {
        cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(append, page, width, height);
        cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
        return pdf;
    }
    if (page->format == CANVAS_SVG)
        return cairo_svg_surface_create_for_stream(append, page, width, height);
    cairo_surface_t *image = cairo_image_surface_create(
        page->grey ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24, (int)lround(width * RESOLUTION),
        (int)lround(height * RESOLUTION));
    cairo_surface_set_device_scale(image, RESOLUTION, RESOLUTION);
    return image;
}

canvas *canvas_new(canvas_format format, double width, double height, int grey)
{
    canvas *page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->format = format;
    page->grey = grey && format == CANVAS_PNG;
    page->surface = make_surface(page, width, height);
    page->cr = cairo_create(page->surface);
    page->pango = pango_cairo_create_context(page->cr);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(page->pango, options);
    cairo_font_options_destroy(options);
    canvas_color(page, 0xFFFFFF);
    cairo_paint(page->cr);
    if (cairo_status(page->cr) != CAIRO_STATUS_SUCCESS) {
        canvas_free(page);
        return NULL;
    }
    return page;
}

void canvas_free(canvas *page)
{
    if (!page)
        return;
    g_object_unref(page->pango);
    cairo_destroy(page->cr);
    cairo_surface_destroy(page->surface);
    free(page->bytes);
    free(page);
}

void canvas_next_page(canvas *page)
{
    cairo_show_page(page->cr);
    canvas_color(page, 0xFFFFFF);
    cairo_paint(page->cr);
}

void canvas_describe(canvas *page, const char *title, const char *author, const char *date)
{
    if (page->format != CANVAS_PDF)
        return;
    static const cairo_pdf_metadata_t keys[] = {
        CAIRO_PDF_METADATA_TITLE, CAIRO_PDF_METADATA_AUTHOR, CAIRO_PDF_METADATA_CREATE_DATE};
    const char *values[] = {title, author, date};
    for (int i = 0; i < 3; i++)
        if (values[i]) {
            char *valid = g_utf8_make_valid(values[i], -1);
            cairo_pdf_surface_set_metadata(page->surface, keys[i], valid);
            g_free(valid);
        }
}

cairo_t *canvas_cairo(canvas *page)
{
    return page->cr;
}

void canvas_color(canvas *page, unsigned color)
{
    double red = (color >> 16 & 255) / 255.0, green = (color >> 8 & 255) / 255.0,
           blue = (color & 255) / 255.0;
    if (!page->grey) {
        cairo_set_source_rgb(page->cr, red, green, blue);
        return;
    }
    /* Brightness is alpha: ink of darkness D leaves 1 - D of what is there. White sets it to 1. */
    double darkness = 1 - (0.299 * red + 0.587 * green + 0.114 * blue);
    int white = darkness < 0.002; /* the weights do not add up to exactly 1 */
    cairo_set_operator(page->cr, white ? CAIRO_OPERATOR_OVER : CAIRO_OPERATOR_DEST_OUT);
    cairo_set_source_rgba(page->cr, 0, 0, 0, white ? 1 : darkness);
}

PangoLayout *canvas_layout(canvas *page, const char *text, text_style style)
{
    PangoLayout *layout = pango_layout_new(page->pango);
    PangoFontDescription *font = pango_font_description_from_string(FONT);
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_font_description_set_weight(font,
                                      style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_text(layout, text, -1);
    pango_font_description_free(font);
    return layout;
}

int canvas_has_font(canvas *page)
{
    PangoLayout *layout = canvas_layout(page, "0", (text_style){.size = 10});
    int missing = pango_layout_get_unknown_glyphs_count(layout);
    g_object_unref(layout);
    return missing == 0;
}

void canvas_text(canvas *page, double x, double y, const char *text, text_style style)
{
    PangoLayout *layout = canvas_layout(page, text, style);
    int width, height;
    pango_layout_get_size(layout, &width, &height);
    double shift = style.across == ANCHOR_START ? 0 : style.across == ANCHOR_END ? 1 : 0.5;
    cairo_save(page->cr);
    canvas_color(page, style.color);
    cairo_translate(page->cr, x, y);
    if (style.turned)
        cairo_rotate(page->cr, -G_PI / 2);
    cairo_move_to(page->cr, -shift * width / PANGO_SCALE, -0.5 * height / PANGO_SCALE);
    pango_cairo_show_layout(page->cr, layout);
    cairo_restore(page->cr);
    g_object_unref(layout);
}

double canvas_text_width(canvas *page, const char *text, text_style style)
{
    PangoLayout *layout = canvas_layout(page, text, style);
    int width;
    pango_layout_get_size(layout, &width, NULL);
    g_object_unref(layout);
    return (double)width / PANGO_SCALE;
}

int canvas_picture(canvas *page, double x, double y, double zoom, const unsigned char *bytes,
                   int width, int height)
{
    cairo_surface_t *image = cairo_image_surface_create(
        page->grey ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24, width, height);
    unsigned char *data = cairo_image_surface_get_data(image);
    if (!data) {
        cairo_surface_destroy(image);
        return -1;
    }
    int stride = cairo_image_surface_get_stride(image);
    for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
            unsigned char value = bytes[row * width + column];
            if (page->grey)
                data[row * stride + column] = value;
            else
                ((unsigned *)(void *)(data + row * stride))[column] = value * 0x010101u;
        }
    }
    cairo_surface_mark_dirty(image);
    cairo_save(page->cr);
    cairo_translate(page->cr, x, y);
    cairo_scale(page->cr, zoom, zoom);
    cairo_rectangle(page->cr, 0, 0, width, height);
    cairo_clip(page->cr);
    cairo_set_operator(page->cr, CAIRO_OPERATOR_SOURCE);
    cairo_set_source_surface(page->cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(page->cr), CAIRO_FILTER_NEAREST);
    cairo_paint(page->cr);
    cairo_restore(page->cr);
    cairo_surface_destroy(image);
    return 0;
}

int canvas_write(canvas *page, int fd)
{
    if (page->format == CANVAS_PNG) {
        cairo_surface_flush(page->surface);
        if (cairo_surface_write_to_png_stream(page->surface, append, page) != CAIRO_STATUS_SUCCESS)
            return -1;
    } else {
        cairo_show_page(page->cr);
        cairo_surface_finish(page->surface);
    }
    if (cairo_status(page->cr) != CAIRO_STATUS_SUCCESS ||
        cairo_surface_status(page->surface) != CAIRO_STATUS_SUCCESS)
        return -1;
    for (size_t done = 0; done < page->size;) {
        ssize_t written = write(fd, page->bytes + done, page->size - done);
        if (written <= 0)
            return -1;
        done += (size_t)written;
    }
    return 0;
}
