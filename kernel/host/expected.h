/*
 * `%%expect-error [NAME]` on a cell's first line: the cell is meant to fail. The host itself sees to
 * it, since a fault ends the worker.
 */
#ifndef XTINYCC_EXPECTED_H
#define XTINYCC_EXPECTED_H

#include "host.h"

typedef struct expected {
    char *code; /* the cell with its first line blank, malloc'ed; NULL: it has no such line */
    char name[64]; /* of the error, "" for any */
} expected;

void expected_begin(const char *code, size_t size, expected *out);
/* Turn the reply into what it means. The error that was expected is printed as text. */
void expected_end(expected *expected, const host_events *events, void *context, int number,
                  host_reply *reply);

#endif
