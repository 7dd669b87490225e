/* What model_fit() shows while it trains. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static history_t *fit(fit_opts opts)
{
    model_t *model = training_model("net");
    assert_non_null(model);
    return nn_model_fit(model, training_inputs(), training_labels(), opts);
}

static const captured *last(void)
{
    int count = shown.count < CAPTURED_MOST ? shown.count : CAPTURED_MOST;
    return &shown.shown[count - 1];
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *s = strstr(text, part); s; s = strstr(s + 1, part))
        count++;
    return count;
}

static void a_run_shows_one_bar_that_ends_full(void **state)
{
    (void)state;
    assert_non_null(fit((fit_opts){.epochs = 3, .batch_size = 16, .validation_split = .25f}));
    assert_true(shown.count >= 2);
    const captured *first = &shown.shown[0];
    assert_string_equal(first->plain, "Training net: 3 epochs x 3 steps, batch 16");
    assert_int_not_equal(first->id, 0);
    assert_false(first->update);
    for (int i = 1; i < shown.count && i < CAPTURED_MOST; i++) {
        assert_int_equal(shown.shown[i].id, first->id);
        assert_true(shown.shown[i].update);
        assert_true(html_is_allowed(shown.shown[i].html));
        assert_true(plain_is_ascii_80(shown.shown[i].plain));
    }
    assert_non_null(strstr(last()->html, "value=\"9\" max=\"9\""));
    assert_memory_equal(last()->plain, "3/3 epochs, ", 12);
    assert_non_null(strstr(last()->html, "3/3 epochs, "));
}

static void each_epoch_prints_a_line(void **state)
{
    (void)state;
    fit((fit_opts){.epochs = 2, .batch_size = 16, .validation_split = .25f});
    assert_int_equal(count_of(shown.printed, "\n"), 2);
    assert_int_equal(count_of(shown.printed, "Epoch 1/2 - "), 1);
    assert_int_equal(count_of(shown.printed, " - val_accuracy: "), 2);
    float loss, accuracy, val_loss, val_accuracy;
    const char *line = strstr(shown.printed, "Epoch 2/2 - ");
    assert_non_null(line);
    assert_int_equal(sscanf(strstr(line, " - loss"),
                            " - loss: %f - accuracy: %f - val_loss: %f - val_accuracy: %f", &loss,
                            &accuracy, &val_loss, &val_accuracy), 4);
}

static void without_validation_the_line_is_short(void **state)
{
    (void)state;
    fit((fit_opts){.epochs = 1});
    assert_null(strstr(shown.printed, "val_"));
}

static void verbose_chooses_what_is_shown(void **state)
{
    (void)state;
    fit((fit_opts){.epochs = 2, .verbose = NN_SILENT});
    assert_int_equal(shown.count, 0);
    assert_string_equal(shown.printed, "");
    fit((fit_opts){.epochs = 2, .verbose = NN_LINES});
    assert_int_equal(shown.count, 0);
    assert_int_equal(count_of(shown.printed, "Epoch "), 2);
}

static void a_silent_cell_shows_nothing(void **state)
{
    (void)state;
    shown.silent = 1;
    assert_non_null(fit((fit_opts){.epochs = 1}));
    assert_int_equal(shown.count, 0);
    assert_string_equal(shown.printed, "");
}

static int stop_after_polls;

static int stops_later(void *self)
{
    (void)self;
    return stop_after_polls-- <= 0;
}

static void a_stopped_run_says_where(void **state)
{
    (void)state;
    nb_host host = *nb_host_get();
    host.interrupted = stops_later;
    nb_host_set(&host);
    stop_after_polls = 5;
    history_t *history = fit((fit_opts){.epochs = 9, .batch_size = 16});
    assert_non_null(history);
    assert_true(history->interrupted);
    int epoch, epochs, step, steps;
    assert_int_equal(sscanf(last()->plain, "interrupted at epoch %d/%d, step %d/%d", &epoch, &epochs,
                            &step, &steps), 4);
    assert_int_equal(epochs, 9);
    assert_int_equal(steps, 4);
    assert_int_equal(epoch, history->epochs + 1);
    assert_null(strstr(last()->html, "value=\"36\""));
}

/* At most one update in 200 ms: a run of thousands of steps shows as many as its time allows. */
static void updates_are_few(void **state)
{
    (void)state;
    history_t *history = fit((fit_opts){.epochs = 60, .batch_size = 1});
    assert_non_null(history);
    assert_true(shown.count <= 2 + (int)(history->seconds / 0.2) + 1);
}

static void names_cannot_inject_markup(void **state)
{
    (void)state;
    model_t *model = training_model("<img onerror=x>");
    if (!model) /* such names are refused elsewhere: nothing to show */
        return;
    nn_model_fit(model, training_inputs(), training_labels(), (fit_opts){.epochs = 1});
    for (int i = 0; i < shown.count && i < CAPTURED_MOST; i++)
        assert_null(strstr(shown.shown[i].html, "<img"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_shows_one_bar_that_ends_full),
        TEST(each_epoch_prints_a_line),
        TEST(without_validation_the_line_is_short),
        TEST(verbose_chooses_what_is_shown),
        TEST(a_silent_cell_shows_nothing),
        TEST(a_stopped_run_says_where),
        TEST(updates_are_few),
        TEST(names_cannot_inject_markup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
