/* Losses and their gradients, lane by lane: so few values may be computed by libm. */
#include "lane_plan.h"

#include <math.h>
#include "../loss.h"

/* One sample: its lane of the outputs (element k at out[k * lanes]), and its row of y. */
typedef struct sample {
    const nn_net *net;
    const tensor_t *y;
    size_t row;
    float *out, *gradient; /* gradient may be NULL */
    int lanes;
    float weight; /* of this sample in the gradient */
} sample;

static float out_at(const sample *s, int k) { return s->out[k * s->lanes]; }

static void set_gradient(const sample *s, int k, float value)
{
    if (s->gradient)
        s->gradient[k * s->lanes] = value * s->weight;
}

/* What output k should be: one-hot where labels are given. */
static float target(const sample *s, int k)
{
    if (s->net->loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY)
        return nn__label(s->y, s->row) == k;
    return nn__target(s->y, s->row, s->net->out_c, k);
}

static int largest(const sample *s)
{
    int best = 0;
    for (int k = 1; k < s->net->out_c; k++)
        if (out_at(s, k) > out_at(s, best))
            best = k;
    return best;
}

static int is_hit(const sample *s)
{
    if (s->net->loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY)
        return largest(s) == nn__label(s->y, s->row);
    if (s->net->out_c == 1) /* Keras' binary accuracy */
        return (out_at(s, 0) > 0.5f) == (target(s, 0) > 0.5f);
    int wanted = 0;
    for (int k = 1; k < s->net->out_c; k++)
        if (target(s, k) > target(s, wanted))
            wanted = k;
    return largest(s) == wanted;
}

/* Turn logits into probabilities; returns the logarithm of the sum of exp(logit - largest). */
static float softmax(const sample *s)
{
    float most = out_at(s, largest(s)), sum = 0;
    for (int k = 0; k < s->net->out_c; k++)
        sum += s->out[k * s->lanes] = expf(out_at(s, k) - most);
    for (int k = 0; k < s->net->out_c; k++)
        s->out[k * s->lanes] /= sum;
    return logf(sum);
}

/* Crossentropy from logits in one stable step: sum of t (log sum exp z - z). */
static double logit_loss(const sample *s)
{
    float most = out_at(s, largest(s));
    float wanted = 0, total = 0;
    for (int k = 0; k < s->net->out_c; k++) {
        float t = target(s, k);
        wanted += t * (out_at(s, k) - most);
        total += t;
    }
    float log_sum = softmax(s);
    for (int k = 0; k < s->net->out_c; k++)
        set_gradient(s, k, total * out_at(s, k) - target(s, k));
    return total * log_sum - wanted;
}

/* Crossentropy of outputs that no softmax made: q = p / sum p, clipped, then -sum t log q. */
static double probability_loss(const sample *s)
{
    const float low = (float)NN_LOSS_EPSILON, high = 1 - low;
    float sum = 0, slopes = 0;
    double loss = 0;
    for (int k = 0; k < s->net->out_c; k++)
        sum += out_at(s, k);
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < s->net->out_c; k++) {
            float q = out_at(s, k) / sum, t = target(s, k);
            float clipped = q < low ? low : q > high ? high : q;
            float slope = q == clipped ? -t / q : 0;
            if (pass == 0) {
                loss -= t * logf(clipped);
                slopes += slope * q;
            } else {
                set_gradient(s, k, (slope - slopes) / sum);
            }
        }
    return loss;
}

static double squared_loss(const sample *s)
{
    int count = s->net->out_c;
    double loss = 0;
    for (int k = 0; k < count; k++) {
        float difference = out_at(s, k) - target(s, k);
        loss += (double)difference * difference / count;
        set_gradient(s, k, 2 * difference / (float)count);
    }
    return loss;
}

/* The usual case, all lanes at once: integer labels and a last softmax. */
static void label_losses(const lane_loss *job, float *out, float *gradient, double *loss_sum,
                         int64_t *hits)
{
    const lane_kernels *k = job->plan->kernels;
    lane_labels labels = {.label = {0}};
    for (int l = 0; l < job->count; l++) {
        labels.label[l] = nn__label(job->y, (size_t)job->row[l]);
        labels.weight[l] = job->weight;
    }
    k->label_loss(&labels, out, gradient, job->plan->net->out_c);
    for (int l = 0; l < job->count; l++) {
        *loss_sum += labels.gap[l] + logf(labels.sum[l]);
        *hits += labels.hit[l] != 0;
    }
}

void nn__lane_loss(const lane_loss *job, float *out, float *gradient, double *loss_sum,
                   int64_t *hits)
{
    const lane_plan *plan = job->plan;
    int lanes = plan->kernels->lanes;
    if (job->y->data && plan->softmax_in_loss && plan->kernels->label_loss &&
        plan->net->loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY) {
        label_losses(job, out, gradient, loss_sum, hits);
        return;
    }
    for (int l = 0; l < lanes; l++) {
        int used = l < job->count && job->y->data;
        sample s = {.net = plan->net,
                    .y = job->y,
                    .row = (size_t)job->row[l],
                    .out = out + l,
                    .gradient = gradient ? gradient + l : NULL,
                    .lanes = lanes,
                    .weight = used ? job->weight : 0};
        if (!used) {
            if (plan->softmax_in_loss)
                softmax(&s);
            for (int k = 0; k < plan->net->out_c; k++)
                set_gradient(&s, k, 0);
            continue;
        }
        int by_threshold = plan->net->out_c == 1; /* of the probability */
        *hits += !by_threshold && is_hit(&s);
        if (plan->softmax_in_loss)
            *loss_sum += logit_loss(&s);
        else if (plan->net->loss != NN_MEAN_SQUARED_ERROR)
            *loss_sum += probability_loss(&s);
        else
            *loss_sum += squared_loss(&s);
        *hits += by_threshold && is_hit(&s);
    }
}
