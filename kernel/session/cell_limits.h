/*
 * What a cell may use: memory and time. Part of the session's state: rolls back with it.
 *
 * Memory is what the process may write to and nobody else sees (heap, variables): beyond the
 * limit, malloc returns NULL. Without a limit of the user's it is nine tenths of what this container
 * or machine has, so that a cell meets it before the system ends processes for want of memory.
 * Time is that of the clock on the wall, without waiting for the user's input; the front stops the
 * cell when it is over, as Stop does.
 */
#ifndef XTINYCC_CELL_LIMITS_H
#define XTINYCC_CELL_LIMITS_H

#include <stdint.h>
#include "wire.h"

/* Once per worker. */
void limits_begin(void);

/* Set the limit of memory in bytes; 0: as without one. Returns 0, or the least that is possible,
   in bytes. */
uint64_t limits_set_memory(uint64_t bytes);

/* Set the limit of time in milliseconds; 0: none. */
void limits_set_time(uint32_t milliseconds);
uint32_t limits_time(void);

/* One line about both, without newline. */
void limits_describe(wire_buf *out);

/* Memory that this container, or else the machine, has in all, in bytes; 0 if unknown. */
uint64_t limits_memory_total(void);

#endif
