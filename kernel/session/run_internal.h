/*
 * What the files behind run.h share: the state of the running cell. There is one per process,
 * since signal handlers must find it.
 */
#ifndef XTINYCC_RUN_INTERNAL_H
#define XTINYCC_RUN_INTERNAL_H

#include "loader_internal.h"
#include "run.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/types.h>

typedef struct run_state {
    loader_t *loader;
    run_hooks hooks;
    /* The cell's stack: [stack_guard, stack) and [stack_end, stack_end + a page) are
       inaccessible. */
    char *stack_guard, *stack, *stack_end;
    pid_t thread;  /* the only thread that runs cells */
    pid_t process; /* forks of the cell have another */
    int cell;
    run_report *report;
    sigjmp_buf leave;
    volatile sig_atomic_t running; /* a jump to LEAVE is possible */
    volatile sig_atomic_t pending; /* an interrupt waits to be answered */
} run_state;

extern run_state run__state;

/* Call FUNCTION(ARGUMENT) with the stack pointer at TOP (16-aligned). */
void run__on_stack(void (*function)(void *), void *argument, void *top);

/* Leave the cell with what the report says. The caller has checked that it runs on the cell's
   thread while a cell is running. */
_Noreturn void run__leave(run_end end);

#endif
