/* Write and read files of quantised models. See quant_file.h. */
#include "../quant_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"
#include "../mnist.h"
#include "quant.h"

#define MAGIC     "xtinycc-quantised 1 "
#define MOST_TEXT ((size_t)1 << 20)
#define MOST_DATA ((size_t)NN_MAX_PARAMS * 4 + ((size_t)1 << 24))

/* Bytes on their way: written to `to`, or only counted; or read, until something does not fit. */
typedef struct bytes {
    unsigned char *to;
    const unsigned char *from;
    size_t at, size; /* size: when reading */
    int broken;
} bytes;

static void move(bytes *b, void *values, size_t count)
{
    if (b->from && (b->broken || count > b->size - b->at))
        b->broken = 1;
    else if (b->from)
        memcpy(values, b->from + b->at, count);
    else if (b->to)
        memcpy(b->to + b->at, values, count);
    if (!b->broken)
        b->at += count;
}

static void move_floats(bytes *b, float *values, size_t count)
{
    move(b, values, count * sizeof *values);
    for (size_t i = 0; b->from && !b->broken && i < count; i++)
        b->broken = !isfinite(values[i]);
}

static void move_range(bytes *b, quant_range *range)
{
    move(b, &range->scale, sizeof range->scale);
    move(b, &range->zero, sizeof range->zero);
    if (b->from &&
        !(range->scale > 0 && isfinite(range->scale) && range->zero >= 0 && range->zero <= 255))
        b->broken = 1;
}

static void move_weights(bytes *b, quant_layer *layer, quant_type type)
{
    size_t outputs = (size_t)layer->out_c;
    if (type == QUANT_INT8) {
        move_floats(b, layer->scale, outputs);
        for (size_t o = 0; b->from && o < outputs; o++)
            b->broken |= !(layer->scale[o] > 0);
        move(b, layer->weights, layer->weight_count);
        for (size_t i = 0; b->from && i < layer->weight_count; i++)
            b->broken |= layer->weights[i] == INT8_MIN; /* bounds of sums count on +-127 */
    } else {
        move(b, layer->weights_bf16, layer->weight_count * sizeof *layer->weights_bf16);
        for (size_t i = 0; b->from && i < layer->weight_count; i++)
            b->broken |= (layer->weights_bf16[i] & 0x7f80) == 0x7f80; /* infinite or none */
    }
    move_floats(b, layer->biases, outputs);
}

/* All numbers, in the file's order; PARAMS for the float32 runs. */
static void move_numbers(bytes *b, quant_net *quant, float *params)
{
    if (quant->type == QUANT_INT8)
        move_range(b, &quant->layers[0].in);
    for (int i = 0; i < quant->layer_count && !b->broken; i++) {
        quant_layer *layer = &quant->layers[i];
        if (layer->measured)
            move_range(b, &layer->out);
        if (layer->kind == QUANT_CONV || layer->kind == QUANT_DENSE)
            move_weights(b, layer, quant->type);
        for (int k = 0; layer->kind == QUANT_FLOAT && k < layer->part.op_count; k++) {
            const nn_op *op = &layer->part.ops[k];
            move_floats(b, params + op->weight, op->weight_count);
            move_floats(b, params + op->bias, op->bias_count);
        }
    }
}

static uint64_t checksum(const unsigned char *data, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ data[i]) * 0x100000001b3u;
    return sum;
}

/* ---- writing ---- */

unsigned char *nn__quant_write(const model_t *model, size_t *size)
{
    quant_net *quant = model->quant;
    nn_text_model description;
    size_t text_size = 0, count = (size_t)model->net.op_count;
    char line[96], *text = NULL;
    if (nn__model_describe(model, 1, &description)) {
        text = nn__text_write(&description, &text_size);
        nn__text_free(&description);
    }
    bytes numbers = {0};
    move_numbers(&numbers, quant, model->params); /* counts */
    int length = snprintf(line, sizeof line, MAGIC "%s %zu %zu\n", nn__quant_type_name(quant->type),
                          text_size, count + numbers.at);
    size_t start = (size_t)length + text_size + count, end = start + numbers.at;
    unsigned char *out = text ? malloc(end + sizeof(uint64_t)) : NULL;
    if (out) {
        memcpy(out, line, (size_t)length);
        memcpy(out + length, text, text_size);
        memcpy(out + (size_t)length + text_size, quant->in_float, count);
        numbers = (bytes){.to = out + start};
        move_numbers(&numbers, quant, model->params);
        uint64_t sum = checksum(out, end);
        memcpy(out + end, &sum, sizeof sum);
        *size = end + sizeof sum;
    }
    free(text);
    return out;
}

static nn_status os_error(const char *path)
{
    int missing = errno == ENOENT || errno == ENOTDIR;
    return nn__fail(missing ? NN_FILE_NOT_FOUND : NN_OS_ERROR,
                    "model_save: %s could not be "
                    "written: %s%s",
                    path, strerror(errno), missing ? "; its folder must exist" : "");
}

static int write_all(int fd, const unsigned char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        data += n;
        size -= (size_t)n;
    }
    return fsync(fd) == 0;
}

/* Writes beside the place and moves there. FD stays open for the sum. */
static nn_status put_file(const char *path, const unsigned char *data, size_t size,
                          int no_overwrite, int *fd)
{
    char beside[4400];
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    int length = snprintf(beside, sizeof beside, "%.*s.%s.XXXXXX", folder, path, path + folder);
    if (length >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return os_error(path);
    }
    *fd = mkostemp(beside, O_CLOEXEC);
    if (*fd < 0)
        return os_error(path);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(*fd, 0666 & ~mask);
    int done = write_all(*fd, data, size) &&
               (no_overwrite ? link(beside, path) : rename(beside, path)) == 0;
    nn_status status = NN_OK;
    if (!done && errno == EEXIST)
        status = nn__fail(NN_OS_ERROR, "model_save: %s exists already.", path);
    else if (!done)
        status = os_error(path);
    if (!done || no_overwrite)
        unlink(beside);
    return status;
}

nn_status nn__quant_save(const model_t *model, const char *path, save_opts opts, saved_t *saved)
{
    size_t size;
    int fd = -1;
    char sum[1][NN_SHA256_TEXT];
    unsigned char *data = nn__quant_write(model, &size);
    if (!data)
        return nn__fail(NN_MEMORY_ERROR, "model_save: no memory");
    nn_status status = put_file(path, data, size, opts.no_overwrite, &fd);
    free(data);
    if (status == NN_OK) {
        nn_idx whole = {.fd = fd, .size = size};
        status = nn__sha256(&whole, 1, sum);
    }
    if (fd >= 0)
        close(fd);
    if (status != NN_OK)
        return status;
    memcpy(saved->sha256, sum[0], sizeof sum[0]);
    saved->bytes = (int64_t)size;
    return NN_OK;
}

/* ---- reading ---- */

static model_t *damaged(const char *path, const char *what)
{
    return nn__fail_null(NN_VALUE_ERROR, "model_load: %s is no quantised model, or damaged: %s",
                         path, what);
}

/* The numbers of the data into the model, which becomes a quantised one. Returns what is wrong, or
   NULL; "" for lack of memory. */
static const char *take_numbers(model_t *model, quant_type type, bytes *b)
{
    char why[256];
    size_t count = (size_t)model->net.op_count;
    const unsigned char *in_float = b->from + b->at;
    int at;
    if (count > b->size - b->at)
        return "cut short";
    b->at += count;
    for (size_t i = 0; i < count; i++)
        if (in_float[i] > QUANT_TOO_LARGE)
            return "a mark of a layer is unknown";
    model->quant = nn__quant_plan(&model->net, model->params, type, in_float, why, sizeof why);
    if (!model->quant)
        return *why ? "it has no quantised layer" : "";
    if (memcmp(model->quant->in_float, in_float, count) != 0)
        return "its marks do not fit its layers";
    move_numbers(b, model->quant, model->params);
    if (b->broken)
        return "cut short, or a number that cannot be";
    if (b->at != b->size)
        return "more data than its layers have";
    return nn__quant_finish(model->quant, &at) ? NULL : "its sums could leave 32 bits";
}

/* What predicting never uses, but what a look at the parameters would show: the weights that the
   quantised ones stand for. */
static void fill_params(model_t *model)
{
    const quant_net *quant = model->quant;
    for (int i = 0; i < quant->layer_count; i++) {
        const quant_layer *l = &quant->layers[i];
        const nn_op *op = &model->ops[l->op];
        if (l->kind != QUANT_CONV && l->kind != QUANT_DENSE)
            continue;
        for (size_t k = 0; k < l->weight_count; k++)
            model->params[op->weight + k] =
                l->weights ? (float)l->weights[k] * l->scale[k % (size_t)l->out_c]
                           : nn__bf16_value(l->weights_bf16[k]);
        if (op->has_bias)
            memcpy(model->params + op->bias, l->biases, op->bias_count * sizeof(float));
    }
}

static model_t *build(const char *path, nn_text_model *text, quant_type type, bytes *b,
                      int compiled)
{
    char why[256];
    if (!nn__text_infer(text, why, sizeof why))
        return damaged(path, why);
    /* A weight takes a byte at least: no description makes more memory than its file is long. */
    if (text->param_count > b->size)
        return damaged(path, "cut short");
    text->slots = 0;
    model_t *model = nn__model_from_text(text, compiled && text->compiled);
    if (!model)
        return NULL;
    const char *wrong = take_numbers(model, type, b);
    if (!wrong) {
        fill_params(model);
        return model;
    }
    nn_model_free(model);
    return *wrong ? damaged(path, wrong) : nn__fail_null(NN_MEMORY_ERROR, "model_load: no memory");
}

model_t *nn__quant_read(const char *path, const unsigned char *data, size_t size, int compiled)
{
    char line[96], type[8];
    size_t text_size = 0, data_size = 0, length = 0;
    uint64_t sum;
    while (length < size && length < sizeof line - 1 && data[length] != '\n')
        length++;
    memcpy(line, data, length);
    line[length++] = '\0';
    int used = 0;
    if (length > size || data[length - 1] != '\n' || strncmp(line, MAGIC, sizeof MAGIC - 1) != 0 ||
        sscanf(line + sizeof MAGIC - 1, "%7s %zu %zu%n", type, &text_size, &data_size, &used) !=
            3 ||
        line[sizeof MAGIC - 1 + (size_t)used] != '\0')
        return damaged(path, "its first line");
    int int8 = strcmp(type, "int8") == 0;
    if (!int8 && strcmp(type, "bf16") != 0)
        return damaged(path, "an unknown precision");
    if (text_size > MOST_TEXT || data_size > MOST_DATA ||
        size != length + text_size + data_size + sizeof sum)
        return damaged(path, "its length is not what it says");
    memcpy(&sum, data + size - sizeof sum, sizeof sum);
    if (sum != checksum(data, size - sizeof sum))
        return damaged(path, "its check sum does not fit");
    nn_text_model text;
    const char *start = (const char *)data + length, *rest;
    if (!nn__text_read(start, text_size, &text, &rest))
        return damaged(path, "its description");
    bytes b = {.from = data + length + text_size, .size = data_size};
    model_t *model = rest == start + text_size
                         ? build(path, &text, int8 ? QUANT_INT8 : QUANT_BF16, &b, compiled)
                         : damaged(path, "its description");
    nn__text_free(&text);
    return model;
}

model_t *nn__quant_load(const char *path, int fd, load_opts opts)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return nn__fail_null(NN_OS_ERROR, "model_load: %s is not a regular file.", path);
    if (info.st_size < 1 || (uint64_t)info.st_size > MOST_TEXT + MOST_DATA)
        return damaged(path, "its length");
    size_t size = (size_t)info.st_size, got = 0;
    unsigned char *data = malloc(size);
    if (!data)
        return nn__fail_null(NN_MEMORY_ERROR, "model_load: no memory for %zu bytes", size);
    ssize_t n;
    while (got < size && ((n = read(fd, data + got, size - got)) > 0 || (n < 0 && errno == EINTR)))
        got += n > 0 ? (size_t)n : 0;
    model_t *model = got == size ? nn__quant_read(path, data, size, !opts.no_compile)
                                 : damaged(path, "cut short");
    free(data);
    return model;
}
