/*
 * Magics: lines that begin with `%`, `!` or `?`, and `name?`. They stand before the C of a cell;
 * `%%name` on the first line takes the whole cell.
 */
#ifndef XTINYCC_MAGIC_H
#define XTINYCC_MAGIC_H

#include "session.h"

/* One call of a magic. */
typedef struct magic_call {
    session_t *session;
    const session_cell *cell;
    const char *name;      /* without its percent signs */
    const char *arguments; /* the rest of its line, blanks at both ends removed */
    const char *body;      /* `%%name`: the lines below, at their own line numbers; else NULL */
    session_reply *reply;  /* filled in on errors */
} magic_call;

/* Returns false if this process is a woken snapshot: give up the cell at once. */
typedef bool (*magic_function)(const magic_call *call);

/*
 * Run the magics at the start of a cell. *REST gets the cell's text behind them, malloc'ed, at the
 * line numbers that it has in the cell; NULL if nothing is left to run or a magic failed.
 * Returns false if this process is a woken snapshot.
 */
bool magic_run(session_t *session, const session_cell *cell, session_reply *reply, char **rest);

/* Whether a cell begins with a magic. */
bool magic_begins(const char *code, size_t size);

/* Print to the cell's stdout, unless it is silent. */
void magic_print(const magic_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An error of the cell: "%name: what is wrong". */
void magic_fail(const magic_call *call, const char *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* magic_state.c: the session's states and its output */
bool magic_undo(const magic_call *call);
bool magic_reset(const magic_call *call);
bool magic_snapshot(const magic_call *call);
bool magic_output_limit(const magic_call *call);
bool magic_limit(const magic_call *call);

/* magic_time.c */
bool magic_time(const magic_call *call);
bool magic_timeit(const magic_call *call);
int magic_time_install(loader_t *loader); /* what %timeit's loops call */

/* magic_names.c: what the session knows */
bool magic_who(const magic_call *call);
bool magic_rm(const magic_call *call);
bool magic_source(const magic_call *call);
bool magic_describe(const magic_call *call);

/* magic_system.c: the process and the world around it */
bool magic_cd(const magic_call *call);
bool magic_env(const magic_call *call);
bool magic_args(const magic_call *call);
bool magic_link(const magic_call *call);
bool magic_load_library(const magic_call *call, const char *name); /* false: the reply says why */
bool magic_file(const magic_call *call);
bool magic_run_file(const magic_call *call);
bool magic_shell(const magic_call *call);

/* magic_compile.c: how a cell is compiled */
bool magic_native(const magic_call *call);
bool magic_flags(const magic_call *call);
bool magic_standard(const magic_call *call);
bool magic_folder(const magic_call *call);
bool magic_package(const magic_call *call);

#endif
