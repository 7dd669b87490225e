/* Numbers of a quantised network: weights from float32, and what is derived. See quant.h. */
#include "quant.h"

#include <math.h>
#include <string.h>
#include "quant_math.h"

uint16_t nn__bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float nn__bf16_value(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

static void convert_int8(quant_layer *layer, const float *weights)
{
    size_t outputs = (size_t)layer->out_c;
    for (size_t o = 0; o < outputs; o++) {
        float most = 0;
        for (size_t i = o; i < layer->weight_count; i += outputs)
            most = fmaxf(most, fabsf(weights[i]));
        float scale = most / 127;
        if (!(scale >= 0x1p-100f)) /* nothing that matters, or nothing at all */
            scale = 1;
        layer->scale[o] = scale;
        for (size_t i = o; i < layer->weight_count; i += outputs)
            layer->weights[i] = (int8_t)lrintf(weights[i] / scale);
    }
}

void nn__quant_weights(quant_net *quant, const float *params)
{
    for (int i = 0; i < quant->layer_count; i++) {
        quant_layer *layer = &quant->layers[i];
        const nn_op *op = &quant->net->ops[layer->op];
        if (layer->kind != QUANT_CONV && layer->kind != QUANT_DENSE)
            continue;
        if (op->has_bias)
            memcpy(layer->biases, params + op->bias, op->bias_count * sizeof(float));
        if (quant->type == QUANT_INT8)
            convert_int8(layer, params + op->weight);
        for (size_t k = 0; k < layer->weight_count && quant->type == QUANT_BF16; k++)
            layer->weights_bf16[k] = nn__bf16(params[op->weight + k]);
    }
}

static quant_range range_of(nn_activation activation, quant_range linear)
{
    if (activation == NN_TANH)
        return (quant_range){1 / 127.0f, 128};
    if (activation == NN_SIGMOID)
        return (quant_range){1 / 255.0f, 0};
    return linear;
}

/* What is rounded to a byte: numbers of steps of the output, of lines (quant_math.h) in a curve. */
static double steps_of(const quant_layer *layer)
{
    switch (layer->activation) {
    case NN_TANH:
        return (double)QUANT_TANH_STEPS;
    case NN_SIGMOID:
        return (double)QUANT_TANH_STEPS / 2;
    default:
        return 1 / (double)layer->out.scale;
    }
}

/* Bias and factor of one output. Returns 0 if a sum could leave 32 bits. */
static int finish_output(quant_layer *layer, size_t o)
{
    const int64_t limit = INT32_MAX;
    int64_t sum = 0, absolute = 0;
    for (size_t i = o; i < layer->weight_count; i += (size_t)layer->out_c) {
        sum += layer->weights[i];
        absolute += layer->weights[i] < 0 ? -layer->weights[i] : layer->weights[i];
    }
    double unit = (double)layer->scale[o] * (double)layer->in.scale;
    double bias = nearbyint((double)layer->biases[o] / unit) - (double)(layer->in.zero * sum);
    /* Partial sums lie between bias and the end: each is bounded by this. */
    if (!(fabs(bias) + 255.0 * (double)absolute <= (double)limit))
        return 0;
    layer->bias[o] = (int32_t)bias;
    layer->factor[o] = (float)(layer->to_float ? unit : unit * steps_of(layer));
    return 1;
}

int nn__quant_finish(quant_net *quant, int *at)
{
    for (int i = 0; i < quant->layer_count && quant->type == QUANT_INT8; i++) {
        quant_layer *layer = &quant->layers[i];
        if (i)
            layer->in = layer[-1].out;
        if (!layer->measured)
            layer->out = range_of(layer->activation, layer->in);
        if (layer->kind != QUANT_CONV && layer->kind != QUANT_DENSE)
            continue;
        for (size_t o = 0; o < (size_t)layer->out_c; o++)
            if (!finish_output(layer, o)) {
                *at = i;
                return 0;
            }
    }
    return 1;
}
