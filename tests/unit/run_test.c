/* evaluate, predict, train_on_batch, benchmark: results, and data that do not fit. */
#include "nn_expect.h"
#include "nb/host.h"
#include "nn/bench.h"

static tensor_t x, y;

static int setup(void **state)
{
    reset_session(state);
    nb_host_set(NULL);
    make_classes(50, &x, &y);
    return 0;
}

static int is_failed(metrics_t m)
{
    return m.samples == -1;
}

static metrics_t evaluate(model_t *m, tensor_t some_x, tensor_t some_y)
{
    return nn_model_evaluate(m, some_x, some_y, (run_opts){0});
}

static void test_learns(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    metrics_t before = evaluate(m, x, y), step = nn_model_train_on_batch(m, x, y, (run_opts){0});
    assert_int_equal(step.samples, 50);
    assert_float_equal(step.loss, before.loss, 1e-6); /* under the weights before the step */
    for (int i = 0; i < 100; i++)
        nn_model_train_on_batch(m, x, y, (run_opts){0});
    metrics_t after = evaluate(m, x, y);
    assert_true(after.loss < 0.5 * before.loss);
    tensor_t p = nn_model_predict(m, x, (run_opts){0}), classes = nn_argmax(p);
    int hits = 0;
    for (int i = 0; i < 50; i++) {
        assert_float_equal(nn_tensor_at(p, 2 * i) + nn_tensor_at(p, 2 * i + 1), 1, 1e-6);
        hits += ((int32_t *)classes.data)[i] == ((uint8_t *)y.data)[i];
    }
    assert_float_equal(after.accuracy, hits / 50., 1e-12);
    assert_float_equal(nn_loss_value("sparse_categorical_crossentropy", y, p), after.loss, 1e-5);
}

static void test_refused_inputs(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    model_t *pictures = nn_sequential(NULL, LAYERS(nn_input(SHAPE(2, 2, 1)),
                                                   nn_flatten((layer_opts){0}),
                                                   nn_dense(2, (dense_opts){0})));
    tensor_t none = {0};
    assert_refused(is_failed(evaluate(NULL, x, y)), "model_evaluate: the model is NULL");
    assert_refused(is_failed(evaluate(make_classifier(0), x, y)),
                   "model_evaluate: model \"two\" is not compiled; call model_compile(m, .loss = "
                   "...) first");
    assert_refused(is_failed(evaluate(m, none, y)), "model_evaluate: x is empty; a tensor expected");
    assert_refused(is_failed(evaluate(m, floats(SHAPE(50, 3)), y)),
                   "model_evaluate: x has shape (50, 3), layer \"input_layer\" expects (4,)");
    assert_refused(!nn_model_predict(pictures, x, (run_opts){0}).rank,
                   "model_predict: x has shape (50, 4), layer \"input_layer\" expects (2, 2, 1); use "
                   "reshape(x, -1, 2, 2, 1)");
    assert_refused(!nn_model_predict(NULL, x, (run_opts){0}).rank,
                   "model_predict: the model is NULL");
    assert_refused(is_failed(nn_model_train_on_batch(m, nn_slice(x, 0, 9), y, (run_opts){0})),
                   "model_train_on_batch: x has 9 rows and y has 50; as many of both expected");
}

static void test_refused_labels(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    tensor_t none = {0}, one_hot = floats(SHAPE(50, 2)), wrong = nn_tensor_copy(y);
    assert_refused(is_failed(evaluate(m, x, none)),
                   "model_evaluate: y is empty; labels for the 50 rows of x expected");
    assert_refused(is_failed(evaluate(m, x, one_hot)),
                   "model_evaluate: y has shape (50, 2), sparse_categorical_crossentropy expects "
                   "labels (N); for one-hot rows compile with categorical_crossentropy");
    assert_refused(is_failed(evaluate(m, x, nn_rescale(y, 0.5f))),
                   "model_evaluate: y is rescaled; labels are whole numbers, leave them as they are");
    ((float *)wrong.data)[7] = 2;
    assert_refused(is_failed(evaluate(m, x, wrong)),
                   "model_evaluate: y has label 2 at index 7; layer \"dense_1\" has 2 outputs, so "
                   "labels must be 0 to 1");
    ((float *)wrong.data)[7] = NAN;
    assert_refused(is_failed(evaluate(m, x, wrong)),
                   "model_evaluate: y has label nan at index 7; layer \"dense_1\" has 2 outputs, so "
                   "labels must be 0 to 1");
    nn_model_compile(m, (compile_opts){.loss = "categorical_crossentropy"});
    assert_refused(is_failed(evaluate(m, x, y)),
                   "model_evaluate: y has shape (50,), categorical_crossentropy of layer "
                   "\"dense_1\" expects rows of (2,); for labels (N) compile with "
                   "sparse_categorical_crossentropy");
}

static void test_benchmark(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    latency_t l = nn_model_benchmark(m, x, (benchmark_opts){.warmup = 3, .passes = 2, .y = y});
    assert_int_equal(l.calls, 100);
    assert_int_equal(l.batch_size, 1);
    assert_int_equal(l.threads, 1);
    assert_true(l.min_us <= l.p1_us && l.p1_us <= l.median_us && l.median_us <= l.p99_us &&
                l.p99_us <= l.max_us && l.min_us > 0);
    assert_float_equal(l.accuracy, evaluate(m, x, y).accuracy, 1e-12);
    l = nn_model_benchmark(m, x, (benchmark_opts){.batch_size = 20, .warmup = -1, .passes = 1});
    assert_int_equal(l.calls, 2);
    assert_int_equal(l.warmup, 0);
    assert_true(isnan(l.accuracy));
}

static void test_refused_benchmarks(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    assert_refused(nn_model_benchmark(NULL, x, (benchmark_opts){0}).calls < 0,
                   "model_benchmark: the model is NULL");
    assert_refused(nn_model_benchmark(m, x, (benchmark_opts){.batch_size = 51}).calls < 0,
                   "model_benchmark: batch_size is 51, 1 to the 50 rows of x expected");
    assert_refused(nn_model_benchmark(m, x, (benchmark_opts){.passes = -1}).calls < 0,
                   "model_benchmark: passes is -1, 1 to 2000000 expected");
    assert_refused(nn_model_benchmark(m, x, (benchmark_opts){.y = nn_slice(y, 0, 9)}).calls < 0,
                   "model_benchmark: y has 9 rows and x has 50; as many of both expected");
}

static int always(void *self)
{
    (void)self;
    return 1;
}

/* The first 1,024 rows are always computed, so that a stopped call has something to return. */
static void test_stopped_at_once(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    int64_t shape[2] = {3000, x.shape[1]};
    tensor_t many = nn_tensor_zeros(NN_FLOAT32, 2, shape);
    tensor_t labels = nn_tensor_zeros(NN_UINT8, 1, (int64_t[]){3000});
    nb_host_set(&(nb_host){.interrupted = always});
    assert_int_equal(nn_model_predict(m, many, (run_opts){0}).shape[0], 1024);
    assert_int_equal(evaluate(m, many, labels).samples, 1024);
    assert_int_equal(nn_model_benchmark(m, x, (benchmark_opts){0}).calls, -1);
    assert_int_equal(nn_error_status(), NN_INTERRUPTED);
    nb_host_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_learns, setup),
        cmocka_unit_test_setup(test_refused_inputs, setup),
        cmocka_unit_test_setup(test_refused_labels, setup),
        cmocka_unit_test_setup(test_benchmark, setup),
        cmocka_unit_test_setup(test_refused_benchmarks, setup),
        cmocka_unit_test_setup(test_stopped_at_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
