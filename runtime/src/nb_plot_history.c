/* Training curves. */
#include "nb/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb/table.h"
#include "nb_figure.h"

enum { MOST_SERIES = 8 };

nn_status nb__plot_size(const char *function, plot_opts *opts, int width, int height)
{
    if (!opts->width)
        opts->width = width;
    if (!opts->height)
        opts->height = height;
    if (opts->width < 200 || opts->width > 2000 || opts->height < 150 || opts->height > 2000)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: a plot of %d x %d pixels; width is 200 to 2000, height 150 to 2000",
                        function, opts->width, opts->height);
    return NN_OK;
}

char *nb__table_take_plain(struct nb_table *table)
{
    char *text = table ? nb_table_text(table, NB_PLAIN) : NULL;
    nb_table_free(table);
    return text;
}

/* The epochs as a table of text. */
static char *epoch_table(const nb_series *series, size_t count)
{
    nb_table *t = nb_table_new(NULL);
    if (!t)
        return NULL;
    nb_table_column(t, "epoch", NB_RIGHT);
    for (size_t i = 0; i < count; i++)
        nb_table_column(t, series[i].name, NB_RIGHT);
    for (size_t epoch = 0; epoch < series[0].count; epoch++) {
        nb_table_cell(t, "%zu", epoch + 1);
        for (size_t i = 0; i < count; i++)
            nb_table_cell(t, "%.4f", series[i].values[epoch]);
    }
    return nb__table_take_plain(t);
}

/* What is plotted, in a few words: "Loss per epoch", "Training history". */
static const char *default_title(const nb_series *series, size_t count)
{
    int losses = 0, accuracies = 0;
    for (size_t i = 0; i < count; i++) {
        losses += strstr(series[i].name, "loss") != NULL;
        accuracies += strstr(series[i].name, "accuracy") != NULL;
    }
    return !accuracies ? "Loss per epoch" : !losses ? "Accuracy per epoch" : "Training history";
}

static const char *default_y_label(const nb_series *series, size_t count)
{
    const char *title = default_title(series, count);
    return title[0] == 'L' ? "loss" : title[0] == 'A' ? "accuracy (fraction)" : "value";
}

static nn_status collect(const history_t *history, const char *const *names, nb_series *series,
                         size_t *count)
{
    if (!history)
        return nn__fail(NN_VALUE_ERROR, "plot_history: the history is NULL; train the model first");
    if (history->epochs < 1)
        return nn__fail(NN_VALUE_ERROR,
                        "plot_history: no epoch was completed, there is nothing to plot");
    *count = 0;
    for (; names && *names; names++) {
        if (*count == MOST_SERIES)
            return nn__fail(NN_VALUE_ERROR, "plot_history: more than %d series", MOST_SERIES);
        const double *values = nn_history_series(history, *names);
        if (!values) {
            char reason[1000];
            snprintf(reason, sizeof reason, "%s", nn_error_message());
            const char *colon = strchr(reason, ':'); /* "history: no series ..." */
            return nn__fail(NN_VALUE_ERROR, "plot_history%s", colon ? colon : "");
        }
        series[(*count)++] = (nb_series){*names, values, (size_t)history->epochs};
    }
    if (*count == 0)
        return nn__fail(NN_VALUE_ERROR, "plot_history: name at least one series, such as \"loss\"");
    return NN_OK;
}

nn_status nb_plot_history(const history_t *history, const char *const *names, plot_opts opts)
{
    nb_series series[MOST_SERIES];
    size_t count = 0;
    nn_status status = collect(history, names, series, &count);
    if (status == NN_OK)
        status = nb__plot_size("plot_history", &opts, 480, 300);
    if (status != NN_OK)
        return status;

    nb__text text = {0};
    for (size_t i = 0; i < count; i++)
        nb__putf(&text, "%s: %.4f -> %.4f\n", series[i].name, series[i].values[0],
                 series[i].values[series[i].count - 1]);
    char *table = epoch_table(series, count);
    nb__put(&text, "\n");
    nb__put(&text, table ? table : "");
    if (text.failed || !table) {
        status = nn__fail(NN_MEMORY_ERROR, "plot_history: no memory");
    } else {
        nb_figure figure = {.kind = NB_CURVES, .width = opts.width, .height = opts.height,
                            .title = opts.title ? opts.title : default_title(series, count),
                            .x_label = opts.x_label ? opts.x_label : "epoch",
                            .y_label = opts.y_label ? opts.y_label : default_y_label(series, count),
                            .series = series, .series_count = count};
        status = nb_figure_show(&figure, nb__text_string(&text), opts.formats);
    }
    free(table);
    nb__text_free(&text);
    return status;
}

nn_status nb_plot_history_with(const history_t *history, history_plot p)
{
    const char *names[] = {p.name_1, p.name_2, p.name_3, p.name_4, p.name_5,
                           p.name_6, p.name_7, p.name_8, NULL};
    return nb_plot_history(history, names,
                           (plot_opts){.title = p.title, .x_label = p.x_label, .y_label = p.y_label,
                                       .formats = p.formats, .width = p.width, .height = p.height});
}
