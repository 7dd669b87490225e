#include "run_internal.h"

#include "sanitizer.h"
#include "trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t STACK_SIZE = 8u << 20, STACK_GUARD = 1u << 30, PAGE = 4096;
static const size_t SIGNAL_STACK_SIZE = 256u << 10;

run_state run__state;

__asm__(".text\n"
        ".p2align 4\n"
        ".globl run__on_stack\n"
        ".hidden run__on_stack\n"
        ".type run__on_stack, @function\n"
        "run__on_stack:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    movq %rdi, %rax\n"
        "    movl %esi, %edi\n"
        "    movq %rdx, %rsi\n"
        "    movq %r8, %rdx\n"
        "    movq %rcx, %rsp\n"
        "    callq *%rax\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size run__on_stack, . - run__on_stack\n");

/* --- Running ------------------------------------------------------------------------------ */

/* Cells may have changed the stack of signal handlers. */
static void set_signal_stack(const run_state *state)
{
    stack_t stack = {.ss_sp = state->signal_stack, .ss_size = SIGNAL_STACK_SIZE};
    sigaltstack(&stack, NULL);
}

/* Call FUNCTION, the cell's own, a constructor or main. Returns its result, for main. */
static int perform(void (*function)(void), int argc, char **argv, int cell, run_report *report)
{
    run_state *state = &run__state;
    volatile int result = 0;
    *report = (run_report){.end = RUN_DONE};
    state->cell = cell;
    state->report = report;
    state->refused = 0;
    set_signal_stack(state);
    if (sigsetjmp(state->leave, 1) == 0) {
        state->running = 1;
        stop_poll();
        sanitizer_enter_stack(state->stack, STACK_SIZE);
        errno = state->error;
        result = run__on_stack(function, argc, argv, state->stack_end, environ);
        state->error = errno;
        sanitizer_leave_stack(state->stack, STACK_SIZE);
        if (run__in_child()) {
            fflush(NULL);
            _exit(0);
        }
        stop_poll(); /* for a Stop that the last statement has seen through */
    }
    state->running = 0;
    if (report->end != RUN_DONE) /* one behind the last poll ends what the cell does next */
        state->pending = 0;
    state->report = NULL;
    stop_clear();
    sanitizer_leave_stack(state->stack, STACK_SIZE);
    return result;
}

_Noreturn void run__leave(run_end end)
{
    run_state *state = &run__state;
    state->running = 0;
    state->report->end = end;
    siglongjmp(state->leave, 1);
}

void run_cell(void (*function)(void), int cell, run_report *report)
{
    perform(function, 0, NULL, cell, report);
}

void run_main(int (*function)(int, char **), bool has_status, int argc, char **argv, int cell,
              run_report *report)
{
    int result = perform((void (*)(void))function, argc, argv, cell, report);
    if (report->end == RUN_DONE && has_status && result != 0) {
        report->end = RUN_RAISED;
        snprintf(report->name, sizeof report->name, "ExitStatus");
        snprintf(report->message, sizeof report->message, "main returned %d", result);
    }
}

static void run_constructor(void (*function)(void), int cell)
{
    run_state *state = &run__state;
    run_report report;
    if (state->constructor_failed)
        return; /* the ones behind it do not run, as in a program that exits */
    perform(function, 0, NULL, cell, &report);
    if (report.end != RUN_DONE) {
        state->constructor_failed = true;
        state->constructor = report;
    }
}

bool run_take_constructor_report(run_report *report)
{
    run_state *state = &run__state;
    if (!state->constructor_failed)
        return false;
    state->constructor_failed = false;
    *report = state->constructor;
    return true;
}

/* --- Errors ------------------------------------------------------------------------------- */

bool run__in_child(void)
{
    return getpid() != run__state.process;
}

bool run__in_cell(void)
{
    return run__state.running && !run__in_child() && gettid() == run__state.thread;
}

_Noreturn void run__end_from_thread(run_end end)
{
    run_state *state = &run__state;
    if (state->running) {
        state->wish = end;
        state->pending = 1;
        tgkill(state->process, state->thread, SIGINT);
    }
    pthread_exit(NULL);
}

/* Without a cell to end: say it and end what there is to end. */
static _Noreturn void raise_outside(const char *name, const char *message)
{
    dprintf(STDERR_FILENO, "%s: %s\n", name, message);
    if (run__in_child())
        _exit(1);
    if (gettid() == run__state.thread)
        _exit(70); /* the snapshot goes on */
    run_report *report = &run__state.foreign;
    snprintf(report->name, sizeof report->name, "%s", name);
    snprintf(report->message, sizeof report->message, "%s (in a thread of the cell)", message);
    run__end_from_thread(RUN_RAISED);
}

void run_raise(const char *name, const char *message)
{
    if (!run__in_cell())
        raise_outside(name, message);
    run_report *report = run__state.report;
    snprintf(report->name, sizeof report->name, "%s", name);
    snprintf(report->message, sizeof report->message, "%s", message);
    trace_t trace;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    trace_take(&trace, &(trace_start){.pc = (uintptr_t)run_raise, .stack = here, .frame = here});
    text_sink sink = {.out = report->trace, .size = sizeof report->trace - 1};
    trace_put_lines(&sink, &trace);
    report->trace[sink.used] = '\0';
    run__leave(RUN_RAISED);
}

void run__die(const char *name, const char *message, const char *trace, int number, int status)
{
    run_state *state = &run__state;
    if (state->survive_faults && run__in_cell()) {
        run_report *report = state->report;
        snprintf(report->name, sizeof report->name, "%s", name);
        snprintf(report->message, sizeof report->message,
                 "%s; there was no snapshot to go back to, so memory may be damaged", message);
        snprintf(report->trace, sizeof report->trace, "%s", trace);
        run__leave(RUN_RAISED);
    }
    if (state->hooks.died)
        state->hooks.died(state->hooks.context, name, message, trace);
    if (status >= 0)
        _exit(status);
    /* Whoever reaps the process shall see the signal; it is delivered once unblocked. */
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    tgkill(getpid(), gettid(), number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    _exit(128 + number);
}

int run_interrupted(void)
{
    return run__state.pending;
}

void run_expect_interrupt(void)
{
    if (!run__in_cell() || run__state.pending)
        return;
    run__state.wish = RUN_INTERRUPTED;
    run__state.pending = 1;
}

void run_forget_interrupts(void)
{
    run__state.pending = 0;
}

void run_let_die(bool may_die)
{
    run__state.survive_faults = !may_die;
}

/* --- Setting up --------------------------------------------------------------------------- */

/* Reserve the cell's stack; less guard where address space is short. */
static bool make_stack(run_state *state)
{
    for (size_t guard = STACK_GUARD; guard >= PAGE; guard /= 4) {
        char *base = mmap(NULL, guard + STACK_SIZE + PAGE, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED)
            continue;
        if (mprotect(base + guard, STACK_SIZE, PROT_READ | PROT_WRITE) != 0) {
            munmap(base, guard + STACK_SIZE + PAGE);
            return false;
        }
        state->stack_guard = base;
        state->stack = base + guard;
        state->stack_end = state->stack + STACK_SIZE;
        /* Its return address and its saved frame pointer lie above it. */
        state->entry_frame = (uintptr_t)state->stack_end - 16;
        return true;
    }
    return false;
}

static bool make_signal_stack(run_state *state)
{
    void *stack = mmap(NULL, SIGNAL_STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    state->signal_stack = stack == MAP_FAILED ? NULL : stack;
    return state->signal_stack != NULL;
}

int run_init(loader_t *loader, const run_hooks *hooks, char *error, size_t error_size)
{
    run_state *state = &run__state;
    state->loader = loader;
    state->hooks = *hooks;
    loader->run_constructor = run_constructor;
    if ((!state->stack && !make_stack(state)) ||
        (!state->signal_stack && !make_signal_stack(state))) {
        snprintf(error, error_size, "no memory for the cell's stack");
        return -1;
    }
    if (!interpose_install(loader)) {
        snprintf(error, error_size, "memory is out");
        return -1;
    }
    run_adopt();
    fault_install();
    stop_install();
    return 0;
}

void run_adopt(void)
{
    run__state.thread = gettid();
    run__state.process = getpid();
    run__state.pending = 0;
    set_signal_stack(&run__state);
}
