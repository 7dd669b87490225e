/* Build a zip archive in memory as Keras does: members stored, in order, dated 1980-01-01, so that
   equal contents give equal bytes. */
#ifndef NN_FILES_ARCHIVE_WRITE_H
#define NN_FILES_ARCHIVE_WRITE_H

#include <stddef.h>

typedef struct archive_member {
    const char *name;
    const void *data;
    size_t size;
} archive_member;

/* Returns the archive's bytes; free() them. NULL with an error. */
unsigned char *archive_write(const archive_member *members, size_t count, size_t *size);

#endif
