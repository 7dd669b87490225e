/*
 * The system compiler (gcc or clang), for `%%native` cells and for what TinyCC cannot express.
 *
 * Runs in the compile child: text goes in and an object comes out through memory files, so that
 * nothing is written to disk. The object is loaded like TinyCC's, by the own loader; the options
 * see to that (functions begin with room for a jump, keep a frame, and can be replaced).
 */
#ifndef XTINYCC_NATIVE_H
#define XTINYCC_NATIVE_H

#include "compiler.h"

/* The command: XTINYCC_CC, or the first of gcc, clang and cc on PATH. NULL: there is none, or
   XTINYCC_CC is "none". */
const char *native_find(pool *pool);
/* Its name for people: "gcc". */
const char *native_title(pool *pool, const char *command);

/* What is wrong with the options of a `%%native` line, NULL if nothing. */
const char *native_check_options(pool *pool, const char *options);

/* The macros that the compiler defines by itself, under these options, as #define lines; "" where
   there is no compiler. */
const char *native_macros(pool *pool, const char *options);

/* Compile TEXT. OPTIONS: words that follow the default ones. INCLUDE: a folder for #include, may
   be NULL. Messages as the compiler words them: "In[3]:2:5: error: ...". */
compiler_result native_run(pool *pool, const char *command, const char *options,
                           const char *include, const char *text);

#endif
