#include "keras_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reply.h"

#define MAX_DEPTH  32
#define MAX_VALUES 200000

/* ---- parsing ---- */

/* Depth and number of values, before the parser recurses or allocates. Strings are skipped; text
   that is not JSON is left to the parser. */
static int check_extent(const char *file, const char *text, size_t size)
{
    int depth = 0, in_string = 0;
    long values = 1;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        values += c == ',' || c == '[' || c == '{';
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (depth > MAX_DEPTH)
            return reply_error(VALUE_ERROR,
                               "Not allowed: config.json of %s is nested more than %d deep.", file,
                               MAX_DEPTH);
        if (values > MAX_VALUES)
            return reply_error(VALUE_ERROR,
                               "Not allowed: config.json of %s has more than %d values.", file,
                               MAX_VALUES);
    }
    return 0;
}

json_t *keras_json_parse(const char *file, const char *text, size_t size)
{
    if (check_extent(file, text, size) < 0)
        return NULL;
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return reply_null(VALUE_ERROR,
                          "%s is damaged: config.json is not proper JSON (line %d). Copy or "
                          "download it again.",
                          file, error.line);
    return root;
}

/* ---- frames ---- */

static int is_keras_module(const char *module)
{
    return strcmp(module, "keras") == 0 || strncmp(module, "keras.", 6) == 0;
}

int keras_object_read(json_t *value, const char *what, keras_object *object)
{
    json_t *module = json_object_get(value, "module");
    json_t *name = json_object_get(value, "class_name");
    json_t *registered = json_object_get(value, "registered_name");
    object->config = json_object_get(value, "config");
    if (!json_is_object(value) || !json_is_string(name) || !json_is_object(object->config))
        return reply_error(VALUE_ERROR,
                           "config.json: %s is not an object with 'class_name' and 'config'.",
                           what);
    object->class_name = json_string_value(name);
    /* A Lambda is refused by the caller, in its own words. */
    int custom = json_is_string(registered) &&
                 strcmp(json_string_value(registered), object->class_name) != 0;
    if ((json_is_string(module) && !is_keras_module(json_string_value(module))) || custom)
        return reply_error(VALUE_ERROR,
                           "Unknown class: '%.60s' (%s) is not one of Keras' own. Custom classes "
                           "hold Python code and are never run here.",
                           object->class_name, what);
    return 0;
}

/* ---- values ---- */

const char *keras_value_text(json_t *value, char text[64])
{
    char parts[2][24];
    if (!value || json_is_null(value))
        return "None";
    if (json_is_boolean(value))
        return json_is_true(value) ? "True" : "False";
    if (json_is_array(value) && json_array_size(value) == 2 &&
        json_is_integer(json_array_get(value, 0)) && json_is_integer(json_array_get(value, 1))) {
        for (size_t i = 0; i < 2; i++)
            snprintf(parts[i], sizeof parts[i], "%lld",
                     (long long)json_integer_value(json_array_get(value, i)));
        snprintf(text, 64, "(%s, %s)", parts[0], parts[1]);
    } else if (json_is_integer(value)) {
        snprintf(text, 64, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(text, 64, "%g", json_real_value(value));
    } else if (json_is_string(value)) {
        snprintf(text, 64, "'%.40s'", json_string_value(value));
    } else if (json_is_string(json_object_get(value, "class_name"))) {
        snprintf(text, 64, "%.40s", json_string_value(json_object_get(value, "class_name")));
    } else {
        snprintf(text, 64, "%s", json_is_object(value) ? "{...}" : "[...]");
    }
    return text;
}

static int refuse(const char *owner, const char *key, json_t *value)
{
    char text[64];
    return reply_error(VALUE_ERROR, "Layer '%s': %s=%s is not supported.", owner, key,
                       keras_value_text(value, text));
}

int keras_get_integer(json_t *config, const char *owner, const char *key, int64_t low, int64_t high,
                      int64_t *value)
{
    json_t *given = json_object_get(config, key);
    if (!given)
        return 0;
    if (!json_is_integer(given) || json_integer_value(given) < low ||
        json_integer_value(given) > high) {
        char text[64];
        return reply_error(VALUE_ERROR, "Layer '%s': %s=%s; an integer from %lld to %lld expected.",
                           owner, key, keras_value_text(given, text), (long long)low,
                           (long long)high);
    }
    *value = json_integer_value(given);
    return 0;
}

int keras_get_pair(json_t *config, const char *owner, const char *key, int64_t pair[2])
{
    json_t *given = json_object_get(config, key);
    if (!given)
        return 0;
    if (json_is_integer(given)) {
        pair[0] = pair[1] = json_integer_value(given);
        return 0;
    }
    if (json_array_size(given) != 2 || !json_is_integer(json_array_get(given, 0)) ||
        !json_is_integer(json_array_get(given, 1)))
        return refuse(owner, key, given);
    for (size_t i = 0; i < 2; i++)
        pair[i] = json_integer_value(json_array_get(given, i));
    return 0;
}

int keras_get_flag(json_t *config, const char *owner, const char *key, int *value)
{
    json_t *given = json_object_get(config, key);
    if (!given)
        return 0;
    if (!json_is_boolean(given))
        return refuse(owner, key, given);
    *value = json_is_true(given);
    return 0;
}

int keras_get_real(json_t *config, const char *owner, const char *key, double *value)
{
    json_t *given = json_object_get(config, key);
    if (!given)
        return 0;
    if (!json_is_number(given) || !isfinite(json_number_value(given)))
        return refuse(owner, key, given);
    *value = json_number_value(given);
    return 0;
}

const char *keras_function_name(json_t *value)
{
    if (!value || json_is_null(value))
        return "";
    if (json_is_string(value))
        return json_string_value(value);
    json_t *kind = json_object_get(value, "class_name"), *name = json_object_get(value, "config");
    json_t *module = json_object_get(value, "module");
    if (!json_is_string(kind) || strcmp(json_string_value(kind), "function") != 0 ||
        !json_is_string(name))
        return NULL;
    /* {"module": "builtins", ...}, or Keras' own. */
    if (json_is_string(module) && strcmp(json_string_value(module), "builtins") != 0 &&
        !is_keras_module(json_string_value(module)))
        return NULL;
    return json_string_value(name);
}

/* ---- what was not taken ---- */

/* Keys that do not change what a loaded layer computes, whatever their value. */
static const char *const cosmetic[] = {
    "name",         "trainable", "kernel_initializer", "bias_initializer",
    "build_config", "seed",      "shared_object_id",   "optional",
    NULL,
};

/* Values that Keras writes by default: (key, value as text). */
static const char *const defaults[][2] = {
    {"data_format", "'channels_last'"}, {"dilation_rate", "(1, 1)"}, {"dilation_rate", "1"},
    {"groups", "1"},                    {"ragged", "False"},         {"dtype", "'float32'"},
    {"dtype", "DTypePolicy"},           {"sparse", "False"},         {NULL, NULL},
};

static int is_listed(const char *const *list, const char *key)
{
    while (*list && strcmp(*list, key) != 0)
        list++;
    return *list != NULL;
}

static int is_default(const char *key, json_t *value)
{
    char text[64];
    const char *shown = keras_value_text(value, text);
    if (json_is_null(value))
        return 1;
    for (size_t i = 0; defaults[i][0]; i++)
        if (strcmp(defaults[i][0], key) == 0 && strcmp(defaults[i][1], shown) == 0)
            return 1;
    return 0;
}

/* {"class_name": "DTypePolicy", "config": {"name": "float32"}}: the frame alone says nothing. */
static int check_dtype(json_t *config, const char *owner)
{
    json_t *dtype = json_object_get(config, "dtype");
    json_t *policy = json_object_get(json_object_get(dtype, "config"), "name");
    if (!json_is_object(dtype) ||
        (json_is_string(policy) && strcmp(json_string_value(policy), "float32") == 0))
        return 0;
    return refuse(owner, "dtype", json_is_string(policy) ? policy : dtype);
}

int keras_refuse_unknown(json_t *config, const char *owner, const char *const *known)
{
    const char *key;
    json_t *value;
    if (check_dtype(config, owner) < 0)
        return -1;
    json_object_foreach(config, key, value) {
        if (is_listed(known, key) || is_listed(cosmetic, key) || is_default(key, value))
            continue;
        char shown[64];
        snprintf(shown, sizeof shown, "%.60s", key);
        return refuse(owner, shown, value);
    }
    return 0;
}
