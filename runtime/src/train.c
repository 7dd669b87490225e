/* The training loop. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "memory.h"
#include "nb/host.h"
#include "random.h"
#include "run.h"

#define MAX_EPOCHS 100000

static nn_fit_progress progress;

void nn_fit_progress_set(const nn_fit_progress *callbacks)
{
    progress = callbacks ? *callbacks : (nn_fit_progress){0};
}

/* ---- history -------------------------------------------------------------------------------- */

enum { LOSS, ACCURACY, VAL_LOSS, VAL_ACCURACY, SECONDS, SERIES_COUNT };

static const char *const series_names[] = {"loss", "accuracy", "val_loss", "val_accuracy"};

/* What stands behind a history_t: the arrays that its pointers show. */
typedef struct record {
    history_t shown;
    history_t *older;
    double *series[SERIES_COUNT];
    double values[]; /* SERIES_COUNT times epochs asked for */
} record;

history_t *nn__history_older(const history_t *history)
{
    return ((const record *)history)->older;
}

static record *new_record(model_t *model, int epochs, int has_validation)
{
    record *r = nn__session_alloc(sizeof *r + (size_t)epochs * SERIES_COUNT * sizeof(double), NULL);
    if (!r)
        return nn__fail_null(NN_MEMORY_ERROR, "model_fit: no memory for the history");
    for (int i = 0; i < SERIES_COUNT; i++)
        r->series[i] = r->values + (size_t)i * (size_t)epochs;
    r->shown = (history_t){
        .epochs_asked = epochs,
        .loss = r->series[LOSS],
        .accuracy = model->accuracy ? r->series[ACCURACY] : NULL,
        .val_loss = has_validation ? r->series[VAL_LOSS] : NULL,
        .val_accuracy = has_validation && model->accuracy ? r->series[VAL_ACCURACY] : NULL,
        .epoch_seconds = r->series[SECONDS],
        .best_epoch = -1,
    };
    r->older = model->history;
    model->history = &r->shown;
    return r;
}

history_t *nn_model_history(const model_t *model)
{
    if (!model)
        return nn__fail_null(NN_VALUE_ERROR, "model_history: the model is NULL");
    if (!model->history)
        return nn__fail_null(NN_VALUE_ERROR,
                             "model_history: model \"%s\" was not trained in this session; call "
                             "model_fit first",
                             model->name);
    return model->history;
}

/* ---- one run -------------------------------------------------------------------------------- */

typedef struct run {
    model_t *model;
    fit_opts opts; /* defaults filled in */
    tensor_t x, y;
    nn_data validation; /* x.data NULL: none */
    int32_t samples;
    record *record;
    nn_fit_state state;
    double started, epoch_started;
    int32_t *order;
    float *grad;
    /* The best epoch's weights and optimizer state, where they are kept. */
    int best_series; /* -1: not kept */
    double best_value;
    float *best[3]; /* params and both slots */
    int64_t best_iterations;
} run;

static nn_status check_options(run *r)
{
    fit_opts *opts = &r->opts;
    if (opts->epochs == 0)
        opts->epochs = 1;
    if (opts->epochs < 1 || opts->epochs > MAX_EPOCHS)
        return nn__fail(NN_VALUE_ERROR, "model_fit: epochs is %d, 1 to 100,000 expected",
                        opts->epochs);
    if (opts->batch_size == 0)
        opts->batch_size = 32;
    if (opts->batch_size < 1)
        return nn__fail(NN_VALUE_ERROR, "model_fit: batch_size is %d, 1 or more expected",
                        opts->batch_size);
    if (opts->seed == 0)
        opts->seed = nn_random_seed();
    if (opts->verbose < 0 || opts->verbose > NN_LINES)
        return nn__fail(NN_VALUE_ERROR,
                        "model_fit: verbose is %d; valid are 0 (bar and lines), NN_SILENT, NN_LINES",
                        opts->verbose);
    opts->validation_split = nn__decimal(opts->validation_split);
    if (!(opts->validation_split >= 0 && opts->validation_split < 1))
        return nn__fail(NN_VALUE_ERROR, "model_fit: validation_split is %g, 0 < split < 1 expected",
                        opts->validation_split);
    if (opts->validation_data.y.data && !opts->validation_data.x.data)
        return nn__fail(NN_VALUE_ERROR, "model_fit: validation_data has y but no x; give both, "
                                        "{x_val, y_val}");
    if (opts->validation_split > 0 && opts->validation_data.x.data)
        return nn__fail(NN_VALUE_ERROR, "model_fit: both validation_data and validation_split are "
                                        "given; give one of them");
    return NN_OK;
}

static nn_status check_keep_best(run *r)
{
    r->best_series = -1;
    const char *name = r->opts.keep_best;
    if (!name)
        return NN_OK;
    for (int i = LOSS; i <= VAL_ACCURACY; i++) {
        if (strcmp(series_names[i], name) != 0)
            continue;
        if (i >= VAL_LOSS && !r->validation.x.data)
            return nn__fail(NN_VALUE_ERROR,
                            "model_fit: keep_best = \"%s\" needs validation; give "
                            ".validation_data = {x_val, y_val} or .validation_split",
                            name);
        if ((i == ACCURACY || i == VAL_ACCURACY) && !r->model->accuracy)
            return nn__fail(NN_VALUE_ERROR,
                            "model_fit: keep_best = \"%s\" needs the metric; compile with "
                            ".metrics = {\"accuracy\"}",
                            name);
        r->best_series = i;
        r->best_value = i == LOSS || i == VAL_LOSS ? INFINITY : -INFINITY;
        return NN_OK;
    }
    return nn__fail(NN_VALUE_ERROR,
                    "model_fit: keep_best \"%.80s\" is unknown; valid are loss, accuracy, val_loss, "
                    "val_accuracy",
                    name);
}

/* Keras' validation_split holds out the last part: rows floor(n * (1 - split)) and on. */
static nn_status split_data(run *r)
{
    double split = r->opts.validation_split;
    if (split > 0) {
        int64_t rows = r->x.shape[0], kept = (int64_t)floor((double)rows * (1 - split));
        if (kept < 1 || kept >= rows)
            return nn__fail(NN_VALUE_ERROR,
                            "model_fit: validation_split %g of %lld rows leaves one side empty",
                            split, (long long)rows);
        r->validation = (nn_data){nn_slice(r->x, kept, rows), nn_slice(r->y, kept, rows)};
        r->x = nn_slice(r->x, 0, kept);
        r->y = nn_slice(r->y, 0, kept);
    } else {
        r->validation = r->opts.validation_data;
        if (r->validation.x.data &&
            nn__check_xy(r->model, "model_fit", "validation_data.x", r->validation.x,
                         "validation_data.y", r->validation.y))
            return NN_VALUE_ERROR;
    }
    r->samples = (int32_t)r->x.shape[0];
    return NN_OK;
}

static nn_status allocate(run *r)
{
    size_t bytes = (r->model->net.param_count + 1) * sizeof(float);
    r->order = malloc((size_t)r->samples * sizeof *r->order);
    r->grad = malloc(bytes);
    int complete = r->order && r->grad;
    for (int i = 0; i < 3 && r->best_series >= 0; i++) {
        r->best[i] = malloc(bytes);
        complete = complete && r->best[i];
    }
    if (!complete)
        return nn__fail(NN_MEMORY_ERROR, "model_fit: no memory for training");
    if (nn__model_slots(r->model))
        return NN_MEMORY_ERROR;
    int has_validation = r->validation.x.data != NULL;
    r->record = new_record(r->model, r->opts.epochs, has_validation);
    return r->record ? NN_OK : NN_MEMORY_ERROR;
}

static void release(run *r)
{
    free(r->order);
    free(r->grad);
    for (int i = 0; i < 3; i++)
        free(r->best[i]);
}

static void begin(run *r)
{
    history_t *h = &r->record->shown;
    int64_t steps = (r->samples + (int64_t)r->opts.batch_size - 1) / r->opts.batch_size;
    h->steps_per_epoch = steps;
    h->batch_size = r->opts.batch_size;
    h->threads = r->model->engine_threads;
    h->seed = r->opts.seed;
    h->train_samples = r->samples;
    h->val_samples = r->validation.x.data ? r->validation.x.shape[0] : 0;
    strncpy(h->engine, r->model->engine->name, sizeof h->engine - 1);
    r->state = (nn_fit_state){
        .model = r->model,
        .model_name = r->model->name,
        .epochs = r->opts.epochs,
        .steps_per_epoch = steps,
        .batch_size = r->opts.batch_size,
        .verbose = r->opts.verbose,
        .loss = NAN,
        .accuracy = NAN,
        .val_loss = NAN,
        .val_accuracy = NAN,
    };
    r->started = r->epoch_started = nn__seconds();
    if (progress.on_begin)
        progress.on_begin(progress.self, &r->state);
}

static void tell(run *r, void (*callback)(void *, const nn_fit_state *))
{
    double now = nn__seconds();
    r->state.epoch_seconds = now - r->epoch_started;
    r->state.seconds = now - r->started;
    if (callback)
        callback(progress.self, &r->state);
}

/* Copies between the model and the kept state of the best epoch. */
static void keep_best(run *r)
{
    model_t *model = r->model;
    size_t bytes = model->net.param_count * sizeof(float);
    memcpy(r->best[0], model->params, bytes);
    for (int i = 0; i < 2; i++)
        if (model->slots[i])
            memcpy(r->best[i + 1], model->slots[i], bytes);
    r->best_iterations = model->iterations;
}

static void restore_best(run *r)
{
    model_t *model = r->model;
    size_t bytes = model->net.param_count * sizeof(float);
    if (r->best_series < 0 || r->record->shown.best_epoch < 0)
        return;
    memcpy(model->params, r->best[0], bytes);
    for (int i = 0; i < 2; i++)
        if (model->slots[i])
            memcpy(model->slots[i], r->best[i + 1], bytes);
    model->iterations = r->best_iterations;
}

/* All batches of one epoch. Returns 0 when the user stopped it. */
static int train_epoch(run *r)
{
    model_t *model = r->model;
    double loss_sum = 0;
    int64_t hits = 0;
    /* Keyed by the step number, which model files carry: to train, save, load and train on takes
       the same orders as to train without the break. */
    uint64_t epoch_key = (uint64_t)model->iterations;
    if (r->opts.no_shuffle)
        for (int32_t i = 0; i < r->samples; i++)
            r->order[i] = i;
    else
        nn__shuffle(r->order, r->samples, r->opts.seed, epoch_key);
    for (int32_t done = 0; done < r->samples;) {
        if (nb_interrupted())
            return 0;
        int32_t left = r->samples - done;
        int count = left < r->opts.batch_size ? left : r->opts.batch_size;
        nn_batch batch = {.x = r->x,
                          .y = r->y,
                          .order = r->order + done,
                          .count = count,
                          .ahead = left - count < count ? left - count : count,
                          .seed = r->opts.seed,
                          .epoch = epoch_key};
        double batch_loss;
        int64_t batch_hits;
        nn_step step;
        nn_update update = nn__optimizer_begin(model, r->grad, &step);
        model->engine->gradient(model->engine_self, model->params, &batch, r->grad, &update,
                                &batch_loss, &batch_hits);
        loss_sum += batch_loss;
        hits += batch_hits;
        done += batch.count;
        r->state.step++;
        r->state.loss = loss_sum / done;
        if (model->accuracy)
            r->state.accuracy = (double)hits / done;
        tell(r, progress.on_step);
    }
    return 1;
}

/* Returns 0 when the user stopped it. */
static int validate(run *r)
{
    nn_sums sums;
    if (!r->validation.x.data)
        return 1;
    int64_t rows = r->validation.x.shape[0];
    if (nn__run_forward(r->model, r->validation.x, r->validation.y, NULL, &sums) < rows)
        return 0;
    r->state.val_loss = sums.loss / (double)rows;
    if (r->model->accuracy)
        r->state.val_accuracy = (double)sums.hits / (double)rows;
    return 1;
}

static void record_epoch(run *r)
{
    record *record = r->record;
    int epoch = record->shown.epochs;
    double values[] = {r->state.loss, r->state.accuracy, r->state.val_loss, r->state.val_accuracy};
    for (int i = 0; i < SECONDS; i++)
        record->series[i][epoch] = values[i];
    record->series[SECONDS][epoch] = nn__seconds() - r->epoch_started;
    record->shown.epochs = epoch + 1;
    if (r->best_series < 0)
        return;
    double value = values[r->best_series];
    int falls = r->best_series == LOSS || r->best_series == VAL_LOSS;
    if (falls ? value < r->best_value : value > r->best_value) {
        r->best_value = value;
        record->shown.best_epoch = epoch;
        keep_best(r);
    }
}

/* The user's callback may use the model, so the engine is left meanwhile and asked for again.
   Returns nonzero to stop. */
static int ask_user(run *r)
{
    if (!r->opts.on_epoch_end)
        return 0;
    r->model->engine->leave(r->model->engine_self);
    r->record->shown.seconds = nn__seconds() - r->started;
    int stop = r->opts.on_epoch_end(&r->record->shown, r->opts.context);
    if (nn__model_engine(r->model, "model_fit", r->opts.engine, r->opts.threads) ||
        nn__model_slots(r->model))
        return 1;
    r->model->engine->enter(r->model->engine_self);
    return stop;
}

/* What the threads change, and the order that is shuffled beside them. */
static void own_memory(run *r)
{
    size_t bytes = r->model->net.param_count * sizeof(float);
    nn__own_pages(r->model->params, bytes);
    nn__own_pages(r->model->slots[0], bytes);
    nn__own_pages(r->model->slots[1], bytes);
    nn__own_pages(r->grad, bytes);
    nn__own_pages(r->order, (size_t)r->samples * sizeof *r->order);
}

static void train(run *r)
{
    begin(r);
    own_memory(r);
    r->model->engine->enter(r->model->engine_self);
    for (int epoch = 0; epoch < r->opts.epochs; epoch++) {
        r->epoch_started = nn__seconds();
        r->state.epoch = epoch;
        r->state.step = 0;
        if (!train_epoch(r) || !validate(r)) {
            r->state.interrupted = r->record->shown.interrupted = 1;
            break;
        }
        record_epoch(r);
        tell(r, progress.on_epoch);
        if (ask_user(r))
            break;
    }
    if (r->model->engine_self)
        r->model->engine->leave(r->model->engine_self);
    restore_best(r);
    r->record->shown.seconds = nn__seconds() - r->started;
    tell(r, progress.on_end);
}

history_t *nn_model_fit(model_t *model, tensor_t x, tensor_t y, fit_opts opts)
{
    run r = {.model = model, .opts = opts, .x = x, .y = y};
    if (!model)
        return nn__fail_null(NN_VALUE_ERROR, "model_fit: the model is NULL");
    if (nn__refuse_quantised(model, "model_fit", "cannot be trained"))
        return NULL;
    if (!model->compiled)
        return nn__fail_null(NN_VALUE_ERROR,
                             "model_fit: model \"%s\" is not compiled; call model_compile(m, "
                             ".optimizer = Adam(), .loss = ...) first",
                             model->name);
    if (check_options(&r) || nn__check_xy(model, "model_fit", "x", x, "y", y) || split_data(&r) ||
        check_keep_best(&r) ||
        nn__model_engine(model, "model_fit", opts.engine, opts.threads))
        return NULL;
    if (allocate(&r)) {
        release(&r);
        return NULL;
    }
    train(&r);
    release(&r);
    return &r.record->shown;
}
