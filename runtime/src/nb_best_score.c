/* The model with the highest Score. */
#include "nb_record.h"

#include <stdio.h>
#include <string.h>
#include "error.h"
#include "nb/display.h"
#include "nb_text.h"
#include "out_path.h"

nn_status nb__copy_best_model(const char *function, const char *folder,
                              const nb__device_rows *rows, const char *to)
{
    char from[4400], sum[65];
    const nb__record *best = rows->winner >= 0 ? rows->record[rows->winner] : NULL;
    if (!best)
        return nn__fail(NN_FILE_NOT_FOUND,
                        "%s: no record in %s; call record_run(..., .model_file = "
                        "\"lenet5.keras\") first",
                        function, folder);
    if (!best->model_copy[0])
        return nn__fail(NN_FILE_NOT_FOUND,
                        "%s: the record with the highest Score, %s, has no model "
                        "file; record the run with .model_file = "
                        "\"lenet5.keras\", or move that record away",
                        function, best->file);
    snprintf(from, sizeof from, "%s/%s", folder, best->model_copy);
    nn_status status = nb__hash_file(function, from, sum);
    if (status != NN_OK)
        return status;
    if (sum[0] && best->model_sha256[0] && strcmp(sum, best->model_sha256) != 0)
        return nn__fail(NN_VALUE_ERROR,
                        "%s: %s is not the file that was recorded (SHA-256 %.12s..., "
                        "%.12s... expected); bring it here again",
                        function, from, sum, best->model_sha256);
    return nb__copy_file(function, from, to, 1);
}

nn_status nb_best_score(device_table_opts opts)
{
    char folder[4096], to[4200];
    nb__records records;
    nb__device_rows rows = {0};
    nn_status status = nb__device_rows_read("best_score", opts, folder, sizeof folder, &records,
                                            &rows);
    if (status != NN_OK)
        return status;
    nn__out_path("best.keras", to, sizeof to);
    status = nb__copy_best_model("best_score", folder, &rows, to);
    if (status == NN_OK) {
        const nb__record *best = rows.record[rows.winner];
        char score[120];
        nb__text text = {0};
        nb__put_ascii(&text, to);
        nb__put(&text, " is the model of ");
        nb__put_ascii(&text, best->device);
        nb__putf(&text, ", test accuracy %.4f\n%s", best->test_accuracy,
                 nb_score_text(score, sizeof score, best->score));
        status = nb_display_text(nb__text_string(&text));
        nb__text_free(&text);
    }
    nb__records_free(&records);
    return status;
}
