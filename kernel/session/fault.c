/*
 * Faults: say what went wrong, where and how it came there, then let the process die.
 *
 * Everything below on_fault runs in a signal handler: no stdio, no allocation, no locks.
 */
#include "run_internal.h"

#include "memory_read.h"
#include "trace.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, NULL_LIMIT = 4096, SHALLOW = 200 };

/* The error code that the processor pushes for a page fault. */
enum { ACCESS_WRITE = 2, ACCESS_FETCH = 16, TRAP_PAGE_FAULT = 14 };

/* Why SIGABRT comes, when cell code has called for it; "" otherwise. */
static char abort_reason[600];

typedef struct fault {
    int number;
    const siginfo_t *info;
    const greg_t *registers;
    trace_t trace;
    const char *name; /* "SIGSEGV", "StackOverflow" */
    bool is_jump;     /* to where there is no code */
    text_sink message;
} fault_t;

/* --- Words -------------------------------------------------------------------------------- */

static const char *signal_name(int number)
{
    switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGABRT: return "SIGABRT";
    case SIGSYS: return "SIGSYS";
    default: return "SIGTRAP";
    }
}

/* " in f() at In[3]:4", " at In[3]:4", " in strlen(), called by f() at In[3]:4". */
static void put_where(fault_t *fault)
{
    text_sink *sink = &fault->message;
    const trace_t *trace = &fault->trace;
    debug_place place;
    if (!trace_place(trace, &place)) {
        sink_text(sink, run__state.running ? " (outside of any cell's code)"
                                           : " (in the kernel itself, between cells)");
        return;
    }
    bool in_function = strcmp(place.function, "cell") != 0;
    trace_frame top_frame = trace->first[0], *top = &top_frame;
    if (fault->is_jump) /* made by the cell's own code */
        top->over_library = false;
    const char *called = top->over_library ? trace_called(top) : NULL;
    if (called) {
        sink_text(sink, " in ");
        sink_text(sink, called);
        sink_text(sink, in_function ? "(), called by " : "(), called at ");
    } else if (top->over_library) {
        sink_text(sink, in_function ? " in a library function called by "
                                    : " in a library function called at ");
    } else {
        sink_text(sink, in_function ? " in " : " at ");
    }
    trace_put_place(sink, &place);
}

/* --- Memory ------------------------------------------------------------------------------- */

static void put_access(fault_t *fault, const char *verb, uintptr_t address)
{
    sink_text(&fault->message, verb);
    sink_text(&fault->message, " address ");
    sink_pointer(&fault->message, address);
    put_where(fault);
}

/* A NULL pointer often is memory that was asked for and not given. */
static void put_refused(fault_t *fault)
{
    text_sink *sink = &fault->message;
    if (run__state.refused == 0 || !run__in_cell())
        return;
    sink_text(sink, "; memory is out: ");
    sink_unsigned(sink, run__state.refused);
    sink_text(sink, " bytes were asked for and not given (%limit shows the limit)");
}

static void put_stack_overflow(fault_t *fault)
{
    text_sink *sink = &fault->message;
    fault->name = "StackOverflow";
    sink_text(sink, "stack overflow");
    put_where(fault);
    sink_text(sink, ", ");
    sink_unsigned(sink, fault->trace.depth);
    sink_text(sink, fault->trace.depth == 1 ? " call deep" : " calls deep");
    sink_text(sink, fault->trace.depth < SHALLOW
                        ? "; the local variables do not fit into the 8 MB of the stack: use "
                          "malloc, or an array outside of the function"
                        : "; does the recursion end?");
}

static void put_jump(fault_t *fault, uintptr_t address)
{
    text_sink *sink = &fault->message;
    fault->is_jump = true;
    if (address < NULL_LIMIT) {
        sink_text(sink, "NULL pointer: call of a function pointer that is ");
        if (address == 0)
            sink_text(sink, "NULL");
        else
            sink_pointer(sink, address);
    } else {
        sink_text(sink, "jump to ");
        sink_pointer(sink, address);
        sink_text(sink, loader_is_data(run__state.loader, (void *)address)
                            ? ", which is data" : ", where there is no code");
    }
    put_where(fault);
}

static bool is_in_arena(uintptr_t address)
{
    const arena_t *arena = &run__state.loader->arena;
    return address >= (uintptr_t)arena->base && address - (uintptr_t)arena->base < arena->size;
}

static void describe_segv(fault_t *fault)
{
    text_sink *sink = &fault->message;
    const run_state *state = &run__state;
    uintptr_t address = (uintptr_t)fault->info->si_addr;
    greg_t error = fault->registers[REG_ERR];
    if (fault->registers[REG_TRAPNO] != TRAP_PAGE_FAULT) {
        sink_text(sink, "use of a pointer whose value is no address (never set, or overwritten?)");
        put_where(fault);
        return;
    }
    if (error & ACCESS_FETCH) {
        put_jump(fault, address);
        return;
    }
    const char *verb = error & ACCESS_WRITE ? "write to" : "read of";
    if (address >= (uintptr_t)state->stack_guard && address < (uintptr_t)state->stack) {
        put_stack_overflow(fault);
        return;
    }
    if (address >= (uintptr_t)state->stack_end && address - (uintptr_t)state->stack_end < PAGE) {
        put_access(fault, verb, address);
        sink_text(sink, ", above the stack: an array on it was overrun");
    } else if (address < NULL_LIMIT) {
        sink_text(sink, "NULL pointer: ");
        put_access(fault, verb, address);
        put_refused(fault);
    } else if (loader_is_text(state->loader, (void *)address)) {
        put_access(fault, verb, address);
        sink_text(sink, ", which is code");
    } else if (is_in_arena(address)) {
        put_access(fault, verb, address);
        sink_text(sink, ", outside of all variables: an index out of range?");
    } else if (fault->info->si_code == SEGV_ACCERR) {
        put_access(fault, verb, address);
        sink_text(sink, error & ACCESS_WRITE
                            ? ", which is read-only (of a data set, tensor_copy() gives a copy "
                              "to write to)"
                            : ", which is not readable");
    } else {
        put_access(fault, verb, address);
        sink_text(sink, ", where there is no memory");
    }
}

/* --- Arithmetic --------------------------------------------------------------------------- */

static greg_t register_value(const greg_t *registers, unsigned number)
{
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                  REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                  REG_R12, REG_R13, REG_R14, REG_R15};
    return registers[order[number & 15]];
}

/* The processor tells a zero divisor from a quotient too large only by the operand. */
static bool divisor_is_zero(const greg_t *registers)
{
    unsigned char code[8] = {0};
    memory_read(code, (const void *)registers[REG_RIP], sizeof code);
    const unsigned char *at = code;
    bool is_short = *at == 0x66;
    at += is_short;
    unsigned rex = (*at & 0xf0) == 0x40 ? *at++ : 0;
    bool is_divide = (at[0] == 0xf7 || at[0] == 0xf6) && (at[1] & 0x30) == 0x30;
    if (!is_divide || (at[1] & 0xc0) != 0xc0)
        return true; /* a divisor in memory; zero is what happens */
    uint64_t value = (uint64_t)register_value(registers, (at[1] & 7) | (rex & 1) << 3);
    unsigned bits = at[0] == 0xf6 ? 8 : rex & 8 ? 64 : is_short ? 16 : 32;
    return bits == 64 ? value == 0 : (value & ((UINT64_C(1) << bits) - 1)) == 0;
}

static void describe_fpe(fault_t *fault)
{
    if (fault->info->si_code != FPE_INTDIV)
        sink_text(&fault->message, "floating-point exception");
    else if (divisor_is_zero(fault->registers))
        sink_text(&fault->message, "integer division by zero");
    else
        sink_text(&fault->message, "integer division whose result does not fit (the smallest "
                                   "integer by -1)");
    put_where(fault);
}

/* --- abort() ------------------------------------------------------------------------------ */

static bool is_allocator(const char *name)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "free", "posix_memalign",
                                        "aligned_alloc", "strdup", "fclose", "fopen", "printf"};
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static void describe_abort(fault_t *fault)
{
    text_sink *sink = &fault->message;
    if (*abort_reason) {
        sink_text(sink, abort_reason);
        put_where(fault);
        return;
    }
    const trace_frame *top = &fault->trace.first[0];
    const char *called =
        fault->trace.depth > 0 && top->over_library ? trace_called(top) : NULL;
    if (is_allocator(called)) {
        sink_text(sink, "the C library found damaged memory");
        put_where(fault);
        sink_text(sink, "; the damage may be older: %undo goes back further");
    } else {
        sink_text(sink, "aborted");
        put_where(fault);
    }
}

/* --- Reporting ---------------------------------------------------------------------------- */

static void describe(fault_t *fault)
{
    text_sink *sink = &fault->message;
    bool is_sent = fault->info->si_code <= 0 && fault->number != SIGABRT;
    if (is_sent) {
        sink_text(sink, "sent to the session by a program (kill or raise)");
        put_where(fault);
        return;
    }
    switch (fault->number) {
    case SIGSEGV:
        describe_segv(fault);
        break;
    case SIGBUS:
        put_access(fault, fault->registers[REG_ERR] & ACCESS_WRITE ? "write to" : "read of",
                   (uintptr_t)fault->info->si_addr);
        sink_text(sink, ", behind the end of a mapped file, or the memory has run out");
        break;
    case SIGFPE:
        describe_fpe(fault);
        break;
    case SIGABRT:
        describe_abort(fault);
        break;
    case SIGILL:
        sink_text(sink, "illegal instruction, or __builtin_trap()");
        put_where(fault);
        break;
    case SIGSYS:
        sink_text(sink, "a system call that is forbidden here");
        put_where(fault);
        break;
    default:
        sink_text(sink, "breakpoint instruction");
        put_where(fault);
        break;
    }
}

void fault_report(int number, const siginfo_t *info, const ucontext_t *context)
{
    static fault_t fault; /* too large for the stack of signal handlers */
    static char message[2000], lines[8000];
    const greg_t *registers = context->uc_mcontext.gregs;
    fault = (fault_t){.number = number, .info = info, .registers = registers,
                      .name = signal_name(number),
                      .message = {.out = message, .size = sizeof message - 1}};
    trace_take(&fault.trace, &(trace_start){.pc = (uintptr_t)registers[REG_RIP],
                                            .stack = (uintptr_t)registers[REG_RSP],
                                            .frame = (uintptr_t)registers[REG_RBP]});
    describe(&fault);
    message[fault.message.used] = '\0';
    text_sink text = {.out = lines, .size = sizeof lines - 1};
    trace_put_lines(&text, &fault.trace);
    lines[text.used] = '\0';
    run__die(fault.name, message, lines, number, -1);
}

void fault_expect_abort(const char *reason)
{
    text_sink sink = {.out = abort_reason, .size = sizeof abort_reason - 1};
    sink_text(&sink, reason);
    abort_reason[sink.used] = '\0';
}

static void die_plainly(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static void on_fault(int number, siginfo_t *info, void *argument)
{
    static volatile sig_atomic_t reporting;
    if (trace_escape())
        return;
    if (number == SIGTRAP && stop_trap(argument))
        return;
    if (run__in_child() || reporting) {
        die_plainly(number);
        return;
    }
    reporting = 1;
    fault_report(number, info, argument);
    reporting = 0;
}

void fault_install(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGRTMAX); /* the timer of stop.c */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}
