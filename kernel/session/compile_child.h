/*
 * Compile in a disposable process.
 *
 * The zygote keeps one compile child that has made itself ready and waits (compile_child_main). The
 * worker sends it a request (compile_begin, compile_finish); it answers and ends, and the zygote
 * makes the next. A crash or endless loop of the compiler harms only the child.
 */
#ifndef XTINYCC_COMPILE_CHILD_H
#define XTINYCC_COMPILE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include "wire.h"

/* A request on its way. */
typedef struct compile_job {
    int answer; /* socket that brings the answer */
} compile_job;

typedef enum compile_end {
    COMPILE_ANSWERED,    /* the reply is complete */
    COMPILE_CRASHED,     /* the child died of a signal or broke off: reason filled in */
    COMPILE_INTERRUPTED, /* the user stopped the cell before it was compiled */
    COMPILE_IMPOSSIBLE   /* no process, no descriptors, no memory: reason filled in */
} compile_end;

/* Worker: send a request to the compile child, and TEXT, the file of the session's text, unless it
   is -1. Returns 0, or -1 (nothing is under way). */
int compile_begin(const wire_buf *request, int text, compile_job *job);

/* Worker: wait for the answer and end the job. *REPLY is malloc'ed when COMPILE_ANSWERED; else
   REASON holds one line. INTERRUPTED tells whether the user has asked to stop. */
compile_end compile_finish(compile_job *job, int (*interrupted)(void), char **reply,
                           size_t *reply_size, char *reason, size_t reason_size);

/* A copy of the job's descriptors in another process (the snapshot) is of no use: close it. */
void compile_abandon(compile_job *job);

/* Zygote, in the forked child: get ready, wait for one request, answer it, end. TEXT: the file of the
   session's text, probably; -1: not known. */
_Noreturn void compile_child_main(int text);

#endif
