/* Confusion matrices. */
#include "nb/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb/table.h"
#include "nb_figure.h"
#include "nb_figure_job.h"

enum { MOST_COLUMNS = 10 }; /* of counts that fit 80 columns of text */

static char *matrix_table(const double *counts, int classes)
{
    nb_table *t = nb_table_new(NULL);
    if (!t)
        return NULL;
    nb_table_column(t, "true", NB_RIGHT);
    for (int c = 0; c < classes; c++) {
        char name[16];
        snprintf(name, sizeof name, "%d", c);
        nb_table_column(t, name, NB_RIGHT);
    }
    for (int row = 0; row < classes; row++) {
        nb_table_cell(t, "%d", row);
        for (int c = 0; c < classes; c++)
            nb_table_cell(t, "%.0f", counts[row * classes + c]);
    }
    return nb__table_take_plain(t);
}

/* What stands for a matrix too wide for text: per class, how many were right, and for what the
   others were taken most often. */
static char *class_table(const double *counts, int classes)
{
    nb_table *t = nb_table_new(NULL);
    if (!t)
        return NULL;
    nb_table_column(t, "true", NB_RIGHT);
    nb_table_column(t, "count", NB_RIGHT);
    nb_table_column(t, "right", NB_RIGHT);
    nb_table_column(t, "most often taken for", NB_LEFT);
    for (int row = 0; row < classes; row++) {
        const double *line = counts + row * classes;
        double total = 0;
        int other = -1;
        for (int c = 0; c < classes; c++) {
            total += line[c];
            if (c != row && line[c] > 0 && (other < 0 || line[c] > line[other]))
                other = c;
        }
        nb_table_cell(t, "%d", row);
        nb_table_cell(t, "%.0f", total);
        nb_table_cell(t, "%.0f", line[row]);
        if (other < 0)
            nb_table_cell(t, "-");
        else
            nb_table_cell(t, "%d (%.0f)", other, line[other]);
    }
    return nb__table_take_plain(t);
}

static nn_status show(const double *counts, int classes, double total, double right,
                      const plot_opts *opts)
{
    char names[NB_FIGURE_MAX_CLASSES][12], all[NB__NUMBER], good[NB__NUMBER], title[160];
    const char *labels[NB_FIGURE_MAX_CLASSES];
    for (int c = 0; c < classes; c++) {
        snprintf(names[c], sizeof names[c], "%d", c);
        labels[c] = names[c];
    }
    snprintf(title, sizeof title, "Confusion matrix: %s of %s right",
             nb__count_text(good, (int64_t)right), nb__count_text(all, (int64_t)total));
    nb_series series = {"count", counts, (size_t)classes * (size_t)classes};
    nb_figure figure = {.kind = NB_MATRIX, .width = opts->width, .height = opts->height,
                        .title = opts->title ? opts->title : title,
                        .x_label = opts->x_label ? opts->x_label : "predicted class",
                        .y_label = opts->y_label ? opts->y_label : "true class",
                        .series = &series, .series_count = 1,
                        .labels = labels, .label_count = (size_t)classes};
    nb__text text = {0};
    nb__put_ascii(&text, figure.title);
    int whole = classes <= MOST_COLUMNS;
    nb__put(&text, whole ? "\nrows: true class; columns: predicted class\n\n" : "\n\n");
    char *table = whole ? matrix_table(counts, classes) : class_table(counts, classes);
    nb__put(&text, table ? table : "");
    nn_status status = !table || text.failed
                           ? nn__fail(NN_MEMORY_ERROR, "plot_confusion_matrix: no memory")
                           : nb_figure_show(&figure, nb__text_string(&text), opts->formats);
    free(table);
    nb__text_free(&text);
    return status;
}

nn_status nb_plot_confusion_matrix(tensor_t y_true, tensor_t y_pred, plot_opts opts)
{
    tensor_t matrix = nn_confusion_matrix(y_true, y_pred);
    if (matrix.rank != 2)
        return nn_error_status();
    int classes = (int)matrix.shape[0];
    if (classes > NB_FIGURE_MAX_CLASSES)
        return nn__fail(NN_VALUE_ERROR, "plot_confusion_matrix: %d classes; at most %d can be read",
                        classes, NB_FIGURE_MAX_CLASSES);
    int side = classes <= 10 ? 420 : 420 + 24 * (classes - 10);
    nn_status status = nb__plot_size("plot_confusion_matrix", &opts, side + 20, side);
    if (status != NN_OK)
        return status;
    double *counts = calloc((size_t)classes * (size_t)classes, sizeof *counts);
    if (!counts)
        return nn__fail(NN_MEMORY_ERROR, "plot_confusion_matrix: no memory");
    double total = 0, right = 0;
    for (int i = 0; i < classes * classes; i++) {
        counts[i] = nn_tensor_at(matrix, (size_t)i);
        total += counts[i];
        right += i % (classes + 1) == 0 ? counts[i] : 0;
    }
    status = show(counts, classes, total, right, &opts);
    free(counts);
    return status;
}
