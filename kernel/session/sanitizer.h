/*
 * What the address sanitizer must be told. Code of cells is not instrumented, but frames of the
 * library on the cell's stack are: it must know that this stack is in use, and what a jump out of
 * such frames leaves behind must be wiped off. In other builds all this is nothing.
 */
#ifndef XTINYCC_SANITIZER_H
#define XTINYCC_SANITIZER_H

#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
/* Around the run of a cell; both are called on the worker's own stack. Leaving is nothing if the
   stack has not been entered, or has been left. */
void sanitizer_enter_stack(void *stack, size_t size);
void sanitizer_leave_stack(void *stack, size_t size);
/* The library's own function where the sanitizer has put one that judges what it is given: cells
   shall fault as they do without a sanitizer. NULL for all others. */
void *sanitizer_find(const char *name);
#else
static inline void sanitizer_enter_stack(void *stack, size_t size)
{
    (void)stack;
    (void)size;
}

static inline void sanitizer_leave_stack(void *stack, size_t size)
{
    (void)stack;
    (void)size;
}

static inline void *sanitizer_find(const char *name)
{
    (void)name;
    return NULL;
}
#endif

#endif
