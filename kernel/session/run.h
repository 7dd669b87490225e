/*
 * Run code of a cell on its own stack, and say how it ended.
 *
 * The stack has 8 MB with 1 GB of inaccessible address space below. Faults are reported by a
 * handler on an alternate stack, which sends the report through run_hooks.died and then lets the
 * process die (the zygote wakes the snapshot). Errors raised by the library, Stop and exit(0) come
 * back by a jump to run_cell().
 */
#ifndef XTINYCC_RUN_H
#define XTINYCC_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include "loader.h"

typedef enum run_end {
    RUN_DONE,        /* returned */
    RUN_RAISED,      /* an error of the cell, effects kept: name, message, place filled in */
    RUN_INTERRUPTED, /* KeyboardInterrupt, effects kept: name, message, place filled in */
    RUN_EXITED       /* exit(0): the cell is over, effects kept */
} run_end;

typedef struct run_report {
    run_end end;
    char name[64];      /* "ValueError", "KeyboardInterrupt", "ExitStatus" */
    char message[4096]; /* one or two lines */
    char trace[8192];   /* "  In[3]:4  sum(p = NULL, n = 3), s = 0" lines; "" if there are none */
} run_report;

typedef struct run_hooks {
    void *context;
    /* The process is about to die of a fault or of exit(n). Called in a signal handler: must only
       send. NAME "SIGSEGV", MESSAGE one line, TRACE lines. */
    void (*died)(void *context, const char *name, const char *message, const char *trace);
} run_hooks;

/* Once per worker (again after a take-over: run_adopt). Installs handlers and the cell stack, and
   interposes what cells must not call directly (exit, abort, fork, wait, ...). */
int run_init(loader_t *loader, const run_hooks *hooks, char *error, size_t error_size);
void run_adopt(void);

/* Run FUNCTION(). main_symbol: its int result n, if not 0, is ExitStatus n with effects kept. */
void run_cell(void (*function)(void), int cell, run_report *report);
void run_main(int (*function)(int, char **), bool has_status, int argc, char **argv, int cell,
              run_report *report);

/* Constructors of a unit run inside of loader_load(), as a cell does. If one did not return, this
   tells how it ended, once; false if there is nothing to tell. */
bool run_take_constructor_report(run_report *report);

/* Raise an error of the cell from inside it (nb_host.raise). Does not return. */
void run_raise(const char *name, const char *message);

/* Nonzero once an interrupt is pending (nb_host.interrupted; also the poll after each statement:
   the symbol __nb_poll of every unit). An interrupt that comes before run_cell() stays pending and
   ends it at once. */
int run_interrupted(void);
/* As if Stop's signal had come already: the front has said that it is on its way. */
void run_expect_interrupt(void);
/* Forget one that came too late, or before the cell. */
void run_forget_interrupts(void);

/* Whether the process may die of a fault (the default), because a snapshot will take its place.
   If not, a fault ends only the cell, and its message says that memory may be damaged. */
void run_let_die(bool may_die);

/* Call what cells gave to atexit(), the last first: when the session ends in order. */
void run_exit_functions(void);

#endif
