/* Keras' spelling of activations, losses and layer classes. */
#include "model.h"

#include <string.h>

const char nn__activation_names[] = "linear, tanh, relu, sigmoid, softmax";
const char nn__loss_names[] =
    "sparse_categorical_crossentropy, categorical_crossentropy, mean_squared_error";

static const char *const activations[] = {
    [NN_LINEAR] = "linear",
    [NN_TANH] = "tanh",
    [NN_RELU] = "relu",
    [NN_SIGMOID] = "sigmoid",
    [NN_SOFTMAX] = "softmax",
};

static const char *const losses[] = {
    [NN_SPARSE_CATEGORICAL_CROSSENTROPY] = "sparse_categorical_crossentropy",
    [NN_CATEGORICAL_CROSSENTROPY] = "categorical_crossentropy",
    [NN_MEAN_SQUARED_ERROR] = "mean_squared_error",
};

static const char *const classes[] = {
    [NN_LAYER_INPUT] = "InputLayer",
    [NN_LAYER_CONV2D] = "Conv2D",
    [NN_LAYER_AVERAGE_POOLING2D] = "AveragePooling2D",
    [NN_LAYER_MAX_POOLING2D] = "MaxPooling2D",
    [NN_LAYER_FLATTEN] = "Flatten",
    [NN_LAYER_DENSE] = "Dense",
    [NN_LAYER_DROPOUT] = "Dropout",
    [NN_LAYER_ACTIVATION] = "Activation",
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static int find(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *nn__activation_name(nn_activation activation)
{
    return activations[activation];
}

int nn__activation_find(const char *name)
{
    return find(activations, COUNT(activations), name);
}

const char *nn__loss_name(nn_loss loss)
{
    return losses[loss];
}

int nn__loss_find(const char *name)
{
    return find(losses, COUNT(losses), name);
}

const char *nn__layer_class_name(nn_layer_kind kind)
{
    return classes[kind];
}
