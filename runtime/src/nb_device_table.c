/* Compare devices by their records. */
#include "nb_record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "error.h"
#include "nb/display.h"
#include "nb/table.h"
#include "nb_show.h"
#include "nb_text.h"
#include "nn/device.h"

/* Which entry of nn_devices() the four would be. */
static const char *const device_kinds[NB__DEVICES] = {"cpu", "gpu:0", "gpu:0", "tpu:0"};

static void put_fraction(nb_table *t, double value)
{
    nb_table_cell(t, isnan(value) ? "-" : "%.4f", value);
}

static void put_measured(nb_table *t, const nb__record *r)
{
    char number[NB__NUMBER];
    put_fraction(t, r->best_accuracy);
    put_fraction(t, r->best_loss);
    put_fraction(t, r->best_val_accuracy);
    put_fraction(t, r->best_val_loss);
    if (r->epochs == NB__COURSE_EPOCHS)
        nb_table_cell(t, "%.2f s", r->training_seconds);
    else
        nb_table_cell(t, "-");
    put_fraction(t, r->test_accuracy);
    put_fraction(t, r->test_loss);
    nb_table_cell(t, "%s us", nb__us_text(number, r->latency_us));
    nb_table_cell(t, "%s", nb__count_text(number, llround(r->score)));
}

/* Why a device has no row of numbers. REASON: what the system says, or "". */
static void note_absent(nb_table *t, int device, char *reason, size_t size)
{
    nn_device_info info[16] = {0};
    int count = nn_devices(info, 16), at = 0;
    while (at < count && at < 15 && strcmp(info[at].name, device_kinds[device]) != 0)
        at++;
    char date[16], label[NB__RECORD_TEXT];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%d", &utc);
    nb__device_label(device_kinds[device], info[at].description, label, sizeof label);
    if (info[at].available && strcmp(label, nb__device_labels[device]) == 0)
        nb_table_note(t, "%s: here, but there is no record of it yet.", label);
    else
        nb_table_note(t, "%s: no such device on this machine (%s).", nb__device_labels[device],
                      date);
    snprintf(reason, size, "%s", info[at].reason);
}

/* The absent devices, then each reason once. */
static void note_all_absent(nb_table *t, const nb__device_rows *r)
{
    char reasons[NB__DEVICES][256] = {{0}};
    for (int i = 0; i < NB__DEVICES; i++)
        if (!r->record[i])
            note_absent(t, i, reasons[i], sizeof reasons[i]);
    for (int i = 0; i < NB__DEVICES; i++) {
        int said = !reasons[i][0];
        for (int k = 0; k < i; k++)
            said |= strcmp(reasons[k], reasons[i]) == 0;
        if (!said)
            nb_table_note(t, "Reason: %s.", reasons[i]);
    }
}

/* "CPU: Intel Xeon, variant classic, 5 epochs of batch 128, seed 42, 2026-11-26." */
static void note_measured(nb_table *t, const nb__record *r)
{
    char busy[120] = "";
    if (r->load_average > 0.5 * r->cores)
        snprintf(busy, sizeof busy, " Load average %.1f on %.0f cores: other work may have "
                                    "lengthened the times.", r->load_average, r->cores);
    nb_table_note(t, "%s: %s, variant %s, %.0f epoch%s of batch %.0f, seed %.0f, %.10s.%s",
                  r->device, r->device_name, r->variant, r->epochs, r->epochs == 1 ? "" : "s",
                  r->batch_size, r->seed, r->date, busy);
    if (r->runs > 1 && r->runs_seed_count)
        nb_table_note(t,
                      "%s: over %.0f seeds (%.0f to %.0f) the test accuracy is %.4f +- %.4f (mean "
                      "and standard deviation).",
                      r->device, r->runs, r->runs_seed[0], r->runs_seed[r->runs_seed_count - 1],
                      r->runs_accuracy_mean, r->runs_accuracy_spread);
}

static void put_notes(nb_table *t, const nb__device_rows *r, const nb__records *records)
{
    char number[NB__NUMBER];
    for (int i = 0; i < r->count; i++)
        if (r->record[i])
            note_measured(t, r->record[i]);
    note_all_absent(t, r);
    if (r->winner >= 0) {
        const nb__record *w = r->record[r->winner];
        nb_table_note(t, "Highest Score: %s, %s per s (%s %%/ms). Score = accuracy / latency, "
                         "fraction per second; in %%/ms it is a tenth of that.", w->device,
                      nb__count_text(number, llround(w->score)),
                      nb__count_text((char[NB__NUMBER]){0}, llround(0.1 * w->score)));
        nb_table_note(t, "Each best is of its own column and may come from another epoch.");
        if (w->latency_warmup >= 0 && w->latency_passes >= 1)
            nb_table_note(t,
                          "Latency: mean of one image a call, %s warm-up calls, %.0f pass%s over "
                          "the test images, %s.",
                          nb__count_text(number, llround(w->latency_warmup)), w->latency_passes,
                          w->latency_passes == 1 ? "" : "es", w->precision);
        if (w->epochs != NB__COURSE_EPOCHS)
            nb_table_note(t, "Only runs of 5 epochs fill the column of 5; this one had %.0f.",
                          w->epochs);
    }
    if (records->synthetic)
        nb_table_note(t, "Left out: %zu record%s of synthetic digits.", records->synthetic,
                      records->synthetic == 1 ? "" : "s");
    if (records->unreadable)
        nb_table_note(t, "Left out: %zu file%s that are no records, such as %s.",
                      records->unreadable, records->unreadable == 1 ? "" : "s",
                      records->first_unreadable);
}

nb_table *nb__device_table_make(const nb__device_rows *r, const nb__records *records)
{
    static const char *const columns[] = {
        "Best Training Acc.", "Best Training Loss", "Best Validation Acc.", "Best Validation Loss",
        "5 Epoch Training Time", "Average Test Accuracy", "Average Test Loss",
        "Average Test Latency", "Score"};
    nb_table *t = nb_table_new("Results by device");
    if (!t)
        return NULL;
    nb_table_column(t, "Device", NB_LEFT);
    for (int i = 0; i < 9; i++)
        nb_table_column(t, columns[i], NB_RIGHT);
    for (int i = 0; i < r->count; i++) {
        nb_table_cell(t, "%s", r->label[i]);
        if (r->record[i])
            put_measured(t, r->record[i]);
        for (int k = 0; !r->record[i] && k < 9; k++)
            nb_table_cell(t, "not measured");
        if (i == r->winner)
            nb_table_emphasize(t);
    }
    put_notes(t, r, records);
    return t;
}

nn_status nb_device_table(device_table_opts opts)
{
    char folder[4096];
    nb__records records;
    nb__device_rows r = {0};
    nn_status status =
        nb__device_rows_read("device_table", opts, folder, sizeof folder, &records, &r);
    if (status != NN_OK)
        return status;
    status = nb__table_finish(nb__device_table_make(&r, &records));
    nb__records_free(&records);
    return status;
}
