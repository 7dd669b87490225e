#ifndef NN_FILES_HASH_H
#define NN_FILES_HASH_H

#include <stddef.h>

/* SHA-256 of SIZE bytes as 64 hexadecimal digits and a NUL. Returns -1 with an error. */
int hash_bytes(const void *data, size_t size, char text[65]);

/* Job "sha256 OFFSET:SIZE ...": a line for each, of fd 3, 4, ... */
int job_sha256(int count, char **ranges);

#endif
