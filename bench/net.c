#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 64, WORD = 64 };

/* A number after PREFIX at *TEXT; moves on behind it. Returns 0 if it does not stand there. */
static int take_number(const char **text, const char *prefix, int *number)
{
    size_t length = strlen(prefix);
    char *end;
    if (strncmp(*text, prefix, length) != 0)
        return 0;
    *number = (int)strtol(*text + length, &end, 10);
    if (end == *text + length)
        return 0;
    *text = end;
    return 1;
}

static int take_word(const char **text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return 0;
    *text += length;
    return 1;
}

/* "-tanh" or nothing; what stands there must be the end of the word. */
static int take_activation(const char **text, const char **activation)
{
    *activation = NULL;
    if (**text == '-') {
        *activation = *text + 1;
        *text += strlen(*text);
    }
    return **text == 0;
}

static layer_t *convolution(const char *text)
{
    int filters, kernel;
    conv2d_opts opts = {0};
    if (!take_number(&text, "conv", &filters) || !take_number(&text, "k", &kernel))
        return NULL;
    take_number(&text, "s", &opts.strides);
    opts.padding = take_word(&text, "same") ? "same" : "valid";
    return take_activation(&text, &opts.activation) ? nn_conv2d(filters, kernel, opts) : NULL;
}

static layer_t *pooling(const char *text, const char *prefix,
                        layer_t *(*make)(int, pooling2d_opts))
{
    int window;
    return take_number(&text, prefix, &window) && !*text ? make(window, (pooling2d_opts){0}) : NULL;
}

static layer_t *dense(const char *text)
{
    int units;
    dense_opts opts = {0};
    if (!take_number(&text, "dense", &units) || !take_activation(&text, &opts.activation))
        return NULL;
    return nn_dense(units, opts);
}

static layer_t *layer_of(const char *word)
{
    layer_t *layer = convolution(word);
    if (!layer)
        layer = pooling(word, "avg", nn_average_pooling2d);
    if (!layer)
        layer = pooling(word, "max", nn_max_pooling2d);
    if (!layer)
        layer = dense(word);
    if (!layer && strcmp(word, "flatten") == 0)
        layer = nn_flatten((layer_opts){0});
    if (!layer && strncmp(word, "drop", 4) == 0)
        layer = nn_dropout(atof(word + 4), (layer_opts){0});
    return layer;
}

model_t *bench_net(const char *text, int64_t shape[3], char *wrong, size_t size)
{
    layer_t *layers[MOST_LAYERS];
    size_t count = 0;
    char word[WORD];
    int used;
    while (sscanf(text, "%63[^,]%n", word, &used) == 1) {
        long h, w, c;
        if (count == 0) {
            if (sscanf(word, "%ldx%ldx%ld", &h, &w, &c) != 3) {
                snprintf(wrong, size, "a shape such as 28x28x1 expected, not %s", word);
                return NULL;
            }
            memcpy(shape, (int64_t[]){h, w, c}, 3 * sizeof *shape);
            layers[count++] = nn_input(3, shape);
        } else {
            layers[count] = count < MOST_LAYERS - 1 ? layer_of(word) : NULL;
            if (!layers[count++]) {
                snprintf(wrong, size, "layer %s is not understood", word);
                return NULL;
            }
        }
        text += used;
        text += *text == ',';
    }
    model_t *model = nn_sequential("bench", count, layers);
    if (!model)
        snprintf(wrong, size, "%s", nn_error_message());
    return model;
}

/* Calls each(floats, count, file) for the weights and the biases of every layer. */
static int all_weights(model_t *model, FILE *file, size_t (*each)(float *, size_t, FILE *))
{
    int all = 1;
    for (int i = 1; i < nn_model_layer_count(model); i++) {
        layer_t *layer = nn_model_layer(model, i);
        if (nn_layer_param_count(layer) == 0)
            continue;
        tensor_t parts[] = {nn_layer_weights_tensor(layer), nn_layer_bias_tensor(layer)};
        for (int k = 0; k < 2; k++) {
            size_t count = nn_tensor_size(parts[k]);
            all &= each(parts[k].data, count, file) == count;
        }
    }
    return all;
}

static size_t get(float *floats, size_t count, FILE *file)
{
    return fread(floats, sizeof *floats, count, file);
}

static size_t put(float *floats, size_t count, FILE *file)
{
    return fwrite(floats, sizeof *floats, count, file);
}

int bench_read_weights(model_t *model, const char *path, char *wrong, size_t size)
{
    FILE *file = fopen(path, "rb");
    int fits = file && all_weights(model, file, get) && fgetc(file) == EOF;
    if (!fits)
        snprintf(wrong, size, "%s does not hold the weights of this network", path);
    if (file)
        fclose(file);
    return fits;
}

int bench_write_weights(model_t *model, const char *path, char *wrong, size_t size)
{
    FILE *file = fopen(path, "wb");
    int written = file && all_weights(model, file, put);
    if (file && fclose(file))
        written = 0;
    if (!written)
        snprintf(wrong, size, "%s cannot be written", path);
    return written;
}
