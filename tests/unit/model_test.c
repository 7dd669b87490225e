/* Putting layers together: shapes, names, first weights, and what is refused. */
#include <stdio.h>
#include "nn_expect.h"

static layer_t *conv(int filters, int kernel)
{
    return nn_conv2d(filters, kernel, (conv2d_opts){0});
}

static layer_t *dense(int units)
{
    return nn_dense(units, (dense_opts){0});
}

static layer_t *flatten(void)
{
    return nn_flatten((layer_opts){0});
}

static void test_lenet5_counts(void **state)
{
    (void)state;
    model_t *m = nn_sequential(
        "lenet5", LAYERS(nn_input(SHAPE(28, 28, 1)), nn_conv2d(6, 5, (conv2d_opts){.padding = "same"}),
                         nn_average_pooling2d(2, (pooling2d_opts){0}), conv(16, 5),
                         nn_average_pooling2d(2, (pooling2d_opts){0}), flatten(), dense(120),
                         dense(84), dense(10)));
    static const int64_t params[] = {156, 0, 2416, 0, 0, 48120, 10164, 850};
    static const char *const names[] = {"conv2d",  "average_pooling2d", "conv2d_1",
                                        "average_pooling2d_1", "flatten", "dense", "dense_1",
                                        "dense_2"};
    nn_summary_row rows[8];
    nn_summary_totals totals;
    assert_int_equal(nn_model_summary_rows(m, rows, 8, &totals), 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(rows[i].params, params[i]);
        assert_string_equal(rows[i].layer, names[i]);
    }
    assert_string_equal(rows[0].output_shape, "(None, 28, 28, 6)");
    assert_string_equal(rows[4].output_shape, "(None, 400)");
    assert_int_equal(totals.total, 61706);
    assert_int_equal(nn_model_param_count(m), 61706);
    assert_int_equal(nn_model_layer_count(m), 9);
    assert_string_equal(nn_layer_class(nn_model_layer(m, 0)), "InputLayer");
    assert_ptr_equal(nn_model_layer(m, -1), nn_model_layer_named(m, "dense_2"));
}

/* Glorot's limit, zero biases, the seed and the position decide. */
static void test_first_weights(void **state)
{
    (void)state;
    model_t *a = nn_sequential(NULL, LAYERS(nn_input(SHAPE(8, 8, 2)), conv(5, 3), flatten(), dense(4)));
    model_t *b = nn_sequential(NULL, LAYERS(nn_input(SHAPE(8, 8, 2)), conv(5, 3), flatten(), dense(4)));
    nn_set_random_seed(43);
    model_t *c = nn_sequential(NULL, LAYERS(nn_input(SHAPE(8, 8, 2)), conv(5, 3), flatten(), dense(4)));
    float *wa = nn_layer_weights(nn_model_layer(a, 1)), *wb = nn_layer_weights(nn_model_layer(b, 1));
    float *wc = nn_layer_weights(nn_model_layer(c, 1));
    assert_memory_equal(wa, wb, 90 * sizeof *wa);
    assert_memory_not_equal(wa, wc, 90 * sizeof *wa);
    double limit = sqrt(6.0 / (9 * (2 + 5))), largest = 0, mean = 0;
    for (int i = 0; i < 90; i++) {
        largest = fmax(largest, fabs(wa[i]));
        mean += wa[i] / 90;
    }
    assert_true(largest <= limit && largest > 0.9 * limit);
    assert_true(fabs(mean) < 0.25 * limit);
    for (int i = 0; i < 5; i++)
        assert_true(nn_layer_bias(nn_model_layer(a, 1))[i] == 0);
}

static void test_refused_lists(void **state)
{
    (void)state;
    layer_t *shared = dense(2), *twice = dense(2);
    assert_refused(!nn_sequential("m", 0, NULL), "Sequential: the list of layers is NULL");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)))),
                   "Sequential: 1 layers given; Input(...) and 1 to 999 others expected");
    assert_refused(!nn_sequential("m", LAYERS(dense(2), dense(3))),
                   "Sequential: the first layer is Dense; start with Input(height, width, channels)");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)), dense(2), nn_input(SHAPE(2)))),
                   "Sequential: another InputLayer stands further down; Input must come first, and "
                   "only there");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)), twice, twice)),
                   "Sequential: layers 1 and 2 are the same layer; make a new one");
    assert_non_null(nn_sequential("first", LAYERS(nn_input(SHAPE(3)), shared)));
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)), shared)),
                   "Sequential: layer 1 is \"dense\" of model \"first\"; a layer belongs to one "
                   "model, make a new one");
    assert_refused(!nn_sequential("a/b", LAYERS(nn_input(SHAPE(3)), dense(2))),
                   "Sequential: name \"a/b\" is not possible; 1 to 63 bytes without '/' expected");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)),
                                              nn_dense(2, (dense_opts){.name = "out"}),
                                              nn_dense(2, (dense_opts){.name = "out"}))),
                   "Sequential: layers 1 and 2 are both called \"out\"; names must differ");
    /* The error of the constructor comes through. */
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(3)), dense(0))),
                   "Dense: units is 0, 1 to 1,048,576 expected");
}

static void test_refused_shapes(void **state)
{
    (void)state;
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(28, 28, 1)), dense(10))),
                   "Sequential: layer \"dense\" (Dense) got shape (None, 28, 28, 1); a vector (None, "
                   "features) expected; put Flatten() before it");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(28, 28)), conv(6, 5))),
                   "Sequential: layer \"conv2d\" (Conv2D) got shape (None, 28, 28); (None, height, "
                   "width, channels) expected; give Input(height, width, channels), or leave Flatten "
                   "for later");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(4, 4, 1)), conv(6, 5))),
                   "Sequential: layer \"conv2d\" (Conv2D) got shape (None, 4, 4, 1); smaller than "
                   "the 5 x 5 window; use .padding = \"same\" or a smaller window");
    assert_refused(!nn_sequential("m", LAYERS(nn_input(SHAPE(1 << 20)), dense(1 << 20))),
                   "Sequential: with layer \"dense\" (Dense) the model has more than 134217728 "
                   "parameters");
    /* The layers of a model that was refused are free for another one. */
    layer_t *in = nn_input(SHAPE(28, 28, 1)), *out = dense(10);
    assert_null(nn_sequential("m", LAYERS(in, out)));
    assert_non_null(nn_sequential("m", LAYERS(in, flatten(), out)));
}

static void test_refused_names(void **state)
{
    (void)state;
    model_t *m = nn_sequential("net", LAYERS(nn_input(SHAPE(3)), dense(2)));
    assert_refused(!nn_model_layer(m, 2),
                   "model_layer: there is no layer 2; model \"net\" has layers 0 to 1: input_layer, "
                   "dense");
    assert_refused(!nn_model_layer(m, -3),
                   "model_layer: there is no layer -3; model \"net\" has layers 0 to 1: "
                   "input_layer, dense");
    assert_refused(!nn_model_layer_named(m, "dens"),
                   "model_layer_named: model \"net\" has no layer \"dens\"; it has input_layer, "
                   "dense");
    assert_refused(!nn_model_layer(NULL, 0), "model_layer: the model is NULL");
    assert_refused(!nn_model_layer_named(m, NULL), "model_layer_named: the name is NULL");
    assert_refused(nn_model_summary_rows(NULL, NULL, 0, NULL) < 0,
                   "model_summary: the model is NULL");
    assert_refused(nn_model_plan_rows(NULL, NULL, 0) < 0, "model_plan: the model is NULL");
    assert_string_equal(nn_model_name(NULL), "");
}

static void test_free_model(void **state)
{
    (void)state;
    nn_model_free(NULL);
    model_t *m = make_classifier(1);
    tensor_t x, y;
    make_classes(8, &x, &y);
    assert_non_null(nn_model_fit(m, x, y, (fit_opts){0}));
    assert_non_null(nn_model_fit(m, x, y, (fit_opts){0}));
    nn_model_free(m);
    nn_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lenet5_counts, reset_session),
        cmocka_unit_test_setup(test_first_weights, reset_session),
        cmocka_unit_test_setup(test_refused_lists, reset_session),
        cmocka_unit_test_setup(test_refused_shapes, reset_session),
        cmocka_unit_test_setup(test_refused_names, reset_session),
        cmocka_unit_test_setup(test_free_model, reset_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
