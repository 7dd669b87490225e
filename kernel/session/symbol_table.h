/*
 * A hash from a name to what the name means, for session symbols, interposed functions and the
 * compiler's helpers.
 */
#ifndef XTINYCC_SYMBOL_TABLE_H
#define XTINYCC_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct symbol {
    char *name;
    void *address;
    size_t size;
    int image;        /* the unit that defines it; -1 for none */
    bool is_function;
    bool is_undefined; /* ADDRESS is a thunk that waits for the definition */
    /* Functions: entries of the same type that this one replaced; all jump to ADDRESS. */
    void **older;
    size_t older_count;
} symbol_t;

typedef struct symbol_table {
    symbol_t **slots; /* open addressing; capacity is a power of two */
    size_t capacity, count;
} symbol_table;

/* NULL if the name is not there. */
symbol_t *symbol_find(const symbol_table *table, const char *name);
/* Find or make; a new one is zero but for its name and image -1. NULL when memory is out. */
symbol_t *symbol_intern(symbol_table *table, const char *name);
void symbol_remove(symbol_table *table, const char *name);
/* Remember ADDRESS among the older entries. False when memory is out. */
bool symbol_add_older(symbol_t *symbol, void *address);
void symbol_table_free(symbol_table *table);

#endif
