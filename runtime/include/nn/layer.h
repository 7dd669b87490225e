/**
 * @file layer.h
 * Make the layers of a Sequential model.
 *
 * Every constructor checks its arguments and returns NULL on ValueError or MemoryError; shapes are
 * checked when nn_sequential() puts the layers together. A layer belongs to one model. Layers are
 * objects of the session: there is nothing to free.
 *
 * Options are structs whose zero means default, as Keras' defaults are; cells fill them with
 * designated initialisers: `Conv2D(6, 5, .activation = "tanh", .padding = "same")`.
 *
 * Activations: "linear" (or NULL), "tanh", "relu", "sigmoid", "softmax" (over the last axis).
 * Paddings: "valid" (or NULL), "same" (the output has ceil(input / stride) rows and columns; the
 * smaller half of the zeros stands above and to the left).
 */
#ifndef NN_LAYER_H
#define NN_LAYER_H

#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct layer_t layer_t;

/** Options of nn_conv2d(). */
typedef struct conv2d_opts {
    const char *activation; /**< applied to the result; NULL: "linear" */
    const char *padding;    /**< "valid" or "same"; NULL: "valid" */
    int strides;            /**< steps in both directions; 0: 1 */
    int strides_hw[2];      /**< steps down and across where they differ; {0, 0}: `strides` */
    int kernel_hw[2];       /**< window height and width where they differ; {0, 0}: square */
    int no_bias;            /**< nonzero: no bias (Keras' use_bias=False) */
    const char *name;       /**< NULL: "conv2d", "conv2d_1", ... */
} conv2d_opts;

/** Options of nn_average_pooling2d() and nn_max_pooling2d(). */
typedef struct pooling2d_opts {
    const char *padding; /**< "valid" or "same"; NULL: "valid" */
    int strides;         /**< steps in both directions; 0: the window's size */
    int strides_hw[2];   /**< steps down and across where they differ; {0, 0}: `strides` */
    int pool_hw[2];      /**< window height and width where they differ; {0, 0}: square */
    const char *name;    /**< NULL: "average_pooling2d" or "max_pooling2d", with _1, ... */
} pooling2d_opts;

/** Options of nn_dense(). */
typedef struct dense_opts {
    const char *activation; /**< applied to the result; NULL: "linear" */
    int no_bias;            /**< nonzero: no bias (Keras' use_bias=False) */
    const char *name;       /**< NULL: "dense", "dense_1", ... */
} dense_opts;

/** Options of the layers that have no other. */
typedef struct layer_opts {
    const char *name; /**< NULL: named after the class, as Keras does */
} layer_opts;

/**
 * State the shape of one sample: the first layer of every model.
 *
 * @param rank   1 (a vector), 2 (height, width) or 3 (height, width, channels)
 * @param shape  @p rank lengths, each 1 to 2^20
 * @return       the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_input(int rank, const int64_t *shape);

/**
 * Convolve a (height, width, channels) input with learnt windows.
 *
 * The kernel has shape (window height, window width, channels in, filters), as in Keras; Glorot
 * uniform weights, zero biases.
 *
 * @param filters  channels of the result, 1 to 2^20
 * @param kernel   height and width of the window, 1 to 2^20
 * @return         the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_conv2d(int filters, int kernel, conv2d_opts opts);

/**
 * Take the mean of each window, channel by channel. With "same" padding only the cells inside the
 * picture count, as in Keras.
 *
 * @param pool  height and width of the window, 1 to 2^20
 * @return      the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_average_pooling2d(int pool, pooling2d_opts opts);

/** Take the largest value of each window, channel by channel; see nn_average_pooling2d(). */
NN_API layer_t *nn_max_pooling2d(int pool, pooling2d_opts opts);

/** Turn (height, width, channels) into a vector, channels fastest. */
NN_API layer_t *nn_flatten(layer_opts opts);

/**
 * Multiply a vector with learnt weights of shape (inputs, units) and add a bias.
 *
 * @param units  length of the result, 1 to 2^20
 * @return       the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_dense(int units, dense_opts opts);

/**
 * In training, set a random part of the values to zero and scale the others by 1 / (1 - rate); at
 * inference, do nothing. The mask is a function of seed, epoch, sample and position.
 *
 * @param rate  fraction set to zero, 0 <= rate < 1
 * @return      the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_dropout(double rate, layer_opts opts);

/**
 * Apply an activation function to every value ("softmax": along the last axis).
 *
 * @param function  "linear", "tanh", "relu", "sigmoid" or "softmax"
 * @return          the layer; NULL on ValueError or MemoryError
 */
NN_API layer_t *nn_activation_layer(const char *function, layer_opts opts);

/** Return the layer's name, such as "conv2d_1" ("" while it has none); NULL gives "". */
NN_API const char *nn_layer_name(const layer_t *layer);

/** Return the layer's class in Keras' spelling, such as "Conv2D"; NULL gives "". */
NN_API const char *nn_layer_class(const layer_t *layer);

/** Return the number of parameters (0 before the layer is part of a model). */
NN_API int64_t nn_layer_param_count(const layer_t *layer);

/**
 * Return the shape of the layer's result for one sample, without the batch axis.
 *
 * @param shape  receives up to 3 lengths
 * @return       their number; 0 before the layer is part of a model
 */
NN_API int nn_layer_output_shape(const layer_t *layer, int64_t shape[3]);

/** Return the shape of the layer's input for one sample; as nn_layer_output_shape(). */
NN_API int nn_layer_input_shape(const layer_t *layer, int64_t shape[3]);

/**
 * Return the layer's weights in Keras' layout: (height, width, in, out) for a convolution,
 * (in, out) for a dense layer.
 *
 * They are the model's own: writing into them changes the model.
 *
 * @return the first weight; NULL on ValueError (the layer has none, or is not part of a model)
 */
NN_API float *nn_layer_weights(layer_t *layer);

/** Return the layer's biases, one per filter or unit; NULL on ValueError as above. */
NN_API float *nn_layer_bias(layer_t *layer);

/** Return the weights as a tensor with their shape; invalid on ValueError as above. */
NN_API tensor_t nn_layer_weights_tensor(layer_t *layer);

/** Return the biases as a tensor of shape (filters or units); invalid on ValueError as above. */
NN_API tensor_t nn_layer_bias_tensor(layer_t *layer);

#ifdef __cplusplus
}
#endif
#endif
