#include "model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "memory.h"
#include "shape.h"

static nn_status check_length(const char *function, const char *what, int64_t value)
{
    if (value >= 1 && value <= NN_MAX_LENGTH)
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR, "%s: %s is %lld, 1 to 1,048,576 expected", function, what,
                    (long long)value);
}

static nn_status check_window(const char *function, const char *what, const layer_t *layer)
{
    if (check_length(function, what, layer->window_h) ||
        check_length(function, what, layer->window_w) ||
        check_length(function, "strides", layer->stride_h) ||
        check_length(function, "strides", layer->stride_w))
        return NN_VALUE_ERROR;
    return NN_OK;
}

nn_status nn__layer_check(const char *function, const layer_t *layer)
{
    switch (layer->kind) {
    case NN_LAYER_INPUT:
        if (layer->out_rank < 1 || layer->out_rank > 3)
            return nn__fail(NN_VALUE_ERROR,
                            "%s: %d lengths given; expected (features), (height, width) or "
                            "(height, width, channels), without the batch axis",
                            function, layer->out_rank);
        for (int i = 0; i < layer->out_rank; i++)
            if (check_length(function, "a length", layer->out_shape[i]))
                return NN_VALUE_ERROR;
        return NN_OK;
    case NN_LAYER_CONV2D:
        if (check_length(function, "filters", layer->units))
            return NN_VALUE_ERROR;
        return check_window(function, "kernel size", layer);
    case NN_LAYER_AVERAGE_POOLING2D:
    case NN_LAYER_MAX_POOLING2D:
        return check_window(function, "pool size", layer);
    case NN_LAYER_DENSE:
        return check_length(function, "units", layer->units);
    case NN_LAYER_DROPOUT:
        if (!(layer->rate >= 0 && layer->rate < 1))
            return nn__fail(NN_VALUE_ERROR, "%s: rate is %g, 0 <= rate < 1 expected", function,
                            layer->rate);
        return NN_OK;
    case NN_LAYER_FLATTEN:
    case NN_LAYER_ACTIVATION:
        return NN_OK;
    }
    return nn__fail(NN_VALUE_ERROR, "%s: unknown kind of layer", function);
}

layer_t *nn__layer_new(const layer_t *description)
{
    layer_t *layer = nn__session_alloc(sizeof *layer, NULL);
    if (!layer)
        return nn__fail_null(NN_MEMORY_ERROR, "%s: no memory for the layer",
                             nn__layer_class_name(description->kind));
    *layer = *description;
    return layer;
}

/* The texts that options carry, checked; the rest is nn__layer_check()'s. */
typedef struct texts {
    const char *name, *activation, *padding;
} texts;

static nn_status set_texts(layer_t *layer, const char *function, texts given)
{
    if (given.name) {
        size_t length = strlen(given.name);
        if (length == 0 || length >= NN_NAME_SIZE || strchr(given.name, '/'))
            return nn__fail(NN_VALUE_ERROR,
                            "%s: name \"%.80s\" is not possible; 1 to %d bytes without '/' "
                            "expected",
                            function, given.name, NN_NAME_SIZE - 1);
        memcpy(layer->name, given.name, length + 1);
    }
    int activation = given.activation ? nn__activation_find(given.activation) : NN_LINEAR;
    if (activation < 0)
        return nn__fail(NN_VALUE_ERROR, "%s: activation \"%.80s\" is unknown; valid are %s",
                        function, given.activation, nn__activation_names);
    layer->activation = (nn_activation)activation;
    if (given.padding && strcmp(given.padding, "same") == 0)
        layer->same = 1;
    else if (given.padding && strcmp(given.padding, "valid") != 0)
        return nn__fail(NN_VALUE_ERROR, "%s: padding \"%.80s\" is unknown; valid are valid, same",
                        function, given.padding);
    return NN_OK;
}

static layer_t *finish(layer_t *layer, const char *function, texts given)
{
    if (set_texts(layer, function, given) || nn__layer_check(function, layer))
        return NULL;
    return nn__layer_new(layer);
}

/* A size in both directions: a pair wins over one number. */
static void set_pair(int *down, int *across, const int pair[2], int both)
{
    int pair_given = pair[0] || pair[1];
    *down = pair_given ? pair[0] : both;
    *across = pair_given ? pair[1] : both;
}

layer_t *nn_input(int rank, const int64_t *shape)
{
    layer_t layer = {.kind = NN_LAYER_INPUT, .out_rank = rank};
    if (!shape)
        return nn__fail_null(NN_VALUE_ERROR, "Input: the shape is NULL");
    if (rank >= 1 && rank <= 3)
        memcpy(layer.out_shape, shape, (size_t)rank * sizeof *shape);
    return finish(&layer, "Input", (texts){0});
}

layer_t *nn_conv2d(int filters, int kernel, conv2d_opts opts)
{
    layer_t layer = {.kind = NN_LAYER_CONV2D, .units = filters, .use_bias = !opts.no_bias};
    set_pair(&layer.window_h, &layer.window_w, opts.kernel_hw, kernel);
    set_pair(&layer.stride_h, &layer.stride_w, opts.strides_hw, opts.strides ? opts.strides : 1);
    return finish(&layer, "Conv2D", (texts){opts.name, opts.activation, opts.padding});
}

static layer_t *pooling(nn_layer_kind kind, int pool, pooling2d_opts opts)
{
    layer_t layer = {.kind = kind};
    set_pair(&layer.window_h, &layer.window_w, opts.pool_hw, pool);
    if (opts.strides || opts.strides_hw[0] || opts.strides_hw[1]) {
        set_pair(&layer.stride_h, &layer.stride_w, opts.strides_hw, opts.strides);
    } else {
        layer.stride_h = layer.window_h;
        layer.stride_w = layer.window_w;
    }
    return finish(&layer, nn__layer_class_name(kind), (texts){opts.name, NULL, opts.padding});
}

layer_t *nn_average_pooling2d(int pool, pooling2d_opts opts)
{
    return pooling(NN_LAYER_AVERAGE_POOLING2D, pool, opts);
}

layer_t *nn_max_pooling2d(int pool, pooling2d_opts opts)
{
    return pooling(NN_LAYER_MAX_POOLING2D, pool, opts);
}

layer_t *nn_flatten(layer_opts opts)
{
    layer_t layer = {.kind = NN_LAYER_FLATTEN};
    return finish(&layer, "Flatten", (texts){.name = opts.name});
}

layer_t *nn_dense(int units, dense_opts opts)
{
    layer_t layer = {.kind = NN_LAYER_DENSE, .units = units, .use_bias = !opts.no_bias};
    return finish(&layer, "Dense", (texts){opts.name, opts.activation, NULL});
}

layer_t *nn_dropout(double rate, layer_opts opts)
{
    layer_t layer = {.kind = NN_LAYER_DROPOUT, .rate = nn__decimal(rate)};
    return finish(&layer, "Dropout", (texts){.name = opts.name});
}

layer_t *nn_activation_layer(const char *function, layer_opts opts)
{
    if (!function)
        return nn__fail_null(NN_VALUE_ERROR, "Activation: no function given; valid are %s",
                             nn__activation_names);
    layer_t layer = {.kind = NN_LAYER_ACTIVATION};
    return finish(&layer, "Activation", (texts){opts.name, function, NULL});
}

const char *nn_layer_name(const layer_t *layer)
{
    return layer ? layer->name : "";
}

const char *nn_layer_class(const layer_t *layer)
{
    return layer ? nn__layer_class_name(layer->kind) : "";
}

static int copy_shape(int rank, const int64_t *from, int64_t to[3])
{
    for (int i = 0; i < rank; i++)
        to[i] = from[i];
    return rank;
}

int nn_layer_output_shape(const layer_t *layer, int64_t shape[3])
{
    return layer && layer->model ? copy_shape(layer->out_rank, layer->out_shape, shape) : 0;
}

int nn_layer_input_shape(const layer_t *layer, int64_t shape[3])
{
    return layer && layer->model ? copy_shape(layer->in_rank, layer->in_shape, shape) : 0;
}

size_t nn__layer_variable(const layer_t *layer, int which, size_t *offset, int64_t shape[4],
                          int *rank)
{
    if (!layer->model || layer->kind == NN_LAYER_INPUT)
        return 0;
    const nn_op *op = &layer->model->ops[layer->index - 1];
    *offset = which ? op->bias : op->weight;
    if (which) {
        shape[0] = layer->units;
        *rank = 1;
        return op->bias_count;
    }
    if (layer->kind == NN_LAYER_CONV2D) {
        int64_t lengths[] = {layer->window_h, layer->window_w, layer->in_shape[2], layer->units};
        memcpy(shape, lengths, sizeof lengths);
        *rank = 4;
    } else {
        shape[0] = layer->in_shape[0];
        shape[1] = layer->units;
        *rank = 2;
    }
    return op->weight_count;
}

static tensor_t variable(layer_t *layer, int which, const char *function)
{
    size_t offset = 0;
    int64_t shape[4];
    int rank = 0;
    if (!layer) {
        nn__fail(NN_VALUE_ERROR, "%s: the layer is NULL", function);
        return (tensor_t){0};
    }
    if (!layer->model) {
        nn__fail(NN_VALUE_ERROR,
                 "%s: this %s layer is not part of a model yet; put it into Sequential(...)",
                 function, nn_layer_class(layer));
        return (tensor_t){0};
    }
    if (nn__refuse_quantised(layer->model, function, "keeps no float32 weights"))
        return (tensor_t){0};
    if (nn__layer_variable(layer, which, &offset, shape, &rank) == 0) {
        nn__fail(NN_VALUE_ERROR, "%s: layer \"%s\" (%s) has no %s", function, layer->name,
                 nn_layer_class(layer), which ? "bias" : "weights");
        return (tensor_t){0};
    }
    return nn_tensor_wrap(layer->model->params + offset, NN_FLOAT32, rank, shape);
}

tensor_t nn_layer_weights_tensor(layer_t *layer)
{
    return variable(layer, 0, "layer_weights");
}

tensor_t nn_layer_bias_tensor(layer_t *layer)
{
    return variable(layer, 1, "layer_bias");
}

float *nn_layer_weights(layer_t *layer)
{
    return variable(layer, 0, "layer_weights").data;
}

float *nn_layer_bias(layer_t *layer)
{
    return variable(layer, 1, "layer_bias").data;
}

int64_t nn_layer_param_count(const layer_t *layer)
{
    if (!layer || !layer->model || layer->kind == NN_LAYER_INPUT)
        return 0;
    const nn_op *op = &layer->model->ops[layer->index - 1];
    return (int64_t)(op->weight_count + op->bias_count);
}
