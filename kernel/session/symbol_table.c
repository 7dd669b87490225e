#include "symbol_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static size_t hash(const char *name)
{
    uint64_t h = 14695981039346656037u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds NAME, or the free one where it belongs. The table is never full. */
static size_t slot_of(const symbol_table *table, const char *name)
{
    size_t mask = table->capacity - 1, i = hash(name) & mask;
    while (table->slots[i] && strcmp(table->slots[i]->name, name) != 0)
        i = (i + 1) & mask;
    return i;
}

symbol_t *symbol_find(const symbol_table *table, const char *name)
{
    return table->capacity ? table->slots[slot_of(table, name)] : NULL;
}

static bool grow(symbol_table *table)
{
    symbol_table bigger = {.capacity = table->capacity ? table->capacity * 2 : 64,
                           .count = table->count};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i])
            bigger.slots[slot_of(&bigger, table->slots[i]->name)] = table->slots[i];
    }
    free(table->slots);
    *table = bigger;
    return true;
}

symbol_t *symbol_intern(symbol_table *table, const char *name)
{
    symbol_t *symbol = symbol_find(table, name);
    if (symbol)
        return symbol;
    if (table->count * 2 >= table->capacity && !grow(table))
        return NULL;
    symbol = calloc(1, sizeof *symbol);
    if (!symbol || !(symbol->name = strdup(name))) {
        free(symbol);
        return NULL;
    }
    symbol->image = -1;
    table->slots[slot_of(table, name)] = symbol;
    table->count++;
    return symbol;
}

static void destroy(symbol_t *symbol)
{
    if (symbol) {
        free(symbol->older);
        free(symbol->name);
        free(symbol);
    }
}

void symbol_remove(symbol_table *table, const char *name)
{
    if (!symbol_find(table, name))
        return;
    size_t mask = table->capacity - 1, i = slot_of(table, name);
    destroy(table->slots[i]);
    table->slots[i] = NULL;
    table->count--;
    /* Those that were pushed behind the freed slot must be found without it. */
    for (i = (i + 1) & mask; table->slots[i]; i = (i + 1) & mask) {
        symbol_t *moved = table->slots[i];
        table->slots[i] = NULL;
        table->slots[slot_of(table, moved->name)] = moved;
    }
}

bool symbol_add_older(symbol_t *symbol, void *address)
{
    void **older = realloc(symbol->older, (symbol->older_count + 1) * sizeof *older);
    if (!older)
        return false;
    older[symbol->older_count++] = address;
    symbol->older = older;
    return true;
}

void symbol_table_free(symbol_table *table)
{
    for (size_t i = 0; i < table->capacity; i++)
        destroy(table->slots[i]);
    free(table->slots);
    *table = (symbol_table){0};
}
