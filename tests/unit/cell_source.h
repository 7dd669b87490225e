/*
 * Compile C text to the object of a unit, for the tests of the loader's room: through libtcc in a
 * forked child, as the kernel does, but without its splitter.
 */
#ifndef XTINYCC_TEST_CELL_SOURCE_H
#define XTINYCC_TEST_CELL_SOURCE_H

#include "loader.h"

/* TinyCC's helper library on this system. */
const char *cell_helpers(void);

/*
 * Compile TEXT. SAME and PATCH name symbols to bind so, separated by blanks; "" for none. The
 * entry is "__cell". Fails the test when TEXT does not compile. Free with cell_free.
 */
lang_unit cell_compile(const char *text, const char *same, const char *patch);
void cell_free(lang_unit *unit);

/* Compile, load (failing the test on an error) and return the image's number. */
int cell_load(loader_t *loader, const char *text, int number, const char *same,
              const char *patch);
/* Also call __cell(), plainly. */
int cell_run(loader_t *loader, const char *text, int number);

#endif
