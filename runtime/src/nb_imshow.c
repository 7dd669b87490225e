/* Images in a grid. */
#include "nb/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb/display.h"
#include "nb_figure.h"
#include "nb_figure_job.h"

enum { MOST_CLASSES = 1000, LABEL = 32 };
/* As nb-draw lays out the page: CSS pixels. */
enum { GAP = 10, LABEL_HEIGHT = 18, TITLE_HEIGHT = 26, MARGIN = 8, TITLE_LETTER = 8 };

/* The images that are shown. */
typedef struct selection {
    size_t *index;
    size_t count, room;
    size_t wrong; /* with predictions: how many of all are wrong */
} selection;

static long label_of(tensor_t y, size_t index)
{
    return y.rank ? (long)nn_tensor_at(y, index) : -1;
}

static nn_status check(tensor_t x, tensor_t y, imshow_opts *o)
{
    o->rows = o->rows ? o->rows : 2;
    o->cols = o->cols ? o->cols : 5;
    if (o->rows < 1 || o->rows > 50 || o->cols < 1 || o->cols > 50)
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: a grid of %d x %d; 1 to 50 rows and columns "
                                        "are possible", o->rows, o->cols);
    if (!x.data || (x.rank != 3 && !(x.rank == 4 && x.shape[3] == 1))) {
        char shape[120];
        return nn__fail(NN_VALUE_ERROR,
                        "imshow_grid: x has shape %s; (N, height, width) or (N, height, width, 1) "
                        "is expected", nb__shape_text(shape, sizeof shape, x.shape, x.rank));
    }
    if (x.shape[1] > NB_FIGURE_MAX_SIDE || x.shape[2] > NB_FIGURE_MAX_SIDE)
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: images of %lld x %lld; at most %d x %d",
                        (long long)x.shape[1], (long long)x.shape[2], NB_FIGURE_MAX_SIDE,
                        NB_FIGURE_MAX_SIDE);
    if (y.rank && (y.rank != 1 || y.shape[0] != x.shape[0]))
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: %lld labels for %lld images",
                        (long long)nn_tensor_size(y), (long long)x.shape[0]);
    tensor_t p = o->predictions;
    if (p.rank && (p.rank != 1 || p.shape[0] != x.shape[0]))
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: .predictions has %lld answers for %lld images;"
                                        " use argmax(model_predict(...)) of the same images",
                        (long long)p.shape[0], (long long)x.shape[0]);
    if (o->only_wrong && (!p.rank || !y.rank))
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: .only_wrong needs labels and .predictions");
    if (o->one_per_class && !y.rank)
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: .one_per_class needs labels");
    if (o->first < 0 || o->first >= x.shape[0])
        return nn__fail(NN_VALUE_ERROR, "imshow_grid: .first is %d; there are %lld images", o->first,
                        (long long)x.shape[0]);
    return NN_OK;
}

/* The first image of each label, in order of the labels. */
static void select_one_per_class(selection *s, tensor_t y, size_t first, size_t total)
{
    size_t found[MOST_CLASSES];
    for (int c = 0; c < MOST_CLASSES; c++)
        found[c] = total;
    for (size_t i = first; i < total; i++) {
        long label = label_of(y, i);
        if (label >= 0 && label < MOST_CLASSES && found[label] == total)
            found[label] = i;
    }
    for (int c = 0; c < MOST_CLASSES && s->count < s->room; c++)
        if (found[c] < total)
            s->index[s->count++] = found[c];
}

static void select_images(selection *s, tensor_t y, const imshow_opts *o, size_t total)
{
    tensor_t p = o->predictions;
    for (size_t i = 0; p.rank && y.rank && i < total; i++)
        s->wrong += label_of(y, i) != label_of(p, i);
    if (o->one_per_class) {
        select_one_per_class(s, y, (size_t)o->first, total);
        return;
    }
    for (size_t i = (size_t)o->first; i < total && s->count < s->room; i++)
        if (!o->only_wrong || label_of(y, i) != label_of(p, i))
            s->index[s->count++] = i;
}

/* Copy one image as bytes from 0 (black) to 255. */
static void copy_image(tensor_t x, size_t index, int dark, unsigned char *out)
{
    size_t size = (size_t)x.shape[1] * (size_t)x.shape[2];
    if (x.dtype == NN_UINT8) {
        memcpy(out, (const unsigned char *)x.data + index * size, size);
    } else {
        double low = 0, high = 1;
        for (size_t i = 0; i < size; i++) {
            double value = nn_tensor_at(x, index * size + i);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        for (size_t i = 0; i < size; i++) {
            double value = (nn_tensor_at(x, index * size + i) - low) / (high - low);
            out[i] = value >= 0 && value <= 1 ? (unsigned char)lround(255 * value) : 0;
        }
    }
    for (size_t i = 0; !dark && i < size; i++)
        out[i] = (unsigned char)(255 - out[i]);
}

/* CSS pixels per pixel of an image: 3, or what keeps the grid about 800 wide. */
static int choose_zoom(tensor_t x, int cols)
{
    int64_t width = x.shape[2] * cols;
    int zoom = width * 4 + cols * GAP <= 640 ? 4 : width * 3 <= 800 ? 3 : width * 2 <= 800 ? 2 : 1;
    return zoom;
}

static void image_label(char *out, tensor_t y, tensor_t p, size_t index, const char *arrow)
{
    if (!y.rank && !p.rank)
        out[0] = '\0';
    else if (!p.rank)
        snprintf(out, LABEL, "%ld", label_of(y, index));
    else if (!y.rank)
        snprintf(out, LABEL, "%s%ld", arrow, label_of(p, index));
    else
        snprintf(out, LABEL, "%ld%s%ld", label_of(y, index), arrow, label_of(p, index));
}

static void make_title(nb__text *title, const selection *s, const imshow_opts *o, size_t total)
{
    char count[NB__NUMBER], wrong[NB__NUMBER];
    nb__count_text(count, (int64_t)total);
    nb__count_text(wrong, (int64_t)s->wrong);
    if (o->title)
        nb__put(title, o->title);
    else if (o->only_wrong && s->count < s->wrong)
        nb__putf(title, "Wrong answers: %zu of %s in %s (true \xE2\x86\x92 answer)", s->count, wrong,
                 count);
    else if (o->only_wrong)
        nb__putf(title, "Wrong answers: %s in %s (true \xE2\x86\x92 answer)", wrong, count);
    else if (o->predictions.rank)
        nb__put(title, "True label \xE2\x86\x92 answer");
}

static nn_status show(tensor_t x, tensor_t y, const imshow_opts *o, const selection *s)
{
    size_t size = (size_t)x.shape[1] * (size_t)x.shape[2];
    char (*names)[LABEL] = calloc(s->count, sizeof *names);
    const char **labels = calloc(s->count, sizeof *labels);
    unsigned char *pixels = malloc(s->count * size), *bold = calloc(s->count, 1);
    nb__text text = {0}, title = {0};
    nn_status status = NN_MEMORY_ERROR;
    make_title(&title, s, o, (size_t)x.shape[0]);
    if (title.size) {
        nb__put_ascii(&text, nb__text_string(&title));
        nb__put(&text, "\n");
    }
    nb__put(&text, !y.rank && !o->predictions.rank ? "images:" : "labels:");
    if (names && labels && pixels && bold) {
        size_t line = text.size - 7;
        for (size_t i = 0; i < s->count; i++) {
            char word[LABEL];
            copy_image(x, s->index[i], o->light_on_dark, pixels + i * size);
            image_label(names[i], y, o->predictions, s->index[i], " \xE2\x86\x92 ");
            image_label(word, y, o->predictions, s->index[i], "->");
            if (!word[0])
                snprintf(word, sizeof word, "%zu", s->index[i]);
            int wrap = text.size - line + strlen(word) + 1 > 80;
            line = wrap ? text.size : line;
            nb__putf(&text, wrap ? "\n%s" : " %s", word);
            labels[i] = names[i];
            bold[i] = y.rank && o->predictions.rank &&
                      label_of(y, s->index[i]) != label_of(o->predictions, s->index[i]);
        }
        int zoom = choose_zoom(x, o->cols);
        int rows = (int)((s->count + (size_t)o->cols - 1) / (size_t)o->cols);
        int cols = s->count < (size_t)o->cols ? (int)s->count : o->cols;
        int width = cols * ((int)x.shape[2] * zoom + GAP) - GAP;
        int title_width = (int)title.size * TITLE_LETTER;
        int label_height = y.rank || o->predictions.rank ? LABEL_HEIGHT : 0;
        nb_figure figure = {
            .kind = NB_IMAGES, .title = title.size ? nb__text_string(&title) : NULL,
            .rows = rows, .cols = cols, .zoom = zoom,
            .image_height = (int)x.shape[1], .image_width = (int)x.shape[2],
            .width = 2 * MARGIN + (width > title_width ? width : title_width),
            .height = 2 * MARGIN + (title.size ? TITLE_HEIGHT : 0) +
                      rows * ((int)x.shape[1] * zoom + label_height + GAP) - GAP,
            .labels = labels, .label_count = label_height ? s->count : 0, .pixels = pixels,
            .emphasis = o->only_wrong ? NULL : bold, .image_count = s->count};
        status = text.failed || title.failed ? NN_MEMORY_ERROR
                                             : nb_figure_show(&figure, nb__text_string(&text),
                                                              o->formats);
    }
    if (status == NN_MEMORY_ERROR)
        nn__fail(NN_MEMORY_ERROR, "imshow_grid: no memory for %zu images", s->count);
    free(names);
    free(labels);
    free(pixels);
    free(bold);
    nb__text_free(&text);
    nb__text_free(&title);
    return status;
}

nn_status nb_imshow_grid(tensor_t x, tensor_t y, imshow_opts opts)
{
    nn_status status = check(x, y, &opts);
    if (status != NN_OK)
        return status;
    selection s = {.room = (size_t)(opts.rows * opts.cols)};
    s.index = calloc(s.room, sizeof *s.index);
    if (!s.index)
        return nn__fail(NN_MEMORY_ERROR, "imshow_grid: no memory");
    select_images(&s, y, &opts, (size_t)x.shape[0]);
    if (s.count)
        status = show(x, y, &opts, &s);
    else
        status = nb_display_text(opts.only_wrong ? "No wrong answer." : "No image to show.");
    free(s.index);
    return status;
}
