/*
 * The lane engine against the reference engine, on networks drawn at random: every layer, window,
 * stride, padding, activation and loss; batches with and without a partial last group; and the same
 * bits for any number of threads. Instruction sets: tests/unit/engine.cmake runs this once for each.
 */
#include "lane_draw.h"

#include <sys/wait.h>
#include <unistd.h>
#include "engine/blas_engine.h"
#include "nn/blas.h"

#define NETWORKS 200

static void test_agrees_with_reference(void **unused)
{
    (void)unused;
    char text[600];
    lane_draw_state = 12345;
    double worst = 0;
    for (int i = 0; i < NETWORKS; i++) {
        int classes;
        nn_set_random_seed((uint64_t)i + 1);
        model_t *model = draw_model(&classes, text, sizeof text);
        assert_non_null(model);
        nn_loss loss = (nn_loss)draw(0, 2);
        model->net.loss = loss;
        data d = draw_batch(model, loss, classes, draw_count());
        results want = run("reference", model, &d.batch, 1), got = run("lane", model, &d.batch, 2);
        size_t outputs = (size_t)d.batch.count * (size_t)classes;
        double out = distance(want.out, got.out, outputs);
        double grad = distance(want.grad, got.grad, model->net.param_count);
        double sums = fabs(want.loss - got.loss) / fmax(1, fabs(want.loss)) +
                      fabs(want.gradient_loss - got.gradient_loss) / fmax(1, fabs(want.loss));
        if (out > TOLERANCE || grad > TOLERANCE || sums > TOLERANCE || want.hits != got.hits ||
            want.gradient_hits != got.gradient_hits)
            fail_msg("network %d (%s), loss %d, batch %d: outputs %g, gradient %g, loss %g apart, hits %d for %d",
                     i, text, (int)loss, d.batch.count, out, grad, sums, (int)got.hits,
                     (int)want.hits);
        worst = fmax(worst, fmax(out, grad));
        free_results(want);
        free_results(got);
        free_data(d);
        nn_model_free(model);
    }
    print_message("    %s: %d networks, farthest apart: %.1e\n", nn__lane_engine(0)->name, NETWORKS, worst);
}

/* More groups than have slots at once, layers of several panels of outputs and a part of one, and
   images of one or three channels stored as floats, bytes and integers. */
static void test_large_batches_of_dense_layers_agree_with_reference(void **unused)
{
    (void)unused;
    lane_draw_state = 4711;
    for (int i = 0; i < 6; i++) {
        layer_t *layers[] = {nn_input(3, (int64_t[]){5, 7, i < 3 ? 1 : 3}),
                             nn_flatten((layer_opts){0}),
                             nn_dense(150, (dense_opts){.activation = "relu"}),
                             nn_dense(70, (dense_opts){.activation = "tanh"}),
                             nn_dense(10, (dense_opts){.activation = "softmax"})};
        nn_set_random_seed((uint64_t)i + 1);
        model_t *model = nn_sequential("dense", 5, layers);
        data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, 10, 1100);
        if (i % 3)
            store_as_integers(&d, i % 3 == 1 ? NN_UINT8 : NN_INT32);
        results want = run("reference", model, &d.batch, 1), got = run("lane", model, &d.batch, 3);
        double out = distance(want.out, got.out, 1100 * 10);
        double grad = distance(want.grad, got.grad, model->net.param_count);
        if (out > TOLERANCE || grad > TOLERANCE || want.gradient_hits != got.gradient_hits)
            fail_msg("case %d: outputs %g, gradient %g apart", i, out, grad);
        free_results(want);
        free_results(got);
        free_data(d);
        nn_model_free(model);
    }
}

/* Against doubles: weights, and moments, of any size, also none. The last place of a weight that
   changes little says nothing, so it starts at zero. */
static void test_adam_is_exact(void **unused)
{
    (void)unused;
    const lane_adam step = {.alpha = 1e-3f, .rest_1 = 0.1f, .rest_2 = 1e-3f, .epsilon = 1e-7f};
    lane_draw_state = 99;
    for (size_t n = 1; n <= 70; n++) {
        float *grad = malloc(n * sizeof *grad), *params = calloc(n, sizeof *params);
        float *m = malloc(n * sizeof *m), *v = malloc(n * sizeof *v);
        for (size_t i = 0; i < n; i++) {
            int blank = draw(0, 9) == 0;
            grad[i] = blank ? 0 : noise() * powf(10, (float)draw(-14, 6));
            m[i] = blank ? 0 : noise() * powf(10, (float)draw(-14, 6));
            v[i] = blank ? 0 : powf(10, (float)draw(-28, 12));
            double m1 = m[i] + ((double)grad[i] - m[i]) * step.rest_1;
            double v1 = v[i] + ((double)grad[i] * grad[i] - v[i]) * step.rest_2;
            params[i] = 0;
            float one_param = 0, one_m = m[i], one_v = v[i];
            nn__lane_kernels()->adam(&step, grad + i, &one_param, &one_m, &one_v, 1);
            double want = -step.alpha * m1 / (sqrt(v1) + step.epsilon);
            /* m may be the small rest of two large numbers. */
            double scale = step.alpha * (fabs(m[i]) + 0.1 * fabs(grad[i])) / (sqrt(v1) + step.epsilon);
            assert_true(fabs(one_param - want) <= 1e-6 * scale);
            assert_true(fabs(one_m - m1) <= 1e-6 * (fabs(m[i]) + fabs(grad[i])));
            assert_true(fabs(one_v - v1) <= 1e-6 * v1);
        }
        float *whole[3] = {params, m, v}, *parts[3];
        for (int k = 0; k < 3; k++) {
            parts[k] = malloc(n * sizeof(float));
            memcpy(parts[k], whole[k], n * sizeof(float));
        }
        nn__lane_kernels()->adam(&step, grad, params, m, v, n);
        for (size_t i = 0; i < n; i++) /* the same bits wherever it is cut */
            nn__lane_kernels()->adam(&step, grad + i, parts[0] + i, parts[1] + i, parts[2] + i, 1);
        for (int k = 0; k < 3; k++) {
            assert_memory_equal(whole[k], parts[k], n * sizeof(float));
            free(whole[k]);
            free(parts[k]);
        }
        free(grad);
    }
}

/* forward() of few samples without a loss goes another way: one image at a time. Stored bytes
   and integers, rows in an order of their own, and parameters that change under one instance. */
static void test_few_samples_agree_with_reference(void **unused)
{
    (void)unused;
    char text[600], why[200];
    lane_draw_state = 777;
    double worst = 0;
    for (int i = 0; i < 2 * NETWORKS; i++) {
        int classes;
        nn_set_random_seed((uint64_t)i + 1);
        model_t *model = draw_model(&classes, text, sizeof text);
        model->net.loss = (nn_loss)draw(0, 2);
        data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, classes, 8);
        const int32_t order[FEW] = {4, 1, 3, 7, 0, 5};
        d.batch.order = order;
        d.batch.count = draw(1, FEW);
        if (i % 3)
            store_as_integers(&d, i % 3 == 1 ? NN_UINT8 : NN_INT32);
        if (i % 4 == 1)
            blank_rows(model, &d);
        const char *form = i % 2 ? "lane" : "plain";
        const nn_engine *lane = nn__engine_choose(&model->net, form, why, sizeof why);
        void *self = lane->create(&model->net, 1);
        void *oracle = nn__reference_engine.create(&model->net, 1);
        for (uint64_t version = 1; version <= 3; version++) {
            float want[FEW * 20], got[FEW * 20], again[FEW * 20];
            d.batch.params_version = version;
            nn__reference_engine.forward(oracle, model->params, &d.batch, want, NULL, NULL);
            lane->forward(self, model->params, &d.batch, got, NULL, NULL);
            lane->forward(self, model->params, &d.batch, again, NULL, NULL);
            size_t outputs = (size_t)d.batch.count * (size_t)classes;
            double apart = distance(want, got, outputs);
            if (!(apart <= 1e-5))
                fail_msg("network %d (%s), %d samples: outputs %g apart", i, text, d.batch.count,
                         apart);
            assert_memory_equal(got, again, outputs * sizeof *got);
            worst = fmax(worst, apart);
            for (size_t k = 0; k < model->net.param_count; k++)
                model->params[k] *= 0.75f;
        }
        lane->destroy(self);
        nn__reference_engine.destroy(oracle);
        free_data(d);
        nn_model_free(model);
    }
    print_message("    %s: farthest apart: %.1e\n", nn__lane_engine(0)->name, worst);
}

/* LeNet-5 and its kin: windows of five columns, planes between convolutions, rows of a convolution
   that a dense layer takes one by one, outputs that fill no vector; sizes around those of the
   vectors. Bytes with blank rows, several images through one engine in turn: what it keeps of the
   one before must not show. */
static model_t *draw_lenet(int *h, int *w, int *classes, char *text, size_t size)
{
    static const char *const activations[] = {"tanh", "relu", "sigmoid", NULL};
    const char *activation = activations[draw(0, 3)], *padding = draw_padding();
    int window = draw(0, 2) ? 5 : 3, filters[2] = {draw(1, 13), draw(1, 20)}, maximum = draw(0, 1);
    int units[2] = {draw(0, 3) ? draw(100, 140) : draw(250, 280), draw(1, 90)};
    *h = draw(20, 36);
    *w = draw(0, 1) ? 28 : draw(20, 44);
    *classes = draw(2, 20);
    snprintf(text, size, "%dx%d %s, windows %d, %s pooling, %d and %d filters, %d and %d units", *h,
             *w, activation ? activation : "linear", window, maximum ? "max" : "average",
             filters[0], filters[1], units[0], units[1]);
    layer_t *layers[10] = {nn_input(3, (int64_t[]){*h, *w, draw(0, 2) ? 1 : 2})};
    for (int i = 0; i < 2; i++) {
        layers[1 + 2 * i] = nn_conv2d(filters[i], window,
                                      (conv2d_opts){.activation = activation,
                                                    .padding = i ? "valid" : padding});
        layers[2 + 2 * i] = maximum ? nn_max_pooling2d(2, (pooling2d_opts){0})
                                    : nn_average_pooling2d(2, (pooling2d_opts){0});
        layers[6 + i] = nn_dense(units[i], (dense_opts){.activation = activation});
    }
    layers[5] = nn_flatten((layer_opts){0});
    layers[8] = nn_dense(*classes, (dense_opts){.activation = "softmax"});
    return nn_sequential("lenet", 9, layers);
}

/* Most windows of the first and of the last rows see nothing. */
static void blank_margins(const model_t *model, data *d)
{
    size_t row = (size_t)model->net.in_w * (size_t)model->net.in_c;
    size_t size = d->batch.x.dtype == NN_UINT8 ? 1 : sizeof(float);
    char *image = (char *)d->pixels;
    d->batch.x.offset = 0;
    for (int n = 0; n < 8; n++, image += (size_t)model->net.in_h * row * size) {
        size_t below = (size_t)draw(0, 9);
        memset(image, 0, (size_t)draw(0, 9) * row * size);
        memset(image + ((size_t)model->net.in_h - below) * row * size, 0, below * row * size);
    }
}

/* New models have none, and what comes of zeros alone would be zeros. */
static void draw_biases(model_t *model)
{
    for (int i = 0; i < model->net.op_count; i++)
        for (size_t k = 0; k < model->net.ops[i].bias_count; k++)
            model->params[model->net.ops[i].bias + k] = noise() / 3;
}

static void test_lenets_agree_with_reference(void **unused)
{
    (void)unused;
    char text[600], why[200];
    lane_draw_state = 4321;
    double worst = 0;
    for (int i = 0; i < 60; i++) {
        int h, w, classes;
        nn_set_random_seed((uint64_t)i + 1);
        model_t *model = draw_lenet(&h, &w, &classes, text, sizeof text);
        assert_non_null(model);
        draw_biases(model);
        data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, classes, 8);
        if (i % 3)
            store_as_integers(&d, NN_UINT8);
        if (i % 4)
            blank_margins(model, &d);
        const nn_engine *lane =
            nn__engine_choose(&model->net, i % 2 ? "lane" : "plain", why, sizeof why);
        void *self = lane->create(&model->net, 1);
        void *oracle = nn__reference_engine.create(&model->net, 1);
        for (uint64_t call = 0; call < 8; call++) {
            const int32_t order[1] = {(int32_t)(call * 3 % 8)};
            float want[20], got[20];
            d.batch.order = order;
            d.batch.count = 1;
            d.batch.params_version = 1 + call / 5;
            nn__reference_engine.forward(oracle, model->params, &d.batch, want, NULL, NULL);
            lane->forward(self, model->params, &d.batch, got, NULL, NULL);
            double apart = distance(want, got, (size_t)classes);
            if (!(apart <= TOLERANCE))
                fail_msg("network %d (%s), call %d: outputs %g apart", i, text, (int)call, apart);
            worst = fmax(worst, apart);
            for (size_t k = 0; k < model->net.param_count && call == 4; k++)
                model->params[k] *= 0.75f;
        }
        lane->destroy(self);
        nn__reference_engine.destroy(oracle);
        free_data(d);
        nn_model_free(model);
    }
    print_message("    %s: farthest apart: %.1e\n", nn__lane_engine(0)->name, worst);
}

static void test_names_the_kernels_of_a_call(void **unused)
{
    (void)unused;
    for (int plain = 0; plain < 2; plain++) {
        const nn_engine *lane = nn__lane_engine(plain);
        assert_memory_equal(lane->name_for(1), "direct v", 8);
        assert_int_equal(strstr(lane->name_for(1), "zeros skipped") == NULL, plain);
        assert_string_equal(lane->name_for(128), lane->name);
    }
}

static void test_any_number_of_threads_gives_the_same_bits(void **unused)
{
    (void)unused;
    char text[600];
    lane_draw_state = 99;
    for (int i = 0; i < 12; i++) {
        int classes;
        model_t *model = draw_model(&classes, text, sizeof text);
        data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, classes, draw_count());
        results one = run("lane", model, &d.batch, 1);
        for (int threads = 2; threads <= 5; threads++) {
            results more = run("lane", model, &d.batch, threads);
            size_t outputs = (size_t)d.batch.count * (size_t)classes;
            assert_memory_equal(one.out, more.out, outputs * sizeof(float));
            assert_memory_equal(one.grad, more.grad, model->net.param_count * sizeof(float));
            assert_true(one.loss == more.loss && one.hits == more.hits);
            free_results(more);
        }
        free_results(one);
        free_data(d);
        nn_model_free(model);
    }
}

/* ---- Dense layers by the machine's BLAS ---- */

static model_t *draw_dense_model(int *classes, char *text, size_t size)
{
    layer_t *layers[16];
    int count = 0, h = draw(1, 9), w = draw(1, 9);
    size_t at = (size_t)snprintf(text, size, "%dx%d", h, w);
    layers[count++] = nn_input(3, (int64_t[]){h, w, draw(1, 3)});
    layers[count++] = nn_flatten((layer_opts){0});
    for (int left = draw(0, 3); left > 0; left--) {
        int units = draw(0, 2) ? draw(1, 90) : draw(250, 300), kind = draw(0, 5);
        const char *activation = kind == 4 ? "softmax" : draw_activation();
        at += (size_t)snprintf(text + at, size - at, ", %d %s", units,
                               activation ? activation : "linear");
        layers[count++] = nn_dense(
            units, (dense_opts){.activation = activation, .no_bias = draw(0, 4) == 0});
        if (kind == 0)
            layers[count++] = nn_dropout(0.5, (layer_opts){0});
        if (kind == 1)
            layers[count++] = nn_activation_layer("tanh", (layer_opts){0});
    }
    *classes = draw(1, 20);
    layers[count++] =
        nn_dense(*classes, (dense_opts){.activation = draw(0, 3) ? "softmax" : "sigmoid"});
    return nn_sequential("drawn", (size_t)count, layers);
}

static int has_blas(const model_t *model)
{
    char why[200];
    return nn__engine_choose(&model->net, "blas", why, sizeof why) != NULL;
}

/* One, two and more parts of the rows that are computed at a time, with partial last pieces. */
static void test_blas_agrees_with_reference(void **unused)
{
    (void)unused;
    static const int counts[] = {1, 5, 16, 127, 130, 300, 513, 1030};
    char text[600];
    lane_draw_state = 4242;
    double worst = 0;
    for (int i = 0; i < 40; i++) {
        int classes;
        nn_set_random_seed((uint64_t)i + 1);
        model_t *model = draw_dense_model(&classes, text, sizeof text);
        assert_non_null(model);
        if (!has_blas(model)) {
            nn_model_free(model);
            skip();
        }
        nn_loss loss = (nn_loss)draw(0, 2);
        model->net.loss = loss;
        data d = draw_batch(model, loss, classes, counts[i % 8]);
        if (i % 3)
            store_as_integers(&d, i % 3 == 1 ? NN_UINT8 : NN_INT32);
        results want = run("reference", model, &d.batch, 1), got = run("blas", model, &d.batch, 1);
        size_t outputs = (size_t)d.batch.count * (size_t)classes;
        double out = distance(want.out, got.out, outputs);
        double grad = distance(want.grad, got.grad, model->net.param_count);
        double sums = fabs(want.loss - got.loss) / fmax(1, fabs(want.loss)) +
                      fabs(want.gradient_loss - got.gradient_loss) / fmax(1, fabs(want.loss));
        if (!(out <= TOLERANCE && grad <= TOLERANCE && sums <= TOLERANCE) ||
            want.hits != got.hits || want.gradient_hits != got.gradient_hits)
            fail_msg("network %d (%s), loss %d, batch %d: outputs %g, gradient %g, loss %g apart, hits %d for %d",
                     i, text, (int)loss, d.batch.count, out, grad, sums, (int)got.hits,
                     (int)want.hits);
        for (int threads = 2; threads <= 3; threads++) {
            results more = run("blas", model, &d.batch, threads);
            assert_memory_equal(got.out, more.out, outputs * sizeof(float));
            assert_memory_equal(got.grad, more.grad, model->net.param_count * sizeof(float));
            assert_true(got.gradient_loss == more.gradient_loss);
            free_results(more);
        }
        worst = fmax(worst, fmax(out, grad));
        free_results(want);
        free_results(got);
        free_data(d);
        nn_model_free(model);
    }
    print_message("    BLAS: farthest apart: %.1e\n", worst);
}

typedef struct told {
    size_t param_count;
    uint8_t *times; /* that each float was told of */
} told;

static void tell(void *context, size_t from, size_t end)
{
    told *t = context;
    assert_true(from % 16 == 0 && from < end && end <= t->param_count);
    for (size_t i = from; i < end; i++)
        t->times[i]++;
}

/* The optimizer hears of each weight once, after the last part of the batch. */
static void test_blas_tells_of_every_gradient_once(void **unused)
{
    (void)unused;
    char text[600], why[200];
    lane_draw_state = 31;
    for (int i = 0; i < 8; i++) {
        int classes;
        model_t *model = draw_dense_model(&classes, text, sizeof text);
        const nn_engine *engine = nn__engine_choose(&model->net, "blas", why, sizeof why);
        if (!engine) {
            nn_model_free(model);
            skip();
        }
        data d = draw_batch(model, NN_SPARSE_CATEGORICAL_CROSSENTROPY, classes, i % 2 ? 600 : 20);
        told t = {model->net.param_count, calloc(model->net.param_count, 1)};
        nn_update update = {tell, &t};
        float *grad = calloc(model->net.param_count, sizeof *grad);
        void *self = engine->create(&model->net, 1);
        engine->gradient(self, model->params, &d.batch, grad, &update, NULL, NULL);
        engine->destroy(self);
        for (int o = 0; o < model->net.op_count; o++) {
            const nn_op *op = &model->net.ops[o];
            for (size_t k = 0; k < op->weight_count; k++)
                assert_int_equal(t.times[op->weight + k], 1);
            for (size_t k = 0; op->has_bias && k < op->bias_count; k++)
                assert_int_equal(t.times[op->bias + k], 1);
        }
        free(t.times);
        free(grad);
        free_data(d);
        nn_model_free(model);
    }
}

static model_t *wide_model(void)
{
    return nn_sequential("wide", 3, (layer_t *[]){
        nn_input(1, (int64_t[]){1000}), nn_dense(2000, (dense_opts){.activation = "relu"}),
        nn_dense(10, (dense_opts){.activation = "softmax"})});
}

/* In a child: a process loads one library, once. */
static void test_a_blas_without_this_machines_vectors_is_left(void **unused)
{
    (void)unused;
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        setenv("OPENBLAS_CORETYPE", "Haswell", 1);
        model_t *wide = wide_model();
        nn_plan_row rows[8];
        int found = nn_model_plan_rows(wide, rows, 8) == 2, blas = has_blas(wide);
        int by_blas = strcmp(rows[0].engine, "BLAS") == 0;
        int told = blas && strstr(nn_blas_library(), "openblas"); /* of those that can be told */
        if (told && nn__isa_number() >= 4 && !nn__blas_is_narrow())
            found = 0;
        _exit(!(found && by_blas == (blas && !nn__blas_is_narrow())));
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void test_wide_dense_layers_go_to_the_blas(void **unused)
{
    (void)unused;
    nn_plan_row rows[8];
    model_t *narrow = nn_sequential("narrow", 3, (layer_t *[]){
        nn_input(1, (int64_t[]){100}), nn_dense(100, (dense_opts){0}),
        nn_dense(10, (dense_opts){.activation = "softmax"})});
    model_t *wide = wide_model();
    assert_int_equal(nn_model_plan_rows(narrow, rows, 8), 2);
    assert_memory_equal(rows[0].engine, "lane ", 5);
    assert_string_equal(rows[0].why, "");
    assert_int_equal(nn_model_plan_rows(wide, rows, 8), 2);
    if (has_blas(wide) && !nn__blas_is_narrow()) {
        assert_string_equal(rows[0].engine, "BLAS");
        assert_non_null(strstr(rows[0].why, "8.0 MB of weights"));
    } else {
        assert_memory_equal(rows[0].engine, "lane ", 5);
    }
    nn_model_free(narrow);
    nn_model_free(wide);
}

int main(void)
{
    unsetenv("OPENBLAS_CORETYPE"); /* the choice for this machine is under test */
    const struct CMUnitTest tests[] = {
        /* the first to load a BLAS */
        cmocka_unit_test(test_a_blas_without_this_machines_vectors_is_left),
        cmocka_unit_test(test_blas_agrees_with_reference),
        cmocka_unit_test(test_blas_tells_of_every_gradient_once),
        cmocka_unit_test(test_wide_dense_layers_go_to_the_blas),
        cmocka_unit_test(test_agrees_with_reference),
        cmocka_unit_test(test_large_batches_of_dense_layers_agree_with_reference),
        cmocka_unit_test(test_adam_is_exact),
        cmocka_unit_test(test_convolution_before_max_pooling),
        cmocka_unit_test(test_few_samples_agree_with_reference),
        cmocka_unit_test(test_lenets_agree_with_reference),
        cmocka_unit_test(test_names_the_kernels_of_a_call),
        cmocka_unit_test(test_any_number_of_threads_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
