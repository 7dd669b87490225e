#include "figure_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fields.h"
#include "nb_figure_job.h"

/* The figure with the memory that its const members point to. */
typedef struct figure_store {
    nb_figure figure; /* first: the pointer to it is the pointer to the store */
    nb_series series[NB_FIGURE_MAX_SERIES];
    char *labels[NB_FIGURE_MAX_LABELS];
    size_t pixel_count, emphasis_count;
} figure_store;

static int read_bytes(field_reader *r, const field *f, const unsigned char **bytes, size_t most)
{
    if (f->size > most)
        return field_fail(r, "too many images");
    unsigned char *copy = malloc(f->size + 1);
    if (!copy)
        return field_fail(r, "no memory");
    memcpy(copy, f->bytes, f->size);
    free((unsigned char *)*bytes);
    *bytes = copy;
    return 1;
}

static int read_values(field_reader *r, const field *f, nb_series *series)
{
    size_t count = f->size / sizeof(double);
    if (f->size % sizeof(double) || count > NB_FIGURE_MAX_VALUES || series->values)
        return field_fail(r, "a series is broken");
    double *copy = malloc(f->size + 1);
    if (!copy)
        return field_fail(r, "no memory");
    memcpy(copy, f->bytes, f->size);
    series->values = copy;
    series->count = count;
    return 1;
}

/* A number that must be whole and from 0 to MOST. */
static int whole(double value, int most, int *out)
{
    if (!(value >= 0 && value <= most) || value != floor(value))
        return 0;
    *out = (int)value;
    return 1;
}

static int read_size(field_reader *r, const field *f, nb_figure *figure)
{
    double v[10];
    int kind = 0;
    if (f->size != sizeof v)
        return field_fail(r, "the size is broken");
    memcpy(v, f->bytes, sizeof v);
    if (!whole(v[0], NB_MATRIX, &kind) || !whole(v[1], NB_FIGURE_MAX_SIZE, &figure->width) ||
        !whole(v[2], NB_FIGURE_MAX_SIZE, &figure->height) || !whole(v[3], 50, &figure->rows) ||
        !whole(v[4], 50, &figure->cols) ||
        !whole(v[5], NB_FIGURE_MAX_SIDE, &figure->image_height) ||
        !whole(v[6], NB_FIGURE_MAX_SIDE, &figure->image_width) || !whole(v[7], 16, &figure->zoom))
        return field_fail(r, "a size is out of range");
    if (!isfinite(v[8]) || !isfinite(v[9]))
        return field_fail(r, "a range is not finite");
    figure->kind = (nb_figure_kind)kind;
    figure->x_low = v[8];
    figure->x_high = v[9];
    return 1;
}

static int store_field(field_reader *r, const field *f, figure_store *s)
{
    nb_figure *figure = &s->figure;
    nb_series *last = figure->series_count ? &s->series[figure->series_count - 1] : NULL;
    if (strcmp(f->tag, "size") == 0)
        return read_size(r, f, figure);
    if (strcmp(f->tag, "title") == 0)
        return field_string(r, f, NB_FIGURE_MAX_TEXT, &figure->title);
    if (strcmp(f->tag, "x_label") == 0)
        return field_string(r, f, NB_FIGURE_MAX_TEXT, &figure->x_label);
    if (strcmp(f->tag, "y_label") == 0)
        return field_string(r, f, NB_FIGURE_MAX_TEXT, &figure->y_label);
    if (strcmp(f->tag, "name") == 0 && figure->series_count < NB_FIGURE_MAX_SERIES)
        return field_string(r, f, NB_FIGURE_MAX_TEXT,
                            &s->series[figure->series_count++].name);
    if (strcmp(f->tag, "values") == 0 && last)
        return read_values(r, f, last);
    if (strcmp(f->tag, "label") == 0 && figure->label_count < NB_FIGURE_MAX_LABELS) {
        const char *text = NULL;
        if (!field_string(r, f, NB_FIGURE_MAX_TEXT, &text))
            return 0;
        s->labels[figure->label_count++] = (char *)text;
        return 1;
    }
    if (strcmp(f->tag, "pixels") == 0) {
        s->pixel_count = f->size;
        return read_bytes(r, f, &figure->pixels, NB_FIGURE_MAX_PIXELS);
    }
    if (strcmp(f->tag, "emphasis") == 0) {
        s->emphasis_count = f->size;
        return read_bytes(r, f, &figure->emphasis, NB_FIGURE_MAX_IMAGES);
    }
    return field_fail(r, "a field is unknown or one too many");
}

/* Do the parts agree, so that the drawing code can rely on them? */
static int check(field_reader *r, figure_store *s)
{
    nb_figure *f = &s->figure;
    if (f->width < 1 || f->height < 1)
        return field_fail(r, "the size is missing");
    for (size_t i = 0; i < f->series_count; i++)
        if (!s->series[i].values || !s->series[i].count)
            return field_fail(r, "a series has no values");
    if (f->kind == NB_IMAGES) {
        size_t image = (size_t)f->image_height * (size_t)f->image_width;
        if (!image || s->pixel_count == 0 || s->pixel_count % image || f->zoom < 1)
            return field_fail(r, "the images are broken");
        f->image_count = s->pixel_count / image;
        if (f->image_count > NB_FIGURE_MAX_IMAGES || f->image_count > (size_t)(f->rows * f->cols) ||
            (f->label_count && f->label_count != f->image_count) ||
            (f->emphasis && s->emphasis_count != f->image_count))
            return field_fail(r, "the images do not fit the grid");
        return 1;
    }
    if (!f->series_count)
        return field_fail(r, "there is no series");
    if (f->kind == NB_BARS && f->label_count && f->label_count != s->series[0].count)
        return field_fail(r, "the labels do not fit the bars");
    if (f->kind == NB_MATRIX &&
        (!f->label_count || f->label_count > NB_FIGURE_MAX_CLASSES ||
         s->series[0].count != f->label_count * f->label_count))
        return field_fail(r, "the labels do not fit the matrix");
    return 1;
}

nb_figure *figure_read(const void *bytes, size_t size, const char **reason)
{
    field_reader r = {.next = bytes, .left = size};
    figure_store *s = calloc(1, sizeof *s);
    if (!s) {
        *reason = "no memory";
        return NULL;
    }
    s->figure.series = s->series;
    s->figure.labels = (const char *const *)s->labels;
    int good = field_magic(&r, NB_FIGURE_MAGIC) || field_fail(&r, "this is not a figure");
    field f;
    while (good && r.left)
        good = field_next(&r, &f) && store_field(&r, &f, s);
    if (good && check(&r, s))
        return &s->figure;
    *reason = r.reason;
    figure_free(&s->figure);
    return NULL;
}

void figure_free(nb_figure *figure)
{
    if (!figure)
        return;
    figure_store *s = (figure_store *)(void *)figure;
    free((char *)figure->title);
    free((char *)figure->x_label);
    free((char *)figure->y_label);
    for (size_t i = 0; i < NB_FIGURE_MAX_SERIES; i++) {
        free((char *)s->series[i].name);
        free((double *)s->series[i].values);
    }
    for (size_t i = 0; i < figure->label_count; i++)
        free(s->labels[i]);
    free((unsigned char *)figure->pixels);
    free((unsigned char *)figure->emphasis);
    free(s);
}
