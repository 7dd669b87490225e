/* Compare two models' answers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "error.h"
#include "model.h"
#include "nb/host.h"
#include "nn/quantize.h"
#include "run.h"

static int answer(const float *out, int count)
{
    int best = 0;
    if (count == 1)
        return out[0] > 0.5f;
    for (int k = 1; k < count; k++)
        if (out[k] > out[best])
            best = k;
    return best;
}

static int wanted(tensor_t y, int64_t row, int count)
{
    if (nn_tensor_size(y) == (size_t)y.shape[0]) {
        float label = nn_tensor_at(y, (size_t)row);
        return count == 1 ? label > 0.5f : (int)label;
    }
    int best = 0;
    for (int k = 1; k < count; k++)
        if (nn_tensor_at(y, (size_t)(row * count + k)) >
            nn_tensor_at(y, (size_t)(row * count + best)))
            best = k;
    return best;
}

static nn_status check_comparison(const model_t *model, const model_t *other, tensor_t x,
                                  const compare_opts *opts)
{
    static const char function[] = "model_compare";
    if (!model || !other)
        return nn__fail(NN_VALUE_ERROR, "%s: %s model is NULL", function,
                        model ? "the second" : "the first");
    if (nn__check_x(model, function, "x", x) || nn__check_x(other, function, "x", x))
        return NN_VALUE_ERROR;
    if (model->net.out_c != other->net.out_c)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: model \"%s\" has %d outputs and \"%s\" has %d; as many of both "
                        "expected",
                        function, model->name, model->net.out_c, other->name, other->net.out_c);
    size_t labels = opts->y.data ? nn_tensor_size(opts->y) : 0, rows = (size_t)x.shape[0];
    if (labels && labels != rows && labels != rows * (size_t)model->net.out_c)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: y has %zu values for the %zu rows of x; labels (N) or "
                        "rows of %d expected",
                        function, labels, rows, model->net.out_c);
    return NN_OK;
}

static void count_row(comparison_t *result, const float *a, const float *b, int outputs, tensor_t y,
                      int64_t row)
{
    int mine = answer(a, outputs), its = answer(b, outputs);
    result->same_answers += mine == its;
    for (int k = 0; k < outputs; k++)
        result->largest_difference =
            fmax(result->largest_difference, fabs((double)a[k] - (double)b[k]));
    if (!y.data)
        return;
    int right = wanted(y, row, outputs);
    result->accuracy += mine == right;
    result->other_accuracy += its == right;
}

comparison_t nn_model_compare(model_t *model, model_t *other, tensor_t x, compare_opts opts)
{
    static const comparison_t failed = {
        .samples = -1, .accuracy = NAN, .other_accuracy = NAN, .same_answers = NAN};
    comparison_t result = {0};
    if (check_comparison(model, other, x, &opts))
        return failed;
    int outputs = model->net.out_c;
    size_t room = NN_CHUNK_ROWS * (size_t)outputs;
    float *values = malloc(2 * room * sizeof *values);
    if (!values) {
        nn__fail(NN_MEMORY_ERROR, "model_compare: no memory");
        return failed;
    }
    model_t *both[2] = {model, other};
    int64_t done = 0, rows = x.shape[0];
    while (done < rows && !(done && nb_interrupted())) {
        int64_t count = rows - done < NN_CHUNK_ROWS ? rows - done : NN_CHUNK_ROWS;
        tensor_t part = nn_slice(x, done, done + count);
        for (int i = 0; i < 2; i++) {
            if (nn__model_engine(both[i], "model_compare", NULL, opts.threads)) {
                free(values);
                return failed;
            }
            nn__run_forward(both[i], part, (tensor_t){0}, values + (size_t)i * room, NULL);
        }
        for (int64_t i = 0; i < count; i++)
            count_row(&result, values + i * outputs, values + room + (size_t)(i * outputs), outputs,
                      opts.y, done + i);
        done += count;
    }
    free(values);
    result.samples = done;
    result.same_answers /= (double)done;
    result.accuracy = opts.y.data ? result.accuracy / (double)done : NAN;
    result.other_accuracy = opts.y.data ? result.other_accuracy / (double)done : NAN;
    snprintf(result.precision, sizeof result.precision, "%s", nn_model_precision(model));
    snprintf(result.other_precision, sizeof result.other_precision, "%s",
             nn_model_precision(other));
    return result;
}
