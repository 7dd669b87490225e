#include "lane_draw.h"

uint32_t lane_draw_state;

int draw(int from, int to) /* both included */
{
    lane_draw_state = lane_draw_state * 1664525u + 1013904223u;
    return from + (int)((lane_draw_state >> 8) % (uint32_t)(to - from + 1));
}

float noise(void) { return (float)draw(-1000, 1000) / 1000; }

const char *draw_activation(void)
{
    static const char *const names[] = {NULL, "tanh", "relu", "sigmoid", "tanh", "relu"};
    return names[draw(0, 5)];
}

const char *draw_padding(void) { return draw(0, 1) ? "same" : "valid"; }

/* A layer over pictures that fits (h, w), which become those of its output; the description goes
   to TEXT. */
layer_t *draw_picture_layer(int *h, int *w, char *text, size_t size)
{
    int window_h = draw(1, *h < 5 ? *h : 5), window_w = draw(1, *w < 5 ? *w : 5);
    if (draw(0, 1))
        window_w = window_h = window_h < window_w ? window_h : window_w;
    int stride_h = draw(0, 3) ? 1 : draw(1, 3), stride_w = draw(0, 3) ? 1 : draw(1, 3);
    const char *padding = draw_padding(), *activation = draw_activation();
    int kind = draw(0, 6), filters = draw(1, 9);
    snprintf(text, size, "%d: %dx%d by %d,%d %s %s %d; ", kind, window_h, window_w, stride_h,
             stride_w, padding, activation ? activation : "linear", filters);
    if (kind == 5)
        return nn_dropout(0.25, (layer_opts){0});
    if (kind == 6)
        return nn_activation_layer(draw(0, 3) ? "tanh" : "softmax", (layer_opts){0});
    int pooling = kind >= 3;
    if (pooling && draw(0, 1)) {
        stride_h = window_h;
        stride_w = window_w;
    }
    int same = padding[0] == 's';
    *h = same ? (*h + stride_h - 1) / stride_h : (*h - window_h) / stride_h + 1;
    *w = same ? (*w + stride_w - 1) / stride_w : (*w - window_w) / stride_w + 1;
    if (!pooling)
        return nn_conv2d(filters, 0,
                         (conv2d_opts){.kernel_hw = {window_h, window_w},
                                       .strides_hw = {stride_h, stride_w}, .padding = padding,
                                       .activation = activation, .no_bias = draw(0, 4) == 0});
    pooling2d_opts opts = {.pool_hw = {window_h, window_w}, .strides_hw = {stride_h, stride_w},
                           .padding = padding};
    return kind == 3 ? nn_average_pooling2d(0, opts) : nn_max_pooling2d(0, opts);
}

model_t *draw_model(int *classes, char *text, size_t size)
{
    layer_t *layers[16];
    int count = 0, h = draw(1, 14), w = draw(1, 14);
    size_t at = (size_t)snprintf(text, size, "%dx%d ", h, w);
    layers[count++] = nn_input(3, (int64_t[]){h, w, draw(1, 3)});
    for (int left = draw(0, 4); left > 0; left--) {
        layers[count++] = draw_picture_layer(&h, &w, text + at, size - at);
        at += strlen(text + at);
    }
    layers[count++] = nn_flatten((layer_opts){0});
    for (int left = draw(0, 2); left > 0; left--) {
        layers[count++] = nn_dense(draw(1, 40), (dense_opts){.activation = draw_activation(),
                                                             .no_bias = draw(0, 4) == 0});
        if (draw(0, 3) == 0)
            layers[count++] = nn_dropout(0.5, (layer_opts){0});
    }
    *classes = draw(1, 20);
    layers[count++] = nn_dense(*classes, (dense_opts){.activation = draw(0, 3) ? "softmax" : "sigmoid"});
    return nn_sequential("drawn", (size_t)count, layers);
}

results run(const char *name, const model_t *model, const nn_batch *batch, int threads)
{
    char why[200];
    const nn_engine *engine = nn__engine_choose(&model->net, name, why, sizeof why);
    if (!engine)
        fail_msg("%s declines: %s", name, why);
    results r = {.out = calloc((size_t)batch->count * (size_t)model->net.out_c, sizeof(float)),
                 .grad = calloc(model->net.param_count + 1, sizeof(float))};
    void *self = engine->create(&model->net, threads);
    assert_non_null(self);
    engine->enter(self);
    engine->forward(self, model->params, batch, r.out, &r.loss, &r.hits);
    engine->gradient(self, model->params, batch, r.grad, NULL, &r.gradient_loss,
                     &r.gradient_hits);
    engine->leave(self);
    engine->destroy(self);
    return r;
}

void free_results(results r)
{
    free(r.out);
    free(r.grad);
}

/* Relative to the largest, or to LEAST. */
double distance_beside(const float *a, const float *b, size_t n, double least)
{
    double largest = least, difference = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)a[i]));
        difference = fmax(difference, fabs((double)a[i] - b[i]));
    }
    return difference / largest;
}

double distance(const float *a, const float *b, size_t n)
{
    return distance_beside(a, b, n, 1e-3);
}

data draw_batch(const model_t *model, nn_loss loss, int classes, int count)
{
    size_t elements = (size_t)model->net.in_h * (size_t)model->net.in_w * (size_t)model->net.in_c;
    data d = {.pixels = malloc((size_t)count * elements * sizeof(float)),
              .targets = malloc((size_t)count * (size_t)classes * sizeof(float)),
              .labels = malloc((size_t)count * sizeof(int32_t))};
    for (size_t i = 0; i < (size_t)count * elements; i++)
        d.pixels[i] = noise();
    for (int i = 0; i < count * classes; i++)
        d.targets[i] = (float)draw(1, 9) / 10;
    for (int i = 0; i < count; i++)
        d.labels[i] = draw(0, classes - 1);
    d.batch = (nn_batch){
        .x = nn_tensor_wrap(d.pixels, NN_FLOAT32, 2, (int64_t[]){count, (int64_t)elements}),
        .y = loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY
                 ? nn_tensor_wrap(d.labels, NN_INT32, 1, (int64_t[]){count})
                 : nn_tensor_wrap(d.targets, NN_FLOAT32, 2, (int64_t[]){count, classes}),
        .count = count, .seed = 5, .epoch = 2};
    return d;
}

void store_as_integers(data *d, nn_dtype dtype)
{
    for (size_t k = 0; k < nn_tensor_size(d->batch.x); k++) {
        int value = draw(0, 255);
        if (dtype == NN_UINT8)
            ((uint8_t *)d->pixels)[k] = (uint8_t)value;
        else
            ((int32_t *)d->pixels)[k] = value;
    }
    d->batch.x.dtype = dtype;
    d->batch.x.scale = 1 / 255.0f;
    d->batch.x.offset = -0.5f;
}

/* Empty rows at the top and the bottom, as pictures of digits have them. */
void blank_rows(const model_t *model, data *d)
{
    size_t row = (size_t)model->net.in_w * (size_t)model->net.in_c;
    size_t size = d->batch.x.dtype == NN_UINT8 ? 1 : sizeof(float);
    d->batch.x.offset = 0;
    for (int y = 0; y < 8 * model->net.in_h; y++)
        if (y % model->net.in_h < draw(0, 3) || y % model->net.in_h >= model->net.in_h - 2)
            memset((char *)d->pixels + (size_t)y * row * size, 0, row * size);
}

void free_data(data d)
{
    free(d.pixels);
    free(d.targets);
    free(d.labels);
}

int draw_count(void)
{
    static const int tails[] = {1, 15, 16, 17, 33, MOST_BATCH};
    return draw(0, 2) ? tails[draw(0, 5)] : draw(1, MOST_BATCH);
}
