/* Quantised models as users meet them: accuracy, what they refuse, their summary and plan, files.
 */
#include "nn_expect.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "model.h"
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/keras_file.h"
#include "nn/quantize.h"
#include "quant_file.h"

#define FILE_NAME "quantize_test.nnq"

static mnist_t digits;

static tensor_t pictures(tensor_t x)
{
    return nn_rescale(nn_reshape(x, 4, (int64_t[]){-1, 28, 28, 1}), 1 / 255.0f);
}

static model_t *lenet(int classic, const char *loss)
{
    const char *a = classic ? "tanh" : "relu";
    layer_t *(*pool)(int, pooling2d_opts) = classic ? nn_average_pooling2d : nn_max_pooling2d;
    model_t *m = nn_sequential(
        "lenet", LAYERS(nn_input(SHAPE(28, 28, 1)),
                        nn_conv2d(6, 5, (conv2d_opts){.activation = a, .padding = "same"}),
                        pool(2, (pooling2d_opts){0}), nn_dropout(0.1, (layer_opts){0}),
                        nn_conv2d(16, 5, (conv2d_opts){.activation = a}),
                        pool(2, (pooling2d_opts){0}), nn_flatten((layer_opts){0}),
                        nn_dense(40, (dense_opts){0}), nn_activation_layer(a, (layer_opts){0}),
                        nn_dense(10, (dense_opts){.activation = "softmax"})));
    assert_non_null(m);
    assert_int_equal(nn_model_compile(m, (compile_opts){.loss = loss, .metrics = {"accuracy"}}),
                     NN_OK);
    return m;
}

static model_t *trained(int classic)
{
    model_t *m = lenet(classic, "sparse_categorical_crossentropy");
    assert_non_null(nn_model_fit(m, pictures(digits.x_train), digits.y_train,
                                 (fit_opts){.epochs = 4, .verbose = NN_SILENT}));
    return m;
}

static int setup(void **state)
{
    reset_session(state);
    return nn_synthetic_digits(&digits);
}

static void test_answers_stay(void **state)
{
    (void)state;
    model_t *m = NULL;
    for (int i = 0; i < 4; i++) {
        m = i % 2 ? m : trained(i / 2);
        const char *precision = i % 2 ? "bf16" : "int8";
        model_t *q =
            nn_model_quantize(m, pictures(digits.x_train), (quantize_opts){.precision = precision});
        assert_non_null(q);
        assert_string_equal(nn_model_precision(q), precision);
        tensor_t x = pictures(digits.x_test);
        comparison_t c = nn_model_compare(q, m, x, (compare_opts){.y = digits.y_test});
        assert_int_equal(c.samples, x.shape[0]);
        assert_true(c.other_accuracy > 0.8);
        assert_true(fabs(c.accuracy - c.other_accuracy) <= 0.006);
        assert_true(c.same_answers >= 0.985);
        assert_true(c.largest_difference < 0.2 && c.largest_difference > 0);
        assert_string_equal(c.precision, precision);
        assert_string_equal(c.other_precision, "fp32");
        metrics_t mine = nn_model_evaluate(q, x, digits.y_test, (run_opts){0});
        metrics_t its = nn_model_evaluate(m, x, digits.y_test, (run_opts){0});
        assert_true(fabs(mine.accuracy - c.accuracy) < 1e-12);
        assert_true(fabs(mine.loss - its.loss) < 0.02);
        latency_t t = nn_model_benchmark(
            q, x, (benchmark_opts){.y = digits.y_test, .warmup = -1, .passes = 1});
        assert_string_equal(t.precision, precision);
        assert_true(fabs(t.accuracy - c.accuracy) < 1e-12);
        assert_int_equal(strncmp(t.engine, precision, 4), 0);
        /* the same rows one by one, all at once, and by the reference */
        tensor_t all = nn_model_predict(q, x, (run_opts){.threads = 2});
        tensor_t some = nn_slice(x, 0, 40);
        tensor_t slow = nn_model_predict(q, some, (run_opts){.engine = "reference"});
        tensor_t one = nn_model_predict(q, nn_slice(x, 39, 40), (run_opts){0});
        assert_memory_equal(all.data, slow.data, 40 * 10 * sizeof(float));
        assert_memory_equal((float *)all.data + 390, one.data, 10 * sizeof(float));
    }
}

/* Floats that mean the same as the bytes give the same answers; so does the loss of other kinds. */
static void test_inputs_and_losses(void **state)
{
    (void)state;
    model_t *m = lenet(0, "sparse_categorical_crossentropy");
    tensor_t x = nn_slice(pictures(digits.x_test), 0, 50);
    model_t *q = nn_model_quantize(m, pictures(digits.x_train), (quantize_opts){.images = 500});
    tensor_t bytes = nn_model_predict(q, x, (run_opts){0});
    tensor_t values = nn_model_predict(q, nn_tensor_copy(x), (run_opts){0});
    assert_memory_equal(bytes.data, values.data, 500 * sizeof(float));

    tensor_t rows = nn_tensor_zeros(NN_FLOAT32, SHAPE(50, 10));
    for (int i = 0; i < 50; i++)
        ((float *)rows.data)[10 * i + (int)nn_tensor_at(digits.y_test, (size_t)i)] = 1;
    static const char *const losses[] = {"categorical_crossentropy", "mean_squared_error"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            nn_model_compile(q, (compile_opts){.loss = losses[i], .metrics = {"accuracy"}}), NN_OK);
        metrics_t mine = nn_model_evaluate(q, x, rows, (run_opts){0});
        assert_true(fabs(mine.loss - nn_loss_value(losses[i], rows, bytes)) < 1e-5);
    }
}

/* What stands in the messages, whole. */
static void test_refusals(void **state)
{
    (void)state;
    model_t *m = lenet(0, "sparse_categorical_crossentropy");
    tensor_t x = pictures(digits.x_train);
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_refused(!nn_model_fit(q, x, digits.y_train, (fit_opts){0}),
                   "model_fit: model \"lenet_int8\" is quantised (int8) and cannot be trained; "
                   "take the model that it was made of, and model_quantize() it again");
    assert_true(nn_model_train_on_batch(q, x, digits.y_train, (run_opts){0}).samples < 0);
    assert_refused(!nn_layer_weights(nn_model_layer(q, 1)),
                   "layer_weights: model \"lenet_int8\" is quantised (int8) and keeps no float32 "
                   "weights; take the model that it was made of, and model_quantize() it again");
    assert_refused(!nn_model_quantize(q, x, (quantize_opts){0}),
                   "model_quantize: model \"lenet_int8\" is quantised already (int8); give the "
                   "model that it was made of");
    assert_refused(!nn_model_quantize(NULL, x, (quantize_opts){0}),
                   "model_quantize: the model is NULL");
    assert_refused(!nn_model_quantize(m, x, (quantize_opts){.precision = "int4"}),
                   "model_quantize: precision \"int4\" is unknown; valid are int8, bf16");
    assert_refused(!nn_model_quantize(m, x, (quantize_opts){.images = 2001}),
                   "model_quantize: images is 2001, 1 to the 2000 rows of x expected");
    assert_refused(!nn_model_quantize(m, x, (quantize_opts){.fp32 = {"flatten"}}),
                   "model_quantize: fp32 names \"flatten\"; a layer with weights expected: conv2d, "
                   "conv2d_1, dense, dense_1");
    assert_refused(!nn_model_quantize(
                       m, x, (quantize_opts){.fp32 = {"conv2d", "conv2d_1", "dense", "dense_1"}}),
                   "model_quantize: model \"lenet\": no layer with weights is left to quantise");
    assert_refused(nn_model_predict(q, x, (run_opts){.engine = "lane"}).rank != 0 ? 0 : 1,
                   "model_predict: engine \"lane\" cannot compute a quantised model; valid are "
                   "int8, reference");
    assert_refused(nn_model_save(q, "q.keras", (save_opts){0}).bytes < 0,
                   "model_save: model \"lenet_int8\" is quantised (int8) and '.keras' files hold "
                   "float32; save it as '*.nnq', and the model that it was made of as '.keras'");
    assert_refused(nn_model_save(m, "q.nnq", (save_opts){0}).bytes < 0,
                   "model_save: the file name must end in '.keras'. Received: filepath=q.nnq");
    assert_refused(nn_model_compare(q, NULL, x, (compare_opts){0}).samples < 0,
                   "model_compare: the second model is NULL");
    nn_layer_weights(nn_model_layer(m, 1))[3] = NAN;
    assert_refused(!nn_model_quantize(m, x, (quantize_opts){0}),
                   "model_quantize: layer \"conv2d\" has weights that are no finite numbers; train "
                   "the model with a smaller learning rate");
}

/* The copy is its own: training the original, or its end, changes nothing. */
static void test_the_copy_stays(void **state)
{
    (void)state;
    model_t *m = lenet(1, "sparse_categorical_crossentropy");
    tensor_t x = nn_slice(pictures(digits.x_test), 0, 60);
    model_t *q = nn_model_quantize(m, pictures(digits.x_train),
                                   (quantize_opts){.fp32 = {"dense"}, .name = "mine"});
    assert_string_equal(nn_model_name(q), "mine");
    tensor_t before = nn_model_predict(q, x, (run_opts){0});
    assert_non_null(nn_model_fit(m, pictures(digits.x_train), digits.y_train,
                                 (fit_opts){.verbose = NN_SILENT}));
    nn_model_free(m);
    tensor_t after = nn_model_predict(q, x, (run_opts){0});
    assert_memory_equal(before.data, after.data, 600 * sizeof(float));
}

static void test_summary_and_plan(void **state)
{
    (void)state;
    model_t *m = lenet(0, "sparse_categorical_crossentropy");
    model_t *q = nn_model_quantize(m, pictures(digits.x_train), (quantize_opts){.fp32 = {"dense"}});
    nn_summary_row rows[16];
    nn_summary_totals totals;
    assert_int_equal(nn_model_summary_rows(q, rows, 16, &totals), 9);
    assert_string_equal(rows[0].type, "Conv2D, int8");
    assert_string_equal(rows[1].type, "MaxPooling2D");
    assert_string_equal(rows[6].type, "Dense, fp32");
    assert_string_equal(rows[8].type, "Dense, int8");
    assert_int_equal(totals.trainable, 0);
    assert_int_equal(totals.non_trainable, 156 + 2416 + 16040 + 410);
    /* a byte a weight; four a bias and a scale; the float32 layer four each */
    assert_int_equal(totals.bytes, 150 + 2400 + 400 + 8 * (6 + 16 + 10) + 4 * 16040);
    nn_model_summary_rows(m, NULL, 0, &totals);
    assert_int_equal(totals.bytes, 4 * totals.trainable);

    nn_plan_row plan[16];
    assert_int_equal(nn_model_plan_rows(q, plan, 16), 9);
    assert_int_equal(strncmp(plan[0].engine, "int8 ", 5), 0);
    assert_string_equal(plan[0].why, "");
    for (int i = 0; i < 9; i++)
        assert_null(strstr(plan[i].kernel, "gradient")); /* it has none */
    assert_string_equal(plan[2].why, "nothing to do: dropout is for training");
    assert_int_not_equal(strncmp(plan[6].engine, "int8 ", 5), 0);
    assert_string_equal(plan[6].why, "float32: asked for");
    assert_string_equal(plan[7].why, "float32: asked for");
}

/* A unit of so many inputs that their sum could leave 32 bits stays in float32 by itself. */
static void test_too_large_sums(void **state)
{
    (void)state;
    model_t *m = nn_sequential("wide", LAYERS(nn_input(SHAPE(70000)), nn_dense(1, (dense_opts){0}),
                                              nn_dense(2, (dense_opts){0})));
    for (int i = 0; i < 70000; i++)
        nn_layer_weights(nn_model_layer(m, 1))[i] = 0.001f;
    tensor_t x = nn_tensor_zeros(NN_UINT8, SHAPE(2, 70000));
    memset(x.data, 255, 70000);
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_non_null(q);
    nn_plan_row plan[2];
    nn_model_plan_rows(q, plan, 2);
    assert_string_equal(plan[0].why, "float32: its sums could leave 32 bits");
    assert_string_equal(plan[1].why, "");
    tensor_t a = nn_model_predict(m, x, (run_opts){0}), b = nn_model_predict(q, x, (run_opts){0});
    for (size_t i = 0; i < 4; i++)
        assert_true(fabsf(nn_tensor_at(a, i) - nn_tensor_at(b, i)) <=
                    0.01f * fabsf(nn_tensor_at(a, i)) + 0.01f);
}

static void test_softmax_inside(void **state)
{
    (void)state;
    model_t *m = nn_sequential("soft", LAYERS(nn_input(SHAPE(6)),
                                              nn_dense(5, (dense_opts){.activation = "softmax"}),
                                              nn_dense(3, (dense_opts){.activation = "relu"}),
                                              nn_activation_layer("softmax", (layer_opts){0})));
    tensor_t x = floats(2, (int64_t[]){4, 6});
    for (int i = 0; i < 24; i++)
        ((float *)x.data)[i] = (float)(i % 7) - 3;
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_non_null(q);
    nn_plan_row plan[3];
    nn_model_plan_rows(q, plan, 3);
    assert_string_equal(plan[0].why, "float32: a softmax that is not the end of the model");
    tensor_t a = nn_model_predict(m, x, (run_opts){0}), b = nn_model_predict(q, x, (run_opts){0});
    for (size_t i = 0; i < 12; i++)
        assert_true(fabsf(nn_tensor_at(a, i) - nn_tensor_at(b, i)) < 0.02f);
}

static void test_files(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        model_t *m = lenet(i == 1, "sparse_categorical_crossentropy");
        tensor_t x = pictures(digits.x_test);
        model_t *q = nn_model_quantize(
            m, pictures(digits.x_train),
            (quantize_opts){.precision = i == 2 ? "bf16" : "int8", .fp32 = {i ? NULL : "dense"}});
        tensor_t before = nn_model_predict(q, x, (run_opts){0});
        saved_t saved = nn_model_save(q, FILE_NAME, (save_opts){0});
        assert_true(saved.bytes > 0);
        assert_int_equal(strlen(saved.sha256), 64);
        assert_true(nn_model_save(q, FILE_NAME, (save_opts){.no_overwrite = 1}).bytes < 0);
        assert_int_equal(nn_error_status(), NN_OS_ERROR);
        model_t *again = nn_model_load(FILE_NAME, (load_opts){0});
        assert_non_null(again);
        assert_string_equal(nn_model_name(again), nn_model_name(q));
        assert_string_equal(nn_model_precision(again), nn_model_precision(q));
        tensor_t after = nn_model_predict(again, x, (run_opts){0});
        assert_memory_equal(before.data, after.data, nn_tensor_size(before) * sizeof(float));
        metrics_t one = nn_model_evaluate(q, x, digits.y_test, (run_opts){0});
        metrics_t two = nn_model_evaluate(again, x, digits.y_test, (run_opts){0});
        assert_true(one.loss == two.loss && one.accuracy == two.accuracy);
        model_t *bare = nn_model_load(FILE_NAME, (load_opts){.no_compile = 1});
        assert_true(nn_model_evaluate(bare, x, digits.y_test, (run_opts){0}).samples < 0);
        /* the same bytes again */
        size_t first, second;
        unsigned char *a = nn__quant_write(q, &first), *b = nn__quant_write(again, &second);
        assert_int_equal(first, second);
        assert_memory_equal(a, b, first);
        free(a);
        free(b);
        unlink(FILE_NAME);
    }
    assert_null(nn_model_load("nowhere.nnq", (load_opts){0}));
    assert_int_equal(nn_error_status(), NN_FILE_NOT_FOUND);
    model_t *m = lenet(0, "sparse_categorical_crossentropy");
    model_t *q = nn_model_quantize(m, pictures(digits.x_train), (quantize_opts){0});
    assert_true(nn_model_save(q, "no such folder/q.nnq", (save_opts){0}).bytes < 0);
    assert_int_equal(nn_error_status(), NN_FILE_NOT_FOUND);
}

/* The instruction set is chosen as XTINYCC_ISA says, and the answers are the same. */
static void test_chosen_instructions(void **state)
{
    (void)state;
    static const char *const levels[] = {"v2", "v3"};
    const char *before = getenv("XTINYCC_ISA");
    char *was = before ? strdup(before) : NULL;
    model_t *m = lenet(1, "sparse_categorical_crossentropy");
    tensor_t x = pictures(digits.x_train);
    for (int type = 0; type < 2; type++) {
        const char *precision = type ? "bf16" : "int8";
        model_t *q = nn_model_quantize(m, x, (quantize_opts){.precision = precision});
        tensor_t best = nn_model_predict(q, nn_slice(x, 0, 9), (run_opts){0});
        for (int i = 0; i < 2; i++) {
            char engine[16];
            snprintf(engine, sizeof engine, "%s %s", precision, levels[i]);
            setenv("XTINYCC_ISA", levels[i], 1);
            latency_t t = nn_model_benchmark(q, nn_slice(x, 0, 9), (benchmark_opts){.warmup = -1});
            if (i == 0 || strcmp(nn__isa_level(), "v2") != 0)
                assert_int_equal(strncmp(t.engine, engine, strlen(engine)), 0);
            tensor_t out = nn_model_predict(q, nn_slice(x, 0, 9), (run_opts){0});
            for (size_t k = 0; k < 90; k++) /* the processor's own bf16 may round its sums alone */
                assert_true(fabsf(nn_tensor_at(out, k) - nn_tensor_at(best, k)) <=
                            (type ? 0.02f : 0));
            unsetenv("XTINYCC_ISA");
        }
    }
    if (was)
        setenv("XTINYCC_ISA", was, 1);
    free(was);
}

/* Every damage of one byte, and every length, is noticed. */
static void test_damaged_files(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    tensor_t x, y;
    make_classes(20, &x, &y);
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    size_t size;
    unsigned char *bytes = nn__quant_write(q, &size);
    assert_non_null(nn__quant_read("whole", bytes, size, 1));
    for (size_t i = 0; i < size; i++) {
        unsigned char was = bytes[i];
        bytes[i] ^= 0x41;
        assert_null(nn__quant_read("changed", bytes, size, 1));
        assert_int_equal(nn_error_status(), NN_VALUE_ERROR);
        bytes[i] = was;
        unsigned char *shorter = malloc(i + 1); /* so that a sanitizer sees its end */
        memcpy(shorter, bytes, i);
        assert_null(nn__quant_read("short", shorter, i, 1));
        free(shorter);
    }
    assert_refused(!nn__quant_read("q.nnq", (const unsigned char *)"PK\3\4", 4, 1),
                   "model_load: q.nnq is no quantised model, or damaged: its first line");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers_stay, setup),
        cmocka_unit_test_setup(test_inputs_and_losses, setup),
        cmocka_unit_test_setup(test_refusals, setup),
        cmocka_unit_test_setup(test_the_copy_stays, setup),
        cmocka_unit_test_setup(test_summary_and_plan, setup),
        cmocka_unit_test_setup(test_too_large_sums, setup),
        cmocka_unit_test_setup(test_softmax_inside, setup),
        cmocka_unit_test_setup(test_chosen_instructions, setup),
        cmocka_unit_test_setup(test_files, setup),
        cmocka_unit_test_setup(test_damaged_files, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
