/* Keep the results of a run as a JSON file, its model beside it. */
#include "nb_record.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "error.h"
#include "model.h"
#include "nb/display.h"
#include "nb_json.h"
#include "nn/device.h"
#include "out_path.h"

#define FUNCTION "record_run"

double nb_score(double accuracy, double seconds)
{
    return accuracy / seconds;
}

char *nb_score_text(char *buffer, size_t size, double score)
{
    char per_second[NB__NUMBER], percent[NB__NUMBER];
    snprintf(buffer, size, "Score = %s per s (fraction/seconds; %s %%/ms)",
             nb__count_text(per_second, llround(score)),
             nb__count_text(percent, llround(0.1 * score)));
    return buffer;
}

/* What a record is made of. */
typedef struct run_facts {
    const model_t *model;
    const history_t *history;
    metrics_t test;
    latency_t latency;
    const mnist_t *data;
    const runs_t *runs;
    const latency_t *batched;
    const char *variant, *setting, *device_kind, *model_file;
    char device_name[NB__RECORD_TEXT], label[NB__RECORD_TEXT];
    char date[32], run_id[12], stem[160], folder[4096];
    char model_sha256[65];
    nn_system_info system;
} run_facts;

static nn_status check(const run_facts *f)
{
    if (!f->model || !f->history)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": the %s is NULL; train and test the model first",
                        f->model ? "history" : "model");
    if (f->history->epochs < 1)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": the history has no complete epoch");
    if (!(f->test.samples > 0) || isnan(f->test.accuracy))
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": test has no accuracy; give it the result of "
                                                 "model_evaluate(m, x_test, y_test)");
    if (!(f->latency.calls > 0) || !(f->latency.mean_us > 0))
        return nn__fail(NN_VALUE_ERROR,
                        FUNCTION ": latency was not measured; give it the result of "
                                 "model_benchmark(m, x_test)");
    if (f->latency.batch_size != 1)
        return nn__fail(NN_VALUE_ERROR,
                        FUNCTION ": latency was measured with %d images a call; the "
                                 "Score is of one image a call: .batch_size = 1",
                        f->latency.batch_size);
    size_t length = strlen(f->variant);
    if (length == 0 || length > 40 ||
        strspn(f->variant, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
            length)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": variant \"%.60s\"; 1 to 40 letters, digits and "
                                                 "dashes are possible, it is part of a file's name",
                        f->variant);
    if (f->setting && (strlen(f->setting) > 40 || !*f->setting))
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": setting \"%.60s\"; 1 to 40 characters are "
                                                 "possible, such as \"1 thread\"",
                        f->setting);
    return NN_OK;
}

/* Device, date and run make the file's name. */
static nn_status identify(run_facts *f)
{
    f->device_kind = nn_device_in_use();
    if (!f->device_kind)
        return nn_error_status();
    nn_device_info rows[16];
    int count = nn_devices(rows, 16);
    snprintf(f->device_name, sizeof f->device_name, "%s", f->device_kind);
    for (int i = 0; i < count && i < 16; i++)
        if (strcmp(rows[i].name, f->device_kind) == 0)
            snprintf(f->device_name, sizeof f->device_name, "%s", rows[i].description);
    nb__device_label(f->device_kind, f->device_name, f->label, sizeof f->label);
    size_t length = strlen(f->label);
    if (f->setting)
        snprintf(f->label + length, sizeof f->label - length, " (%s)", f->setting);
    f->system = nn_system();

    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(f->date, sizeof f->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    uint32_t id = 0;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        id = (uint32_t)getpid() ^ (uint32_t)now;
    snprintf(f->run_id, sizeof f->run_id, "%08x", id);
    char device[16];
    snprintf(device, sizeof device, "%s", f->device_kind);
    for (char *c = device; *c; c++)
        *c = *c == ':' ? '-' : *c;
    snprintf(f->stem, sizeof f->stem, "%s-%s-%s-%s", device, f->variant, stamp, f->run_id);
    return NN_OK;
}

/* A number for the data as they were read: the same for the same files. */
static uint64_t hash_data(const mnist_t *data)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (int i = 0; i < 5; i++)
        for (const char *s = i < 4 ? data->sha256[i] : data->name; *s; s++)
            hash = (hash ^ (unsigned char)*s) * 0x100000001B3u;
    return hash;
}

/* "Conv2D 6@5x5 same tanh" */
static void put_layer(nb__text *out, const layer_t *layer)
{
    nb__put(out, nn_layer_class(layer));
    if (layer->kind == NN_LAYER_CONV2D)
        nb__putf(out, " %d@%dx%d", layer->units, layer->window_h, layer->window_w);
    if (layer->kind == NN_LAYER_DENSE)
        nb__putf(out, " %d", layer->units);
    if (layer->kind == NN_LAYER_AVERAGE_POOLING2D || layer->kind == NN_LAYER_MAX_POOLING2D)
        nb__putf(out, " %dx%d", layer->window_h, layer->window_w);
    if (layer->same)
        nb__put(out, " same");
    const char *activation = nn__activation_name(layer->activation);
    if ((layer->kind == NN_LAYER_CONV2D || layer->kind == NN_LAYER_DENSE ||
         layer->kind == NN_LAYER_ACTIVATION) &&
        strcmp(activation, "linear") != 0)
        nb__putf(out, " %s", activation);
}

static void put_model(nb__text *out, const model_t *model)
{
    nb__text layers = {0};
    double parameters[NN_MAX_LAYERS];
    for (int i = 1; i < model->layer_count; i++) {
        nb__put(&layers, i > 1 ? ", " : "");
        put_layer(&layers, model->layers[i]);
        parameters[i - 1] = (double)nn_layer_param_count(model->layers[i]);
    }
    nb__json_put_string(out, "model", model->name);
    nb__json_put_string(out, "layers", nb__text_string(&layers));
    nb__json_put_numbers(out, "layer_parameters", parameters, (size_t)model->layer_count - 1);
    nb__json_put_count(out, "parameters", (uint64_t)nn_model_param_count(model));
    nb__json_put_string(out, "optimizer", nn_optimizer_name(model->optimizer));
    nb__json_put_number(out, "learning_rate",
                        model->compiled ? model->optimizer.learning_rate : NAN);
    nb__json_put_string(out, "loss", model->compiled ? nn__loss_name(model->net.loss) : "");
    out->failed |= layers.failed;
    nb__text_free(&layers);
}

/* The best of a series, and the epoch in which it was reached. */
static void put_best(nb__text *out, const char *name, const double *values, int epochs,
                     int larger_is_better)
{
    char key[40];
    int best = 0;
    for (int i = 1; values && i < epochs; i++)
        if (larger_is_better ? values[i] > values[best] : values[i] < values[best])
            best = i;
    snprintf(key, sizeof key, "best_%s", name);
    nb__json_put_number(out, key, values ? values[best] : NAN);
    snprintf(key, sizeof key, "best_%s_epoch", name);
    nb__json_put_number(out, key, values ? best + 1 : NAN);
    snprintf(key, sizeof key, "history_%s", name);
    nb__json_put_numbers(out, key, values, values ? (size_t)epochs : 0);
}

static void put_training(nb__text *out, const history_t *h)
{
    nb__json_put_count(out, "seed", h->seed);
    nb__json_put_number(out, "epochs", h->epochs);
    nb__json_put_number(out, "batch_size", h->batch_size);
    put_best(out, "accuracy", h->accuracy, h->epochs, 1);
    put_best(out, "loss", h->loss, h->epochs, 0);
    put_best(out, "val_accuracy", h->val_accuracy, h->epochs, 1);
    put_best(out, "val_loss", h->val_loss, h->epochs, 0);
    nb__json_put_number(out, "kept_epoch", h->best_epoch >= 0 ? h->best_epoch + 1 : h->epochs);
    nb__json_put_number(out, "training_seconds", h->seconds);
    nb__json_put_number(out, "training_threads", h->threads);
    nb__json_put_string(out, "training_engine", h->engine);
}

static void put_data(nb__text *out, const run_facts *f)
{
    static const char *const names[] = {"sha256_train_images", "sha256_train_labels",
                                        "sha256_test_images", "sha256_test_labels"};
    char split[96], hash[20];
    snprintf(split, sizeof split, "training %lld, validation %lld, test %lld",
             (long long)f->history->train_samples, (long long)f->history->val_samples,
             (long long)f->test.samples);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)hash_data(f->data));
    nb__json_put_string(out, "data", f->data->name);
    nb__json_put_string(out, "data_verified", f->data->verified ? "yes" : "no");
    nb__json_put_string(out, "data_hash", hash);
    for (int i = 0; i < 4; i++)
        nb__json_put_string(out, names[i], f->data->sha256[i]);
    nb__json_put_string(out, "split", split);
}

static void put_latency(nb__text *out, const latency_t *lat)
{
    nb__json_put_number(out, "latency_us", lat->mean_us);
    nb__json_put_number(out, "latency_median_us", lat->median_us);
    nb__json_put_number(out, "latency_p1_us", lat->p1_us);
    nb__json_put_number(out, "latency_p99_us", lat->p99_us);
    nb__json_put_number(out, "latency_clock_overhead_us", lat->clock_overhead_us);
    nb__json_put_number(out, "latency_calls", (double)lat->calls);
    nb__json_put_number(out, "latency_warmup", lat->warmup);
    nb__json_put_number(out, "latency_passes", lat->passes);
    nb__json_put_number(out, "threads", lat->threads);
    nb__json_put_string(out, "precision", lat->precision);
    nb__json_put_string(out, "engine", lat->engine);
    nb__json_put_string(out, "isa", lat->isa);
}

/* What other seeds gave, and what larger batches do. */
static void put_extras(nb__text *out, const run_facts *f)
{
    const runs_t *runs = f->runs;
    if (runs->runs > 0) {
        double seeds[NB_MOST_RUNS];
        for (int i = 0; i < runs->runs; i++)
            seeds[i] = (double)runs->seed[i];
        nb__json_put_number(out, "runs", runs->runs);
        nb__json_put_numbers(out, "runs_seed", seeds, (size_t)runs->runs);
        nb__json_put_numbers(out, "runs_accuracy", runs->accuracy, (size_t)runs->runs);
        nb__json_put_numbers(out, "runs_loss", runs->loss, (size_t)runs->runs);
        nb__json_put_number(out, "runs_accuracy_mean", runs->accuracy_mean);
        nb__json_put_number(out, "runs_accuracy_spread", runs->accuracy_spread);
    }
    if (f->batched->calls > 0) {
        nb__json_put_number(out, "batched_batch_size", f->batched->batch_size);
        nb__json_put_number(out, "batched_threads", f->batched->threads);
        nb__json_put_number(out, "batched_images_per_second", f->batched->images_per_second);
    }
}

static void put_record(nb__text *out, const run_facts *f)
{
    char copy[200];
    snprintf(copy, sizeof copy, "%s.keras", f->stem);
    nb__json_begin(out);
    nb__json_put_string(out, "format", "xeus-tinycc record 1");
    nb__json_put_string(out, "units", "accuracy: fraction; *_seconds: s; *_us: microseconds per "
                                      "image; score: fraction per second");
    nb__json_put_string(out, "date", f->date);
    nb__json_put_string(out, "run", f->run_id);
    nb__json_put_string(out, "device", f->label);
    nb__json_put_string(out, "device_kind", f->device_kind);
    nb__json_put_string(out, "device_name", f->device_name);
    nb__json_put_string(out, "variant", f->variant);
    nb__json_put_string(out, "setting", f->setting);
    put_training(out, f->history);
    nb__json_put_number(out, "test_accuracy", f->test.accuracy);
    nb__json_put_number(out, "test_loss", f->test.loss);
    nb__json_put_number(out, "test_samples", (double)f->test.samples);
    put_latency(out, &f->latency);
    nb__json_put_number(out, "score", nb_score(f->test.accuracy, f->latency.mean_us * 1e-6));
    put_extras(out, f);
    put_model(out, f->model);
    nb__json_put_string(out, "model_file", f->model_file);
    nb__json_put_string(out, "model_copy", f->model_file ? copy : "");
    nb__json_put_string(out, "model_sha256", f->model_sha256);
    put_data(out, f);
    nb__json_put_string(out, "cpu", f->system.cpu);
    nb__json_put_number(out, "cores", f->system.cores);
    nb__json_put_number(out, "load_average", f->system.load_average);
    nb__json_put_string(out, "version", f->system.version);
    nb__json_put_string(out, "compiler", f->system.compiler);
    nb__json_end(out);
}

/* In the C locale, so that numbers have a point whatever a cell has set. */
static void put_record_plainly(nb__text *out, const run_facts *f)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    put_record(out, f);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
}

static nn_status store(run_facts *f)
{
    char json[4400], copy[4400];
    snprintf(json, sizeof json, "%s/%s.json", f->folder, f->stem);
    snprintf(copy, sizeof copy, "%s/%s.keras", f->folder, f->stem);
    if (mkdir(f->folder, 0777) != 0 && errno != EEXIST)
        return nn__fail(NN_OS_ERROR, FUNCTION ": folder %s could not be made: %s", f->folder,
                        strerror(errno));
    nn_status status = NN_OK;
    if (f->model_file) {
        char from[NN_OUT_PATH];
        nn__in_path(f->model_file, from, sizeof from);
        status = nb__copy_file(FUNCTION, from, copy, 0);
        if (status != NN_OK)
            return status;
        status = nb__hash_file(FUNCTION, copy, f->model_sha256);
    }
    nb__text text = {0};
    if (status == NN_OK)
        put_record_plainly(&text, f);
    if (text.failed)
        status = nn__fail(NN_MEMORY_ERROR, FUNCTION ": no memory");
    if (status == NN_OK)
        status = nb__write_file(FUNCTION, json, text.data, text.size, 0);
    nb__text_free(&text);
    if (status != NN_OK && f->model_file)
        unlink(copy);
    if (status == NN_OK) {
        nb__text line = {0};
        nb__put(&line, "Recorded in ");
        nb__put_ascii(&line, f->folder);
        nb__putf(&line, "/%s.json", f->stem);
        if (f->model_file)
            nb__putf(&line, "\nand %s.keras, its own copy of the model", f->stem);
        if (f->system.load_average > 0.5 * f->system.cores)
            nb__putf(&line, "\nLoad average %.1f: other work may have lengthened the times.",
                     f->system.load_average);
        status = nb_display_text(nb__text_string(&line));
        nb__text_free(&line);
    }
    return status;
}

nn_status nb_record_run(const model_t *model, const history_t *history, metrics_t test,
                        latency_t latency, record_opts opts)
{
    run_facts *f = calloc(1, sizeof *f);
    if (!f)
        return nn__fail(NN_MEMORY_ERROR, FUNCTION ": no memory");
    f->model = model;
    f->history = history;
    f->test = test;
    f->latency = latency;
    f->data = &opts.data;
    f->runs = &opts.runs;
    f->batched = &opts.batched;
    f->setting = opts.setting;
    f->variant = opts.variant ? opts.variant : model ? nn_model_name(model) : "";
    f->model_file = opts.model_file;
    nb__records_folder(opts.to, f->folder, sizeof f->folder);
    nn_status status = nn__refuse_quantised(model, FUNCTION, "records hold float32 results");
    if (status == NN_OK)
        status = check(f);
    if (status == NN_OK)
        status = identify(f);
    if (status == NN_OK)
        status = store(f);
    free(f);
    return status;
}
