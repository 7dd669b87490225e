/* Settings: losses, optimizers, metrics, engines, and what is refused. */
#include "nn_expect.h"

static nn_status compile_with(model_t *m, const char *loss, const char *metric)
{
    return nn_model_compile(m, (compile_opts){.loss = loss, .metrics = {metric}});
}

static void test_refused_settings(void **state)
{
    (void)state;
    model_t *m = make_classifier(0);
    assert_refused(compile_with(m, NULL, NULL),
                   "model_compile: no loss given; valid are sparse_categorical_crossentropy, "
                   "categorical_crossentropy, mean_squared_error");
    assert_refused(compile_with(m, "mse", NULL),
                   "model_compile: loss \"mse\" is unknown; valid are "
                   "sparse_categorical_crossentropy, categorical_crossentropy, mean_squared_error");
    assert_refused(compile_with(m, "mean_squared_error", "acc"),
                   "model_compile: metric \"acc\" is unknown; valid is accuracy");
    assert_refused(compile_with(NULL, "mean_squared_error", NULL),
                   "model_compile: the model is NULL");
    model_t *picture = nn_sequential(NULL, LAYERS(nn_input(SHAPE(6, 6, 1)),
                                                  nn_conv2d(2, 3, (conv2d_opts){0})));
    assert_refused(compile_with(picture, "categorical_crossentropy", NULL),
                   "model_compile: categorical_crossentropy needs a vector of outputs, layer "
                   "\"conv2d\" (Conv2D) gives 3 axes; end with Flatten() and Dense(classes, "
                   ".activation = \"softmax\")");
    assert_int_equal(compile_with(picture, "mean_squared_error", NULL), NN_OK);
}

static void test_refused_optimizers(void **state)
{
    (void)state;
    nn_optimizer o = nn_adam((adam_opts){.learning_rate = -1});
    assert_refused(o.invalid, "Adam: learning_rate is -1, a number >= 0 expected");
    /* A broken optimizer is refused with the message that it was made with. */
    assert_refused(nn_model_compile(make_classifier(0),
                                    (compile_opts){.optimizer = o, .loss = "mean_squared_error"}),
                   "Adam: learning_rate is -1, a number >= 0 expected");
    assert_refused(nn_adam((adam_opts){.beta_1 = 1}).invalid,
                   "Adam: beta_1 is 1, 0 <= beta_1 < 1 expected");
    assert_refused(nn_adam((adam_opts){.beta_2 = NAN}).invalid,
                   "Adam: beta_2 is nan, 0 <= beta_2 < 1 expected");
    assert_refused(nn_adam((adam_opts){.epsilon = -1e-7}).invalid,
                   "Adam: epsilon is -1e-07, a number >= 0 expected");
    assert_refused(nn_sgd((sgd_opts){.momentum = 1.5}).invalid,
                   "SGD: momentum is 1.5, 0 <= momentum <= 1 expected");
    assert_refused(nn_sgd((sgd_opts){.learning_rate = INFINITY}).invalid,
                   "SGD: learning_rate is inf, a number >= 0 expected");
}

static void test_refused_engines(void **state)
{
    (void)state;
    tensor_t x, y;
    make_classes(8, &x, &y);
    model_t *m = make_classifier(1);
    assert_refused(!nn_model_predict(m, x, (run_opts){.engine = "cuda"}).rank,
                   "model_predict: engine \"cuda\" is unknown; valid are reference, lane, plain, blas");
    assert_refused(!nn_model_predict(m, x, (run_opts){.threads = -2}).rank,
                   "model_predict: threads is -2, 0 (all allowed cores) or more expected");
}

/* To compile again starts the optimizer afresh and leaves the weights. */
static void test_compile_again(void **state)
{
    (void)state;
    tensor_t x, y;
    make_classes(8, &x, &y);
    model_t *m = make_classifier(1);
    nn_model_train_on_batch(m, x, y, (run_opts){0});
    float weight = nn_layer_weights(nn_model_layer(m, 1))[0];
    nn_summary_totals totals;
    nn_model_summary_rows(m, NULL, 0, &totals);
    assert_int_equal(totals.optimizer, 2 * totals.trainable + 2);
    assert_int_equal(compile_with(m, "sparse_categorical_crossentropy", NULL), NN_OK);
    nn_model_summary_rows(m, NULL, 0, &totals);
    assert_int_equal(totals.optimizer, 0);
    assert_true(nn_layer_weights(nn_model_layer(m, 1))[0] == weight);
    assert_true(isnan(nn_model_evaluate(m, x, y, (run_opts){0}).accuracy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_refused_settings, reset_session),
        cmocka_unit_test_setup(test_refused_optimizers, reset_session),
        cmocka_unit_test_setup(test_refused_engines, reset_session),
        cmocka_unit_test_setup(test_compile_again, reset_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
