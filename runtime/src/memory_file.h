/* Files without a name: how bytes reach a helper, and where data sets live. Private to libnn. */
#ifndef NN_SRC_MEMORY_FILE_H
#define NN_SRC_MEMORY_FILE_H

#include <stddef.h>

/* Make a memory file (close-on-exec, sealable where the system knows seals) with SIZE bytes of
   DATA, read position 0; DATA NULL: SIZE zero bytes, which take no memory until written. NAME is
   seen in /proc only. Returns the descriptor, or -1 with errno set. */
int nn__memory_file(const char *name, const void *data, size_t size);

/* Forbid for ever to write, grow or shrink the file. Returns 0 where that is not possible
   (a writable mapping still exists, or the file is no memfd). */
int nn__memory_file_seal(int fd);

#endif
