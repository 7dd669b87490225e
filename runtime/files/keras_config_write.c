#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keras_config.h"
#include "reply.h"

#define KERAS_VERSION "3.15.1" /* whose layout is written */

void keras_group_name(const nn_text_model *model, int index, char name[NN_TEXT_NAME])
{
    const char *class_name = model->layers[index].class_name;
    int before = 0;
    for (int i = 0; i < index; i++)
        before += strcmp(model->layers[i].class_name, class_name) == 0;
    size_t used = 0;
    for (const char *c = class_name; *c && used + 16 < NN_TEXT_NAME; c++) {
        if (c > class_name && isupper((unsigned char)*c) && islower((unsigned char)c[-1]))
            name[used++] = '_';
        name[used++] = (char)tolower((unsigned char)*c);
    }
    name[used] = '\0';
    if (before > 0)
        snprintf(name + used, NN_TEXT_NAME - used, "_%d", before);
}

/* Every object of the configuration has this frame. Takes over CONFIG. */
static json_t *object(const char *module, const char *class_name, json_t *config)
{
    return json_pack("{s:s, s:s, s:n, s:o}", "module", module, "class_name", class_name,
                     "registered_name", "config", config);
}

/* [null, length, ...]: a shape with its batch axis. */
static json_t *batch_shape(const int64_t *shape, int rank)
{
    json_t *list = json_array();
    json_array_append_new(list, json_null());
    for (int i = 0; i < rank; i++)
        json_array_append_new(list, json_integer(shape[i]));
    return list;
}

static json_t *pair(const int64_t values[2])
{
    return json_pack("[I, I]", (json_int_t)values[0], (json_int_t)values[1]);
}

static void set_window(json_t *config, const char *size_key, const nn_text_layer *layer)
{
    json_object_set_new(config, size_key, pair(layer->window));
    json_object_set_new(config, "strides", pair(layer->stride));
    json_object_set_new(config, "padding", json_string(layer->same ? "same" : "valid"));
    json_object_set_new(config, "data_format", json_string("channels_last"));
}

static void set_neurons(json_t *config, const nn_text_layer *layer)
{
    json_object_set_new(config, "activation", json_string(layer->activation));
    json_object_set_new(config, "use_bias", json_boolean(layer->use_bias));
}

static json_t *layer_object(const nn_text_layer *layer)
{
    const char *kind = layer->class_name;
    json_t *config = json_object();
    json_object_set_new(config, "name", json_string(layer->name));
    if (strcmp(kind, "InputLayer") == 0)
        json_object_set_new(config, "batch_input_shape", batch_shape(layer->shape, layer->rank));
    json_object_set_new(config, "dtype", json_string("float32"));
    if (strcmp(kind, "Conv2D") == 0) {
        json_object_set_new(config, "filters", json_integer(layer->units));
        set_window(config, "kernel_size", layer);
        set_neurons(config, layer);
    } else if (strcmp(kind, "AveragePooling2D") == 0 || strcmp(kind, "MaxPooling2D") == 0) {
        set_window(config, "pool_size", layer);
    } else if (strcmp(kind, "Flatten") == 0) {
        json_object_set_new(config, "data_format", json_string("channels_last"));
    } else if (strcmp(kind, "Dense") == 0) {
        json_object_set_new(config, "units", json_integer(layer->units));
        set_neurons(config, layer);
    } else if (strcmp(kind, "Dropout") == 0) {
        json_object_set_new(config, "rate", json_real(layer->rate));
    } else if (strcmp(kind, "Activation") == 0) {
        json_object_set_new(config, "activation", json_string(layer->activation));
    }
    return object("keras.layers", kind, config);
}

static json_t *optimizer_object(const nn_text_model *model)
{
    if (strcmp(model->optimizer, "adam") == 0)
        return object("keras.optimizers", "Adam",
                      json_pack("{s:s, s:f, s:f, s:f, s:f, s:b}", "name", "adam", "learning_rate",
                                model->learning_rate, "beta_1", model->beta_1, "beta_2",
                                model->beta_2, "epsilon", model->epsilon, "amsgrad", 0));
    return object("keras.optimizers", "SGD",
                  json_pack("{s:s, s:f, s:f, s:b}", "name", "SGD", "learning_rate",
                            model->learning_rate, "momentum", model->momentum, "nesterov",
                            model->nesterov));
}

static json_t *compile_object(const nn_text_model *model)
{
    json_t *metrics = json_array();
    if (model->accuracy)
        json_array_append_new(metrics, json_string("accuracy"));
    return json_pack("{s:o, s:s, s:o, s:b, s:i, s:b}", "optimizer", optimizer_object(model), "loss",
                     model->loss, "metrics", metrics, "run_eagerly", 0, "steps_per_execution", 1,
                     "jit_compile", 0);
}

static json_t *model_object(const nn_text_model *model)
{
    json_t *layers = json_array();
    for (int i = 0; i < model->layer_count; i++)
        json_array_append_new(layers, layer_object(&model->layers[i]));
    json_t *root = object("keras", "Sequential",
                          json_pack("{s:s, s:o}", "name", model->name, "layers", layers));
    json_t *shape = batch_shape(model->layers[0].shape, model->layers[0].rank);
    json_object_set_new(root, "build_config", json_pack("{s:o}", "input_shape", shape));
    if (model->compiled)
        json_object_set_new(root, "compile_config", compile_object(model));
    return root;
}

/* Decimal digits that VALUE needs to read back equal. */
static int digits_of(double value)
{
    char text[40];
    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return digits;
    }
    return 17;
}

/* jansson has one precision for a whole text: the largest that any number needs. */
static int digits_of_all(const nn_text_model *model)
{
    const double compile[] = {model->learning_rate, model->beta_1, model->beta_2, model->epsilon,
                              model->momentum};
    int most = 1;
    for (size_t i = 0; i < sizeof compile / sizeof *compile; i++)
        most = digits_of(compile[i]) > most ? digits_of(compile[i]) : most;
    for (int i = 0; i < model->layer_count; i++)
        most = digits_of(model->layers[i].rate) > most ? digits_of(model->layers[i].rate) : most;
    return most;
}

static char *dump(json_t *root, int digits, size_t *size)
{
    char *text = root ? json_dumps(root, JSON_ENSURE_ASCII | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(root);
    if (!text)
        return reply_null(VALUE_ERROR, "The model's description cannot be written as JSON: a number "
                                       "is not finite, or memory is out.");
    *size = strlen(text);
    return text;
}

static int is_utf8(const char *text)
{
    json_t *string = json_string(text);
    json_decref(string);
    return string != NULL;
}

char *keras_config_write(const nn_text_model *model, size_t *size)
{
    if (!is_utf8(model->name))
        return reply_null(VALUE_ERROR, "The model's name is not UTF-8.");
    for (int i = 0; i < model->layer_count; i++)
        if (!is_utf8(model->layers[i].name))
            return reply_null(VALUE_ERROR, "The name of layer %d is not UTF-8.", i);
    return dump(model_object(model), digits_of_all(model), size);
}

char *keras_metadata_write(size_t *size)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t when = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm parts = {0};
    if (epoch && *epoch)
        gmtime_r(&when, &parts);
    else
        localtime_r(&when, &parts);
    char date[64];
    strftime(date, sizeof date, "%Y-%m-%d@%H:%M:%S", &parts);
    return dump(json_pack("{s:s, s:s}", "keras_version", KERAS_VERSION, "date_saved", date), 1,
                size);
}
