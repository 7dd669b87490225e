/*
 * The worker: the process that is the session. It runs cells and answers editor services, one
 * request at a time, and tells the front what happens.
 */
#ifndef XTINYCC_WORKER_H
#define XTINYCC_WORKER_H

#include <sys/types.h>
#include "lang.h"

typedef struct worker_options {
    pid_t zygote;
    lang_options lang;
    const char *helpers; /* libtcc1.a */
} worker_options;

/* Runs until the front or the zygote goes away. */
_Noreturn void worker_run(const worker_options *options);

#endif
