/*
 * How a document travels to nb-draw: fields as in nb_figure_job.h, after the line
 * NB_DOCUMENT_MAGIC, in the order in which they stand on the page. Texts are UTF-8.
 *
 *   page      doubles: width and height in points, most pages
 *   author, date                       text, for the file's description; date is ISO 8601
 *   foot      text at the foot of each page, before the page's number
 *   title, subtitle                    text, once, at the head
 *   section   text: heading of the next section
 *   source    text: what to make shorter when the section is too long, such as ".discussion"
 *   text      a paragraph
 *   item      text: NAME, "\t", what it is about
 *   note      a paragraph in small letters
 *   column    "l" or "r" and the heading of a column; the first one begins a table
 *   cell      text, row by row
 *   strong    empty: the row of the last cell is bold
 *   figure    a figure as in nb_figure_job.h; two that follow each other stand side by side
 *
 * The answer is the line "pages N" and the bytes of the PDF.
 */
#ifndef NB_SRC_DOCUMENT_JOB_H
#define NB_SRC_DOCUMENT_JOB_H

#define NB_DOCUMENT_MAGIC "nb-document 1\n"

/* What a document may hold. */
enum {
    NB_DOCUMENT_MAX_BLOCKS = 400,
    NB_DOCUMENT_MAX_TEXT = 100000, /* bytes of one text */
    NB_DOCUMENT_MAX_COLUMNS = 16,
    NB_DOCUMENT_MAX_CELLS = 1000, /* of all tables together */
    NB_DOCUMENT_MAX_FIGURES = 8,
    NB_DOCUMENT_MAX_SIZE = 2000,  /* points, of a page's side */
    NB_DOCUMENT_MIN_SIZE = 300,
    NB_DOCUMENT_MAX_PAGES = 20
};

#endif
