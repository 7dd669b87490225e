/**
 * @file loss.h
 * Measure how wrong predictions are.
 *
 * Names, as in Keras:
 *   "sparse_categorical_crossentropy"  -log p[label]; labels are integers, shape (N)
 *   "categorical_crossentropy"         -sum y * log p; y has shape (N, C), usually one-hot
 *   "mean_squared_error"               mean over the C outputs of (y - p)^2; y has shape (N, C)
 *
 * After a softmax layer both crossentropies are computed from the layer's inputs in one stable
 * step; otherwise p is first divided by its sum and clipped to [1e-7, 1 - 1e-7], as Keras does.
 */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Return the mean loss of given predictions, as Keras' loss functions do.
 *
 * @param name    one of the names above
 * @param y_true  labels (N) or rows (N, C), as the loss asks
 * @param y_pred  predictions (N, C), probabilities for the crossentropies
 * @return        the mean over the N rows; NaN on ValueError (unknown name, shapes that do not
 *                agree, a label outside 0 to C-1) or MemoryError
 */
NN_API double nn_loss_value(const char *name, tensor_t y_true, tensor_t y_pred);

#ifdef __cplusplus
}
#endif
#endif
