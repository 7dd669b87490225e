#include "trace.h"

#include "memory_read.h"

#include <string.h>
#include <unistd.h>
#include <unwind.h>

enum {
    RBP = 6,                 /* of the unwinder */
    SCAN_LIMIT = 64 << 10,   /* bytes of stack searched for a return address */
    DEPTH_LIMIT = 4 << 20    /* frames; an 8 MB stack holds fewer */
};

/* Where a jump leads if the stack is so damaged that following it faults. */
static sigjmp_buf escape;
static volatile sig_atomic_t guarded; /* the thread that follows a stack, or 0 */

static bool on_cell_stack(uintptr_t address)
{
    return address >= (uintptr_t)run__state.stack && address < (uintptr_t)run__state.stack_end;
}

/* A word of some stack. The cell's own is known to be there. */
static bool read_word(uintptr_t address, uintptr_t *word)
{
    if (on_cell_stack(address) && (address & 7) == 0) {
        *word = *(const uintptr_t *)address;
        return true;
    }
    return memory_read(word, (const void *)address, sizeof *word) == sizeof *word;
}

/* Is this the address behind a call instruction of cell code? */
static bool is_return_address(uintptr_t address)
{
    const loader_t *loader = run__state.loader;
    if (!loader_is_text(loader, (const void *)(address - 7)) ||
        !loader_is_text(loader, (const void *)address))
        return false;
    const unsigned char *code = (const unsigned char *)address;
    bool is_call = code[-5] == 0xe8 || (code[-2] == 0xff && (code[-1] & 0x38) == 0x10) ||
                   (code[-3] == 0xff && (code[-2] & 0x38) == 0x10) ||
                   (code[-6] == 0xff && (code[-5] & 0x38) == 0x10) ||
                   (code[-7] == 0xff && (code[-6] & 0x38) == 0x10);
    debug_place place;
    return is_call && debug_locate(loader, address - 1, &place);
}

static void add_frame(trace_t *trace, const trace_frame *frame)
{
    if (trace->depth < TRACE_FIRST)
        trace->first[trace->depth] = *frame;
    trace->last[trace->depth % TRACE_LAST] = *frame;
    trace->depth++;
}

/* --- Through a library by the unwinder ---------------------------------------------------- */

typedef struct unwinding {
    trace_frame found;
    uintptr_t library_pc; /* of the frame seen before */
    bool ok;
} unwinding_t;

static _Unwind_Reason_Code see_frame(struct _Unwind_Context *context, void *argument)
{
    unwinding_t *unwinding = argument;
    int before = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &before);
    if (!loader_is_text(run__state.loader, (const void *)pc)) {
        unwinding->library_pc = pc;
        return _URC_NO_REASON;
    }
    unwinding->ok = is_return_address(pc);
    unwinding->found = (trace_frame){
        .pc = pc,
        .frame = (uintptr_t)_Unwind_GetGR(context, RBP),
        .stack = (uintptr_t)_Unwind_GetCFA(context),
        .is_caller = true,
        .over_library = true,
    };
    return _URC_NORMAL_STOP;
}

static bool unwind_library(unwinding_t *unwinding)
{
    *unwinding = (unwinding_t){0};
    _Unwind_Backtrace(see_frame, unwinding);
    return unwinding->ok;
}

/* --- Through a library by search ---------------------------------------------------------- */

/* Could this be the frame pointer of cell code whose call's return address is stored at SLOT? */
static bool is_frame_of(uintptr_t frame, uintptr_t slot)
{
    uintptr_t above;
    if (frame <= slot || (frame & 7) != 0 || frame - slot > (uintptr_t)8 << 20)
        return false;
    if (frame == run__state.entry_frame)
        return true;
    return read_word(frame + 8, &above) &&
           (is_return_address(above) || !on_cell_stack(frame) ||
            (above > 4096 && !on_cell_stack(above) &&
             !loader_is_data(run__state.loader, (const void *)above)));
}

static bool search_library(uintptr_t stack, uintptr_t frame, trace_frame *found)
{
    stack = (stack + 7) & ~(uintptr_t)7;
    if (stack >= (uintptr_t)run__state.stack_guard && stack < (uintptr_t)run__state.stack)
        stack = (uintptr_t)run__state.stack;
    for (uintptr_t slot = stack; slot - stack < SCAN_LIMIT; slot += 8) {
        uintptr_t word;
        if (!read_word(slot, &word))
            return false;
        if (!is_return_address(word))
            continue;
        *found = (trace_frame){.pc = word, .stack = slot + 8, .is_caller = true,
                               .over_library = true};
        if (is_frame_of(frame, slot)) {
            found->frame = frame;
            return true;
        }
        /* The library saved the frame pointer somewhere below, where it was called. */
        for (uintptr_t at = slot - 8; at >= stack; at -= 8) {
            uintptr_t saved;
            if (read_word(at, &saved) && is_frame_of(saved, slot)) {
                found->frame = saved;
                return true;
            }
        }
        return true;
    }
    return false;
}

/* --- Following ---------------------------------------------------------------------------- */

/* Where the return address lies while a function sets up its frame; false once it has done so.
   The system compiler puts instructions of its own between those that do it, and functions that
   call nothing may have no frame at all. */
static bool find_entry_slot(uintptr_t start, uintptr_t pc, uintptr_t stack, uintptr_t *slot)
{
    enum { PROLOGUE = 24 };
    static const unsigned char move[3] = {0x48, 0x89, 0xe5}; /* mov %rsp, %rbp */
    const unsigned char *code = (const unsigned char *)start, *end = (const unsigned char *)pc;
    bool pushed = false;
    for (; code < end; code++) {
        if (end - code >= 3 && memcmp(code, move, sizeof move) == 0)
            return false;
        pushed |= *code == 0x55 && (uintptr_t)code - start < PROLOGUE; /* push %rbp */
    }
    *slot = pushed ? stack + 8 : stack;
    return true;
}

/* Before `push %rbp; mov %rsp, %rbp` has been executed, and at `ret`, the caller's frame is still
   in force. */
static bool caller_of_frameless(const trace_frame *at, uintptr_t stack, trace_frame *caller)
{
    debug_place place;
    if (at->is_caller || !debug_locate(run__state.loader, at->pc, &place))
        return false;
    uintptr_t slot;
    if (*(const unsigned char *)at->pc == 0xc3)
        slot = stack;
    else if (!find_entry_slot(place.start, at->pc, stack, &slot))
        return false;
    *caller = (trace_frame){.frame = at->frame, .stack = slot + 8, .is_caller = true};
    return read_word(slot, &caller->pc);
}

static void note_library(trace_t *trace, const trace_frame *caller, uintptr_t library_pc)
{
    trace->over_library = true;
    trace->library_caller = *caller;
    trace->library_pc = library_pc;
}

static void follow(trace_t *trace, const trace_start *start)
{
    trace_frame at = {.pc = start->pc, .frame = start->frame, .stack = start->stack};
    debug_place place;
    if (!debug_locate(run__state.loader, start->pc, &place)) {
        unwinding_t unwinding;
        bool known = unwind_library(&unwinding);
        if (known)
            at = unwinding.found;
        else if (!search_library(start->stack, start->frame, &at))
            return;
        note_library(trace, &at, known ? unwinding.library_pc : start->pc);
    }
    while (trace->depth < DEPTH_LIMIT) {
        add_frame(trace, &at);
        trace_frame caller;
        bool frameless = caller_of_frameless(&at, start->stack, &caller);
        if (!frameless) {
            if (at.frame == 0 || at.frame == run__state.entry_frame)
                return;
            caller = (trace_frame){.stack = at.frame + 16, .is_caller = true};
            if (!read_word(at.frame, &caller.frame) || !read_word(at.frame + 8, &caller.pc))
                return;
        }
        if (!is_return_address(caller.pc)) {
            /* Called back by a library, or the cell's entry. */
            uintptr_t library_pc = caller.pc;
            if (at.frame == run__state.entry_frame ||
                !search_library(caller.stack, caller.frame, &caller))
                return;
            note_library(trace, &caller, library_pc);
        }
        bool up = caller.frame > at.frame || (frameless && caller.frame == at.frame);
        if (caller.frame && !up && on_cell_stack(at.frame))
            return; /* frames only go up */
        at = caller;
    }
}

void trace_take(trace_t *trace, const trace_start *start)
{
    memset(trace, 0, sizeof *trace);
    if (guarded) { /* another thread is at it, or this one has been interrupted while at it */
        follow(trace, start);
        return;
    }
    if (sigsetjmp(escape, 1) == 0) {
        guarded = gettid();
        follow(trace, start);
    }
    guarded = 0;
}

bool trace_escape(void)
{
    if (guarded == 0 || guarded != gettid())
        return false;
    guarded = 0; /* should the jump itself fault, the next fault ends the process */
    siglongjmp(escape, 1);
}

const char *trace_called(const trace_frame *frame)
{
    return loader_called_name(run__state.loader, (const void *)frame->pc);
}

/* --- Text --------------------------------------------------------------------------------- */

static uintptr_t code_address(const trace_frame *frame)
{
    return frame->is_caller ? frame->pc - 1 : frame->pc;
}

bool trace_place(const trace_t *trace, debug_place *place)
{
    size_t count = trace->depth < TRACE_FIRST ? trace->depth : TRACE_FIRST;
    for (size_t i = 0; i < count; i++) {
        if (debug_locate(run__state.loader, code_address(&trace->first[i]), place) &&
            *place->file != '<')
            return true;
    }
    return false;
}

static void put_line(text_sink *sink, const debug_place *place)
{
    sink_text(sink, place->file);
    sink_text(sink, ":");
    sink_signed(sink, place->line);
}

void trace_put_place(text_sink *sink, const debug_place *place)
{
    if (strcmp(place->function, "cell") != 0) {
        sink_text(sink, place->function);
        sink_text(sink, "() at ");
    }
    put_line(sink, place);
}

static void put_frame(text_sink *sink, const trace_frame *frame)
{
    debug_place place;
    if (!debug_locate(run__state.loader, code_address(frame), &place))
        return;
    if (*place.file == '<')
        return; /* inline functions of the library's headers: "<string>" */
    char text[400];
    size_t length = 0;
    if (frame->frame)
        length = debug_frame_text(run__state.loader, &place, code_address(frame), frame->frame,
                                  text, sizeof text);
    bool is_cell = strcmp(place.function, "cell") == 0;
    sink_text(sink, "  ");
    put_line(sink, &place);
    sink_text(sink, "  ");
    sink_text(sink, place.function);
    if (length == 0) {
        sink_text(sink, is_cell ? "" : "()");
    } else if (is_cell) {
        sink_put(sink, text + 1, length - 1); /* without the parenthesis of its parameters */
    } else {
        sink_text(sink, "(");
        sink_put(sink, text, length);
    }
    sink_text(sink, "\n");
}

void trace_put_lines(text_sink *sink, const trace_t *trace)
{
    size_t shown = trace->depth < TRACE_FIRST ? trace->depth : TRACE_FIRST;
    for (size_t i = 0; i < shown; i++)
        put_frame(sink, &trace->first[i]);
    if (trace->depth == shown)
        return;
    size_t left = trace->depth - shown;
    size_t tail = left < TRACE_LAST ? left : TRACE_LAST;
    if (left > tail) {
        sink_text(sink, "  ... ");
        sink_unsigned(sink, left - tail);
        sink_text(sink, " more calls ...\n");
    }
    for (size_t i = trace->depth - tail; i < trace->depth; i++)
        put_frame(sink, &trace->last[i % TRACE_LAST]);
}
