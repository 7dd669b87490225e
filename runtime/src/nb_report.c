/* Write the report: PDF, HTML, and the folder to hand in. */
#include "nb/report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "error.h"
#include "job.h"
#include "nb/display.h"
#include "nb/table.h"
#include "nb_report.h"
#include "nb_show.h"
#include "nn/device.h"
#include "out_path.h"

#define FUNCTION     "write_report"
#define DRAW_SECONDS 60.0

enum { MOST_PAGES = 2, PATH_SIZE = 4200, FIGURE_WIDTH = 340, FIGURE_HEIGHT = 210 };

/* Where the files go. */
typedef struct places {
    char pdf[PATH_SIZE], html[PATH_SIZE];
    char handin[PATH_SIZE], handin_pdf[2 * PATH_SIZE], handin_model[2 * PATH_SIZE];
} places;

static nn_status find_places(const char *path, places *p)
{
    size_t length = path ? strlen(path) : 0;
    if (length < 5 || strcmp(path + length - 4, ".pdf") != 0)
        return nn__fail(NN_VALUE_ERROR,
                        FUNCTION ": the path is \"%.200s\"; one that ends in .pdf is "
                                 "expected, such as \"report.pdf\"",
                        path ? path : "");
    if (length > 2000)
        return nn__fail(NN_VALUE_ERROR, FUNCTION ": the path has %zu characters, at most 2,000 are "
                                                 "possible",
                        length);
    nn__out_path(path, p->pdf, sizeof p->pdf);
    length = strlen(p->pdf);
    snprintf(p->html, sizeof p->html, "%.*s.html", (int)(length - 4), p->pdf);
    const char *slash = strrchr(p->pdf, '/'), *name = slash ? slash + 1 : p->pdf;
    snprintf(p->handin, sizeof p->handin, "%.*shandin", (int)(name - p->pdf), p->pdf);
    snprintf(p->handin_pdf, sizeof p->handin_pdf, "%s/%s", p->handin, name);
    snprintf(p->handin_model, sizeof p->handin_model, "%s/best.keras", p->handin);
    return NN_OK;
}

static void put_head(nb__document *d, const nb__record *run, report_opts opts)
{
    char title[160], today[16], stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(today, sizeof today, "%Y-%m-%d", &utc);
    snprintf(stamp, sizeof stamp, "%sT00:00:00Z", today);
    snprintf(title, sizeof title, "%s on %s", run->model[0] ? run->model : run->variant, run->data);
    nb__document_begin(d, opts.title ? opts.title : title, opts.author, stamp,
                       opts.letter ? 612 : 595.276, opts.letter ? 792 : 841.89, MOST_PAGES);
    nb__text line = {0};
    nb__putf(&line, "%s%s%s", opts.author ? opts.author : "", opts.author ? "  \xC2\xB7  " : "",
             today);
    nb__document_subtitle(d, nb__text_string(&line));
    nb__text_free(&line);
    nb__putf(&line, "made by xeus-tinycc %s from the records of its runs", nn_system().version);
    nb__document_foot(d, nb__text_string(&line));
    nb__text_free(&line);
}

/* Both plots of the run. Series that were not recorded are left out. */
static void put_curves(nb__document *d, const char *folder, const nb__record *run)
{
    static const struct {
        const char *title, *y_label, *series[2], *stored[2];
    } plots[] = {{"Accuracy", "fraction right", {"accuracy", "val_accuracy"},
                  {"history_accuracy", "history_val_accuracy"}},
                 {"Loss", "loss", {"loss", "val_loss"},
                  {"history_loss", "history_val_loss"}}};
    static _Thread_local double values[4][NB__RECORD_EPOCHS];
    nb_series series[4];
    nb_figure figures[2];
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        nb_figure figure = {.kind = NB_CURVES, .width = FIGURE_WIDTH, .height = FIGURE_HEIGHT,
                            .title = plots[i].title, .x_label = "epoch",
                            .y_label = plots[i].y_label, .series = &series[2 * i]};
        for (size_t k = 0; k < 2; k++) {
            size_t at = 2 * i + figure.series_count;
            size_t epochs = nb__record_numbers(folder, run, plots[i].stored[k], values[at],
                                               NB__RECORD_EPOCHS);
            series[at] = (nb_series){plots[i].series[k], values[at], epochs};
            figure.series_count += epochs > 0;
        }
        if (figure.series_count)
            figures[count++] = figure;
    }
    if (!count)
        return;
    nb__text heading = {0};
    nb__putf(&heading, "Training curves: %s, variant %s, seed %.0f", run->device, run->variant,
             run->seed);
    nb__document_section(d, nb__text_string(&heading), NULL);
    nb__text_free(&heading);
    nb__document_figures(d, figures, count);
}

static void put_discussion(nb__document *d, const nb__report *r, const char *own)
{
    if (own) {
        nb__document_section(d, "Discussion", ".discussion");
        nb__document_text(d, own);
        return;
    }
    nb__text draft = {0};
    nb__report_discussion(r, &draft);
    nb__document_section(d, "Discussion (a draft, made from the records)", NULL);
    nb__document_text(d, nb__text_string(&draft));
    d->job.failed |= draft.failed;
    nb__text_free(&draft);
}

static void put_model_file(nb__document *d, const nb__record *run)
{
    nb__text t = {0};
    nb__document_section(d, "Model file", NULL);
    if (!run->model_copy[0])
        nb__put(&t, "The run with the highest Score was recorded without a model file.");
    else
        nb__putf(&t, "best.keras, the model of %s, variant %s. SHA-256: %s", run->device,
                 run->variant, run->model_sha256[0] ? run->model_sha256 : "not computed");
    nb__document_text(d, nb__text_string(&t));
    nb__text_free(&t);
}

static nn_status compose(nb__document *d, const nb__report *r, const nb__records *records,
                         const char *folder, report_opts opts)
{
    put_head(d, r->run, opts);
    nb__document_section(d, "What each part of the notebook does", NULL);
    nb__report_steps(r, d);
    nb_table *table = nb__device_table_make(r->rows, records);
    nb__document_section(d, "Results by device", NULL);
    if (table)
        nb__document_table(d, table);
    else
        d->status = NN_MEMORY_ERROR;
    nb_table_free(table);
    put_curves(d, folder, r->run);
    put_discussion(d, r, opts.discussion);
    if (opts.notes) {
        nb__document_section(d, "Notes", ".notes");
        nb__document_text(d, opts.notes);
    }
    put_model_file(d, r->run);
    nb__document_end(d);
    return d->status;
}

/* Have the pages drawn. *PDF points into RESULT. */
static nn_status draw(const nb__document *d, nn_job_result *result, int *pages, const char **pdf,
                      size_t *size)
{
    const char *const arguments[] = {"document", NULL};
    nn_job job = {.program = "nb-draw", .args = arguments, .input = d->job.data,
                  .input_size = d->job.size, .timeout_s = DRAW_SECONDS};
    nn_status status = nn__job_run(&job, result);
    if (status == NN_VALUE_ERROR) {
        char message[800];
        snprintf(message, sizeof message, "%s", nn_error_message());
        return nn__fail(status, FUNCTION ": %s", message);
    }
    if (status != NN_OK)
        return status;
    char *line_end = result->data ? memchr(result->data, '\n', result->size) : NULL;
    *pages = line_end && strncmp(result->data, "pages ", 6) == 0 ? atoi(result->data + 6) : 0;
    if (*pages < 1)
        return nn__fail(NN_OS_ERROR, FUNCTION ": nb-draw answered something else than pages");
    *pdf = line_end + 1;
    *size = result->size - (size_t)(*pdf - result->data);
    return NN_OK;
}

static nn_status fill_handin(const places *p, const nb__device_rows *rows, const char *folder,
                             const char *pdf, size_t size)
{
    if (mkdir(p->handin, 0777) != 0 && errno != EEXIST)
        return nn__fail(NN_OS_ERROR, FUNCTION ": folder %s could not be made: %s", p->handin,
                        strerror(errno));
    nn_status status = nb__write_file(FUNCTION, p->handin_pdf, pdf, size, 1);
    if (status == NN_OK && rows->record[rows->winner]->model_copy[0])
        status = nb__copy_best_model(FUNCTION, folder, rows, p->handin_model);
    return status;
}

static nn_status tell(const places *p, const nb__report *r, int pages, report_opts opts)
{
    nb__text t = {0};
    nb__put_ascii(&t, p->pdf);
    nb__putf(&t, ": %d page%s\n", pages, pages == 1 ? "" : "s");
    nb__put_ascii(&t, p->html);
    nb__put(&t, ": the same for a browser\n");
    if (!opts.no_handin) {
        nb__put_ascii(&t, p->handin);
        nb__put(&t, r->run->model_copy[0]
                        ? ": the PDF and best.keras; add this notebook and hand in\n"
                        : ": the PDF; no model file was recorded\n");
    }
    if (!opts.author)
        nb__put(&t, "No name is on it yet: .author = \"...\"\n");
    int words = opts.discussion ? nb__count_words(opts.discussion) : 0;
    if (!opts.discussion)
        nb__put(&t,
                "The discussion is a draft: replace it by .discussion = \"...\", 100 to 200 words");
    else if (words < 100 || words > 200)
        nb__putf(&t, "The discussion has %d words; 100 to 200 are asked for", words);
    while (t.size && t.data[t.size - 1] == '\n')
        t.data[--t.size] = '\0';
    nn_status status = t.failed ? nn__fail(NN_MEMORY_ERROR, FUNCTION ": no memory")
                                : nb_display_text(nb__text_string(&t));
    nb__text_free(&t);
    return status;
}

static nn_status write_all(const places *p, const nb__report *r, const nb__records *records,
                           const char *folder, report_opts opts)
{
    nb__document d;
    nn_job_result result = {0};
    const char *pdf = NULL;
    size_t size = 0;
    int pages = 0;
    nn_status status = compose(&d, r, records, folder, opts);
    if (status == NN_OK)
        status = draw(&d, &result, &pages, &pdf, &size);
    if (status == NN_OK)
        status = nb__write_file(FUNCTION, p->pdf, pdf, size, 1);
    if (status == NN_OK)
        status = nb__write_file(FUNCTION, p->html, d.html.data, d.html.size, 1);
    if (status == NN_OK && !opts.no_handin)
        status = fill_handin(p, r->rows, folder, pdf, size);
    free(result.data);
    nb__document_free(&d);
    return status == NN_OK ? tell(p, r, pages, opts) : status;
}

nn_status nb_write_report(const char *path, report_opts opts)
{
    places *p = calloc(1, sizeof *p);
    char folder[4096];
    nb__records records;
    nb__device_rows rows = {0};
    if (!p)
        return nn__fail(NN_MEMORY_ERROR, FUNCTION ": no memory");
    opts.author = opts.author && *opts.author ? opts.author : NULL;
    opts.discussion = opts.discussion && *opts.discussion ? opts.discussion : NULL;
    opts.notes = opts.notes && *opts.notes ? opts.notes : NULL;
    nn_status status = find_places(path, p);
    if (status == NN_OK)
        status = nb__device_rows_read(
            FUNCTION, (device_table_opts){.from = opts.from, .variant = opts.variant}, folder,
            sizeof folder, &records, &rows);
    if (status != NN_OK) {
        free(p);
        return status;
    }
    if (rows.winner < 0) {
        status = nn__fail(NN_VALUE_ERROR, FUNCTION ": there is no record in %.500s%s; call "
                                                   "record_run() first",
                          folder, records.synthetic ? " but of synthetic digits" : "");
    } else {
        nb__report r = {.rows = &rows, .run = rows.record[rows.winner],
                        .record_count = records.count};
        double first = NAN;
        r.layer_count = nb__record_numbers(folder, r.run, "layer_parameters", r.layer_parameters,
                                           NB__REPORT_LAYERS);
        r.first_loss = nb__record_numbers(folder, r.run, "history_loss", &first, 1) ? first : NAN;
        status = write_all(p, &r, &records, folder, opts);
    }
    nb__records_free(&records);
    free(p);
    return status;
}
