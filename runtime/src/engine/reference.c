/*
 * The reference engine: one sample at a time, plain loops, every layer and size. It is the oracle
 * of the fast engines, so it is written to be read.
 *
 * All arithmetic is in the type `real`: float in the library, double where the tests compare
 * gradients with finite differences (they include this file with NN_REAL=double). Gradients of a
 * batch are summed in double.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>
#include "../loss.h"
#include "../random.h"

#ifndef NN_REAL
#define NN_REAL float
#endif
typedef NN_REAL real;
#include "reference_layers.h"

typedef struct reference {
    const nn_net *net;
    real **values;     /* values[0] is the input, values[i + 1] the result of operation i */
    real *logits;      /* what the last operation's softmax was applied to */
    real *delta[2];    /* gradient of the loss by one operation's result, and by its input */
    real *sample_grad; /* gradient by the parameters, of one sample */
    double *grad_sum;  /* the same, summed over the batch */
} reference;

/* The mask's key for one sample and operation; 0 where dropout is off. A key that happens to be 0
   stands for 1. */
static uint64_t dropout_key(const nn_batch *batch, int training, size_t row, int op_index)
{
    if (!training)
        return 0;
    uint64_t key =
        nn__random(batch->seed, NN_STREAM_DROPOUT, batch->epoch, row, (uint64_t)op_index);
    return key ? key : 1;
}

static void load_sample(const nn_net *net, const tensor_t *x, size_t row, real *out)
{
    size_t size = (size_t)net->in_h * net->in_w * net->in_c, first = row * size;
    for (size_t i = 0; i < size; i++)
        out[i] = nn_tensor_at(*x, first + i);
}

static void forward_sample(reference *self, const real *params, const nn_batch *batch, size_t row,
                           int training)
{
    const nn_net *net = self->net;
    load_sample(net, &batch->x, row, self->values[0]);
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        const real *in = self->values[i];
        real *out = self->values[i + 1];
        switch (op->kind) {
        case NN_OP_CONV2D:
            conv_forward(op, params, in, out);
            break;
        case NN_OP_AVERAGE_POOL:
            average_forward(op, in, out);
            break;
        case NN_OP_MAX_POOL:
            max_forward(op, in, out);
            break;
        case NN_OP_DENSE:
            dense_forward(op, params, in, out);
            break;
        case NN_OP_DROPOUT:
            dropout(op, dropout_key(batch, training, row, i), in, out);
            break;
        case NN_OP_FLATTEN:
        case NN_OP_ACTIVATION:
            memcpy(out, in, out_size(op) * sizeof *out);
            break;
        }
        if (i == net->op_count - 1)
            memcpy(self->logits, out, out_size(op) * sizeof *out);
        activate(op, out);
    }
}

/* ---- loss ----------------------------------------------------------------------------------- */

static int argmax(const real *values, int count)
{
    int best = 0;
    for (int k = 1; k < count; k++)
        if (values[k] > values[best])
            best = k;
    return best;
}

/* The wanted output K of a sample, for crossentropy one-hot where labels are given. */
static real target(const nn_net *net, const nn_batch *batch, size_t row, int k)
{
    if (net->loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY)
        return nn__label(&batch->y, row) == k;
    return nn__target(&batch->y, row, net->out_c, k);
}

static int is_hit(const nn_net *net, const nn_batch *batch, size_t row, const real *p)
{
    if (net->loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY)
        return argmax(p, net->out_c) == nn__label(&batch->y, row);
    if (net->out_c == 1) /* Keras' binary accuracy */
        return (p[0] > 0.5f) == (nn__target(&batch->y, row, 1, 0) > 0.5f);
    int wanted = 0;
    for (int k = 1; k < net->out_c; k++)
        if (target(net, batch, row, k) > target(net, batch, row, wanted))
            wanted = k;
    return argmax(p, net->out_c) == wanted;
}

static int is_crossentropy(const nn_net *net)
{
    return net->loss != NN_MEAN_SQUARED_ERROR;
}

/* Softmax followed by a crossentropy is computed in one stable step from the logits. */
static int is_fused(const nn_net *net)
{
    return is_crossentropy(net) && net->ops[net->op_count - 1].activation == NN_SOFTMAX;
}

/* Loss of one sample from logits z: sum of t * (log(sum exp z) - z). DELTA: gradient by z. */
static double fused_loss(reference *self, const nn_batch *batch, size_t row, real *delta)
{
    const nn_net *net = self->net;
    const real *z = self->logits, *p = self->values[net->op_count];
    real largest = z[argmax(z, net->out_c)], sum = 0, weight = 0;
    for (int k = 0; k < net->out_c; k++)
        sum += exp(z[k] - largest);
    double loss = 0;
    for (int k = 0; k < net->out_c; k++) {
        real t = target(net, batch, row, k);
        loss += t * (log(sum) - (z[k] - largest));
        weight += t;
    }
    for (int k = 0; k < net->out_c; k++)
        delta[k] = weight * p[k] - target(net, batch, row, k);
    return loss;
}

/* Crossentropy of outputs that no softmax made: q = p / sum p, clipped, then -sum t log q. */
static double probability_loss(reference *self, const nn_batch *batch, size_t row, real *delta)
{
    const nn_net *net = self->net;
    const real *p = self->values[net->op_count];
    const real low = (real)NN_LOSS_EPSILON, high = 1 - low;
    real sum = 0, slope_sum = 0;
    double loss = 0;
    for (int k = 0; k < net->out_c; k++)
        sum += p[k];
    for (int k = 0; k < net->out_c; k++) {
        real q = p[k] / sum, t = target(net, batch, row, k);
        real clipped = q < low ? low : q > high ? high : q;
        loss -= t * log(clipped);
        delta[k] = q == clipped ? -t / q : 0; /* by q */
        slope_sum += delta[k] * q;
    }
    for (int k = 0; k < net->out_c; k++)
        delta[k] = (delta[k] - slope_sum) / sum; /* by p */
    return loss;
}

static double squared_loss(reference *self, const nn_batch *batch, size_t row, real *delta)
{
    const nn_net *net = self->net;
    const real *p = self->values[net->op_count];
    double loss = 0;
    for (int k = 0; k < net->out_c; k++) {
        real difference = p[k] - target(net, batch, row, k);
        loss += (double)difference * difference / net->out_c;
        delta[k] = 2 * difference / net->out_c;
    }
    return loss;
}

static double sample_loss(reference *self, const nn_batch *batch, size_t row, real *delta)
{
    if (is_fused(self->net))
        return fused_loss(self, batch, row, delta);
    if (is_crossentropy(self->net))
        return probability_loss(self, batch, row, delta);
    return squared_loss(self, batch, row, delta);
}

/* ---- backward ------------------------------------------------------------------------------- */

/* From self->delta[0], the gradient by the network's output (by its logits where loss and softmax
   are fused), to self->sample_grad. */
static void backward_sample(reference *self, const real *params, const nn_batch *batch, size_t row)
{
    const nn_net *net = self->net;
    real *delta = self->delta[0], *delta_in = self->delta[1];
    memset(self->sample_grad, 0, net->param_count * sizeof *self->sample_grad);
    for (int i = net->op_count - 1; i >= 0; i--) {
        const nn_op *op = &net->ops[i];
        if (!(i == net->op_count - 1 && is_fused(net)))
            activate_backward(op, self->values[i + 1], delta);
        memset(delta_in, 0, in_size(op) * sizeof *delta_in);
        backward_op(op, params, self->values[i], delta, dropout_key(batch, 1, row, i),
                    self->sample_grad, i > 0 ? delta_in : NULL);
        real *swap = delta;
        delta = delta_in;
        delta_in = swap;
    }
}

/* ---- the engine ----------------------------------------------------------------------------- */

static size_t row_of(const nn_batch *batch, int i)
{
    return batch->order ? (size_t)batch->order[i] : (size_t)i;
}

static void ref_forward(void *state, const real *params, const nn_batch *batch, real *out,
                        double *loss_sum, int64_t *hits)
{
    reference *self = state;
    const nn_net *net = self->net;
    const real *result = self->values[net->op_count];
    if (loss_sum)
        *loss_sum = 0;
    if (hits)
        *hits = 0;
    for (int i = 0; i < batch->count; i++) {
        size_t row = row_of(batch, i);
        forward_sample(self, params, batch, row, 0);
        if (out)
            memcpy(out + (size_t)i * net->out_c, result, (size_t)net->out_c * sizeof *out);
        if (loss_sum)
            *loss_sum += sample_loss(self, batch, row, self->delta[0]);
        if (hits)
            *hits += is_hit(net, batch, row, result);
    }
}

static void ref_gradient(void *state, const real *params, const nn_batch *batch, real *grad,
                         const nn_update *update, double *loss_sum, int64_t *hits)
{
    reference *self = state;
    const nn_net *net = self->net;
    memset(self->grad_sum, 0, net->param_count * sizeof *self->grad_sum);
    *loss_sum = 0;
    *hits = 0;
    for (int i = 0; i < batch->count; i++) {
        size_t row = row_of(batch, i);
        forward_sample(self, params, batch, row, 1);
        *loss_sum += sample_loss(self, batch, row, self->delta[0]);
        *hits += is_hit(net, batch, row, self->values[net->op_count]);
        backward_sample(self, params, batch, row);
        for (size_t k = 0; k < net->param_count; k++)
            self->grad_sum[k] += self->sample_grad[k];
    }
    for (size_t k = 0; k < net->param_count; k++)
        grad[k] = (real)(self->grad_sum[k] / batch->count);
    if (update)
        update->range(update->context, 0, net->param_count);
}

static void ref_destroy(void *state)
{
    reference *self = state;
    if (!self)
        return;
    for (int i = 0; self->values && i <= self->net->op_count; i++)
        free(self->values[i]);
    free(self->values);
    free(self->logits);
    free(self->delta[0]);
    free(self->delta[1]);
    free(self->sample_grad);
    free(self->grad_sum);
    free(self);
}

static void *ref_create(const nn_net *net, int threads)
{
    (void)threads; /* one is enough for an oracle */
    reference *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->net = net;
    self->values = calloc((size_t)net->op_count + 1, sizeof *self->values);
    size_t largest = 1;
    int complete = self->values != NULL;
    for (int i = 0; complete && i <= net->op_count; i++) {
        size_t size = i ? out_size(&net->ops[i - 1]) : in_size(&net->ops[0]);
        largest = size > largest ? size : largest;
        self->values[i] = malloc(size * sizeof(real));
        complete = self->values[i] != NULL;
    }
    self->logits = malloc((size_t)net->out_c * sizeof(real));
    self->delta[0] = malloc(largest * sizeof(real));
    self->delta[1] = malloc(largest * sizeof(real));
    self->sample_grad = malloc((net->param_count + 1) * sizeof(real));
    self->grad_sum = malloc((net->param_count + 1) * sizeof(double));
    if (complete && self->logits && self->delta[0] && self->delta[1] && self->sample_grad &&
        self->grad_sum)
        return self;
    ref_destroy(self);
    return NULL;
}

#ifndef NN_REFERENCE_WITHOUT_TABLE
static int ref_supports(const nn_net *net, char *why, size_t why_size)
{
    (void)net;
    (void)why;
    (void)why_size;
    return 1;
}

static void ref_enter(void *state)
{
    (void)state;
}

const nn_engine nn__reference_engine = {
    .name = "reference",
    .supports = ref_supports,
    .create = ref_create,
    .destroy = ref_destroy,
    .enter = ref_enter,
    .leave = ref_enter,
    .forward = ref_forward,
    .gradient = ref_gradient,
};
#endif
