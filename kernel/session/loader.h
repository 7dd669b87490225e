/*
 * Load the object of a cell into the session and keep the session's symbols.
 *
 * One reservation of address space holds a text arena (read+execute, writable only while loading
 * or patching) and a data arena (read+write, pages accessible only as used). x86-64 only.
 * Everything lives in the worker's private memory and so rolls back with it.
 */
#ifndef XTINYCC_LOADER_H
#define XTINYCC_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include "lang.h"

typedef struct loader loader_t;

/* HELPERS: libtcc1.a, for the compiler's own run-time functions. NULL on failure, one line in
   ERROR. */
loader_t *loader_create(const char *helpers, char *error, size_t error_size);
void loader_free(loader_t *loader);

/* Add a function of the session process that cells must reach instead of libc's (exit, fork, ...). */
int loader_interpose(loader_t *loader, const char *name, void *address);

/* Load a unit: TinyCC's object and behind it, if there is one, the system compiler's.
   Look-up order: the unit, the session, interposed, compiler helpers, dlsym. On failure nothing has
   changed and ERROR says what was undefined or out of range ("LinkError").
   Runs .init_array last. A function that is declared but not defined anywhere is bound to a thunk
   that raises an error when called. *IMAGE numbers the unit's code (for debug_*);
   where there are two objects, the number before it is TinyCC's. */
int loader_load(loader_t *loader, const lang_unit *unit, int cell, int *image, char *error,
                size_t error_size);

/* The unit has run and its value has been shown: give back what nothing can refer to any more. Of a
   unit that defines no function and no new object, that is all but its string literals and other
   constants, which live as long as the session. Its image number then is no longer valid. */
void loader_retire(loader_t *loader, int image);

/* Address of a session symbol (newest meaning), or of a symbol local to one image; NULL if none. */
void *loader_symbol(const loader_t *loader, const char *name);
void *loader_image_symbol(const loader_t *loader, int image, const char *name);

/* Make the session forget a name (%rm). Code that uses it keeps it. */
void loader_forget(loader_t *loader, const char *name);

bool loader_is_text(const loader_t *loader, const void *address);
bool loader_is_data(const loader_t *loader, const void *address);

#endif
