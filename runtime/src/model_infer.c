/* Shapes and variables of a described model (model_text.h), with every product checked. */
#include "model_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nn/error.h" /* NN_PRINTF */

typedef struct complaint {
    char *text;
    size_t size;
} complaint;

static int NN_PRINTF(2, 3) complain(complaint why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why.text, why.size, format, args);
    va_end(args);
    return 0;
}

/* Product of RANK lengths, or -1 above LIMIT. */
static int64_t product(const int64_t *shape, int rank, int64_t limit)
{
    int64_t result = 1;
    for (int i = 0; i < rank; i++)
        if (__builtin_mul_overflow(result, shape[i], &result) || result > limit)
            return -1;
    return result;
}

static int add_variable(nn_text_layer *layer, const char *name, int rank, const int64_t *shape,
                        complaint why)
{
    nn_text_variable *v = &layer->variables[layer->variable_count++];
    int64_t count = product(shape, rank, NN_TEXT_MAX_PARAMS);
    if (count < 0)
        return complain(why, "Layer '%s' has more than %lld parameters.", layer->name,
                        (long long)NN_TEXT_MAX_PARAMS);
    *v = (nn_text_variable){.name = name, .rank = rank, .count = (size_t)count};
    memcpy(v->shape, shape, (size_t)rank * sizeof *shape);
    return 1;
}

/* Rows or columns that a window gives. */
static int64_t steps(int64_t in, int64_t window, int64_t stride, int same)
{
    return same ? (in + stride - 1) / stride : in < window ? 0 : (in - window) / stride + 1;
}

static int slide(nn_text_layer *layer, int64_t channels, complaint why)
{
    if (layer->in_rank != 3)
        return complain(why, "Layer '%s' (%s) needs an input of rank 3 (height, width, channels).",
                        layer->name, layer->class_name);
    layer->out_rank = 3;
    for (int i = 0; i < 2; i++) {
        if (layer->window[i] < 1 || layer->stride[i] < 1)
            return complain(why, "Layer '%s': sizes and strides are at least 1.", layer->name);
        layer->out_shape[i] =
            steps(layer->in_shape[i], layer->window[i], layer->stride[i], layer->same);
        if (layer->out_shape[i] < 1)
            return complain(why,
                            "Layer '%s': a window of %lld x %lld does not fit into %lld x %lld.",
                            layer->name, (long long)layer->window[0], (long long)layer->window[1],
                            (long long)layer->in_shape[0], (long long)layer->in_shape[1]);
    }
    layer->out_shape[2] = channels;
    return 1;
}

static int infer_conv2d(nn_text_layer *layer, complaint why)
{
    if (!slide(layer, layer->units, why))
        return 0;
    const int64_t kernel[4] = {layer->window[0], layer->window[1], layer->in_shape[2],
                               layer->units};
    return add_variable(layer, "kernel", 4, kernel, why) &&
           (!layer->use_bias || add_variable(layer, "bias", 1, &layer->units, why));
}

static int infer_dense(nn_text_layer *layer, complaint why)
{
    if (layer->in_rank != 1)
        return complain(why, "Layer '%s' (Dense) needs a vector; put a Flatten layer before it.",
                        layer->name);
    const int64_t kernel[2] = {layer->in_shape[0], layer->units};
    layer->out_rank = 1;
    layer->out_shape[0] = layer->units;
    return add_variable(layer, "kernel", 2, kernel, why) &&
           (!layer->use_bias || add_variable(layer, "bias", 1, &layer->units, why));
}

static int infer_layer(nn_text_layer *layer, complaint why)
{
    const char *kind = layer->class_name;
    if (strcmp(kind, "Conv2D") == 0)
        return infer_conv2d(layer, why);
    if (strcmp(kind, "Dense") == 0)
        return infer_dense(layer, why);
    if (strcmp(kind, "AveragePooling2D") == 0 || strcmp(kind, "MaxPooling2D") == 0)
        return slide(layer, layer->in_shape[2], why);
    layer->out_rank = layer->in_rank;
    memcpy(layer->out_shape, layer->in_shape, sizeof layer->out_shape);
    if (strcmp(kind, "Flatten") == 0) {
        layer->out_rank = 1;
        layer->out_shape[0] = product(layer->in_shape, layer->in_rank, NN_TEXT_MAX_VALUES);
        return 1;
    }
    if (strcmp(kind, "Dropout") == 0 || strcmp(kind, "Activation") == 0)
        return 1;
    return complain(why, "Unknown layer: '%s' ('%s').", kind, layer->name);
}

int nn__text_infer(nn_text_model *model, char *text, size_t size)
{
    complaint why = {text, size};
    int64_t params = 0;
    for (int i = 0; i < model->layer_count; i++) {
        nn_text_layer *layer = &model->layers[i];
        layer->variable_count = 0;
        if (i == 0) {
            if (strcmp(layer->class_name, "InputLayer") != 0 || layer->rank < 1)
                return complain(why, "The model does not state the shape of its input.");
            layer->out_rank = layer->rank;
            memcpy(layer->out_shape, layer->shape, sizeof layer->shape);
        } else {
            layer->in_rank = layer[-1].out_rank;
            memcpy(layer->in_shape, layer[-1].out_shape, sizeof layer->in_shape);
            if (!infer_layer(layer, why))
                return 0;
        }
        if (product(layer->out_shape, layer->out_rank, NN_TEXT_MAX_VALUES) < 1)
            return complain(why, "Layer '%s' has an output of more than %lld values.", layer->name,
                            (long long)NN_TEXT_MAX_VALUES);
        for (int k = 0; k < layer->variable_count; k++)
            params += (int64_t)layer->variables[k].count;
        if (params > NN_TEXT_MAX_PARAMS)
            return complain(why, "The model has more than %lld parameters.",
                            (long long)NN_TEXT_MAX_PARAMS);
    }
    if (model->layer_count < 2)
        return complain(why, "The model has no layers.");
    model->param_count = (size_t)params;
    return 1;
}
