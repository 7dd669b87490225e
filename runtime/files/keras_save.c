#include "keras_save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "archive_write.h"
#include "hash.h"
#include "keras_config.h"
#include "keras_load.h"
#include "keras_weights.h"
#include "reply.h"

#define MAX_TEXT ((size_t)4 << 20)

/* ---- what libnn hands over ---- */

static int read_model(nn_text_model *model)
{
    size_t size;
    const char *rest;
    char why[256];
    unsigned char *text = read_whole_file(0, "the model", 1, MAX_TEXT, &size);
    if (!text)
        return -1;
    int ok = nn__text_read((const char *)text, size, model, &rest);
    free(text);
    if (!ok)
        return reply_error(VALUE_ERROR, "The model's description is not in order.");
    return nn__text_infer(model, why, sizeof why) ? 0 : reply_error(VALUE_ERROR, "%s", why);
}

static const float *map_tensors(int fd, size_t count)
{
    static const float none;
    struct stat info;
    size_t size = count * sizeof(float);
    if (count == 0)
        return &none;
    if (fstat(fd, &info) < 0 || info.st_size < 0 || (size_t)info.st_size < size)
        return reply_null(VALUE_ERROR, "The model's tensors are not complete.");
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    return map == MAP_FAILED ? reply_null(MEMORY_ERROR, "No memory for the model's tensors.") : map;
}

/* ---- the bytes ---- */

static unsigned char *build(const nn_text_model *model, const float *tensors, int keras2,
                            size_t *size)
{
    archive_member members[3] = {{"metadata.json"}, {"config.json"}, {"model.weights.h5"}};
    unsigned char *bytes = NULL;
    char *metadata = keras_metadata_write(&members[0].size);
    char *config = metadata ? keras_config_write(model, &members[1].size) : NULL;
    unsigned char *weights =
        config ? keras_weights_write(model, tensors, keras2, &members[2].size) : NULL;
    if (weights) {
        members[0].data = metadata;
        members[1].data = config;
        members[2].data = weights;
        bytes = archive_write(members, 3, size);
    }
    free(metadata);
    free(config);
    free(weights);
    return bytes;
}

/* ---- the file ---- */

/* The place of the new file: PATH, or where it leads as a link. */
static int resolve(const char *path, char target[PATH_MAX])
{
    struct stat info;
    if (!realpath(path, target)) {
        if (errno != ENOENT)
            return reply_error(OS_ERROR, "%s could not be written: %s.", path, strerror(errno));
        if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
            return reply_error(OS_ERROR, "%s is a link to a file that does not exist.", path);
        if (snprintf(target, PATH_MAX, "%s", path) >= PATH_MAX)
            return reply_error(OS_ERROR, "%s: the path is too long.", path);
        return 0;
    }
    if (stat(target, &info) < 0 || !S_ISREG(info.st_mode))
        return reply_error(OS_ERROR, "%s is not a regular file; it was left as it is.", path);
    return 0;
}

static int write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        data += put;
        size -= (size_t)put;
    }
    return fsync(fd);
}

/* Read the file back with the reader for foreign files: it must hold these very tensors. */
static int verify(int fd, const char *path, const nn_text_model *model, const float *tensors)
{
    keras_file again;
    size_t size, count = keras_weights_count(model);
    unsigned char *data = read_whole_file(fd, path, KERAS_MIN_FILE, KERAS_MAX_FILE, &size);
    if (!data || keras_open(path, data, size, &again) < 0) {
        free(data);
        return -1;
    }
    float *values = malloc((count + 1) * sizeof *values);
    int same = values && keras_weights_count(&again.model) == count &&
               again.model.iterations == model->iterations &&
               keras_weights_read(path, again.weights, again.weights_size, &again.model, values) ==
                   0 &&
               memcmp(values, tensors, count * sizeof *values) == 0;
    free(values);
    free(data);
    keras_close(&again);
    return same ? 0
                : reply_error(OS_ERROR, "%s: reading the file back gave other weights; nothing was "
                                        "saved.",
                              path);
}

/* An interrupt that has come so far is honoured; from here on none is. */
static int may_go_on(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) ? reply_error("KeyboardInterrupt", "Interrupted.") : 0;
}

static void sync_folder(const char *target)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(target, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - target) : 1, slash ? target : ".");
    int fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Open .NAME.XXXXXX beside TARGET. */
static int open_temporary(const char *target, char temporary[PATH_MAX])
{
    const char *slash = strrchr(target, '/'), *name = slash ? slash + 1 : target;
    if (snprintf(temporary, PATH_MAX, "%.*s.%.200s.XXXXXX", (int)(name - target), target, name) >=
        PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkostemp(temporary, O_CLOEXEC);
}

/* The permissions of the file that is replaced, or those that a new one gets. */
static void set_mode(int fd, const char *target)
{
    struct stat info;
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, stat(target, &info) == 0 ? info.st_mode & 0777 : 0666 & ~mask);
}

static int put_in_place(const char *temporary, const char *target, int no_overwrite)
{
    int rc = no_overwrite ? link(temporary, target) : rename(temporary, target);
    if (rc < 0 && no_overwrite && errno == EEXIST)
        return reply_error(OS_ERROR, "%s exists already and was not overwritten (.no_overwrite).",
                           target);
    if (rc < 0)
        return reply_error(OS_ERROR, "%s could not be written: %s.", target, strerror(errno));
    if (no_overwrite)
        unlink(temporary);
    sync_folder(target);
    return 0;
}

static int save(const char *path, const nn_text_model *model, const float *tensors,
                const unsigned char *bytes, size_t size, int no_overwrite)
{
    char target[PATH_MAX], temporary[PATH_MAX];
    if (resolve(path, target) < 0)
        return -1;
    int fd = open_temporary(target, temporary);
    if (fd < 0)
        return reply_error(errno == ENOENT ? FILE_NOT_FOUND : OS_ERROR,
                           "%s could not be written: %s.", path,
                           errno == ENOENT ? "there is no such folder" : strerror(errno));
    set_mode(fd, target);
    int rc = write_all(fd, bytes, size) < 0
                 ? reply_error(OS_ERROR, "%s could not be written: %s.", path, strerror(errno))
                 : verify(fd, path, model, tensors);
    close(fd);
    rc = rc < 0 || may_go_on() < 0 ? -1 : put_in_place(temporary, target, no_overwrite);
    if (rc < 0)
        unlink(temporary);
    return rc;
}

static int answer(const char *path, const unsigned char *bytes, size_t size)
{
    char sum[65], line[PATH_MAX + 128];
    if (hash_bytes(bytes, size, sum) < 0)
        return -1;
    int length = snprintf(line, sizeof line, "%zu %s %s", size, sum, path);
    return reply_write(line, (size_t)length);
}

static int run(const char *path, const char *flags, nn_text_model *model)
{
    size_t size;
    if (read_model(model) < 0 || keras_weights_start() < 0)
        return -1;
    const float *tensors = map_tensors(3, keras_weights_count(model));
    if (!tensors)
        return -1;
    if (keras_weights_count(model) * sizeof *tensors > KERAS_MAX_WEIGHTS - (1 << 20))
        return reply_error(VALUE_ERROR,
                           "%s: the tensors take more than the 512 MB that are read back. Save "
                           "without the optimizer's state (.no_optimizer = 1).",
                           path);
    unsigned char *bytes = build(model, tensors, strchr(flags, '2') != NULL, &size);
    if (!bytes)
        return -1;
    int rc = save(path, model, tensors, bytes, size, strchr(flags, 'n') != NULL);
    if (rc == 0)
        rc = answer(path, bytes, size);
    free(bytes);
    return rc;
}

int job_keras_save(const char *path, const char *flags)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    nn_text_model model = {0};
    int rc = run(path, flags, &model);
    nn__text_free(&model);
    return rc;
}
