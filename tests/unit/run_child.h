/*
 * Run a cell in a forked child and tell how it ended, for the tests of faults and of Stop.
 */
#ifndef XTINYCC_TEST_RUN_CHILD_H
#define XTINYCC_TEST_RUN_CHILD_H

#include "run.h"

#include <sys/types.h>

typedef struct child_end {
    bool died; /* of a fault, and said so: name, message, trace. Else the report of run_cell */
    run_report report;
    int status;        /* of the process, as waitpid tells it */
    char output[4096]; /* stdout and stderr of the child */
    int value;         /* of the session's variable `value` behind the cell, if it came back */
    bool is_alive;     /* a further cell ran well behind it */
} child_end;

typedef struct child_options {
    const char *first;  /* a cell that is run before, or NULL */
    int stops;          /* how many interrupts the child gets, STOP_EVERY_MS apart */
    int burst;          /* of how many signals each consists, 0 for one */
    bool to_group;      /* its children get them, too */
    bool stop_first;    /* one comes before the cell is begun */
    bool survive;       /* as without a snapshot */
    bool is_main;       /* call main, not __cell */
} child_options;

/* The cell says that it has begun by `begin();`, then the first interrupt comes. */
enum { STOP_AFTER_MS = 30, STOP_EVERY_MS = 400 };

/* CELL is In[2], the first one In[1]. `#include <stdio.h>` and `int value;` come before them. */
void child_run(const char *cell, const child_options *options, child_end *end);

#endif
