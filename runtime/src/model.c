/* Put layers together: names, shapes, the operations of the engine, parameters. */
#include "model.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "memory.h"
#include "quant/quant.h"
#include "random.h"
#include "shape.h"

#define PARAM_ALIGNMENT 16 /* floats */

static uint64_t session_seed = 42;

void nn_set_random_seed(uint64_t seed)
{
    session_seed = seed;
}

uint64_t nn_random_seed(void)
{
    return session_seed;
}

/* Keras' snake case of a class: "AveragePooling2D" -> "average_pooling2d". */
static void snake_case(const char *class_name, char *out)
{
    const char *p = class_name;
    while (*p) {
        int starts_word = isupper((unsigned char)*p) && p > class_name && islower((unsigned char)p[-1]);
        if (starts_word)
            *out++ = '_';
        *out++ = (char)tolower((unsigned char)*p++);
    }
    *out = '\0';
}

/* "conv2d", "conv2d_1", ...: the next free name of the layer's class. */
static void name_layer(model_t *model, layer_t *layer)
{
    char base[NN_NAME_SIZE];
    snake_case(nn__layer_class_name(layer->kind), base);
    int before = 0;
    for (int i = 0; i < layer->index; i++)
        before += model->layers[i]->kind == layer->kind;
    for (;;) {
        if (before == 0)
            snprintf(layer->name, sizeof layer->name, "%s", base);
        else
            snprintf(layer->name, sizeof layer->name, "%.40s_%d", base, before);
        int taken = 0;
        for (int i = 0; i < model->layer_count; i++)
            taken |= i != layer->index && strcmp(model->layers[i]->name, layer->name) == 0;
        if (!taken)
            return;
        before++;
    }
}

static nn_status name_layers(model_t *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        layer_t *layer = model->layers[i];
        if (!layer->name[0]) {
            name_layer(model, layer);
            layer->named_by_model = 1;
            continue;
        }
        for (int j = 0; j < i; j++)
            if (strcmp(model->layers[j]->name, layer->name) == 0)
                return nn__fail(NN_VALUE_ERROR,
                                "Sequential: layers %d and %d are both called \"%s\"; names must "
                                "differ",
                                j, i, layer->name);
    }
    return NN_OK;
}

/* One direction of a sliding window: length of the result and zeros before the input. */
static int64_t slide(int64_t in, int window, int stride, int same, int *pad)
{
    *pad = 0;
    if (!same)
        return in < window ? 0 : (in - window) / stride + 1;
    int64_t out = (in + stride - 1) / stride;
    int64_t zeros = (out - 1) * stride + window - in;
    *pad = zeros > 0 ? (int)(zeros / 2) : 0;
    return out;
}

static nn_status shape_fault(const layer_t *layer, const char *advice)
{
    char text[NN_SHAPE_TEXT];
    return nn__fail(NN_VALUE_ERROR, "Sequential: layer \"%s\" (%s) got shape %s; %s", layer->name,
                    nn_layer_class(layer), nn__shape_text(text, layer->in_rank, layer->in_shape, 1),
                    advice);
}

static nn_status infer_window(layer_t *layer, nn_op *op)
{
    if (layer->in_rank != 3)
        return shape_fault(layer, "(None, height, width, channels) expected; give Input(height, "
                                  "width, channels), or leave Flatten for later");
    op->kernel_h = layer->window_h;
    op->kernel_w = layer->window_w;
    op->stride_h = layer->stride_h;
    op->stride_w = layer->stride_w;
    layer->out_rank = 3;
    layer->out_shape[0] = slide(layer->in_shape[0], layer->window_h, layer->stride_h, layer->same,
                                &op->pad_top);
    layer->out_shape[1] = slide(layer->in_shape[1], layer->window_w, layer->stride_w, layer->same,
                                &op->pad_left);
    layer->out_shape[2] = layer->kind == NN_LAYER_CONV2D ? layer->units : layer->in_shape[2];
    if (layer->out_shape[0] < 1 || layer->out_shape[1] < 1) {
        char advice[160];
        snprintf(advice, sizeof advice,
                 "smaller than the %d x %d window; use .padding = \"same\" or a smaller window",
                 layer->window_h, layer->window_w);
        return shape_fault(layer, advice);
    }
    return NN_OK;
}

/* Infers the layer's output from its input and fills in the operation, without parameters. */
static nn_status infer_layer(layer_t *layer, nn_op *op)
{
    op->activation = layer->activation;
    op->name = layer->name;
    switch (layer->kind) {
    case NN_LAYER_CONV2D:
        op->kind = NN_OP_CONV2D;
        return infer_window(layer, op);
    case NN_LAYER_AVERAGE_POOLING2D:
        op->kind = NN_OP_AVERAGE_POOL;
        return infer_window(layer, op);
    case NN_LAYER_MAX_POOLING2D:
        op->kind = NN_OP_MAX_POOL;
        return infer_window(layer, op);
    case NN_LAYER_FLATTEN:
        op->kind = NN_OP_FLATTEN;
        layer->out_rank = 1;
        layer->out_shape[0] = 1;
        for (int i = 0; i < layer->in_rank; i++)
            layer->out_shape[0] *= layer->in_shape[i];
        return NN_OK;
    case NN_LAYER_DENSE:
        op->kind = NN_OP_DENSE;
        if (layer->in_rank != 1)
            return shape_fault(layer, "a vector (None, features) expected; put Flatten() before it");
        layer->out_rank = 1;
        layer->out_shape[0] = layer->units;
        return NN_OK;
    case NN_LAYER_DROPOUT:
    case NN_LAYER_ACTIVATION:
        op->kind = layer->kind == NN_LAYER_DROPOUT ? NN_OP_DROPOUT : NN_OP_ACTIVATION;
        op->rate = (float)layer->rate;
        layer->out_rank = layer->in_rank;
        memcpy(layer->out_shape, layer->in_shape, sizeof layer->out_shape);
        return NN_OK;
    case NN_LAYER_INPUT:
        break;
    }
    return nn__fail(NN_VALUE_ERROR, "Sequential: Input must come first, and only there");
}

/* A shape of rank 1 to 3 as height, width, channels. */
static void spread(int rank, const int64_t *shape, int *h, int *w, int *c)
{
    *h = rank >= 2 ? (int)shape[0] : 1;
    *w = rank >= 2 ? (int)shape[1] : 1;
    *c = rank == 1 ? (int)shape[0] : rank == 2 ? 1 : (int)shape[2];
}

static nn_status check_size(const layer_t *layer)
{
    int64_t elements = 1;
    for (int i = 0; i < layer->out_rank; i++)
        elements *= layer->out_shape[i];
    char text[NN_SHAPE_TEXT];
    if (elements <= NN_MAX_ELEMENTS)
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR,
                    "Sequential: layer \"%s\" (%s) has %lld values a sample (shape %s), at most "
                    "%lld are possible",
                    layer->name, nn_layer_class(layer), (long long)elements,
                    nn__shape_text(text, layer->out_rank, layer->out_shape, 1),
                    (long long)NN_MAX_ELEMENTS);
}

/* Gives the layer's parameters their place; *USED counts floats so far. */
static nn_status place_params(layer_t *layer, nn_op *op, int64_t *used)
{
    if (layer->kind != NN_LAYER_CONV2D && layer->kind != NN_LAYER_DENSE)
        return NN_OK;
    int64_t weights = layer->kind == NN_LAYER_CONV2D
                          ? (int64_t)layer->window_h * layer->window_w
                          : 1;
    int64_t in = layer->in_shape[layer->in_rank - 1];
    /* Each factor is at most 2^40, 2^28, 2^20: check step by step. */
    if (weights > NN_MAX_PARAMS || weights * in > NN_MAX_PARAMS ||
        weights * in * layer->units > NN_MAX_PARAMS - *used - layer->units - 2 * PARAM_ALIGNMENT)
        return nn__fail(NN_VALUE_ERROR,
                        "Sequential: with layer \"%s\" (%s) the model has more than %lld "
                        "parameters",
                        layer->name, nn_layer_class(layer), (long long)NN_MAX_PARAMS);
    op->weight = (size_t)*used;
    op->weight_count = (size_t)(weights * in * layer->units);
    *used += (int64_t)(op->weight_count + PARAM_ALIGNMENT - 1) / PARAM_ALIGNMENT * PARAM_ALIGNMENT;
    op->has_bias = layer->use_bias;
    if (op->has_bias) {
        op->bias = (size_t)*used;
        op->bias_count = (size_t)layer->units;
        *used += (layer->units + PARAM_ALIGNMENT - 1) / PARAM_ALIGNMENT * PARAM_ALIGNMENT;
    }
    return NN_OK;
}

static nn_status infer(model_t *model)
{
    layer_t *first = model->layers[0];
    int64_t used = 0;
    if (check_size(first))
        return NN_VALUE_ERROR;
    for (int i = 1; i < model->layer_count; i++) {
        const layer_t *before = model->layers[i - 1];
        layer_t *layer = model->layers[i];
        nn_op *op = &model->ops[i - 1];
        layer->in_rank = before->out_rank;
        memcpy(layer->in_shape, before->out_shape, sizeof layer->in_shape);
        if (infer_layer(layer, op) || check_size(layer) || place_params(layer, op, &used))
            return NN_VALUE_ERROR;
        spread(layer->in_rank, layer->in_shape, &op->in_h, &op->in_w, &op->in_c);
        spread(layer->out_rank, layer->out_shape, &op->out_h, &op->out_w, &op->out_c);
    }
    const layer_t *last = model->layers[model->layer_count - 1];
    int64_t outputs = 1;
    for (int i = 0; i < last->out_rank; i++)
        outputs *= last->out_shape[i];
    nn_net *net = &model->net;
    net->ops = model->ops;
    net->op_count = model->layer_count - 1;
    spread(first->out_rank, first->out_shape, &net->in_h, &net->in_w, &net->in_c);
    net->out_c = (int)outputs;
    net->param_count = (size_t)used;
    return NN_OK;
}

static nn_status check_list(size_t count, layer_t *const *layers)
{
    if (!layers)
        return nn__fail(NN_VALUE_ERROR, "Sequential: the list of layers is NULL");
    if (count < 2 || count > NN_MAX_LAYERS)
        return nn__fail(NN_VALUE_ERROR,
                        "Sequential: %zu layers given; Input(...) and 1 to %d others expected",
                        count, NN_MAX_LAYERS - 1);
    for (size_t i = 0; i < count; i++) {
        if (!layers[i]) /* its constructor has set the error */
            return nn_error_status() ? nn_error_status()
                                     : nn__fail(NN_VALUE_ERROR, "Sequential: layer %zu is NULL", i);
        if (layers[i]->model)
            return nn__fail(NN_VALUE_ERROR,
                            "Sequential: layer %zu is \"%s\" of model \"%s\"; a layer belongs to "
                            "one model, make a new one",
                            i, layers[i]->name, layers[i]->model->name);
        for (size_t j = 0; j < i; j++)
            if (layers[j] == layers[i])
                return nn__fail(NN_VALUE_ERROR,
                                "Sequential: layers %zu and %zu are the same layer; make a new one",
                                j, i);
        if ((layers[i]->kind == NN_LAYER_INPUT) != (i == 0))
            return nn__fail(NN_VALUE_ERROR, i == 0
                                                ? "Sequential: the first layer is %s; start with "
                                                  "Input(height, width, channels)"
                                                : "Sequential: another %s stands further down; "
                                                  "Input must come first, and only there",
                            nn_layer_class(layers[i]));
    }
    return NN_OK;
}

static void destroy(void *block)
{
    model_t *model = block;
    nn__model_drop_engine(model);
    nn__quant_free(model->quant);
    model->quant = NULL;
}

/* Frees a model that was not finished; its layers are free again. */
static model_t *abandon(model_t *model)
{
    for (int i = 0; model && i < model->layer_count; i++) {
        layer_t *layer = model->layers[i];
        layer->model = NULL;
        if (layer->named_by_model)
            layer->name[0] = '\0';
        layer->named_by_model = 0;
    }
    if (model) {
        nn__session_free(model->params);
        nn__session_free(model->ops);
        nn__session_free(model->layers);
        nn__session_free(model);
    }
    return NULL;
}

model_t *nn_sequential(const char *name, size_t count, layer_t *const *layers)
{
    if (check_list(count, layers))
        return NULL;
    if (name && (!*name || strlen(name) >= NN_NAME_SIZE || strchr(name, '/')))
        return nn__fail_null(NN_VALUE_ERROR,
                             "Sequential: name \"%.80s\" is not possible; 1 to %d bytes without "
                             "'/' expected",
                             name, NN_NAME_SIZE - 1);
    model_t *model = nn__session_alloc(sizeof *model, destroy);
    if (model) {
        snprintf(model->name, sizeof model->name, "%s", name ? name : "sequential");
        model->layers = nn__session_alloc(count * sizeof *model->layers, NULL);
        model->ops = nn__session_alloc((count - 1) * sizeof *model->ops, NULL);
    }
    if (!model || !model->layers || !model->ops) {
        nn__fail(NN_MEMORY_ERROR, "Sequential: no memory for the model");
        return abandon(model);
    }
    model->layer_count = (int)count;
    memcpy(model->layers, layers, count * sizeof *layers);
    for (int i = 0; i < model->layer_count; i++) {
        layers[i]->model = model;
        layers[i]->index = i;
    }
    if (name_layers(model) || infer(model))
        return abandon(model);
    /* A model without parameters still gets an array, so that pointers stay valid. */
    size_t floats = model->net.param_count ? model->net.param_count : PARAM_ALIGNMENT;
    model->params = nn__session_alloc(floats * sizeof(float), NULL);
    if (!model->params) {
        nn__fail(NN_MEMORY_ERROR, "Sequential: no memory for %zu parameters",
                 model->net.param_count);
        return abandon(model);
    }
    nn__model_init(model, session_seed);
    return model;
}

void nn_model_free(model_t *model)
{
    if (!model)
        return;
    nn__model_drop_engine(model);
    while (model->history) {
        history_t *older = nn__history_older(model->history);
        nn__session_free(model->history);
        model->history = older;
    }
    for (int i = 0; i < model->layer_count; i++)
        nn__session_free(model->layers[i]);
    nn__session_free(model->slots[0]);
    nn__session_free(model->slots[1]);
    nn__session_free(model->params);
    nn__session_free(model->ops);
    nn__session_free(model->layers);
    nn__session_free(model);
}

/* Glorot and Bengio (2010): uniform in +-sqrt(6 / (fan in + fan out)); a convolution's fans are its
   window times the channels. */
void nn__model_init(model_t *model, uint64_t seed)
{
    memset(model->params, 0, model->net.param_count * sizeof(float));
    for (int i = 0; i < model->net.op_count; i++) {
        const nn_op *op = &model->ops[i];
        if (!op->weight_count)
            continue;
        double window = op->kind == NN_OP_CONV2D ? (double)op->kernel_h * op->kernel_w : 1;
        double limit = sqrt(6 / (window * ((double)op->in_c + op->out_c)));
        uint64_t key = nn__random(seed, NN_STREAM_INIT, (uint64_t)i, 0, 0);
        for (size_t k = 0; k < op->weight_count; k++) {
            float unit = nn__random_unit(nn__random_mix(key, k + 1));
            model->params[op->weight + k] = (float)(limit * (2 * (double)unit - 1));
        }
    }
}

const char *nn_model_name(const model_t *model)
{
    return model ? model->name : "";
}

int nn_model_layer_count(const model_t *model)
{
    return model ? model->layer_count : 0;
}

/* "input_layer, conv2d, ...", cut where the room ends. */
static void list_layers(const model_t *model, char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < model->layer_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                                 model->layers[i]->name);
}

layer_t *nn_model_layer(const model_t *model, int index)
{
    if (!model)
        return nn__fail_null(NN_VALUE_ERROR, "model_layer: the model is NULL");
    int at = index < 0 ? index + model->layer_count : index;
    if (at >= 0 && at < model->layer_count)
        return model->layers[at];
    char names[1024];
    list_layers(model, names, sizeof names);
    return nn__fail_null(NN_VALUE_ERROR,
                         "model_layer: there is no layer %d; model \"%s\" has layers 0 to %d: %s",
                         index, model->name, model->layer_count - 1, names);
}

layer_t *nn_model_layer_named(const model_t *model, const char *name)
{
    if (!model || !name)
        return nn__fail_null(NN_VALUE_ERROR, "model_layer_named: the %s is NULL",
                             model ? "name" : "model");
    for (int i = 0; i < model->layer_count; i++)
        if (strcmp(model->layers[i]->name, name) == 0)
            return model->layers[i];
    char names[1024];
    list_layers(model, names, sizeof names);
    return nn__fail_null(NN_VALUE_ERROR,
                         "model_layer_named: model \"%s\" has no layer \"%.80s\"; it has %s",
                         model->name, name, names);
}

int64_t nn_model_param_count(const model_t *model)
{
    int64_t count = 0;
    for (int i = 0; model && i < model->layer_count; i++)
        count += nn_layer_param_count(model->layers[i]);
    return count;
}
