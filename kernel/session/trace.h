/*
 * The calls that led to a place: through cell code by its frame pointers, through library code by
 * the unwinder, or by looking for return addresses where a library cannot be unwound.
 *
 * Signal-safe, given that the unwinder's tables are looked up without locks (glibc 2.35 and
 * later); a damaged stack may fault in it, which trace_take survives.
 */
#ifndef XTINYCC_TRACE_H
#define XTINYCC_TRACE_H

#include "debug.h"
#include "run_internal.h"
#include "value_print.h"

enum { TRACE_FIRST = 12, TRACE_LAST = 4 };

/* A call in cell code. */
typedef struct trace_frame {
    uintptr_t pc;     /* where it is; for callers the return address */
    uintptr_t frame;  /* its frame pointer; 0 if unknown */
    uintptr_t stack;  /* stack pointer once the call that it made has returned */
    bool is_caller;   /* PC is a return address */
    bool over_library; /* what it called is library code */
} trace_frame;

typedef struct trace {
    trace_frame first[TRACE_FIRST]; /* the innermost */
    trace_frame last[TRACE_LAST];   /* ring of the outermost, entry N at N % TRACE_LAST */
    size_t depth;                   /* calls in cell code */
    /* Of the library frame nearest to the cell's start: the cell frame that called into it, and
       the library's code that it called (0 if unknown). DEPTH > 0 and OVER_LIBRARY tell whether
       there is one. */
    trace_frame library_caller;
    uintptr_t library_pc;
    bool over_library;
} trace_t;

/* Registers of the place to start at. */
typedef struct trace_start {
    uintptr_t pc, stack, frame;
} trace_start;

/* Follow the calls. The unwinder starts at the caller of this function, so START must be the
   context that the running signal handler interrupted, or a function that is being executed. */
void trace_take(trace_t *trace, const trace_start *start);

/* For fault handlers: if this thread faulted while it followed a stack, give that up; does not
   return then. */
bool trace_escape(void);

/* The library function that a frame has called, NULL if unknown (called through a pointer). */
const char *trace_called(const trace_frame *frame);

/* The innermost place in cell code. False if there is none. */
bool trace_place(const trace_t *trace, debug_place *place);

/* Append "sum() at In[3]:4", or "In[3]:4" for the cell's own statements. */
void trace_put_place(text_sink *sink, const debug_place *place);

/* Append lines "  In[3]:4  sum(p = NULL, n = 3), s = 0". */
void trace_put_lines(text_sink *sink, const trace_t *trace);

#endif
