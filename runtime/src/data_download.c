#include "mnist.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "memory_file.h"
#include "nb/host.h"

/* The largest file is 9.9 MB compressed; whatever is longer is not what was asked for. */
#define DOWNLOAD_LIMIT ((size_t)64 << 20)

static const char *const official_bases[] = {
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
};

static size_t bases(const char *list[2], char buffer[PATH_MAX])
{
    const char *test = getenv("XTINYCC_TEST_MNIST_URLS"); /* "URL/ URL/", for a local server */
    if (!test || strlen(test) >= PATH_MAX) {
        list[0] = official_bases[0];
        list[1] = official_bases[1];
        return 2;
    }
    strcpy(buffer, test);
    size_t count = 0;
    for (char *save, *word = strtok_r(buffer, " ", &save); word && count < 2;
         word = strtok_r(NULL, " ", &save))
        list[count++] = word;
    return count;
}

static int make_folders(const char *path)
{
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return 0;
        *slash = '/';
    }
    return mkdir(part, 0755) == 0 || errno == EEXIST;
}

/* Take the lock that lets one process download. The holder's end releases it. */
static nn_status take_lock(const char *folder, int *lock)
{
    char path[PATH_MAX];
    *lock = -1;
    if (snprintf(path, sizeof path, "%s/.lock", folder) >= PATH_MAX)
        return NN_OK;
    *lock = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (*lock < 0)
        return NN_OK; /* a folder that cannot be written: nothing to protect */
    while (flock(*lock, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return NN_OK; /* a file system without locks: rename keeps the files whole */
        if (nb_interrupted()) {
            close(*lock);
            return nn__fail(NN_INTERRUPTED, "Interrupted.");
        }
        poll(NULL, 0, 100);
    }
    return NN_OK;
}

static int load_cached(const char *folder, const nn_mnist_file *file, nn_idx *idx, char *sha256)
{
    char path[PATH_MAX];
    if (!nn__mnist_find(folder, file, path))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && nn__mnist_read_checked(fd, file, idx, sha256) == NN_OK;
}

/* Give the checked file its name, and let no damaged one stand in front of it. */
static void keep(const char *folder, const nn_mnist_file *file, const char *temporary)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s.gz", folder, file->name) >= PATH_MAX ||
        rename(temporary, path) < 0) {
        unlink(temporary);
        return;
    }
    if (snprintf(path, sizeof path, "%s/%s", folder, file->name) < PATH_MAX)
        unlink(path);
}

/* FOLDER NULL: keep the file in memory only. */
static nn_status fetch(const char *base, const char *folder, const nn_mnist_file *file, nn_idx *idx,
                       char *sha256)
{
    char url[PATH_MAX], temporary[PATH_MAX] = "";
    snprintf(url, sizeof url, "%s%s.gz", base, file->name);
    int fd = -1;
    if (folder &&
        snprintf(temporary, sizeof temporary, "%s/.%s.XXXXXX", folder, file->name) < PATH_MAX)
        fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        folder = NULL;
        fd = nn__memory_file("download", NULL, 0);
    }
    if (fd < 0)
        return nn__fail(NN_OS_ERROR, "no place for a download: %s", strerror(errno));
    nn_status status = nn__download(url, fd, DOWNLOAD_LIMIT);
    int reader = -1;
    if (status == NN_OK) {
        lseek(fd, 0, SEEK_SET);
        reader = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (folder && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
            status =
                nn__fail(NN_OS_ERROR, "%s could not be written: %s.", temporary, strerror(errno));
    }
    if (reader >= 0 && status == NN_OK)
        status = nn__mnist_read_checked(reader, file, idx, sha256);
    else if (reader >= 0)
        close(reader);
    close(fd);
    if (folder && status == NN_OK)
        keep(folder, file, temporary);
    else if (folder)
        unlink(temporary);
    return status;
}

static nn_status complete(const char *folder, nn_mnist_parts *parts, char *from, size_t from_size)
{
    char buffer[PATH_MAX], first[512] = "";
    const char *base[2];
    size_t base_count = bases(base, buffer), start = 0;
    snprintf(from, from_size, "%s", folder ? folder : "");
    for (int i = 0; i < NN_MNIST_FILES; i++) {
        const nn_mnist_file *file = &nn__mnist_files[i];
        if (folder && load_cached(folder, file, &parts->idx[i], parts->sha256[i]))
            continue;
        nn_status status = NN_OS_ERROR;
        for (size_t b = start; b < base_count; b++) {
            status = fetch(base[b], folder, file, &parts->idx[i], parts->sha256[i]);
            if (status == NN_OK) {
                snprintf(from, from_size, "%s", base[b]);
                start = b; /* a source that did not answer is not asked again */
                break;
            }
            if (status == NN_INTERRUPTED)
                return status;
            if (!first[0])
                snprintf(first, sizeof first, "%.*s", (int)strcspn(nn_error_message(), "\n"),
                         nn_error_message());
        }
        if (status != NN_OK)
            return nn__fail(NN_OS_ERROR, "%s", first[0] ? first : "no source is known");
    }
    return NN_OK;
}

nn_status nn__mnist_download(nn_mnist_parts *parts, char *from, size_t from_size)
{
    char folder[PATH_MAX];
    *parts = (nn_mnist_parts){0};
    int lock = -1;
    int cached = nn__mnist_cache(folder) && make_folders(folder) && access(folder, W_OK) == 0;
    if (cached) {
        nn_status status = take_lock(folder, &lock);
        if (status != NN_OK)
            return status;
    }
    nn_status status = complete(cached ? folder : NULL, parts, from, from_size);
    if (status != NN_OK)
        nn__mnist_free(parts);
    if (lock >= 0)
        close(lock);
    return status;
}
