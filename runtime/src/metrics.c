#include "nn/metrics.h"

#include <string.h>
#include "error.h"

const double *nn_history_series(const history_t *history, const char *name)
{
    if (!history || !name)
        return nn__fail_null(NN_VALUE_ERROR, "history: the %s is NULL",
                             history ? "name" : "history");
    const struct {
        const char *name;
        const double *values;
    } series[] = {
        {"loss", history->loss},
        {"accuracy", history->accuracy},
        {"val_loss", history->val_loss},
        {"val_accuracy", history->val_accuracy},
    };
    char recorded[80] = "";
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        if (!series[i].values)
            continue;
        if (strcmp(series[i].name, name) == 0)
            return series[i].values;
        if (recorded[0])
            strcat(recorded, ", ");
        strcat(recorded, series[i].name);
    }
    return nn__fail_null(NN_VALUE_ERROR, "history: no series is called \"%.80s\"; recorded are %s",
                         name, recorded);
}

static tensor_t refuse(const char *message, const char *which)
{
    nn__fail(NN_VALUE_ERROR, message, which);
    return (tensor_t){0};
}

/* Checks integer classes and returns the largest, or -1. */
static int64_t largest_class(tensor_t y)
{
    int64_t largest = 0;
    size_t size = nn_tensor_size(y);
    for (size_t i = 0; i < size; i++) {
        float value = nn_tensor_at(y, i);
        if (!(value >= 0 && value < 4096) || value != (float)(int64_t)value)
            return -1;
        if ((int64_t)value > largest)
            largest = (int64_t)value;
    }
    return largest;
}

tensor_t nn_confusion_matrix(tensor_t y_true, tensor_t y_pred)
{
    size_t count = nn_tensor_size(y_true);
    if (count == 0 || count != nn_tensor_size(y_pred)) {
        nn__fail(NN_VALUE_ERROR,
                 "confusion_matrix: y_true has %zu labels and y_pred %zu; as many of both "
                 "expected (for outputs of predict use argmax)",
                 count, nn_tensor_size(y_pred));
        return (tensor_t){0};
    }
    int64_t largest_true = largest_class(y_true), largest_pred = largest_class(y_pred);
    if (largest_true < 0 || largest_pred < 0)
        return refuse("confusion_matrix: %s holds values that are no classes; whole numbers from 0 "
                      "to 4095 expected (for outputs of predict use argmax)",
                      largest_true < 0 ? "y_true" : "y_pred");
    int64_t classes = (largest_true > largest_pred ? largest_true : largest_pred) + 1;
    tensor_t matrix = nn_tensor_zeros(NN_INT32, 2, (int64_t[]){classes, classes});
    if (!matrix.rank)
        return matrix;
    int32_t *counts = matrix.data;
    for (size_t i = 0; i < count; i++)
        counts[(int64_t)nn_tensor_at(y_true, i) * classes + (int64_t)nn_tensor_at(y_pred, i)]++;
    return matrix;
}
