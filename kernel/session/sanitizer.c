#include "sanitizer.h"

#ifdef __SANITIZE_ADDRESS__

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* The worker's own stack, while a cell's is in use. */
static const void *own_stack;
static size_t own_size;
static bool is_entered;

void sanitizer_enter_stack(void *stack, size_t size)
{
    void *saved;
    __sanitizer_start_switch_fiber(&saved, stack, size);
    __sanitizer_finish_switch_fiber(saved, &own_stack, &own_size);
    is_entered = true;
}

void sanitizer_leave_stack(void *stack, size_t size)
{
    void *saved;
    if (!is_entered)
        return;
    is_entered = false;
    __sanitizer_start_switch_fiber(&saved, own_stack, own_size);
    __sanitizer_finish_switch_fiber(saved, NULL, NULL);
    __asan_unpoison_memory_region(stack, size);
}

void *sanitizer_find(const char *name)
{
    static const char *const beginnings[] = {"mem", "str", "wcs", "wmem"};
    static void *libc;
    if (!libc)
        libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    for (size_t i = 0; libc && i < sizeof beginnings / sizeof *beginnings; i++) {
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return dlsym(libc, name);
    }
    return NULL;
}

/*
 * Defaults of every program that runs cells. Damage to the heap raises SIGABRT, as glibc's own
 * checks do, so that it is reported with the place in the cell. Memory that cells leave behind is
 * theirs; programs that want leaks reported say so (ASAN_OPTIONS=detect_leaks=1).
 */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:detect_leaks=0";
}

#endif
