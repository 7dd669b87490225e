/*
 * What a cell prints, on its way from the pipes to the front end.
 *
 * Bytes are repaired to UTF-8, coalesced (the first at once, then at most 20 calls a second),
 * optionally slowed to a rate, and cut per cell: the head and the tail are shown, a spool file has
 * everything. Pure but for the spool file: the time comes in as an argument, in milliseconds.
 */
#ifndef XTINYCC_OUTPUT_H
#define XTINYCC_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct output output_t;

/* Called with whole characters. */
typedef void (*output_emit)(void *context, int fd, const char *text, size_t size, int number);

typedef struct output_options {
    output_emit emit;
    void *context;
    size_t head, tail;  /* bytes shown of a cell before and after the cut; 0: 4 MB and 64 KB */
    size_t rate;        /* bytes a second in the long run; 0: no limit */
    const char *folder; /* of spool files, which the caller removes; NULL: nothing is spooled */
} output_options;

output_t *output_create(const output_options *options);
void output_free(output_t *output);

/* Begin a cell. What is printed between cells belongs to the last one begun. */
void output_begin(output_t *output, int number);

/* Hand in what was read from stdout (1) or stderr (2). */
void output_put(output_t *output, int fd, const char *data, size_t size, int64_t now);

/* Milliseconds until output_tick has something to do; -1 for never. */
int64_t output_due(const output_t *output, int64_t now);
void output_tick(output_t *output, int64_t now);

/* True while so much waits (only under a rate) that the pipes should not be read. */
bool output_is_full(const output_t *output);

/* Emit what waits, at once: before a display or a question. */
void output_flush(output_t *output, int64_t now);

/* The cell is over: emit all, with the tail and the notice if it was cut. Under a rate some may
   still wait: tick until output_due says -1. */
void output_end(output_t *output, int64_t now);

/* Change the cut of this cell and later ones; 0: none. */
void output_set_head(output_t *output, uint64_t bytes);

/* The unfinished last line of stdout, and forget it: the prompt of a question. Valid until the
   next call. */
const char *output_take_prompt(output_t *output);

#ifdef __cplusplus
}
#endif
#endif
