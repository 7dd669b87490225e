/*
 * Growing text, and the escapes of the three forms that a display has. Private to libnn.
 *
 * A failed allocation is remembered: later calls do nothing, and the one who hands the text on
 * asks once whether it is whole.
 */
#ifndef NB_SRC_TEXT_H
#define NB_SRC_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include "nn/error.h"

typedef struct nb__text {
    char *data; /* NUL-terminated once anything was put; NULL before */
    size_t size;
    size_t capacity;
    int failed; /* an allocation failed: the text is not whole */
} nb__text;

void nb__text_free(nb__text *text);

/* The text as a string: never NULL ("" before anything was put). */
const char *nb__text_string(const nb__text *text);

/* Give the bytes to the caller (free them with free()); NULL if an allocation failed. */
char *nb__text_take(nb__text *text);

void nb__put(nb__text *text, const char *string);
void nb__put_bytes(nb__text *text, const void *bytes, size_t size);
void nb__put_repeated(nb__text *text, char character, int count);
void nb__putf(nb__text *text, const char *format, ...) NN_PRINTF(2, 3);

/* Put a string with & < > " ' as entities; control characters become spaces and bytes that are
   not UTF-8 become U+FFFD. */
void nb__put_html(nb__text *text, const char *string);

/* Put a string with every character escaped that LaTeX would take for a command. */
void nb__put_latex(nb__text *text, const char *string);

/* Put a string as printable ASCII on one line: common signs get their ASCII look-alike, anything
   else a \uXXXX escape; control characters become spaces. */
void nb__put_ascii(nb__text *text, const char *string);

/* Decode one UTF-8 character at *CURSOR (not at the end) and step over it; 0xFFFD for bytes that
   are not UTF-8. */
uint32_t nb__utf8_next(const char **cursor);

/* Numbers as the notebook shows them. Each writes into BUFFER and returns it. */
enum { NB__NUMBER = 40 };
char *nb__count_text(char buffer[NB__NUMBER], int64_t value);   /* 61,706 */
char *nb__time_text(char buffer[NB__NUMBER], double value);     /* 3 significant digits: 31.4 */
char *nb__us_text(char buffer[NB__NUMBER], double value);       /* the same, from 1,000 on whole */
char *nb__kb_text(char buffer[NB__NUMBER], double bytes);       /* 241.04 KB, as Keras prints */
char *nb__shape_text(char *buffer, size_t size, const int64_t *shape, int rank); /* (N, 28, 28) */
char *nb__double_text(char buffer[NB__NUMBER], double value);   /* shortest that reads back: 0.1 */

/* Put base64 of BYTES. */
void nb__put_base64(nb__text *text, const void *bytes, size_t size);

#endif
