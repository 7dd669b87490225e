#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/lane.h"
#include "error.h"
#include "memory.h"

double nn__decimal(double value)
{
    float narrow = (float)value;
    if (!isfinite(value) || (double)narrow != value)
        return value;
    for (int digits = 1; digits <= 9; digits++) {
        char text[32];
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == narrow)
            return strtod(text, NULL);
    }
    return value;
}

/* An option as given: 0 is the default, NN_ZERO (minus zero) is zero. */
static double option(double given, double standard)
{
    if (given == 0)
        return signbit(given) ? 0 : standard;
    return nn__decimal(given);
}

static int is_inside(double value, double low, double high)
{
    return value >= low && value < high;
}

static nn_optimizer refuse(const char *function, const char *name, double value,
                           const char *expected)
{
    nn__fail(NN_VALUE_ERROR, "%s: %s is %g, %s expected", function, name, value, expected);
    return (nn_optimizer){.invalid = 1};
}

nn_optimizer nn_adam(adam_opts opts)
{
    nn_optimizer adam = {
        .kind = NN_ADAM,
        .learning_rate = option(opts.learning_rate, 0.001),
        .beta_1 = option(opts.beta_1, 0.9),
        .beta_2 = option(opts.beta_2, 0.999),
        .epsilon = option(opts.epsilon, 1e-7),
    };
    if (!is_inside(adam.learning_rate, 0, INFINITY))
        return refuse("Adam", "learning_rate", adam.learning_rate, "a number >= 0");
    if (!is_inside(adam.beta_1, 0, 1))
        return refuse("Adam", "beta_1", adam.beta_1, "0 <= beta_1 < 1");
    if (!is_inside(adam.beta_2, 0, 1))
        return refuse("Adam", "beta_2", adam.beta_2, "0 <= beta_2 < 1");
    if (!is_inside(adam.epsilon, 0, INFINITY))
        return refuse("Adam", "epsilon", adam.epsilon, "a number >= 0");
    return adam;
}

nn_optimizer nn_sgd(sgd_opts opts)
{
    nn_optimizer sgd = {
        .kind = NN_SGD,
        .learning_rate = option(opts.learning_rate, 0.01),
        .momentum = option(opts.momentum, 0),
        .nesterov = opts.nesterov != 0,
    };
    if (!is_inside(sgd.learning_rate, 0, INFINITY))
        return refuse("SGD", "learning_rate", sgd.learning_rate, "a number >= 0");
    if (!(sgd.momentum >= 0 && sgd.momentum <= 1))
        return refuse("SGD", "momentum", sgd.momentum, "0 <= momentum <= 1");
    return sgd;
}

const char *nn_optimizer_name(nn_optimizer optimizer)
{
    return optimizer.kind == NN_ADAM ? "adam" : optimizer.kind == NN_SGD ? "sgd" : "";
}

static int slots_needed(const nn_optimizer *optimizer)
{
    if (optimizer->kind == NN_ADAM)
        return 2;
    return optimizer->kind == NN_SGD && optimizer->momentum > 0 ? 1 : 0;
}

nn_status nn__model_slots(model_t *model)
{
    for (int i = 0; i < slots_needed(&model->optimizer); i++) {
        if (model->slots[i])
            continue;
        model->slots[i] = nn__session_alloc(model->net.param_count * sizeof(float), NULL);
        if (!model->slots[i])
            return nn__fail(NN_MEMORY_ERROR, "%s: no memory for the optimizer's state",
                            model->name);
    }
    return NN_OK;
}

/* The step size comes from float32 powers as in Keras: 1 - powf(.999f, 1) is 1.3e-5 off the exact
   value, and the oracle's losses show it. */
static float adam_alpha(const nn_optimizer *adam, int64_t step)
{
    float beta_1_power = powf((float)adam->beta_1, (float)step);
    float beta_2_power = powf((float)adam->beta_2, (float)step);
    return (float)adam->learning_rate * sqrtf(1 - beta_2_power) / (1 - beta_1_power);
}

static void plain_adam(const lane_adam *step, const float *restrict grad, float *restrict params,
                       float *restrict m, float *restrict v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m[i] += (grad[i] - m[i]) * step->rest_1;
        v[i] += (grad[i] * grad[i] - v[i]) * step->rest_2;
        params[i] -= step->alpha * m[i] / (sqrtf(v[i]) + step->epsilon);
    }
}

static void adam_range(void *context, size_t from, size_t end)
{
    const nn_step *u = context;
    const lane_adam step = {.alpha = u->alpha,
                            .rest_1 = (float)(1 - u->optimizer->beta_1),
                            .rest_2 = (float)(1 - u->optimizer->beta_2),
                            .epsilon = (float)u->optimizer->epsilon};
    (u->kernels ? u->kernels->adam : plain_adam)(&step, u->grad + from, u->params + from,
                                                 u->slots[0] + from, u->slots[1] + from,
                                                 end - from);
}

static void sgd_range(void *context, size_t from, size_t end)
{
    const nn_step *u = context;
    const float rate = (float)u->optimizer->learning_rate;
    const float momentum = (float)u->optimizer->momentum;
    const int nesterov = u->optimizer->nesterov;
    const float *restrict grad = u->grad;
    float *restrict params = u->params, *restrict buffer = u->slots[0];
    for (size_t i = from; i < end; i++) {
        float change = -rate * grad[i];
        if (buffer) {
            buffer[i] = momentum * buffer[i] - rate * grad[i];
            change = nesterov ? momentum * buffer[i] - rate * grad[i] : buffer[i];
        }
        params[i] += change;
    }
}

nn_update nn__optimizer_begin(model_t *model, const float *grad, nn_step *step)
{
    *step = (nn_step){.optimizer = &model->optimizer,
                      .kernels = nn__isa_machine() < 2 ? NULL : nn__lane_kernels(),
                      .grad = grad,
                      .params = model->params,
                      .slots = {model->slots[0], model->slots[1]}};
    model->iterations++;
    if (model->optimizer.kind != NN_ADAM)
        return (nn_update){sgd_range, step};
    step->alpha = adam_alpha(&model->optimizer, model->iterations);
    return (nn_update){adam_range, step};
}
