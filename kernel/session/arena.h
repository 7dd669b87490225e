/*
 * The address space that cells' code and data live in.
 *
 * One reservation in two parts, so that everything in it is within reach of 32-bit displacements:
 * text (read and execute; writable only between arena_unlock_text and arena_lock_text) and data
 * (read and write; pages are accessible only as far as they are used, so that code that runs off
 * the end of the newest object soon faults). Both only grow; a mark taken before a load lets a
 * failed one be undone.
 */
#ifndef XTINYCC_ARENA_H
#define XTINYCC_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct arena {
    char *base; /* of the reservation */
    size_t size;
    char *text, *text_top, *text_open, *text_end; /* open: end of the pages made accessible */
    char *data, *data_top, *data_open, *data_end;
} arena_t;

typedef struct arena_mark {
    char *text_top, *data_top;
} arena_mark;

/* Reserve the address space, less than wished for where a limit forces it. False if there is
   not even room for a small session. */
bool arena_init(arena_t *arena);
void arena_destroy(arena_t *arena);

/* Zeroed memory; ALIGN is a power of two. NULL when the part is full or memory is out. Text must
   be unlocked. */
void *arena_alloc_text(arena_t *arena, size_t size, size_t align);
void *arena_alloc_data(arena_t *arena, size_t size, size_t align);

/* Give back, zeroed, what was allocated since the mark. Text must be unlocked. */
arena_mark arena_save(const arena_t *arena);
void arena_restore(arena_t *arena, arena_mark mark);

/* Make all used text writable, and read-only again. Threads of the user that run meanwhile go on,
   unless the system forbids memory that is writable and executable at once. Both are single
   system calls, so signal handlers may use them. */
bool arena_unlock_text(arena_t *arena);
void arena_lock_text(arena_t *arena);

static inline bool arena_has_text(const arena_t *arena, const void *address)
{
    return (const char *)address >= arena->text && (const char *)address < arena->text_top;
}

static inline bool arena_has_data(const arena_t *arena, const void *address)
{
    return (const char *)address >= arena->data && (const char *)address < arena->data_top;
}

#endif
