/* Show models, compile settings, training runs, plans, devices, the machine. */
#include "nb/display.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "model.h"
#include "nn/device.h"
#include "nb_show.h"
#include "nb_text.h"

/* "61,706 (241.04 KB)", as Keras prints it. */
static void params_note(nb_table *t, const char *name, int64_t params, double bytes)
{
    char count[NB__NUMBER], size[NB__NUMBER];
    nb_table_note(t, "%s: %s (%s)", name, nb__count_text(count, params), nb__kb_text(size, bytes));
}

nn_status nb_display_model(const char *name, const model_t *model)
{
    (void)name;
    if (!model)
        return nn__fail(NN_VALUE_ERROR, "model_summary: the model is NULL");
    nn_summary_totals totals;
    int count = nn_model_summary_rows(model, NULL, 0, &totals);
    nn_summary_row *rows = calloc((size_t)count + 1, sizeof *rows);
    char title[120];
    snprintf(title, sizeof title, "Model: \"%s\"", nn_model_name(model));
    nb_table *t = rows ? nb_table_new(title) : NULL;
    if (!t) {
        free(rows);
        return nn__fail(NN_MEMORY_ERROR, "model_summary: no memory for %d rows", count);
    }
    nn_model_summary_rows(model, rows, count, NULL);
    nb_table_column(t, "Layer (type)", NB_LEFT);
    nb_table_column(t, "Output Shape", NB_LEFT);
    nb_table_column(t, "Param #", NB_RIGHT);
    for (int i = 0; i < count; i++) {
        char params[NB__NUMBER];
        nb_table_cell(t, "%s (%s)", rows[i].layer, rows[i].type);
        nb_table_cell(t, "%s", rows[i].output_shape);
        nb_table_cell(t, "%s", nb__count_text(params, rows[i].params));
    }
    free(rows);
    double bytes = (double)totals.bytes, optimizer = 4.0 * (double)totals.optimizer;
    params_note(t, "Total params", totals.total, bytes + optimizer);
    params_note(t, "Trainable params", totals.trainable, totals.trainable ? bytes : 0);
    params_note(t, "Non-trainable params", totals.non_trainable, totals.non_trainable ? bytes : 0);
    if (totals.optimizer)
        params_note(t, "Optimizer params", totals.optimizer, optimizer);
    return nb__table_finish(t);
}

static void setting(nb_table *t, const char *name, const char *value)
{
    nb_table_cell(t, "%s", name);
    nb_table_cell(t, "%s", value);
}

static void setting_number(nb_table *t, const char *name, double value)
{
    nb_table_cell(t, "%s", name);
    nb_table_cell(t, "%.9g", value);
}

nn_status nb_display_compile(const model_t *model)
{
    if (!model || !model->compiled)
        return nn__fail(NN_VALUE_ERROR, "compile_summary: %s; call model_compile first",
                        model ? "the model is not compiled" : "the model is NULL");
    char title[120];
    snprintf(title, sizeof title, "Compile settings of \"%s\"", nn_model_name(model));
    nb_table *t = nb_table_new(title);
    if (!t)
        return NN_MEMORY_ERROR;
    nn_optimizer o = model->optimizer;
    nb_table_column(t, "setting", NB_LEFT);
    nb_table_column(t, "value", NB_RIGHT);
    setting(t, "optimizer", o.kind == NN_ADAM ? "Adam" : "SGD");
    setting_number(t, "learning rate", o.learning_rate);
    if (o.kind == NN_ADAM) {
        setting_number(t, "beta 1", o.beta_1);
        setting_number(t, "beta 2", o.beta_2);
        setting_number(t, "epsilon", o.epsilon);
    } else {
        setting_number(t, "momentum", o.momentum);
        setting(t, "Nesterov", o.nesterov ? "yes" : "no");
    }
    setting(t, "loss", nn__loss_name(model->net.loss));
    setting(t, "metrics", model->accuracy ? "accuracy" : "none");
    return nb__table_finish(t);
}

/* The recorded series of a history, in Keras' order. */
typedef struct series {
    const char *name;
    const double *values;
    int larger_is_better;
} series;

static int recorded_series(const history_t *h, series out[4])
{
    const series all[] = {{"loss", h->loss, 0},
                          {"accuracy", h->accuracy, 1},
                          {"val_loss", h->val_loss, 0},
                          {"val_accuracy", h->val_accuracy, 1}};
    int count = 0;
    for (int i = 0; i < 4; i++)
        if (all[i].values)
            out[count++] = all[i];
    return count;
}

static nn_status show_bests(const history_t *h, const series *list, int count)
{
    char title[160], seconds[NB__NUMBER];
    snprintf(title, sizeof title, "Best of %d epoch%s%s, %s s", h->epochs, h->epochs == 1 ? "" : "s",
             h->interrupted ? " (interrupted)" : "", nb__time_text(seconds, h->seconds));
    nb_table *t = nb_table_new(title);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "series", NB_LEFT);
    nb_table_column(t, "best", NB_RIGHT);
    nb_table_column(t, "epoch", NB_RIGHT);
    for (int i = 0; i < count; i++) {
        int best = 0;
        for (int e = 1; e < h->epochs; e++) {
            double gain = list[i].values[e] - list[i].values[best];
            if (list[i].larger_is_better ? gain > 0 : gain < 0)
                best = e;
        }
        nb_table_cell(t, "%s", list[i].name);
        nb_table_cell(t, "%.4f", list[i].values[best]);
        nb_table_cell(t, "%d", best + 1);
    }
    nb_table_note(t, "Training values are running means while the weights change.");
    return nb__table_finish(t);
}

static nn_status show_epochs(const history_t *h, const series *list, int count)
{
    nb_table *t = nb_table_new("Epochs");
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "epoch", NB_RIGHT);
    nb_table_column(t, "seconds", NB_RIGHT);
    for (int i = 0; i < count; i++)
        nb_table_column(t, list[i].name, NB_RIGHT);
    for (int e = 0; e < h->epochs; e++) {
        char seconds[NB__NUMBER];
        nb_table_cell(t, "%d", e + 1);
        nb_table_cell(t, "%s", nb__time_text(seconds, h->epoch_seconds ? h->epoch_seconds[e] : NAN));
        for (int i = 0; i < count; i++)
            nb_table_cell(t, "%.4f", list[i].values[e]);
        if (e == h->best_epoch)
            nb_table_emphasize(t);
    }
    if (h->best_epoch >= 0)
        nb_table_note(t, "The weights of epoch %d were kept.", h->best_epoch + 1);
    return nb__table_finish(t);
}

nn_status nb_display_history(const char *name, const history_t *history)
{
    (void)name;
    if (!history)
        return nn__fail(NN_VALUE_ERROR, "display: the history is NULL; train the model first");
    if (history->epochs < 1)
        return nb_display_text("history: no epoch was completed");
    series list[4];
    int count = recorded_series(history, list);
    nn_status status = show_bests(history, list, count);
    return status == NN_OK ? show_epochs(history, list, count) : status;
}

nn_status nb_display_plan(model_t *model)
{
    int count = nn_model_plan_rows(model, NULL, 0);
    if (count < 0)
        return nn_error_status();
    nn_plan_row *rows = calloc((size_t)count + 1, sizeof *rows);
    nb_table *t = rows ? nb_table_new("How each layer is computed") : NULL;
    if (!t) {
        free(rows);
        return nn__fail(NN_MEMORY_ERROR, "model_plan: no memory for %d rows", count);
    }
    count = nn_model_plan_rows(model, rows, count);
    nb_table_column(t, "layer", NB_LEFT);
    nb_table_column(t, "engine", NB_LEFT);
    nb_table_column(t, "kernel", NB_LEFT);
    nb_table_column(t, "why", NB_LEFT);
    for (int i = 0; i < count; i++) {
        nb_table_cell(t, "%s", rows[i].layer);
        nb_table_cell(t, "%s", rows[i].engine);
        nb_table_cell(t, "%s", rows[i].kernel);
        nb_table_cell(t, "%s", rows[i].why);
    }
    free(rows);
    return nb__table_finish(t);
}

nn_status nb_display_devices(void)
{
    nn_device_info rows[16];
    int count = nn_devices(rows, 16);
    count = count > 16 ? 16 : count;
    nb_table *t = nb_table_new("Devices");
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "device", NB_LEFT);
    nb_table_column(t, "state", NB_LEFT);
    nb_table_column(t, "description", NB_LEFT);
    for (int i = 0; i < count; i++) {
        nb_table_cell(t, "%s", rows[i].name);
        nb_table_cell(t, "%s", rows[i].in_use ? "in use" : rows[i].available ? "available" : "absent");
        nb_table_cell(t, "%s", rows[i].available ? rows[i].description : rows[i].reason);
    }
    return nb__table_finish(t);
}

nn_status nb_display_system(void)
{
    nn_system_info s = nn_system();
    nb__text text = {0};
    nb__putf(&text, "xeus-tinycc %s, built by %s\n%s, instruction set x86-64-%s, %d thread%s of %d core%s",
             s.version, s.compiler, s.cpu, s.isa, s.threads, s.threads == 1 ? "" : "s", s.cores,
             s.cores == 1 ? "" : "s");
    if (s.load_average > 0.5 * s.cores)
        nb__putf(&text, "\nLoad average %.1f: other work may lengthen times that are measured now.",
                 s.load_average);
    nn_status status = text.failed ? nn__fail(NN_MEMORY_ERROR, "display: no memory")
                                   : nb_display_text(nb__text_string(&text));
    nb__text_free(&text);
    return status;
}
