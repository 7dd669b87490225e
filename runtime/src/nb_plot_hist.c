/* Histograms. */
#include "nb/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb/table.h"
#include "nb_figure.h"

enum { MOST_BINS = 200, DEFAULT_BINS = 10, LABEL = 32 };

/* Counts per bin. Whole numbers have a bin each; others lie in intervals of equal width. */
typedef struct histogram {
    double counts[MOST_BINS];
    int bins;
    int one_each;
    double low, width; /* bin i begins at low + i * width */
    char labels[MOST_BINS][LABEL];
    const char *label_list[MOST_BINS];
} histogram;

/* Range of the finite values, and whether all are whole numbers. Returns how many there are. */
static size_t survey(tensor_t x, double *low, double *high, int *whole)
{
    size_t size = nn_tensor_size(x), finite = 0;
    *low = INFINITY;
    *high = -INFINITY;
    *whole = 1;
    for (size_t i = 0; i < size; i++) {
        double value = nn_tensor_at(x, i);
        if (!isfinite(value))
            continue;
        finite++;
        *low = fmin(*low, value);
        *high = fmax(*high, value);
        *whole = *whole && value == floor(value);
    }
    return finite;
}

/* Divide the range: for whole numbers from LOW on, else as NumPy does. */
static void make_bins(histogram *h, double low, double high)
{
    h->low = low;
    h->width = h->one_each ? 1 : (high - low) / h->bins;
    if (h->width <= 0) { /* one value only: bins around it */
        h->low = low - 0.5;
        h->width = 1.0 / h->bins;
    }
    for (int i = 0; h->one_each && i < h->bins; i++) {
        snprintf(h->labels[i], LABEL, "%.0f", low + i);
        h->label_list[i] = h->labels[i];
    }
}

static void count_values(histogram *h, tensor_t x)
{
    size_t size = nn_tensor_size(x);
    for (size_t i = 0; i < size; i++) {
        double value = nn_tensor_at(x, i);
        if (!isfinite(value))
            continue;
        int bin = (int)((value - h->low) / h->width);
        h->counts[bin < 0 ? 0 : bin >= h->bins ? h->bins - 1 : bin]++;
    }
}

static char *count_table(const histogram *h)
{
    nb_table *t = nb_table_new(NULL);
    if (!t)
        return NULL;
    nb_table_column(t, h->one_each ? "value" : "from", NB_RIGHT);
    if (!h->one_each)
        nb_table_column(t, "to", NB_RIGHT);
    nb_table_column(t, "count", NB_RIGHT);
    for (int i = 0; i < h->bins; i++) {
        char count[NB__NUMBER];
        if (h->one_each) {
            nb_table_cell(t, "%s", h->labels[i]);
        } else {
            nb_table_cell(t, "%.4g", h->low + i * h->width);
            nb_table_cell(t, "%.4g", h->low + (i + 1) * h->width);
        }
        nb_table_cell(t, "%s", nb__count_text(count, (int64_t)h->counts[i]));
    }
    return nb__table_take_plain(t);
}

static nn_status show(const histogram *h, const plot_opts *opts)
{
    const char *title = opts->title ? opts->title : "Histogram";
    nb_series series = {"count", h->counts, (size_t)h->bins};
    nb_figure figure = {.kind = NB_BARS, .width = opts->width, .height = opts->height,
                        .title = title,
                        .x_label = opts->x_label ? opts->x_label : "value",
                        .y_label = opts->y_label ? opts->y_label : "count",
                        .series = &series, .series_count = 1,
                        .labels = h->label_list, .label_count = h->one_each ? (size_t)h->bins : 0,
                        .x_low = h->low, .x_high = h->low + h->bins * h->width};
    nb__text text = {0};
    nb__put_ascii(&text, title);
    nb__put(&text, "\n\n");
    char *table = count_table(h);
    nb__put(&text, table ? table : "");
    nn_status status = !table || text.failed
                           ? nn__fail(NN_MEMORY_ERROR, "plot_hist: no memory")
                           : nb_figure_show(&figure, nb__text_string(&text), opts->formats);
    free(table);
    nb__text_free(&text);
    return status;
}

nn_status nb_plot_hist(tensor_t x, plot_opts opts)
{
    if (x.rank < 1 || !x.data)
        return nn__fail(NN_VALUE_ERROR, "plot_hist: the tensor is invalid");
    if (opts.bins < 0 || opts.bins > MOST_BINS)
        return nn__fail(NN_VALUE_ERROR, "plot_hist: .bins is %d; 1 to %d are possible", opts.bins,
                        MOST_BINS);
    nn_status status = nb__plot_size("plot_hist", &opts, 480, 300);
    if (status != NN_OK)
        return status;
    double low, high;
    int whole;
    if (survey(x, &low, &high, &whole) == 0)
        return nn__fail(NN_VALUE_ERROR, "plot_hist: none of the values is a finite number");
    histogram *h = calloc(1, sizeof *h);
    if (!h)
        return nn__fail(NN_MEMORY_ERROR, "plot_hist: no memory");
    h->bins = opts.bins ? opts.bins : DEFAULT_BINS;
    h->one_each = whole && high - low + 1 == h->bins;
    make_bins(h, low, high);
    count_values(h, x);
    status = show(h, &opts);
    free(h);
    return status;
}
