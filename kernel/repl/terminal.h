/*
 * The host's events on a terminal: output as it comes, values and displays as text.
 */
#ifndef XTINYCC_TERMINAL_H
#define XTINYCC_TERMINAL_H

#include <stdbool.h>
#include "host.h"

typedef struct terminal {
    host_t *host;
    bool prompts;       /* show "Out[N]: " before values */
    int number;         /* of the cell that runs */
    bool at_line_start; /* of stdout */
} terminal;

host_events terminal_events(void);

/* Start a session, with the signals blocked as the host wants it and SIGINT stopping the cell that
   runs. NULL: one line was written to stderr. */
host_t *terminal_start(terminal *t);

/* Run one cell and print its error. Returns 0 (ok), 1 (an error), -1 (the session is gone). */
int terminal_execute(terminal *t, const char *code, size_t size, int number);

/* Let SIGINT interrupt a read of this thread (true) or stop the cell (false). */
void terminal_read_interrupts(bool on);
/* Whether SIGINT came since the reads were opened for it. */
bool terminal_was_interrupted(void);

#endif
