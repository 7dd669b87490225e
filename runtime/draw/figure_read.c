#include "figure_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "nb_figure_job.h"

/* The figure with the memory that its const members point to. */
typedef struct figure_store {
    nb_figure figure; /* first: the pointer to it is the pointer to the store */
    nb_series series[NB_FIGURE_MAX_SERIES];
    char *labels[NB_FIGURE_MAX_LABELS];
    size_t pixel_count, emphasis_count;
} figure_store;

typedef struct field {
    char tag[16];
    const char *bytes;
    size_t size;
} field;

typedef struct reader {
    const char *next;
    size_t left;
    const char *reason;
} reader;

static int fail(reader *r, const char *reason)
{
    if (!r->reason)
        r->reason = reason;
    return 0;
}

/* Read "TAG SIZE\n", SIZE bytes, "\n". */
static int read_field(reader *r, field *f)
{
    size_t length = 0;
    while (length < r->left && r->next[length] >= '_' && r->next[length] <= 'z')
        length++;
    if (length == 0 || length >= sizeof f->tag || length + 2 > r->left || r->next[length] != ' ')
        return fail(r, "a field has no name");
    memcpy(f->tag, r->next, length);
    f->tag[length] = '\0';
    size_t at = length + 1, size = 0, digits = 0;
    for (; at < r->left && r->next[at] >= '0' && r->next[at] <= '9'; at++, digits++)
        size = size * 10 + (size_t)(r->next[at] - '0');
    if (digits == 0 || digits > 10 || at >= r->left || r->next[at] != '\n')
        return fail(r, "a field has no size");
    at++;
    if (size >= r->left - at || r->next[at + size] != '\n')
        return fail(r, "a field is longer than the figure");
    f->bytes = r->next + at;
    f->size = size;
    r->next += at + size + 1;
    r->left -= at + size + 1;
    return 1;
}

static int read_string(reader *r, const field *f, const char **string)
{
    if (f->size > NB_FIGURE_MAX_TEXT || memchr(f->bytes, '\0', f->size))
        return fail(r, "a text is too long or has a NUL");
    char *copy = strndup(f->bytes, f->size);
    if (!copy)
        return fail(r, "no memory");
    free((char *)*string);
    *string = copy;
    return 1;
}

static int read_bytes(reader *r, const field *f, const unsigned char **bytes, size_t most)
{
    if (f->size > most)
        return fail(r, "too many images");
    unsigned char *copy = malloc(f->size + 1);
    if (!copy)
        return fail(r, "no memory");
    memcpy(copy, f->bytes, f->size);
    free((unsigned char *)*bytes);
    *bytes = copy;
    return 1;
}

static int read_values(reader *r, const field *f, nb_series *series)
{
    size_t count = f->size / sizeof(double);
    if (f->size % sizeof(double) || count > NB_FIGURE_MAX_VALUES || series->values)
        return fail(r, "a series is broken");
    double *copy = malloc(f->size + 1);
    if (!copy)
        return fail(r, "no memory");
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

static int read_size(reader *r, const field *f, nb_figure *figure)
{
    double v[10];
    int kind = 0;
    if (f->size != sizeof v)
        return fail(r, "the size is broken");
    memcpy(v, f->bytes, sizeof v);
    if (!whole(v[0], NB_MATRIX, &kind) || !whole(v[1], NB_FIGURE_MAX_SIZE, &figure->width) ||
        !whole(v[2], NB_FIGURE_MAX_SIZE, &figure->height) || !whole(v[3], 50, &figure->rows) ||
        !whole(v[4], 50, &figure->cols) || !whole(v[5], NB_FIGURE_MAX_SIDE, &figure->image_height) ||
        !whole(v[6], NB_FIGURE_MAX_SIDE, &figure->image_width) || !whole(v[7], 16, &figure->zoom))
        return fail(r, "a size is out of range");
    if (!isfinite(v[8]) || !isfinite(v[9]))
        return fail(r, "a range is not finite");
    figure->kind = (nb_figure_kind)kind;
    figure->x_low = v[8];
    figure->x_high = v[9];
    return 1;
}

static int store_field(reader *r, const field *f, figure_store *s)
{
    nb_figure *figure = &s->figure;
    nb_series *last = figure->series_count ? &s->series[figure->series_count - 1] : NULL;
    if (strcmp(f->tag, "size") == 0)
        return read_size(r, f, figure);
    if (strcmp(f->tag, "title") == 0)
        return read_string(r, f, &figure->title);
    if (strcmp(f->tag, "x_label") == 0)
        return read_string(r, f, &figure->x_label);
    if (strcmp(f->tag, "y_label") == 0)
        return read_string(r, f, &figure->y_label);
    if (strcmp(f->tag, "name") == 0 && figure->series_count < NB_FIGURE_MAX_SERIES)
        return read_string(r, f, &s->series[figure->series_count++].name);
    if (strcmp(f->tag, "values") == 0 && last)
        return read_values(r, f, last);
    if (strcmp(f->tag, "label") == 0 && figure->label_count < NB_FIGURE_MAX_LABELS) {
        const char *text = NULL;
        if (!read_string(r, f, &text))
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
    return fail(r, "a field is unknown or one too many");
}

/* Do the parts agree, so that the drawing code can rely on them? */
static int check(reader *r, figure_store *s)
{
    nb_figure *f = &s->figure;
    if (f->width < 1 || f->height < 1)
        return fail(r, "the size is missing");
    for (size_t i = 0; i < f->series_count; i++)
        if (!s->series[i].values || !s->series[i].count)
            return fail(r, "a series has no values");
    if (f->kind == NB_IMAGES) {
        size_t image = (size_t)f->image_height * (size_t)f->image_width;
        if (!image || s->pixel_count == 0 || s->pixel_count % image || f->zoom < 1)
            return fail(r, "the images are broken");
        f->image_count = s->pixel_count / image;
        if (f->image_count > NB_FIGURE_MAX_IMAGES || f->image_count > (size_t)(f->rows * f->cols) ||
            (f->label_count && f->label_count != f->image_count) ||
            (f->emphasis && s->emphasis_count != f->image_count))
            return fail(r, "the images do not fit the grid");
        return 1;
    }
    if (!f->series_count)
        return fail(r, "there is no series");
    if (f->kind == NB_BARS && f->label_count && f->label_count != s->series[0].count)
        return fail(r, "the labels do not fit the bars");
    if (f->kind == NB_MATRIX &&
        (!f->label_count || f->label_count > NB_FIGURE_MAX_CLASSES ||
         s->series[0].count != f->label_count * f->label_count))
        return fail(r, "the labels do not fit the matrix");
    return 1;
}

nb_figure *figure_read(const void *bytes, size_t size, const char **reason)
{
    const size_t magic = strlen(NB_FIGURE_MAGIC);
    reader r = {.next = bytes, .left = size};
    figure_store *s = calloc(1, sizeof *s);
    if (!s) {
        *reason = "no memory";
        return NULL;
    }
    s->figure.series = s->series;
    s->figure.labels = (const char *const *)s->labels;
    int good = size >= magic && memcmp(bytes, NB_FIGURE_MAGIC, magic) == 0;
    if (good) {
        r.next += magic;
        r.left -= magic;
    } else {
        fail(&r, "this is not a figure");
    }
    field f;
    while (good && r.left)
        good = read_field(&r, &f) && store_field(&r, &f, s);
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
