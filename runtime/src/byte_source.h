/*
 * Read a regular file front to back, inflating .gz on the way. Private to libnn.
 *
 * Bytes are read with read(), never through a mapping: a file that shrinks meanwhile gives an
 * error, not SIGBUS. For .gz, zlib checks each member's CRC and length; a file of several members
 * is their concatenation, anything else behind the last one is refused.
 */
#ifndef NN_SRC_BYTE_SOURCE_H
#define NN_SRC_BYTE_SOURCE_H

#include <stddef.h>
#include "nn/error.h"

typedef struct nn_byte_source nn_byte_source;

/* Open a source on a descriptor, which it closes in the end (also when this fails). NAME stands in
   error messages. Fails with NN_OS_ERROR (not a regular file, unreadable), NN_VALUE_ERROR (a .gz
   file in a build without zlib) or NN_MEMORY_ERROR. */
nn_status nn__byte_source_open(int fd, const char *name, nn_byte_source **source);

/* Read up to SIZE bytes; *GOT is less than SIZE only at the end. Fails with NN_OS_ERROR,
   NN_VALUE_ERROR (damaged or cut .gz; a web page instead of data is called one) or
   NN_INTERRUPTED. */
nn_status nn__byte_source_read(nn_byte_source *source, void *buffer, size_t size, size_t *got);

/* Bytes of the file as it is stored, compressed or not. */
size_t nn__byte_source_stored_size(const nn_byte_source *source);

int nn__byte_source_is_gz(const nn_byte_source *source);

void nn__byte_source_close(nn_byte_source *source); /* NULL is fine */

#endif
