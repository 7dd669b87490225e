#include "nb_document.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "job.h"
#include "nb_document_job.h"
#include "nb_figure.h"
#include "nb_table.h"

#define DRAW_SECONDS 60.0

/* Plain enough for any browser and for mail: no script, one style sheet. */
static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n"
    "body{font:15px/1.5 sans-serif;color:#222;background:#fff;max-width:900px;margin:2em auto;"
    "padding:0 1em}\n"
    "h1{font-size:1.8em;line-height:1.2;margin:0}\n"
    ".sub{color:#555;border-bottom:2px solid #1f77b4;padding-bottom:.5em;margin:.2em 0 1em}\n"
    "h2{font-size:1.2em;margin:1.4em 0 .4em}\np{margin:.4em 0}\n"
    "dl{display:grid;grid-template-columns:max-content auto;gap:.2em 1.2em;margin:0}\n"
    "dt{font-weight:bold}\ndd{margin:0}\n"
    ".wide{overflow-x:auto}\ntable{border-collapse:collapse;font-size:.85em;width:100%;"
    "border-top:2px solid #222;border-bottom:2px solid #222}\n"
    "th{border-bottom:1px solid #222;vertical-align:bottom}\n"
    "td{border-top:1px solid #e4e4e4;vertical-align:top}\n"
    "th,td{padding:.3em .4em;text-align:left}\n.r{text-align:right}\n.n{white-space:nowrap}\n"
    ".b{font-weight:bold}\n.w{color:#767676}\n.note{color:#555;font-size:.85em}\n"
    "img{width:49%;height:auto}\n</style>\n";

void nb__put_typeset(nb__text *text, const char *string)
{
    for (const char *s = string; *s;) {
        const char *begin = s;
        if (strncmp(s, " us", 3) == 0 && !isalnum((unsigned char)s[3])) {
            nb__put(text, " \xC2\xB5s");
            s += 3;
        } else if (strncmp(s, "+-", 2) == 0) {
            nb__put(text, "\xC2\xB1");
            s += 2;
        } else if (*s == 'x' && s > string && isdigit((unsigned char)s[-1]) &&
                   isdigit((unsigned char)s[1])) {
            nb__put(text, "\xC3\x97");
            s++;
        } else {
            uint32_t code = nb__utf8_next(&s);
            if (code == 0xFFFD)
                nb__put(text, "\xEF\xBF\xBD");
            else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
                nb__put_bytes(text, " ", 1);
            else
                nb__put_bytes(text, begin, (size_t)(s - begin));
        }
    }
}

static void fail(nb__document *d, nn_status status)
{
    if (d->status == NN_OK)
        d->status = status;
}

static void put_field(nb__text *out, const char *tag, const void *bytes, size_t size)
{
    nb__putf(out, "%s %zu\n", tag, size);
    nb__put_bytes(out, bytes, size);
    nb__put(out, "\n");
}

/* PREFIX and STRING as printed, as a field of the job and inside an HTML element. */
static void put_text(nb__document *d, const char *tag, const char *prefix, const char *string,
                     const char *open, const char *close)
{
    nb__text text = {0};
    nb__put_typeset(&text, string);
    if (open) {
        nb__put(&d->html, open);
        nb__put_html(&d->html, nb__text_string(&text));
        nb__put(&d->html, close);
    }
    nb__text field = {0};
    nb__put(&field, prefix);
    nb__put(&field, nb__text_string(&text));
    size_t size = field.size < NB_DOCUMENT_MAX_TEXT ? field.size : NB_DOCUMENT_MAX_TEXT;
    put_field(&d->job, tag, nb__text_string(&field), size);
    d->job.failed |= text.failed || field.failed;
    nb__text_free(&text);
    nb__text_free(&field);
}

static void close_list(nb__document *d)
{
    if (d->list)
        nb__put(&d->html, "</dl>\n");
    d->list = 0;
}

void nb__document_begin(nb__document *d, const char *title, const char *author, const char *date,
                        double width, double height, int most_pages)
{
    *d = (nb__document){.status = NN_OK};
    double page[] = {width, height, most_pages};
    nb__put(&d->job, NB_DOCUMENT_MAGIC);
    put_field(&d->job, "page", page, sizeof page);
    nb__put(&d->html, html_head);
    if (author)
        put_text(d, "author", "", author, "<meta name=\"author\" content=\"", "\">\n");
    if (date)
        put_text(d, "date", "", date, NULL, NULL);
    nb__put(&d->html, "<title>");
    nb__put_html(&d->html, title);
    nb__put(&d->html, "</title>\n</head>\n<body>\n");
    put_text(d, "title", "", title, "<h1>", "</h1>\n");
}

void nb__document_foot(nb__document *d, const char *text)
{
    put_text(d, "foot", "", text, NULL, NULL);
}

void nb__document_subtitle(nb__document *d, const char *text)
{
    put_text(d, "subtitle", "", text, "<div class=\"sub\">", "</div>\n");
}

void nb__document_section(nb__document *d, const char *heading, const char *source)
{
    close_list(d);
    put_text(d, "section", "", heading, "<h2>", "</h2>\n");
    if (source)
        put_text(d, "source", "", source, NULL, NULL);
}

/* The end of the paragraph at S: a line without anything on it, or the end of the text. */
static size_t paragraph_length(const char *s)
{
    for (const char *line = s; (line = strchr(line, '\n'));) {
        const char *next = ++line;
        next += strspn(next, " \t\r");
        if (*next == '\n' || *next == '\0')
            return (size_t)(line - s);
    }
    return strlen(s);
}

void nb__document_text(nb__document *d, const char *text)
{
    close_list(d);
    for (const char *s = text + strspn(text, " \t\r\n"); *s; s += strspn(s, " \t\r\n")) {
        size_t length = paragraph_length(s);
        char *copy = strndup(s, length);
        if (!copy) {
            fail(d, nn__fail(NN_MEMORY_ERROR, "report: no memory"));
            return;
        }
        for (size_t end = length; end && isspace((unsigned char)copy[end - 1]);)
            copy[--end] = '\0';
        put_text(d, "text", "", copy, "<p>", "</p>\n");
        free(copy);
        s += length;
    }
}

void nb__document_item(nb__document *d, const char *name, const char *text)
{
    char prefix[64];
    if (!d->list)
        nb__put(&d->html, "<dl>\n");
    d->list = 1;
    nb__put(&d->html, "<dt>");
    nb__put_html(&d->html, name);
    nb__put(&d->html, "</dt>");
    size_t length = strnlen(name, sizeof prefix - 2);
    memcpy(prefix, name, length);
    memcpy(prefix + length, "\t", 2);
    put_text(d, "item", prefix, text, "<dd>", "</dd>\n");
}

static void put_cell(nb__document *d, const nb_table *t, const char *text, size_t column, int bold)
{
    int right = t->align[column] == NB_RIGHT, number = strpbrk(text, "0123456789") != NULL;
    nb__putf(&d->html, "<td class=\"%s%s%s\">", right ? "r" : "l",
             !right ? "" : number ? " n" : bold ? "" : " w", bold ? " b" : "");
    put_text(d, "cell", "", text, "", "</td>");
}

void nb__document_table(nb__document *d, const nb_table *t)
{
    close_list(d);
    nb__put(&d->html, "<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t c = 0; c < t->columns; c++) {
        int right = t->align[c] == NB_RIGHT;
        put_text(d, "column", right ? "r" : "l", t->names[c], right ? "<th class=\"r\">" : "<th>",
                 "</th>");
    }
    nb__put(&d->html, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < t->cell_count / t->columns; row++) {
        int bold = row < t->bold_count && t->bold[row];
        nb__put(&d->html, "<tr>");
        for (size_t c = 0; c < t->columns; c++)
            put_cell(d, t, t->cells[row * t->columns + c], c, bold);
        nb__put(&d->html, "</tr>\n");
        if (bold)
            put_field(&d->job, "strong", "", 0);
    }
    nb__put(&d->html, "</tbody>\n</table></div>\n");
    for (size_t i = 0; i < t->note_count; i++)
        put_text(d, "note", "", t->notes[i], "<p class=\"note\">", "</p>\n");
}

/* The figure as a PNG inside the HTML. */
static nn_status put_picture(nb__document *d, const nb__text *job, const nb_figure *figure)
{
    const char *const arguments[] = {"figure", "png", NULL};
    nn_job draw = {.program = "nb-draw", .args = arguments, .input = job->data,
                   .input_size = job->size, .timeout_s = DRAW_SECONDS};
    nn_job_result png = {0};
    nn_status status = nn__job_run(&draw, &png);
    if (status == NN_OK) {
        nb__put(&d->html, "<img alt=\"");
        nb__put_html(&d->html, figure->title ? figure->title : "figure");
        nb__put(&d->html, "\" src=\"data:image/png;base64,");
        nb__put_base64(&d->html, png.data, png.size);
        nb__put(&d->html, "\">\n");
    }
    free(png.data);
    return status;
}

void nb__document_figures(nb__document *d, const nb_figure *figures, size_t count)
{
    close_list(d);
    nb__put(&d->html, "<div>\n");
    for (size_t i = 0; i < count && d->status == NN_OK; i++) {
        nb__text job = {0};
        nb__figure_write(&figures[i], &job);
        if (job.failed)
            fail(d, nn__fail(NN_MEMORY_ERROR, "report: no memory"));
        else
            fail(d, put_picture(d, &job, &figures[i]));
        put_field(&d->job, "figure", nb__text_string(&job), job.size);
        nb__text_free(&job);
    }
    nb__put(&d->html, "</div>\n");
}

void nb__document_end(nb__document *d)
{
    close_list(d);
    nb__put(&d->html, "</body>\n</html>\n");
    if (d->job.failed || d->html.failed)
        fail(d, nn__fail(NN_MEMORY_ERROR, "report: no memory"));
}

void nb__document_free(nb__document *d)
{
    nb__text_free(&d->job);
    nb__text_free(&d->html);
}
