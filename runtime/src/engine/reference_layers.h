/*
 * What each kind of layer computes, forward and backward, for one sample: the half of the reference
 * engine that its formulas are in. `real` is the including file's type.
 */
#ifndef NN_REFERENCE_LAYERS_H
#define NN_REFERENCE_LAYERS_H

#include <string.h>
#include <tgmath.h>
#include "../random.h"
#include "engine.h"

static size_t in_size(const nn_op *op)
{
    return (size_t)op->in_h * op->in_w * op->in_c;
}

static size_t out_size(const nn_op *op)
{
    return (size_t)op->out_h * op->out_w * op->out_c;
}

/* ---- windows: which cells of the input lie under output cell `at` ------------------------- */

typedef struct range {
    int first, last; /* taps [first, last) of the window that lie inside the input */
    int origin;      /* input index of tap 0; may be negative */
} range;

static range window_range(int at, int stride, int pad, int window, int length)
{
    int origin = at * stride - pad;
    int first = origin < 0 ? -origin : 0;
    int last = length - origin < window ? length - origin : window;
    return (range){first, last, origin};
}

static range rows_of(const nn_op *op, int y)
{
    return window_range(y, op->stride_h, op->pad_top, op->kernel_h, op->in_h);
}

static range columns_of(const nn_op *op, int x)
{
    return window_range(x, op->stride_w, op->pad_left, op->kernel_w, op->in_w);
}

static size_t in_at(const nn_op *op, int y, int x)
{
    return ((size_t)y * op->in_w + x) * op->in_c;
}

static size_t out_at(const nn_op *op, int y, int x)
{
    return ((size_t)y * op->out_w + x) * op->out_c;
}

/* ---- forward -------------------------------------------------------------------------------- */

static void conv_forward(const nn_op *op, const real *params, const real *in, real *out)
{
    const real *weight = params + op->weight, *bias = params + op->bias;
    for (int y = 0; y < op->out_h; y++) {
        range rows = rows_of(op, y);
        for (int x = 0; x < op->out_w; x++) {
            range columns = columns_of(op, x);
            real *result = out + out_at(op, y, x);
            for (int k = 0; k < op->out_c; k++)
                result[k] = op->has_bias ? bias[k] : 0;
            for (int ky = rows.first; ky < rows.last; ky++)
                for (int kx = columns.first; kx < columns.last; kx++) {
                    const real *cell = in + in_at(op, rows.origin + ky, columns.origin + kx);
                    const real *w =
                        weight + ((size_t)ky * op->kernel_w + kx) * op->in_c * op->out_c;
                    for (int c = 0; c < op->in_c; c++, w += op->out_c)
                        for (int k = 0; k < op->out_c; k++)
                            result[k] += cell[c] * w[k];
                }
        }
    }
}

static void dense_forward(const nn_op *op, const real *params, const real *in, real *out)
{
    const real *weight = params + op->weight, *bias = params + op->bias;
    for (int k = 0; k < op->out_c; k++)
        out[k] = op->has_bias ? bias[k] : 0;
    for (int i = 0; i < op->in_c; i++, weight += op->out_c)
        for (int k = 0; k < op->out_c; k++)
            out[k] += in[i] * weight[k];
}

static void average_forward(const nn_op *op, const real *in, real *out)
{
    for (int y = 0; y < op->out_h; y++)
        for (int x = 0; x < op->out_w; x++) {
            range rows = rows_of(op, y), columns = columns_of(op, x);
            int cells = (rows.last - rows.first) * (columns.last - columns.first);
            for (int c = 0; c < op->in_c; c++) {
                real sum = 0;
                for (int ky = rows.first; ky < rows.last; ky++)
                    for (int kx = columns.first; kx < columns.last; kx++)
                        sum += in[in_at(op, rows.origin + ky, columns.origin + kx) + c];
                out[out_at(op, y, x) + c] = sum / cells;
            }
        }
}

/* Index of the window's largest cell of channel C; the first one where values are equal. */
static size_t largest_cell(const nn_op *op, const real *in, int y, int x, int c)
{
    range rows = rows_of(op, y), columns = columns_of(op, x);
    size_t best = in_at(op, rows.origin + rows.first, columns.origin + columns.first) + c;
    for (int ky = rows.first; ky < rows.last; ky++)
        for (int kx = columns.first; kx < columns.last; kx++) {
            size_t cell = in_at(op, rows.origin + ky, columns.origin + kx) + c;
            if (in[cell] > in[best])
                best = cell;
        }
    return best;
}

static void max_forward(const nn_op *op, const real *in, real *out)
{
    for (int y = 0; y < op->out_h; y++)
        for (int x = 0; x < op->out_w; x++)
            for (int c = 0; c < op->in_c; c++)
                out[out_at(op, y, x) + c] = in[largest_cell(op, in, y, x, c)];
}

/* In training: the same factor 0 or 1 / (1 - rate) forward and backward. KEY 0: inference. */
static void dropout(const nn_op *op, uint64_t key, const real *in, real *out)
{
    size_t size = out_size(op);
    for (size_t i = 0; i < size; i++) {
        if (!key)
            out[i] = in[i];
        else
            out[i] = nn__dropout_keeps(key, i, op->rate) ? in[i] / (1 - (real)op->rate) : 0;
    }
}

static void softmax(real *z, int count)
{
    real largest = z[0], sum = 0;
    for (int k = 1; k < count; k++)
        largest = z[k] > largest ? z[k] : largest;
    for (int k = 0; k < count; k++)
        sum += z[k] = exp(z[k] - largest);
    for (int k = 0; k < count; k++)
        z[k] /= sum;
}

static void activate(const nn_op *op, real *a)
{
    size_t size = out_size(op);
    switch (op->activation) {
    case NN_LINEAR:
        break;
    case NN_TANH:
        for (size_t i = 0; i < size; i++)
            a[i] = tanh(a[i]);
        break;
    case NN_RELU:
        for (size_t i = 0; i < size; i++)
            a[i] = a[i] > 0 ? a[i] : 0;
        break;
    case NN_SIGMOID:
        for (size_t i = 0; i < size; i++)
            a[i] = 1 / (1 + exp(-a[i]));
        break;
    case NN_SOFTMAX:
        for (size_t i = 0; i < size; i += (size_t)op->out_c)
            softmax(a + i, op->out_c);
        break;
    }
}

/* ---- backward ------------------------------------------------------------------------------- */

/* DELTA by the activation's result becomes DELTA by its argument; A is the result. */
static void activate_backward(const nn_op *op, const real *a, real *delta)
{
    size_t size = out_size(op);
    switch (op->activation) {
    case NN_LINEAR:
        break;
    case NN_TANH:
        for (size_t i = 0; i < size; i++)
            delta[i] *= 1 - a[i] * a[i];
        break;
    case NN_RELU:
        for (size_t i = 0; i < size; i++)
            delta[i] = a[i] > 0 ? delta[i] : 0;
        break;
    case NN_SIGMOID:
        for (size_t i = 0; i < size; i++)
            delta[i] *= a[i] * (1 - a[i]);
        break;
    case NN_SOFTMAX:
        for (size_t i = 0; i < size; i += (size_t)op->out_c) {
            real dot = 0;
            for (int k = 0; k < op->out_c; k++)
                dot += delta[i + k] * a[i + k];
            for (int k = 0; k < op->out_c; k++)
                delta[i + k] = a[i + k] * (delta[i + k] - dot);
        }
        break;
    }
}

/* In all backward functions DELTA_IN (gradient by the input) is zero on entry, or NULL if nobody
   needs it; GRAD is the gradient by the parameters of this sample, zero on entry. */

static void conv_backward(const nn_op *op, const real *params, const real *in, const real *delta,
                          real *grad, real *delta_in)
{
    for (int y = 0; y < op->out_h; y++) {
        range rows = rows_of(op, y);
        for (int x = 0; x < op->out_w; x++) {
            range columns = columns_of(op, x);
            const real *d = delta + out_at(op, y, x);
            if (op->has_bias)
                for (int k = 0; k < op->out_c; k++)
                    grad[op->bias + k] += d[k];
            for (int ky = rows.first; ky < rows.last; ky++)
                for (int kx = columns.first; kx < columns.last; kx++) {
                    size_t cell = in_at(op, rows.origin + ky, columns.origin + kx);
                    size_t w = op->weight + ((size_t)ky * op->kernel_w + kx) * op->in_c * op->out_c;
                    for (int c = 0; c < op->in_c; c++, w += (size_t)op->out_c) {
                        for (int k = 0; k < op->out_c; k++)
                            grad[w + k] += in[cell + c] * d[k];
                        for (int k = 0; delta_in && k < op->out_c; k++)
                            delta_in[cell + c] += params[w + k] * d[k];
                    }
                }
        }
    }
}

static void dense_backward(const nn_op *op, const real *params, const real *in, const real *delta,
                           real *grad, real *delta_in)
{
    if (op->has_bias)
        for (int k = 0; k < op->out_c; k++)
            grad[op->bias + k] += delta[k];
    size_t w = op->weight;
    for (int i = 0; i < op->in_c; i++, w += (size_t)op->out_c) {
        for (int k = 0; k < op->out_c; k++)
            grad[w + k] += in[i] * delta[k];
        for (int k = 0; delta_in && k < op->out_c; k++)
            delta_in[i] += params[w + k] * delta[k];
    }
}

static void average_backward(const nn_op *op, const real *delta, real *delta_in)
{
    for (int y = 0; y < op->out_h; y++)
        for (int x = 0; x < op->out_w; x++) {
            range rows = rows_of(op, y), columns = columns_of(op, x);
            int cells = (rows.last - rows.first) * (columns.last - columns.first);
            for (int ky = rows.first; ky < rows.last; ky++)
                for (int kx = columns.first; kx < columns.last; kx++)
                    for (int c = 0; c < op->in_c; c++)
                        delta_in[in_at(op, rows.origin + ky, columns.origin + kx) + c] +=
                            delta[out_at(op, y, x) + c] / cells;
        }
}

static void max_backward(const nn_op *op, const real *in, const real *delta, real *delta_in)
{
    for (int y = 0; y < op->out_h; y++)
        for (int x = 0; x < op->out_w; x++)
            for (int c = 0; c < op->in_c; c++)
                delta_in[largest_cell(op, in, y, x, c)] += delta[out_at(op, y, x) + c];
}

static void backward_op(const nn_op *op, const real *params, const real *in, const real *delta,
                        uint64_t key, real *grad, real *delta_in)
{
    switch (op->kind) {
    case NN_OP_CONV2D:
        conv_backward(op, params, in, delta, grad, delta_in);
        break;
    case NN_OP_DENSE:
        dense_backward(op, params, in, delta, grad, delta_in);
        break;
    case NN_OP_AVERAGE_POOL:
        if (delta_in)
            average_backward(op, delta, delta_in);
        break;
    case NN_OP_MAX_POOL:
        if (delta_in)
            max_backward(op, in, delta, delta_in);
        break;
    case NN_OP_DROPOUT:
        if (delta_in)
            dropout(op, key, delta, delta_in);
        break;
    case NN_OP_FLATTEN:
    case NN_OP_ACTIVATION:
        if (delta_in)
            memcpy(delta_in, delta, in_size(op) * sizeof *delta);
        break;
    }
}

#endif
