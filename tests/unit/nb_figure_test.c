/* Figures as the notebook gets them: pictures drawn by nb-draw, and their text form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nb/figure.h"
#include "nb_capture.h"

static const double loss[] = {.3412, .1102, .0771}, val_loss[] = {.1233, .0871, .07};
static const double accuracy[] = {.9004, .9672, .9765};
static const history_t history = {
    .epochs = 3, .loss = loss, .val_loss = val_loss, .accuracy = accuracy, .best_epoch = -1};

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static capture shown;

static int setup(void **state)
{
    (void)state;
    capture_begin(&shown);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    capture_end(&shown);
    return 0;
}

static uint32_t big_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

enum { PNG_GREY = 0, PNG_RGB = 2 };

/* The last display is a PNG at twice its place on the page, with a text that any console shows. */
static void assert_picture(int width, int height, int color)
{
    assert_true(shown.count > 0);
    const captured *c = &shown.shown[shown.count - 1];
    assert_non_null(c->plain);
    assert_true(plain_is_ascii_80(c->plain));
    assert_non_null(c->png);
    assert_memory_equal(c->png, "\x89PNG\r\n\x1A\n", 8);
    assert_int_equal(c->png_width, width);
    assert_int_equal(c->png_height, height);
    assert_int_equal(big_endian(c->png + 16), 2 * width);
    assert_int_equal(big_endian(c->png + 20), 2 * height);
    assert_int_equal(c->png[25], color);
    assert_true(c->png_size < 200000);
}

static void history_is_a_picture_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(nb_plot_history(&history, NAMES("loss", "val_loss"), (plot_opts){0}), NN_OK);
    assert_picture(480, 300, PNG_RGB);
    const char *text = shown.shown[0].plain;
    assert_non_null(strstr(text, "loss: 0.3412 -> 0.0771"));
    assert_non_null(strstr(text, "val_loss: 0.1233 -> 0.0700"));
    assert_non_null(strstr(text, "    2  0.1102    0.0871"));
}

static void unknown_series_are_refused_with_the_known_ones(void **state)
{
    (void)state;
    assert_int_equal(nb_plot_history(&history, NAMES("acc"), (plot_opts){0}), NN_VALUE_ERROR);
    const char *message = nn_error_message();
    assert_memory_equal(message, "plot_history: no series is called \"acc\"", 39);
    assert_non_null(strstr(message, "loss, accuracy, val_loss"));
    assert_null(strstr(message, "val_accuracy")); /* not recorded */
    assert_int_equal(nb_plot_history(NULL, NAMES("loss"), (plot_opts){0}), NN_VALUE_ERROR);
    assert_int_equal(nb_plot_history(&history, (const char *const[]){NULL}, (plot_opts){0}),
                     NN_VALUE_ERROR);
    history_t none = {.epochs = 0, .loss = loss};
    assert_int_equal(nb_plot_history(&none, NAMES("loss"), (plot_opts){0}), NN_VALUE_ERROR);
    assert_int_equal(shown.count, 0);
}

static void the_same_data_give_the_same_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        nb_plot_history(&history, NAMES("loss", "accuracy"), (plot_opts){0});
    assert_int_equal(shown.count, 2);
    assert_int_equal(shown.shown[0].png_size, shown.shown[1].png_size);
    assert_memory_equal(shown.shown[0].png, shown.shown[1].png, shown.shown[0].png_size);
}

static void sizes_out_of_range_are_refused(void **state)
{
    (void)state;
    plot_opts opts = {.width = 5000};
    assert_int_equal(nb_plot_history(&history, NAMES("loss"), opts), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "200 to 2000"));
    opts = (plot_opts){.width = 640, .height = 200};
    assert_int_equal(nb_plot_history(&history, NAMES("loss"), opts), NN_OK);
    assert_picture(640, 200, PNG_RGB);
}

static const nb_part *parts_of(const nb_bundle *bundle, const char *mime)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, mime) == 0)
            return &bundle->parts[i];
    return NULL;
}

static int forms_seen;

static void note_forms(void *self, const nb_bundle *bundle, unsigned id, int update)
{
    (void)self, (void)id, (void)update;
    const nb_part *pdf = parts_of(bundle, "application/pdf");
    const nb_part *svg = parts_of(bundle, "image/svg+xml");
    assert_non_null(parts_of(bundle, "image/png"));
    assert_non_null(parts_of(bundle, "text/plain"));
    if (pdf)
        assert_memory_equal(pdf->data, "%PDF", 4);
    if (svg)
        assert_memory_equal(svg->data, "<?xml", 5);
    forms_seen = (pdf ? FIG_PDF : 0) | (svg ? FIG_SVG : 0);
}

static void svg_never_comes_without_pdf(void **state)
{
    (void)state;
    nb_host_set(&(nb_host){.display = note_forms});
    nb_plot_history(&history, NAMES("loss"), (plot_opts){.formats = FIG_SVG});
    assert_int_equal(forms_seen, FIG_SVG | FIG_PDF);
    nb_plot_history(&history, NAMES("loss"), (plot_opts){.formats = FIG_PDF});
    assert_int_equal(forms_seen, FIG_PDF);
    nb_plot_history(&history, NAMES("loss"), (plot_opts){0});
    assert_int_equal(forms_seen, 0);
}

static void names_and_options_stand_together(void **state)
{
    (void)state;
    history_plot plot = {"loss", "accuracy", .title = "Both", .width = 600};
    assert_int_equal(nb_plot_history_with(&history, plot), NN_OK);
    assert_picture(600, 300, PNG_RGB);
    assert_non_null(strstr(shown.shown[0].plain, "accuracy: 0.9004 -> 0.9765"));
    plot.name_2 = "acc";
    assert_int_equal(nb_plot_history_with(&history, plot), NN_VALUE_ERROR);
}

static tensor_t labels(const unsigned char *values, int64_t count)
{
    return nn_tensor_wrap((void *)values, NN_UINT8, 1, &count);
}

static void histograms_count(void **state)
{
    (void)state;
    static const unsigned char digits[] = {3, 1, 2, 3, 3};
    assert_int_equal(nb_plot_hist(labels(digits, 5), (plot_opts){.bins = 3, .title = "Digits"}),
                     NN_OK);
    assert_picture(480, 300, PNG_RGB);
    assert_string_equal(shown.shown[0].plain, "Digits\n\nvalue  count\n-----  -----\n    1      1\n"
                                              "    2      1\n    3      3");
}

static void histograms_of_floats_count_as_numpy_does(void **state)
{
    (void)state;
    /* numpy.histogram([0, .5, 1, 1.5, 2], 2): [2, 3]; the last bin is closed on both sides */
    float values[] = {0, .5f, 1, 1.5f, 2, NAN};
    tensor_t x = nn_tensor_wrap(values, NN_FLOAT32, 1, (int64_t[]){6});
    assert_int_equal(nb_plot_hist(x, (plot_opts){.bins = 2}), NN_OK);
    assert_non_null(strstr(shown.shown[0].plain, "   0   1      2\n   1   2      3"));
    values[0] = values[1] = values[2] = values[3] = values[4] = NAN;
    assert_int_equal(nb_plot_hist(x, (plot_opts){0}), NN_VALUE_ERROR);
    assert_int_equal(nb_plot_hist((tensor_t){0}, (plot_opts){0}), NN_VALUE_ERROR);
    assert_int_equal(nb_plot_hist(x, (plot_opts){.bins = 201}), NN_VALUE_ERROR);
}

static void one_value_only_still_makes_a_histogram(void **state)
{
    (void)state;
    float values[] = {7, 7};
    tensor_t x = nn_tensor_wrap(values, NN_FLOAT32, 1, (int64_t[]){2});
    assert_int_equal(nb_plot_hist(x, (plot_opts){.bins = 4}), NN_OK);
    assert_picture(480, 300, PNG_RGB);
}

static unsigned char pixels[12 * 4 * 4];

static tensor_t images(void)
{
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(5 * i);
    return nn_tensor_wrap(pixels, NN_UINT8, 3, (int64_t[]){12, 4, 4});
}

static void images_show_their_labels(void **state)
{
    (void)state;
    static const unsigned char y[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5};
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), (imshow_opts){.rows = 2, .cols = 4}),
                     NN_OK);
    assert_picture(2 * 8 + 4 * (16 + 10) - 10, 2 * 8 + 2 * (16 + 18 + 10) - 10, PNG_GREY);
    assert_string_equal(shown.shown[0].plain, "labels: 5 0 4 1 9 2 1 3");
    nb_imshow_grid(images(), labels(y, 12), (imshow_opts){.one_per_class = 1});
    assert_string_equal(shown.shown[1].plain, "labels: 0 1 2 3 4 5 9");
}

static void wrong_answers_are_picked_out(void **state)
{
    (void)state;
    static const unsigned char y[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1};
    static const unsigned char p[] = {0, 1, 7, 3, 4, 5, 6, 1, 8, 9, 0, 1};
    imshow_opts opts = {.predictions = labels(p, 12), .only_wrong = 1};
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), opts), NN_OK);
    assert_string_equal(shown.shown[0].plain,
                        "Wrong answers: 2 in 12 (true -> answer)\nlabels: 2->7 7->1");
    opts.predictions = labels(y, 12);
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), opts), NN_OK);
    assert_string_equal(shown.shown[1].plain, "No wrong answer.");
}

static void shapes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const unsigned char y[12] = {0};
    imshow_opts none = {0};
    assert_int_equal(nb_imshow_grid(images(), labels(y, 11), none), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "11 labels for 12 images"));
    assert_int_equal(nb_imshow_grid(labels(y, 12), labels(y, 12), none), NN_VALUE_ERROR);
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), (imshow_opts){.only_wrong = 1}),
                     NN_VALUE_ERROR);
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), (imshow_opts){.first = 12}),
                     NN_VALUE_ERROR);
    assert_int_equal(nb_imshow_grid(images(), labels(y, 12), (imshow_opts){.rows = 51}),
                     NN_VALUE_ERROR);
    assert_int_equal(nb_imshow_grid((tensor_t){0}, (tensor_t){0}, none), NN_VALUE_ERROR);
    assert_int_equal(shown.count, 0);
}

static void confusion_matrices_are_whole_in_text(void **state)
{
    (void)state;
    static const unsigned char y[] = {0, 1, 2, 2, 1}, p[] = {0, 1, 2, 1, 1};
    assert_int_equal(nb_plot_confusion_matrix(labels(y, 5), labels(p, 5), (plot_opts){0}), NN_OK);
    assert_picture(440, 420, PNG_RGB);
    const char *text = shown.shown[0].plain;
    assert_non_null(strstr(text, "Confusion matrix: 4 of 5 right"));
    assert_non_null(strstr(text, "   2  0  1  1"));
    assert_int_equal(nb_plot_confusion_matrix(labels(y, 5), labels(p, 4), (plot_opts){0}),
                     NN_VALUE_ERROR);
}

static void wide_matrices_become_a_line_per_class(void **state)
{
    (void)state;
    unsigned char y[40], p[40];
    for (int i = 0; i < 40; i++)
        p[i] = y[i] = (unsigned char)(i % 20);
    p[3] = 7;
    assert_int_equal(nb_plot_confusion_matrix(labels(y, 40), labels(p, 40), (plot_opts){0}), NN_OK);
    assert_non_null(strstr(shown.shown[0].plain, "   3      2      1  7 (1)\n"));
    assert_true(plain_is_ascii_80(shown.shown[0].plain));
}

/* nb-draw finds no font: the numbers are shown all the same, and the reason. */
static void without_a_font_the_text_remains(void **state)
{
    (void)state;
    char path[] = "/tmp/nb-fonts-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char no_fonts[] = "<?xml version=\"1.0\"?><fontconfig></fontconfig>";
    assert_int_equal(write(fd, no_fonts, sizeof no_fonts - 1), sizeof no_fonts - 1);
    close(fd);
    setenv("FONTCONFIG_FILE", path, 1);
    nn_status status = nb_plot_history(&history, NAMES("loss"), (plot_opts){0});
    unsetenv("FONTCONFIG_FILE");
    unlink(path);
    assert_int_equal(status, NN_OK);
    assert_null(shown.shown[0].png);
    assert_non_null(strstr(shown.shown[0].plain, "loss: 0.3412 -> 0.0771"));
    assert_non_null(strstr(shown.shown[0].plain, "(No picture: "));
    assert_non_null(strstr(shown.shown[0].plain, "fonts-dejavu-core"));
}

static void a_silent_cell_draws_nothing(void **state)
{
    (void)state;
    shown.silent = 1;
    assert_int_equal(nb_plot_history(&history, NAMES("loss"), (plot_opts){0}), NN_OK);
    assert_int_equal(shown.count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(history_is_a_picture_and_numbers),
        TEST(unknown_series_are_refused_with_the_known_ones),
        TEST(the_same_data_give_the_same_bytes),
        TEST(sizes_out_of_range_are_refused),
        TEST(names_and_options_stand_together),
        TEST(svg_never_comes_without_pdf),
        TEST(histograms_count),
        TEST(histograms_of_floats_count_as_numpy_does),
        TEST(one_value_only_still_makes_a_histogram),
        TEST(images_show_their_labels),
        TEST(wrong_answers_are_picked_out),
        TEST(shapes_that_do_not_fit_are_refused),
        TEST(confusion_matrices_are_whole_in_text),
        TEST(wide_matrices_become_a_line_per_class),
        TEST(without_a_font_the_text_remains),
        TEST(a_silent_cell_draws_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
