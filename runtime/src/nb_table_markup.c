/* Tables as HTML and as LaTeX. */
#include "nb_table.h"

#include <string.h>

/* Colours are left to the front end's theme; rules are a grey that shows on dark and light. Only
   tags and styles that JupyterLab keeps in untrusted notebooks are used. */
#define RULE      "1px solid #999999"
#define HEAD_RULE "border-top:" RULE ";border-bottom:" RULE ";"

enum { SHORT_NAME = 16 };

/* Numbers stay on one line with their units, and so does a short name; other words may break, else
   they would push a wide table out of the page, or squeeze its other columns. */
static const char *html_align(nb_align align, const char *text)
{
    if (align != NB_RIGHT)
        return strlen(text) <= SHORT_NAME ? "text-align:left;white-space:nowrap" : "text-align:left";
    return strpbrk(text, "0123456789") ? "text-align:right;white-space:nowrap"
                                       : "text-align:right";
}

/* A table of many columns is set closer, so that it fits a notebook's page beside a side bar. */
static const char *html_cell_style(const nb_table *table)
{
    return table->columns > 8 ? "padding:3px 5px;border:none;" : "padding:3px 10px;border:none;";
}

static void html_cell(const nb_table *table, nb__text *out, const char *text, size_t column,
                      int bold, int last)
{
    nb__putf(out, "<td style=\"%s%s%s%s\">", html_cell_style(table),
             last ? "border-bottom:" RULE ";" : "", bold ? "font-weight:bold;" : "",
             html_align(table->align[column], text));
    nb__put_html(out, text);
    nb__put(out, "</td>");
}

static void html_gap(const nb_table *table, nb__text *out)
{
    nb__put(out, "<tr>");
    for (size_t column = 0; column < table->columns; column++)
        html_cell(table, out, "...", column, 0, 0);
    nb__put(out, "</tr>\n");
}

void nb__table_html(const nb_table *table, nb__text *out)
{
    nb__rows rows = nb__table_rows(table);
    nb__put(out, "<div>\n");
    if (table->title) {
        nb__put(out, "<div style=\"font-weight:bold;padding:3px 0\">");
        nb__put_html(out, table->title);
        nb__put(out, "</div>\n");
    }
    nb__put(out, "<table style=\"border-collapse:collapse;margin:0\">\n<thead><tr>");
    for (size_t column = 0; column < table->columns; column++) {
        nb__putf(out, "<th style=\"%s%sfont-weight:bold;%s\">", html_cell_style(table), HEAD_RULE,
                 table->align[column] == NB_RIGHT ? "text-align:right" : "text-align:left");
        nb__put_html(out, table->names[column]);
        nb__put(out, "</th>");
    }
    nb__put(out, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < rows.count; row++) {
        if (row == rows.gap)
            html_gap(table, out);
        nb__put(out, "<tr>");
        for (size_t column = 0; column < table->columns; column++)
            html_cell(table, out, nb__table_cell_text(table, &rows, row, column), column,
                      nb__table_bold(table, &rows, row), row + 1 == rows.count);
        nb__put(out, "</tr>\n");
    }
    if (rows.gap == rows.count)
        html_gap(table, out);
    nb__put(out, "</tbody>\n</table>\n");
    if (rows.gap != NB__NO_GAP)
        nb__putf(out, "<div style=\"padding:3px 0\">(%lld rows)</div>\n", rows.total);
    for (size_t i = 0; i < table->note_count; i++) {
        nb__put(out, "<div style=\"padding:3px 0 0 0\">");
        nb__put_html(out, table->notes[i]);
        nb__put(out, "</div>\n");
    }
    nb__put(out, "</div>");
}

/* Length of the longest text in a column, to tell whether the table may be too wide for a page. */
static size_t natural_width(const nb_table *table, const nb__rows *rows)
{
    size_t total = 0;
    for (size_t column = 0; column < table->columns; column++) {
        size_t width = strlen(table->names[column]);
        for (size_t row = 0; row < rows->count; row++) {
            size_t length = strlen(nb__table_cell_text(table, rows, row, column));
            if (length > width)
                width = length;
        }
        total += width + 2;
    }
    return total;
}

static void latex_gap(const nb_table *table, nb__text *out)
{
    for (size_t column = 0; column < table->columns; column++)
        nb__put(out, column ? " & \\ldots" : "\\ldots");
    nb__put(out, " \\\\\n");
}

static void latex_text(nb__text *out, const char *text, int bold)
{
    if (bold)
        nb__put(out, "\\textbf{");
    nb__put_latex(out, text);
    if (bold)
        nb__put(out, "}");
}

void nb__table_latex(const nb_table *table, nb__text *out)
{
    nb__rows rows = nb__table_rows(table);
    int wide = natural_width(table, &rows) > NB__WIDTH;
    if (table->title) {
        nb__put(out, "\\noindent\\textbf{");
        nb__put_latex(out, table->title);
        nb__put(out, "}\\par\\smallskip\n");
    }
    nb__put(out, wide ? "\\noindent\\resizebox{\\linewidth}{!}{%\n\\begin{tabular}{"
                      : "\\noindent\\begin{tabular}{");
    for (size_t column = 0; column < table->columns; column++)
        nb__put(out, table->align[column] == NB_RIGHT ? "r" : "l");
    nb__put(out, "}\n\\toprule\n");
    for (size_t column = 0; column < table->columns; column++) {
        nb__put(out, column ? " & " : "");
        nb__put_latex(out, table->names[column]);
    }
    nb__put(out, " \\\\\n\\midrule\n");
    for (size_t row = 0; row < rows.count; row++) {
        if (row == rows.gap)
            latex_gap(table, out);
        for (size_t column = 0; column < table->columns; column++) {
            nb__put(out, column ? " & " : "");
            latex_text(out, nb__table_cell_text(table, &rows, row, column),
                       nb__table_bold(table, &rows, row));
        }
        nb__put(out, " \\\\\n");
    }
    if (rows.gap == rows.count)
        latex_gap(table, out);
    nb__put(out, wide ? "\\bottomrule\n\\end{tabular}}" : "\\bottomrule\n\\end{tabular}");
    if (rows.gap != NB__NO_GAP)
        nb__putf(out, "\n\n\\noindent (%lld rows)", rows.total);
    for (size_t i = 0; i < table->note_count; i++) {
        nb__put(out, i || rows.gap != NB__NO_GAP ? "\\\\\n" : "\n\n\\noindent ");
        nb__put_latex(out, table->notes[i]);
    }
    nb__put(out, "\n");
}
