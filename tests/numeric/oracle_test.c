/*
 * Two training runs of real Keras (3.15.1, TensorFlow), repeated step by step through the public
 * library, with every engine there is. The data in oracle/ and the demands are explained in
 * oracle/README.md. Needs the real MNIST; without it the test is skipped.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mnist_files.h"
#include "nn/model.h"

#define STEPS      200
#define BATCH      128
#define SKIPPED    77
#define LAYERS     8
#define PARAMETERS 61706

typedef struct demand {
    const char *run; /* folder of the data */
    int relu_max;
    double step_loss, weights, test_loss, softmax;
} demand;

static const demand tanh_avg_adam = {"tanh_avg_adam", 0, 2e-6, 5e-6, 1e-6, 2e-6};
static const demand relu_max_sgd = {"relu_max_sgd", 1, 1e-5, 1e-4, 1e-5, 1e-4};

static tensor_t x_train, y_train, x_test, y_test;

static void *load(const demand *d, const char *name, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, XTINYCC_ORACLE "/%s/%s", d->run, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    void *bytes = malloc(size);
    assert_int_equal(fread(bytes, 1, size, file), size);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    return bytes;
}

/* The first COUNT layers after the Input. */
static model_t *make_model(const demand *d, int count)
{
    const char *activation = d->relu_max ? "relu" : "tanh";
    layer_t *(*pool)(int, pooling2d_opts) = d->relu_max ? nn_max_pooling2d : nn_average_pooling2d;
    layer_t *layers[LAYERS + 1] = {nn_input(3, (int64_t[]){28, 28, 1})};
    for (int i = 1; i <= count; i++) {
        switch (i) {
        case 1:
            layers[i] = nn_conv2d(6, 5, (conv2d_opts){.activation = activation, .padding = "same"});
            break;
        case 3:
            layers[i] = nn_conv2d(16, 5, (conv2d_opts){.activation = activation});
            break;
        case 2:
        case 4:
            layers[i] = pool(2, (pooling2d_opts){0});
            break;
        case 5:
            layers[i] = nn_flatten((layer_opts){0});
            break;
        case 6:
            layers[i] = nn_dense(120, (dense_opts){.activation = activation});
            break;
        case 7:
            layers[i] = nn_dense(84, (dense_opts){.activation = activation});
            break;
        case 8:
            layers[i] = nn_dense(10, (dense_opts){.activation = "softmax"});
            break;
        }
    }
    model_t *model = nn_sequential(d->run, (size_t)count + 1, layers);
    assert_non_null(model);
    return model;
}

/* Parameters in Keras' order, between a model and one flat array. */
static void move_parameters(model_t *model, float *flat, int into_model)
{
    for (int i = 1; i < nn_model_layer_count(model); i++) {
        layer_t *layer = nn_model_layer(model, i);
        if (nn_layer_param_count(layer) == 0)
            continue;
        tensor_t parts[] = {nn_layer_weights_tensor(layer), nn_layer_bias_tensor(layer)};
        for (int k = 0; k < 2; k++) {
            size_t size = nn_tensor_size(parts[k]);
            memcpy(into_model ? parts[k].data : flat, into_model ? flat : parts[k].data,
                   size * sizeof *flat);
            flat += size;
        }
    }
}

static model_t *make_initial(const demand *d, nn_optimizer optimizer)
{
    model_t *model = make_model(d, LAYERS);
    float *initial = load(d, "initial.f32", PARAMETERS * sizeof *initial);
    move_parameters(model, initial, 1);
    free(initial);
    assert_int_equal(nn_model_compile(model, (compile_opts){.optimizer = optimizer,
                                                            .loss = "sparse_categorical_"
                                                                    "crossentropy",
                                                            .metrics = {"accuracy"}}),
                     NN_OK);
    return model;
}

static nn_optimizer optimizer_of(const demand *d)
{
    return d->relu_max ? nn_sgd((sgd_opts){.learning_rate = 2e-3f, .momentum = .9f})
                       : nn_adam((adam_opts){.learning_rate = 1e-3f});
}

/* Largest difference, divided by SCALE. */
static double distance(const float *got, const float *wanted, size_t size, double scale)
{
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs((double)got[i] - wanted[i]));
    return largest / scale;
}

static double magnitude(const float *values, size_t size)
{
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs((double)values[i]));
    return largest;
}

static int below(const char *what, double got, double demand)
{
    print_message("    %-34s %.2e (demand %.0e)\n", what, got, demand);
    return got <= demand;
}

/* Outputs of every layer for test image 0. */
static void check_activations(const demand *d, const char *engine)
{
    static const size_t sizes[LAYERS] = {28 * 28 * 6, 14 * 14 * 6, 10 * 10 * 16, 5 * 5 * 16,
                                         400,         120,         84,           10};
    float *initial = load(d, "initial.f32", PARAMETERS * sizeof *initial);
    float *wanted = load(d, "activation.f32", (4704 + 1176 + 1600 + 400 + 400 + 214) * sizeof *wanted);
    const float *at = wanted;
    double worst = 0;
    for (int count = 1; count <= LAYERS; count++) {
        model_t *model = make_model(d, count);
        move_parameters(model, initial, 1);
        tensor_t out = nn_model_predict(model, nn_slice(x_test, 0, 1), (run_opts){.engine = engine});
        /* A fast engine may decline a model that stops half way: then only the reference shows. */
        if (out.rank) {
            assert_int_equal(nn_tensor_size(out), sizes[count - 1]);
            worst = fmax(worst, distance(out.data, at, sizes[count - 1],
                                         magnitude(at, sizes[count - 1])));
        } else {
            assert_non_null(engine);
        }
        at += sizes[count - 1];
        nn_model_free(model);
    }
    free(initial);
    free(wanted);
    assert_true(below("activations, relative", worst, 2e-6));
}

/* The gradient of the first batch, read off one step of SGD. A step size that is a power of two
   and large makes the difference of the weights exact to the gradient's own rounding. */
static void check_gradients(const demand *d, const char *engine)
{
    static const size_t sizes[] = {150, 6, 2400, 16, 48000, 120, 10080, 84, 840, 10};
    const float step = 1024;
    model_t *model = make_initial(d, nn_sgd((sgd_opts){.learning_rate = step}));
    float *before = malloc(PARAMETERS * sizeof *before), *after = malloc(PARAMETERS * sizeof *after);
    float *wanted = load(d, "gradient.f32", PARAMETERS * sizeof *wanted);
    move_parameters(model, before, 0);
    metrics_t m = nn_model_train_on_batch(model, nn_slice(x_train, 0, BATCH),
                                          nn_slice(y_train, 0, BATCH), (run_opts){.engine = engine});
    assert_int_equal(m.samples, BATCH);
    move_parameters(model, after, 0);
    for (size_t i = 0; i < PARAMETERS; i++)
        after[i] = (float)(((double)before[i] - after[i]) / step);
    double worst = 0;
    for (size_t i = 0, at = 0; i < sizeof sizes / sizeof *sizes; at += sizes[i++])
        worst = fmax(worst, distance(after + at, wanted + at, sizes[i],
                                     magnitude(wanted + at, sizes[i])));
    free(before);
    free(after);
    free(wanted);
    nn_model_free(model);
    assert_true(below("gradients, relative", worst, 2e-5));
}

/* Loss and right answers on the test set; WHEN 0 initial, 1 trained. */
static void check_test_set(const demand *d, model_t *model, int when, const char *engine)
{
    double *loss = load(d, "test_loss.f64", 2 * sizeof *loss);
    int32_t *hits = load(d, "test_hits.i32", 2 * sizeof *hits);
    metrics_t m = nn_model_evaluate(model, x_test, y_test, (run_opts){.engine = engine});
    assert_int_equal(m.samples, 10000);
    assert_true(below(when ? "loss on the test set" : "loss on the test set, initial",
                      fabs(m.loss - loss[when]), d->test_loss));
    assert_true(fabs(m.accuracy * 10000 - hits[when]) <= 2.5);
    free(loss);
    free(hits);
}

static void check_answers(const demand *d, model_t *model, const char *engine)
{
    tensor_t out = nn_model_predict(model, x_test, (run_opts){.engine = engine});
    float *softmax = load(d, "softmax.f32", 160 * sizeof *softmax);
    uint8_t *answers = load(d, "answers.u8", 10000);
    tensor_t classes = nn_argmax(out);
    int differing = 0;
    for (int i = 0; i < 10000; i++)
        differing += ((int32_t *)classes.data)[i] != answers[i];
    assert_true(below("softmax rows", distance(out.data, softmax, 160, 1), d->softmax));
    assert_true(below("differing answers of 10,000", differing, 2));
    free(softmax);
    free(answers);
}

static void check_training(const demand *d, const char *engine)
{
    model_t *model = make_initial(d, optimizer_of(d));
    float *loss = load(d, "step_loss.f32", STEPS * sizeof *loss);
    float *accuracy = load(d, "step_accuracy.f32", STEPS * sizeof *accuracy);
    float *trained = load(d, "trained.f32", PARAMETERS * sizeof *trained);
    float *got = malloc(PARAMETERS * sizeof *got);
    check_test_set(d, model, 0, engine);
    double worst = 0, worst_early = 0;
    for (int step = 0; step < STEPS; step++) {
        int64_t row = step % (STEPS / 2) * BATCH;
        metrics_t m = nn_model_train_on_batch(model, nn_slice(x_train, row, row + BATCH),
                                              nn_slice(y_train, row, row + BATCH),
                                              (run_opts){.engine = engine});
        double difference = fabs(m.loss - loss[step]);
        worst = fmax(worst, difference);
        if (step < 50)
            worst_early = fmax(worst_early, difference);
        if (lround(m.accuracy * BATCH) != lround(accuracy[step] * BATCH))
            fail_msg("step %d: accuracy %g, Keras has %g", step, m.accuracy, (double)accuracy[step]);
    }
    assert_true(below("loss of steps 1 to 50", worst_early, 2e-6));
    assert_true(below("loss of any step", worst, d->step_loss));
    move_parameters(model, got, 0);
    assert_true(below("weights after 200 steps", distance(got, trained, PARAMETERS, 1), d->weights));
    check_test_set(d, model, 1, engine);
    check_answers(d, model, engine);
    free(loss);
    free(accuracy);
    free(trained);
    free(got);
    nn_model_free(model);
}

static void replay(const demand *d, const char *engine)
{
    model_t *model = make_model(d, LAYERS);
    if (!nn_model_predict(model, nn_slice(x_test, 0, 1), (run_opts){.engine = engine}).rank) {
        print_message("  %s: %s\n", d->run, nn_error_message());
        skip();
    }
    nn_model_free(model);
    print_message("  %s, engine %s\n", d->run, engine);
    check_activations(d, engine);
    check_gradients(d, engine);
#ifdef XTINYCC_SANITIZED
    /* The plain loops of the reference take minutes when each access is checked; what they touch
       was touched above. */
    if (strcmp(engine, "reference") == 0)
        return;
#endif
    check_training(d, engine);
}

static void test_tanh_reference(void **state)
{
    (void)state;
    replay(&tanh_avg_adam, "reference");
}

static void test_relu_reference(void **state)
{
    (void)state;
    replay(&relu_max_sgd, "reference");
}

static void test_tanh_lane(void **state)
{
    (void)state;
    replay(&tanh_avg_adam, "lane");
}

static void test_relu_lane(void **state)
{
    (void)state;
    replay(&relu_max_sgd, "lane");
}

int main(void)
{
    if (!mnist_load("train", 60000, &x_train, &y_train) ||
        !mnist_load("t10k", 10000, &x_test, &y_test)) {
        print_message("MNIST was not found: put the four IDX files into the cache, or set "
                      "XTINYCC_DATA to their folder\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tanh_lane),
        cmocka_unit_test(test_relu_lane),
        cmocka_unit_test(test_tanh_reference),
        cmocka_unit_test(test_relu_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
