/* A table in a document: as wide as the page, columns as wide as their words need. */
#include "flow.h"

#include <math.h>
#include <string.h>
#include "paragraph.h"
#include "render.h"

#define SIZE      0.83 /* of letters, of that of text */
#define LEADING   1.25
#define PAD       3.4  /* left and right of a column */
#define ROW_PAD   3.0  /* above and below a row */
#define SLACK     0.5  /* rounding must not break a line */
#define SMALLEST  5.0  /* size of letters */
#define STEP      0.5

typedef struct grid {
    const document_table *t;
    double size; /* of the letters */
    double width[NB_DOCUMENT_MAX_COLUMNS];
} grid;

/* Words in a column of numbers, such as "not measured", stand back. */
static text_style style_of(const grid *g, const char *text, size_t column, int bold)
{
    int number = strpbrk(text, "0123456789") != NULL;
    return (text_style){.size = g->size, .bold = bold,
                        .color = !g->t->right[column] || number || bold ? INK : 0x8A8A8A,
                        .across = g->t->right[column] ? ANCHOR_END : ANCHOR_START};
}

static void widen(flow *f, const grid *g, const char *text, size_t column, int bold, double *word,
                  double *whole)
{
    double w = 0, all = 0;
    text_style style = style_of(g, text, column, bold);
    text_widths(f->page, text, style, &w, &all);
    if (g->t->right[column] && !bold && strpbrk(text, "0123456789"))
        w = all; /* a number keeps its unit */
    *word = fmax(*word, w);
    *whole = fmax(*whole, all);
}

/* Give columns of words (RIGHT 0) or of numbers (1) more than their widest word, as far as SPARE
   goes. Returns what is left of it. */
static double widen_all(const document_table *t, int right, double *word, const double *whole,
                        double spare)
{
    double wish = 0;
    for (size_t c = 0; c < t->columns; c++)
        wish += t->right[c] == right ? whole[c] - word[c] : 0;
    double share = wish > 0 ? fmin(1, spare / wish) : 0;
    for (size_t c = 0; c < t->columns; c++)
        word[c] += t->right[c] == right ? share * (whole[c] - word[c]) : 0;
    return spare - share * wish;
}

/* Choose the widths of the columns. Returns 0 if the words do not fit at this size. */
static int choose_widths(flow *f, grid *g)
{
    const document_table *t = g->t;
    double word[NB_DOCUMENT_MAX_COLUMNS] = {0}, whole[NB_DOCUMENT_MAX_COLUMNS] = {0};
    double least = 0;
    for (size_t c = 0; c < t->columns; c++) {
        double ignored = 0;
        widen(f, g, t->name[c], c, 1, &word[c], &ignored);
        for (size_t i = c; i < t->cells; i += t->columns)
            widen(f, g, t->cell[i], c, t->strong[i / t->columns], &word[c], &whole[c]);
        whole[c] = fmax(whole[c], word[c]);
        least += word[c] + 2 * PAD;
    }
    double spare = f->width + 2 * PAD - least; /* the outer edges need no air */
    if (spare < 0 && g->size > SMALLEST)
        return 0;
    spare = widen_all(t, 0, word, whole, fmax(spare, 0));
    spare = widen_all(t, 1, word, whole, spare);
    for (size_t c = 0; c < t->columns; c++)
        g->width[c] = least > f->width + 2 * PAD ? (f->width + 2 * PAD) / (double)t->columns
                                                 : word[c] + 2 * PAD + spare / (double)t->columns;
    return 1;
}

static double row_height(flow *f, const grid *g, const char *const *cells, int bold)
{
    double height = 0;
    for (size_t c = 0; c < g->t->columns; c++)
        height = fmax(height, flow_text_height(f, cells[c], style_of(g, cells[c], c, bold),
                                               g->width[c] - 2 * PAD + SLACK, LEADING));
    return height + 2 * ROW_PAD;
}

/* Headings stand at the foot of their row, cells at its head. */
static void draw_row(flow *f, const grid *g, const char *const *cells, int bold, int heading,
                     double height)
{
    double x = f->left - PAD, top = f->y;
    for (size_t c = 0; c < g->t->columns; c++) {
        text_style style = style_of(g, cells[c], c, bold);
        double room = g->width[c] - 2 * PAD + SLACK;
        double own = flow_text_height(f, cells[c], style, room, LEADING);
        f->y = top + ROW_PAD + (heading ? height - 2 * ROW_PAD - own : 0);
        flow_text(f, cells[c], style, x + PAD - (g->t->right[c] ? SLACK : 0), room, LEADING);
        x += g->width[c];
    }
    f->y = top + height;
}

void flow_table(flow *f, const document_table *t)
{
    grid g = {.t = t, .size = SIZE * f->body};
    while (!choose_widths(f, &g))
        g.size -= STEP;
    size_t rows = t->cells / t->columns;
    double total = row_height(f, &g, t->name, 1);
    for (size_t r = 0; r < rows; r++)
        total += row_height(f, &g, t->cell + r * t->columns, t->strong[r]);
    flow_need(f, total); /* whole where a page can hold it */
    for (size_t r = 0; r <= rows; r++) {
        const char *const *cells = r ? t->cell + (r - 1) * t->columns : t->name;
        int bold = !r || t->strong[r - 1];
        double height = row_height(f, &g, cells, bold);
        flow_need(f, height);
        if (r == 0)
            flow_rule(f, INK, 0.9);
        draw_row(f, &g, cells, bold, !r, height);
        flow_rule(f, r == 0 ? INK : r == rows ? INK : GRID, r == 0 ? 0.5 : r == rows ? 0.9 : 0.5);
    }
}
