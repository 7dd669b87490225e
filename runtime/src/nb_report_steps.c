/* The cell-by-cell summary of a report, from what a record holds. */
#include "nb_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_count(nb__text *t, double value)
{
    char number[NB__NUMBER];
    nb__put(t, nb__count_text(number, llround(value)));
}

static void put_time(nb__text *t, double us)
{
    char number[NB__NUMBER];
    nb__put(t, nb__us_text(number, us));
}

static void put_plural(nb__text *t, double count, const char *word)
{
    put_count(t, count);
    nb__putf(t, " %s%s", word, count == 1 ? "" : "s");
}

static void item(nb__document *d, const char *name, nb__text *t)
{
    if (t->size)
        nb__document_item(d, name, nb__text_string(t));
    d->job.failed |= t->failed;
    nb__text_free(t);
}

static void put_setup(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    nb__putf(&t, "Library xeus-tinycc %s", r->version);
    if (r->compiler[0])
        nb__putf(&t, ", built by %s", r->compiler);
    nb__putf(&t, ", instruction set %s. Device: %s (%s", r->isa, r->device, r->device_name);
    if (r->cores >= 1) {
        nb__put(&t, ", ");
        put_plural(&t, r->cores, "core");
    }
    nb__put(&t, ").");
    item(d, "Setup", &t);
}

static void put_constants(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    put_plural(&t, r->epochs, "epoch");
    nb__put(&t, ", batches of ");
    put_count(&t, r->batch_size);
    if (!isnan(r->learning_rate))
        nb__putf(&t, ", learning rate %g", r->learning_rate);
    nb__putf(&t, ", seed %.0f; variant %s.", r->seed, r->variant);
    item(d, "Constants", &t);
}

static void put_data(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    long long train = 0, validation = 0, test = 0;
    int known = sscanf(r->split, "training %lld, validation %lld, test %lld", &train, &validation,
                       &test) == 3;
    nb__put(&t, r->data);
    if (known) {
        nb__put(&t, ": ");
        put_count(&t, (double)train);
        nb__put(&t, " images train, ");
        put_count(&t, (double)validation);
        nb__put(&t, " validate after each epoch, ");
        put_count(&t, (double)test);
        nb__put(&t, " test at the end");
    }
    nb__put(&t, strcmp(r->data_verified, "yes") == 0
                    ? ". The SHA-256 sums of the files are those of the original."
                    : ". The files are not those of the original MNIST, or were not checked.");
    item(d, "Data", &t);
}

/* "Conv2D 6@5x5 same tanh (156), AveragePooling2D 2x2, ..." */
static void put_model(const nb__report *report, nb__document *d)
{
    const nb__record *r = report->run;
    nb__text t = {0};
    if (!r->layers[0])
        return;
    nb__putf(&t, "%s, ", r->model);
    put_count(&t, r->parameters);
    nb__put(&t, " parameters: ");
    size_t index = 0;
    for (const char *s = r->layers; *s; index++) {
        const char *end = strstr(s, ", ");
        size_t length = end ? (size_t)(end - s) : strlen(s);
        nb__put_bytes(&t, s, length);
        if (index < report->layer_count && report->layer_parameters[index] > 0) {
            nb__put(&t, " (");
            put_count(&t, report->layer_parameters[index]);
            nb__put(&t, ")");
        }
        nb__put(&t, end ? ", " : ".");
        s += length + (end ? 2 : 0);
    }
    item(d, "Model", &t);
}

static void put_compile(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    if (r->optimizer[0]) {
        nb__putf(&t, "Optimizer %s", strcmp(r->optimizer, "adam") == 0  ? "Adam"
                                      : strcmp(r->optimizer, "sgd") == 0 ? "SGD"
                                                                         : r->optimizer);
        if (!isnan(r->learning_rate))
            nb__putf(&t, " with learning rate %g", r->learning_rate);
        nb__putf(&t, ", loss %s.", r->loss);
    }
    item(d, "Compile", &t);
}

static void put_training(const nb__report *report, nb__document *d)
{
    const nb__record *r = report->run;
    nb__text t = {0};
    put_plural(&t, r->epochs, "epoch");
    nb__putf(&t, " in %.2f s, validation included", r->training_seconds);
    if (r->training_threads >= 1) {
        nb__put(&t, ", on ");
        put_plural(&t, r->training_threads, "thread");
    }
    if (r->training_engine[0])
        nb__putf(&t, " (kernels: %s)", r->training_engine);
    nb__put(&t, ".");
    if (!isnan(report->first_loss) && !isnan(r->best_loss))
        nb__putf(&t, " The training loss went from %.4f to %.4f at its lowest.", report->first_loss,
                 r->best_loss);
    if (!isnan(r->kept_epoch))
        nb__putf(&t, " The weights of epoch %.0f were kept%s.", r->kept_epoch,
                 r->kept_epoch == r->best_val_loss_epoch
                     ? ", the one with the lowest validation loss"
                     : "");
    item(d, "Training", &t);
}

static void put_best(nb__text *t, const char *name, double value, double epoch)
{
    if (isnan(value))
        return;
    nb__putf(t, "%s%s %.4f", t->size ? ", " : "Best values: ", name, value);
    if (!isnan(epoch))
        nb__putf(t, " (epoch %.0f)", epoch);
}

static void put_history(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    put_best(&t, "training accuracy", r->best_accuracy, r->best_accuracy_epoch);
    put_best(&t, "training loss", r->best_loss, r->best_loss_epoch);
    put_best(&t, "validation accuracy", r->best_val_accuracy, r->best_val_accuracy_epoch);
    put_best(&t, "validation loss", r->best_val_loss, r->best_val_loss_epoch);
    if (t.size)
        nb__put(&t, "; the curves are below.");
    item(d, "History", &t);
}

static void put_save(const nb__report *report, nb__document *d)
{
    nb__text t = {0};
    if (report->run->model_copy[0])
        nb__put(&t,
                "The model goes into a .keras file: architecture, weights, compile settings and "
                "the optimizer's state.");
    item(d, "Save", &t);
}

static void put_test(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    nb__putf(&t, "Accuracy %.4f", r->test_accuracy);
    if (r->test_samples >= 1) {
        nb__put(&t, " (");
        put_count(&t, r->test_accuracy * r->test_samples);
        nb__put(&t, " of ");
        put_count(&t, r->test_samples);
        nb__put(&t, " right)");
    }
    nb__putf(&t, ", loss %.4f: the mean over all test images.", r->test_loss);
    if (r->runs > 1)
        nb__putf(&t, " Over %.0f seeds: %.4f +- %.4f.", r->runs, r->runs_accuracy_mean,
                 r->runs_accuracy_spread);
    item(d, "Test Accuracy", &t);
}

static void put_latency(const nb__record *r, nb__document *d)
{
    nb__text t = {0};
    char score[120];
    nb__put(&t, "One image a call: ");
    if (r->latency_calls >= 1) {
        put_count(&t, r->latency_calls);
        nb__put(&t, " timed calls ");
    }
    if (r->latency_warmup >= 0) {
        nb__put(&t, "after ");
        put_count(&t, r->latency_warmup);
        nb__put(&t, " to warm up; ");
    }
    nb__put(&t, "mean ");
    put_time(&t, r->latency_us);
    nb__put(&t, " us");
    if (r->latency_median_us > 0) {
        nb__put(&t, ", median ");
        put_time(&t, r->latency_median_us);
        nb__put(&t, " us");
    }
    if (r->latency_p99_us > 0) {
        nb__put(&t, ", 99 % within ");
        put_time(&t, r->latency_p99_us);
        nb__put(&t, " us");
    }
    if (r->latency_clock_overhead_us > 0) {
        nb__put(&t, ", the clock's ");
        put_time(&t, r->latency_clock_overhead_us);
        nb__put(&t, " us included");
    }
    nb__put(&t, ". ");
    nb__put(&t, nb_score_text(score, sizeof score, r->score));
    nb__put(&t, ".");
    if (r->batched_images_per_second > 0) {
        nb__put(&t, " In batches of ");
        put_count(&t, r->batched_batch_size);
        nb__put(&t, ": ");
        put_count(&t, r->batched_images_per_second);
        nb__put(&t, " images per second.");
    }
    item(d, "Latency", &t);
}

static void put_table(const nb__report *report, nb__document *d)
{
    nb__text t = {0};
    nb__put(&t, "Every run leaves a record and its own copy of the model; ");
    put_plural(&t, (double)report->record_count, "record");
    nb__put(&t, report->record_count == 1 ? " was found." : " were found. The table shows the best "
                                                            "of each device; all above is of the "
                                                            "one with the highest Score.");
    item(d, "The table", &t);
}

void nb__report_steps(const nb__report *r, nb__document *d)
{
    put_setup(r->run, d);
    put_constants(r->run, d);
    put_data(r->run, d);
    put_model(r, d);
    put_compile(r->run, d);
    put_training(r, d);
    put_history(r->run, d);
    put_save(r, d);
    put_test(r->run, d);
    put_latency(r->run, d);
    put_table(r, d);
}
