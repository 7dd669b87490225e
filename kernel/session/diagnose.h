/*
 * From the compiler's messages to what the user reads: `In[7]:3:12: error: ...`, the line, a mark.
 */
#ifndef XTINYCC_DIAGNOSE_H
#define XTINYCC_DIAGNOSE_H

#include "names.h"

/* One message of the compiler. */
typedef struct compiler_message {
    const char *file; /* "In[7]", "session", ... */
    int line;
    int column; /* 0: the compiler does not say */
    bool is_warning;
    const char *text; /* without "error: " */
} compiler_message;

typedef struct compiler_messages {
    compiler_message *list;
    size_t count;
} compiler_messages;

/* Read the compiler's lines; "In file included from" lines are left out. */
compiler_messages diagnose_read(pool *pool, const char *text);

/* The first message that makes the cell fail: an error, or a warning about what is no C (holes H8,
   H9). NULL if there is none. */
const compiler_message *diagnose_error(const compiler_messages *messages);

/* The name between quotes in the message, "" if there is none. */
const char *diagnose_name(pool *pool, const compiler_message *message);

typedef struct diagnosis {
    const char *evalue;    /* one line */
    const char *traceback; /* with the source line and colours */
} diagnosis;

/* TEXT is the cell's; NAMES what could have been meant. */
diagnosis diagnose(pool *pool, const compiler_message *message, const char *cell_text, size_t size,
                   int number, const names *names);

/* The same for what the splitter found. COLUMN 0: find one. */
diagnosis diagnose_plain(pool *pool, const char *text, const char *cell_text, size_t size,
                         int number, int line, int column, int width);

#endif
