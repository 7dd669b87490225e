/* Show a figure: send it to nb-draw, hand picture and text to the host. */
#include "nb/figure.h"
#include "nb/display.h"

#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "job.h"
#include "nb_figure.h"
#include "nb_figure_job.h"
#include "nb_show.h"

#define DRAW_SECONDS 60.0

static void put_field(nb__text *out, const char *tag, const void *bytes, size_t size)
{
    nb__putf(out, "%s %zu\n", tag, size);
    nb__put_bytes(out, bytes, size);
    nb__put(out, "\n");
}

static void put_text(nb__text *out, const char *tag, const char *text)
{
    if (text)
        put_field(out, tag, text, strnlen(text, NB_FIGURE_MAX_TEXT));
}

void nb__figure_write(const nb_figure *f, nb__text *out)
{
    double sizes[] = {f->kind, f->width, f->height, f->rows, f->cols, f->image_height,
                      f->image_width, f->zoom, f->x_low, f->x_high};
    nb__put(out, NB_FIGURE_MAGIC);
    put_field(out, "size", sizes, sizeof sizes);
    put_text(out, "title", f->title);
    put_text(out, "x_label", f->x_label);
    put_text(out, "y_label", f->y_label);
    for (size_t i = 0; i < f->series_count; i++) {
        put_text(out, "name", f->series[i].name ? f->series[i].name : "");
        put_field(out, "values", f->series[i].values, f->series[i].count * sizeof(double));
    }
    for (size_t i = 0; i < f->label_count; i++)
        put_text(out, "label", f->labels[i] ? f->labels[i] : "");
    if (f->pixels)
        put_field(out, "pixels", f->pixels,
                  f->image_count * (size_t)f->image_height * (size_t)f->image_width);
    if (f->emphasis)
        put_field(out, "emphasis", f->emphasis, f->image_count);
}

static nn_status draw(const nb__text *figure, const char *format, nn_job_result *result)
{
    const char *const arguments[] = {"figure", format, NULL};
    nn_job job = {.program = "nb-draw", .args = arguments, .input = figure->data,
                  .input_size = figure->size, .timeout_s = DRAW_SECONDS};
    return nn__job_run(&job, result);
}

/* Show the text alone, with one line that says why there is no picture. */
static nn_status show_text_only(const char *text)
{
    nb__text out = {0};
    nb__put(&out, text);
    nb__put(&out, "\n\n(No picture: ");
    nb__put_ascii(&out, nn_error_message());
    nb__put(&out, ")");
    nn_status status = out.failed ? nn__fail(NN_MEMORY_ERROR, "figure: no memory")
                                  : nb__show_forms(NULL, NULL, nb__text_string(&out), 0, 0);
    nb__text_free(&out);
    return status;
}

static nn_status check(const nb_figure *f, const char *text)
{
    if (!text || f->width < 1 || f->height < 1 || f->width > NB_FIGURE_MAX_SIZE ||
        f->height > NB_FIGURE_MAX_SIZE)
        return nn__fail(NN_VALUE_ERROR,
                        "figure: a text and a size of 1 to %d pixels are needed, got %d x %d",
                        NB_FIGURE_MAX_SIZE, f->width, f->height);
    if (f->series_count > NB_FIGURE_MAX_SERIES || f->label_count > NB_FIGURE_MAX_LABELS ||
        f->image_count > NB_FIGURE_MAX_IMAGES)
        return nn__fail(NN_VALUE_ERROR, "figure: at most %d series and %d labels or images",
                        NB_FIGURE_MAX_SERIES, NB_FIGURE_MAX_LABELS);
    return NN_OK;
}

nn_status nb_figure_show(const nb_figure *f, const char *text, int formats)
{
    nn_status status = check(f, text);
    if (status != NN_OK || nb__silent())
        return status;
    if (!nb_host_get()->display) /* a plain program prints the text: no picture is needed */
        return nb__show_forms(NULL, NULL, text, 0, 0);

    static const char *const names[] = {"png", "pdf", "svg"};
    static const char *const types[] = {"image/png", "application/pdf", "image/svg+xml"};
    int wanted[] = {1, (formats & (FIG_PDF | FIG_SVG)) != 0, (formats & FIG_SVG) != 0};
    nn_job_result drawn[3] = {{0}};
    nb_part parts[4];
    size_t count = 0;
    nb__text figure = {0};
    nb__figure_write(f, &figure);
    if (figure.failed)
        status = nn__fail(NN_MEMORY_ERROR, "figure: no memory");
    for (int i = 0; i < 3 && status == NN_OK; i++) {
        if (!wanted[i])
            continue;
        status = draw(&figure, names[i], &drawn[i]);
        parts[count++] = (nb_part){.mime = types[i], .data = drawn[i].data, .size = drawn[i].size,
                                   .width = i == 1 ? 0 : f->width, .height = i == 1 ? 0 : f->height};
    }
    nb__text_free(&figure);
    if (status == NN_OK) {
        parts[count++] = (nb_part){.mime = "text/plain", .data = text, .size = strlen(text)};
        status = nb_display(&(nb_bundle){parts, count});
    } else if (status == NN_OS_ERROR) {
        status = show_text_only(text);
    }
    for (int i = 0; i < 3; i++)
        free(drawn[i].data);
    return status;
}
