#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "keras_config.h"
#include "keras_json.h"
#include "reply.h"

#define SUPPORTED                                                                                  \
    "Conv2D, MaxPooling2D, AveragePooling2D, Flatten, Dense, Dropout, Activation"

static const char *const activations[] = {"linear", "tanh", "relu", "sigmoid", "softmax", NULL};
static const char *const losses[][2] = {
    {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"},
    {"categorical_crossentropy", "CategoricalCrossentropy"},
    {"mean_squared_error", "MeanSquaredError"},
    {NULL, NULL},
};

/* ---- one layer ---- */

static int read_name(json_t *config, const char *what, char name[NN_TEXT_NAME])
{
    const char *given = json_string_value(json_object_get(config, "name"));
    if (!given || !*given)
        return reply_error(VALUE_ERROR, "config.json: %s has no name.", what);
    if (strlen(given) >= NN_TEXT_NAME || strchr(given, '/'))
        return reply_error(VALUE_ERROR,
                           "config.json: the name '%.70s' of %s is not possible here; 1 to %d "
                           "bytes without '/' expected.",
                           given, what, NN_TEXT_NAME - 1);
    strcpy(name, given);
    return 0;
}

static int read_activation(json_t *config, nn_text_layer *layer)
{
    json_t *value = json_object_get(config, "activation");
    const char *name = keras_function_name(value);
    if (name && !*name)
        name = "linear";
    for (int i = 0; name && activations[i]; i++)
        if (strcmp(activations[i], name) == 0) {
            strcpy(layer->activation, name);
            return 0;
        }
    char text[64];
    if (name)
        snprintf(text, sizeof text, "'%.40s'", name);
    return reply_error(VALUE_ERROR,
                       "Layer '%s': activation=%s is not supported; linear, tanh, relu, sigmoid "
                       "and softmax are.",
                       layer->name, name ? text : keras_value_text(value, text));
}

/* [null, 28, 28, 1]; the batch axis is ignored. */
static int read_shape(json_t *shape, const char *owner, nn_text_layer *input)
{
    size_t rank = json_array_size(shape);
    if (rank < 2 || rank > 4)
        return reply_error(VALUE_ERROR,
                           "Layer '%s': an input of 1 to 3 axes besides the batch is supported.",
                           owner);
    input->rank = (int)rank - 1;
    for (int i = 0; i < input->rank; i++) {
        json_t *length = json_array_get(shape, (size_t)i + 1);
        if (!json_is_integer(length) || json_integer_value(length) < 1 ||
            json_integer_value(length) > NN_TEXT_MAX_LENGTH)
            return reply_error(VALUE_ERROR,
                               "Layer '%s': axis %d of the input's shape must be an integer from 1 "
                               "to %lld.",
                               owner, i + 1, (long long)NN_TEXT_MAX_LENGTH);
        input->shape[i] = json_integer_value(length);
    }
    return 0;
}

static int read_window(json_t *config, const char *size_key, nn_text_layer *layer, int pooling)
{
    layer->stride[0] = layer->stride[1] = 1;
    if (keras_get_pair(config, layer->name, size_key, layer->window) < 0)
        return -1;
    if (pooling) /* strides=None: the window's size */
        memcpy(layer->stride, layer->window, sizeof layer->stride);
    if (!json_is_null(json_object_get(config, "strides")) &&
        keras_get_pair(config, layer->name, "strides", layer->stride) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (layer->window[i] < 1 || layer->window[i] > NN_TEXT_MAX_LENGTH || layer->stride[i] < 1 ||
            layer->stride[i] > NN_TEXT_MAX_LENGTH)
            return reply_error(VALUE_ERROR,
                               "Layer '%s': %s and strides must lie between 1 and %lld.",
                               layer->name, size_key, (long long)NN_TEXT_MAX_LENGTH);
    json_t *padding = json_object_get(config, "padding");
    const char *name = json_string_value(padding);
    char text[64];
    layer->same = name && strcmp(name, "same") == 0;
    if (padding && !layer->same && !(name && strcmp(name, "valid") == 0))
        return reply_error(VALUE_ERROR, "Layer '%s': padding=%s is not supported.", layer->name,
                           keras_value_text(padding, text));
    return 0;
}

static int read_units(json_t *config, const char *key, nn_text_layer *layer)
{
    layer->use_bias = 1;
    if (keras_get_integer(config, layer->name, key, 1, NN_TEXT_MAX_LENGTH, &layer->units) < 0 ||
        keras_get_flag(config, layer->name, "use_bias", &layer->use_bias) < 0)
        return -1;
    if (layer->units < 1)
        return reply_error(VALUE_ERROR, "Layer '%s' has no '%s'.", layer->name, key);
    return read_activation(config, layer);
}

static int read_rate(json_t *config, nn_text_layer *layer)
{
    if (keras_get_real(config, layer->name, "rate", &layer->rate) < 0)
        return -1;
    if (layer->rate < 0 || layer->rate >= 1)
        return reply_error(VALUE_ERROR, "Layer '%s': rate=%g; 0 <= rate < 1 expected.",
                           layer->name, layer->rate);
    return 0;
}

/* Keys that the reader of each class takes. "batch_input_shape" stands in the first layer of files
   written by TF-Keras for models built with input_shape=. */
static const char *const conv2d_keys[] = {"filters",    "kernel_size", "strides",           "padding",
                                          "activation", "use_bias",    "batch_input_shape", NULL};
static const char *const pooling_keys[] = {"pool_size", "strides", "padding", "batch_input_shape",
                                           NULL};
static const char *const dense_keys[] = {"units", "activation", "use_bias", "batch_input_shape",
                                         NULL};
static const char *const dropout_keys[] = {"rate", "batch_input_shape", NULL};
static const char *const activation_keys[] = {"activation", "batch_input_shape", NULL};
static const char *const flatten_keys[] = {"batch_input_shape", NULL};

static int unknown_layer(const char *kind, const char *name, int number)
{
    if (strcmp(kind, "Lambda") == 0)
        return reply_error(VALUE_ERROR,
                           "Requested the deserialization of a Lambda ('%s'). It holds Python code "
                           "and is never run here.",
                           name);
    return reply_error(VALUE_ERROR,
                       "Unknown layer: '%.60s' (layer %d, '%s'). Supported: " SUPPORTED ".", kind,
                       number, name);
}

static int read_layer(const keras_object *object, int number, nn_text_layer *layer)
{
    const char *kind = object->class_name;
    json_t *config = object->config;
    const char *const *known;
    int rc = 0;
    if (strcmp(kind, "Conv2D") == 0) {
        known = conv2d_keys;
        rc = read_window(config, "kernel_size", layer, 0);
        rc = rc < 0 ? rc : read_units(config, "filters", layer);
    } else if (strcmp(kind, "AveragePooling2D") == 0 || strcmp(kind, "MaxPooling2D") == 0) {
        known = pooling_keys;
        rc = read_window(config, "pool_size", layer, 1);
    } else if (strcmp(kind, "Flatten") == 0) {
        known = flatten_keys;
    } else if (strcmp(kind, "Dense") == 0) {
        known = dense_keys;
        rc = read_units(config, "units", layer);
    } else if (strcmp(kind, "Dropout") == 0) {
        known = dropout_keys;
        rc = read_rate(config, layer);
    } else if (strcmp(kind, "Activation") == 0) {
        known = activation_keys;
        rc = read_activation(config, layer);
    } else {
        return unknown_layer(kind, layer->name, number);
    }
    if (rc < 0)
        return -1;
    snprintf(layer->class_name, sizeof layer->class_name, "%s", kind);
    if (json_is_false(json_object_get(config, "trainable")))
        reply_warn("Layer '%s' is frozen (trainable=False) in the file; here every layer trains.",
                   layer->name);
    return keras_refuse_unknown(config, layer->name, known);
}

/* ---- the list of layers ---- */

static json_t *input_shape(json_t *config)
{
    json_t *shape = json_object_get(config, "batch_shape");
    return shape ? shape : json_object_get(config, "batch_input_shape");
}

static int read_input_layer(const keras_object *first, nn_text_layer *layer)
{
    static const char *const known[] = {"batch_shape", "batch_input_shape", NULL};
    if (read_name(first->config, "layer 0", layer->name) < 0 ||
        keras_refuse_unknown(first->config, layer->name, known) < 0)
        return -1;
    return read_shape(input_shape(first->config), layer->name, layer);
}

/* No InputLayer: the shape stands in the first layer, in the model or in build_config. */
static int invent_input_layer(json_t *root, json_t *config, const keras_object *first,
                              nn_text_layer *layer)
{
    json_t *shape = input_shape(first->config);
    if (!shape)
        shape = json_object_get(config, "build_input_shape");
    if (!shape)
        shape = json_object_get(json_object_get(root, "build_config"), "input_shape");
    if (!shape)
        return reply_error(VALUE_ERROR,
                           "The model does not state the shape of its input: build it in Python "
                           "(model.build(...) or an Input layer) and save it again.");
    strcpy(layer->name, "input_layer");
    return read_shape(shape, layer->name, layer);
}

static int read_layers(json_t *root, json_t *config, nn_text_model *model)
{
    json_t *list = json_object_get(config, "layers");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 1 || count >= NN_TEXT_MAX_LAYERS)
        return reply_error(VALUE_ERROR, "config.json: 1 to %d layers expected.",
                           NN_TEXT_MAX_LAYERS - 1);
    keras_object object;
    if (keras_object_read(json_array_get(list, 0), "layer 0", &object) < 0)
        return -1;
    int has_input = strcmp(object.class_name, "InputLayer") == 0;
    if (!nn__text_alloc(model, (int)count + !has_input))
        return reply_error(MEMORY_ERROR, "No memory for %zu layers.", count);
    nn_text_layer *layer = model->layers;
    strcpy(layer->class_name, "InputLayer");
    if (has_input ? read_input_layer(&object, layer)
                  : invent_input_layer(root, config, &object, layer))
        return -1;
    for (size_t i = (size_t)has_input; i < count; i++) {
        char what[32];
        snprintf(what, sizeof what, "layer %zu", i);
        layer++;
        if (keras_object_read(json_array_get(list, i), what, &object) < 0 ||
            read_name(object.config, what, layer->name) < 0 ||
            read_layer(&object, (int)i, layer) < 0)
            return -1;
    }
    return 0;
}

/* ---- compile_config: what is not known is not an error ---- */

static int not_compiled(nn_text_model *model, const char *what, json_t *value)
{
    char text[64];
    reply_warn("The model was loaded without its compile settings: %s %s is not supported. Call "
               "model_compile().",
               what, keras_value_text(value, text));
    model->compiled = 0;
    return 0;
}

static double number(json_t *config, const char *key, double standard)
{
    json_t *value = json_object_get(config, key);
    return value ? json_number_value(value) : standard;
}

/* Settings of an optimizer that ours lack are fine as long as they are off. */
static const char *const off_settings[] = {
    "weight_decay",           "clipnorm", "global_clipnorm",          "clipvalue", "use_ema",
    "ema_overwrite_frequency", "amsgrad",  "gradient_accumulation_steps", NULL,
};

static json_t *setting_that_is_on(json_t *config, const char **key)
{
    for (int i = 0; off_settings[i]; i++) {
        json_t *value = json_object_get(config, off_settings[i]);
        /* TF-Keras writes the frequency although use_ema is off. */
        if (value && !json_is_null(value) && !json_is_false(value) &&
            strcmp(off_settings[i], "ema_overwrite_frequency") != 0 &&
            !(json_is_number(value) && json_number_value(value) == 0)) {
            *key = off_settings[i];
            return value;
        }
    }
    return NULL;
}

static int read_optimizer(json_t *value, nn_text_model *model)
{
    json_t *kind = json_is_string(value) ? value : json_object_get(value, "class_name");
    json_t *config = json_object_get(value, "config"), *rate;
    const char *name = json_string_value(kind), *key;
    if (!name || (strcasecmp(name, "adam") != 0 && strcasecmp(name, "sgd") != 0))
        return not_compiled(model, "the optimizer", kind);
    int adam = strcasecmp(name, "adam") == 0;
    strcpy(model->optimizer, adam ? "adam" : "sgd");
    rate = json_object_get(config, "learning_rate");
    if (rate && !json_is_number(rate))
        return not_compiled(model, "a learning rate that changes by", rate);
    json_t *on = setting_that_is_on(config, &key);
    if (on)
        return not_compiled(model, key, on);
    model->learning_rate = number(config, "learning_rate", adam ? 0.001 : 0.01);
    model->beta_1 = number(config, "beta_1", 0.9);
    model->beta_2 = number(config, "beta_2", 0.999);
    model->epsilon = number(config, "epsilon", 1e-7);
    model->momentum = adam ? 0 : number(config, "momentum", 0);
    model->nesterov = json_is_true(json_object_get(config, "nesterov"));
    int usable = model->learning_rate >= 0 && model->epsilon >= 0 && model->beta_1 >= 0 &&
                 model->beta_1 < 1 && model->beta_2 >= 0 && model->beta_2 < 1 &&
                 model->momentum >= 0 && model->momentum <= 1;
    return usable ? 0 : not_compiled(model, "a setting of the optimizer", kind);
}

static int read_loss(json_t *value, nn_text_model *model)
{
    json_t *config = json_object_get(value, "config");
    const char *name = json_is_object(config)
                           ? json_string_value(json_object_get(value, "class_name"))
                           : keras_function_name(value);
    if (name && strcmp(name, "mse") == 0)
        name = "mean_squared_error";
    json_t *ignored = json_object_get(config, "ignore_class");
    int plain = !json_is_true(json_object_get(config, "from_logits")) &&
                (!ignored || json_is_null(ignored)) &&
                json_number_value(json_object_get(config, "label_smoothing")) == 0;
    for (int i = 0; name && plain && losses[i][0]; i++)
        if (strcmp(losses[i][0], name) == 0 || strcmp(losses[i][1], name) == 0) {
            strcpy(model->loss, losses[i][0]);
            return 0;
        }
    return not_compiled(model, "the loss", value);
}

/* "accuracy" may stand alone, in a list, or in a list of lists (one for each output). */
static int mentions_accuracy(json_t *value)
{
    static const char *const names[] = {"accuracy", "acc", "sparse_categorical_accuracy",
                                        "SparseCategoricalAccuracy", "categorical_accuracy",
                                        "CategoricalAccuracy"};
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (mentions_accuracy(json_array_get(value, i)))
                return 1;
        return 0;
    }
    const char *name = json_string_value(
        json_is_object(value) ? json_object_get(value, "class_name") : value);
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

static void read_compile(json_t *config, nn_text_model *model)
{
    if (!json_is_object(config) || json_object_size(config) == 0)
        return;
    model->compiled = 1;
    model->accuracy = mentions_accuracy(json_object_get(config, "metrics")) ||
                      mentions_accuracy(json_object_get(config, "weighted_metrics"));
    read_optimizer(json_object_get(config, "optimizer"), model);
    if (model->compiled)
        read_loss(json_object_get(config, "loss"), model);
}

/* ---- the model ---- */

static int read_model(json_t *root, nn_text_model *model)
{
    keras_object object;
    if (keras_object_read(root, "the model", &object) < 0)
        return -1;
    if (strcmp(object.class_name, "Functional") == 0 || strcmp(object.class_name, "Model") == 0) {
        const char *name = json_string_value(json_object_get(object.config, "name"));
        return reply_error(VALUE_ERROR,
                           "Functional models are not supported: '%.60s'. Sequential models are.",
                           name ? name : "model");
    }
    if (strcmp(object.class_name, "Sequential") != 0)
        return reply_error(VALUE_ERROR,
                           "Models of class '%.60s' are not supported. Sequential models are.",
                           object.class_name);
    char why[256];
    if (read_name(object.config, "the model", model->name) < 0 ||
        read_layers(root, object.config, model) < 0)
        return -1;
    if (!nn__text_infer(model, why, sizeof why))
        return reply_error(VALUE_ERROR, "%s", why);
    read_compile(json_object_get(root, "compile_config"), model);
    return 0;
}

int keras_config_read(const char *file, const char *text, size_t size, nn_text_model *model)
{
    *model = (nn_text_model){0};
    json_t *root = keras_json_parse(file, text, size);
    int rc = root ? read_model(root, model) : -1;
    json_decref(root);
    if (rc < 0)
        nn__text_free(model);
    return rc;
}
