/**
 * @file tensor.h
 * Hold arrays of numbers: images, labels, weights, predictions.
 *
 * A tensor_t is a small value: it names data, it does not hold it. Views (reshape, slice, rescale)
 * share the data of the tensor they were made from and cost nothing; uint8 images stay uint8, and
 * the scale to [0, 1] is kept in the view. Floats exist only in nn_tensor_copy() or when
 * nn_tensor_data() asks for them.
 *
 * Ownership: data made by the library belongs to the session and stays until it is reset; there
 * is nothing to free. Data of a data set is read-only: writing into it is a fault, and functions
 * that would write refuse it and name tensor_copy.
 *
 * Layout: row-major (C order), channels last.
 */
#ifndef NN_TENSOR_H
#define NN_TENSOR_H

#include <stddef.h>
#include <stdint.h>
#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NN_MAX_RANK 5

/** Type of one element. */
typedef enum nn_dtype { NN_FLOAT32 = 0, NN_UINT8 = 1, NN_INT32 = 2 } nn_dtype;

/** An array or a view of one. An invalid tensor has rank 0 and data NULL. */
typedef struct tensor_t {
    void *data;                  /**< first element, as stored */
    int64_t shape[NN_MAX_RANK];  /**< lengths, the first @c rank of them */
    int rank;                    /**< number of dimensions, 1 to NN_MAX_RANK */
    nn_dtype dtype;              /**< type of the stored elements */
    float scale;                 /**< value = stored * scale + offset */
    float offset;
    int read_only;               /**< nonzero for data sets and views of them */
} tensor_t;

/**
 * Make a tensor of zeros.
 *
 * @param dtype  type of the elements
 * @param rank   number of dimensions, 1 to NN_MAX_RANK
 * @param shape  @p rank lengths, each at least 1
 * @return       the tensor; invalid (rank 0) on ValueError (rank or length out of range) or
 *               MemoryError
 */
NN_API tensor_t nn_tensor_zeros(nn_dtype dtype, int rank, const int64_t *shape);

/**
 * Wrap memory of the caller as a tensor, without copying it.
 *
 * @param data   at least as many elements as the shape says; stays the caller's
 * @return       the tensor; invalid on ValueError
 */
NN_API tensor_t nn_tensor_wrap(void *data, nn_dtype dtype, int rank, const int64_t *shape);

/** Return the number of elements (0 for an invalid tensor). */
NN_API size_t nn_tensor_size(tensor_t x);

/**
 * View the same elements under another shape.
 *
 * @param x      any tensor
 * @param rank   number of new dimensions
 * @param shape  lengths; one of them may be -1 and is then computed
 * @return       a view; invalid on ValueError when the sizes do not agree
 */
NN_API tensor_t nn_reshape(tensor_t x, int rank, const int64_t *shape);

/**
 * View rows [begin, end) of the first dimension, as Python's x[begin:end].
 *
 * Negative bounds count from the end; bounds outside are clamped as in Python.
 *
 * @return a view; invalid on ValueError when no row is left
 */
NN_API tensor_t nn_slice(tensor_t x, int64_t begin, int64_t end);

/**
 * View x * factor: the factor is kept in the view, no element is touched.
 *
 * @param factor  1 / 255.0f for images
 * @return        a view
 */
NN_API tensor_t nn_rescale(tensor_t x, float factor);

/**
 * Copy a tensor into fresh, writable float32 memory with scale and offset applied.
 *
 * @return the copy; invalid on MemoryError
 */
NN_API tensor_t nn_tensor_copy(tensor_t x);

/**
 * Return the values as floats.
 *
 * A float32 tensor without scale gives its own memory; any other one a copy that belongs to the
 * session.
 *
 * @return nn_tensor_size(x) floats, or NULL on MemoryError or for an invalid tensor
 */
NN_API float *nn_tensor_data(tensor_t x);

/** Return element @p index (flat, row-major) as a float; NaN when it is out of range. */
NN_API float nn_tensor_at(tensor_t x, size_t index);

/**
 * Forget everything the library made for this session: tensors, layers, models, histories.
 *
 * Every object that it has returned is invalid afterwards. The kernel calls this at a reset.
 */
NN_API void nn_reset(void);

/**
 * Return the index of the largest value along the last dimension.
 *
 * @param x  shape (N, C), as model_predict() gives it
 * @return   int32 tensor of shape (N); the first index where values are equal; invalid on
 *           ValueError (rank below 2) or MemoryError
 */
NN_API tensor_t nn_argmax(tensor_t x);

#ifdef __cplusplus
}
#endif
#endif
