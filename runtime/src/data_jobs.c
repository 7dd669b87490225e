#include "mnist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "job.h"

#define HELPER "nn-files"

nn_status nn__sha256(const nn_idx *idx, size_t count, char (*text)[NN_SHA256_TEXT])
{
    /* sha256 OFFSET:SIZE ... of fd 3, 4, ... answers a line for each. */
    char ranges[NN_MNIST_FILES][48];
    const char *args[2 + NN_MNIST_FILES] = {"sha256"};
    int fds[NN_MNIST_FILES];
    for (size_t i = 0; i < count; i++) {
        snprintf(ranges[i], sizeof ranges[i], "%zu:%zu", idx[i].offset, idx[i].size);
        args[1 + i] = ranges[i];
        fds[i] = idx[i].fd;
    }
    nn_job job = {.program = HELPER, .args = args, .fds = fds, .fd_count = count};
    nn_job_result result;
    nn_status status = nn__job_run(&job, &result);
    if (status != NN_OK)
        return status;
    if (result.size == count * NN_SHA256_TEXT)
        for (size_t i = 0; i < count; i++) {
            memcpy(text[i], result.data + i * NN_SHA256_TEXT, NN_SHA256_TEXT - 1);
            text[i][NN_SHA256_TEXT - 1] = '\0';
        }
    else
        status = nn__fail(NN_OS_ERROR, HELPER " gave no SHA-256 sums.");
    free(result.data);
    return status;
}

nn_status nn__mnist_read_npz(const char *path, nn_mnist_parts *parts)
{
    *parts = (nn_mnist_parts){0};
    int fds[1 + NN_MNIST_FILES];
    char offsets[NN_MNIST_FILES][24];
    const char *args[2 + NN_MNIST_FILES] = {"mnist-npz"};
    fds[0] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fds[0] < 0)
        return nn__fail(errno == ENOENT ? NN_FILE_NOT_FOUND : NN_OS_ERROR,
                        "%s could not be opened: %s.", path, strerror(errno));
    nn_status status = NN_OK;
    for (int i = 0; i < NN_MNIST_FILES && status == NN_OK; i++) {
        const nn_mnist_file *file = &nn__mnist_files[i];
        nn_idx *idx = &parts->idx[i];
        status = nn__idx_create(file->name, file->rank, file->shape, idx);
        if (status != NN_OK)
            break;
        fds[1 + i] = idx->fd;
        snprintf(offsets[i], sizeof offsets[i], "%zu", (size_t)(idx->data - (uint8_t *)idx->map));
        args[1 + i] = offsets[i];
    }
    if (status == NN_OK) {
        nn_job job = {.program = HELPER,
                      .args = args,
                      .fds = fds,
                      .fd_count = 1 + NN_MNIST_FILES,
                      .timeout_s = 60};
        nn_job_result result;
        status = nn__job_run(&job, &result);
        free(result.data);
    }
    for (int i = 0; i < NN_MNIST_FILES && status == NN_OK; i++)
        status = nn__idx_seal(nn__mnist_files[i].name, &parts->idx[i]);
    if (status != NN_OK)
        nn__mnist_free(parts);
    close(fds[0]);
    return status;
}

nn_status nn__download(const char *url, int fd, size_t limit)
{
    char limit_text[24];
    snprintf(limit_text, sizeof limit_text, "%zu", limit);
    const char *args[] = {"download", url, limit_text, NULL};
    nn_job job = {.program = HELPER, .args = args, .fds = &fd, .fd_count = 1};
    nn_job_result result;
    nn_status status = nn__job_run(&job, &result);
    free(result.data);
    return status;
}
