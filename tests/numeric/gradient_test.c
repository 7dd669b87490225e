/*
 * Gradients of every layer, activation and loss against finite differences in double precision.
 *
 * The reference engine is compiled here a second time with double arithmetic; nets come from the
 * library's own shape inference. Central differences (f(p + h) - f(p - h)) / 2h leave an error of
 * order h^2; where a maximum or a ReLU changes sides between p - h and p + h (a kink), the two
 * one-sided differences part, and the parameter is left out.
 */
#define NN_REAL                    double
#define NN_REFERENCE_WITHOUT_TABLE
#include "../../runtime/src/engine/reference.c"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "model.h"

#define SAMPLES     3
#define MAX_CHECKED 400
#define STEP        1e-5
#define TOLERANCE   1e-6

typedef struct problem {
    const nn_net *net;
    reference *engine;
    double *params, *grad;
    nn_batch batch;
} problem;

/* Numbers in (-1, 1) that have nothing to do with the library's own. */
static double noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 23) - 1;
}

/* Loss of the batch in training mode, so that dropout takes part. */
static double loss_at(problem *p)
{
    double sum = 0;
    for (int i = 0; i < p->batch.count; i++) {
        forward_sample(p->engine, p->params, &p->batch, (size_t)i, 1);
        sum += sample_loss(p->engine, &p->batch, (size_t)i, p->engine->delta[0]);
    }
    return sum / p->batch.count;
}

/* At a kink (of ReLU, of a maximum) there is no derivative to compare with: few may lie there. */
static size_t checked, at_kinks;

static void compare_parameter(problem *p, size_t index, double largest)
{
    double value = p->params[index], here = loss_at(p);
    p->params[index] = value + STEP;
    double above = loss_at(p);
    p->params[index] = value - STEP;
    double below = loss_at(p);
    p->params[index] = value;
    double right = (above - here) / STEP, left = (here - below) / STEP;
    double difference = (above - below) / (2 * STEP), gradient = p->grad[index];
    double scale = fmax(fmax(fabs(difference), fabs(gradient)), 1e-3 * largest);
    if (fabs(right - left) > 1e-3 * scale + 1e-4) {
        at_kinks++;
        return;
    }
    checked++;
    if (fabs(difference - gradient) > TOLERANCE * scale)
        fail_msg("parameter %zu: gradient %.12g, finite difference %.12g", index, gradient,
                 difference);
}

static void check_gradients(model_t *model, nn_loss loss)
{
    uint32_t seed = 7;
    assert_non_null(model);
    model->net.loss = loss;
    const nn_net *net = &model->net;
    problem p = {.net = net, .engine = ref_create(net, 1)};
    assert_non_null(p.engine);
    p.params = calloc(net->param_count + 1, sizeof *p.params);
    p.grad = calloc(net->param_count + 1, sizeof *p.grad);
    /* Biases too are set, so that none of their terms is zero by chance. */
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        for (size_t k = 0; k < op->weight_count; k++)
            p.params[op->weight + k] = model->params[op->weight + k] + 0.01 * noise(&seed);
        for (size_t k = 0; k < op->bias_count; k++)
            p.params[op->bias + k] = 0.3 * noise(&seed);
    }
    int64_t row = (int64_t)net->in_h * net->in_w * net->in_c;
    tensor_t x = nn_tensor_zeros(NN_FLOAT32, 2, (int64_t[]){SAMPLES, row});
    for (size_t i = 0; i < nn_tensor_size(x); i++)
        ((float *)x.data)[i] = (float)noise(&seed);
    int32_t labels[SAMPLES];
    float targets[SAMPLES * 16], sum;
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = (i * 5 + 1) % net->out_c;
        sum = 0;
        for (int k = 0; k < net->out_c; k++)
            sum += targets[i * net->out_c + k] = (float)(noise(&seed) + 1.1);
        for (int k = 0; k < net->out_c; k++)
            targets[i * net->out_c + k] /= sum;
    }
    tensor_t y = loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY
                     ? nn_tensor_wrap(labels, NN_INT32, 1, (int64_t[]){SAMPLES})
                     : nn_tensor_wrap(targets, NN_FLOAT32, 2, (int64_t[]){SAMPLES, net->out_c});
    p.batch = (nn_batch){.x = x, .y = y, .count = SAMPLES, .seed = 3, .epoch = 1};
    double loss_sum;
    int64_t hits;
    ref_gradient(p.engine, p.params, &p.batch, p.grad, NULL, &loss_sum, &hits);
    assert_true(fabs(loss_sum / SAMPLES - loss_at(&p)) < 1e-12);
    double inference_loss;
    ref_forward(p.engine, p.params, &p.batch, NULL, &inference_loss, NULL);
    int has_dropout = 0;
    for (int i = 0; i < net->op_count; i++)
        has_dropout |= net->ops[i].kind == NN_OP_DROPOUT;
    assert_true((fabs(inference_loss - loss_sum) < 1e-12) == !has_dropout);
    double largest = 0;
    for (size_t i = 0; i < net->param_count; i++)
        largest = fmax(largest, fabs(p.grad[i]));
    assert_true(largest > 0);
    checked = at_kinks = 0;
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        size_t stride = op->weight_count / MAX_CHECKED + 1;
        for (size_t k = 0; k < op->weight_count; k += stride)
            compare_parameter(&p, op->weight + k, largest);
        for (size_t k = 0; k < op->bias_count; k++)
            compare_parameter(&p, op->bias + k, largest);
    }
    assert_true(checked > 0);
    assert_true(at_kinks <= checked / 10);
    ref_destroy(p.engine);
    free(p.params);
    free(p.grad);
}

#define LAYERS(...)                                                                                \
    nn_sequential("net", sizeof((layer_t *[]){__VA_ARGS__}) / sizeof(layer_t *),                   \
                  (layer_t *[]){__VA_ARGS__})
#define INPUT(...)                                                                                 \
    nn_input(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static layer_t *conv(int filters, int kernel, const char *activation, const char *padding,
                     int strides)
{
    return nn_conv2d(filters, kernel,
                     (conv2d_opts){.activation = activation, .padding = padding,
                                   .strides = strides});
}

static layer_t *dense(int units, const char *activation)
{
    return nn_dense(units, (dense_opts){.activation = activation});
}

static layer_t *average(int pool, const char *padding, int strides)
{
    return nn_average_pooling2d(pool, (pooling2d_opts){.padding = padding, .strides = strides});
}

static layer_t *maximum(int pool, const char *padding, int strides)
{
    return nn_max_pooling2d(pool, (pooling2d_opts){.padding = padding, .strides = strides});
}

static layer_t *flatten(void)
{
    return nn_flatten((layer_opts){0});
}

static void test_lenet5(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(28, 28, 1), conv(6, 5, "tanh", "same", 1), average(2, "valid", 0),
                           conv(16, 5, "tanh", "valid", 1), average(2, "valid", 0), flatten(),
                           dense(120, "tanh"), dense(84, "tanh"), dense(10, "softmax")),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
}

static void test_relu_and_max_pooling(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(12, 12, 1), conv(4, 3, "relu", "same", 1), maximum(2, "valid", 0),
                           conv(5, 3, "relu", "valid", 1), maximum(2, "same", 1), flatten(),
                           dense(7, "relu"), dense(4, "softmax")),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
}

/* Strides, windows and paddings that do not divide the picture; windows that are not square. */
static void test_odd_windows(void **state)
{
    (void)state;
    check_gradients(
        LAYERS(INPUT(9, 11, 2),
               nn_conv2d(3, 0, (conv2d_opts){.kernel_hw = {4, 3}, .strides_hw = {2, 3},
                                             .padding = "same", .activation = "sigmoid"}),
               nn_average_pooling2d(3, (pooling2d_opts){.padding = "same", .strides = 2}),
               conv(3, 2, NULL, "same", 2),
               nn_max_pooling2d(0, (pooling2d_opts){.pool_hw = {1, 2}, .strides_hw = {1, 1},
                                                    .padding = "same"}),
               flatten(), dense(3, "softmax")),
        NN_CATEGORICAL_CROSSENTROPY);
}

static void test_no_bias(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(6, 6, 2), nn_conv2d(3, 3, (conv2d_opts){.no_bias = 1}), flatten(),
                           nn_dense(4, (dense_opts){.no_bias = 1, .activation = "softmax"})),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
}

static void test_dropout(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(5, 5, 1), conv(4, 3, "tanh", NULL, 1),
                           nn_dropout(0.25, (layer_opts){0}), flatten(), dense(9, "tanh"),
                           nn_dropout(0.5, (layer_opts){0}), dense(3, "softmax")),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
}

/* Activation layers, and a softmax in the middle, over the channels of a picture. */
static void test_activation_layers(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(6, 5, 1), conv(4, 3, NULL, "same", 1),
                           nn_activation_layer("softmax", (layer_opts){0}), conv(3, 3, NULL, NULL, 1),
                           nn_activation_layer("sigmoid", (layer_opts){0}), flatten(), dense(5, NULL),
                           nn_activation_layer("softmax", (layer_opts){0})),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
}

static void test_mean_squared_error(void **state)
{
    (void)state;
    static const char *const outputs[] = {NULL, "tanh", "sigmoid", "softmax"};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        check_gradients(LAYERS(INPUT(7), dense(6, "tanh"), dense(4, outputs[i])),
                        NN_MEAN_SQUARED_ERROR);
}

/* Crossentropies of outputs that no softmax made are normalised and clipped, as in Keras. */
static void test_probabilities_without_softmax(void **state)
{
    (void)state;
    check_gradients(LAYERS(INPUT(7), dense(6, "tanh"), dense(4, "sigmoid")),
                    NN_SPARSE_CATEGORICAL_CROSSENTROPY);
    check_gradients(LAYERS(INPUT(7), dense(6, "tanh"), dense(4, "sigmoid")),
                    NN_CATEGORICAL_CROSSENTROPY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lenet5),
        cmocka_unit_test(test_relu_and_max_pooling),
        cmocka_unit_test(test_odd_windows),
        cmocka_unit_test(test_no_bias),
        cmocka_unit_test(test_dropout),
        cmocka_unit_test(test_activation_layers),
        cmocka_unit_test(test_mean_squared_error),
        cmocka_unit_test(test_probabilities_without_softmax),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nn_reset();
    return failed;
}
