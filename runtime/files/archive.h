/*
 * Read members of a zip archive that may be hostile.
 *
 * The archive is audited as a whole before any member is unpacked: every entry of the central
 * directory must lie in the file, agree with its local header, overlap nothing, be stored or
 * deflated, unencrypted, with a plain relative name, once. libzip then unpacks (and checks the
 * CRC) into a buffer of the declared size, which is bounded first.
 */
#ifndef NN_FILES_ARCHIVE_H
#define NN_FILES_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_MAX_ENTRIES   64
#define ARCHIVE_MAX_EXPANSION 1100 /* deflate cannot exceed 1,032 */

typedef struct archive archive;

/* Audit and open SIZE bytes, which must outlive the archive. NAME is the file's, for messages.
   NULL with an error. */
archive *archive_open(const char *name, const void *data, size_t size);
void archive_close(archive *self); /* NULL is fine */

/* Is there a member of exactly this name? */
int archive_has(const archive *self, const char *member);

/* Unpack a member of at most LIMIT bytes into fresh memory, followed by a NUL that SIZE does not
   count. NULL with an error: missing, too large, a bomb, damaged. */
unsigned char *archive_read(archive *self, const char *member, size_t limit, size_t *size);

/* Read a regular file of MIN to MAX bytes behind FD into fresh memory. NULL with an error. */
unsigned char *read_whole_file(int fd, const char *name, size_t min, size_t max, size_t *size);

/* 300.0 MB, 298.6 KB, 12 bytes (1 KB = 1024 bytes). Returns TEXT. */
const char *size_text(uint64_t size, char text[32]);

#endif
