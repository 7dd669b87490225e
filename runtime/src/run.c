#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "error.h"
#include "nb/host.h"

uint64_t nn__params_version(void)
{
    static uint64_t last;
    return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

double nn__seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int64_t nn__run_forward(model_t *model, tensor_t x, tensor_t y, float *out, nn_sums *sums)
{
    int64_t rows = x.shape[0], done = 0;
    uint64_t version = nn__params_version();
    if (sums)
        *sums = (nn_sums){0};
    /* The first part always runs, so that a stopped call has something to return. */
    while (done < rows && !(done && nb_interrupted())) {
        int64_t count = rows - done < NN_CHUNK_ROWS ? rows - done : NN_CHUNK_ROWS;
        nn_batch batch = {.x = nn_slice(x, done, done + count),
                          .count = (int)count,
                          .params_version = version};
        double loss;
        int64_t hits;
        if (sums)
            batch.y = nn_slice(y, done, done + count);
        model->engine->forward(model->engine_self, model->params, &batch,
                               out ? out + done * model->net.out_c : NULL, sums ? &loss : NULL,
                               sums ? &hits : NULL);
        if (sums) {
            sums->loss += loss;
            sums->hits += hits;
        }
        done += count;
    }
    return done;
}

static const metrics_t failed_metrics = {.loss = NAN, .accuracy = NAN, .samples = -1};

/* Means over SAMPLES; without any, NaN. */
static metrics_t mean_metrics(const model_t *model, nn_sums sums, int64_t samples, double started)
{
    return (metrics_t){
        .loss = samples ? sums.loss / (double)samples : NAN,
        .accuracy = samples && model->accuracy ? (double)sums.hits / (double)samples : NAN,
        .samples = samples,
        .seconds = nn__seconds() - started,
    };
}

static nn_status check_compiled(const model_t *model, const char *function)
{
    if (!model)
        return nn__fail(NN_VALUE_ERROR, "%s: the model is NULL", function);
    if (!model->compiled)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: model \"%s\" is not compiled; call model_compile(m, .loss = ...) first",
                        function, model->name);
    return NN_OK;
}

metrics_t nn_model_evaluate(model_t *model, tensor_t x, tensor_t y, run_opts opts)
{
    static const char function[] = "model_evaluate";
    double started = nn__seconds();
    nn_sums sums;
    if (check_compiled(model, function) || nn__check_xy(model, function, "x", x, "y", y) ||
        nn__model_engine(model, function, opts.engine, opts.threads))
        return failed_metrics;
    model->engine->enter(model->engine_self);
    int64_t done = nn__run_forward(model, x, y, NULL, &sums);
    model->engine->leave(model->engine_self);
    return mean_metrics(model, sums, done, started);
}

tensor_t nn_model_predict(model_t *model, tensor_t x, run_opts opts)
{
    static const char function[] = "model_predict";
    static const tensor_t invalid = {0};
    if (!model) {
        nn__fail(NN_VALUE_ERROR, "%s: the model is NULL", function);
        return invalid;
    }
    if (nn__check_x(model, function, "x", x) ||
        nn__model_engine(model, function, opts.engine, opts.threads))
        return invalid;
    const layer_t *last = model->layers[model->layer_count - 1];
    int64_t shape[4] = {x.shape[0]};
    for (int i = 0; i < last->out_rank; i++)
        shape[i + 1] = last->out_shape[i];
    tensor_t out = nn_tensor_zeros(NN_FLOAT32, last->out_rank + 1, shape);
    if (!out.rank)
        return invalid;
    model->engine->enter(model->engine_self);
    int64_t done = nn__run_forward(model, x, invalid, out.data, NULL);
    model->engine->leave(model->engine_self);
    return nn_slice(out, 0, done);
}

metrics_t nn_model_train_on_batch(model_t *model, tensor_t x, tensor_t y, run_opts opts)
{
    static const char function[] = "model_train_on_batch";
    double started = nn__seconds();
    nn_sums sums;
    if (nn__refuse_quantised(model, function, "cannot be trained") ||
        check_compiled(model, function) || nn__check_xy(model, function, "x", x, "y", y) ||
        nn__model_engine(model, function, opts.engine, opts.threads) || nn__model_slots(model))
        return failed_metrics;
    float *grad = malloc((model->net.param_count + 1) * sizeof *grad);
    if (!grad) {
        nn__fail(NN_MEMORY_ERROR, "%s: no memory for the gradient", function);
        return failed_metrics;
    }
    nn_batch batch = {.x = x,
                      .y = y,
                      .count = (int)x.shape[0],
                      .seed = nn_random_seed(),
                      .epoch = (uint64_t)model->iterations};
    nn_step step;
    nn_update update = nn__optimizer_begin(model, grad, &step);
    model->engine->gradient(model->engine_self, model->params, &batch, grad, &update, &sums.loss,
                            &sums.hits);
    free(grad);
    return mean_metrics(model, sums, x.shape[0], started);
}
