#include "document_read.h"

#include <stdlib.h>
#include <string.h>
#include "fields.h"
#include "figure_read.h"

typedef struct reading {
    field_reader r;
    document *d;
    size_t cells, figures;
} reading;

static block *last_block(document *d)
{
    return d->count ? &d->blocks[d->count - 1] : NULL;
}

static block *add_block(reading *a, block_kind kind)
{
    if (a->d->count == NB_DOCUMENT_MAX_BLOCKS) {
        field_fail(&a->r, "the document has too many parts");
        return NULL;
    }
    a->d->blocks[a->d->count].kind = kind;
    return &a->d->blocks[a->d->count++];
}

static int read_page(reading *a, const field *f)
{
    double v[3];
    if (f->size != sizeof v)
        return field_fail(&a->r, "the page is broken");
    memcpy(v, f->bytes, sizeof v);
    for (int i = 0; i < 2; i++)
        if (!(v[i] >= NB_DOCUMENT_MIN_SIZE && v[i] <= NB_DOCUMENT_MAX_SIZE))
            return field_fail(&a->r, "the page has a size out of range");
    if (!(v[2] >= 1 && v[2] <= NB_DOCUMENT_MAX_PAGES))
        return field_fail(&a->r, "the number of pages is out of range");
    a->d->width = v[0];
    a->d->height = v[1];
    a->d->most_pages = (int)v[2];
    return 1;
}

static int read_text_block(reading *a, const field *f, block_kind kind)
{
    block *b = add_block(a, kind);
    return b && field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &b->text);
}

static int read_column(reading *a, const field *f)
{
    block *b = last_block(a->d);
    if (!b || b->kind != BLOCK_TABLE || b->table->cells) {
        b = add_block(a, BLOCK_TABLE);
        if (!b)
            return 0;
        b->table = calloc(1, sizeof *b->table);
        if (!b->table)
            return field_fail(&a->r, "no memory");
    }
    document_table *t = b->table;
    if (t->columns == NB_DOCUMENT_MAX_COLUMNS || f->size == 0)
        return field_fail(&a->r, "a table has too many columns, or one without a name");
    field name = {.bytes = f->bytes + 1, .size = f->size - 1};
    t->right[t->columns] = f->bytes[0] == 'r';
    return field_string(&a->r, &name, NB_DOCUMENT_MAX_TEXT, &t->name[t->columns++]);
}

static int read_cell(reading *a, const field *f)
{
    block *b = last_block(a->d);
    if (!b || b->kind != BLOCK_TABLE || a->cells == NB_DOCUMENT_MAX_CELLS)
        return field_fail(&a->r, "a cell belongs to no table, or is one too many");
    a->cells++;
    return field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &b->table->cell[b->table->cells++]);
}

static int read_strong(reading *a)
{
    block *b = last_block(a->d);
    if (!b || b->kind != BLOCK_TABLE || !b->table->cells)
        return field_fail(&a->r, "no row is there to be bold");
    b->table->strong[(b->table->cells - 1) / b->table->columns] = 1;
    return 1;
}

static int read_figure(reading *a, const field *f)
{
    if (a->figures++ == NB_DOCUMENT_MAX_FIGURES)
        return field_fail(&a->r, "the document has too many figures");
    block *b = add_block(a, BLOCK_FIGURE);
    const char *reason = NULL;
    if (!b)
        return 0;
    b->figure = figure_read(f->bytes, f->size, &reason);
    return b->figure || field_fail(&a->r, reason);
}

static int read_source(reading *a, const field *f)
{
    block *b = last_block(a->d);
    if (!b || b->kind != BLOCK_SECTION)
        return field_fail(&a->r, "a source belongs to no section");
    return field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &b->source);
}

static int read_part(reading *a, const field *f)
{
    static const struct {
        const char *tag;
        block_kind kind;
    } texts[] = {{"title", BLOCK_TITLE}, {"subtitle", BLOCK_SUBTITLE}, {"section", BLOCK_SECTION},
                 {"text", BLOCK_TEXT},   {"item", BLOCK_ITEM},         {"note", BLOCK_NOTE}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(f->tag, texts[i].tag) == 0)
            return read_text_block(a, f, texts[i].kind);
    if (strcmp(f->tag, "page") == 0)
        return read_page(a, f);
    if (strcmp(f->tag, "author") == 0)
        return field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &a->d->author);
    if (strcmp(f->tag, "date") == 0)
        return field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &a->d->date);
    if (strcmp(f->tag, "foot") == 0)
        return field_string(&a->r, f, NB_DOCUMENT_MAX_TEXT, &a->d->foot);
    if (strcmp(f->tag, "source") == 0)
        return read_source(a, f);
    if (strcmp(f->tag, "column") == 0)
        return read_column(a, f);
    if (strcmp(f->tag, "cell") == 0)
        return read_cell(a, f);
    if (strcmp(f->tag, "strong") == 0)
        return read_strong(a);
    if (strcmp(f->tag, "figure") == 0)
        return read_figure(a, f);
    return field_fail(&a->r, "a field is unknown");
}

/* Is all there that drawing relies on? */
static int check(reading *a)
{
    if (a->d->most_pages < 1)
        return field_fail(&a->r, "the page is missing");
    for (size_t i = 0; i < a->d->count; i++) {
        const document_table *t = a->d->blocks[i].table;
        if (t && t->cells % t->columns)
            return field_fail(&a->r, "the last row of a table is not complete");
    }
    return 1;
}

document *document_read(const void *bytes, size_t size, const char **reason)
{
    reading a = {.r = {.next = bytes, .left = size}, .d = calloc(1, sizeof *a.d)};
    if (!a.d) {
        *reason = "no memory";
        return NULL;
    }
    int good = field_magic(&a.r, NB_DOCUMENT_MAGIC) || field_fail(&a.r, "this is no document");
    field f;
    while (good && a.r.left)
        good = field_next(&a.r, &f) && read_part(&a, &f);
    if (good && check(&a))
        return a.d;
    *reason = a.r.reason;
    document_free(a.d);
    return NULL;
}

static void free_table(document_table *t)
{
    for (size_t i = 0; t && i < t->columns; i++)
        free((char *)t->name[i]);
    for (size_t i = 0; t && i < t->cells; i++)
        free((char *)t->cell[i]);
    free(t);
}

void document_free(document *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        free((char *)d->blocks[i].text);
        free((char *)d->blocks[i].source);
        free_table(d->blocks[i].table);
        figure_free(d->blocks[i].figure);
    }
    free((char *)d->author);
    free((char *)d->date);
    free((char *)d->foot);
    free(d);
}
