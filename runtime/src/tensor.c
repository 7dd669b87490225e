#include "nn/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "error.h"
#include "memory.h"
#include "shape.h"

#define MAX_ELEMENTS ((int64_t)1 << 40)

static const tensor_t invalid = {0};

static tensor_t fail(nn_status status)
{
    (void)status; /* the message is set; a tensor carries its failure as rank 0 */
    return invalid;
}

static size_t element_size(nn_dtype dtype)
{
    return dtype == NN_UINT8 ? 1 : 4;
}

/* Number of elements of a shape with positive lengths, or 0 when it exceeds the limit. */
static int64_t count_elements(int rank, const int64_t *shape)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++) {
        if (shape[i] > MAX_ELEMENTS / count)
            return 0;
        count *= shape[i];
    }
    return count;
}

static nn_status check_shape(const char *function, nn_dtype dtype, int rank, const int64_t *shape)
{
    if (dtype != NN_FLOAT32 && dtype != NN_UINT8 && dtype != NN_INT32)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: dtype %d is unknown; use NN_FLOAT32, NN_UINT8 or NN_INT32", function,
                        (int)dtype);
    if (rank < 1 || rank > NN_MAX_RANK || !shape)
        return nn__fail(NN_VALUE_ERROR, "%s: %d dimensions given, 1 to %d are possible", function,
                        rank, NN_MAX_RANK);
    char text[NN_SHAPE_TEXT];
    for (int i = 0; i < rank; i++)
        if (shape[i] < 1)
            return nn__fail(NN_VALUE_ERROR, "%s: shape %s has a length below 1", function,
                            nn__shape_text(text, rank, shape, 0));
    if (count_elements(rank, shape) == 0)
        return nn__fail(NN_VALUE_ERROR, "%s: shape %s has more than 2^40 elements", function,
                        nn__shape_text(text, rank, shape, 0));
    return NN_OK;
}

static tensor_t describe(void *data, nn_dtype dtype, int rank, const int64_t *shape)
{
    tensor_t x = {.data = data, .rank = rank, .dtype = dtype, .scale = 1};
    memcpy(x.shape, shape, (size_t)rank * sizeof *shape);
    return x;
}

static int is_valid(tensor_t x)
{
    return x.data && x.rank >= 1 && x.rank <= NN_MAX_RANK;
}

static nn_status check_valid(const char *function, tensor_t x)
{
    if (is_valid(x))
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR, "%s: the tensor is empty; give it a value first", function);
}

static tensor_t allocate(const char *function, nn_dtype dtype, int rank, const int64_t *shape)
{
    int64_t bytes = count_elements(rank, shape) * (int64_t)element_size(dtype);
    void *data = nn__session_alloc((size_t)bytes, NULL);
    if (!data) {
        char text[NN_SHAPE_TEXT];
        return fail(nn__fail(NN_MEMORY_ERROR, "%s: no memory for %.1f MB (shape %s)", function,
                             (double)bytes / 1e6, nn__shape_text(text, rank, shape, 0)));
    }
    return describe(data, dtype, rank, shape);
}

tensor_t nn_tensor_zeros(nn_dtype dtype, int rank, const int64_t *shape)
{
    if (check_shape("tensor_zeros", dtype, rank, shape))
        return invalid;
    return allocate("tensor_zeros", dtype, rank, shape);
}

tensor_t nn_tensor_wrap(void *data, nn_dtype dtype, int rank, const int64_t *shape)
{
    if (check_shape("tensor_wrap", dtype, rank, shape))
        return invalid;
    if (!data)
        return fail(nn__fail(NN_VALUE_ERROR, "tensor_wrap: the data pointer is NULL"));
    return describe(data, dtype, rank, shape);
}

size_t nn_tensor_size(tensor_t x)
{
    return is_valid(x) ? (size_t)count_elements(x.rank, x.shape) : 0;
}

tensor_t nn_reshape(tensor_t x, int rank, const int64_t *shape)
{
    if (check_valid("reshape", x))
        return invalid;
    if (rank < 1 || rank > NN_MAX_RANK || !shape)
        return fail(nn__fail(NN_VALUE_ERROR, "reshape: %d dimensions given, 1 to %d are possible",
                             rank, NN_MAX_RANK));
    int64_t lengths[NN_MAX_RANK];
    int open = -1;
    char from[NN_SHAPE_TEXT], to[NN_SHAPE_TEXT];
    memcpy(lengths, shape, (size_t)rank * sizeof *shape);
    for (int i = 0; i < rank; i++) {
        if (lengths[i] != -1)
            continue;
        if (open >= 0)
            return fail(nn__fail(NN_VALUE_ERROR,
                                 "reshape: shape %s has more than one -1; one can be computed",
                                 nn__shape_text(to, rank, shape, 0)));
        open = i;
        lengths[i] = 1;
    }
    if (check_shape("reshape", x.dtype, rank, lengths))
        return invalid;
    int64_t have = (int64_t)nn_tensor_size(x), want = count_elements(rank, lengths);
    if (open >= 0 && have % want == 0) {
        lengths[open] = have / want;
        want = have;
    }
    if (have != want)
        return fail(nn__fail(NN_VALUE_ERROR,
                             "reshape: %lld elements of shape %s do not fit into shape %s",
                             (long long)have, nn__tensor_shape_text(from, x),
                             nn__shape_text(to, rank, shape, 0)));
    x.rank = rank;
    memset(x.shape, 0, sizeof x.shape);
    memcpy(x.shape, lengths, (size_t)rank * sizeof *lengths);
    return x;
}

/* A bound as in Python: negative ones count from the end, others are clamped. */
static int64_t clamp_bound(int64_t bound, int64_t length)
{
    if (bound < 0)
        bound += length;
    return bound < 0 ? 0 : bound > length ? length : bound;
}

tensor_t nn_slice(tensor_t x, int64_t begin, int64_t end)
{
    if (check_valid("slice", x))
        return invalid;
    int64_t rows = x.shape[0];
    int64_t first = clamp_bound(begin, rows), last = clamp_bound(end, rows);
    if (first >= last)
        return fail(nn__fail(NN_VALUE_ERROR, "slice: rows %lld to %lld of %lld rows are none",
                             (long long)begin, (long long)end, (long long)rows));
    size_t row_bytes = nn_tensor_size(x) / (size_t)rows * element_size(x.dtype);
    x.data = (char *)x.data + (size_t)first * row_bytes;
    x.shape[0] = last - first;
    return x;
}

tensor_t nn_rescale(tensor_t x, float factor)
{
    if (check_valid("rescale", x))
        return invalid;
    if (!isfinite(factor))
        return fail(nn__fail(NN_VALUE_ERROR, "rescale: the factor is not a finite number"));
    x.scale *= factor;
    x.offset *= factor;
    return x;
}

static float stored_value(const tensor_t *x, size_t index)
{
    switch (x->dtype) {
    case NN_UINT8:
        return ((const uint8_t *)x->data)[index];
    case NN_INT32:
        return (float)((const int32_t *)x->data)[index];
    default:
        return ((const float *)x->data)[index];
    }
}

tensor_t nn_tensor_copy(tensor_t x)
{
    if (check_valid("tensor_copy", x))
        return invalid;
    tensor_t copy = allocate("tensor_copy", NN_FLOAT32, x.rank, x.shape);
    if (!copy.rank)
        return invalid;
    float *values = copy.data;
    size_t size = nn_tensor_size(x);
    for (size_t i = 0; i < size; i++)
        values[i] = stored_value(&x, i) * x.scale + x.offset;
    return copy;
}

float *nn_tensor_data(tensor_t x)
{
    if (check_valid("tensor_data", x))
        return NULL;
    if (x.dtype == NN_FLOAT32 && x.scale == 1 && x.offset == 0)
        return x.data;
    return nn_tensor_copy(x).data;
}

float nn_tensor_at(tensor_t x, size_t index)
{
    if (index >= nn_tensor_size(x))
        return NAN;
    return stored_value(&x, index) * x.scale + x.offset;
}

tensor_t nn_argmax(tensor_t x)
{
    if (check_valid("argmax", x))
        return invalid;
    if (x.rank < 2) {
        char text[NN_SHAPE_TEXT];
        return fail(nn__fail(NN_VALUE_ERROR, "argmax: shape (N, classes) expected, shape %s given",
                             nn__tensor_shape_text(text, x)));
    }
    size_t classes = (size_t)x.shape[x.rank - 1];
    tensor_t result = allocate("argmax", NN_INT32, x.rank - 1, x.shape);
    if (!result.rank)
        return invalid;
    int32_t *answers = result.data;
    size_t rows = nn_tensor_size(result);
    for (size_t row = 0; row < rows; row++) {
        size_t best = 0;
        float largest = nn_tensor_at(x, row * classes);
        for (size_t i = 1; i < classes; i++) {
            float value = nn_tensor_at(x, row * classes + i);
            if (value > largest) {
                largest = value;
                best = i;
            }
        }
        answers[row] = (int32_t)best;
    }
    return result;
}
