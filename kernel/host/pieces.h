/*
 * A queue of text from two streams that keeps their order.
 *
 * A piece is a run of one stream. Beyond a number of pieces, text joins the newest piece of its own
 * stream: the order within each stream always holds, the order across them while it can.
 */
#ifndef XTINYCC_PIECES_H
#define XTINYCC_PIECES_H

#include <stddef.h>
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PIECES_MAX 16

typedef struct piece {
    int fd;
    wire_buf text;
    size_t at; /* removed from its front */
} piece;

typedef struct pieces {
    piece piece[PIECES_MAX]; /* oldest first */
    size_t count;
    size_t size; /* bytes in all of them */
} pieces;

void pieces_append(pieces *p, int fd, const char *text, size_t size);
/* The oldest piece; returns its size, 0 if there is none. */
size_t pieces_front(const pieces *p, int *fd, const char **text);
/* Remove SIZE bytes of the oldest piece. */
void pieces_remove(pieces *p, size_t size);
/* Give back the space of what was removed. */
void pieces_compact(pieces *p);
/* Remove from the front until at most SIZE bytes are left, up to a line's begin if one is near. */
void pieces_keep_last(pieces *p, size_t size);
void pieces_clear(pieces *p);
void pieces_free(pieces *p);

/* How much of SIZE bytes of UTF-8 to take if at most LIMIT may be: up to the last newline if one
   is there, else whole characters. */
size_t pieces_cut(const char *text, size_t size, size_t limit);

#ifdef __cplusplus
}
#endif
#endif
