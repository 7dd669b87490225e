/* How values of the library's own types are shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "nb/display.h"
#include "nb_capture.h"
#include "nb_training.h"

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
    for (int i = 0; i < shown.count && i < CAPTURED_MOST; i++) { /* whatever it was */
        assert_non_null(shown.shown[i].plain);
        assert_true(plain_is_ascii_80(shown.shown[i].plain));
        if (shown.shown[i].html)
            assert_true(html_is_allowed(shown.shown[i].html));
    }
    capture_end(&shown);
    nn_reset();
    return 0;
}

#define SHOWS(part)                                                                                \
    do {                                                                                           \
        if (!strstr(shown.shown[shown.count - 1].plain, part))                                     \
            fail_msg("\"%s\" is not in:\n%s", part, shown.shown[shown.count - 1].plain);           \
    } while (0)

static void a_summary_reads_as_in_keras(void **state)
{
    (void)state;
    model_t *model = training_model("net");
    assert_int_equal(nb_display_model("net", model), NN_OK);
    SHOWS("Model: \"net\"");
    SHOWS("dense (Dense)    (None, 8)          40\n");
    SHOWS("Total params: 58 (232.00 B)");
    assert_non_null(shown.shown[0].html);
    assert_non_null(shown.shown[0].latex);
    assert_int_equal(nb_display_model(NULL, NULL), NN_VALUE_ERROR);
}

static void compile_settings_are_all_named(void **state)
{
    (void)state;
    assert_int_equal(nb_display_compile(training_model("net")), NN_OK);
    SHOWS("learning rate");
    SHOWS("0.999");
    SHOWS("1e-07");
    SHOWS("sparse_categorical_crossentropy");
    layer_t *layers[] = {nn_input(1, (int64_t[]){4}), nn_dense(2, (dense_opts){0})};
    assert_int_equal(nb_display_compile(nn_sequential("raw", 2, layers)), NN_VALUE_ERROR);
    assert_int_equal(nb_display_compile(NULL), NN_VALUE_ERROR);
}

static void a_history_shows_bests_and_epochs(void **state)
{
    (void)state;
    double loss[] = {.5, .3, .4}, accuracy[] = {.8, .85, .9}, seconds[] = {1, 2, 3};
    history_t h = {.epochs = 3, .loss = loss, .accuracy = accuracy, .epoch_seconds = seconds,
                   .seconds = 6, .best_epoch = 1};
    assert_int_equal(nb_display_history("h", &h), NN_OK);
    assert_int_equal(shown.count, 2);
    assert_non_null(strstr(shown.shown[0].plain, "loss      0.3000      2\n"));
    assert_non_null(strstr(shown.shown[0].plain, "accuracy  0.9000      3\n"));
    SHOWS("    3     3.00  0.4000    0.9000\n");
    SHOWS("The weights of epoch 2 were kept.");
    h.epochs = 0;
    assert_int_equal(nb_display_history("h", &h), NN_OK);
    assert_int_equal(nb_display_history("h", NULL), NN_VALUE_ERROR);
}

static void tensors_say_type_shape_and_values(void **state)
{
    (void)state;
    unsigned char bytes[3] = {0, 51, 255};
    tensor_t x = nn_rescale(nn_tensor_wrap(bytes, NN_UINT8, 1, (int64_t[]){3}), 1 / 255.0f);
    assert_int_equal(nb_display_tensor("x", x), NN_OK);
    SHOWS("x: uint8 tensor (3,), times 0.00392157\nvalues: 0 0.2000 1");
    assert_int_equal(nb_display_tensor("x", (tensor_t){0}), NN_OK);
    SHOWS("invalid");
}

/* Predictions of ten classes are the matrix that is shown most: it must fit a line. */
static void a_matrix_of_ten_classes_fits_the_line(void **state)
{
    (void)state;
    static float p[30][10];
    for (int i = 0; i < 300; i++)
        p[i / 10][i % 10] = 1.0f / (float)(1 << i % 10) / 3;
    tensor_t x = nn_tensor_wrap(p, NN_FLOAT32, 2, (int64_t[]){30, 10});
    assert_int_equal(nb_display_tensor("p", x), NN_OK);
    SHOWS("p: float32 tensor (30, 10)");
    SHOWS("\n  0  0.333  0.167  0.083");
    SHOWS("\n 29  0.333");
    SHOWS("(30 rows)");
}

static void wide_matrices_show_both_ends(void **state)
{
    (void)state;
    static int values[3][100];
    for (int i = 0; i < 300; i++)
        values[i / 100][i % 100] = 100000 * (i % 100);
    tensor_t x = nn_tensor_wrap(values, NN_INT32, 2, (int64_t[]){3, 100});
    assert_int_equal(nb_display_tensor("x", x), NN_OK);
    SHOWS("...");
    SHOWS("9900000");
    float negative[2][12];
    for (int i = 0; i < 24; i++)
        negative[i / 12][i % 12] = -123.456f;
    nb_display_tensor("n", nn_tensor_wrap(negative, NN_FLOAT32, 2, (int64_t[]){2, 12}));
    SHOWS("\n0  -123.4560  -123.4560  -123.4560  ...  -123.4560");
}

static void metrics_and_latencies_are_tables(void **state)
{
    (void)state;
    metrics_t metrics = {.loss = .05551, .accuracy = .98271, .samples = 10000, .seconds = .25};
    assert_int_equal(nb_display_metrics("test", metrics), NN_OK);
    SHOWS("test: evaluation of 10,000 samples");
    SHOWS("accuracy   0.9827\n");
    metrics.accuracy = NAN;
    nb_display_metrics(NULL, metrics);
    assert_null(strstr(shown.shown[1].plain, "accuracy"));
    latency_t lat = {.mean_us = 3.9, .median_us = 3.8, .p1_us = 3.5, .p99_us = 12.3, .calls = 30000,
                     .batch_size = 1, .warmup = 1000, .passes = 3, .threads = 1, .accuracy = .9888,
                     .precision = "fp32", .engine = "direct", .isa = "v3",
                     .images_per_second = 256410};
    assert_int_equal(nb_display_latency("lat", lat), NN_OK);
    SHOWS("lat: latency of 30,000 calls, 1 image each");
    SHOWS("3.90 us");
    SHOWS("256,410");
    SHOWS("1,000 warm-up calls not counted, 3 passes over the images.");
    SHOWS("Score = 253,538 per s (fraction/seconds; 25,354 %/ms)");
}

static void a_data_set_shows_ranges_and_checks(void **state)
{
    (void)state;
    mnist_t digits;
    assert_int_equal(nn_synthetic_digits(&digits), NN_OK);
    assert_int_equal(nb_display_mnist("mnist", digits), NN_OK);
    SHOWS("synthetic");
    SHOWS("x_train  (2000, 28, 28)  uint8    0  ");
    SHOWS("y_test   (500,)          uint8    0    9\n");
    SHOWS("not verified MNIST");
}

static void devices_and_machine_are_shown(void **state)
{
    (void)state;
    assert_int_equal(nb_display_devices(), NN_OK);
    SHOWS("cpu ");
    SHOWS("absent");
    assert_int_equal(nb_display_system(), NN_OK);
    SHOWS("xeus-tinycc ");
    assert_int_equal(nb_display_plan(training_model("net")), NN_OK);
    SHOWS("matrix 4x8");
    assert_int_equal(nb_display_plan(NULL), NN_VALUE_ERROR);
}

static void plain_values_read_as_in_c(void **state)
{
    (void)state;
    nb_display_float("x", .1f);
    SHOWS("0.1");
    nb_display_double("x", 2);
    SHOWS("2.0");
    nb_display_string("s", "a\"\n");
    SHOWS("\"a\\\"\\n\"");
    nb_display_char("c", 'A');
    SHOWS("'A' (65)");
    nb_display_bool("b", 1);
    SHOWS("true");
    nb_display_int("i", -3);
    SHOWS("-3");
    nb_display_pointer("p", NULL);
    SHOWS("NULL");
    assert_int_equal(shown.count, 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_summary_reads_as_in_keras),
        TEST(compile_settings_are_all_named),
        TEST(a_history_shows_bests_and_epochs),
        TEST(tensors_say_type_shape_and_values),
        TEST(a_matrix_of_ten_classes_fits_the_line),
        TEST(wide_matrices_show_both_ends),
        TEST(metrics_and_latencies_are_tables),
        TEST(a_data_set_shows_ranges_and_checks),
        TEST(devices_and_machine_are_shown),
        TEST(plain_values_read_as_in_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
