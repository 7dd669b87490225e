/* Train the same network again from other seeds. */
#include "nb/repeat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "error.h"
#include "model.h"
#include "nb/table.h"
#include "nb_show.h"
#include "nb_text.h"

#define FUNCTION "model_repeat"

/* The same layers and settings, with the first weights of SEED. */
static model_t *fresh_copy(const model_t *model, uint64_t seed)
{
    layer_t **layers = calloc((size_t)model->layer_count, sizeof *layers);
    if (!layers)
        return nn__fail_null(NN_MEMORY_ERROR, FUNCTION ": no memory");
    int made = 0;
    for (; made < model->layer_count; made++) {
        layer_t description = *model->layers[made];
        description.model = NULL;
        layers[made] = nn__layer_new(&description);
        if (!layers[made])
            break;
    }
    model_t *copy = made == model->layer_count
                        ? nn_sequential(model->name, (size_t)made, layers) : NULL;
    free(layers);
    if (!copy)
        return NULL;
    nn__model_init(copy, seed);
    compile_opts settings = {.optimizer = model->optimizer, .loss = nn__loss_name(model->net.loss),
                             .metrics = {"accuracy"}};
    if (nn_model_compile(copy, settings) != NN_OK) {
        nn_model_free(copy);
        return NULL;
    }
    return copy;
}

static void print_run(int number, int runs, uint64_t seed, double seconds, metrics_t test)
{
    nb__text line = {0};
    nb__putf(&line, "Run %d/%d - seed %llu", number, runs, (unsigned long long)seed);
    if (seconds >= 0)
        nb__putf(&line, " - %.1fs", seconds);
    nb__putf(&line, " - test_loss: %.4f - test_accuracy: %.4f\n", test.loss, test.accuracy);
    nb__print(nb__text_string(&line));
    nb__text_free(&line);
}

/* One run. Returns 1, 0 if the user stopped it, -1 after an error. */
static int run(const model_t *model, tensor_t x, tensor_t y, const repeat_opts *opts, uint64_t seed,
               metrics_t *test)
{
    model_t *copy = fresh_copy(model, seed);
    if (!copy)
        return -1;
    fit_opts fit = opts->fit;
    fit.seed = seed;
    fit.verbose = fit.verbose ? fit.verbose : NN_SILENT;
    history_t *history = nn_model_fit(copy, x, y, fit);
    int result = !history ? -1 : history->interrupted ? 0 : 1;
    if (result == 1) {
        run_opts as_trained = {.threads = opts->fit.threads, .engine = opts->fit.engine};
        *test = nn_model_evaluate(copy, opts->test_data.x, opts->test_data.y, as_trained);
        result = test->samples < 0 ? -1 : test->samples == opts->test_data.x.shape[0];
    }
    nn_model_free(copy);
    return result;
}

static double mean_of(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    return count ? sum / count : NAN;
}

static double spread_of(const double *values, int count)
{
    double mean = mean_of(values, count), sum = 0;
    for (int i = 0; i < count; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sqrt(sum / (count - 1)) : NAN;
}

static nn_status check(const model_t *model, repeat_opts *opts)
{
    if (!model || !model->compiled)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": the model is %s",
                        model ? "not compiled; call model_compile() first" : "NULL");
    if (!opts->test_data.x.rank || !opts->test_data.y.rank)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": no test data; give .test_data = {x_test, "
                                                 "y_test}");
    opts->runs = opts->runs ? opts->runs : 3;
    if (opts->runs < 1 || opts->runs > NB_MOST_RUNS)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": runs is %d, 1 to %d expected", opts->runs,
                        NB_MOST_RUNS);
    return nn__check_xy(model, FUNCTION, "test_data.x", opts->test_data.x, "test_data.y",
                        opts->test_data.y);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

runs_t nb_model_repeat(const model_t *model, tensor_t x, tensor_t y, repeat_opts opts)
{
    runs_t all = {.runs = -1};
    if (check(model, &opts) != NN_OK)
        return all;
    uint64_t seed = opts.fit.seed ? opts.fit.seed : nn_random_seed();
    double start = now();
    int going = 1;
    all.runs = 0;
    for (int i = 0; i < opts.runs && going == 1; i++) {
        double begin = now();
        metrics_t test = opts.first;
        int known = i == 0 && opts.first.samples > 0;
        if (!known)
            going = run(model, x, y, &opts, seed + (uint64_t)i, &test);
        if (going == 1) {
            all.seed[i] = seed + (uint64_t)i;
            all.accuracy[i] = test.accuracy;
            all.loss[i] = test.loss;
            all.runs++;
            if (!opts.fit.verbose)
                print_run(i + 1, opts.runs, all.seed[i], known ? -1 : now() - begin, test);
        }
    }
    if (going < 0)
        return (runs_t){.runs = -1};
    all.seconds = now() - start;
    all.accuracy_mean = mean_of(all.accuracy, all.runs);
    all.accuracy_spread = spread_of(all.accuracy, all.runs);
    all.loss_mean = mean_of(all.loss, all.runs);
    all.loss_spread = spread_of(all.loss, all.runs);
    return all;
}

nn_status nb_display_runs(const char *name, runs_t runs)
{
    char title[120];
    if (runs.runs < 0)
        return nn__fail(NN_VALUE_ERROR, "display: these runs have failed");
    snprintf(title, sizeof title, "%.60s%s%d run%s", name ? name : "", name ? ": " : "", runs.runs,
             runs.runs == 1 ? "" : "s");
    nb_table *t = nb_table_new(title);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "seed", NB_RIGHT);
    nb_table_column(t, "test accuracy", NB_RIGHT);
    nb_table_column(t, "test loss", NB_RIGHT);
    for (int i = 0; i < runs.runs; i++) {
        nb_table_cell(t, "%llu", (unsigned long long)runs.seed[i]);
        nb_table_cell(t, "%.4f", runs.accuracy[i]);
        nb_table_cell(t, "%.4f", runs.loss[i]);
    }
    if (runs.runs > 0)
        nb_table_note(t, "Mean: accuracy %.4f, loss %.4f.", runs.accuracy_mean, runs.loss_mean);
    if (runs.runs > 1)
        nb_table_note(t, "Standard deviation: accuracy %.4f, loss %.4f.", runs.accuracy_spread,
                      runs.loss_spread);
    return nb__table_finish(t);
}
