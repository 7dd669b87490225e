#include "loss.h"

#include <math.h>
#include "error.h"
#include "model.h"
#include "shape.h"

int nn__label(const tensor_t *y, size_t row)
{
    switch (y->dtype) {
    case NN_UINT8:
        return ((const uint8_t *)y->data)[row];
    case NN_INT32:
        return ((const int32_t *)y->data)[row];
    default:
        return (int)((const float *)y->data)[row];
    }
}

float nn__target(const tensor_t *y, size_t row, int columns, int column)
{
    return nn_tensor_at(*y, row * (size_t)columns + (size_t)column);
}

/* Loss of one row of predictions, in double: Keras' formulas for probabilities. */
static double row_loss(nn_loss loss, const tensor_t *y_true, const tensor_t *y_pred, size_t row,
                       int columns)
{
    double sum = 0, result = 0;
    if (loss == NN_MEAN_SQUARED_ERROR) {
        for (int k = 0; k < columns; k++) {
            double difference = (double)nn__target(y_pred, row, columns, k) -
                                nn__target(y_true, row, columns, k);
            result += difference * difference / columns;
        }
        return result;
    }
    for (int k = 0; k < columns; k++)
        sum += nn__target(y_pred, row, columns, k);
    for (int k = 0; k < columns; k++) {
        double wanted = loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY
                            ? nn__label(y_true, row) == k
                            : (double)nn__target(y_true, row, columns, k);
        double p = nn__target(y_pred, row, columns, k) / sum;
        result -= wanted * log(fmin(fmax(p, NN_LOSS_EPSILON), 1 - NN_LOSS_EPSILON));
    }
    return result;
}

double nn_loss_value(const char *name, tensor_t y_true, tensor_t y_pred)
{
    char text[2][NN_SHAPE_TEXT];
    int loss = name ? nn__loss_find(name) : -1;
    if (loss < 0) {
        nn__fail(NN_VALUE_ERROR, "loss_value: loss \"%.80s\" is unknown; valid are %s",
                 name ? name : "(none)", nn__loss_names);
        return NAN;
    }
    int sparse = loss == NN_SPARSE_CATEGORICAL_CROSSENTROPY;
    size_t wanted = sparse && y_pred.rank == 2 ? (size_t)y_pred.shape[0] : nn_tensor_size(y_pred);
    if (y_pred.rank != 2 || nn_tensor_size(y_true) != wanted) {
        nn__fail(NN_VALUE_ERROR,
                 "loss_value: y_true has shape %s and y_pred %s; %s expected for %s",
                 nn__tensor_shape_text(text[0], y_true), nn__tensor_shape_text(text[1], y_pred),
                 sparse ? "(N) and (N, classes)" : "(N, outputs) for both", name);
        return NAN;
    }
    int columns = (int)y_pred.shape[1];
    double sum = 0;
    for (int64_t row = 0; row < y_pred.shape[0]; row++) {
        float label = sparse ? nn_tensor_at(y_true, (size_t)row) : 0;
        if (!(label >= 0 && label < (float)columns) || label != (float)(int)label) {
            nn__fail(NN_VALUE_ERROR,
                     "loss_value: label %g at index %lld; whole numbers 0 to %d expected",
                     (double)label, (long long)row, columns - 1);
            return NAN;
        }
        sum += row_loss((nn_loss)loss, &y_true, &y_pred, (size_t)row, columns);
    }
    return sum / (double)y_pred.shape[0];
}
