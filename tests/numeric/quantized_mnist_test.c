/* What int8 and bf16 cost on MNIST: at most 0.1 points of test accuracy, for both kinds of LeNet-5.
   Skipped where MNIST is not at hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "mnist_files.h"
#include "nn/model.h"
#include "nn/quantize.h"

#define TRAINING 10000
#define TEST     10000

static tensor_t x, y, x_test, y_test;

static model_t *lenet(int classic)
{
    const char *a = classic ? "tanh" : "relu";
    layer_t *(*pool)(int, pooling2d_opts) = classic ? nn_average_pooling2d : nn_max_pooling2d;
    layer_t *layers[] = {
        nn_input(3, (int64_t[]){28, 28, 1}),
        nn_conv2d(6, 5, (conv2d_opts){.activation = a, .padding = "same"}),
        pool(2, (pooling2d_opts){0}),
        nn_conv2d(16, 5, (conv2d_opts){.activation = a}),
        pool(2, (pooling2d_opts){0}),
        nn_flatten((layer_opts){0}),
        nn_dense(120, (dense_opts){.activation = a}),
        nn_dense(84, (dense_opts){.activation = a}),
        nn_dense(10, (dense_opts){.activation = "softmax"}),
    };
    model_t *m = nn_sequential(classic ? "classic" : "relu_max", 9, layers);
    assert_non_null(m);
    assert_int_equal(nn_model_compile(m, (compile_opts){.loss = "sparse_categorical_crossentropy",
                                                        .metrics = {"accuracy"}}),
                     NN_OK);
    assert_non_null(nn_model_fit(m, x, y, (fit_opts){.epochs = 3, .verbose = NN_SILENT}));
    return m;
}

static void test_accuracy(void **unused)
{
    static const char *const precisions[] = {"int8", "bf16"};
    (void)unused;
    model_t *m = NULL;
    for (int i = 0; i < 4; i++) {
        m = i % 2 ? m : lenet(i / 2);
        model_t *q = nn_model_quantize(m, x, (quantize_opts){.precision = precisions[i % 2]});
        assert_non_null(q);
        comparison_t c = nn_model_compare(q, m, x_test, (compare_opts){.y = y_test});
        print_message("%s, %s: accuracy %.4f, float32 %.4f, same answers %.2f %%\n",
                      nn_model_name(m), c.precision, c.accuracy, c.other_accuracy,
                      100 * c.same_answers);
        assert_true(c.other_accuracy > 0.92);
        assert_true(c.accuracy > c.other_accuracy - 0.001 - 1e-9);
        assert_true(c.same_answers > 0.995);
        nn_model_free(q);
    }
}

int main(void)
{
    if (!mnist_load("train", TRAINING, &x, &y) || !mnist_load("t10k", TEST, &x_test, &y_test)) {
        puts("skipped: MNIST is not in XTINYCC_DATA or the cache");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accuracy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
