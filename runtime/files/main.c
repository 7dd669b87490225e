/*
 * nn-files: one job with files or the network for libnn, then the end. The only program that links
 * HDF5, zip, JSON, curl and hash libraries, so that what goes wrong in them ends this process and
 * never the session that asked. Jobs are named by the first argument; what belongs to a job comes
 * as further arguments, on fd 0 and on fd 3, 4, ...; the answer goes to fd 1. A failure exits with
 * 1 and answers "KIND\nmessage".
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "download.h"
#include "hash.h"
#include "keras_load.h"
#include "keras_save.h"
#include "npz.h"
#include "reply.h"

static int run(int count, char **arguments)
{
    const char *job = count > 0 ? arguments[0] : "";
    if (strcmp(job, "sha256") == 0)
        return job_sha256(count - 1, arguments + 1);
    if (strcmp(job, "download") == 0 && count == 3)
        return job_download(arguments[1], arguments[2]);
    if (strcmp(job, "keras-load") == 0 && count == 2)
        return job_keras_load(arguments[1]);
    if (strcmp(job, "keras-save") == 0 && count == 3)
        return job_keras_save(arguments[1], arguments[2]);
    if (strcmp(job, "mnist-npz") == 0 && count == 5)
        return job_mnist_npz(arguments + 1);
    return reply_error(VALUE_ERROR, "nn-files is started by libnn; unknown job '%s'.", job);
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error with its name */
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody waits for the answer any more */
    if (run(argc - 1, argv + 1) == 0)
        return 0;
    const char *error = reply_text();
    reply_write(error, strlen(error));
    return 1;
}
