/* Convolutions before a max-pooling, whose backward pass may skip zeros: lane_test runs it. */
#include "lane_draw.h"

#include <stdlib.h>
#include <string.h>

typedef struct pooled_case {
    int size, channels, filters, kernel, stride, window;
    const char *padding, *activation;
    int skips; /* is the backward pass one that skips zeros, with sixteen lanes? */
} pooled_case;

/* CHANNELS > 1 come out of a convolution of 1 x 1, so that the gradient of the input is used. */
static model_t *pooled_model(const pooled_case *c)
{
    layer_t *layers[8];
    int count = 0;
    layers[count++] = nn_input(3, (int64_t[]){c->size, c->size, c->channels > 1 ? 2 : 1});
    if (c->channels > 1)
        layers[count++] = nn_conv2d(c->channels, 1, (conv2d_opts){.activation = "tanh"});
    layers[count++] = nn_conv2d(c->filters, c->kernel,
                                (conv2d_opts){.strides = c->stride, .padding = c->padding,
                                              .activation = c->activation});
    layers[count++] = nn_max_pooling2d(c->window, (pooling2d_opts){0});
    layers[count++] = nn_flatten((layer_opts){0});
    layers[count++] = nn_dense(7, (dense_opts){.activation = "softmax"});
    return nn_sequential("pooled", (size_t)count, layers);
}

/* The first output channel is a constant: all four results of a window are its maximum, and the
   first of them takes the gradient. */
static void let_maxima_be_equal(const model_t *model, const nn_op *op)
{
    for (size_t k = 0; k < op->weight_count; k += (size_t)op->out_c)
        model->params[op->weight + k] = 0;
    model->params[op->bias] = 0.5f;
}

/* Blank rows and columns. */
static void draw_drawing(const model_t *model, data *d)
{
    int w = model->net.in_w * model->net.in_c, row = model->net.in_h * w;
    for (int i = 0; i < d->batch.count; i++) {
        int top = draw(0, 4), left = draw(0, 4), blank = draw(0, 3) == 0;
        for (int k = 0; k < row; k++)
            if (blank || k / w < top || k % w < left)
                d->pixels[(size_t)i * row + k] = 0;
    }
}

/* 1 if the convolution's backward pass skips zeros. */
static int check_pooled(const pooled_case *c, const char *text, int count)
{
    model_t *model = pooled_model(c);
    assert_non_null(model);
    int op = c->channels > 1;
    unsigned manner = nn__lane_manner(&model->net, op);
    int skips = (manner & NN_SKIPS_ZEROS) != 0, tiles = (manner & NN_BY_TILES) != 0;
    const char *wish = getenv("XTINYCC_CONV");
    int winograd = wish && !strcmp(wish, "winograd") && (manner & NN_GRADIENT_BY_WINOGRAD);
    if (c->skips >= 0 && !tiles && !winograd && skips != (c->skips && nn__isa_number() == 4))
        fail_msg("%s: skips zeros: %d", text, skips);
    if (nn__isa_tiles() == 2 && tiles != (c->stride == 1))
        fail_msg("%s: by tiles: %d", text, tiles);
    assert_int_equal(nn__lane_manner(&model->net, op + 1), 0);
    nn_plan_row rows[8];
    assert_true(nn_model_plan_rows(model, rows, 8) <= 8);
    assert_int_equal(strstr(rows[op].kernel, "gradient skips zeros") != NULL, skips);
    assert_int_equal(strstr(rows[op].kernel, "matrix tiles") != NULL, tiles);
    data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, 7, count);
    draw_drawing(model, &d);
    let_maxima_be_equal(model, &model->net.ops[op]);
    results want = run("reference", model, &d.batch, 1), got = run("lane", model, &d.batch, 1);
    /* Layer by layer; but what hundreds of large gradients leave of each other is not exact. */
    double least = 1e-3;
    for (size_t k = 0; k < model->net.param_count; k++)
        least = fmax(least, 0.1 * fabs((double)want.grad[k]));
    for (int o = 0; o < model->net.op_count; o++) {
        const nn_op *layer = &model->net.ops[o];
        double weights = distance_beside(want.grad + layer->weight, got.grad + layer->weight,
                                         layer->weight_count, least);
        double biases = distance_beside(want.grad + layer->bias, got.grad + layer->bias,
                                        layer->has_bias ? layer->bias_count : 0, least);
        if (!(weights <= TOLERANCE && biases <= TOLERANCE))
            fail_msg("%s, batch %d, layer %d: weights %g, biases %g apart", text, count, o, weights,
                     biases);
    }
    assert_true(distance(want.grad, got.grad, model->net.param_count) <= TOLERANCE);
    for (int threads = 2; threads <= 3; threads++) {
        results more = run("lane", model, &d.batch, threads);
        assert_memory_equal(got.grad, more.grad, model->net.param_count * sizeof(float));
        free_results(more);
    }
    free_results(want);
    free_results(got);
    free_data(d);
    nn_model_free(model);
    return skips;
}

/* Where a quarter of the gradients is passed on, and where the path does not fit. */
void test_convolution_before_max_pooling(void **unused)
{
    (void)unused;
    static const pooled_case cases[] = {
        {28, 1, 6, 5, 1, 2, "same", "relu", 1},   {14, 6, 16, 5, 1, 2, "valid", "relu", 1},
        {12, 3, 17, 5, 1, 2, "same", "tanh", 1},  {10, 9, 33, 5, 1, 2, "valid", NULL, 1},
        {12, 16, 5, 5, 1, 2, "same", "sigmoid", 1}, {12, 17, 19, 3, 1, 2, "same", "relu", 1},
        {13, 6, 16, 5, 1, 2, "same", "relu", 0},  {12, 6, 16, 5, 2, 2, "same", "relu", 0},
        {12, 6, 16, 5, 1, 3, "same", "relu", 0},  {12, 6, 16, 4, 1, 2, "same", "relu", 0},
        {66, 1, 2, 5, 1, 2, "same", "relu", 0},   {60, 1, 2, 5, 1, 2, "same", "relu", 1},
        {12, 6, 16, 1, 1, 2, "same", "relu", 0},  {6, 2, 1, 5, 1, 2, "valid", "relu", 0},
        {14, 2, 16, 5, 1, 2, "valid", "relu", 1}, {6, 18, 40, 3, 1, 2, "valid", NULL, 1},
    };
    static const char *const activations[] = {"relu", "relu", "relu", "tanh", "sigmoid", NULL};
    static const int counts[] = {1, 15, 16, 17, 33};
    char text[200];
    int skipped = 0;
    lane_draw_state = 2024;
    for (int i = 0; i < 80; i++) {
        int drawn = i >= (int)(sizeof cases / sizeof *cases);
        pooled_case c = drawn ? (pooled_case){.size = 2 * draw(3, 8), .channels = draw(1, 18),
                                              .filters = draw(1, 40), .kernel = draw(0, 2) ? 5 : 3,
                                              .stride = 1, .window = 2, .padding = draw_padding(),
                                              .activation = activations[draw(0, 5)], .skips = -1}
                              : cases[i];
        snprintf(text, sizeof text, "%dx%dx%d, %d of %dx%d by %d %s, %s, max %d", c.size, c.size,
                 c.channels, c.filters, c.kernel, c.kernel, c.stride, c.padding,
                 c.activation ? c.activation : "linear", c.window);
        nn_set_random_seed((uint64_t)i + 1);
        skipped += check_pooled(&c, text, counts[i % 5]);
    }
    print_message("    %s: %d of 80 skip zeros\n", nn__lane_engine(0)->name, skipped);
}
