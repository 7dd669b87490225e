/**
 * @file report.h
 * Write the coursework's report: one or two pages, made from records.
 *
 *     write_report("report.pdf", .author = "Ada Lovelace");
 *
 * Every number in it comes from the records of record_run(). What you write yourself replaces the
 * draft of the discussion: .discussion = "...".
 */
#ifndef NB_REPORT_H
#define NB_REPORT_H

#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nb_write_report(); zero means default. */
typedef struct report_opts {
    const char *author;     /**< your name, or names; default: none */
    const char *title;      /**< default: model and data, "lenet5 on MNIST" */
    const char *discussion; /**< 100 to 200 words of your own; an empty line begins a paragraph;
                                 default: a draft made from the measured rows, marked as such */
    const char *notes;      /**< a further section, such as what was changed; default: none */
    const char *from;       /**< folder of the records; default "records" */
    const char *variant;    /**< only records of this variant; default: any */
    int letter;             /**< nonzero: US Letter; default: A4 */
    int no_handin;          /**< nonzero: do not fill the folder handin */
} report_opts;

/**
 * Write a report of one or two pages as PDF, and the same as HTML beside it.
 *
 * It holds title, name and date; what each part of the notebook did in the run with the highest
 * Score; the table of devices with its footnotes; curves of accuracy and loss; the discussion; and
 * the model's file with its SHA-256 sum. Fonts are embedded and text can be selected.
 *
 * A folder "handin" beside the report gets a copy of the PDF and the model with the highest Score
 * as best.keras: add the executed notebook, and it is what is to be handed in.
 *
 * @param path  must end in ".pdf"; its folder must exist. In XTINYCC_OUT where that is set and the
 *              path is relative.
 * @param opts  options
 * @return      NN_OK; NN_VALUE_ERROR (another suffix; no record; more than two pages: the message
 *              names the section to cut; records that do not go together, see device_table());
 *              NN_FILE_NOT_FOUND (no such folder); NN_OS_ERROR (nb-draw or fonts missing, file not
 *              writable); NN_MEMORY_ERROR; NN_INTERRUPTED
 */
NN_API nn_status nb_write_report(const char *path, report_opts opts);

#ifdef __cplusplus
}
#endif
#endif
