/* Names that look alike. */
#ifndef XTINYCC_SIMILAR_H
#define XTINYCC_SIMILAR_H

#include "names.h"

/* The number of edits (insert, delete, replace, swap neighbours) between two names, or LIMIT + 1. */
size_t similar_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                        size_t limit);

/* The name nearest to TEXT (at most two edits, one below five letters), NULL if none is near. Names
   of the session win over those of the headers. Reserved names are left out. */
const name *similar_name(const names *names, const char *text);

#endif
