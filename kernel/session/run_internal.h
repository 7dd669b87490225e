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
#include <ucontext.h>

typedef struct run_state {
    loader_t *loader;
    run_hooks hooks;
    /* The cell's stack: [stack_guard, stack) and [stack_end, stack_end + a page) are
       inaccessible. */
    char *stack_guard, *stack, *stack_end;
    char *signal_stack;    /* of the cell's thread */
    uintptr_t entry_frame; /* frame pointer of the function that the cell begins with */
    pid_t thread;          /* the only thread that runs cells */
    pid_t process;         /* forks of the cell have another */
    int cell;
    run_report *report;
    sigjmp_buf leave;
    volatile sig_atomic_t running; /* a jump to LEAVE is possible */
    volatile sig_atomic_t pending; /* an interrupt waits to be answered */
    /* How the pending interrupt shall end the cell: RUN_INTERRUPTED for Stop; a thread of the
       user's may wish RUN_EXITED, or RUN_RAISED with what FOREIGN says. */
    volatile sig_atomic_t wish;
    run_report foreign;
    bool survive_faults; /* no snapshot would take over */
    int error;      /* errno as the last cell left it: the next may ask for it */
    size_t refused; /* bytes that malloc last had not got for the cell */
    bool constructor_failed;
    run_report constructor;
} run_state;

extern run_state run__state;

/* Call FUNCTION(ARGC, ARGV, ENVIRONMENT) with the stack pointer at TOP (16-aligned). */
int run__on_stack(void (*function)(void), int argc, char **argv, void *top, char **environment);

/* Leave the cell with what the report says. The caller has checked that it runs on the cell's
   thread while a cell is running. */
_Noreturn void run__leave(run_end end);

/* Is this the thread, in the process of the session, that runs a cell? */
bool run__in_cell(void);
/* A fork made by a cell? */
bool run__in_child(void);

/* End the cell from a thread of the user's: as soon as the cell's own thread can. Does not
   return. */
_Noreturn void run__end_from_thread(run_end end);

/* Report and die, or leave the cell if the process must not die. STATUS: the exit status of the
   process, or -1 to be killed by signal NUMBER. */
void run__die(const char *name, const char *message, const char *trace, int number, int status);

/* fault.c: install the handlers of faults. */
void fault_install(void);
/* The handler's work: a signal that ends the cell. */
void fault_report(int number, const siginfo_t *info, const ucontext_t *context);
/* abort() and the failure of an assertion, called by cell code, for the report of SIGABRT. */
void fault_expect_abort(const char *reason);

/* stop.c: install the handler of Stop. */
void stop_install(void);
/* Called on SIGTRAP. False if it has nothing to do with Stop. */
bool stop_trap(ucontext_t *context);
/* Leave the cell as the pending interrupt wishes, if there is one and it can. */
void stop_poll(void);
/* A cell begins or has ended: no breakpoint may be left. */
void stop_clear(void);

/* interpose.c */
bool interpose_install(loader_t *loader);

#endif
