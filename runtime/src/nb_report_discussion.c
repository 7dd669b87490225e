/*
 * The draft of a discussion, from the rows that were measured: 100 to 200 words.
 *
 * Sentences are put in order of their weight, as long as there is room. What is not measured is
 * called an expectation.
 */
#include "nb_report.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_WORDS = 195 };

int nb__count_words(const char *text)
{
    int words = 0;
    for (const char *s = text; *s;) {
        while (isspace((unsigned char)*s))
            s++;
        words += *s != '\0';
        while (*s && !isspace((unsigned char)*s))
            s++;
    }
    return words;
}

/* Add a sentence if there is room for it; it is freed. */
static void add(nb__text *out, nb__text *sentence)
{
    const char *s = nb__text_string(sentence);
    if (*s && nb__count_words(nb__text_string(out)) + nb__count_words(s) <= MOST_WORDS) {
        nb__put(out, out->size ? " " : "");
        nb__put(out, s);
    }
    out->failed |= sentence->failed;
    nb__text_free(sentence);
}

static void add_words(nb__text *out, const char *sentence)
{
    nb__text t = {0};
    nb__put(&t, sentence);
    add(out, &t);
}

static void put_time(nb__text *t, double us)
{
    char number[NB__NUMBER];
    nb__putf(t, "%s us", nb__us_text(number, us));
}

static void put_count(nb__text *t, double value)
{
    char number[NB__NUMBER];
    nb__put(t, nb__count_text(number, llround(value)));
}

/* "1.8", "12", "3,400": a factor with two digits that say something. */
static void put_factor(nb__text *t, double factor)
{
    if (factor < 9.95)
        nb__putf(t, "%.1f", factor);
    else
        put_count(t, factor);
}

/* ---- what both kinds of discussion say ---- */

static void add_seeds(nb__text *out, const nb__record *r)
{
    nb__text t = {0};
    if (r->runs > 1)
        nb__putf(&t, "Over %.0f seeds the test accuracy on %s is %.4f +- %.4f (mean and standard "
                     "deviation), so a difference of that size means nothing.", r->runs, r->device,
                 r->runs_accuracy_mean, r->runs_accuracy_spread);
    add(out, &t);
}

static void add_throughput(nb__text *out, const nb__record *r)
{
    nb__text t = {0};
    double single = 1e6 / r->latency_us, ratio = r->batched_images_per_second / single;
    if (r->batched_images_per_second > 0) {
        nb__put(&t, "In batches of ");
        put_count(&t, r->batched_batch_size);
        nb__putf(&t, " %s answers ", r->device);
        put_count(&t, r->batched_images_per_second);
        nb__put(&t, " images per second, ");
        put_factor(&t, ratio);
        nb__put(&t, " times as many as one at a time.");
    }
    add(out, &t);
}

static void add_frameworks(nb__text *out)
{
    add_words(out, "These latencies hold no call of a framework, so they cannot be compared with "
                   "Scores of Python notebooks, where every call costs milliseconds.");
}

static void add_expectation(nb__text *out, const nb__record *r)
{
    nb__text t = {0};
    nb__put(&t,
            "Expected, not measured: a GPU or TPU gains in training, where batches keep it busy, "
            "and hardly in latency, where each call has to copy one image, start the kernels and "
            "wait for the answer");
    if (r->parameters > 0) {
        nb__put(&t, "; with ");
        put_count(&t, r->parameters);
        nb__put(&t, " parameters there is little arithmetic that it could speed up");
    }
    nb__put(&t, ".");
    add(out, &t);
}

/* ---- one row ---- */

static void discuss_one(const nb__record *r, nb__text *out)
{
    nb__text t = {0};
    nb__putf(&t, "Only one device was measured, %s (%s), so no comparison was made.", r->device,
             r->device_name);
    add(out, &t);
    nb__putf(&t, "After %.0f epoch%s the model reaches a test accuracy of %.4f", r->epochs,
             r->epochs == 1 ? "" : "s", r->test_accuracy);
    if (!isnan(r->best_val_accuracy)) {
        double points = 100 * (r->best_val_accuracy - r->test_accuracy);
        nb__putf(&t, ", %.2f points %s its best validation accuracy", fabs(points),
                 points >= 0 ? "below" : "above");
        nb__put(&t, fabs(points) <= 1 ? ": the test images, which it never saw, are hardly harder"
                                      : ": the test images are not like those it was tuned on");
    }
    nb__put(&t, ".");
    add(out, &t);
    add_seeds(out, r);
    nb__putf(&t, "Training took %.2f s", r->training_seconds);
    if (r->training_threads >= 1)
        nb__putf(&t, " on %.0f thread%s", r->training_threads, r->training_threads == 1 ? "" : "s");
    nb__put(&t, ", validation included. One image takes ");
    put_time(&t, r->latency_us);
    nb__put(&t, " on average, which gives a Score of ");
    put_count(&t, r->score);
    nb__put(&t, " per s.");
    add(out, &t);
    add_throughput(out, r);
    add_expectation(out, r);
    add_frameworks(out);
}

/* ---- several rows ---- */

typedef struct extremes {
    const nb__record *low, *high;
} extremes;

static double latency_of(const nb__record *r) { return r->latency_us; }
static double training_of(const nb__record *r) { return r->training_seconds; }
static double accuracy_of(const nb__record *r) { return r->test_accuracy; }
static double score_of(const nb__record *r) { return r->score; }

static extremes find(const nb__device_rows *rows, double (*value)(const nb__record *))
{
    extremes e = {0};
    for (int i = 0; i < rows->count; i++) {
        const nb__record *r = rows->record[i];
        if (!r)
            continue;
        e.low = !e.low || value(r) < value(e.low) ? r : e.low;
        e.high = !e.high || value(r) > value(e.high) ? r : e.high;
    }
    return e;
}

static void add_scores(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    extremes e = find(rows, score_of);
    static const char *const words[] = {"Two", "Three", "Four", "Five", "Six", "Seven", "Eight"};
    int settings = 0;
    for (int i = 0; i < rows->count; i++)
        settings += rows->record[i] && rows->record[i]->setting[0];
    if (rows->measured <= 8)
        nb__put(&t, words[rows->measured - 2]);
    else
        nb__putf(&t, "%d", rows->measured);
    nb__putf(&t, " %s were measured. %s has the highest Score, ",
             settings ? "devices or settings" : "devices", e.high->device);
    put_count(&t, e.high->score);
    nb__putf(&t, " per s; %s has the lowest, ", e.low->device);
    put_count(&t, e.low->score);
    nb__put(&t, ".");
    add(out, &t);
}

static void add_latencies(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    extremes latency = find(rows, latency_of), accuracy = find(rows, accuracy_of);
    nb__put(&t, "One image takes from ");
    put_time(&t, latency.low->latency_us);
    nb__putf(&t, " on %s to ", latency.low->device);
    put_time(&t, latency.high->latency_us);
    nb__putf(&t, " on %s, a factor of ", latency.high->device);
    put_factor(&t, latency.high->latency_us / latency.low->latency_us);
    double by_latency = latency.high->latency_us / latency.low->latency_us;
    double by_accuracy = accuracy.high->test_accuracy / fmax(accuracy.low->test_accuracy, 1e-9);
    nb__put(&t, by_latency > by_accuracy
                    ? ": the latency decides the Score, the accuracies are much closer together."
                    : ": here the accuracy decides the Score.");
    add(out, &t);
}

static void add_training(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    extremes e = find(rows, training_of), score = find(rows, score_of);
    nb__putf(&t, "Training took from %.2f s on %s to %.2f s on %s", e.low->training_seconds,
             e.low->device, e.high->training_seconds, e.high->device);
    if (e.low->training_seconds > 0) {
        nb__put(&t, ", a factor of ");
        put_factor(&t, e.high->training_seconds / e.low->training_seconds);
    }
    nb__put(&t, e.low == score.high ? "; the fastest in training also has the highest Score."
                                    : "; the fastest in training is not the one with the highest "
                                      "Score.");
    add(out, &t);
}

/* Differences up to this mean nothing: 0.003 between seeds, or two standard errors of a share that
   was counted on so many images. */
static double accuracy_noise(const nb__record *r)
{
    double p = r->test_accuracy, n = r->test_samples;
    return n >= 1 ? fmax(0.003, 2 * sqrt(p * (1 - p) / n)) : 0.003;
}

static void add_accuracies(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    extremes e = find(rows, accuracy_of);
    double difference = 100 * (e.high->test_accuracy - e.low->test_accuracy);
    double noise = 100 * accuracy_noise(e.low);
    nb__putf(&t, "Test accuracies lie between %.4f and %.4f. Their difference of %.2f points is ",
             e.low->test_accuracy, e.high->test_accuracy, difference);
    nb__putf(&t,
             difference <= noise + 0.005
                 ? "within the %.1f points that seeds and a test set of this size leave open: it "
                   "says nothing about the devices."
                 : "more than the %.1f points that seeds and a test set of this size leave open; "
                   "devices do not explain it, settings do.",
             noise);
    add(out, &t);
}

static void add_variants(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    const nb__record *first = NULL, *other = NULL;
    for (int i = 0; i < rows->count; i++) {
        const nb__record *r = rows->record[i];
        if (r && !first)
            first = r;
        else if (r && !other && strcmp(r->variant, first->variant) != 0)
            other = r;
    }
    if (other)
        nb__putf(&t, "The rows are not all of the same network: %s is variant %s, %s is %s.",
                 first->device, first->variant, other->device, other->variant);
    add(out, &t);
}

static void add_absent(nb__text *out, const nb__device_rows *rows)
{
    nb__text t = {0};
    int absent = 0;
    for (int i = 0; i < NB__DEVICES; i++)
        absent += !rows->record[i];
    if (absent)
        nb__putf(&t, "Of the four devices of the table %d %s not measured; nothing is said about "
                     "%s.", absent, absent == 1 ? "was" : "were", absent == 1 ? "it" : "them");
    add(out, &t);
}

static void discuss_several(const nb__report *report, nb__text *out)
{
    add_scores(out, report->rows);
    add_latencies(out, report->rows);
    add_training(out, report->rows);
    add_accuracies(out, report->rows);
    add_variants(out, report->rows);
    add_frameworks(out);
    add_absent(out, report->rows);
    add_seeds(out, report->run);
    add_throughput(out, report->run);
    if (nb__count_words(nb__text_string(out)) < 110)
        add_expectation(out, report->run);
}

void nb__report_discussion(const nb__report *r, nb__text *out)
{
    if (r->rows->measured == 1)
        discuss_one(r->run, out);
    else
        discuss_several(r, out);
}
