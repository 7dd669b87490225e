/* Describe a model: summary and plan, as rows of data for whoever shows them. */
#include "model.h"

#include <stdio.h>
#include "engine/blas_engine.h"
#include "error.h"
#include "quant/quant_kernels.h"
#include "shape.h"

int nn_model_summary_rows(const model_t *model, nn_summary_row *rows, int capacity,
                          nn_summary_totals *totals)
{
    if (!model) {
        nn__fail(NN_VALUE_ERROR, "model_summary: the model is NULL");
        return -1;
    }
    int count = model->layer_count - 1;
    for (int i = 0; rows && i < count && i < capacity; i++) {
        const layer_t *layer = model->layers[i + 1];
        char text[NN_SHAPE_TEXT];
        nn__shape_text(text, layer->out_rank, layer->out_shape, 1);
        rows[i].params = nn_layer_param_count(layer);
        snprintf(rows[i].layer, sizeof rows[i].layer, "%s", layer->name);
        const char *form = nn__quant_layer_form(model, i);
        snprintf(rows[i].type, sizeof rows[i].type, "%s%s%s", nn_layer_class(layer),
                 form ? ", " : "", form ? form : "");
        snprintf(rows[i].output_shape, sizeof rows[i].output_shape, "%.63s", text);
    }
    if (totals) {
        int64_t trainable = nn_model_param_count(model);
        int slots = (model->slots[0] != NULL) + (model->slots[1] != NULL);
        /* Keras counts the step number and the learning rate among the optimizer's state. */
        int64_t optimizer = model->iterations > 0 ? slots * trainable + 2 : 0;
        *totals = (nn_summary_totals){.total = trainable + optimizer,
                                      .trainable = model->quant ? 0 : trainable,
                                      .non_trainable = model->quant ? trainable : 0,
                                      .optimizer = optimizer,
                                      .bytes = nn__quant_bytes(model)};
    }
    return count;
}

static void describe_kernel(char *text, size_t size, const nn_op *op, unsigned manner)
{
    static const char *const pools[] = {[NN_OP_AVERAGE_POOL] = "average pooling",
                                        [NN_OP_MAX_POOL] = "max pooling"};
    switch (op->kind) {
    case NN_OP_CONV2D:
        snprintf(text, size, "convolution %dx%d, stride %dx%d%s%s%s", op->kernel_h,
                 op->kernel_w, op->stride_h, op->stride_w,
                 manner & NN_BY_TILES ? ", matrix tiles" : "",
                 manner & NN_BY_WINOGRAD            ? ", Winograd"
                 : manner & NN_GRADIENT_BY_WINOGRAD ? ", gradient by Winograd"
                                                    : "",
                 manner & NN_SKIPS_ZEROS ? ", gradient skips zeros" : "");
        break;
    case NN_OP_AVERAGE_POOL:
    case NN_OP_MAX_POOL:
        snprintf(text, size, "%s %dx%d, stride %dx%d", pools[op->kind], op->kernel_h, op->kernel_w,
                 op->stride_h, op->stride_w);
        break;
    case NN_OP_FLATTEN:
        snprintf(text, size, "none (order of values only)");
        break;
    case NN_OP_DENSE:
        snprintf(text, size, "matrix %dx%d", op->in_c, op->out_c);
        break;
    case NN_OP_DROPOUT:
        snprintf(text, size, "mask, rate %g", (double)op->rate);
        break;
    case NN_OP_ACTIVATION:
        snprintf(text, size, "%s", nn__activation_name(op->activation));
        break;
    }
}

/* What the fastest engine cannot, or why another one than the lane engine is faster. */
static void describe_choice(nn_plan_row *row, const nn_engine *engine, const nn_op *op,
                            const char *why)
{
    if (engine == &nn__reference_engine)
        snprintf(row->why, sizeof row->why, "%s", why);
    else if (engine == &nn__blas_engine && op->kind == NN_OP_DENSE)
        snprintf(row->why, sizeof row->why,
                 "%s: lanes would read %.1f MB of weights again for every few images",
                 nn__blas_file(), (double)op->weight_count * sizeof(float) / 1e6);
    else
        row->why[0] = '\0';
}

int nn_model_plan_rows(model_t *model, nn_plan_row *rows, int capacity)
{
    if (!model) {
        nn__fail(NN_VALUE_ERROR, "model_plan: the model is NULL");
        return -1;
    }
    char why[192] = "";
    const nn_engine *engine = nn__engine_choose(&model->net, NULL, why, sizeof why);
    for (int i = 0; rows && i < model->net.op_count && i < capacity; i++) {
        const nn_op *op = &model->ops[i];
        snprintf(rows[i].layer, sizeof rows[i].layer, "%s", op->name);
        snprintf(rows[i].engine, sizeof rows[i].engine, "%s", engine->name);
        describe_choice(&rows[i], engine, op, why);
        unsigned manner =
            engine == nn__lane_engine(0) && !model->quant ? nn__lane_manner(&model->net, i) : 0;
        describe_kernel(rows[i].kernel, sizeof rows[i].kernel, op, manner);
        if (model->quant)
            nn__quant_plan_row(model, i, nn__quant_kernels(model->quant->type)->label,
                               rows[i].engine, sizeof rows[i].engine, rows[i].why,
                               sizeof rows[i].why);
    }
    return model->net.op_count;
}
