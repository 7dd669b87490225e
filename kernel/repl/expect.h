/*
 * What a golden transcript expects: the `.expect` file beside the cells.
 *
 * A block per cell, in order: a line `cell N`, then indented lines. Texts are JSON strings.
 *
 *     cell 2
 *       expect-error: "SIGSEGV"     (quotes may be left out of a single word)
 *       error-contains: "In[2]:1"
 *       expect-state: x == 41       (an expression of C, never quoted)
 */
#ifndef XTINYCC_EXPECT_H
#define XTINYCC_EXPECT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum expect_kind {
    EXPECT_OK,
    EXPECT_STDOUT,
    EXPECT_STDERR,
    EXPECT_STDOUT_CONTAINS,
    EXPECT_STDOUT_STARTS,
    EXPECT_RESULT,
    EXPECT_NO_RESULT,
    EXPECT_ERROR,
    EXPECT_ERROR_CONTAINS,
    EXPECT_ANYWHERE, /* output-or-error-contains */
    EXPECT_SYSTEM,   /* system-compiler: the cell went there by itself, for this reason */
    EXPECT_STATE,
    EXPECT_STDIN,           /* an answer, no expectation */
    EXPECT_INTERRUPT_AFTER, /* seconds */
    EXPECT_TIME_LIMIT       /* seconds */
} expect_kind;

typedef struct expect_line {
    expect_kind kind;
    int line;    /* in the file */
    char *text;  /* UTF-8 with a NUL behind it; "" where the kind has none */
    size_t size; /* a text may hold NULs */
    double seconds;
} expect_line;

typedef struct expect_cell {
    expect_line *lines;
    size_t count;
} expect_cell;

typedef struct expect_file {
    expect_cell *cells;
    size_t count;
} expect_file;

/* Read the content of an `.expect` file. Returns 0, or -1 with "line N: what is wrong" in ERROR. */
int expect_parse(const char *text, size_t size, expect_file *out, char *error, size_t error_size);
void expect_free(expect_file *file);

#ifdef __cplusplus
}
#endif
#endif
