/* Constructors of layers, and the views of their parameters. */
#include "nn_expect.h"

static void test_names_and_classes(void **state)
{
    (void)state;
    layer_t *conv = nn_conv2d(2, 3, (conv2d_opts){.name = "edges"});
    assert_string_equal(nn_layer_name(conv), "edges");
    assert_string_equal(nn_layer_class(conv), "Conv2D");
    assert_string_equal(nn_layer_name(nn_flatten((layer_opts){0})), "");
    assert_string_equal(nn_layer_class(NULL), "");
    assert_int_equal(nn_layer_param_count(conv), 0);
}

static void test_refused_sizes(void **state)
{
    (void)state;
    assert_refused(!nn_input(0, (int64_t[]){1}),
                   "Input: 0 lengths given; expected (features), (height, width) or (height, "
                   "width, channels), without the batch axis");
    assert_refused(!nn_input(SHAPE(60000, 28, 28, 1)),
                   "Input: 4 lengths given; expected (features), (height, width) or (height, "
                   "width, channels), without the batch axis");
    assert_refused(!nn_input(SHAPE(28, -1)), "Input: a length is -1, 1 to 1,048,576 expected");
    assert_refused(!nn_input(2, NULL), "Input: the shape is NULL");
    assert_refused(!nn_conv2d(0, 5, (conv2d_opts){0}),
                   "Conv2D: filters is 0, 1 to 1,048,576 expected");
    assert_refused(!nn_conv2d(6, -5, (conv2d_opts){0}),
                   "Conv2D: kernel size is -5, 1 to 1,048,576 expected");
    assert_refused(!nn_conv2d(6, 5, (conv2d_opts){.kernel_hw = {3, 0}}),
                   "Conv2D: kernel size is 0, 1 to 1,048,576 expected");
    assert_refused(!nn_conv2d(6, 5, (conv2d_opts){.strides = -1}),
                   "Conv2D: strides is -1, 1 to 1,048,576 expected");
    assert_refused(!nn_max_pooling2d(0, (pooling2d_opts){0}),
                   "MaxPooling2D: pool size is 0, 1 to 1,048,576 expected");
    assert_refused(!nn_dense(-1, (dense_opts){0}), "Dense: units is -1, 1 to 1,048,576 expected");
    assert_refused(!nn_dropout(1, (layer_opts){0}), "Dropout: rate is 1, 0 <= rate < 1 expected");
    assert_refused(!nn_dropout(NAN, (layer_opts){0}),
                   "Dropout: rate is nan, 0 <= rate < 1 expected");
}

static void test_refused_words(void **state)
{
    (void)state;
    assert_refused(!nn_conv2d(6, 5, (conv2d_opts){.activation = "Tanh"}),
                   "Conv2D: activation \"Tanh\" is unknown; valid are linear, tanh, relu, sigmoid, "
                   "softmax");
    assert_refused(!nn_average_pooling2d(2, (pooling2d_opts){.padding = "full"}),
                   "AveragePooling2D: padding \"full\" is unknown; valid are valid, same");
    assert_refused(!nn_activation_layer(NULL, (layer_opts){0}),
                   "Activation: no function given; valid are linear, tanh, relu, sigmoid, softmax");
    assert_refused(!nn_dense(2, (dense_opts){.name = "a/b"}),
                   "Dense: name \"a/b\" is not possible; 1 to 63 bytes without '/' expected");
}

static void test_parameters(void **state)
{
    (void)state;
    layer_t *conv = nn_conv2d(3, 5, (conv2d_opts){.kernel_hw = {2, 4}});
    layer_t *flat = nn_flatten((layer_opts){0}), *dense = nn_dense(7, (dense_opts){.no_bias = 1});
    assert_refused(!nn_layer_weights(conv),
                   "layer_weights: this Conv2D layer is not part of a model yet; put it into "
                   "Sequential(...)");
    assert_non_null(nn_sequential(NULL, LAYERS(nn_input(SHAPE(8, 8, 2)), conv, flat, dense)));
    tensor_t weights = nn_layer_weights_tensor(conv);
    assert_int_equal(weights.rank, 4);
    assert_int_equal(weights.shape[0], 2);
    assert_int_equal(weights.shape[1], 4);
    assert_int_equal(weights.shape[2], 2);
    assert_int_equal(weights.shape[3], 3);
    assert_ptr_equal(weights.data, nn_layer_weights(conv));
    assert_int_equal(nn_layer_bias_tensor(conv).shape[0], 3);
    assert_int_equal(nn_layer_param_count(conv), 2 * 4 * 2 * 3 + 3);
    assert_int_equal(nn_layer_param_count(dense), 7 * 5 * 3 * 7);
    assert_refused(!nn_layer_bias(dense), "layer_bias: layer \"dense\" (Dense) has no bias");
    assert_refused(!nn_layer_weights(flat),
                   "layer_weights: layer \"flatten\" (Flatten) has no weights");
    assert_refused(!nn_layer_weights(NULL), "layer_weights: the layer is NULL");
    int64_t shape[3];
    assert_int_equal(nn_layer_output_shape(conv, shape), 3);
    assert_int_equal(shape[0], 7);
    assert_int_equal(shape[1], 5);
    assert_int_equal(shape[2], 3);
    assert_int_equal(nn_layer_input_shape(dense, shape), 1);
    assert_int_equal(shape[0], 105);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names_and_classes, reset_session),
        cmocka_unit_test_setup(test_refused_sizes, reset_session),
        cmocka_unit_test_setup(test_refused_words, reset_session),
        cmocka_unit_test_setup(test_parameters, reset_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
