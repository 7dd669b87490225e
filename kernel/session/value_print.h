/*
 * Print a value by its type into a bounded text: what value.h and debug.h share.
 */
#ifndef XTINYCC_VALUE_PRINT_H
#define XTINYCC_VALUE_PRINT_H

#include "loader_internal.h"
#include "stabs.h"

/* Where text goes: a growing buffer, or a fixed one that cuts. */
typedef struct text_sink {
    wire_buf *buffer; /* NULL: use OUT */
    char *out;
    size_t size, used; /* of OUT, without a final NUL */
} text_sink;

void sink_put(text_sink *sink, const char *text, size_t length);
void sink_text(text_sink *sink, const char *text);
void sink_signed(text_sink *sink, int64_t value);
void sink_unsigned(text_sink *sink, uint64_t value);
void sink_pointer(text_sink *sink, uint64_t address); /* 0x7ffe... */

typedef struct printer {
    text_sink *sink;
    const loader_t *loader;
    size_t max_elements;  /* longer arrays show HEAD ... TAIL and the count */
    size_t head, tail;
    size_t max_text;      /* bytes of a char * */
    int max_depth;        /* of structures */
    bool in_signal;       /* use signal-safe functions only */
} printer_t;

/* Print the object at ADDRESS. */
void print_value(printer_t *printer, const debug_type *type, const void *address);

/* The C spelling of a type around a declarator: debug_type_spell(.., "x") gives "int (*x)[3]". */
void debug_type_spell(text_sink *sink, const debug_type *type, const char *declarator);

/* value_number.c: a floating-point number of SIZE bytes as the shortest text that reads back
   equal; signal-safe (six digits) if IN_SIGNAL. */
void print_float(text_sink *sink, const void *bytes, size_t size, bool in_signal);

/* value_text.c: quoted text with escapes. print_string follows a char *. */
void print_quoted(text_sink *sink, const char *text, size_t length);
void print_string(printer_t *printer, const char *address);
void print_char(text_sink *sink, int c, bool with_code);

#endif
