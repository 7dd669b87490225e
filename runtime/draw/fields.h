/* Read a job: fields of the form "TAG SIZE\n", SIZE bytes, "\n". Trusts nothing about them. */
#ifndef NB_DRAW_FIELDS_H
#define NB_DRAW_FIELDS_H

#include <stddef.h>

typedef struct field {
    char tag[16];
    const char *bytes; /* into the job */
    size_t size;
} field;

typedef struct field_reader {
    const char *next;
    size_t left;
    const char *reason; /* the first failure, a constant sentence; NULL for none */
} field_reader;

/* Remember REASON unless there is one already. Returns 0. */
int field_fail(field_reader *r, const char *reason);

/* Step over the line that opens a job. Returns 0 if it is another. */
int field_magic(field_reader *r, const char *magic);

/* Read the next field. Returns 0 if it is broken. */
int field_next(field_reader *r, field *f);

/* Replace *STRING (or NULL) by a copy of a field of at most MOST bytes without a NUL. */
int field_string(field_reader *r, const field *f, size_t most, const char **string);

#endif
