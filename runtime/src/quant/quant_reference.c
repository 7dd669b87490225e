/*
 * Quantised networks in plain loops: the oracle of the kernels. Values between layers lie channels
 * last without frames, int8 as their bytes' values, bf16 as the floats that they stand for.
 * Compiled without fused multiply-add (runtime/quant.cmake).
 */
#include "quant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quant_math.h"

/* The values of a layer: `q` for int8, `x` for bf16 and for floats. */
typedef struct values {
    int32_t *q;
    float *x;
} values;

static float clamp(float x, float low, float high)
{
    x = x < high ? x : high;
    return x > low ? x : low;
}

static int32_t nearest(float x)
{
    float shifted = x + QUANT_MAGIC;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return bits - QUANT_MAGIC_BITS;
}

static float tanh_fit(float x)
{
    x = clamp(x, -QUANT_TANH_MOST, QUANT_TANH_MOST);
    float s = x * x;
    float p = s * QUANT_TANH_P2 + QUANT_TANH_P1;
    float q = s * QUANT_TANH_Q2 + QUANT_TANH_Q1;
    p = p * s + QUANT_TANH_P0;
    q = q * s + 1.0f;
    return x * p / q;
}

static float activated(nn_activation activation, float x)
{
    switch (activation) {
    case NN_TANH:
        return tanh_fit(x);
    case NN_SIGMOID:
        return tanh_fit(x * 0.5f) * 0.5f + 0.5f;
    case NN_RELU:
        return x > 0 ? x : 0;
    default:
        return x;
    }
}

static int is_curve(const quant_layer *layer)
{
    return layer->activation == NN_TANH || layer->activation == NN_SIGMOID;
}

/* A scaled sum, activated, in steps of a byte. */
static float in_steps(const quant_layer *layer, float x)
{
    if (!is_curve(layer))
        return activated(layer->activation, x);
    float u = clamp(x, -QUANT_TANH_REACH, QUANT_TANH_REACH);
    int at = nearest(u) & 31;
    return nn__quant_tanh_slope[at] * u + nn__quant_tanh_start[at];
}

static int32_t to_byte(const quant_layer *layer, float steps)
{
    if (layer->activation == NN_TANH)
        return nearest(steps) + 128;
    if (layer->activation == NN_SIGMOID)
        return nearest(steps * QUANT_SIGMOID_STEPS + 127.5f);
    float zero = (float)layer->out.zero;
    return nearest(clamp(steps, -zero, 255 - zero)) + layer->out.zero;
}

static float round_bf16(float x)
{
    return nn__bf16_value(nn__bf16(x));
}

/* Finish output o of a layer with weights; element `at` of what it gives. */
static void put(const quant_net *quant, const quant_layer *layer, values out, size_t at, int o,
                int32_t sum, float sum_bf16)
{
    if (quant->type == QUANT_INT8) {
        float x = (float)sum * layer->factor[o];
        if (layer->to_float)
            out.x[at] = activated(layer->activation, x);
        else
            out.q[at] = to_byte(layer, in_steps(layer, x));
        return;
    }
    float x = activated(layer->activation, sum_bf16);
    out.x[at] = layer->to_float ? x : round_bf16(x);
}

/* Add the products of one kernel row: COUNT contiguous inputs from IN on, those outside [0, size)
   of the input being zeros. W points to the weight of the first. */
typedef struct row_sum {
    int32_t sum;
    float sum_bf16;
} row_sum;

static void add_row(const quant_net *quant, const quant_layer *layer, const values in,
                    const unsigned char *inside, size_t from, int count, size_t weight, row_sum *s)
{
    size_t step = (size_t)layer->out_c;
    for (int i = 0; i < count && quant->type == QUANT_INT8; i++) {
        int32_t q = inside[i] ? in.q[from + (size_t)i] : layer->in.zero;
        s->sum += q * layer->weights[weight + (size_t)i * step];
    }
    for (int i = 0; i < count && quant->type == QUANT_BF16; i += 2)
        for (int k = i + 1; k >= i; k--) {
            float x = k < count && inside[k] ? in.x[from + (size_t)k] : 0;
            float w =
                k < count ? nn__bf16_value(layer->weights_bf16[weight + (size_t)k * step]) : 0;
            s->sum_bf16 += x * w;
        }
}

/* The sum of output o at row y and column x. INSIDE has room for a kernel row. */
static row_sum sum_at(const quant_net *quant, const quant_layer *l, values in, int y, int x, int o,
                      unsigned char *inside)
{
    int count = l->kernel_w * l->in_c;
    int top = y * l->stride_h - l->pad_top, left = x * l->stride_w - l->pad_left;
    row_sum s = {l->bias ? l->bias[o] : 0, l->biases[o]};
    for (int ky = 0; ky < l->kernel_h; ky++) {
        int row = top + ky;
        for (int i = 0; i < count; i++) {
            int column = left + i / l->in_c;
            inside[i] = row >= 0 && row < l->in_h && column >= 0 && column < l->in_w;
        }
        /* may lie before the first value: then nothing there is looked at */
        size_t from = (size_t)(((long)row * l->in_w + left) * l->in_c);
        size_t weight = (size_t)(ky * count) * (size_t)l->out_c + (size_t)o;
        add_row(quant, l, in, inside, from, count, weight, &s);
    }
    return s;
}

static int run_conv(const quant_net *quant, const quant_layer *l, values in, values out)
{
    unsigned char *inside = malloc((size_t)(l->kernel_w * l->in_c));
    if (!inside)
        return 0;
    for (int y = 0; y < l->out_h; y++)
        for (int x = 0; x < l->out_w; x++)
            for (int o = 0; o < l->out_c; o++) {
                row_sum s = sum_at(quant, l, in, y, x, o, inside);
                size_t at = ((size_t)y * (size_t)l->out_w + (size_t)x) * (size_t)l->out_c;
                put(quant, l, out, at + (size_t)o, o, s.sum, s.sum_bf16);
            }
    free(inside);
    return 1;
}

/* int8: a convolution and the pooling that it takes along. */
static int run_pooled(const quant_net *quant, const quant_layer *l, values in, values out)
{
    const quant_layer *pool = l + 1;
    unsigned char *inside = malloc((size_t)(l->kernel_w * l->in_c));
    if (!inside)
        return 0;
    size_t at = 0;
    for (int y = 0; y < pool->out_h; y++)
        for (int x = 0; x < pool->out_w; x++)
            for (int o = 0; o < l->out_c; o++) {
                int32_t most = INT32_MIN;
                float steps[4];
                for (int i = 0; i < 4; i++) {
                    int32_t sum =
                        sum_at(quant, l, in, 2 * y + i / 2, 2 * x + i % 2, o, inside).sum;
                    most = sum > most ? sum : most;
                    steps[i] = in_steps(l, (float)sum * l->factor[o]);
                }
                float mean = ((steps[0] + steps[1]) + (steps[2] + steps[3])) * 0.25f;
                float largest = in_steps(l, (float)most * l->factor[o]);
                out.q[at++] = to_byte(l, pool->maximum ? largest : mean);
            }
    free(inside);
    return 1;
}

static int run_dense(const quant_net *quant, const quant_layer *l, values in, values out)
{
    unsigned char *inside = malloc((size_t)l->in_c);
    if (!inside)
        return 0;
    memset(inside, 1, (size_t)l->in_c);
    for (int o = 0; o < l->out_c; o++) {
        row_sum s = {l->bias ? l->bias[o] : 0, l->biases[o]};
        add_row(quant, l, in, inside, 0, l->in_c, (size_t)o, &s);
        put(quant, l, out, (size_t)o, o, s.sum, s.sum_bf16);
    }
    free(inside);
    return 1;
}

static void run_pool(const quant_net *quant, const quant_layer *l, values in, values out)
{
    for (int y = 0; y < l->out_h; y++)
        for (int x = 0; x < l->out_w; x++)
            for (int c = 0; c < l->out_c; c++) {
                int32_t sum = 0, most = INT32_MIN, count = 0;
                float sum_x = 0, most_x = -INFINITY;
                for (int ky = 0; ky < l->kernel_h; ky++)
                    for (int kx = 0; kx < l->kernel_w; kx++) {
                        int row = y * l->stride_h - l->pad_top + ky;
                        int column = x * l->stride_w - l->pad_left + kx;
                        if (row < 0 || row >= l->in_h || column < 0 || column >= l->in_w)
                            continue;
                        size_t at =
                            ((size_t)row * (size_t)l->in_w + (size_t)column) * (size_t)l->in_c +
                            (size_t)c;
                        count++;
                        if (quant->type == QUANT_INT8) {
                            sum += in.q[at];
                            most = in.q[at] > most ? in.q[at] : most;
                        } else {
                            sum_x = count > 1 ? sum_x + in.x[at] : in.x[at];
                            most_x = in.x[at] > most_x ? in.x[at] : most_x;
                        }
                    }
                size_t at =
                    ((size_t)y * (size_t)l->out_w + (size_t)x) * (size_t)l->out_c + (size_t)c;
                if (quant->type == QUANT_INT8)
                    out.q[at] = l->maximum ? most : (2 * sum + count) / (2 * count);
                else
                    out.x[at] = l->maximum ? most_x : round_bf16(sum_x / (float)count);
            }
}

static void run_map(const quant_net *quant, const quant_layer *l, size_t count, values in,
                    values out)
{
    for (size_t i = 0; i < count; i++)
        if (quant->type == QUANT_BF16)
            out.x[i] = round_bf16(activated(l->activation, in.x[i]));
        else if (l->activation == NN_RELU)
            out.q[i] = in.q[i] > l->in.zero ? in.q[i] : l->in.zero;
        else if (l->activation == NN_LINEAR)
            out.q[i] = in.q[i];
        else
            out.q[i] = to_byte(l, in_steps(l, (float)(in.q[i] - l->in.zero) *
                                                  nn__quant_lines(l->activation, l->in.scale)));
}

/* Floats become what the layers between hold: bytes of a range, or bfloat16. */
static void enter(quant_type type, quant_range range, size_t count, values v)
{
    float zero = (float)range.zero;
    for (size_t i = 0; i < count; i++)
        if (type == QUANT_BF16)
            v.x[i] = round_bf16(v.x[i]);
        else
            v.q[i] = nearest(clamp(v.x[i] / range.scale, -zero, 255 - zero)) + range.zero;
}

static int run_float(const quant_net *quant, const quant_layer *l, values v)
{
    const nn_engine *engine = &nn__reference_engine;
    void *self = engine->create(&l->part, 1);
    float *out = self ? malloc(((size_t)l->part.out_c + 1) * sizeof *out) : NULL;
    if (out) {
        nn_batch batch = {.count = 1};
        batch.x = nn_tensor_wrap(v.x, NN_FLOAT32, 4, (int64_t[]){1, l->in_h, l->in_w, l->in_c});
        engine->forward(self, quant->params, &batch, out, NULL, NULL);
        memcpy(v.x, out, (size_t)l->part.out_c * sizeof *out);
    }
    free(out);
    if (self)
        engine->destroy(self);
    return out != NULL;
}

static int run_layer(const quant_net *quant, const quant_layer *l, values in, values out)
{
    size_t count = (size_t)l->out_h * (size_t)l->out_w * (size_t)l->out_c;
    switch (l->kind) {
    case QUANT_CONV:
        return run_conv(quant, l, in, out);
    case QUANT_DENSE:
        return run_dense(quant, l, in, out);
    case QUANT_FLOAT:
        if (!run_float(quant, l, in))
            return 0;
        memcpy(out.x, in.x, count * sizeof *out.x);
        if (!l->to_float)
            enter(quant->type, l->out, count, out);
        return 1;
    case QUANT_POOL:
        run_pool(quant, l, in, out);
        break;
    case QUANT_MAP:
        run_map(quant, l, count, in, out);
        break;
    }
    return 1;
}

/* The floats that bytes stand for, where a layer gives floats of its bytes. */
static void finish_floats(const quant_net *quant, const quant_layer *l, values v)
{
    size_t count = (size_t)l->out_h * (size_t)l->out_w * (size_t)l->out_c;
    if (!l->to_float || quant->type != QUANT_INT8 || (l->kind != QUANT_POOL && l->kind != QUANT_MAP))
        return;
    for (size_t i = 0; i < count; i++)
        v.x[i] = (float)(v.q[i] - l->out.zero) * l->out.scale;
}

static size_t largest(const quant_net *quant)
{
    const nn_net *net = quant->net;
    size_t most = (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c;
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        size_t size = (size_t)op->out_h * (size_t)op->out_w * (size_t)op->out_c;
        most = size > most ? size : most;
    }
    return most + 1;
}

int nn__quant_reference(const quant_net *quant, const void *image, nn_dtype dtype, float scale,
                        float offset, float *out)
{
    const nn_net *net = quant->net;
    size_t inputs = (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c;
    size_t room = largest(quant);
    int32_t *q = malloc(2 * room * sizeof *q);
    float *x = malloc(2 * room * sizeof *x);
    int done = q && x;
    for (size_t i = 0; i < inputs && done; i++) {
        float value = dtype == NN_UINT8   ? (float)((const uint8_t *)image)[i]
                      : dtype == NN_INT32 ? (float)((const int32_t *)image)[i]
                                          : ((const float *)image)[i];
        x[i] = value * scale + offset;
    }
    if (done && quant->layers[0].kind != QUANT_FLOAT)
        enter(quant->type, quant->layers[0].in, inputs, (values){q, x});
    size_t from = 0;
    for (int i = 0; i < quant->layer_count && done; i++) {
        const quant_layer *l = &quant->layers[i];
        values in = {q + from, x + from};
        from = room - from;
        values to = {q + from, x + from};
        int along = l->takes_pool && quant->type == QUANT_INT8;
        done = along ? run_pooled(quant, l, in, to) : run_layer(quant, l, in, to);
        i += along;
        finish_floats(quant, &quant->layers[i], to);
    }
    if (done)
        memcpy(out, x + from, (size_t)net->out_c * sizeof *out);
    free(q);
    free(x);
    return done;
}
