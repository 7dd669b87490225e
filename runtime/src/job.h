/*
 * Run one job of a helper executable (nn-files, nb-draw) and wait for it. Private to libnn.
 *
 * The helper is found in libexec/xeus-tinycc/ beside libnn's own lib folder (build tree and prefix
 * have the same shape), or in XTINYCC_HOME/../../libexec/xeus-tinycc. It is started by posix_spawn
 * in the process group of the caller's parent where there is one to join, so that a cell's
 * kill(0, ...) and wait() do not touch it, and is waited for by pidfd. SIGINT is blocked in it.
 */
#ifndef NN_SRC_JOB_H
#define NN_SRC_JOB_H

#include <stddef.h>
#include "nn/error.h"

typedef struct nn_job {
    const char *program;     /* "nn-files" or "nb-draw" */
    const char *const *args; /* further arguments, NULL-terminated; may be NULL */
    const void *input;       /* bytes the helper reads from fd 0 (a memfd) */
    size_t input_size;
    const int *fds; /* descriptors handed over as 3, 4, ... */
    size_t fd_count;
    double timeout_s;            /* wall time until it is killed; 0 = 600 s */
    void (*poll)(void *context); /* called about 10 times a second; may be NULL */
    void *context;
} nn_job;

/* What the helper wrote to fd 1. Free data with free(). */
typedef struct nn_job_result {
    char *data;
    size_t size;
} nn_job_result;

/* Returns NN_OK when the helper exited with 0. Fails with NN_OS_ERROR (helper missing: the message
   names the file; cannot start: the library that is missing; died: the signal; too slow: the
   limit) or NN_INTERRUPTED. When the user asks to stop, the helper gets SIGTERM and up to 2 s to
   remove its temporary files or to finish what must not be cut, then SIGKILL; one that exits with
   0 all the same has done its job, and the result is NN_OK. A helper that exits with a status
   other than 0 has written "KIND\nmessage" to fd 1, where KIND is a name of nn_status_name():
   that becomes the error. */
nn_status nn__job_run(const nn_job *job, nn_job_result *result);

#endif
