/*
 * The compiler, one call a process.
 *
 * An error leaves libtcc's state corrupt (hole H15) and some inputs never end. So each call forks,
 * works in the child and hands its output back through memory files; or, where the whole process is
 * one that may be lost, in that process itself (compiler_warm). Single-threaded callers
 * only.
 */
#ifndef XTINYCC_COMPILER_H
#define XTINYCC_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include "pool.h"

typedef struct compiler_paths {
    const char *runtime_dir;      /* holds include/ (shims and TinyCC's own headers) */
    const char *notebook_include; /* holds notebook.h; may be NULL */
} compiler_paths;

/* The I-th folder of C and POSIX headers, from 0; NULL after the last. The system's own if it has
   stdio.h, since they match the libc that runs, else runtime_dir/libc, where the installation has
   one; never both. XTINYCC_HEADERS=system or bundled decides otherwise. */
const char *compiler_system_headers(pool *pool, const compiler_paths *paths, size_t i);

/* Folders for #include, one a line, searched first by all that this process compiles from now on;
   the text must live as long. */
void compiler_set_folders(const char *folders);

typedef struct compiler_result {
    bool ok;
    int signal;       /* that ended the compiler, 0 if it ended by itself */
    const char *output; /* expanded text or object; NUL-terminated */
    size_t size;
    const char *messages; /* one a line, as libtcc words them: "In[3]:2: error: ..." */
    size_t mended;        /* places of the object that mend_object() has put right */
} compiler_result;

/* `-E -dD`: TEXT expanded, with its #define and #undef lines and "# line "file"" markers. */
compiler_result compiler_expand(pool *pool, const compiler_paths *paths, const char *text);
/* `-c -g`. */
compiler_result compiler_run(pool *pool, const compiler_paths *paths, const char *text);

/* Do ahead what does not depend on a text, so that the next compiler_run_here() works in this
   process. A crash of the compiler is then this process's. Again, if the last text had no errors. */
void compiler_warm(pool *pool, const compiler_paths *paths);
/* As compiler_run(), but in this process if it is warm. */
compiler_result compiler_run_here(pool *pool, const compiler_paths *paths, const char *text);
/* Whether that has happened, so that no text may be compiled in this process any more. */
bool compiler_is_spent(void);

#endif
