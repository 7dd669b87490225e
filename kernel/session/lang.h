/*
 * What a cell of C means: from text to a unit that can be loaded, and the session's memory of it.
 *
 * lang_t is the session's text: headers in force, types, macros, externs and prototypes in the
 * order they were made. It lives in the worker and so rolls back with it. Splitting, classifying
 * and compiling never run in the worker: lang_pack() writes one request, lang_compile() answers it
 * in a disposable compile child (forked by the zygote), lang_unpack() reads the answer and
 * lang_commit() makes what the cell declared part of the session, after the unit was loaded.
 *
 * Everything here is a function of its arguments: no globals, no output, no signal handling.
 */
#ifndef XTINYCC_LANG_H
#define XTINYCC_LANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire.h"

typedef struct lang lang_t;

typedef struct lang_options {
    const char *runtime_dir; /* share/xeus-tinycc: prelude, TinyCC's include/ and libtcc1.a */
    const char *notebook_include; /* folder that holds notebook.h, nn/ and nb/ */
} lang_options;

/* Returns NULL only when memory is out. */
lang_t *lang_create(const lang_options *options);
void lang_free(lang_t *lang);

/* Expand the default headers and notebook.h once, in the zygote before it forks anything, and keep
   the text in memory that every compile child inherits. Returns 0, or -1 with a line in ERROR. */
int lang_prepare(const lang_options *options, char *error, size_t error_size);

typedef enum lang_mode {
    LANG_CELL,       /* a cell as typed */
    LANG_EXPRESSION  /* one expression, value wanted (user_expressions, expect-state) */
} lang_mode;

typedef struct lang_cell {
    const char *text;
    size_t size;
    int number; /* N of In[N] */
    lang_mode mode;
    /* The cell's second part (see lang_unit.rest): how many of its items have run, and the array
       sizes that could not be known before. */
    size_t done;
    const int64_t *sizes;
    size_t size_count;
    /* Options of the system compiler, "" for none: the cell goes to it. NULL: TinyCC, if it can. */
    const char *native;
    const char *flags;   /* options that the system compiler always gets; may be NULL */
    const char *folders; /* for #include, one a line; may be NULL */
} lang_cell;

/* Write the request for the compile child. WITH_TEXT: the session's text is part of it; else the
   child has to lang_read() it. */
void lang_pack(const lang_t *lang, const lang_cell *cell, bool with_text, wire_buf *request);
/* The session's text as a file, its descriptor one of the engine's; -1: no memory or descriptor is
   left. A file never changes: of a new text there is a new file. */
int lang_file(lang_t *lang);
/* Compile child only: read the session's text from such a file, if it is not the one read last. */
void lang_read(int file);

/* Compile child only: have all ready that does not depend on the request, so that lang_compile()
   can do what most cells need in this very process. Else it forks for the compiler. */
void lang_warm(void);
/* Compile child only: answer a request. Never fails to write a reply, short of a crash. Returns
   false if, after lang_warm(), a fresh process must do it: REPLY is then the request to send. */
bool lang_compile(const void *request, size_t size, wire_buf *reply);

/* How the loader must bind a symbol that the unit defines. */
typedef enum lang_bind {
    LANG_BIND_NEW,  /* new storage or code; the name now means this one */
    LANG_BIND_SAME, /* object of the same type as before: keep the old storage, set it to zero */
    LANG_BIND_PATCH /* function of the same type: new code; all older entries jump to it */
} lang_bind;

typedef struct lang_symbol {
    const char *name; /* as in the object's symbol table */
    bool is_function;
    lang_bind bind;
} lang_symbol;

/* The answer of lang_compile, read. Pointers are into the reply. */
typedef struct lang_unit {
    bool ok;
    /* ok == false: an error of the cell (CompileError, NativeUnavailable, ...). */
    const char *ename, *evalue, *traceback; /* one line; full text with ANSI colours */
    /* ok == true */
    const void *object; /* an ELF relocatable object with stabs; may be empty (size 0) */
    size_t object_size;
    /* What the system compiler made of the cell, to be loaded behind OBJECT, which then holds only
       the cell's objects and the type of its value; empty (size 0) for TinyCC's cells. */
    const void *native;
    size_t native_size;
    const char *entry;  /* function `void ENTRY(void)` to run, "" if there is nothing to run */
    const char *main;   /* "main" or "void main" if the cell defined it, else "" */
    lang_symbol *symbols;
    size_t symbol_count;
    /* The value to show: SHOWN names a static pointer in the entry function whose stab type is
       "pointer to the value's type"; SHOWN_ADDRESS names a file-scope `void *` that the entry
       function sets to the value's address when it is reached. "" if nothing is to be shown. */
    const char *shown, *shown_address;
    bool shown_is_table; /* model, tensor, history, ...: call display() on it, see notebook.h */
    /* Lines for stderr (dim): redefinitions, names taken from headers, ... */
    const char **notes;
    size_t note_count;
    /* Magic instead of C (%who, %undo, ...): its words; empty for C. */
    const char *magic, *magic_arguments;
    /* An array at top level has a size that only the code before it knows. This unit ends there:
       run it, then ask again with lang_cell.done = REST_DONE and the SIZE_COUNT numbers that it
       left in its int64_t array SIZES; the number behind them is 1 if the code was reached. */
    bool rest;
    size_t rest_done, size_count;
    const char *sizes;
    const void *delta; /* what lang_commit() adds; opaque */
    size_t delta_size;
} lang_unit;

/* Returns 0, or -1 if the reply is damaged (the child died half-way). Free with lang_unit_free. */
int lang_unpack(const void *reply, size_t size, lang_unit *unit);
void lang_unit_free(lang_unit *unit);

/* Make the cell's declarations part of the session. Returns 0, or -1 when memory is out. */
int lang_commit(lang_t *lang, const lang_unit *unit);

/* Take what NAME means out of the session's text: a header's or nobody's meaning returns. What was
   made with it stays. Returns 1, 0 if no cell has defined the name, or -1 when memory is out. */
int lang_forget(lang_t *lang, const char *name);

/* The type of an object or function of the session as its declaration spells it, without the name:
   "int (int v)". malloc'ed; NULL if there is none. *CELL gets the number of the cell that declared
   it last; else it stays. */
char *lang_declared_type(const lang_t *lang, const char *name, int *cell);

/* Editor services (pure; may run in the worker). See host.h for their meaning. */
typedef struct lang_matches {
    char **text, **type;
    size_t count, start, end;
} lang_matches;
int lang_completions(const lang_t *lang, const char *code, size_t size, size_t cursor,
                     lang_matches *out);
void lang_matches_free(lang_matches *matches);
char *lang_describe(const lang_t *lang, const char *code, size_t size, size_t cursor, int detail);
/* Returns 'c' complete, 'i' incomplete, 'x' invalid, 'u' unknown. */
int lang_is_complete(const char *code, size_t size, int *indent);

#endif
