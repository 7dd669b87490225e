/*
 * What a sanitizer must be told about the cell's stack. Code of cells is not instrumented, but the
 * library's frames on that stack are, and a jump out of them leaves their marks behind.
 */
#ifndef XTINYCC_SANITIZER_H
#define XTINYCC_SANITIZER_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
static inline void sanitizer_forget_stack(void *stack, size_t size)
{
    __asan_unpoison_memory_region(stack, size);
}
#else
static inline void sanitizer_forget_stack(void *stack, size_t size)
{
    (void)stack;
    (void)size;
}
#endif

#endif
