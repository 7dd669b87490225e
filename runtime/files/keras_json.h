/*
 * Read one JSON object of a Keras configuration key by key. What a reader did not take is judged
 * by its value: null and Keras' defaults are ignored, anything else is refused by name.
 */
#ifndef NN_FILES_KERAS_JSON_H
#define NN_FILES_KERAS_JSON_H

#include <jansson.h>
#include <stdint.h>

/* Parse TEXT with bounded depth and number of values; NULL with an error that opens with FILE. */
json_t *keras_json_parse(const char *file, const char *text, size_t size);

/* The frame {"module", "class_name", "config", "registered_name"} of an object. */
typedef struct keras_object {
    const char *class_name;
    json_t *config; /* an object */
} keras_object;

/* Read the frame; the module must be Keras' own. WHAT ("layer 3") is for messages. -1 with an
   error. */
int keras_object_read(json_t *value, const char *what, keras_object *object);

/* An option of a layer: OWNER is the layer's name. Each returns -1 with an error. A missing key
   leaves the result as it was. */
int keras_get_integer(json_t *config, const char *owner, const char *key, int64_t low, int64_t high,
                      int64_t *value);
int keras_get_pair(json_t *config, const char *owner, const char *key, int64_t pair[2]);
int keras_get_flag(json_t *config, const char *owner, const char *key, int *value);
int keras_get_real(json_t *config, const char *owner, const char *key, double *value);

/* A name such as "relu", as a string or as {"class_name": "function", "config": "relu"}; null
   gives "". Returns NULL if it is neither. */
const char *keras_function_name(json_t *value);

/* Refuse KEY unless its value is one of what Keras writes by default (see keras_json.c). */
int keras_refuse_unknown(json_t *config, const char *owner, const char *const *known);

/* VALUE as short text for messages, in Python's spelling: (2, 2), 'abc', True, None. */
const char *keras_value_text(json_t *value, char text[64]);

#endif
