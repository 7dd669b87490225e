/* What the files of the export share: the cells as parts, each for file scope or for main. */
#ifndef XTINYCC_EXPORT_INTERNAL_H
#define XTINYCC_EXPORT_INTERNAL_H

#include "export.h"
#include "split.h"

/* An item with the comments before it and behind it on its last line. */
typedef struct part {
    const item *item;
    const export_cell *cell;
    size_t start, end;
    bool global;  /* at file scope */
    bool skipped; /* a repeated definition */
} part;

typedef struct program {
    pool *pool;
    names names;     /* what the cells declare, above the headers */
    names mentioned; /* what the code at file scope needs */
    part *parts;
    size_t count, capacity;
    const char *problem; /* NULL: nothing is wrong */
} program;

/* Say what cannot be exported; the first word counts. */
void export_refuse(program *p, const export_cell *cell, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* export_plan.c: split the cells and decide what stands at file scope. */
void export_plan(program *p, const export_cell *cells, size_t count);
bool export_is_mentioned(const program *p, const token *name);
/* Whether the compiler can know the value [first, end). */
bool export_is_constant(const program *p, const tokens *tokens, size_t first, size_t end);

/* export_write.c */
void export_write(program *p, const char *title, text *out);

static inline const token *part_token(const part *part, size_t index)
{
    return &part->item->tokens.list[index];
}

#endif
