/* What the files behind lang.h share. */
#ifndef XTINYCC_LANG_INTERNAL_H
#define XTINYCC_LANG_INTERNAL_H

#include "headers.h"
#include "lang.h"
#include "past.h"

#include <sys/stat.h>

struct lang {
    char *text; /* the session as past_write() wrote it */
    size_t size, capacity;
    /* the same as a file */
    bool filed; /* it is of this text */
    int file;   /* 0: none yet */
    dev_t device;
    ino_t inode;
};

/* A session's text as a compile child has read it. */
typedef struct session_text {
    past past;
    names names; /* what it declares, above the headers' */
} session_text;

/* What lang_read() has read, for one request, whose memory comes from POOL. False: nothing. */
bool lang__read_text(pool *pool, session_text *out);

/* The session as past_write() wrote it. */
const char *lang_text(const lang_t *lang, size_t *size);

#endif
