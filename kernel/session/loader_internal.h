/*
 * What the files of the loader share: the loader, its units ("images"), and the tables behind
 * debug.h and value.h.
 */
#ifndef XTINYCC_LOADER_INTERNAL_H
#define XTINYCC_LOADER_INTERNAL_H

#include "arena.h"
#include "loader.h"
#include "symbol_table.h"

#include <stdint.h>

struct stabs; /* stabs.h */

typedef struct image_symbol {
    const char *name; /* in image_t.names */
    void *address;
} image_symbol;

/* A loaded unit. Units lie in the arena in the order of their numbers. */
typedef struct image {
    int cell;
    uintptr_t text, text_end;
    image_symbol *symbols; /* everything it defines, also what is local to it */
    size_t symbol_count;
    char *names;
    struct stabs *stabs; /* NULL without debug information */
    bool is_called;      /* an older function of it, of another type, is still in use */
} image_t;

/* What the unit loaded last leaves behind once it has run. */
typedef struct last_unit {
    int first, count; /* its images; COUNT 0: it must stay */
    arena_mark before; /* the data's top already behind what must stay */
} last_unit;

struct loader {
    arena_t arena;
    symbol_table session, interposed, helpers;
    image_t **images;
    int image_count, image_capacity;
    last_unit last;
    /* Runs a constructor; set by run_init so that it gets the cell's stack. NULL: plain call. */
    void (*run_constructor)(void (*function)(void), int cell);
};

/* The image whose text holds the address, or NULL (signal-safe). */
const image_t *loader_find_image(const loader_t *loader, uintptr_t address);

/* The library function that the call instruction before RETURN_ADDRESS calls by its name, or NULL
   (signal-safe). */
const char *loader_called_name(const loader_t *loader, const void *return_address);

/* helpers.c: GCC built-ins that TinyCC calls as functions, and the functions that glibc links
   statically into each program. NULL if the name is none of them. */
void *loader_builtin(const char *name);

#endif
