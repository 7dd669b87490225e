/* XTINYCC_OUT moves all results of a run: many notebooks in one folder must not meet. Private to
   libnn. */
#ifndef NN_SRC_OUT_PATH_H
#define NN_SRC_OUT_PATH_H

#include <stddef.h>

enum { NN_OUT_PATH = 4200 };

/* Where a result goes: PATH as given, or in $XTINYCC_OUT where that is set and PATH is relative.
   Returns BUFFER. */
const char *nn__out_path(const char *path, char *buffer, size_t size);

/* Where a result is: as nn__out_path() if it is there, else PATH as given. Returns BUFFER. */
const char *nn__in_path(const char *path, char *buffer, size_t size);

#endif
