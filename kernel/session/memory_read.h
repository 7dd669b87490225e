/*
 * Read memory that may not be there. Signal-safe; nothing faults.
 */
#ifndef XTINYCC_MEMORY_READ_H
#define XTINYCC_MEMORY_READ_H

#include <stddef.h>

/* Returns how many of SIZE bytes at FROM could be read: the first unreadable page ends it. */
size_t memory_read(void *to, const void *from, size_t size);

#endif
