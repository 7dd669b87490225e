/**
 * @file exchange.h
 * Exchange arrays with a Python notebook.
 *
 * The %%c magic of the Python package xeus_tinycc writes the calls below for `%%c -i x -o y`; a
 * cell seldom needs them itself. Both sides name a file without a name (/proc/PID/fd/N) or an
 * ordinary one; a hundred megabytes pass in some hundredths of a second, never as text.
 *
 * Ownership: what nb_array_take() returns is this session's own copy. Writing into it changes
 * nothing in Python. It stays until the same name is taken again, or the session ends.
 */
#ifndef NB_EXCHANGE_H
#define NB_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>
#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes in front of the elements in the file that nb_array_give() writes. */
#define NB_EXCHANGE_HEADER 4096

/**
 * Map an array that the other side has written.
 *
 * The elements are copied by the system, a page at a time, and only where this session writes.
 * Pointers into what the same name held before are invalid afterwards.
 *
 * @param name   the array's name, 1 to 63 bytes
 * @param path   the file that holds its elements from the first byte on
 * @param bytes  length of all elements; 0 is allowed
 * @return       writable memory of @p bytes bytes, aligned to a page; NULL on ValueError (name
 *               empty or too long, file shorter than @p bytes), FileNotFoundError, OSError (the
 *               file cannot be read) or MemoryError
 */
NN_API void *nb_array_take(const char *name, const char *path, size_t bytes);

/**
 * Write an array for the other side.
 *
 * The file then holds a line of text "TYPE RANK LENGTH LENGTH ...", zero bytes up to
 * NB_EXCHANGE_HEADER, and the elements.
 *
 * @param path   an existing file, which is overwritten
 * @param type   of the elements, as NumPy spells it: "f8", "i4", "u1", ...; up to 7 bytes
 * @param data   the elements in row-major order; memory that does not exist is an error, no fault
 * @param width  bytes of one element, 1 to 16
 * @param rank   number of dimensions, 0 (a single number) to 16
 * @param shape  @p rank lengths, each 0 or more; may be NULL when @p rank is 0
 * @return       NN_OK; NN_VALUE_ERROR (rank, width or length out of range, more than 2^62 bytes,
 *               @p data not readable up to its end); NN_FILE_NOT_FOUND; NN_OS_ERROR (not
 *               writable, no room)
 */
NN_API nn_status nb_array_give(const char *path, const char *type, const void *data, size_t width,
                               int rank, const int64_t *shape);

#ifdef __cplusplus
}
#endif
#endif
