/* Read a document from the bytes of a job (nb_document_job.h). Trusts nothing about them. */
#ifndef NB_DRAW_DOCUMENT_READ_H
#define NB_DRAW_DOCUMENT_READ_H

#include <stddef.h>
#include "nb/figure.h"
#include "nb_document_job.h"

typedef enum block_kind {
    BLOCK_TITLE,
    BLOCK_SUBTITLE,
    BLOCK_SECTION,
    BLOCK_TEXT,
    BLOCK_ITEM,
    BLOCK_NOTE,
    BLOCK_TABLE,
    BLOCK_FIGURE
} block_kind;

typedef struct document_table {
    size_t columns, cells;
    int right[NB_DOCUMENT_MAX_COLUMNS]; /* alignment */
    const char *name[NB_DOCUMENT_MAX_COLUMNS];
    const char *cell[NB_DOCUMENT_MAX_CELLS];
    unsigned char strong[NB_DOCUMENT_MAX_CELLS]; /* per row */
} document_table;

typedef struct block {
    block_kind kind;
    const char *text;
    const char *source; /* of a section; NULL for none */
    document_table *table;
    nb_figure *figure;
} block;

typedef struct document {
    double width, height;
    int most_pages;
    const char *author, *date, *foot; /* NULL for none */
    block blocks[NB_DOCUMENT_MAX_BLOCKS];
    size_t count;
} document;

/* Returns the document, freed with document_free(); or NULL, with *REASON set to a constant
   sentence. */
document *document_read(const void *bytes, size_t size, const char **reason);
void document_free(document *d);

#endif
