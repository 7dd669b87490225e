/* Set the calling thread's error message (nn/error.h). Private to libnn. */
#ifndef NN_SRC_ERROR_H
#define NN_SRC_ERROR_H

#include "nn/error.h"

/* Store kind and message (cut at 4,000 bytes, never inside a UTF-8 character); returns STATUS, so
   that a function can end with `return nn__fail(NN_VALUE_ERROR, "model_fit: ...", ...)`. */
nn_status nn__fail(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

/* The same for functions that return an object: always NULL. */
void *nn__fail_null(nn_status status, const char *format, ...) NN_PRINTF(2, 3);

#endif
