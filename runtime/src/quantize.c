/* Make a quantised copy of a model; tell how its layers are kept. */
#include "nn/quantize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "model.h"
#include "nb/host.h"
#include "quant/quant.h"
#include "run.h"

#define DEFAULT_IMAGES 1000
#define CHUNK_VALUES   ((int64_t)1 << 20) /* floats of a chunk of calibration */

static const char quantize[] = "model_quantize";

const char *nn_model_precision(const model_t *model)
{
    return model && model->quant ? nn__quant_type_name(model->quant->type) : "fp32";
}

/* ---- calibration ---- */

typedef struct span {
    float least, most; /* zero lies between */
} span;

static void widen(span *s, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        s->least = values[i] < s->least ? values[i] : s->least;
        s->most = values[i] > s->most ? values[i] : s->most;
    }
}

/* Bytes that reach from the least to the most, with zero exactly on one of them. */
static quant_range range_of(span s)
{
    float width = s.most - s.least, scale = width / 255;
    if (!(scale >= 0x1p-100f)) /* all zero */
        return (quant_range){1, 0};
    long zero = lrintf(-s.least / scale);
    return (quant_range){scale, (int32_t)(zero < 0 ? 0 : zero > 255 ? 255 : zero)};
}

/* The outputs of the first OPS operations over the first ROWS rows of x. */
static nn_status measure(const model_t *model, tensor_t x, int64_t rows, int ops, span *out)
{
    const nn_op *last = &model->ops[ops - 1];
    nn_net part = model->net;
    part.op_count = ops;
    part.out_c = last->out_h * last->out_w * last->out_c;
    part.loss = NN_MEAN_SQUARED_ERROR;
    int64_t chunk = CHUNK_VALUES / part.out_c;
    chunk = chunk < 1 ? 1 : chunk > rows ? rows : chunk;
    char why[256];
    const nn_engine *engine = nn__engine_choose(&part, NULL, why, sizeof why);
    void *self = engine->create(&part, nn__default_threads());
    float *values = malloc((size_t)chunk * (size_t)part.out_c * sizeof *values);
    nn_status status = NN_OK;
    if (!self || !values)
        status = nn__fail(NN_MEMORY_ERROR, "%s: no memory for calibration", quantize);
    if (status == NN_OK)
        engine->enter(self);
    for (int64_t done = 0; done < rows && status == NN_OK; done += chunk) {
        int64_t count = rows - done < chunk ? rows - done : chunk;
        nn_batch batch = {.x = nn_slice(x, done, done + count), .count = (int)count};
        engine->forward(self, model->params, &batch, values, NULL, NULL);
        widen(out, values, (size_t)count * (size_t)part.out_c);
        if (nb_interrupted())
            status = nn__fail(NN_INTERRUPTED, "%s: stopped while calibrating", quantize);
    }
    if (self) {
        engine->leave(self);
        engine->destroy(self);
    }
    free(values);
    return status;
}

/* Stored bytes are taken as they are where their zero is a byte; else by the values found. */
static quant_range input_range(tensor_t x, int64_t rows)
{
    float zero = -x.offset / x.scale;
    if (x.dtype == NN_UINT8 && x.scale > 0 && zero >= 0 && zero <= 255 &&
        fabsf(zero - rintf(zero)) < 1e-3f)
        return (quant_range){x.scale, (int32_t)lrintf(zero)};
    span found = {0, 0};
    size_t count = nn_tensor_size(x) / (size_t)x.shape[0] * (size_t)rows;
    for (size_t i = 0; i < count; i++) {
        float value = nn_tensor_at(x, i);
        widen(&found, &value, 1);
    }
    return range_of(found);
}

static nn_status calibrate(model_t *copy, tensor_t x, int64_t rows)
{
    quant_net *quant = copy->quant;
    if (quant->type == QUANT_BF16)
        return NN_OK;
    quant->layers[0].in = input_range(x, rows);
    for (int i = 0; i < quant->layer_count; i++) {
        quant_layer *layer = &quant->layers[i];
        span found = {0, 0};
        if (!layer->measured)
            continue;
        nn_status status = measure(copy, x, rows, layer->op_end, &found);
        if (status != NN_OK)
            return status;
        if (!isfinite(found.most) || !isfinite(found.least))
            return nn__fail(NN_VALUE_ERROR,
                            "%s: layer \"%s\" gives values that are no finite numbers for the "
                            "calibration images",
                            quantize, quant->net->ops[layer->op].name);
        layer->out = range_of(found);
    }
    return NN_OK;
}

/* ---- the copy ---- */

static nn_status name_copy(const model_t *model, quant_type type, const char *wish, model_t *copy)
{
    if (wish && (!*wish || strlen(wish) >= NN_NAME_SIZE || strchr(wish, '/')))
        return nn__fail(NN_VALUE_ERROR,
                        "%s: name \"%.80s\" is not possible; 1 to %d bytes without '/' expected",
                        quantize, wish, NN_NAME_SIZE - 1);
    if (wish)
        snprintf(copy->name, sizeof copy->name, "%s", wish);
    else
        snprintf(copy->name, sizeof copy->name, "%.58s_%s", model->name, nn__quant_type_name(type));
    return NN_OK;
}

static model_t *copy_of(const model_t *model)
{
    layer_t **layers = calloc((size_t)model->layer_count, sizeof *layers);
    int made = 0;
    for (; layers && made < model->layer_count; made++) {
        layer_t description = *model->layers[made];
        description.model = NULL;
        if (!(layers[made] = nn__layer_new(&description)))
            break;
    }
    model_t *copy = NULL;
    if (layers && made == model->layer_count)
        copy = nn_sequential(model->name, (size_t)made, layers);
    free(layers);
    if (!copy)
        return nn__fail_null(NN_MEMORY_ERROR, "%s: no memory for a copy of the model", quantize);
    memcpy(copy->params, model->params, model->net.param_count * sizeof(float));
    copy->net.loss = model->net.loss;
    copy->compiled = model->compiled;
    copy->optimizer = model->optimizer;
    copy->accuracy = model->accuracy;
    return copy;
}

/* Marks the layers that are wished in float32. */
static nn_status read_wishes(const model_t *model, const char *const fp32[8],
                             unsigned char *in_float)
{
    for (int i = 0; i < 8 && fp32[i]; i++) {
        const layer_t *layer = nn_model_layer_named(model, fp32[i]);
        if (!layer || !nn_layer_param_count(layer)) {
            char text[1024] = "";
            for (int k = 0; k < model->layer_count; k++)
                if (nn_layer_param_count(model->layers[k])) {
                    size_t used = strlen(text);
                    snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                             model->layers[k]->name);
                }
            return nn__fail(NN_VALUE_ERROR,
                            "%s: fp32 names \"%.80s\"; a layer with weights expected: %s", quantize,
                            fp32[i], text);
        }
        in_float[layer->index - 1] = QUANT_WISHED;
    }
    return NN_OK;
}

static nn_status check(const model_t *model, tensor_t x, quantize_opts *opts, quant_type *type)
{
    if (!model)
        return nn__fail(NN_VALUE_ERROR, "%s: the model is NULL", quantize);
    if (model->quant)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: model \"%s\" is quantised already (%s); give the model that it was "
                        "made of",
                        quantize, model->name, nn_model_precision(model));
    if (opts->precision && strcmp(opts->precision, "bf16") == 0)
        *type = QUANT_BF16;
    else if (opts->precision && strcmp(opts->precision, "int8") != 0)
        return nn__fail(NN_VALUE_ERROR, "%s: precision \"%.40s\" is unknown; valid are int8, bf16",
                        quantize, opts->precision);
    if (*type == QUANT_INT8 && nn__check_x(model, quantize, "x", x))
        return NN_VALUE_ERROR;
    if (*type == QUANT_INT8 && (opts->images < 0 || opts->images > x.shape[0]))
        return nn__fail(NN_VALUE_ERROR, "%s: images is %d, 1 to the %lld rows of x expected",
                        quantize, opts->images, (long long)x.shape[0]);
    if (!opts->images)
        opts->images = x.shape[0] < DEFAULT_IMAGES ? (int)x.shape[0] : DEFAULT_IMAGES;
    for (int i = 0; i < model->net.op_count; i++) {
        const nn_op *op = &model->ops[i];
        for (size_t k = 0; k < op->weight_count + op->bias_count; k++) {
            size_t at = k < op->weight_count ? op->weight + k : op->bias + k - op->weight_count;
            if (!isfinite(model->params[at]))
                return nn__fail(NN_VALUE_ERROR,
                                "%s: layer \"%s\" has weights that are no finite numbers; train "
                                "the model with a smaller learning rate",
                                quantize, op->name);
        }
    }
    return NN_OK;
}

/* Plans, converts and calibrates; layers whose sums would be too large become float32 and all is
   planned again. */
static nn_status make(model_t *copy, tensor_t x, quantize_opts opts, quant_type type,
                      unsigned char *in_float)
{
    for (;;) {
        char why[256] = "";
        int at = 0;
        nn__quant_free(copy->quant);
        copy->quant = nn__quant_plan(&copy->net, copy->params, type, in_float, why, sizeof why);
        if (!copy->quant)
            return *why
                       ? nn__fail(NN_VALUE_ERROR, "%s: model \"%s\": %s", quantize, copy->name, why)
                       : nn__fail(NN_MEMORY_ERROR, "%s: no memory", quantize);
        nn__quant_weights(copy->quant, copy->params);
        nn_status status = calibrate(copy, x, opts.images);
        if (status != NN_OK)
            return status;
        if (nn__quant_finish(copy->quant, &at))
            return NN_OK;
        in_float[copy->quant->layers[at].op] = QUANT_TOO_LARGE;
    }
}

model_t *nn_model_quantize(model_t *model, tensor_t x, quantize_opts opts)
{
    quant_type type = QUANT_INT8;
    if (check(model, x, &opts, &type))
        return NULL;
    unsigned char *in_float = calloc((size_t)model->net.op_count, 1);
    if (!in_float)
        return nn__fail_null(NN_MEMORY_ERROR, "%s: no memory", quantize);
    model_t *copy = NULL;
    nn_status status = read_wishes(model, opts.fp32, in_float);
    if (status == NN_OK && !(copy = copy_of(model)))
        status = NN_MEMORY_ERROR;
    if (status == NN_OK)
        status = make(copy, x, opts, type, in_float);
    if (status == NN_OK)
        status = name_copy(model, type, opts.name, copy);
    free(in_float);
    if (status == NN_OK)
        return copy;
    nn_model_free(copy);
    return NULL;
}

nn_status nn__refuse_quantised(const model_t *model, const char *function, const char *what)
{
    if (!model || !model->quant)
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR,
                    "%s: model \"%s\" is quantised (%s) and %s; take the model that it was made "
                    "of, and model_quantize() it again",
                    function, model->name, nn_model_precision(model), what);
}

/* ---- how layers are kept, for summary and plan ---- */

static int has_weights(const nn_op *op)
{
    return op->weight_count > 0;
}

const char *nn__quant_layer_form(const model_t *model, int op)
{
    if (!model->quant || !has_weights(&model->ops[op]))
        return NULL;
    return model->quant->in_float[op] ? "fp32" : nn__quant_type_name(model->quant->type);
}

int64_t nn__quant_bytes(const model_t *model)
{
    int64_t bytes = 0;
    for (int i = 0; i < model->net.op_count; i++) {
        const nn_op *op = &model->ops[i];
        int64_t weights = (int64_t)op->weight_count, biases = (int64_t)op->bias_count;
        if (!model->quant || model->quant->in_float[i])
            bytes += 4 * (weights + biases);
        else if (model->quant->type == QUANT_BF16)
            bytes += 2 * weights + 4 * biases;
        else if (weights)
            bytes += weights + 4 * biases + 4 * op->out_c; /* and the scales */
    }
    return bytes;
}

void nn__quant_plan_row(const model_t *model, int op, const char *name, char *engine,
                        size_t engine_size, char *why, size_t why_size)
{
    const quant_net *quant = model->quant;
    if (quant->in_float[op]) {
        snprintf(why, why_size, "float32: %s", quant->why[op]);
        return; /* the engine of float32, which the caller has named */
    }
    snprintf(engine, engine_size, "%s", name);
    why[0] = '\0';
    if (model->ops[op].kind == NN_OP_DROPOUT)
        snprintf(why, why_size, "nothing to do: dropout is for training");
    for (int i = 0; i < quant->layer_count; i++) {
        const quant_layer *layer = &quant->layers[i];
        if (model->ops[op].kind == NN_OP_ACTIVATION && layer->op < op && op < layer->op_end)
            snprintf(why, why_size, "computed with layer \"%s\"", model->ops[layer->op].name);
    }
}
