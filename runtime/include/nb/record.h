/**
 * @file record.h
 * Keep the results of runs, and compare devices.
 *
 * A record is a JSON file of its own, records/DEVICE-VARIANT-TIME-RUN.json, beside it a copy of the
 * model file. No run overwrites another: run the notebook on a second device, bring its records
 * folder here, and the table has its row. XTINYCC_OUT moves all results: records are then in
 * $XTINYCC_OUT/records, and saved models, report and best.keras in $XTINYCC_OUT.
 *
 * Score is accuracy divided by latency, in fraction per second: 0.9888 / 3.9 us = 253,538 per s.
 * The same in percent per millisecond is a tenth of that number.
 */
#ifndef NB_RECORD_H
#define NB_RECORD_H

#include <stddef.h>
#include "nb/repeat.h"
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/metrics.h"
#include "nn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nb_record_run(); zero means default. */
typedef struct record_opts {
    const char *variant;    /**< letters, digits and dashes, such as "classic"; default: the model's
                                 name */
    const char *model_file; /**< file of the model, copied beside the record; default: none */
    const char *to;         /**< folder of the records; default "records" */
    const char *setting;    /**< what is special about this run, such as "1 thread": it gets a row
                                 of its own, "CPU (1 thread)"; default: none */
    mnist_t data;           /**< what was trained on, for its name and its SHA-256 sums */
    runs_t runs;            /**< the same from other seeds, from model_repeat(); default: none */
    latency_t batched; /**< a benchmark of larger batches, for their throughput; default: none */
} record_opts;

/**
 * Keep the results of a run, and say in one line where.
 *
 * @param model    the model that was tested and timed
 * @param history  its training run, at least one complete epoch
 * @param test     result of evaluating the test images
 * @param latency  result of timing it, one image a call
 * @param opts     options
 * @return         NN_OK; NN_VALUE_ERROR (a NULL, no complete epoch, nothing evaluated or timed, a
 *                 batch size other than 1, a variant with other characters, a setting of more
 *                 than 40 characters);
 *                 NN_FILE_NOT_FOUND (no such model file); NN_OS_ERROR (folder not writable);
 *                 NN_MEMORY_ERROR; NN_INTERRUPTED. After a failure there is no record.
 */
NN_API nn_status nb_record_run(const model_t *model, const history_t *history, metrics_t test,
                               latency_t latency, record_opts opts);

/** Options of nb_device_table() and nb_best_score(); zero means default. */
typedef struct device_table_opts {
    const char *from;    /**< folder of the records; default "records" */
    const char *variant; /**< only records of this variant; default: any */
} device_table_opts;

/**
 * Show one row for each device: the best of its records.
 *
 * CPU, GPU T4, GPU P100 and TPU v3-8 always have a row; what was not measured says so, and the
 * reason stands below. Other devices get a row of their own. The best record of a device is the
 * one with the highest Score; runs of 5 epochs go before others. Records of synthetic data are left
 * out.
 *
 * @return NN_OK, also without any record; NN_VALUE_ERROR (the records of two devices differ in
 *         data, split or epochs: the message names both); NN_OS_ERROR (folder not readable);
 *         NN_MEMORY_ERROR
 */
NN_API nn_status nb_device_table(device_table_opts opts);

/**
 * Copy the model with the highest Score of all devices to best.keras (in XTINYCC_OUT, or here), and
 * say which it is.
 *
 * The Score decides, not the accuracy. The copy is compared with the SHA-256 sum in its record.
 *
 * @return NN_OK; NN_FILE_NOT_FOUND (no record, or the one with the highest Score has no model
 *         file); NN_VALUE_ERROR (the model file is not the one that was recorded); else as
 *         nb_device_table()
 */
NN_API nn_status nb_best_score(device_table_opts opts);

/** Return accuracy / latency in fraction per second. @param accuracy  0 to 1
    @param seconds  per image, above 0 */
NN_API double nb_score(double accuracy, double seconds);

/** Write "Score = 253,538 per s (fraction/seconds; 25,354 %/ms)" into BUFFER. @return buffer */
NN_API char *nb_score_text(char *buffer, size_t size, double score);

#ifdef __cplusplus
}
#endif
#endif
