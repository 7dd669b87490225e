/* What strict.c must know of the compiler's run. */
#ifndef XTINYCC_STRICT_H
#define XTINYCC_STRICT_H

#include <stdbool.h>

/* While source text is compiled, the first error ends it: where TinyCC goes on, it may crash. */
void strict_begin(void);
void strict_end(void);

#endif
