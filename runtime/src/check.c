/* Check data against a model: shapes, types, labels. Every message says what was given, what was
   expected and what to do. */
#include "model.h"

#include <stdio.h>
#include <string.h>
#include "error.h"
#include "loss.h"
#include "shape.h"

#define MAX_ROWS INT32_MAX

static int64_t elements(int rank, const int64_t *shape)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    return count;
}

nn_status nn__check_x(const model_t *model, const char *function, const char *x_name, tensor_t x)
{
    const layer_t *input = model->layers[0];
    char given[NN_SHAPE_TEXT], expected[NN_SHAPE_TEXT];
    if (!x.data || x.rank < 1)
        return nn__fail(NN_VALUE_ERROR, "%s: %s is empty; a tensor expected", function, x_name);
    if (x.shape[0] > MAX_ROWS)
        return nn__fail(NN_VALUE_ERROR, "%s: %s has %lld rows, at most %d are possible", function,
                        x_name, (long long)x.shape[0], MAX_ROWS);
    int fits = x.rank == input->out_rank + 1;
    for (int i = 0; fits && i < input->out_rank; i++)
        fits = x.shape[i + 1] == input->out_shape[i];
    if (fits)
        return NN_OK;
    nn__tensor_shape_text(given, x);
    nn__shape_text(expected, input->out_rank, input->out_shape, 0);
    int64_t sample = elements(input->out_rank, input->out_shape);
    char advice[96] = "";
    if ((int64_t)nn_tensor_size(x) % sample == 0) {
        size_t used = (size_t)snprintf(advice, sizeof advice, "; use reshape(%.16s, -1", x_name);
        for (int i = 0; i < input->out_rank; i++)
            used += (size_t)snprintf(advice + used, sizeof advice - used, ", %lld",
                                     (long long)input->out_shape[i]);
        snprintf(advice + used, sizeof advice - used, ")");
    }
    return nn__fail(NN_VALUE_ERROR, "%s: %s has shape %s, layer \"%s\" expects %s%s", function,
                    x_name, given, input->name, expected, advice);
}

static nn_status check_labels(const model_t *model, const char *function, const char *y_name,
                              tensor_t y)
{
    const layer_t *last = model->layers[model->layer_count - 1];
    int outputs = model->net.out_c;
    int64_t rows = y.shape[0];
    char given[NN_SHAPE_TEXT];
    if (!(y.rank == 1 || (y.rank == 2 && y.shape[1] == 1)))
        return nn__fail(NN_VALUE_ERROR,
                        "%s: %s has shape %s, sparse_categorical_crossentropy expects labels (N); "
                        "for one-hot rows compile with categorical_crossentropy",
                        function, y_name, nn__tensor_shape_text(given, y));
    if (y.scale != 1 || y.offset != 0)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: %s is rescaled; labels are whole numbers, leave them as they are",
                        function, y_name);
    for (int64_t row = 0; row < rows; row++) {
        float value = nn_tensor_at(y, (size_t)row);
        if (value >= 0 && value < (float)outputs && value == (float)(int)value)
            continue;
        return nn__fail(NN_VALUE_ERROR,
                        "%s: %s has label %g at index %lld; layer \"%s\" has %d outputs, so labels "
                        "must be 0 to %d",
                        function, y_name, (double)value, (long long)row, last->name, outputs,
                        outputs - 1);
    }
    return NN_OK;
}

static nn_status check_rows(const model_t *model, const char *function, const char *y_name,
                            tensor_t y)
{
    const layer_t *last = model->layers[model->layer_count - 1];
    int fits = y.rank == last->out_rank + 1;
    for (int i = 0; fits && i < last->out_rank; i++)
        fits = y.shape[i + 1] == last->out_shape[i];
    if (fits || (y.rank == 1 && model->net.out_c == 1))
        return NN_OK;
    char given[NN_SHAPE_TEXT], expected[NN_SHAPE_TEXT];
    int is_label = y.rank == 1 && model->net.loss == NN_CATEGORICAL_CROSSENTROPY;
    nn__shape_text(expected, last->out_rank, last->out_shape, 0);
    return nn__fail(NN_VALUE_ERROR, "%s: %s has shape %s, %s of layer \"%s\" expects rows of %s%s",
                    function, y_name, nn__tensor_shape_text(given, y),
                    nn__loss_name(model->net.loss), last->name, expected,
                    is_label ? "; for labels (N) compile with sparse_categorical_crossentropy"
                             : "");
}

nn_status nn__check_xy(const model_t *model, const char *function, const char *x_name, tensor_t x,
                       const char *y_name, tensor_t y)
{
    if (nn__check_x(model, function, x_name, x))
        return NN_VALUE_ERROR;
    if (!y.data || y.rank < 1)
        return nn__fail(NN_VALUE_ERROR, "%s: %s is empty; labels for the %lld rows of %s expected",
                        function, y_name, (long long)x.shape[0], x_name);
    if (y.shape[0] != x.shape[0])
        return nn__fail(NN_VALUE_ERROR,
                        "%s: %s has %lld rows and %s has %lld; as many of both expected", function,
                        x_name, (long long)x.shape[0], y_name, (long long)y.shape[0]);
    if (model->net.loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY)
        return check_labels(model, function, y_name, y);
    return check_rows(model, function, y_name, y);
}
