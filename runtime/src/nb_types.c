/* Show data sets, tensors, metrics, latencies. */
#include "nb/display.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "nb/record.h"
#include "nb_show.h"
#include "nb_text.h"

static const char *dtype_name(nn_dtype dtype)
{
    return dtype == NN_UINT8 ? "uint8" : dtype == NN_INT32 ? "int32" : "float32";
}

/* Smallest and largest value, scale applied. */
static void value_range(tensor_t x, double *low, double *high)
{
    size_t size = nn_tensor_size(x);
    *low = INFINITY;
    *high = -INFINITY;
    if (x.dtype == NN_UINT8) { /* 47 million pixels: without a call for each */
        const unsigned char *bytes = x.data;
        unsigned least = 255, most = 0;
        for (size_t i = 0; i < size; i++) {
            least = bytes[i] < least ? bytes[i] : least;
            most = bytes[i] > most ? bytes[i] : most;
        }
        double a = least * (double)x.scale + x.offset, b = most * (double)x.scale + x.offset;
        *low = fmin(a, b);
        *high = fmax(a, b);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        double value = nn_tensor_at(x, i);
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

/* A value in few characters: whole numbers as such, others with 4 decimals. */
static void value_text(char *buffer, size_t size, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        snprintf(buffer, size, "%.0f", value);
    else if (fabs(value) >= 1e-4 && fabs(value) < 1e6)
        snprintf(buffer, size, "%.4f", value);
    else
        snprintf(buffer, size, "%.3g", value);
}

nn_status nb_display_mnist(const char *name, mnist_t mnist)
{
    (void)name;
    const char *names[] = {"x_train", "y_train", "x_test", "y_test"};
    const tensor_t tensors[] = {mnist.x_train, mnist.y_train, mnist.x_test, mnist.y_test};
    nb_table *t = nb_table_new(mnist.name);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "name", NB_LEFT);
    nb_table_column(t, "shape", NB_LEFT);
    nb_table_column(t, "dtype", NB_LEFT);
    nb_table_column(t, "min", NB_RIGHT);
    nb_table_column(t, "max", NB_RIGHT);
    for (int i = 0; i < 4; i++) {
        char shape[120], number[NB__NUMBER];
        double low, high;
        value_range(tensors[i], &low, &high);
        nb_table_cell(t, "%s", names[i]);
        nb_table_cell(t, "%s", nb__shape_text(shape, sizeof shape, tensors[i].shape, tensors[i].rank));
        nb_table_cell(t, "%s", dtype_name(tensors[i].dtype));
        value_text(number, sizeof number, low);
        nb_table_cell(t, "%s", number);
        value_text(number, sizeof number, high);
        nb_table_cell(t, "%s", number);
    }
    char seconds[NB__NUMBER];
    nb_table_note(t, "Source: %s", mnist.source);
    nb_table_note(t, mnist.verified ? "SHA-256 sums: all four are MNIST's."
                                    : "SHA-256 sums: not checked, this is not verified MNIST.");
    nb_table_note(t, "Loaded in %s s.", nb__time_text(seconds, mnist.seconds));
    return nb__table_finish(t);
}

/* "x: uint8 (54000, 28, 28, 1), times 0.00392157, read-only" */
static void tensor_title(nb__text *text, const char *name, tensor_t x)
{
    char shape[120];
    if (name) {
        nb__put_ascii(text, name);
        nb__put(text, ": ");
    }
    nb__putf(text, "%s tensor %s", dtype_name(x.dtype),
             nb__shape_text(shape, sizeof shape, x.shape, x.rank));
    if (x.scale != 1)
        nb__putf(text, ", times %.6g", x.scale);
    if (x.offset != 0)
        nb__putf(text, ", plus %.6g", x.offset);
    if (x.read_only)
        nb__put(text, ", read-only");
}

enum { MOST_COLUMNS = 12, MOST_ROWS = 20, EDGE = 5, FEW = 3, FIRST_VALUES = 16, LINE = 80 };

/* How a matrix is laid out: which rows and columns (-1 stands for "..."), how many decimals. */
typedef struct layout {
    int64_t columns[MOST_COLUMNS], rows[MOST_ROWS];
    int column_count, row_count;
    int decimals;
} layout;

/* All of COUNT, or both ends with -1 between them. Returns how many. */
static int choose(int64_t count, int most, int edge, int64_t *chosen)
{
    int n = 0;
    if (count <= most) {
        while (n < count) {
            chosen[n] = n;
            n++;
        }
        return n;
    }
    while (n < edge) {
        chosen[n] = n;
        n++;
    }
    chosen[n++] = -1;
    for (int64_t i = count - edge; i < count; i++)
        chosen[n++] = i;
    return n;
}

/* One cell: whole numbers as such, others with the layout's decimals. */
static void cell_text(char text[NB__NUMBER], tensor_t x, const layout *l, int64_t row,
                      int64_t column)
{
    double value = nn_tensor_at(x, (size_t)(row * x.shape[1] + column));
    int whole = x.dtype != NN_FLOAT32 && value == floor(value);
    if (fabs(value) >= 1e6 && !whole)
        snprintf(text, NB__NUMBER, "%.3g", value);
    else
        snprintf(text, NB__NUMBER, "%.*f", whole ? 0 : l->decimals, value);
}

/* How many columns of text the table takes. */
static int text_width(tensor_t x, const layout *l)
{
    char text[NB__NUMBER];
    int total = snprintf(text, sizeof text, "%lld", (long long)x.shape[0] - 1);
    total = x.shape[0] > MOST_ROWS && total < 3 ? 3 : total; /* "..." */
    for (int c = 0; c < l->column_count; c++) {
        int widest = l->columns[c] < 0 ? 3
                                       : snprintf(text, sizeof text, "%lld",
                                                  (long long)l->columns[c]);
        for (int r = 0; l->columns[c] >= 0 && r < l->row_count; r++) {
            if (l->rows[r] < 0)
                continue;
            cell_text(text, x, l, l->rows[r], l->columns[c]);
            widest = (int)strlen(text) > widest ? (int)strlen(text) : widest;
        }
        total += 2 + widest;
    }
    return total;
}

/* Four decimals where the line has room for them, down to two; then fewer columns. */
static void lay_out(tensor_t x, layout *l)
{
    l->row_count = choose(x.shape[0], MOST_ROWS, EDGE, l->rows);
    l->column_count = choose(x.shape[1], MOST_COLUMNS, EDGE, l->columns);
    for (l->decimals = 4; l->decimals > 2; l->decimals--)
        if (text_width(x, l) <= LINE)
            return;
    if (text_width(x, l) <= LINE)
        return;
    l->column_count = choose(x.shape[1], 2 * FEW + 1, FEW, l->columns);
    l->decimals = 4;
}

static nn_status show_matrix(const char *title, tensor_t x)
{
    layout l;
    lay_out(x, &l);
    nb_table *t = nb_table_new(title);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "", NB_RIGHT);
    for (int c = 0; c < l.column_count; c++) {
        char heading[NB__NUMBER] = "...";
        if (l.columns[c] >= 0)
            snprintf(heading, sizeof heading, "%lld", (long long)l.columns[c]);
        nb_table_column(t, heading, NB_RIGHT);
    }
    for (int r = 0; r < l.row_count; r++) {
        if (l.rows[r] < 0) {
            nb_table_gap(t, x.shape[0]);
            continue;
        }
        nb_table_cell(t, "%lld", (long long)l.rows[r]);
        for (int c = 0; c < l.column_count; c++) {
            char number[NB__NUMBER] = "...";
            if (l.columns[c] >= 0)
                cell_text(number, x, &l, l.rows[r], l.columns[c]);
            nb_table_cell(t, "%s", number);
        }
    }
    return nb__table_finish(t);
}

nn_status nb_display_tensor(const char *name, tensor_t x)
{
    if (x.rank < 1 || !x.data)
        return nb_display_text("invalid tensor (rank 0)");
    nb__text text = {0};
    tensor_title(&text, name, x);
    nn_status status;
    if (x.rank == 2 && !text.failed) {
        status = show_matrix(nb__text_string(&text), x);
    } else {
        size_t size = nn_tensor_size(x), shown = size < FIRST_VALUES ? size : FIRST_VALUES;
        nb__put(&text, shown == size ? "\nvalues:" : "\nfirst values:");
        for (size_t i = 0; i < shown; i++) {
            char number[NB__NUMBER];
            value_text(number, sizeof number, nn_tensor_at(x, i));
            nb__putf(&text, " %s", number);
        }
        status = text.failed ? nn__fail(NN_MEMORY_ERROR, "display: no memory")
                             : nb_display_text(nb__text_string(&text));
    }
    nb__text_free(&text);
    return status;
}

/* One row "name, value" of a table of facts. */
static void fact(nb_table *t, const char *name, const char *value)
{
    nb_table_cell(t, "%s", name);
    nb_table_cell(t, "%s", value);
}

nn_status nb_display_metrics(const char *name, metrics_t metrics)
{
    char text[120], count[NB__NUMBER], seconds[NB__NUMBER];
    snprintf(text, sizeof text, "%.60s%sevaluation of %s samples", name ? name : "",
             name ? ": " : "", nb__count_text(count, metrics.samples));
    nb_table *t = nb_table_new(text);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "metric", NB_LEFT);
    nb_table_column(t, "value", NB_RIGHT);
    snprintf(text, sizeof text, "%.4f", metrics.loss);
    fact(t, "loss", text);
    if (!isnan(metrics.accuracy)) {
        snprintf(text, sizeof text, "%.4f", metrics.accuracy);
        fact(t, "accuracy", text);
    }
    snprintf(text, sizeof text, "%s s", nb__time_text(seconds, metrics.seconds));
    fact(t, "time", text);
    return nb__table_finish(t);
}

static void time_fact(nb_table *t, const char *name, double microseconds)
{
    char number[NB__NUMBER];
    nb_table_cell(t, "%s", name);
    nb_table_cell(t, "%s us", nb__time_text(number, microseconds));
}

nn_status nb_display_latency(const char *name, latency_t lat)
{
    char calls[NB__NUMBER], count[NB__NUMBER], text[160];
    snprintf(text, sizeof text, "%.60s%slatency of %s calls, %d image%s each", name ? name : "",
             name ? ": " : "", nb__count_text(calls, lat.calls), lat.batch_size,
             lat.batch_size == 1 ? "" : "s");
    nb_table *t = nb_table_new(text);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "quantity", NB_LEFT);
    nb_table_column(t, "value", NB_RIGHT);
    time_fact(t, "mean", lat.mean_us);
    time_fact(t, "median", lat.median_us);
    time_fact(t, "p1", lat.p1_us);
    time_fact(t, "p99", lat.p99_us);
    time_fact(t, "clock overhead", lat.clock_overhead_us);
    fact(t, "images per second", nb__count_text(count, (int64_t)llround(lat.images_per_second)));
    snprintf(text, sizeof text, "%d", lat.threads);
    fact(t, "threads", text);
    fact(t, "precision", lat.precision);
    int with_isa = lat.isa[0] && !strstr(lat.engine, lat.isa);
    snprintf(text, sizeof text, "%s%s%s", lat.engine, with_isa ? " " : "",
             with_isa ? lat.isa : "");
    fact(t, "engine", text);
    nb_table_note(t, "%s warm-up calls not counted, %d pass%s over the images.",
                  nb__count_text(count, lat.warmup), lat.passes, lat.passes == 1 ? "" : "es");
    if (!isnan(lat.accuracy) && lat.mean_us > 0 && lat.batch_size == 1) {
        nb_table_note(t, "Accuracy while timing: %.4f", lat.accuracy);
        nb_table_note(t, "%s", nb_score_text(text, sizeof text,
                                             nb_score(lat.accuracy, lat.mean_us * 1e-6)));
    }
    return nb__table_finish(t);
}

nn_status nb_display_comparison(const char *name, comparison_t c)
{
    char text[160], count[NB__NUMBER];
    snprintf(text, sizeof text, "%.60s%s%s against %s, %s samples", name ? name : "",
             name ? ": " : "", c.precision, c.other_precision, nb__count_text(count, c.samples));
    nb_table *t = nb_table_new(text);
    if (!t)
        return NN_MEMORY_ERROR;
    nb_table_column(t, "quantity", NB_LEFT);
    nb_table_column(t, "value", NB_RIGHT);
    const double values[] = {c.accuracy, c.other_accuracy};
    const char *const precisions[] = {c.precision, c.other_precision};
    for (int i = 0; i < 2 && !isnan(values[i]); i++) {
        nb_table_cell(t, i ? "accuracy of the other (%s)" : "accuracy (%s)", precisions[i]);
        nb_table_cell(t, "%.4f", values[i]);
    }
    nb_table_cell(t, "same answers");
    nb_table_cell(t, "%.2f %%", 100 * c.same_answers);
    nb_table_cell(t, "largest difference of an output");
    nb_table_cell(t, "%.3g", c.largest_difference);
    return nb__table_finish(t);
}
