/* Model files, the worker's side: a model as text and tensors, handed to nn-files and back. */
#include "nn/keras_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "job.h"
#include "memory.h"
#include "memory_file.h"
#include "model.h"
#include "model_text.h"
#include "nn/quantize.h"
#include "out_path.h"
#include "quant_file.h"

#define HELPER         "nn-files"
#define SUFFIX         ".keras"
#define SAVE_TIMEOUT_S 120
#define LOAD_TIMEOUT_S 10

static _Thread_local char warnings[8192];

const char *nn_load_warnings(void)
{
    return warnings;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- a model as text ---- */

static void describe_layer(const layer_t *layer, nn_text_layer *text)
{
    snprintf(text->class_name, sizeof text->class_name, "%s", nn__layer_class_name(layer->kind));
    snprintf(text->name, sizeof text->name, "%s", layer->name);
    snprintf(text->activation, sizeof text->activation, "%s",
             nn__activation_name(layer->activation));
    text->same = layer->same;
    text->units = layer->units;
    text->window[0] = layer->window_h;
    text->window[1] = layer->window_w;
    text->stride[0] = layer->stride_h;
    text->stride[1] = layer->stride_w;
    text->use_bias = layer->use_bias;
    text->rate = layer->rate;
    if (layer->kind == NN_LAYER_INPUT) {
        text->rank = layer->out_rank;
        memcpy(text->shape, layer->out_shape, sizeof text->shape);
    }
}

static void describe_compile(const model_t *model, int no_optimizer, nn_text_model *text)
{
    text->compiled = model->compiled;
    if (!model->compiled)
        return;
    const nn_optimizer *o = &model->optimizer;
    snprintf(text->optimizer, sizeof text->optimizer, "%s", nn_optimizer_name(*o));
    snprintf(text->loss, sizeof text->loss, "%s", nn__loss_name(model->net.loss));
    text->accuracy = model->accuracy;
    text->learning_rate = o->learning_rate;
    text->beta_1 = o->beta_1;
    text->beta_2 = o->beta_2;
    text->epsilon = o->epsilon;
    text->momentum = o->momentum;
    text->nesterov = o->nesterov;
    if (no_optimizer)
        return;
    text->iterations = model->iterations;
    text->slots = !model->slots[0] ? 0 : !model->slots[1] ? 1 : 2;
}

int nn__model_describe(const model_t *model, int no_optimizer, nn_text_model *text)
{
    *text = (nn_text_model){0};
    if (!nn__text_alloc(text, model->layer_count))
        return 0;
    snprintf(text->name, sizeof text->name, "%s", model->name);
    for (int i = 0; i < model->layer_count; i++)
        describe_layer(model->layers[i], &text->layers[i]);
    describe_compile(model, no_optimizer, text);
    return 1;
}

/* ---- tensors in the order of model_text.h ---- */

/* Copy all variables between one array in the model's own form (params or a slot) and PACKED,
   where they lie without gaps. Returns the first float behind them. */
static float *move(const model_t *model, float *own, float *packed, int into_model)
{
    for (int i = 1; i < model->layer_count; i++)
        for (int which = 0; which < 2; which++) {
            size_t offset = 0;
            int64_t shape[4];
            int rank;
            size_t count = nn__layer_variable(model->layers[i], which, &offset, shape, &rank);
            if (count == 0)
                continue;
            if (into_model)
                memcpy(own + offset, packed, count * sizeof *own);
            else
                memcpy(packed, own + offset, count * sizeof *own);
            packed += count;
        }
    return packed;
}

static void move_all(const model_t *model, int slots, float *packed, int into_model)
{
    packed = move(model, model->params, packed, into_model);
    for (int i = 0; i < slots; i++)
        packed = move(model, model->slots[i], packed, into_model);
}

/* ---- saving ---- */

/* A memory file with all tensors, or -1 with an error. */
static int tensor_file(const model_t *model, int slots)
{
    size_t size = (size_t)nn_model_param_count(model) * (size_t)(1 + slots) * sizeof(float);
    int fd = nn__memory_file("tensors", NULL, size);
    float *map = fd < 0 ? MAP_FAILED
                        : mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        if (fd >= 0)
            close(fd);
        nn__fail(NN_MEMORY_ERROR, "model_save: no memory for %zu bytes of tensors", size);
        return -1;
    }
    move_all(model, slots, map, 0);
    munmap(map, size ? size : 1);
    return fd;
}

static nn_status run_save(const nn_text_model *text, int tensors, const char *path,
                          save_opts opts, nn_job_result *result)
{
    size_t size;
    char flags[4] = "-", *input = nn__text_write(text, &size);
    if (!input)
        return nn__fail(NN_MEMORY_ERROR, "model_save: no memory");
    if (opts.keras2)
        strcat(flags, "2");
    if (opts.no_overwrite)
        strcat(flags, "n");
    const char *args[] = {"keras-save", path, flags, NULL};
    nn_job job = {.program = HELPER,
                  .args = args,
                  .input = input,
                  .input_size = size,
                  .fds = &tensors,
                  .fd_count = 1,
                  .timeout_s = SAVE_TIMEOUT_S};
    nn_status status = nn__job_run(&job, result);
    free(input);
    return status;
}

/* "BYTES SHA-256 PATH" */
static nn_status read_report(const nn_job_result *result, saved_t *saved)
{
    long long bytes;
    if (!result->data || sscanf(result->data, "%lld %64s", &bytes, saved->sha256) != 2)
        return nn__fail(NN_OS_ERROR, "model_save: " HELPER " gave no report.");
    saved->bytes = bytes;
    return NN_OK;
}

static nn_status save(const model_t *model, const char *path, save_opts opts, saved_t *saved)
{
    nn_text_model text;
    nn_job_result result = {0};
    if (!nn__model_describe(model, opts.no_optimizer, &text))
        return nn__fail(NN_MEMORY_ERROR, "model_save: no memory");
    nn_status status = NN_MEMORY_ERROR;
    int tensors = tensor_file(model, text.slots);
    if (tensors >= 0) {
        status = run_save(&text, tensors, path, opts, &result);
        close(tensors);
    }
    nn__text_free(&text);
    if (status == NN_OK)
        status = read_report(&result, saved);
    free(result.data);
    return status;
}

static int has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), end = strlen(suffix);
    return length > end && strcmp(path + length - end, suffix) == 0;
}

/* A quantised model goes into a file of its own kind, others never. */
static nn_status check_suffix(const model_t *model, const char *path)
{
    if (model->quant && has_suffix(path, SUFFIX))
        return nn__fail(NN_VALUE_ERROR,
                        "model_save: model \"%s\" is quantised (%s) and '" SUFFIX "' files hold "
                        "float32; save it as '*" NN_QUANT_SUFFIX "', and the model that it was made "
                        "of as '" SUFFIX "'",
                        model->name, nn_model_precision(model));
    const char *suffix = model->quant ? NN_QUANT_SUFFIX : SUFFIX;
    if (has_suffix(path, suffix))
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR, "model_save: the file name must end in '%s'. Received: "
                                    "filepath=%s", suffix, path);
}

saved_t nn_model_save(const model_t *model, const char *path, save_opts opts)
{
    saved_t saved = {.bytes = -1};
    double begin = now();
    if (!model || !path) {
        nn__fail(NN_VALUE_ERROR, "model_save: the %s is NULL", model ? "path" : "model");
        return saved;
    }
    if (check_suffix(model, path) != NN_OK)
        return saved;
    char place[NN_OUT_PATH];
    nn__out_path(path, place, sizeof place);
    snprintf(saved.path, sizeof saved.path, "%.511s", place);
    if ((model->quant ? nn__quant_save(model, place, opts, &saved)
                      : save(model, place, opts, &saved)) != NN_OK)
        saved.bytes = -1;
    saved.seconds = now() - begin;
    return saved;
}

/* ---- loading ---- */

static int kind_of(const char *class_name)
{
    for (int kind = NN_LAYER_INPUT; kind <= NN_LAYER_ACTIVATION; kind++)
        if (strcmp(nn__layer_class_name((nn_layer_kind)kind), class_name) == 0)
            return kind;
    return -1;
}

/* The helper has checked all of this; what it sends is checked again all the same. */
static layer_t *make_layer(const nn_text_layer *text)
{
    char function[NN_NAME_SIZE + 32];
    int kind = kind_of(text->class_name), activation = nn__activation_find(text->activation);
    snprintf(function, sizeof function, "model_load: layer '%s'", text->name);
    if (kind < 0)
        return nn__fail_null(NN_VALUE_ERROR, "%s: unknown class", function);
    layer_t layer = {
        .kind = (nn_layer_kind)kind,
        .activation = activation < 0 ? NN_LINEAR : (nn_activation)activation,
        .same = text->same,
        .units = (int)text->units,
        .window_h = (int)text->window[0],
        .window_w = (int)text->window[1],
        .stride_h = (int)text->stride[0],
        .stride_w = (int)text->stride[1],
        .use_bias = text->use_bias,
        .rate = text->rate,
    };
    memcpy(layer.name, text->name, sizeof layer.name);
    if (kind == NN_LAYER_INPUT) {
        layer.out_rank = text->rank;
        memcpy(layer.out_shape, text->shape, sizeof layer.out_shape);
    }
    return nn__layer_check(function, &layer) == NN_OK ? nn__layer_new(&layer) : NULL;
}

static model_t *make_model(const nn_text_model *text)
{
    layer_t **layers = calloc((size_t)text->layer_count, sizeof *layers);
    model_t *model = NULL;
    int made = 0;
    if (!layers)
        return nn__fail_null(NN_MEMORY_ERROR, "model_load: no memory for the layers");
    while (made < text->layer_count && (layers[made] = make_layer(&text->layers[made])))
        made++;
    if (made == text->layer_count)
        model = nn_sequential(text->name, (size_t)made, layers);
    for (int i = 0; i < made && !model; i++)
        nn__session_free(layers[i]);
    free(layers);
    return model;
}

/* In options 0 means default: a zero that was saved is written as NN_ZERO. */
static double exactly(double value)
{
    return value == 0 ? NN_ZERO : value;
}

static nn_status compile(model_t *model, const nn_text_model *text)
{
    compile_opts opts = {.loss = text->loss, .metrics = {text->accuracy ? "accuracy" : NULL}};
    if (strcmp(text->optimizer, "adam") == 0)
        opts.optimizer = nn_adam((adam_opts){.learning_rate = exactly(text->learning_rate),
                                             .beta_1 = exactly(text->beta_1),
                                             .beta_2 = exactly(text->beta_2),
                                             .epsilon = exactly(text->epsilon)});
    else
        opts.optimizer = nn_sgd((sgd_opts){.learning_rate = exactly(text->learning_rate),
                                           .momentum = exactly(text->momentum),
                                           .nesterov = text->nesterov});
    nn_status status = nn_model_compile(model, opts);
    if (status != NN_OK)
        return status;
    model->iterations = text->iterations;
    return text->slots > 0 ? nn__model_slots(model) : NN_OK;
}

static nn_status bad_answer(void)
{
    return nn__fail(NN_OS_ERROR, "model_load: " HELPER " gave an answer that is not in order.");
}

/* Fill MODEL from the tensors behind FD. */
static nn_status take_tensors(model_t *model, const nn_text_model *text, int fd, int slots)
{
    size_t size = text->param_count * (size_t)(1 + slots) * sizeof(float);
    if ((int64_t)text->param_count != nn_model_param_count(model))
        return bad_answer();
    if (size == 0)
        return NN_OK;
    float *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return nn__fail(NN_MEMORY_ERROR, "model_load: no memory for %zu bytes of tensors", size);
    move_all(model, slots, map, 1);
    munmap(map, size);
    return NN_OK;
}

model_t *nn__model_from_text(const nn_text_model *text, int compiled)
{
    model_t *model = make_model(text);
    if (model && compiled && compile(model, text) != NN_OK) {
        nn_model_free(model);
        return NULL;
    }
    return model;
}

static nn_status build(const nn_text_model *text, int fd, load_opts opts, model_t **result)
{
    int compiled = text->compiled && !opts.no_compile;
    model_t *model = nn__model_from_text(text, compiled);
    if (!model)
        return nn_error_status();
    nn_status status = NN_OK;
    int slots = !compiled || !model->slots[0] ? 0 : model->slots[1] ? 2 : 1;
    if (status == NN_OK && compiled && slots != text->slots)
        status = bad_answer();
    if (status == NN_OK)
        status = take_tensors(model, text, fd, slots);
    if (status == NN_OK)
        *result = model;
    else
        nn_model_free(model);
    return status;
}

static nn_status read_answer(const nn_job_result *answer, int fd, load_opts opts, model_t **result)
{
    nn_text_model text;
    const char *rest;
    char why[256];
    if (!answer->data || !nn__text_read(answer->data, answer->size, &text, &rest))
        return bad_answer();
    snprintf(warnings, sizeof warnings, "%s", rest);
    nn_status status =
        nn__text_infer(&text, why, sizeof why) ? build(&text, fd, opts, result) : bad_answer();
    nn__text_free(&text);
    return status;
}

static nn_status run_load(const char *path, int file, load_opts opts, model_t **result)
{
    /* Room for the largest model with two slots; pages come into being where they are written. */
    int room = nn__memory_file("tensors", NULL, 3 * (size_t)NN_MAX_PARAMS * sizeof(float));
    if (room < 0)
        return nn__fail(NN_MEMORY_ERROR, "model_load: no memory file for the tensors: %s",
                        strerror(errno));
    const char *args[] = {"keras-load", path, NULL};
    nn_job job = {.program = HELPER,
                  .args = args,
                  .fds = (const int[]){file, room},
                  .fd_count = 2,
                  .timeout_s = LOAD_TIMEOUT_S};
    nn_job_result answer;
    nn_status status = nn__job_run(&job, &answer);
    if (status == NN_OK)
        status = read_answer(&answer, room, opts, result);
    free(answer.data);
    close(room);
    return status;
}

model_t *nn_model_load(const char *path, load_opts opts)
{
    model_t *model = NULL;
    warnings[0] = '\0';
    if (!path)
        return nn__fail_null(NN_VALUE_ERROR, "model_load: the path is NULL");
    char place[NN_OUT_PATH];
    path = nn__in_path(path, place, sizeof place);
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return nn__fail_null(NN_FILE_NOT_FOUND,
                             "File not found: filepath=%s. Please ensure the file is an accessible "
                             "'.keras' zip file.",
                             path);
    if (file < 0)
        return nn__fail_null(NN_OS_ERROR, "%s could not be opened: %s.", path, strerror(errno));
    if (has_suffix(path, NN_QUANT_SUFFIX))
        model = nn__quant_load(path, file, opts);
    else
        run_load(path, file, opts, &model);
    close(file);
    return model;
}
