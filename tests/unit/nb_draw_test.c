/* What nb-draw paints, pixel by pixel, and what it refuses to read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "canvas.h"
#include "figure_read.h"
#include "nb_figure.h"
#include "render.h"
#include "scale.h"

typedef int (*renderer)(canvas *, const nb_figure *);

static cairo_status_t read_file(void *file, unsigned char *data, unsigned length)
{
    return fread(data, 1, length, file) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_READ_ERROR;
}

/* Draw to PNG and read the picture back. */
static cairo_surface_t *painted(const nb_figure *figure, renderer render)
{
    canvas *page = canvas_new(CANVAS_PNG, figure->width, figure->height,
                              figure->kind == NB_IMAGES);
    assert_non_null(page);
    assert_int_equal(render(page, figure), 0);
    FILE *file = tmpfile();
    assert_int_equal(canvas_write(page, fileno(file)), 0);
    canvas_free(page);
    rewind(file);
    cairo_surface_t *picture = cairo_image_surface_create_from_png_stream(read_file, file);
    fclose(file);
    assert_int_equal(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS);
    return picture;
}

static unsigned pixel(cairo_surface_t *picture, int x, int y)
{
    const unsigned char *row = cairo_image_surface_get_data(picture) +
                               y * cairo_image_surface_get_stride(picture);
    if (cairo_image_surface_get_format(picture) == CAIRO_FORMAT_A8)
        return row[x] * 0x010101u;
    unsigned value;
    memcpy(&value, row + 4 * x, sizeof value);
    return value & 0xFFFFFF;
}

static int count_color(cairo_surface_t *picture, unsigned color)
{
    int count = 0;
    for (int y = 0; y < cairo_image_surface_get_height(picture); y++)
        for (int x = 0; x < cairo_image_surface_get_width(picture); x++)
            count += pixel(picture, x, y) == color;
    return count;
}

static void curves_are_blue_and_orange_on_white(void **state)
{
    (void)state;
    static const double values[] = {1, 2, 3}, others[] = {3, 2, NAN};
    nb_series series[] = {{"loss", values, 3}, {"val_loss", others, 3}};
    nb_figure figure = {.kind = NB_CURVES, .width = 300, .height = 200, .title = "T",
                        .series = series, .series_count = 2};
    cairo_surface_t *picture = painted(&figure, draw_curves);
    assert_int_equal(pixel(picture, 0, 0), WHITE);
    assert_int_equal(pixel(picture, 599, 399), WHITE);
    assert_in_range(count_color(picture, BLUE), 500, 5000);
    assert_in_range(count_color(picture, ORANGE), 200, 5000);
    cairo_surface_destroy(picture);
}

static void bars_are_as_high_as_their_counts(void **state)
{
    (void)state;
    static const double counts[] = {100, 50};
    static const char *const labels[] = {"a", "b"};
    nb_series series = {"count", counts, 2};
    nb_figure figure = {.kind = NB_BARS, .width = 300, .height = 200, .series = &series,
                        .series_count = 1, .labels = labels, .label_count = 2};
    cairo_surface_t *picture = painted(&figure, draw_bars);
    int height[2] = {0};
    for (int y = 0; y < 400; y++)
        for (int bar = 0; bar < 2; bar++) /* the bars' middles lie in these columns */
            height[bar] += pixel(picture, bar ? 450 : 200, y) == BLUE;
    assert_in_range(height[0], 200, 400);
    assert_in_range(height[1], height[0] / 2 - 2, height[0] / 2 + 2);
    cairo_surface_destroy(picture);
}

static void images_keep_their_pixels(void **state)
{
    (void)state;
    static const unsigned char pixels[] = {0, 255, 100, 200};
    nb_figure figure = {.kind = NB_IMAGES, .width = 56, .height = 56, .rows = 1, .cols = 1,
                        .image_height = 2, .image_width = 2, .zoom = 16, .pixels = pixels,
                        .image_count = 1};
    cairo_surface_t *picture = painted(&figure, draw_images);
    assert_int_equal(cairo_image_surface_get_format(picture), CAIRO_FORMAT_RGB24);
    assert_int_equal(pixel(picture, 1, 1), WHITE);
    /* The image begins at 8, 8; a pixel is 16 large, on paper twice that. */
    assert_int_equal(pixel(picture, 32, 32), 0);
    assert_int_equal(pixel(picture, 64, 32), 0xFFFFFF);
    assert_int_equal(pixel(picture, 32, 64), 0x646464);
    assert_int_equal(pixel(picture, 64, 64), 0xC8C8C8);
    cairo_surface_destroy(picture);
}

static void mistakes_are_orange_and_the_diagonal_blue(void **state)
{
    (void)state;
    static const double counts[] = {10, 1, 0, 10};
    static const char *const labels[] = {"0", "1"};
    nb_series series = {"count", counts, 4};
    nb_figure figure = {.kind = NB_MATRIX, .width = 240, .height = 240, .series = &series,
                        .series_count = 1, .labels = labels, .label_count = 2};
    cairo_surface_t *picture = painted(&figure, draw_matrix);
    assert_in_range(count_color(picture, BLUE), 20000, 45000); /* of the class without a mistake */
    assert_int_equal(count_color(picture, 0xF7F7F7) > 15000, 1);
    cairo_surface_destroy(picture);
}

/* Series that a training run may give, and worse, end in a picture. */
static void strange_values_do_no_harm(void **state)
{
    (void)state;
    static const double strange[][3] = {{NAN, NAN, NAN}, {INFINITY, 1, -INFINITY}, {0, 0, 0},
                                        {1e308, -1e308, 1e308}, {1, 1 + 2e-16, 1}, {5e-324, 0, 0},
                                        {1e20, 1e20, 1e20}, {-1e-9, -2e-9, -3e-9}};
    static const renderer renderers[] = {draw_curves, draw_bars};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        nb_series series = {"loss", strange[i], 3};
        nb_figure figure = {.kind = NB_CURVES, .width = 200, .height = 150, .series = &series,
                            .series_count = 1, .x_low = strange[i][1], .x_high = strange[i][0]};
        for (int r = 0; r < 2; r++)
            cairo_surface_destroy(painted(&figure, renderers[r]));
    }
}

static void ticks_are_round(void **state)
{
    (void)state;
    scale s = scale_around(0.9, 0.985, 6);
    assert_in_range(scale_tick_count(&s), 4, 6);
    char label[32];
    scale_label(&s, scale_tick(&s, 0), label, sizeof label);
    assert_string_equal(label, "0.90");
    s = scale_of_counts(6742, 6);
    scale_label(&s, scale_tick(&s, 1), label, sizeof label);
    assert_string_equal(label, "2,000");
    s = scale_around(0.05, 3, 6);
    assert_true(s.low >= 0); /* what is never negative gets no negative axis */
}

static void a_figure_survives_the_way_to_the_helper(void **state)
{
    (void)state;
    static const double values[] = {1, 2.5};
    static const unsigned char pixels[] = {1, 2, 3, 4}, bold[] = {0, 1};
    static const char *const labels[] = {"one", "t\xC3\xBCwo"};
    nb_series series[] = {{"loss", values, 2}, {"val_loss", values, 1}};
    nb_figure figure = {.kind = NB_IMAGES, .width = 300, .height = 200, .title = "Title",
                        .y_label = "y", .series = series, .series_count = 2, .labels = labels,
                        .label_count = 2, .x_low = -1, .x_high = 1, .rows = 1, .cols = 2,
                        .image_height = 1, .image_width = 2, .zoom = 3, .pixels = pixels,
                        .emphasis = bold, .image_count = 2};
    nb__text job = {0};
    nb__figure_write(&figure, &job);
    const char *reason = NULL;
    nb_figure *read = figure_read(job.data, job.size, &reason);
    assert_null(reason);
    assert_non_null(read);
    assert_int_equal(read->kind, NB_IMAGES);
    assert_int_equal(read->width, 300);
    assert_string_equal(read->title, "Title");
    assert_null(read->x_label);
    assert_int_equal(read->series_count, 2);
    assert_true(read->series[0].values[1] == 2.5);
    assert_int_equal(read->series[1].count, 1);
    assert_string_equal(read->labels[1], "t\xC3\xBCwo");
    assert_int_equal(read->image_count, 2);
    assert_memory_equal(read->pixels, pixels, 4);
    assert_int_equal(read->emphasis[1], 1);
    assert_true(read->x_low == -1 && read->x_high == 1);
    figure_free(read);
    for (size_t size = 0; size < job.size; size++) { /* cut anywhere, it is refused or smaller */
        figure_free(figure_read(job.data, size, &reason));
    }
    assert_null(figure_read(job.data, job.size - 1, &reason));
    nb__text_free(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_are_blue_and_orange_on_white),
        cmocka_unit_test(bars_are_as_high_as_their_counts),
        cmocka_unit_test(images_keep_their_pixels),
        cmocka_unit_test(mistakes_are_orange_and_the_diagonal_blue),
        cmocka_unit_test(strange_values_do_no_harm),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(a_figure_survives_the_way_to_the_helper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
