/*
 * What the worker tells the front while a cell runs: displays, cleared output, questions, faults.
 *
 * All of it goes through the control socket. Displays and questions wait for the front's answer,
 * so that they keep their place among the bytes in the pipes. A process that a cell has forked
 * says nothing here: the session is its parent.
 */
#ifndef XTINYCC_EVENTS_H
#define XTINYCC_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct session session_t;

/* This process is the session now (at start and after a take-over). */
void events_adopt(void);

/* Install the callbacks of libnn (nb_host). */
void events_install(void);

/* Before each cell. */
void events_begin_cell(bool silent, bool stdin_allowed);

/* The value of a trailing expression. */
void events_result(const char *text, size_t size);

/* The process is about to die (run_hooks.died; signal-safe). */
void events_died(void *context, const char *name, const char *message, const char *trace);

typedef enum events_input {
    EVENTS_LINE,        /* *line is malloc'ed, without newline */
    EVENTS_EOF,
    EVENTS_NO_STDIN,
    EVENTS_INTERRUPTED  /* a signal came first, or the front withdrew the question */
} events_input;

/* Ask the user for one line. */
events_input events_ask(bool password, char **line);

/* True in the session's own process, false in one that a cell has forked. */
bool events_is_session(void);

#endif
