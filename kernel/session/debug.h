/*
 * Read the stabs of loaded units: where an address is, which variables a frame holds, what type an
 * object has. Everything is kept in the session and rolls back with it. No allocation and no
 * stdio in the functions marked (signal-safe): they run in a fault handler.
 */
#ifndef XTINYCC_DEBUG_H
#define XTINYCC_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loader.h"

/* A place in a cell. */
typedef struct debug_place {
    const char *function; /* "cell" for the cell's own statements */
    const char *file;     /* "In[3]" */
    int line;             /* 1-based */
    uintptr_t start, end; /* the function's code */
} debug_place;

/* Find the function and line of an address in cell text (signal-safe). False if unknown. */
bool debug_locate(const loader_t *loader, uintptr_t address, debug_place *place);

/* Write "p = NULL, n = 3), s = 0, i = 0"-like lists of a frame's parameters and locals
   (signal-safe; memory is read with process_vm_readv). Returns the length, cut at SIZE. */
size_t debug_frame_text(const loader_t *loader, const debug_place *place, uintptr_t pc,
                        uintptr_t frame, char *out, size_t size);

/* Does a line of the function at PLACE begin at this address (signal-safe)? */
bool debug_is_line(const loader_t *loader, const debug_place *place, uintptr_t address);

#endif
