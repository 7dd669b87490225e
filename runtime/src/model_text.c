#include "model_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/error.h" /* NN_PRINTF */

#define MAX_FIELDS 20

int nn__text_alloc(nn_text_model *model, int count)
{
    model->layers = calloc((size_t)count + 1, sizeof *model->layers);
    model->layer_count = model->layers ? count : 0;
    return model->layers != NULL;
}

void nn__text_free(nn_text_model *model)
{
    free(model->layers);
    *model = (nn_text_model){0};
}

int nn__text_slots(const nn_text_model *model)
{
    if (strcmp(model->optimizer, "adam") == 0)
        return 2;
    return strcmp(model->optimizer, "sgd") == 0 && model->momentum != 0;
}

/* ---- writing ---- */

static void put_name(FILE *out, const char *name)
{
    fputs(" =", out);
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c > 0x20 && *c < 0x7f && *c != '%')
            fputc(*c, out);
        else
            fprintf(out, "%%%02X", *c);
}

static void put_real(FILE *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    fprintf(out, " %016llx", (unsigned long long)bits);
}

static void put_integer(FILE *out, int64_t value)
{
    fprintf(out, " %lld", (long long)value);
}

static void put_layer(FILE *out, const nn_text_layer *layer)
{
    fprintf(out, "layer %s", layer->class_name);
    put_name(out, layer->name);
    fprintf(out, " %s", layer->activation[0] ? layer->activation : "linear");
    const int64_t numbers[] = {layer->same,      layer->units,     layer->window[0],
                               layer->window[1], layer->stride[0], layer->stride[1],
                               layer->use_bias};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_integer(out, numbers[i]);
    put_real(out, layer->rate);
    put_integer(out, layer->rank);
    for (int i = 0; i < 3; i++)
        put_integer(out, layer->shape[i]);
    fputc('\n', out);
}

char *nn__text_write(const nn_text_model *model, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    fputs("xtinycc-model 1", out);
    put_name(out, model->name);
    put_integer(out, model->layer_count);
    fputc('\n', out);
    for (int i = 0; i < model->layer_count; i++)
        put_layer(out, &model->layers[i]);
    if (model->compiled) {
        fprintf(out, "compile %s %s %d", model->optimizer, model->loss, model->accuracy);
        put_real(out, model->learning_rate);
        put_real(out, model->beta_1);
        put_real(out, model->beta_2);
        put_real(out, model->epsilon);
        put_real(out, model->momentum);
        put_integer(out, model->nesterov);
        fputs("\nstate", out);
        put_integer(out, model->iterations);
        put_integer(out, model->slots);
        fputc('\n', out);
    }
    fputs("end\n", out);
    int bad = ferror(out);
    if (fclose(out) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- reading ---- */

/* A line cut into fields; FAILED stays set once a field was not what was asked for. */
typedef struct record {
    char line[512];
    char *fields[MAX_FIELDS];
    int count, next;
    int failed;
} record;

static int next_record(const char **at, const char *end, record *r)
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    *r = (record){0};
    if (!stop || (size_t)(stop - *at) >= sizeof r->line || memchr(*at, 0, (size_t)(stop - *at)))
        return 0;
    memcpy(r->line, *at, (size_t)(stop - *at));
    *at = stop + 1;
    char *save;
    for (char *field = strtok_r(r->line, " ", &save); field; field = strtok_r(NULL, " ", &save)) {
        if (r->count == MAX_FIELDS)
            return 0;
        r->fields[r->count++] = field;
    }
    return r->count > 0;
}

static const char *take(record *r)
{
    if (r->next >= r->count) {
        r->failed = 1;
        return "";
    }
    return r->fields[r->next++];
}

static void take_word(record *r, char *word, size_t size)
{
    const char *field = take(r);
    if (strlen(field) >= size)
        r->failed = 1;
    else
        strcpy(word, field);
}

static int64_t take_integer(record *r, int64_t low, int64_t high)
{
    char *end;
    const char *field = take(r);
    long long value = strtoll(field, &end, 10);
    if (*end || end == field || value < low || value > high) {
        r->failed = 1;
        return low;
    }
    return value;
}

static double take_real(record *r)
{
    const char *field = take(r);
    if (strlen(field) != 16 || strspn(field, "0123456789abcdef") != 16) {
        r->failed = 1;
        return 0;
    }
    uint64_t bits = strtoull(field, NULL, 16);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void take_name(record *r, char name[NN_TEXT_NAME])
{
    const char *field = take(r);
    size_t used = 0;
    r->failed |= *field != '=';
    for (const char *c = field + (*field == '='); *c && !r->failed; c++) {
        int value = (unsigned char)*c;
        if (*c == '%') {
            int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
            value = low < 0 ? 0 : high * 16 + low;
            c += low < 0 ? 0 : 2;
        }
        if (value == 0 || used + 1 >= NN_TEXT_NAME)
            r->failed = 1;
        else
            name[used++] = (char)value;
    }
    name[used] = '\0';
}

static int finish(const record *r)
{
    return !r->failed && r->next == r->count;
}

static int read_layer(record *r, nn_text_layer *layer)
{
    const int64_t most = NN_TEXT_MAX_LENGTH;
    take_word(r, layer->class_name, sizeof layer->class_name);
    take_name(r, layer->name);
    take_word(r, layer->activation, sizeof layer->activation);
    layer->same = (int)take_integer(r, 0, 1);
    layer->units = take_integer(r, 0, most);
    for (int i = 0; i < 2; i++)
        layer->window[i] = take_integer(r, 0, most);
    for (int i = 0; i < 2; i++)
        layer->stride[i] = take_integer(r, 0, most);
    layer->use_bias = (int)take_integer(r, 0, 1);
    layer->rate = take_real(r);
    layer->rank = (int)take_integer(r, 0, 3);
    for (int i = 0; i < 3; i++)
        layer->shape[i] = take_integer(r, 0, most);
    return finish(r);
}

static int read_compile(record *r, nn_text_model *model)
{
    model->compiled = 1;
    take_word(r, model->optimizer, sizeof model->optimizer);
    take_word(r, model->loss, sizeof model->loss);
    model->accuracy = (int)take_integer(r, 0, 1);
    model->learning_rate = take_real(r);
    model->beta_1 = take_real(r);
    model->beta_2 = take_real(r);
    model->epsilon = take_real(r);
    model->momentum = take_real(r);
    model->nesterov = (int)take_integer(r, 0, 1);
    return finish(r);
}

static int is(record *r, const char *word)
{
    return strcmp(take(r), word) == 0;
}

static int read_all(const char **at, const char *end, nn_text_model *model)
{
    record r;
    if (!next_record(at, end, &r) || !is(&r, "xtinycc-model") || !is(&r, "1"))
        return 0;
    take_name(&r, model->name);
    int count = (int)take_integer(&r, 1, NN_TEXT_MAX_LAYERS);
    if (!finish(&r) || !nn__text_alloc(model, count))
        return 0;
    for (int i = 0; i < count; i++)
        if (!next_record(at, end, &r) || !is(&r, "layer") || !read_layer(&r, &model->layers[i]))
            return 0;
    if (!next_record(at, end, &r))
        return 0;
    if (strcmp(r.fields[0], "compile") == 0) {
        take(&r);
        if (!read_compile(&r, model) || !next_record(at, end, &r) || !is(&r, "state"))
            return 0;
        model->iterations = take_integer(&r, 0, INT64_MAX);
        model->slots = (int)take_integer(&r, 0, 2);
        if (!finish(&r) || !next_record(at, end, &r))
            return 0;
    }
    return is(&r, "end") && finish(&r);
}

int nn__text_read(const char *text, size_t size, nn_text_model *model, const char **rest)
{
    *model = (nn_text_model){0};
    *rest = text;
    if (read_all(rest, text + size, model))
        return 1;
    nn__text_free(model);
    return 0;
}
