/*
 * Stop: leave a cell that runs, without harm to what it was doing.
 *
 * Code of cells can be left anywhere. A library cannot: it may hold a lock, or be half-way through
 * the heap. So when the signal arrives in a library, or in cell code that a library has called
 * back, a breakpoint goes to where the library returns into cell code, and the cell is left there.
 *
 * libnn's long calls see the interrupt themselves and return what they have. Their statement is
 * completed first, so that `history_t *h = model_fit(...)` is assigned: from the return on, the
 * code runs step by step until the statement is over.
 *
 * Breakpoints are bytes in the session's text. Everything here runs in signal handlers on the
 * cell's thread; another thread that meets such a byte waits until it is gone.
 */
#include "run_internal.h"

#include "trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 250,     /* how long a library may take to return from a callback */
    STEP_LIMIT = 2000,     /* instructions from libnn's return to the end of its statement */
    BREAKPOINT = 0xcc,     /* int3 */
    STEP_FLAG = 0x100      /* TF */
};

typedef enum stop_goal {
    GOAL_LEAVE,    /* leave the cell there */
    GOAL_FORCE,    /* the same, out of a library's callback, which is said */
    GOAL_COMPLETE, /* complete the statement first */
} stop_goal;

/* The only breakpoint. */
static struct {
    unsigned char *volatile address; /* NULL if there is none */
    unsigned char original;
    uintptr_t stack; /* stack pointer of the call that is waited for */
    stop_goal goal;
} point;

/* Instructions are being stepped: to the end of the statement, or once past the breakpoint. */
static int steps;
static bool passing;
static uintptr_t step_from;
/* Where the call was that the statement had waited for. */
static trace_t waited;

static uintptr_t libnn_start, libnn_end;
static int timer = -1; /* of the kernel */

/* --- Breakpoint --------------------------------------------------------------------------- */

static void put_byte(unsigned char *address, unsigned char byte)
{
    arena_t *arena = &run__state.loader->arena;
    if (arena_unlock_text(arena))
        *address = byte;
    arena_lock_text(arena);
}

static void clear_point(void)
{
    if (point.address)
        put_byte(point.address, point.original);
    point.address = NULL;
}

static void set_point(uintptr_t address, uintptr_t stack, stop_goal goal)
{
    clear_point();
    point.original = *(unsigned char *)address;
    point.stack = stack;
    point.goal = goal;
    point.address = (unsigned char *)address;
    put_byte((unsigned char *)address, BREAKPOINT);
}

static void set_timer(long milliseconds)
{
    if (timer < 0) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMAX};
        event._sigev_un._tid = run__state.thread;
        if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0) {
            timer = -1;
            return;
        }
    }
    struct itimerspec when = {.it_value.tv_nsec = milliseconds * 1000000,
                              .it_interval.tv_nsec = milliseconds * 1000000};
    syscall(SYS_timer_settime, timer, 0, &when, NULL);
}

static void drop_timer(void)
{
    if (timer >= 0)
        syscall(SYS_timer_delete, timer);
    timer = -1;
}

void stop_clear(void)
{
    clear_point();
    drop_timer();
    steps = 0;
    passing = false;
}

/* --- Leaving ------------------------------------------------------------------------------ */

/* Say where the cell was, and leave it. FORCED: by a jump out of a library function. */
static _Noreturn void leave(const trace_t *trace, bool forced)
{
    run_state *state = &run__state;
    run_report *report = state->report;
    stop_clear();
    if (state->wish == RUN_RAISED)
        *report = state->foreign;
    if (state->wish == RUN_INTERRUPTED) {
        text_sink message = {.out = report->message, .size = sizeof report->message - 1};
        text_sink lines = {.out = report->trace, .size = sizeof report->trace - 1};
        debug_place place;
        strcpy(report->name, "KeyboardInterrupt");
        if (!trace || !trace_place(trace, &place)) {
            sink_text(&message, "stopped");
        } else {
            sink_text(&message, strcmp(place.function, "cell") == 0 ? "stopped at " :
                                                                     "stopped in ");
            trace_put_place(&message, &place);
            trace_put_lines(&lines, trace);
        }
        if (forced) {
            const char *called = trace_called(&trace->library_caller);
            sink_text(&message, ", jumping out of ");
            sink_text(&message, called ? called : "a library function");
            sink_text(&message, called ? "(), which had not returned: what it held is lost" :
                                         ", which had not returned: what it held is lost");
        }
        report->message[message.used] = '\0';
        report->trace[lines.used] = '\0';
    }
    run__leave((run_end)state->wish);
}

static bool is_libnn(uintptr_t pc)
{
    return pc >= libnn_start && pc < libnn_end;
}

static void take(trace_t *trace, const ucontext_t *context)
{
    const greg_t *registers = context->uc_mcontext.gregs;
    trace_take(trace, &(trace_start){.pc = (uintptr_t)registers[REG_RIP],
                                     .stack = (uintptr_t)registers[REG_RSP],
                                     .frame = (uintptr_t)registers[REG_RBP]});
}

/* Leave the cell now, or arrange for it. */
static void answer(const ucontext_t *context)
{
    trace_t trace;
    take(&trace, context);
    if (trace.depth == 0)
        return; /* not in the cell's code yet, or no more: perform() asks */
    if (!trace.over_library)
        leave(&trace, false);
    bool completes = is_libnn(trace.library_pc);
    waited.depth = 0;
    set_point(trace.library_caller.pc, trace.library_caller.stack,
              completes ? GOAL_COMPLETE : GOAL_LEAVE);
    if (!completes)
        set_timer(PATIENCE_MS);
}

/* The library has not returned in time. If it waits for a callback, do not wait for it. */
static void insist(const ucontext_t *context)
{
    trace_t trace;
    if (!point.address || point.goal != GOAL_LEAVE)
        return;
    take(&trace, context);
    if (trace.depth == 0)
        return;
    if (!trace.over_library || !trace.first[0].over_library)
        leave(&trace, trace.over_library);
    /* A library that the callback has called comes first; if there is no callback, it is the one
       that is waited for already. */
    if (trace.first[0].pc != trace.library_caller.pc ||
        trace.first[0].stack != trace.library_caller.stack)
        set_point(trace.first[0].pc, trace.first[0].stack, GOAL_FORCE);
}

/* --- Completing a statement --------------------------------------------------------------- */

/* Length of the call instruction at CODE as TinyCC writes it: to a place, through a register, or
   through memory relative to a register or to the code. 0 if it is none. */
static size_t call_size(const unsigned char *code)
{
    size_t prefix = (code[0] & 0xf0) == 0x40;
    code += prefix;
    if (code[0] == 0xe8)
        return prefix + 5;
    if (code[0] != 0xff || (code[1] & 0x38) != 0x10)
        return 0;
    unsigned mode = code[1] >> 6, base = code[1] & 7;
    size_t size = prefix + 2 + (mode != 3 && base == 4);
    return size + (mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0);
}

/* Inline functions of the library's headers check what the library has returned. */
static bool is_header(const debug_place *place)
{
    return *place->file == '<';
}

typedef enum step_kind {
    STEP_ON,   /* execute the instruction */
    STEP_OVER, /* it is a call: go on behind it */
    STEP_DONE  /* the statement is over */
} step_kind;

static step_kind kind_of_call(const debug_place *place, const unsigned char *code)
{
    debug_place callee;
    int32_t distance = 0;
    if (code[0] == 0xe8)
        memcpy(&distance, code + 1, sizeof distance);
    uintptr_t target = (uintptr_t)code + 5 + (uintptr_t)(intptr_t)distance;
    bool is_inner = distance && debug_locate(run__state.loader, target, &callee);
    if (is_inner && is_header(&callee))
        return STEP_ON;
    if (is_header(place))
        return STEP_OVER;
    /* TinyCC copies structures so. */
    const char *name = loader_called_name(run__state.loader, code + 5);
    bool is_copying = name && (strcmp(name, "memmove") == 0 || strcmp(name, "memcpy") == 0 ||
                               strcmp(name, "memset") == 0);
    return is_copying ? STEP_OVER : STEP_DONE;
}

static step_kind kind_of_step(const debug_place *place, uintptr_t pc)
{
    const unsigned char *code = (const unsigned char *)pc;
    bool goes_back = pc <= step_from && step_from < place->end && step_from >= place->start;
    if (++steps > STEP_LIMIT)
        return STEP_DONE;
    if (!is_header(place) &&
        (goes_back || debug_is_line(run__state.loader, place, pc)))
        return STEP_DONE;
    return call_size(code) ? kind_of_call(place, code) : STEP_ON;
}

/* Before the instruction at which the context stands. */
static void step(ucontext_t *context)
{
    greg_t *registers = context->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)registers[REG_RIP];
    debug_place place;
    trace_t trace;
    registers[REG_EFL] &= ~(greg_t)STEP_FLAG;
    if (!debug_locate(run__state.loader, pc, &place)) {
        steps = 0;
        answer(context); /* returned to a library, or the cell is over */
        return;
    }
    switch (kind_of_step(&place, pc)) {
    case STEP_DONE:
        /* Name the line of the call, not the one behind it, unless its function has returned. */
        take(&trace, context);
        leave(waited.depth > 0 && waited.first[0].frame == trace.first[0].frame ? &waited : &trace,
              false);
    case STEP_OVER:
        steps = 0;
        set_point(pc + call_size((const unsigned char *)pc), (uintptr_t)registers[REG_RSP],
                  GOAL_COMPLETE);
        break;
    case STEP_ON:
        step_from = pc;
        registers[REG_EFL] |= STEP_FLAG;
        break;
    }
}

/* --- Signals ------------------------------------------------------------------------------ */

/* The breakpoint has been hit at the right depth. */
static void reach(ucontext_t *context)
{
    stop_goal goal = point.goal;
    clear_point();
    if (goal == GOAL_COMPLETE) {
        if (!waited.depth) {
            take(&waited, context);
            waited.first[0].is_caller = true; /* the call is the instruction before */
        }
        steps = 1;
        step_from = 0;
        step(context);
        return;
    }
    trace_t trace;
    take(&trace, context);
    leave(&trace, goal == GOAL_FORCE);
}

bool stop_trap(ucontext_t *context)
{
    greg_t *registers = context->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)registers[REG_RIP];
    if (gettid() != run__state.thread || run__in_child()) {
        const unsigned char *at = (const unsigned char *)pc - 1;
        if (!loader_is_text(run__state.loader, at))
            return false;
        for (int i = 0; i < 10000 && point.address == at && !run__in_child(); i++)
            sched_yield();
        if (point.address == at)
            clear_point(); /* in a fork of the cell, where nobody else will */
        else if (*at == BREAKPOINT)
            return false; /* the user's own */
        registers[REG_RIP] = (greg_t)(pc - 1);
        return true;
    }
    if (passing) { /* one instruction past a breakpoint that was met too early */
        passing = false;
        registers[REG_EFL] &= ~(greg_t)STEP_FLAG;
        if (point.address)
            put_byte(point.address, BREAKPOINT);
        return true;
    }
    if (steps > 0) {
        step(context);
        return true;
    }
    if (!point.address || pc - 1 != (uintptr_t)point.address)
        return false;
    registers[REG_RIP] = (greg_t)(pc - 1);
    if ((uintptr_t)registers[REG_RSP] == point.stack) {
        reach(context);
        return true;
    }
    /* The same place in another call of the function, above the library. */
    put_byte(point.address, point.original);
    passing = true;
    registers[REG_EFL] |= STEP_FLAG;
    return true;
}

void stop_poll(void)
{
    if (!run__state.pending || !run__in_cell())
        return;
    trace_t trace;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    trace_take(&trace, &(trace_start){.pc = (uintptr_t)stop_poll, .stack = here, .frame = here});
    leave(&trace, false);
}

static void on_stop(int number, siginfo_t *info, void *context)
{
    (void)number;
    int saved = errno;
    run_state *state = &run__state;
    if (trace_escape())
        return;
    if (run__in_child()) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    } else if (gettid() != state->thread) {
        tgkill(state->process, state->thread, SIGINT);
    } else {
        /* A thread of the user's has said what it wishes before it sent this. */
        bool is_ours = info->si_code == SI_TKILL && info->si_pid == state->process;
        if (!is_ours || !state->pending)
            state->wish = RUN_INTERRUPTED;
        state->pending = 1;
        if (state->running && steps == 0 && !passing)
            answer(context);
    }
    errno = saved;
}

static void on_timer(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    int saved = errno;
    if (run__in_cell() && run__state.pending && steps == 0 && !passing)
        insist(context);
    errno = saved;
}

/* --- Setting up --------------------------------------------------------------------------- */

static int find_libnn(struct dl_phdr_info *info, size_t size, void *argument)
{
    uintptr_t inside = *(uintptr_t *)argument;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) && inside >= start &&
            inside - start < part->p_memsz) {
            libnn_start = start;
            libnn_end = start + part->p_memsz;
            return 1;
        }
    }
    return 0;
}

void stop_install(void)
{
    uintptr_t inside = (uintptr_t)dlsym(RTLD_DEFAULT, "nb_interrupted");
    if (inside)
        dl_iterate_phdr(find_libnn, &inside);
    struct sigaction action = {.sa_sigaction = on_stop, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGRTMAX);
    sigaction(SIGINT, &action, NULL);
    /* Without SA_RESTART: when Stop came just before a system call that waits, this ends it. */
    action.sa_sigaction = on_timer;
    sigaddset(&action.sa_mask, SIGINT);
    sigaction(SIGRTMAX, &action, NULL);
}
