/*
 * Hole H21: TinyCC converts a long double to an integer by way of double, which rounds it first:
 * (long)9007199254740993.0L is 9007199254740992. The three instructions it uses are put right in
 * the object file: the number is stored as an integer at once, cut toward zero.
 */
#ifndef XTINYCC_MEND_OBJECT_H
#define XTINYCC_MEND_OBJECT_H

#include <stddef.h>

/* Returns how many conversions have been mended; an object that is damaged is left alone. */
size_t mend_object(char *object, size_t size);

#endif
