/* Runs from several seeds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "nb/repeat.h"
#include "nb_capture.h"
#include "nb_training.h"

static capture shown;

static int setup(void **state)
{
    (void)state;
    capture_begin(&shown);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    capture_end(&shown);
    nn_reset();
    return 0;
}

static repeat_opts options(void)
{
    return (repeat_opts){.test_data = {training_inputs(), training_labels()},
                         .fit = {.epochs = 1, .batch_size = 8, .seed = 5, .threads = 1}};
}

static void each_run_is_what_its_seed_gives(void **state)
{
    (void)state;
    tensor_t x = training_inputs(), y = training_labels();
    nn_set_random_seed(1); /* the model's own seed has no part in it */
    runs_t runs = nb_model_repeat(training_model("net"), x, y, options());
    assert_int_equal(runs.runs, 3);
    for (int i = 0; i < 3; i++) {
        nn_set_random_seed(5 + (uint64_t)i);
        model_t *by_hand = training_model("net");
        fit_opts fit = options().fit;
        fit.seed = 5 + (uint64_t)i;
        fit.verbose = NN_SILENT;
        assert_non_null(nn_model_fit(by_hand, x, y, fit));
        metrics_t test = nn_model_evaluate(by_hand, x, y, (run_opts){.threads = 1});
        assert_true(runs.seed[i] == fit.seed);
        assert_true(runs.loss[i] == test.loss && runs.accuracy[i] == test.accuracy);
    }
    assert_true(runs.loss[0] != runs.loss[1]);
    double mean = (runs.loss[0] + runs.loss[1] + runs.loss[2]) / 3, sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (runs.loss[i] - mean) * (runs.loss[i] - mean);
    assert_true(fabs(runs.loss_mean - mean) < 1e-15);
    assert_true(fabs(runs.loss_spread - sqrt(sum / 2)) < 1e-15);
    assert_non_null(strstr(shown.printed, "Run 3/3 - seed 7 - "));
}

static void a_run_that_is_there_is_not_made_again(void **state)
{
    (void)state;
    repeat_opts opts = options();
    opts.runs = 1;
    opts.first = (metrics_t){.loss = .25, .accuracy = .5, .samples = 64};
    runs_t runs =
        nb_model_repeat(training_model("net"), training_inputs(), training_labels(), opts);
    assert_int_equal(runs.runs, 1);
    assert_true(runs.accuracy_mean == .5 && runs.loss[0] == .25 && isnan(runs.accuracy_spread));
}

static void the_model_stays_as_it_is(void **state)
{
    (void)state;
    model_t *model = training_model("net");
    tensor_t x = training_inputs(), y = training_labels();
    double before = nn_model_evaluate(model, x, y, (run_opts){0}).loss;
    nb_model_repeat(model, x, y, options());
    assert_true(nn_model_evaluate(model, x, y, (run_opts){0}).loss == before);
    assert_null(nn_model_history(model));
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    tensor_t x = training_inputs(), y = training_labels();
    model_t *model = training_model("net");
    repeat_opts opts = options();
    assert_int_equal(nb_model_repeat(NULL, x, y, opts).runs, -1);
    opts.runs = 33;
    assert_int_equal(nb_model_repeat(model, x, y, opts).runs, -1);
    assert_non_null(strstr(nn_error_message(), "1 to 32"));
    opts = options();
    opts.test_data = (nn_data){0};
    assert_int_equal(nb_model_repeat(model, x, y, opts).runs, -1);
    assert_non_null(strstr(nn_error_message(), ".test_data"));
}

static void stop_keeps_the_complete_runs(void **state)
{
    (void)state;
    shown.interrupted = 1;
    repeat_opts opts = options();
    opts.first = (metrics_t){.loss = .25, .accuracy = .5, .samples = 64};
    runs_t runs =
        nb_model_repeat(training_model("net"), training_inputs(), training_labels(), opts);
    shown.interrupted = 0;
    assert_int_equal(runs.runs, 1);
}

static void runs_are_shown_with_mean_and_spread(void **state)
{
    (void)state;
    runs_t runs = {.runs = 2, .seed = {42, 43}, .accuracy = {.98, .97}, .loss = {.1, .2},
                   .accuracy_mean = .975, .accuracy_spread = .0070711, .loss_mean = .15,
                   .loss_spread = .0707107};
    assert_int_equal(nb_display_runs("runs", runs), NN_OK);
    assert_true(plain_is_ascii_80(shown.shown[0].plain));
    assert_non_null(strstr(shown.shown[0].plain, "Mean: accuracy 0.9750, loss 0.1500."));
    assert_non_null(strstr(shown.shown[0].plain, "Standard deviation: accuracy 0.0071"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_run_is_what_its_seed_gives),     TEST(a_run_that_is_there_is_not_made_again),
        TEST(the_model_stays_as_it_is),            TEST(bad_options_are_refused),
        TEST(stop_keeps_the_complete_runs),        TEST(runs_are_shown_with_mean_and_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
