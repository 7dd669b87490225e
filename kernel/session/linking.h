/*
 * Place an object in the arena and apply its relocations: the part of loading that may fail.
 *
 * Nothing of the session changes here but the arena's tops, which the caller restores after a
 * failure, and thunks for undefined functions, which are harmless.
 */
#ifndef XTINYCC_LINKING_H
#define XTINYCC_LINKING_H

#include "elf_object.h"
#include "loader_internal.h"

typedef struct link {
    loader_t *loader;
    const lang_unit *unit; /* NULL: an object of the compiler's helper library */
    const struct link *first; /* the unit's other object, linked before; or NULL */
    int cell;
    elf_object object;
    char **sections; /* address of each section; NULL if it is not loaded */
    void **values;   /* address of each symbol */
    void **thunks;   /* far-call thunk of each symbol, made when needed */
    void **slots;    /* global offset table entry of each symbol, made when needed */
    char *text; /* where its text begins */
    bool keeps_text; /* an address within the text may have been stored */
    char *error;
    size_t error_size;
} link_t;

/* Text must be unlocked. Returns false with a line in ERROR. */
bool link_object(link_t *link, const void *data, size_t size);
void link_free(link_t *link);

/* How the unit wants a symbol to be bound; NULL if it does not say. */
const lang_symbol *link_bind(const link_t *link, const char *name);
/* The session's object that this symbol shall stand for, or NULL. */
symbol_t *link_same(const link_t *link, const char *name, const Elf64_Sym *symbol);

/* Write a jump to TARGET over the function entry AT (5 bytes, or 14 when it is far). */
void link_write_jump(void *at, const void *target);

#endif
