/* Settings of a model: loss, optimizer, metrics; and the engine instance that computes it. */
#include "model.h"

#include <string.h>
#include "error.h"
#include "memory.h"
#include "quant/quant_kernels.h"

void nn__model_drop_engine(model_t *model)
{
    if (model->engine_self)
        model->engine->destroy(model->engine_self);
    model->engine_self = NULL;
    model->engine = NULL;
}

/* The engine of a quantised model. */
static nn_status quantised_engine(model_t *model, const char *function, const char *name,
                                  int threads)
{
    const quant_net *quant = model->quant;
    const char *own = nn__quant_type_name(quant->type);
    int reference = name && strcmp(name, "reference") == 0;
    if (name && !reference && strcmp(name, own) != 0)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: engine \"%.40s\" cannot compute a quantised model; valid are %s, "
                        "reference",
                        function, name, own);
    const quant_kernels *kernels = reference ? NULL : nn__quant_kernels(quant->type);
    const nn_engine *chosen = nn__quant_engine(quant->type, kernels);
    if (model->engine_self && model->engine == chosen && model->engine_threads == threads)
        return NN_OK;
    nn__model_drop_engine(model);
    model->engine_self = nn__quant_create(quant, kernels, threads);
    if (!model->engine_self)
        return nn__fail(NN_MEMORY_ERROR, "%s: no memory for computing model \"%s\"", function,
                        model->name);
    model->engine = chosen;
    model->engine_threads = threads;
    return NN_OK;
}

nn_status nn__model_engine(model_t *model, const char *function, const char *engine, int threads)
{
    if (threads < 0)
        return nn__fail(NN_VALUE_ERROR, "%s: threads is %d, 0 (all allowed cores) or more expected",
                        function, threads);
    if (!nn_device_in_use())
        return nn_error_status();
    if (threads == 0)
        threads = nn__default_threads();
    if (model->quant)
        return quantised_engine(model, function, engine, threads);
    char why[256] = "";
    const nn_engine *chosen = nn__engine_choose(&model->net, engine, why, sizeof why);
    if (!chosen)
        return nn__fail(NN_VALUE_ERROR, "%s: %s", function, why);
    if (model->engine_self && model->engine == chosen && model->engine_threads == threads)
        return NN_OK;
    nn__model_drop_engine(model);
    void *self = chosen->create(&model->net, threads);
    if (!self)
        return nn__fail(NN_MEMORY_ERROR, "%s: no memory for computing model \"%s\"", function,
                        model->name);
    model->engine = chosen;
    model->engine_self = self;
    model->engine_threads = threads;
    return NN_OK;
}

static nn_status check_loss(const model_t *model, const char *name, nn_loss *loss)
{
    if (!name)
        return nn__fail(NN_VALUE_ERROR, "model_compile: no loss given; valid are %s",
                        nn__loss_names);
    int found = nn__loss_find(name);
    if (found < 0)
        return nn__fail(NN_VALUE_ERROR, "model_compile: loss \"%.80s\" is unknown; valid are %s",
                        name, nn__loss_names);
    const layer_t *last = model->layers[model->layer_count - 1];
    if (found != NN_MEAN_SQUARED_ERROR && last->out_rank != 1)
        return nn__fail(NN_VALUE_ERROR,
                        "model_compile: %s needs a vector of outputs, layer \"%s\" (%s) gives %d "
                        "axes; end with Flatten() and Dense(classes, .activation = \"softmax\")",
                        name, last->name, nn_layer_class(last), last->out_rank);
    *loss = (nn_loss)found;
    return NN_OK;
}

static nn_status check_metrics(const char *const metrics[4], int *accuracy)
{
    *accuracy = 0;
    for (int i = 0; i < 4 && metrics[i]; i++) {
        if (strcmp(metrics[i], "accuracy") != 0)
            return nn__fail(NN_VALUE_ERROR,
                            "model_compile: metric \"%.80s\" is unknown; valid is accuracy",
                            metrics[i]);
        *accuracy = 1;
    }
    return NN_OK;
}

nn_status nn_model_compile(model_t *model, compile_opts opts)
{
    nn_loss loss = NN_SPARSE_CATEGORICAL_CROSSENTROPY;
    int accuracy;
    if (!model)
        return nn__fail(NN_VALUE_ERROR, "model_compile: the model is NULL");
    if (opts.optimizer.invalid)
        return nn_error_status();
    if (check_loss(model, opts.loss, &loss) || check_metrics(opts.metrics, &accuracy))
        return NN_VALUE_ERROR;
    if (opts.optimizer.kind == NN_NO_OPTIMIZER)
        opts.optimizer = nn_adam((adam_opts){0});
    nn__model_drop_engine(model); /* the loss is part of the net that engines rely on */
    for (int i = 0; i < 2; i++) {
        nn__session_free(model->slots[i]);
        model->slots[i] = NULL;
    }
    model->net.loss = loss;
    model->optimizer = opts.optimizer;
    model->accuracy = accuracy;
    model->iterations = 0;
    model->compiled = 1;
    return NN_OK;
}
