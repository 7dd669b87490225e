/*
 * The whole interface of the session room: run one cell from text to reply.
 *
 * The worker loop (worker.c) owns the processes and the wire; it calls these functions and gives
 * them the means to compile in a child and to send events. A session lives in the worker's private
 * memory and so rolls back with it.
 */
#ifndef XTINYCC_SESSION_H
#define XTINYCC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lang.h"
#include "loader.h"
#include "run.h"
#include "wire.h"

typedef struct session session_t;

typedef enum session_compiled {
    SESSION_COMPILED,    /* *reply is the compile child's answer */
    SESSION_NO_ANSWER,   /* the compiler crashed or could not run: reason filled in */
    SESSION_STOPPED,     /* the user stopped the cell before it ran */
    SESSION_COPY_WOKEN   /* this process is the snapshot, woken: give up the cell at once */
} session_compiled;

/* What the session needs from the process it lives in. */
typedef struct session_means {
    void *context;
    /* Answer a lang request in a compile child, and take the cell's snapshot meanwhile (once a
       cell). TEXT: the session's text, lang_file(). *REPLY is malloc'ed. */
    session_compiled (*compile)(void *context, const wire_buf *request, int text, char **reply,
                                size_t *reply_size, char *reason, size_t reason_size);
    /* Take the cell's snapshot now, for what is not compiled. False: this process is the snapshot,
       woken. */
    bool (*snapshot)(void *context);
    /* Publish the value of the trailing expression. */
    void (*result)(void *context, const char *text, size_t size);
    /* Change how much of a cell's output is shown; 0: all of it. */
    void (*output_limit)(void *context, uint64_t bytes);
    /* Go back to the snapshot before the last cell: ends this process, or returns false when no
       snapshot is left. */
    bool (*undo)(void *context);
    /* End this process in favour of a new, empty worker. */
    void (*reset)(void *context);
    /* How many snapshots are kept; false switches them off (-1), on again, or sets a number. */
    void (*keep_snapshots)(void *context, int count);
    /* One line about the snapshots. */
    void (*describe_snapshots)(void *context, wire_buf *out);
} session_means;

typedef struct session_cell {
    const char *code;
    size_t size;
    int number;
    lang_mode mode;
    bool silent;
    const char *native; /* see lang_cell */
} session_cell;

/* How a cell ended. Texts are malloc'ed. */
typedef struct session_reply {
    bool ok;
    char *ename, *evalue, *traceback; /* NULL when ok */
    bool no_trace; /* nothing of the cell was run or declared: its snapshot is of no use */
} session_reply;

typedef struct session_options {
    lang_options lang;
    const char *helpers; /* libtcc1.a */
    session_means means;
    run_hooks hooks;
} session_options;

/* NULL on failure, one line in ERROR. */
session_t *session_create(const session_options *options, char *error, size_t error_size);
void session_free(session_t *session);

/* Run a cell. False: this process is a woken snapshot, the reply is empty. */
bool session_execute(session_t *session, const session_cell *cell, session_reply *reply);
void session_reply_free(session_reply *reply);

/* Make the session forget a name (%rm): as lang_forget. */
int session_forget(session_t *session, const char *name);
lang_t *session_lang(const session_t *session);
loader_t *session_loader(session_t *session);

/* Compile and run C text, inside a magic or without any. Returns as session_execute. */
bool session_run_text(session_t *session, const session_cell *cell, session_reply *reply);
/* What %cflags and %include-dir have set: options for the system compiler, and folders for
   #include, one a line. Setting copies. Returns 0, or -1 when memory is out. */
const char *session_flags(const session_t *session);
int session_set_flags(session_t *session, const char *flags);
const char *session_folders(const session_t *session);
int session_add_folder(session_t *session, const char *folder);
/* Set the words behind argv[0] of a main in a cell. Returns 0, or -1 when memory is out. */
int session_set_arguments(session_t *session, const char *words);
const session_means *session_get_means(const session_t *session);

/* Fill in an error reply: NAME, one line of MESSAGE, further lines of TRACE (may be ""). */
void session_fail(session_reply *reply, const char *name, const char *message, const char *trace);
/* One dim line under the cell, unless it is silent. */
void session_note(const session_cell *cell, const char *text);

#endif
