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

enum { MOST_DEVICES = 32, COURSE_EPOCHS = 5 };

const char *const nb__device_labels[NB__DEVICES] = {"CPU", "GPU T4 x2 (Using 1 GPU)", "GPU P100",
                                                    "TPU VM v3-8"};

/* Which entry of nn_devices() the four would be. */
static const char *const device_kinds[NB__DEVICES] = {"cpu", "gpu:0", "gpu:0", "tpu:0"};

void nb__device_label(const char *kind, const char *description, char *label, size_t size)
{
    const char *known = strcmp(kind, "cpu") == 0                                    ? "CPU"
                        : strncmp(kind, "gpu", 3) == 0 && strstr(description, "T4")   ? "GPU T4 x2 (Using 1 GPU)"
                        : strncmp(kind, "gpu", 3) == 0 && strstr(description, "P100") ? "GPU P100"
                        : strncmp(kind, "tpu", 3) == 0 && strstr(description, "v3")   ? "TPU VM v3-8"
                                                                                      : NULL;
    if (known)
        snprintf(label, size, "%s", known);
    else
        snprintf(label, size, "%.3s %s", strncmp(kind, "tpu", 3) == 0 ? "TPU" : "GPU", description);
}

/* Is A to be shown rather than B? */
static int is_better(const nb__record *a, const nb__record *b)
{
    int a_counts = a->epochs == COURSE_EPOCHS, b_counts = b->epochs == COURSE_EPOCHS;
    return a_counts != b_counts ? a_counts : a->score > b->score;
}

const nb__record *nb__best_record(const nb__records *records, const char *device)
{
    const nb__record *best = NULL;
    for (size_t i = 0; i < records->count; i++)
        if (strcmp(records->list[i].device, device) == 0 &&
            (!best || is_better(&records->list[i], best)))
            best = &records->list[i];
    return best;
}

/* The rows of the table: the four devices, then those that have records besides. */
typedef struct rows {
    const char *label[MOST_DEVICES];
    const nb__record *record[MOST_DEVICES]; /* NULL: not measured */
    int count;
    int winner; /* -1 without any record */
} rows;

static void choose_rows(const nb__records *records, rows *r)
{
    r->winner = -1;
    for (r->count = 0; r->count < NB__DEVICES; r->count++)
        r->label[r->count] = nb__device_labels[r->count];
    for (size_t i = 0; i < records->count; i++) {
        int known = 0;
        for (int k = 0; k < r->count; k++)
            known |= strcmp(r->label[k], records->list[i].device) == 0;
        if (!known && r->count < MOST_DEVICES)
            r->label[r->count++] = records->list[i].device;
    }
    for (int i = 0; i < r->count; i++) {
        r->record[i] = nb__best_record(records, r->label[i]);
        if (r->record[i] && (r->winner < 0 || r->record[i]->score > r->record[r->winner]->score))
            r->winner = i;
    }
}

/* Rows that were not made in the same way must not stand in one table. */
static nn_status check_alike(const char *function, const rows *r)
{
    const nb__record *first = NULL;
    for (int i = 0; i < r->count; i++) {
        const nb__record *record = r->record[i];
        if (!record)
            continue;
        if (!first) {
            first = record;
            continue;
        }
        const char *what = strcmp(first->data_hash, record->data_hash) != 0 ? "data"
                           : strcmp(first->split, record->split) != 0       ? "split"
                           : first->epochs != record->epochs                ? "epochs"
                                                                            : NULL;
        if (what)
            return nn__fail(NN_VALUE_ERROR,
                            "%s: records of %s and %s differ in %s (%s, %s); move one of them away, "
                            "or choose with .variant",
                            function, first->device, record->device, what, first->file,
                            record->file);
    }
    return NN_OK;
}

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
    if (r->epochs == COURSE_EPOCHS)
        nb_table_cell(t, "%.2f s", r->training_seconds);
    else
        nb_table_cell(t, "-");
    put_fraction(t, r->test_accuracy);
    put_fraction(t, r->test_loss);
    nb_table_cell(t, "%s us", nb__time_text(number, r->latency_us));
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
static void note_all_absent(nb_table *t, const rows *r)
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

/* "CPU: Intel Xeon, classic, 5 epochs, batch 128, seed 42, 2026-11-26" */
static void note_measured(nb_table *t, const nb__record *r)
{
    nb_table_note(t, "%s: %s, variant %s, %.0f epoch%s of batch %.0f, seed %.0f, %.10s.", r->device,
                  r->device_name, r->variant, r->epochs, r->epochs == 1 ? "" : "s", r->batch_size,
                  r->seed, r->date);
    if (r->load_average > 0.5 * r->cores)
        nb_table_note(t, "%s: measured on a busy machine (load average %.1f on %.0f cores): times "
                         "are not good.", r->device, r->load_average, r->cores);
}

static void put_notes(nb_table *t, const rows *r, const nb__records *records)
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
        nb_table_note(t, "Each best is of its own column and may come from another epoch. Latency: "
                         "mean of one image a call, %.0f warm-up calls, %.0f passes over the test "
                         "images, %s.", w->latency_warmup, w->latency_passes, w->precision);
        if (w->epochs != COURSE_EPOCHS)
            nb_table_note(t, "Runs of %.0f epochs do not fill the column of 5.", w->epochs);
    }
    if (records->synthetic)
        nb_table_note(t, "Left out: %zu record%s of synthetic digits.", records->synthetic,
                      records->synthetic == 1 ? "" : "s");
    if (records->unreadable)
        nb_table_note(t, "Left out: %zu file%s that are no records, such as %s.",
                      records->unreadable, records->unreadable == 1 ? "" : "s",
                      records->first_unreadable);
}

static nn_status show(const rows *r, const nb__records *records)
{
    static const char *const columns[] = {
        "Best Training Acc.", "Best Training Loss", "Best Validation Acc.", "Best Validation Loss",
        "5 Epoch Training Time", "Average Test Accuracy", "Average Test Loss",
        "Average Test Latency", "Score"};
    nb_table *t = nb_table_new("Results by device");
    if (!t)
        return NN_MEMORY_ERROR;
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
    return nb__table_finish(t);
}

/* Read the records and choose the rows. After NN_OK, RECORDS is to be freed. */
static nn_status gather(const char *function, device_table_opts opts, char *folder, size_t size,
                        nb__records *records, rows *r)
{
    nb__records_folder(opts.from, folder, size);
    nn_status status = nb__records_read(function, folder, opts.variant, records);
    if (status != NN_OK)
        return status;
    choose_rows(records, r);
    status = check_alike(function, r);
    if (status != NN_OK)
        nb__records_free(records);
    return status;
}

nn_status nb_device_table(device_table_opts opts)
{
    char folder[4096];
    nb__records records;
    rows r = {0};
    nn_status status = gather("device_table", opts, folder, sizeof folder, &records, &r);
    if (status != NN_OK)
        return status;
    status = show(&r, &records);
    nb__records_free(&records);
    return status;
}

nn_status nb_best_score(device_table_opts opts)
{
    char folder[4096], from[4400], to[4200];
    nb__records records;
    rows r = {0};
    nn_status status = gather("best_score", opts, folder, sizeof folder, &records, &r);
    if (status != NN_OK)
        return status;
    const nb__record *best = NULL;
    for (int i = 0; i < r.count; i++)
        if (r.record[i] && r.record[i]->model_copy[0] && (!best || r.record[i]->score > best->score))
            best = r.record[i];
    const char *out = getenv("XTINYCC_OUT");
    snprintf(to, sizeof to, "%s%sbest.keras", out && *out ? out : "", out && *out ? "/" : "");
    if (!best) {
        status = nn__fail(NN_FILE_NOT_FOUND, "best_score: no record in %s has a model file; call "
                                             "record_run(..., .model_file = \"lenet5.keras\") first",
                          folder);
    } else {
        snprintf(from, sizeof from, "%s/%s", folder, best->model_copy);
        status = nb__copy_file("best_score", from, to, 1);
    }
    if (status == NN_OK) {
        char score[120];
        nb__text text = {0};
        nb__putf(&text, "%s is the model of ", to);
        nb__put_ascii(&text, best->device);
        nb__putf(&text, ", test accuracy %.4f\n%s", best->test_accuracy,
                 nb_score_text(score, sizeof score, best->score));
        status = nb_display_text(nb__text_string(&text));
        nb__text_free(&text);
    }
    nb__records_free(&records);
    return status;
}
