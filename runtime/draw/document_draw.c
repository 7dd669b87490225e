#include "document_draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "flow.h"
#include "paragraph.h"
#include "render.h"

/* Sizes of letters, the first that fits is taken. */
static const double sizes[] = {9.5, 9.0, 8.5, 8.0};
enum { SIZES = sizeof sizes / sizeof *sizes };

#define MARGIN      50.0
#define LEADING     1.36
#define NOTE        0.84 /* size of notes, of that of text */
#define ITEM_INDENT 9.6  /* of an item's text, in sizes of text */
#define FIGURE_GAP  26.0

static flow flow_begin(canvas *page, const document *d, double body, int drawing)
{
    return (flow){.page = page, .document = d, .drawing = drawing, .body = body, .left = MARGIN,
                  .width = d->width - 2 * MARGIN, .top = MARGIN - 6, .y = MARGIN - 6,
                  .bottom = d->height - MARGIN, .pages = 1};
}

static void put_item(flow *f, const char *text)
{
    char name[64];
    size_t length = strcspn(text, "\t");
    snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), text);
    const char *rest = text[length] ? text + length + 1 : "";
    text_style plain = {.size = f->body, .color = INK}, bold = {.size = f->body, .bold = 1,
                                                                .color = INK};
    double indent = ITEM_INDENT * f->body, width = f->width - indent;
    double height = flow_text_height(f, rest, plain, width, LEADING);
    flow_need(f, fmin(height, f->bottom - f->top));
    if (f->drawing)
        canvas_text(f->page, f->left, f->y + LEADING * f->body / 2, name, bold);
    flow_text(f, rest, plain, f->left + indent, width, LEADING);
    flow_space(f, 0.22 * f->body);
}

typedef int (*renderer)(canvas *, const nb_figure *);

static renderer renderer_of(const nb_figure *figure)
{
    static const renderer all[] = {[NB_CURVES] = draw_curves, [NB_BARS] = draw_bars,
                                   [NB_IMAGES] = draw_images, [NB_MATRIX] = draw_matrix};
    return all[figure->kind];
}

/* One figure, or two side by side; their own edges reach into the margins. Returns how many. */
static size_t put_figures(flow *f, const block *b, size_t left)
{
    size_t count = left > 1 && b[1].kind == BLOCK_FIGURE ? 2 : 1;
    double width = count == 2 ? (f->width - FIGURE_GAP) / 2 : f->width * 0.7, height = 0;
    double scale[2];
    for (size_t i = 0; i < count; i++) {
        const nb_figure *figure = b[i].figure;
        scale[i] = fmin(width / fmax(figure->width - 2 * EDGE, 1),
                        (f->bottom - f->top) / figure->height);
        height = fmax(height, scale[i] * figure->height);
    }
    flow_need(f, height);
    cairo_t *cr = canvas_cairo(f->page);
    for (size_t i = 0; f->drawing && i < count; i++) {
        cairo_save(cr);
        cairo_translate(cr, f->left + (double)i * (width + FIGURE_GAP) - EDGE * scale[i], f->y);
        cairo_scale(cr, scale[i], scale[i]);
        if (renderer_of(b[i].figure)(f->page, b[i].figure) != 0)
            f->failed = 1;
        cairo_restore(cr);
    }
    f->y += height;
    return count;
}

/* A heading is kept together with what follows it. */
static void put_section(flow *f, const block *b, size_t left)
{
    text_style style = {.size = 1.22 * f->body, .bold = 1, .color = INK};
    flow_space(f, 0.75 * f->body);
    double follows = 3 * LEADING * f->body;
    if (left > 1 && b[1].kind == BLOCK_FIGURE)
        follows = f->width / 2 * b[1].figure->height / b[1].figure->width;
    flow_need(f, 1.5 * style.size + follows);
    flow_text(f, b->text, style, f->left, f->width, 1.3);
    flow_space(f, 0.3 * f->body);
}

static void put_head(flow *f, const block *b)
{
    int title = b->kind == BLOCK_TITLE;
    text_style style = {.size = title ? 1.9 * f->body : 1.05 * f->body, .bold = title,
                        .color = title ? INK : SOFT_INK};
    flow_text(f, b->text, style, f->left, f->width, title ? 1.25 : 1.4);
    if (!title) {
        flow_space(f, 0.5 * f->body);
        flow_rule(f, BLUE, 1.5);
        flow_space(f, 0.1 * f->body);
    }
}

/* Returns how many blocks are done. */
static size_t put_block(flow *f, const block *b, size_t left)
{
    text_style plain = {.size = f->body, .color = INK};
    text_style small = {.size = NOTE * f->body, .color = SOFT_INK};
    switch (b->kind) {
    case BLOCK_TITLE:
    case BLOCK_SUBTITLE:
        put_head(f, b);
        break;
    case BLOCK_SECTION:
        put_section(f, b, left);
        break;
    case BLOCK_TEXT:
        flow_text(f, b->text, plain, f->left, f->width, LEADING);
        flow_space(f, 0.45 * f->body);
        break;
    case BLOCK_ITEM:
        put_item(f, b->text);
        break;
    case BLOCK_NOTE:
        flow_text(f, b->text, small, f->left, f->width, 1.3);
        flow_space(f, 0.12 * f->body);
        break;
    case BLOCK_TABLE:
        flow_table(f, b->table);
        flow_space(f, 0.5 * f->body);
        break;
    case BLOCK_FIGURE:
        return put_figures(f, b, left);
    }
    return 1;
}

static void put_all(flow *f)
{
    const document *d = f->document;
    for (size_t i = 0; i < d->count;)
        i += put_block(f, &d->blocks[i], d->count - i);
}

/* ---- too long ---- */

static int count_words(const char *text)
{
    int words = 0;
    for (const char *s = text; s && *s;) {
        s += strspn(s, " \t\n");
        words += *s != '\0';
        s += strcspn(s, " \t\n");
    }
    return words;
}

static int is_prose(const block *b)
{
    return b->kind == BLOCK_TEXT || b->kind == BLOCK_ITEM || b->kind == BLOCK_NOTE;
}

/* The section with the most words among those that have a source, else among all. */
static const block *section_to_cut(const document *d, int *words)
{
    const block *section = NULL, *worst = NULL;
    int here = 0;
    *words = 0;
    for (size_t i = 0; i <= d->count; i++) {
        if (i < d->count && d->blocks[i].kind != BLOCK_SECTION) {
            here += is_prose(&d->blocks[i]) ? count_words(d->blocks[i].text) : 0;
            continue;
        }
        int counts = section && (!worst || (section->source && !worst->source) ||
                                 (!section->source == !worst->source && here > *words));
        if (counts) {
            worst = section;
            *words = here;
        }
        section = i < d->count ? &d->blocks[i] : NULL;
        here = 0;
    }
    return worst;
}

/* About how many words of SECTION, which has WORDS of them, are the lines that are too many. */
static int words_too_many(flow *f, int most_pages, const block *section, int words)
{
    double line = LEADING * f->body, height = 0;
    double over = (f->pages - most_pages - 1) * (f->bottom - f->top) + f->y - f->top + line;
    text_style plain = {.size = f->body, .color = INK};
    const block *end = f->document->blocks + f->document->count;
    for (const block *b = section + 1; b < end && b->kind != BLOCK_SECTION; b++)
        if (is_prose(b))
            height += flow_text_height(f, b->text, plain, f->width, LEADING);
    double words_a_line = height > 0 ? words / (height / line) : 10;
    return (int)ceil(ceil(over / line) * words_a_line / 10) * 10;
}

static void say_what_to_cut(flow *f, char *why, size_t size)
{
    const document *d = f->document;
    int words;
    const block *section = section_to_cut(d, &words);
    int length = snprintf(why, size, "the report is %d pages long, at most %d are allowed",
                          f->pages, d->most_pages);
    if (section && section->source && length > 0 && (size_t)length < size)
        snprintf(why + length, size - (size_t)length,
                 "; cut about %d words of %.40s (section \"%.80s\", %d words)",
                 words_too_many(f, d->most_pages, section, words), section->source, section->text,
                 words);
    else if (section && length > 0 && (size_t)length < size)
        snprintf(why + length, size - (size_t)length,
                 "; section \"%.80s\" is the longest, with %d words", section->text, words);
}

int document_draw(canvas *page, const document *d, char *why, size_t why_size)
{
    flow f;
    for (int i = 0; i < SIZES; i++) {
        f = flow_begin(page, d, sizes[i], 0);
        put_all(&f);
        if (f.failed)
            return -1;
        if (f.pages <= d->most_pages)
            break;
    }
    if (f.pages > d->most_pages) {
        say_what_to_cut(&f, why, why_size);
        return 0;
    }
    int pages = f.pages;
    f = flow_begin(page, d, f.body, 1);
    f.total = pages;
    put_all(&f);
    flow_foot(&f);
    return f.failed ? -1 : pages;
}
