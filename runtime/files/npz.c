#include "npz.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "archive.h"
#include "sandbox.h"
#include "reply.h"

#define NAME      "mnist.npz"
#define MAX_FILE  ((size_t)64 << 20)
#define ARRAYS    4
#define PREFIX    10 /* magic, version, length of the header */
#define MAX_ARRAY ((size_t)48 << 20)

static const struct {
    const char *member, *shape;
    size_t size;
} arrays[ARRAYS] = {
    {"x_train.npy", "(60000, 28, 28)", 60000 * 784},
    {"y_train.npy", "(60000,)", 60000},
    {"x_test.npy", "(10000, 28, 28)", 10000 * 784},
    {"y_test.npy", "(10000,)", 10000},
};

/* The header of a .npy file is a Python dictionary; only the one that MNIST has is known here. */
static const unsigned char *elements(const unsigned char *npy, size_t size, int which)
{
    char wanted[160];
    if (size < PREFIX || memcmp(npy, "\x93NUMPY\x01\x00", 8) != 0)
        return NULL;
    size_t header = npy[8] | (size_t)npy[9] << 8;
    if (PREFIX + header > size || size - PREFIX - header != arrays[which].size)
        return NULL;
    int length =
        snprintf(wanted, sizeof wanted, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }",
                 arrays[which].shape);
    if ((size_t)length > header || memcmp(npy + PREFIX, wanted, (size_t)length) != 0)
        return NULL;
    return npy + PREFIX + header;
}

static int copy_out(int fd, size_t offset, const unsigned char *from, size_t size)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || info.st_size < 0 || offset > (size_t)info.st_size ||
        size > (size_t)info.st_size - offset)
        return reply_error(OS_ERROR, NAME ": no room for the answer.");
    unsigned char *map =
        mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return reply_error(MEMORY_ERROR, NAME ": no memory for the answer.");
    memcpy(map + offset, from, size);
    munmap(map, (size_t)info.st_size);
    return 0;
}

static int unpack(archive *npz, int which, size_t offset)
{
    size_t size;
    unsigned char *npy = archive_read(npz, arrays[which].member, MAX_ARRAY, &size);
    if (!npy)
        return -1;
    const unsigned char *from = elements(npy, size, which);
    int rc = from ? copy_out(4 + which, offset, from, arrays[which].size)
                  : reply_error(VALUE_ERROR, NAME ": '%s' does not hold MNIST: expected %s uint8.",
                                arrays[which].member, arrays[which].shape);
    free(npy);
    return rc;
}

int job_mnist_npz(char **offsets)
{
    limit_resources();
    size_t size;
    unsigned char *file = read_whole_file(3, NAME, 22, MAX_FILE, &size);
    if (!file)
        return -1;
    limit_system_calls();
    archive *npz = archive_open(NAME, file, size);
    int rc = npz ? 0 : -1;
    for (int i = 0; i < ARRAYS && rc == 0; i++)
        rc = unpack(npz, i, strtoull(offsets[i], NULL, 10));
    archive_close(npz);
    free(file);
    return rc;
}
