/*
 * Train LeNet-5 on MNIST and say how long an epoch takes.
 *
 *     bench_train [FOLDER] [--json FILE] [--epochs N] [--batch N] [--threads N] [--relu-max]
 *                 [--engine NAME]
 *
 * Prints a line for each epoch (the first one, which warms up, is not counted), then the median
 * epoch without and with validation, test accuracy, and how many times the multiply-add limit of
 * these threads (fma.h, measured before and after) the median epoch takes, and the quickest step,
 * which no other process disturbed. --json appends one line of JSON to FILE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fma.h"
#include "nn/dataset.h"
#include "nn/device.h"
#include "nn/model.h"

#define TRAINED    54000
#define MAX_EPOCHS 1000

/* Multiply-adds to train on one image: three passes, but no input gradient of the first layer. */
#define MACS_PER_IMAGE 1131960.0

typedef struct options {
    const char *folder, *json, *engine;
    int epochs, batch, threads, relu_max;
} options;

static int usage(const char *wrong)
{
    fprintf(stderr,
            "bench_train: %s\nusage: bench_train [FOLDER] [--json FILE] [--epochs N] [--batch N] "
            "[--threads N] [--relu-max] [--engine reference|lane]\n",
            wrong);
    return 2;
}

static int read_options(int count, char **words, options *o)
{
    const struct {
        const char *name, **text;
        int *number;
    } known[] = {
        {"--json", &o->json, NULL},       {"--engine", &o->engine, NULL},
        {"--epochs", NULL, &o->epochs},   {"--batch", NULL, &o->batch},
        {"--threads", NULL, &o->threads},
    };
    for (int i = 1; i < count; i++) {
        size_t k = 0;
        if (strcmp(words[i], "--relu-max") == 0) {
            o->relu_max = 1;
            continue;
        }
        if (words[i][0] != '-') {
            o->folder = words[i];
            continue;
        }
        while (k < sizeof known / sizeof *known && strcmp(words[i], known[k].name) != 0)
            k++;
        if (k == sizeof known / sizeof *known || i + 1 == count)
            return usage(words[i]);
        i++;
        if (known[k].text)
            *known[k].text = words[i];
        else
            *known[k].number = atoi(words[i]);
    }
    if (o->epochs < 2 || o->epochs > MAX_EPOCHS)
        return usage("--epochs 2 to 1000 expected");
    return 0;
}

static int fail(void)
{
    fprintf(stderr, "%s: %s\n", nn_status_name(nn_error_status()), nn_error_message());
    return 1;
}

static model_t *make_lenet5(int relu_max)
{
    const char *activation = relu_max ? "relu" : "tanh";
    layer_t *(*pool)(int, pooling2d_opts) = relu_max ? nn_max_pooling2d : nn_average_pooling2d;
    layer_t *layers[] = {
        nn_input(3, (int64_t[]){28, 28, 1}),
        nn_conv2d(6, 5, (conv2d_opts){.activation = activation, .padding = "same"}),
        pool(2, (pooling2d_opts){0}),
        nn_conv2d(16, 5, (conv2d_opts){.activation = activation}),
        pool(2, (pooling2d_opts){0}),
        nn_flatten((layer_opts){0}),
        nn_dense(120, (dense_opts){.activation = activation}),
        nn_dense(84, (dense_opts){.activation = activation}),
        nn_dense(10, (dense_opts){.activation = "softmax"}),
    };
    model_t *model = nn_sequential("lenet5", sizeof layers / sizeof *layers, layers);
    compile_opts settings = {.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}};
    return model && nn_model_compile(model, settings) == NN_OK ? model : NULL;
}

/* Time of each epoch's training steps, validation left out. */
typedef struct timing {
    double train[MAX_EPOCHS];
    double step_ended;    /* the step before, in this epoch; 0 for none */
    double quickest_step; /* of a whole batch; 0 for none yet */
} timing;

static void on_step(void *self, const nn_fit_state *state)
{
    timing *t = self;
    double now = wall_seconds(), step = now - t->step_ended;
    int last = state->step == state->steps_per_epoch; /* may be a short batch */
    if (t->step_ended > 0 && !last && (t->quickest_step <= 0 || step < t->quickest_step))
        t->quickest_step = step;
    t->step_ended = last ? 0 : now;
    if (last)
        t->train[state->epoch] = state->epoch_seconds;
}

static void on_epoch(void *self, const nn_fit_state *state)
{
    printf("epoch %d/%d  %6.3f s  with validation %6.3f s  loss %.4f  accuracy %.4f  "
           "val_loss %.4f  val_accuracy %.4f\n",
           state->epoch + 1, state->epochs, ((timing *)self)->train[state->epoch],
           state->epoch_seconds, state->loss, state->accuracy, state->val_loss,
           state->val_accuracy);
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median of all but the first. */
static double median_without_first(const double *values, int count)
{
    double sorted[MAX_EPOCHS];
    memcpy(sorted, values + 1, (size_t)(count - 1) * sizeof *values);
    qsort(sorted, (size_t)(count - 1), sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[(count - 2) / 2]) / 2;
}

/* How many times as long as the multiply-adds of so many images take at that peak. */
static double limit_ratio(double seconds, double images, double peak_gflops)
{
    return seconds / (2e-9 * MACS_PER_IMAGE * images / peak_gflops);
}

static int write_json(const options *o, const history_t *h, const mnist_t *data, metrics_t test,
                      double train, double whole, double peak, double quickest)
{
    nn_system_info info = nn_system();
    FILE *file = fopen(o->json, "a");
    if (!file) {
        perror(o->json);
        return 1;
    }
    fprintf(file,
            "{\"bench\": \"train\", \"version\": \"%s\", \"compiler\": \"%s\", \"cpu\": \"%s\", "
            "\"isa\": \"%s\", \"engine\": \"%s\", \"threads\": %d, \"cores\": %d, "
            "\"load_average\": %.2f, \"data\": \"%s\", \"network\": \"%s\", \"batch\": %d, "
            "\"epochs\": %d, \"seed\": %llu, \"epoch_seconds\": %.6f, "
            "\"epoch_seconds_with_validation\": %.6f, \"gflops\": %.3f, \"peak_gflops\": %.3f, "
            "\"limit_ratio\": %.4f, \"quickest_step_seconds\": %.6f, "
            "\"quickest_step_limit_ratio\": %.4f, \"test_accuracy\": %.4f, "
            "\"test_loss\": %.6f}\n",
            info.version, info.compiler, info.cpu, info.isa, h->engine, h->threads, info.cores,
            info.load_average, data->name, o->relu_max ? "relu-max" : "classic", h->batch_size,
            h->epochs, (unsigned long long)h->seed, train, whole,
            2e-9 * MACS_PER_IMAGE * TRAINED / train, peak, limit_ratio(train, TRAINED, peak),
            quickest, limit_ratio(quickest, h->batch_size, peak), test.accuracy, test.loss);
    return fclose(file) != 0;
}

int main(int count, char **words)
{
    static timing times;
    mnist_t data;
    options o = {.epochs = 5, .batch = 128};
    int status = read_options(count, words, &o);
    if (status)
        return status;
    if (nn_mnist_load(&(mnist_opts){.directory = o.folder}, &data))
        return fail();
    tensor_t x = nn_rescale(nn_reshape(data.x_train, 4, (int64_t[]){-1, 28, 28, 1}), 1 / 255.0f);
    tensor_t x_test = nn_rescale(nn_reshape(data.x_test, 4, (int64_t[]){-1, 28, 28, 1}), 1 / 255.0f);
    int64_t all = data.x_train.shape[0];
    if (all <= TRAINED)
        return usage("the folder holds too few images");
    model_t *model = make_lenet5(o.relu_max);
    if (!model)
        return fail();
    nn_system_info info = nn_system();
    printf("%s\n%s, %d cores, load average %.2f\nLeNet-5 (%s), %d images, batch %d\n",
           nn_version_text(), info.cpu, info.cores, info.load_average,
           o.relu_max ? "ReLU + max pooling" : "tanh + average pooling", TRAINED, o.batch);
    const struct fma_level *level = fma_level_named(info.isa);
    double peak = fma_peak(level, o.threads ? o.threads : info.cores);
    nn_fit_progress_set(&(nn_fit_progress){.self = &times, .on_step = on_step,
                                           .on_epoch = on_epoch});
    history_t *h = nn_model_fit(
        model, nn_slice(x, 0, TRAINED), nn_slice(data.y_train, 0, TRAINED),
        (fit_opts){.epochs = o.epochs,
                   .batch_size = o.batch,
                   .threads = o.threads,
                   .engine = o.engine,
                   .keep_best = "val_loss",
                   .validation_data = {nn_slice(x, TRAINED, all), nn_slice(data.y_train, TRAINED, all)}});
    if (!h)
        return fail();
    double after = fma_peak(level, h->threads), quickest = times.quickest_step;
    peak = after > peak || h->threads != (o.threads ? o.threads : info.cores) ? after : peak;
    metrics_t test = nn_model_evaluate(model, x_test, data.y_test,
                                       (run_opts){.threads = o.threads, .engine = o.engine});
    double train = median_without_first(times.train, h->epochs);
    double whole = median_without_first(h->epoch_seconds, h->epochs);
    printf("median epoch %.3f s (%.1f GFLOP/s), with validation %.3f s; batch %d, %d thread%s, "
           "engine %s\ntest accuracy %.4f, test loss %.4f; %d epochs in %.2f s\n",
           train, 2e-9 * MACS_PER_IMAGE * TRAINED / train, whole, h->batch_size, h->threads,
           h->threads == 1 ? "" : "s", h->engine, test.accuracy, test.loss, h->epochs, h->seconds);
    printf("limit %.1f GFLOP/s: median epoch %.2f x, quickest step (%.3f ms) %.2f x\n", peak,
           limit_ratio(train, TRAINED, peak), 1e3 * quickest,
           limit_ratio(quickest, h->batch_size, peak));
    return o.json ? write_json(&o, h, &data, test, train, whole, peak, quickest) : 0;
}
