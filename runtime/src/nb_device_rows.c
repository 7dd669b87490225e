/* Choose the rows of the table of devices from their records. */
#include "nb_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"

const char *const nb__device_labels[NB__DEVICES] = {"CPU", "GPU T4 x2 (Using 1 GPU)", "GPU P100",
                                                    "TPU VM v3-8"};

void nb__device_label(const char *kind, const char *description, char *label, size_t size)
{
    const char *known = strcmp(kind, "cpu") == 0 ? "CPU"
                        : strncmp(kind, "gpu", 3) == 0 && strstr(description, "T4")
                            ? "GPU T4 x2 (Using 1 GPU)"
                        : strncmp(kind, "gpu", 3) == 0 && strstr(description, "P100") ? "GPU P100"
                        : strncmp(kind, "tpu", 3) == 0 && strstr(description, "v3") ? "TPU VM v3-8"
                                                                                    : NULL;
    if (known)
        snprintf(label, size, "%s", known);
    else
        snprintf(label, size, "%.3s %s", strncmp(kind, "tpu", 3) == 0 ? "TPU" : "GPU", description);
}

/* Is A to be shown rather than B? */
static int is_better(const nb__record *a, const nb__record *b)
{
    int a_counts = a->epochs == NB__COURSE_EPOCHS, b_counts = b->epochs == NB__COURSE_EPOCHS;
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

static void choose_rows(const nb__records *records, nb__device_rows *r)
{
    r->winner = -1;
    r->measured = 0;
    for (r->count = 0; r->count < NB__DEVICES; r->count++)
        r->label[r->count] = nb__device_labels[r->count];
    for (size_t i = 0; i < records->count; i++) {
        int known = 0;
        for (int k = 0; k < r->count; k++)
            known |= strcmp(r->label[k], records->list[i].device) == 0;
        if (!known && r->count < NB__MOST_ROWS)
            r->label[r->count++] = records->list[i].device;
    }
    for (int i = 0; i < r->count; i++) {
        r->record[i] = nb__best_record(records, r->label[i]);
        r->measured += r->record[i] != NULL;
        if (r->record[i] && (r->winner < 0 || r->record[i]->score > r->record[r->winner]->score))
            r->winner = i;
    }
}

/* Rows that were not made in the same way must not stand in one table. */
static nn_status check_alike(const char *function, const nb__device_rows *r)
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
            return nn__fail(
                NN_VALUE_ERROR,
                "%s: records of %s and %s differ in %s (%s, %s); move one of them away, "
                "or choose with .variant",
                function, first->device, record->device, what, first->file, record->file);
    }
    return NN_OK;
}

nn_status nb__device_rows_read(const char *function, device_table_opts opts, char *folder,
                               size_t size, nb__records *records, nb__device_rows *rows)
{
    nb__records_folder(opts.from, folder, size);
    nn_status status = nb__records_read(function, folder, opts.variant, records);
    if (status != NN_OK)
        return status;
    choose_rows(records, rows);
    status = check_alike(function, rows);
    if (status != NN_OK)
        nb__records_free(records);
    return status;
}
