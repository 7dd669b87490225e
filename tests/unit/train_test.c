/* The training loop: epochs, batches, validation, the best weights, Stop, and what is refused. */
#include "nn_expect.h"
#include "nb/host.h"

static tensor_t x, y;

static int setup(void **state)
{
    reset_session(state);
    nb_host_set(NULL);
    make_classes(50, &x, &y);
    return 0;
}

static history_t *fit(model_t *m, fit_opts opts)
{
    opts.verbose = NN_SILENT;
    return nn_model_fit(m, x, y, opts);
}

static void test_defaults(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    history_t *h = fit(m, (fit_opts){0});
    assert_int_equal(h->epochs, 1);
    assert_int_equal(h->batch_size, 32);
    assert_int_equal(h->steps_per_epoch, 2); /* the short last batch counts */
    assert_int_equal(h->seed, 42);
    assert_int_equal(h->best_epoch, -1);
    assert_null(h->val_loss);
    assert_ptr_equal(nn_model_history(m), h);
    assert_ptr_equal(nn_history_series(h, "accuracy"), h->accuracy);
}

/* A mean over samples, not over batches: one epoch whose steps do not change anything. */
static void test_means_weigh_samples(void **state)
{
    (void)state;
    model_t *m = make_classifier(0);
    nn_model_compile(m, (compile_opts){.loss = "sparse_categorical_crossentropy",
                                       .optimizer = nn_sgd((sgd_opts){.learning_rate = NN_ZERO}),
                                       .metrics = {"accuracy"}});
    metrics_t all = nn_model_evaluate(m, x, y, (run_opts){0});
    history_t *h = fit(m, (fit_opts){.batch_size = 48});
    assert_float_equal(h->loss[0], all.loss, 1e-6);
    assert_float_equal(h->accuracy[0], all.accuracy, 1e-12);
}

/* Same seed, same bits; other seed, other order. */
static void test_seeds(void **state)
{
    (void)state;
    double loss[3];
    for (int i = 0; i < 3; i++) {
        model_t *m = make_classifier(1);
        loss[i] = fit(m, (fit_opts){.epochs = 3, .batch_size = 7, .seed = i == 2 ? 7 : 42})->loss[2];
    }
    assert_true(loss[0] == loss[1]);
    assert_true(loss[0] != loss[2]);
}

static void test_validation_split(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    history_t *h = fit(m, (fit_opts){.validation_split = 0.1f, .no_shuffle = 1});
    assert_int_equal(h->train_samples, 45);
    assert_int_equal(h->val_samples, 5);
    metrics_t last = nn_model_evaluate(m, nn_slice(x, 45, 50), nn_slice(y, 45, 50), (run_opts){0});
    assert_true(h->val_loss[0] == last.loss);
}

/* The weights of the best epoch come back: with a wild step size the last is not it. */
static void test_keep_best(void **state)
{
    (void)state;
    model_t *m = make_classifier(0);
    nn_model_compile(m, (compile_opts){.loss = "sparse_categorical_crossentropy",
                                       .optimizer = nn_sgd((sgd_opts){.learning_rate = 4}),
                                       .metrics = {"accuracy"}});
    tensor_t shifted = nn_tensor_copy(x);
    for (int i = 0; i < 200; i++)
        ((float *)shifted.data)[i] += 0.3f * (float)(i % 7 - 3);
    history_t *h = fit(m, (fit_opts){.epochs = 8, .batch_size = 5, .keep_best = "val_loss",
                                     .validation_data = {shifted, y}});
    for (int i = 0; i < h->epochs; i++)
        assert_true(h->val_loss[h->best_epoch] <= h->val_loss[i]);
    metrics_t kept = nn_model_evaluate(m, shifted, y, (run_opts){0});
    assert_true(kept.loss == h->val_loss[h->best_epoch]);
}

static int stop_after_two(const history_t *history, void *context)
{
    ++*(int *)context;
    return history->epochs == 2;
}

static void test_callback_stops(void **state)
{
    (void)state;
    int calls = 0;
    history_t *h = fit(make_classifier(1), (fit_opts){.epochs = 9, .on_epoch_end = stop_after_two,
                                                      .context = &calls});
    assert_int_equal(h->epochs, 2);
    assert_int_equal(h->interrupted, 0);
    assert_int_equal(calls, 2);
}

static int stop_at_third_poll(void *self)
{
    return ++*(int *)self > 3;
}

/* Stop: the complete epochs stay, the model keeps what it has learnt. */
static void test_stop(void **state)
{
    (void)state;
    int polls = 0;
    model_t *m = make_classifier(1);
    nb_host_set(&(nb_host){.self = &polls, .interrupted = stop_at_third_poll});
    history_t *h = fit(m, (fit_opts){.epochs = 5, .batch_size = 25});
    nb_host_set(NULL);
    assert_non_null(h);
    assert_int_equal(h->epochs, 1);
    assert_int_equal(h->interrupted, 1);
    assert_int_equal(h->epochs_asked, 5);
    nn_summary_totals totals;
    nn_model_summary_rows(m, NULL, 0, &totals);
    assert_true(totals.optimizer > 0);
    assert_ptr_equal(nn_model_history(m), h);
}

static void test_refused_options(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    assert_refused(!fit(NULL, (fit_opts){0}), "model_fit: the model is NULL");
    assert_refused(!fit(make_classifier(0), (fit_opts){0}),
                   "model_fit: model \"two\" is not compiled; call model_compile(m, .optimizer = "
                   "Adam(), .loss = ...) first");
    assert_refused(!fit(m, (fit_opts){.epochs = -1}),
                   "model_fit: epochs is -1, 1 to 100,000 expected");
    assert_refused(!fit(m, (fit_opts){.batch_size = -128}),
                   "model_fit: batch_size is -128, 1 or more expected");
    assert_refused(!fit(m, (fit_opts){.validation_split = 1}),
                   "model_fit: validation_split is 1, 0 < split < 1 expected");
    assert_refused(!fit(m, (fit_opts){.validation_split = 0.99}),
                   "model_fit: validation_split 0.99 of 50 rows leaves one side empty");
    assert_refused(!fit(m, (fit_opts){.validation_split = 0.5, .validation_data = {x, y}}),
                   "model_fit: both validation_data and validation_split are given; give one of "
                   "them");
    assert_refused(!nn_model_fit(m, x, y, (fit_opts){.verbose = 3}),
                   "model_fit: verbose is 3; valid are 0 (bar and lines), NN_SILENT, NN_LINES");
    assert_refused(!fit(m, (fit_opts){.keep_best = "val_loss"}),
                   "model_fit: keep_best = \"val_loss\" needs validation; give .validation_data = "
                   "{x_val, y_val} or .validation_split");
    assert_refused(!fit(m, (fit_opts){.keep_best = "acc"}),
                   "model_fit: keep_best \"acc\" is unknown; valid are loss, accuracy, val_loss, "
                   "val_accuracy");
    assert_refused(!nn_model_history(m),
                   "model_history: model \"two\" was not trained in this session; call model_fit "
                   "first");
    assert_refused(!nn_model_history(NULL), "model_history: the model is NULL");
}

static void test_refused_validation(void **state)
{
    (void)state;
    model_t *m = make_classifier(1);
    assert_refused(!fit(m, (fit_opts){.validation_data = {.x = x}}),
                   "model_fit: validation_data.y is empty; labels for the 50 rows of "
                   "validation_data.x expected");
    assert_refused(!fit(m, (fit_opts){.validation_data = {.y = y}}),
                   "model_fit: validation_data has y but no x; give both, {x_val, y_val}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, setup),
        cmocka_unit_test_setup(test_means_weigh_samples, setup),
        cmocka_unit_test_setup(test_seeds, setup),
        cmocka_unit_test_setup(test_validation_split, setup),
        cmocka_unit_test_setup(test_keep_best, setup),
        cmocka_unit_test_setup(test_callback_stops, setup),
        cmocka_unit_test_setup(test_stop, setup),
        cmocka_unit_test_setup(test_refused_options, setup),
        cmocka_unit_test_setup(test_refused_validation, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
