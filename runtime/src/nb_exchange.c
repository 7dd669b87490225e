#include "nb/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

#define MAX_NAME  63
#define MAX_TYPE  7
#define MAX_WIDTH 16
#define MAX_RANK  16
#define MAX_BYTES ((size_t)1 << 62)

/* One array that was taken: its mapping goes when the name is taken again. */
typedef struct taken {
    struct taken *next;
    void *map;
    size_t size;
    char name[MAX_NAME + 1];
} taken;

static taken *all;

static int open_file(const char *what, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        nn__fail(errno == ENOENT ? NN_FILE_NOT_FOUND : NN_OS_ERROR,
                 "%s: %s could not be opened: %s.", what, path, strerror(errno));
    return fd;
}

/* ---- in ---- */

static taken *entry_of(const char *name)
{
    for (taken *t = all; t; t = t->next)
        if (strcmp(t->name, name) == 0)
            return t;
    taken *t = calloc(1, sizeof *t);
    if (!t)
        return nn__fail_null(NN_MEMORY_ERROR, "%s: out of memory.", name);
    memcpy(t->name, name, strlen(name));
    t->next = all;
    all = t;
    return t;
}

static void *map_file(const char *name, int fd, size_t bytes)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return nn__fail_null(NN_OS_ERROR, "%s: %s.", name, strerror(errno));
    if (info.st_size < 0 || (size_t)info.st_size < bytes)
        return nn__fail_null(NN_VALUE_ERROR, "%s: %zu bytes expected, the file holds %lld.", name,
                             bytes, (long long)info.st_size);
    /* Private: the session's own, so that a roll-back takes back what a cell wrote into it. An
       empty array gets a page of its own: no file can be mapped for it. */
    int flags = MAP_PRIVATE | (bytes == 0 ? MAP_ANONYMOUS : 0);
    void *map = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, flags, bytes ? fd : -1, 0);
    if (map == MAP_FAILED)
        return nn__fail_null(errno == ENOMEM ? NN_MEMORY_ERROR : NN_OS_ERROR,
                             "%s: %zu bytes could not be mapped: %s.", name, bytes,
                             strerror(errno));
    return map;
}

void *nb_array_take(const char *name, const char *path, size_t bytes)
{
    if (!name || !*name || strlen(name) > MAX_NAME)
        return nn__fail_null(NN_VALUE_ERROR, "nb_array_take: a name has 1 to %d bytes.", MAX_NAME);
    int fd = open_file(name, path, O_RDONLY);
    if (fd < 0)
        return NULL;
    void *map = map_file(name, fd, bytes);
    close(fd);
    taken *entry = map ? entry_of(name) : NULL;
    if (!entry) {
        if (map)
            munmap(map, bytes ? bytes : 1);
        return NULL;
    }
    if (entry->map)
        munmap(entry->map, entry->size);
    entry->map = map;
    entry->size = bytes ? bytes : 1;
    return map;
}

/* ---- out ---- */

static nn_status write_all(int fd, const char *type, const void *data, size_t size, off_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, (const char *)data + done, size - done, offset + (off_t)done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EFAULT)
            return nn__fail(NN_VALUE_ERROR,
                            "An array of %zu bytes of %s was asked for, but its memory can be read "
                            "for %zu bytes only.",
                            size, type, done);
        else if (n == 0 || errno != EINTR)
            return nn__fail(NN_OS_ERROR, "%zu bytes for Python could not be written: %s.", size,
                            n == 0 ? "no room" : strerror(errno));
    }
    return NN_OK;
}

/* The header line into LINE; *BYTES receives the length of all elements. */
static nn_status describe(char line[NB_EXCHANGE_HEADER], const char *type, size_t width, int rank,
                          const int64_t *shape, size_t *bytes)
{
    if (!type || !*type || strlen(type) > MAX_TYPE || width < 1 || width > MAX_WIDTH || rank < 0 ||
        rank > MAX_RANK)
        return nn__fail(NN_VALUE_ERROR,
                        "nb_array_give: type of 1 to %d bytes, elements of 1 to %d bytes and 0 to "
                        "%d dimensions expected.",
                        MAX_TYPE, MAX_WIDTH, MAX_RANK);
    int at = snprintf(line, NB_EXCHANGE_HEADER, "%s %d", type, rank);
    *bytes = width;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0 || __builtin_mul_overflow(*bytes, (size_t)shape[i], bytes) ||
            *bytes > MAX_BYTES)
            return nn__fail(NN_VALUE_ERROR, "Dimension %d has length %lld; 0 or more expected.",
                            i + 1, (long long)shape[i]);
        at += snprintf(line + at, NB_EXCHANGE_HEADER - (size_t)at, " %lld", (long long)shape[i]);
    }
    line[at] = '\n';
    return NN_OK;
}

nn_status nb_array_give(const char *path, const char *type, const void *data, size_t width,
                        int rank, const int64_t *shape)
{
    char line[NB_EXCHANGE_HEADER] = {0};
    size_t bytes = 0;
    nn_status status = describe(line, type, width, rank, shape, &bytes);
    if (status != NN_OK)
        return status;
    if (!data && bytes > 0)
        return nn__fail(NN_VALUE_ERROR, "The pointer is NULL: there is no array.");
    int fd = open_file("An array for Python", path, O_RDWR);
    if (fd < 0)
        return nn_error_status();
    if (ftruncate(fd, 0) < 0)
        status = nn__fail(NN_OS_ERROR, "%s could not be emptied: %s.", path, strerror(errno));
    if (status == NN_OK)
        status = write_all(fd, type, line, sizeof line, 0);
    if (status == NN_OK)
        status = write_all(fd, type, data, bytes, sizeof line);
    close(fd);
    return status;
}
