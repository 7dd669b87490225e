/* Cut a network into the layers of a quantised one. See quant.h. */
#include "quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *nn__quant_type_name(quant_type type)
{
    return type == QUANT_BF16 ? "bf16" : "int8";
}

static int has_weights(const nn_op *op)
{
    return op->kind == NN_OP_CONV2D || op->kind == NN_OP_DENSE;
}

/* At inference it does nothing to the values as they lie in memory. */
static int passes(const nn_op *op)
{
    return op->activation == NN_LINEAR &&
           (op->kind == NN_OP_FLATTEN || op->kind == NN_OP_DROPOUT || op->kind == NN_OP_ACTIVATION);
}

/* The first operation from I on that does something, or the end. */
static int skip(const nn_net *net, int i)
{
    while (i < net->op_count && passes(&net->ops[i]))
        i++;
    return i;
}

/* The activation of the weights' operation I, its own or that of an activation layer behind it;
 *END is the operation after it. */
static nn_activation activation_of(const nn_net *net, int i, int *end)
{
    nn_activation activation = net->ops[i].activation;
    int next = skip(net, i + 1);
    *end = next;
    if (activation != NN_LINEAR || next == net->op_count || net->ops[next].kind != NN_OP_ACTIVATION)
        return activation;
    const nn_op *op = &net->ops[next];
    /* Softmax is over the last axis: not the same one where a Flatten lies between. */
    if (op->activation == NN_SOFTMAX && (op->in_c != net->ops[i].out_c))
        return activation;
    *end = skip(net, next + 1);
    return op->activation;
}

/* Why operation I must stay in float32, or NULL. */
static const char *must_float(const nn_net *net, int i)
{
    const nn_op *op = &net->ops[i];
    int end;
    if (has_weights(op)) {
        int softmax = activation_of(net, i, &end) == NN_SOFTMAX;
        return softmax && end < net->op_count ? "a softmax that is not the end of the model" : NULL;
    }
    return op->activation == NN_SOFTMAX ? "a softmax that follows no layer with weights" : NULL;
}

static void take_shapes(quant_layer *layer, const nn_op *first, const nn_op *last)
{
    layer->in_h = first->in_h, layer->in_w = first->in_w, layer->in_c = first->in_c;
    layer->out_h = last->out_h, layer->out_w = last->out_w, layer->out_c = last->out_c;
}

static void take_window(quant_layer *layer, const nn_op *op)
{
    layer->kernel_h = op->kernel_h, layer->kernel_w = op->kernel_w;
    layer->stride_h = op->stride_h, layer->stride_w = op->stride_w;
    layer->pad_top = op->pad_top, layer->pad_left = op->pad_left;
    layer->maximum = op->kind == NN_OP_MAX_POOL;
}

static int allocate(quant_layer *layer, quant_type type, size_t count)
{
    size_t outputs = (size_t)layer->out_c;
    layer->weight_count = count;
    layer->biases = calloc(outputs, sizeof *layer->biases);
    if (type == QUANT_BF16) {
        layer->weights_bf16 = calloc(count, sizeof *layer->weights_bf16);
        return layer->biases && layer->weights_bf16;
    }
    layer->weights = calloc(count, sizeof *layer->weights);
    layer->scale = calloc(outputs, sizeof *layer->scale);
    layer->bias = calloc(outputs, sizeof *layer->bias);
    layer->factor = calloc(outputs, sizeof *layer->factor);
    return layer->biases && layer->weights && layer->scale && layer->bias && layer->factor;
}

static void describe_float(quant_net *quant, quant_layer *layer)
{
    const nn_net *net = quant->net;
    int last = layer->op_end - 1;
    take_shapes(layer, &net->ops[layer->op], &net->ops[last]);
    layer->part = *net;
    layer->part.ops = net->ops + layer->op;
    layer->part.op_count = layer->op_end - layer->op;
    layer->part.in_h = layer->in_h, layer->part.in_w = layer->in_w, layer->part.in_c = layer->in_c;
    layer->part.out_c = layer->out_h * layer->out_w * layer->out_c;
    layer->part.loss = NN_MEAN_SQUARED_ERROR; /* asked for outputs only */
}

/* The layer that begins with operation I. Returns 0 without memory. */
static int add_layer(quant_net *quant, int i)
{
    const nn_net *net = quant->net;
    const nn_op *op = &net->ops[i];
    quant_layer *layer = &quant->layers[quant->layer_count++];
    layer->op = i;
    if (quant->in_float[i]) {
        layer->kind = QUANT_FLOAT;
        /* Operations between two of the run that do nothing belong to it. */
        for (int end = i; end < net->op_count && quant->in_float[end]; end = skip(net, end + 1))
            layer->op_end = end + 1;
        describe_float(quant, layer);
        layer->op_end = skip(net, layer->op_end);
        return 1;
    }
    take_shapes(layer, op, op);
    if (has_weights(op)) {
        layer->kind = op->kind == NN_OP_CONV2D ? QUANT_CONV : QUANT_DENSE;
        layer->activation = activation_of(net, i, &layer->op_end);
        take_window(layer, op);
        if (layer->activation == NN_SOFTMAX) {
            layer->activation = NN_LINEAR;
            quant->end = NN_SOFTMAX;
        }
        return allocate(layer, quant->type, op->weight_count);
    }
    layer->kind =
        op->kind == NN_OP_ACTIVATION || op->kind == NN_OP_FLATTEN ? QUANT_MAP : QUANT_POOL;
    layer->activation = op->activation;
    take_window(layer, op);
    layer->op_end = skip(net, i + 1);
    return 1;
}

/* A pooling by windows of 2 x 2 that tile what a convolution gives. */
static int takes_pool(const quant_layer *conv, const quant_layer *pool)
{
    return conv->kind == QUANT_CONV && !conv->to_float && pool->kind == QUANT_POOL &&
           pool->kernel_h == 2 && pool->kernel_w == 2 && pool->stride_h == 2 &&
           pool->stride_w == 2 && !pool->pad_top && !pool->pad_left &&
           2 * pool->out_h <= conv->out_h && 2 * pool->out_w <= conv->out_w;
}

/* Who gives floats, and whose output has a range of its own that must be measured. */
static void connect(quant_net *quant)
{
    for (int i = 0; i < quant->layer_count; i++) {
        quant_layer *layer = &quant->layers[i];
        int last = i == quant->layer_count - 1;
        layer->to_float = last || layer[1].kind == QUANT_FLOAT;
        layer->takes_pool = !last && takes_pool(layer, layer + 1);
        layer->measured = quant->type == QUANT_INT8 && !layer->to_float &&
                          (layer->kind == QUANT_FLOAT ||
                           ((layer->kind == QUANT_CONV || layer->kind == QUANT_DENSE) &&
                            (layer->activation == NN_LINEAR || layer->activation == NN_RELU)));
    }
}

static void *fail(quant_net *quant, char *why, size_t size, const char *text)
{
    snprintf(why, size, "%s", text);
    nn__quant_free(quant);
    return NULL;
}

quant_net *nn__quant_plan(const nn_net *net, const float *params, quant_type type,
                          const unsigned char *in_float, char *why, size_t why_size)
{
    size_t count = (size_t)net->op_count;
    quant_net *quant = calloc(1, sizeof *quant);
    if (!quant)
        return fail(NULL, why, why_size, "");
    quant->type = type;
    quant->net = net;
    quant->params = params;
    quant->layers = calloc(count, sizeof *quant->layers);
    quant->in_float = calloc(count, 1);
    quant->why = calloc(count, sizeof *quant->why);
    if (!quant->layers || !quant->in_float || !quant->why)
        return fail(quant, why, why_size, "");
    int with_weights = 0;
    for (int i = 0, end; i < net->op_count; i = end) {
        const nn_op *op = &net->ops[i];
        const char *reason = must_float(net, i);
        unsigned char wish = in_float && has_weights(op) ? in_float[i] : 0;
        if (!reason && wish)
            reason = wish == QUANT_WISHED ? "asked for" : "its sums could leave 32 bits";
        end = i + 1;
        if (has_weights(op))
            activation_of(net, i, &end);
        with_weights += !reason && has_weights(op);
        for (int k = i; k < end && reason; k++) {
            quant->why[k] = reason;
            quant->in_float[k] = wish ? wish : QUANT_WISHED;
        }
    }
    if (!with_weights)
        return fail(quant, why, why_size, "no layer with weights is left to quantise");
    for (int i = skip(net, 0); i < net->op_count;) {
        if (!add_layer(quant, i))
            return fail(quant, why, why_size, "");
        i = quant->layers[quant->layer_count - 1].op_end;
    }
    connect(quant);
    return quant;
}

void nn__quant_free(quant_net *quant)
{
    if (!quant)
        return;
    for (int i = 0; quant->layers && i < quant->layer_count; i++) {
        quant_layer *layer = &quant->layers[i];
        free(layer->weights);
        free(layer->weights_bf16);
        free(layer->scale);
        free(layer->biases);
        free(layer->bias);
        free(layer->factor);
    }
    free(quant->layers);
    free(quant->in_float);
    free(quant->why);
    free(quant);
}
