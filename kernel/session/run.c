#include "run_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t STACK_SIZE = 8u << 20, STACK_GUARD = 1u << 30, PAGE = 4096;

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
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsp\n"
        "    callq *%rax\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size run__on_stack, . - run__on_stack\n");

/* A cell's function or its main, to be called on the cell's stack. */
typedef struct call {
    void (*function)(void);
    int (*main)(int, char **);
    int argc;
    char **argv;
    int result;
} call_t;

static void call_it(void *argument)
{
    call_t *call = argument;
    if (call->main)
        call->result = call->main(call->argc, call->argv);
    else
        call->function();
}

static void perform(call_t *call, int cell, run_report *report)
{
    run_state *state = &run__state;
    *report = (run_report){.end = RUN_DONE};
    state->cell = cell;
    state->report = report;
    if (sigsetjmp(state->leave, 1) == 0) {
        state->running = 1;
        run__on_stack(call_it, call, state->stack_end);
    }
    state->running = 0;
    state->pending = 0;
    state->report = NULL;
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
    call_t call = {.function = function};
    perform(&call, cell, report);
}

void run_main(int (*function)(int, char **), int argc, char **argv, int cell, run_report *report)
{
    call_t call = {.main = function, .argc = argc, .argv = argv};
    perform(&call, cell, report);
    if (report->end == RUN_DONE && call.result != 0) {
        report->end = RUN_RAISED;
        snprintf(report->name, sizeof report->name, "ExitStatus");
        snprintf(report->message, sizeof report->message, "main returned %d", call.result);
    }
}

void run_raise(const char *name, const char *message)
{
    run_report *report = run__state.report;
    snprintf(report->name, sizeof report->name, "%s", name);
    snprintf(report->message, sizeof report->message, "%s", message);
    run__leave(RUN_RAISED);
}

int run_interrupted(void)
{
    return run__state.pending;
}

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
        return true;
    }
    return false;
}

int run_init(loader_t *loader, const run_hooks *hooks, char *error, size_t error_size)
{
    run_state *state = &run__state;
    state->loader = loader;
    state->hooks = *hooks;
    if (!state->stack && !make_stack(state)) {
        snprintf(error, error_size, "no memory for the cell's stack");
        return -1;
    }
    run_adopt();
    return 0;
}

void run_adopt(void)
{
    run__state.thread = gettid();
    run__state.process = getpid();
}
