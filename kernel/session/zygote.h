/*
 * The zygote: one small single-threaded process that owns all others of the session.
 *
 * It forks the worker and the compile children, reaps everybody, keeps the sockets that wake the
 * frozen snapshots, and wakes the newest one when the worker dies. It holds no user data and runs
 * no user code. When the front goes away it ends everything it ever started or adopted.
 */
#ifndef XTINYCC_ZYGOTE_H
#define XTINYCC_ZYGOTE_H

#include <sys/types.h>
#include "lang.h"

typedef struct zygote_options {
    pid_t front;            /* the process that started us */
    const char *folder;     /* of temporary files, to be removed at the end; NULL: none */
    lang_options lang;      /* where the run-time files are */
    const char *helpers;    /* libtcc1.a */
} zygote_options;

/* Run until the front goes away. Returns the exit status. */
int zygote_run(const zygote_options *options);

#endif
