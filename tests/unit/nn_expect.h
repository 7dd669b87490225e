/* What the tests of room nn share: failures with their whole message, and small models. */
#ifndef XTINYCC_TESTS_NN_EXPECT_H
#define XTINYCC_TESTS_NN_EXPECT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nn/model.h"

/* The call that FAILED is about must have failed with just this message. */
#define assert_refused(failed, message)                                                            \
    do {                                                                                           \
        assert_true(failed);                                                                       \
        assert_string_equal(nn_error_message(), message);                                          \
        assert_int_equal(nn_error_status(), NN_VALUE_ERROR);                                       \
    } while (0)

#define SHAPE(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (int64_t[]){__VA_ARGS__}

/* Layers as an argument pair of nn_sequential(). */
#define LAYERS(...) sizeof((layer_t *[]){__VA_ARGS__}) / sizeof(layer_t *), (layer_t *[]){__VA_ARGS__}

static inline tensor_t floats(int rank, const int64_t *shape)
{
    return nn_tensor_zeros(NN_FLOAT32, rank, shape);
}

/* COUNT samples of 4 features in two classes that a small model tells apart. */
static inline void make_classes(int64_t count, tensor_t *x, tensor_t *y)
{
    *x = nn_tensor_zeros(NN_FLOAT32, SHAPE(count, 4));
    *y = nn_tensor_zeros(NN_UINT8, SHAPE(count));
    for (int64_t i = 0; i < count; i++) {
        ((uint8_t *)y->data)[i] = i % 2;
        for (int k = 0; k < 4; k++)
            ((float *)x->data)[4 * i + k] = (i % 2 ? 1.f : -1.f) * (float)(k + i % 5) / 4;
    }
}

static inline model_t *make_classifier(int compiled)
{
    model_t *m = nn_sequential("two", LAYERS(nn_input(SHAPE(4)),
                                             nn_dense(6, (dense_opts){.activation = "tanh"}),
                                             nn_dense(2, (dense_opts){.activation = "softmax"})));
    assert_non_null(m);
    if (compiled)
        assert_int_equal(
            nn_model_compile(m, (compile_opts){.loss = "sparse_categorical_crossentropy",
                                               .optimizer = nn_adam((adam_opts){
                                                   .learning_rate = 0.01}),
                                               .metrics = {"accuracy"}}),
            NN_OK);
    return m;
}

static inline int reset_session(void **state)
{
    (void)state;
    nn_reset();
    nn_set_random_seed(42);
    return 0;
}

#endif
