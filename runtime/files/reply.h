/*
 * Errors inside nn-files: a function that fails sets one and returns -1 (or NULL); main() sends it.
 * The first error stands: cleaning up does not replace it.
 */
#ifndef NN_FILES_REPLY_H
#define NN_FILES_REPLY_H

#include <stddef.h>

#define VALUE_ERROR    "ValueError"
#define FILE_NOT_FOUND "FileNotFoundError"
#define OS_ERROR       "OSError"
#define MEMORY_ERROR   "MemoryError"

/* Set the error; always returns -1. KIND is one of the names above. */
int reply_error(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, for functions that return a pointer. */
void *reply_null(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "KIND\nmessage", or "" if there is no error. */
const char *reply_text(void);

void reply_clear(void);

/* A sentence for the user about a job that went well otherwise; kept in order, bounded. */
void reply_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *reply_warnings(void); /* lines, each ending in a newline */

/* Write all bytes to fd 1. Returns -1 if nobody reads them. */
int reply_write(const void *data, size_t size);

#endif
