/**
 * @file notebook.h
 * Speak Keras in C: the names that every cell knows.
 *
 * One header for notebooks and for the programs exported from them. Each name stands for one
 * function of the library (nn_*, nb_*) and carries its options as designated initialisers:
 *
 *     model_t *m = Sequential("net", Input(28, 28, 1), Flatten(), Dense(10, .activation =
 * "softmax")); model_compile(m, .optimizer = Adam(), .loss = "sparse_categorical_crossentropy");
 *     history_t *h = model_fit(m, x, y, .epochs = 5, .batch_size = 128);
 *
 * When a call fails, a cell raises the error, with its line; a program without a notebook prints
 * it to stderr as one line and exits with status 1.
 */
#ifndef NOTEBOOK_H
#define NOTEBOOK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nb/display.h"
#include "nb/exchange.h"
#include "nb/figure.h"
#include "nb/host.h"
#include "nb/record.h"
#include "nb/repeat.h"
#include "nb/report.h"
#include "nb/table.h"
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/device.h"
#include "nn/error.h"
#include "nn/keras_file.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metrics.h"
#include "nn/model.h"
#include "nn/optimizer.h"
#include "nn/quantize.h"
#include "nn/tensor.h"

/* ---- failures ------------------------------------------------------------------------------- */

/* Raises the library's last error in a cell; ends a program that has no notebook. */
static inline void nb__failed(void)
{
    nb_raise_last_error();
    fprintf(stderr, "%s: %s\n", nn_status_name(nn_error_status()), nn_error_message());
    exit(1);
}

/* Each hands its argument through, and raises if it tells of a failure. */

/* What an action gives that has no value of its own: nothing that a cell would show. */
typedef struct nb_done {
    int status;
} nb_done;

static inline nb_done nb__done(nn_status status)
{
    nb_done done;
    if (status != NN_OK)
        nb__failed();
    done.status = 0;
    return done;
}

static inline tensor_t nb__tensor(tensor_t x)
{
    if (x.rank == 0)
        nb__failed();
    return x;
}

static inline layer_t *nb__layer(layer_t *layer)
{
    if (!layer)
        nb__failed();
    return layer;
}

static inline model_t *nb__model(model_t *model)
{
    if (!model)
        nb__failed();
    return model;
}

static inline history_t *nb__history(history_t *history)
{
    if (!history)
        nb__failed();
    return history;
}

static inline metrics_t nb__metrics(metrics_t metrics)
{
    if (metrics.samples < 0)
        nb__failed();
    return metrics;
}

static inline latency_t nb__latency(latency_t latency)
{
    if (latency.calls < 0)
        nb__failed();
    return latency;
}

static inline comparison_t nb__comparison(comparison_t comparison)
{
    if (comparison.samples < 0)
        nb__failed();
    return comparison;
}

static inline runs_t nb__runs(runs_t runs)
{
    if (runs.runs < 0)
        nb__failed();
    return runs;
}

static inline nn_optimizer nb__optimizer(nn_optimizer optimizer)
{
    if (optimizer.invalid)
        nb__failed();
    return optimizer;
}

static inline float *nb__floats(float *values)
{
    if (!values)
        nb__failed();
    return values;
}

static inline const double *nb__series(const double *values)
{
    if (!values)
        nb__failed();
    return values;
}

static inline double nb__number(double value)
{
    if (isnan(value))
        nb__failed();
    return value;
}

static inline saved_t nb__saved(saved_t saved)
{
    if (saved.bytes < 0)
        nb__failed();
    return saved;
}

/* As Keras warns, on stderr. */
static inline model_t *nb__loaded(model_t *model)
{
    if (!model)
        nb__failed();
    fputs(nn_load_warnings(), stderr);
    return model;
}

static inline mnist_t nb__mnist(mnist_opts opts)
{
    mnist_t data;
    if (nn_mnist_load(&opts, &data) != NN_OK)
        nb__failed();
    return data;
}

static inline mnist_t nb__digits(void)
{
    mnist_t data;
    if (nn_synthetic_digits(&data) != NN_OK)
        nb__failed();
    return data;
}

/* The number of the arguments and the arguments, as an array. */
#define nb__list(type, ...) sizeof((type[]){__VA_ARGS__}) / sizeof(type), (type[]){__VA_ARGS__}

/* ---- data ----------------------------------------------------------------------------------- */

/** mnist_load_data(): x_train, y_train, x_test, y_test. Options: mnist_opts. */
#define mnist_load_data(...) nb__mnist((mnist_opts){__VA_ARGS__})

/** synthetic_digits(): 2,000 and 500 drawn digits for demonstrations without MNIST. */
#define synthetic_digits() nb__digits()

/** reshape(x, -1, 28, 28, 1): the same elements under another shape; one length may be -1. */
#define reshape(x, ...) nb__tensor(nn_reshape((x), nb__list(int64_t, __VA_ARGS__)))

/** slice(x, a, b): rows a to b - 1, as Python's x[a:b]. */
#define slice(x, begin, end) nb__tensor(nn_slice((x), (begin), (end)))

/** rescale(x, 1 / 255.0f): x * factor, without touching an element. */
#define rescale(x, factor) nb__tensor(nn_rescale((x), (factor)))

/** tensor_copy(x): fresh, writable floats. */
#define tensor_copy(x) nb__tensor(nn_tensor_copy(x))

/** tensor_data(x): the values as a float array. */
#define tensor_data(x) nb__floats(nn_tensor_data(x))

/** tensor_zeros(2, 3): a float tensor of zeros with shape (2, 3). */
#define tensor_zeros(...)                                                                          \
    nb__tensor(nn_tensor_zeros(NN_FLOAT32, nb__list(int64_t, __VA_ARGS__)))

/** argmax(y): index of the largest value along the last axis. */
#define argmax(x) nb__tensor(nn_argmax(x))

/** confusion_matrix(y_true, y_pred): counts; rows are the true classes. */
#define confusion_matrix(y_true, y_pred) nb__tensor(nn_confusion_matrix((y_true), (y_pred)))

/* ---- layers --------------------------------------------------------------------------------- */

/** Input(28, 28, 1): the shape of one sample, channels last. */
#define Input(...) nb__layer(nn_input(nb__list(int64_t, __VA_ARGS__)))

/** Conv2D(filters, kernel, .activation, .padding, .strides, ...): options conv2d_opts. */
#define Conv2D(filters, kernel, ...)                                                               \
    nb__layer(nn_conv2d((filters), (kernel), (conv2d_opts){__VA_ARGS__}))

/** AveragePooling2D(pool, .strides, .padding, ...): options pooling2d_opts. */
#define AveragePooling2D(pool, ...)                                                                \
    nb__layer(nn_average_pooling2d((pool), (pooling2d_opts){__VA_ARGS__}))

/** MaxPooling2D(pool, .strides, .padding, ...): options pooling2d_opts. */
#define MaxPooling2D(pool, ...) nb__layer(nn_max_pooling2d((pool), (pooling2d_opts){__VA_ARGS__}))

/** Flatten(): options layer_opts. */
#define Flatten(...) nb__layer(nn_flatten((layer_opts){__VA_ARGS__}))

/** Dense(units, .activation, ...): options dense_opts. */
#define Dense(units, ...) nb__layer(nn_dense((units), (dense_opts){__VA_ARGS__}))

/** Dropout(rate): options layer_opts. */
#define Dropout(rate, ...) nb__layer(nn_dropout((rate), (layer_opts){__VA_ARGS__}))

/** Activation("relu"): options layer_opts. */
#define Activation(function, ...)                                                                  \
    nb__layer(nn_activation_layer((function), (layer_opts){__VA_ARGS__}))

/** layer_weights(layer): the model's own floats, (h, w, in, out) or (in, out) as in Keras. */
#define layer_weights(layer) nb__floats(nn_layer_weights(layer))

/** layer_bias(layer): the model's own floats, one per filter or unit. */
#define layer_bias(layer) nb__floats(nn_layer_bias(layer))

/* ---- models --------------------------------------------------------------------------------- */

/** set_random_seed(42): before Sequential; drives weights, shuffling and dropout. */
#define set_random_seed(seed) nn_set_random_seed(seed)

/** Sequential("name", Input(...), layers...). */
#define Sequential(name, ...)                                                                      \
    nb__model(nn_sequential((name), nb__list(layer_t *, __VA_ARGS__)))

/** Adam(.learning_rate = 1e-3f): options adam_opts. */
#define Adam(...) nb__optimizer(nn_adam((adam_opts){__VA_ARGS__}))

/** SGD(.learning_rate = .01f, .momentum = .9f): options sgd_opts. */
#define SGD(...) nb__optimizer(nn_sgd((sgd_opts){__VA_ARGS__}))

/** model_compile(m, .optimizer, .loss, .metrics = {"accuracy"}): options compile_opts. */
#define model_compile(m, ...) nb__done(nn_model_compile((m), (compile_opts){__VA_ARGS__}))

/** model_fit(m, x, y, .epochs, .batch_size, .validation_data, ...): options fit_opts. */
#define model_fit(m, x, y, ...)                                                                    \
    nb__history(nn_model_fit((m), (x), (y), (fit_opts){__VA_ARGS__}))

/** model_history(m): the history of the last model_fit, also of one that was stopped. */
#define model_history(m) nb__history(nn_model_history(m))

/** history_series(h, "val_loss"): the values by epoch. */
#define history_series(history, name) nb__series(nn_history_series((history), (name)))

/** model_train_on_batch(m, x, y): one step; loss and accuracy are those before it. */
#define model_train_on_batch(m, x, y, ...)                                                         \
    nb__metrics(nn_model_train_on_batch((m), (x), (y), (run_opts){__VA_ARGS__}))

/** model_evaluate(m, x, y): loss and accuracy over all samples. Options: run_opts. */
#define model_evaluate(m, x, y, ...)                                                               \
    nb__metrics(nn_model_evaluate((m), (x), (y), (run_opts){__VA_ARGS__}))

/** model_predict(m, x): the outputs, (N, outputs). Options: run_opts. */
#define model_predict(m, x, ...)                                                                   \
    nb__tensor(nn_model_predict((m), (x), (run_opts){__VA_ARGS__}))

/** model_benchmark(m, x, .batch_size, .warmup, .passes): options benchmark_opts. */
#define model_benchmark(m, x, ...)                                                                 \
    nb__latency(nn_model_benchmark((m), (x), (benchmark_opts){__VA_ARGS__}))

/** model_quantize(m, x_train, .precision = "int8", .images, .fp32): a faster copy for prediction,
    calibrated with training images. Options: quantize_opts. */
#define model_quantize(m, x, ...)                                                                  \
    nb__model(nn_model_quantize((m), (x), (quantize_opts){__VA_ARGS__}))

/** model_compare(q, m, x_test, .y = y_test): both accuracies, and the share of same answers.
    Options: compare_opts. */
#define model_compare(m, other, x, ...)                                                            \
    nb__comparison(nn_model_compare((m), (other), (x), (compare_opts){__VA_ARGS__}))

/** model_repeat(m, x, y, .runs = 3, .test_data, .first, .fit = {...}): the same from other seeds,
    tested, with mean and spread. Options: repeat_opts. */
#define model_repeat(m, x, y, ...)                                                                 \
    nb__runs(nb_model_repeat((m), (x), (y), (repeat_opts){__VA_ARGS__}))

/** model_layer(m, i): layer i; 0 is the Input, -1 the last. */
#define model_layer(m, index) nb__layer(nn_model_layer((m), (index)))

/** model_layer_named(m, "conv2d_1"). */
#define model_layer_named(m, name) nb__layer(nn_model_layer_named((m), (name)))

/** model_free(m): optional. */
#define model_free(m) nn_model_free(m)

/** loss_value("mean_squared_error", y_true, y_pred): mean loss of given predictions. */
#define loss_value(name, y_true, y_pred) nb__number(nn_loss_value((name), (y_true), (y_pred)))

/* ---- devices -------------------------------------------------------------------------------- */

/** use_device("cpu"): what computes from now on; an absent device is an error. */
#define use_device(name) nb__done(nn_use_device(name))

/* Actions without options are functions, so that they can end a cell without a semicolon. */

/** devices(): a table of the devices, present or absent, and why one is absent. */
static inline void devices(void)
{
    nb__done(nb_display_devices());
}

/** system_info(): version, compiler, CPU, instruction set, threads, load. */
static inline void system_info(void)
{
    nb__done(nb_display_system());
}

/** model_summary(m): layers, output shapes and parameters, as in Keras. */
static inline void model_summary(const model_t *model)
{
    nb__done(nb_display_model(NULL, model));
}

/** model_plan(m): which kernel computes each layer, and why. */
static inline void model_plan(model_t *model)
{
    nb__done(nb_display_plan(model));
}

/** model_settings(m): optimizer with its values, loss, metrics. */
static inline void model_settings(const model_t *model)
{
    nb__done(nb_display_compile(model));
}

/* ---- model files ---------------------------------------------------------------------------- */

/** model_save(m, "lenet5.keras"): a file that Keras opens; a quantised model as "lenet5.nnq".
    Options: save_opts. */
#define model_save(m, path, ...) nb__saved(nn_model_save((m), (path), (save_opts){__VA_ARGS__}))

/** model_load("lenet5.keras"): weights, settings and optimizer state. Options: load_opts. */
#define model_load(path, ...) nb__loaded(nn_model_load((path), (load_opts){__VA_ARGS__}))

static inline nn_status nb__display_saved(const char *name, saved_t saved)
{
    char text[800];
    (void)name;
    snprintf(text, sizeof text, "%s: %lld bytes, SHA-256 %s", saved.path, (long long)saved.bytes,
             saved.sha256);
    return nb_display_text(text);
}

/* ---- figures -------------------------------------------------------------------------------- */

/** plot_history(h, "loss", "val_loss", .title, .formats): curves by epoch; one to eight names.
    Options: history_plot. */
#define plot_history(history, ...)                                                                 \
    nb__done(nb_plot_history_with((history), (history_plot){__VA_ARGS__, .reserved = 0}))

/** plot_hist(y, .bins = 10, .title): how often values occur. Options: plot_opts. */
#define plot_hist(x, ...) nb__done(nb_plot_hist((x), (plot_opts){__VA_ARGS__}))

/** imshow_grid(x, y, .rows, .cols, .one_per_class, .predictions, .only_wrong): imshow_opts. */
#define imshow_grid(x, y, ...) nb__done(nb_imshow_grid((x), (y), (imshow_opts){__VA_ARGS__}))

/** plot_confusion_matrix(y_true, y_pred): rows true, columns answered. Options: plot_opts. */
#define plot_confusion_matrix(y_true, y_pred, ...)                                                 \
    nb__done(nb_plot_confusion_matrix((y_true), (y_pred), (plot_opts){__VA_ARGS__}))

/* ---- records -------------------------------------------------------------------------------- */

/** record_run(m, history, test, latency, .variant, .model_file, .data): keep a run's results.
    Options: record_opts. */
#define record_run(m, history, test, latency, ...)                                                 \
    nb__done(nb_record_run((m), (history), (test), (latency), (record_opts){__VA_ARGS__}))

/** device_table(.from, .variant): the best run of each device. Options: device_table_opts. */
#define device_table(...) nb__done(nb_device_table((device_table_opts){__VA_ARGS__}))

/** best_score(): copy the model with the highest Score to best.keras. */
#define best_score(...) nb__done(nb_best_score((device_table_opts){__VA_ARGS__}))

/** write_report("report.pdf", .author, .discussion, .notes): one or two pages from the records, as
    PDF and HTML, and the folder handin. Options: report_opts. */
#define write_report(path, ...) nb__done(nb_write_report((path), (report_opts){__VA_ARGS__}))

/* ---- display -------------------------------------------------------------------------------- */

/** display_mime("image/png", bytes, size, .text, .width, .height): any data. */
#define display_mime(type, data, size, ...)                                                        \
    nb__done(nb_display_mime((type), (data), (size), &(nb_mime_opts){__VA_ARGS__}))

/** clear_output(0): clear what the cell has shown; 1: only when something new arrives. */
#define clear_output(wait) nb_clear_output(wait)

static inline nn_status nb__display_done(const char *name, nb_done done)
{
    (void)name;
    (void)done;
    return NN_OK;
}

/** display(x): show a value as its type asks: table, picture, number or text. */
#define display(x)                                                                                 \
    nb__done(_Generic((x),                                                                         \
        mnist_t: nb_display_mnist,                                                                 \
        tensor_t: nb_display_tensor,                                                               \
        model_t *: nb_display_model,                                                               \
        const model_t *: nb_display_model,                                                         \
        history_t *: nb_display_history,                                                           \
        const history_t *: nb_display_history,                                                     \
        metrics_t: nb_display_metrics,                                                             \
        latency_t: nb_display_latency,                                                             \
        runs_t: nb_display_runs,                                                                   \
        comparison_t: nb_display_comparison,                                                                   \
        saved_t: nb__display_saved,                                                                \
        nb_done: nb__display_done,                                                                 \
        _Bool: nb_display_bool,                                                                    \
        char: nb_display_char,                                                                     \
        signed char: nb_display_int,                                                               \
        short: nb_display_int,                                                                     \
        int: nb_display_int,                                                                       \
        long: nb_display_int,                                                                      \
        long long: nb_display_int,                                                                 \
        unsigned char: nb_display_uint,                                                            \
        unsigned short: nb_display_uint,                                                           \
        unsigned: nb_display_uint,                                                                 \
        unsigned long: nb_display_uint,                                                            \
        unsigned long long: nb_display_uint,                                                       \
        float: nb_display_float,                                                                   \
        double: nb_display_double,                                                                 \
        char *: nb_display_string,                                                                 \
        const char *: nb_display_string,                                                           \
        float *: nb_display_pointer,                                                               \
        const float *: nb_display_pointer,                                                         \
        double *: nb_display_pointer,                                                              \
        const double *: nb_display_pointer,                                                        \
        void *: nb_display_pointer,                                                                \
        const void *: nb_display_pointer,                                                          \
        default: nb_display_other)(#x, (x)))

#endif
