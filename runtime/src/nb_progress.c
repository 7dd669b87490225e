/*
 * Show a training run while it goes on: a bar that is replaced in its place, and a line for each
 * epoch on stdout, worded as Keras does. Installed when the library is loaded.
 */
#include <math.h>
#include <stdio.h>
#include "nb/display.h"
#include "nb_show.h"
#include "nb_text.h"

#define UPDATE_SECONDS 0.2 /* between two updates of the bar */

/* The bar of the run that this thread is in. */
typedef struct bar {
    unsigned id; /* 0: none is shown */
    double next; /* seconds of the run before which no update is due */
} bar;

static _Thread_local bar current;

/* Is there a bar at all? In logs only the lines are wanted. */
static int has_bar(const nn_fit_state *state)
{
    return state->verbose == 0;
}

/* Show the bar at VALUE of all steps, with a sentence behind it that survives without the bar. */
static void show_bar(const nn_fit_state *state, long long value, const char *plain,
                     const char *sentence, int update)
{
    nb__text html = {0};
    nb__putf(&html, "<div><progress style=\"width:240px\" value=\"%lld\" max=\"%lld\"></progress> ",
             value, (long long)state->steps_per_epoch * state->epochs);
    nb__put_html(&html, sentence);
    nb__put(&html, "</div>");
    if (!html.failed)
        nb__show_forms(nb__text_string(&html), NULL, plain, current.id, update);
    nb__text_free(&html);
}

static void begin(void *self, const nn_fit_state *state)
{
    (void)self;
    current = (bar){0};
    if (!has_bar(state) || nb__silent())
        return;
    current.id = nb_display_new_id();
    nb__text text = {0};
    nb__put(&text, "Training ");
    nb__put_ascii(&text, state->model_name);
    nb__putf(&text, ": %d epoch%s x %lld steps, batch %d", state->epochs,
             state->epochs == 1 ? "" : "s", (long long)state->steps_per_epoch, state->batch_size);
    char sentence[40];
    snprintf(sentence, sizeof sentence, "epoch 1/%d", state->epochs);
    show_bar(state, 0, nb__text_string(&text), sentence, 0);
    nb__text_free(&text);
}

static long long steps_done(const nn_fit_state *state)
{
    return (long long)state->epoch * state->steps_per_epoch + state->step;
}

static void step(void *self, const nn_fit_state *state)
{
    (void)self;
    if (!current.id || state->seconds < current.next)
        return;
    current.next = state->seconds + UPDATE_SECONDS;
    long long done = steps_done(state), all = (long long)state->steps_per_epoch * state->epochs;
    char seconds[NB__NUMBER];
    nb__text text = {0};
    nb__putf(&text, "epoch %d/%d - %lld/%lld", state->epoch + 1, state->epochs,
             (long long)state->step, (long long)state->steps_per_epoch);
    if (done > 0)
        nb__putf(&text, " - %s s left",
                 nb__time_text(seconds, state->seconds / (double)done * (double)(all - done)));
    nb__putf(&text, " - loss %.4f", state->loss);
    if (!isnan(state->accuracy))
        nb__putf(&text, " - accuracy %.4f", state->accuracy);
    show_bar(state, done, nb__text_string(&text), nb__text_string(&text), 1);
    nb__text_free(&text);
}

/* " - loss: 0.1402", or " - loss: 3.1400e-05": as Keras prints it. */
static void put_metric(nb__text *line, const char *name, double value)
{
    if (isnan(value))
        nb__putf(line, " - %s: nan", name);
    else
        nb__putf(line, fabs(value) > 1e-3 ? " - %s: %.4f" : " - %s: %.4e", name, value);
}

static void put_epoch_time(nb__text *line, double seconds)
{
    if (seconds >= 10)
        nb__putf(line, "%.0fs", seconds);
    else if (seconds >= 1)
        nb__putf(line, "%.1fs", seconds);
    else
        nb__putf(line, "%.0fms", 1e3 * seconds);
}

static void epoch(void *self, const nn_fit_state *state)
{
    step(self, state);
    if (state->verbose == NN_SILENT || nb__silent())
        return;
    nb__text line = {0};
    nb__putf(&line, "Epoch %d/%d - ", state->epoch + 1, state->epochs);
    put_epoch_time(&line, state->epoch_seconds);
    put_metric(&line, "loss", state->loss);
    if (!isnan(state->accuracy))
        put_metric(&line, "accuracy", state->accuracy);
    if (!isnan(state->val_loss))
        put_metric(&line, "val_loss", state->val_loss);
    if (!isnan(state->val_accuracy))
        put_metric(&line, "val_accuracy", state->val_accuracy);
    nb__put(&line, "\n");
    nb__print(nb__text_string(&line));
    nb__text_free(&line);
}

static void end(void *self, const nn_fit_state *state)
{
    (void)self;
    if (!current.id)
        return;
    char text[120], seconds[NB__NUMBER];
    if (state->interrupted)
        snprintf(text, sizeof text, "interrupted at epoch %d/%d, step %lld/%lld", state->epoch + 1,
                 state->epochs, (long long)state->step, (long long)state->steps_per_epoch);
    else
        snprintf(text, sizeof text, "%d/%d epochs, %s s", state->epoch + 1, state->epochs,
                 nb__time_text(seconds, state->seconds));
    show_bar(state, steps_done(state), text, text, 1);
    current.id = 0;
}

__attribute__((constructor)) static void install(void)
{
    nn_fit_progress_set(&(nn_fit_progress){
        .on_begin = begin, .on_step = step, .on_epoch = epoch, .on_end = end});
}
