/* Find, check and load the machine's BLAS at its first use. */
#include "nn/blas.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "elf_needed.h"
#include "engine/engine.h"
#include "error.h"

#define SYSTEM_NAME "libopenblas.so.0"
#define HELP                                                                                       \
    "\nInstall libopenblas0-pthread (Debian, Ubuntu) or scipy-openblas32 (pip), or name a library " \
    "by XTINYCC_BLAS."

static struct {
    pthread_mutex_t lock;
    void *handle;
    char path[PATH_MAX];
    char seen[1000]; /* what was found and not taken, for the message */
} blas = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note(const char *format, const char *path, const char *why)
{
    size_t length = strlen(blas.seen);
    snprintf(blas.seen + length, sizeof blas.seen - length, format, path, why);
}

/* The OpenMP run-time that a library is linked with, "" if none. 0: the file cannot be read. */
static int openmp_of(const char *path, char *name, size_t size)
{
    static const char *const runtimes[] = {"libgomp.", "libomp.", "libiomp5."};
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    unsigned char *data = fstat(fd, &info) == 0 && info.st_size > 0
                              ? mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                              : MAP_FAILED;
    close(fd);
    *name = '\0';
    if (data == MAP_FAILED)
        return 0;
    const char *needed;
    for (int i = 0; (needed = nn__elf_needed(data, (size_t)info.st_size, i)); i++)
        for (size_t r = 0; r < sizeof runtimes / sizeof *runtimes; r++)
            if (strncmp(needed, runtimes[r], strlen(runtimes[r])) == 0)
                snprintf(name, size, "%.100s", needed);
    munmap(data, (size_t)info.st_size);
    return 1;
}

/* Set a variable while a library is loaded, which reads it then. */
typedef struct borrowed {
    const char *name;
    char *before;
} borrowed;

static borrowed borrow(const char *name, const char *value)
{
    const char *before = getenv(name);
    borrowed b = {name, before ? strdup(before) : NULL};
    setenv(name, value, 1);
    return b;
}

static void give_back(borrowed b)
{
    if (b.before)
        setenv(b.name, b.before, 1);
    else
        unsetenv(b.name);
    free(b.before);
}

static int load(const char *path)
{
    char openmp[128];
    if (!openmp_of(path, openmp, sizeof openmp))
        return 0;
    if (*openmp) {
        note(" %s was not loaded: it needs %s, whose threads hang after a snapshot.", path, openmp);
        return 0;
    }
    /* OpenBLAS starts its threads while it is loaded, and takes a processor that is newer than
       itself for an old one. */
    int newest = !getenv("OPENBLAS_CORETYPE") && strcmp(nn__isa_level(), "v4") == 0;
    borrowed threads = borrow("OPENBLAS_NUM_THREADS", "1"), core = {0};
    if (newest)
        core = borrow("OPENBLAS_CORETYPE", "SkylakeX");
    blas.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    give_back(threads);
    if (newest)
        give_back(core);
    if (!blas.handle)
        note(" %s could not be loaded: %.300s.", path, dlerror());
    else
        snprintf(blas.path, sizeof blas.path, "%s", path);
    return blas.handle != NULL;
}

static int load_from(const char *folder, size_t length, const char *name)
{
    char path[PATH_MAX], whole[PATH_MAX];
    if (length == 0 ||
        (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)length, folder, name) >= sizeof path)
        return 0;
    return realpath(path, whole) && load(whole);
}

static int load_from_list(const char *folders, const char *name)
{
    for (size_t length; folders && *folders; folders += length + (folders[length] == ':')) {
        length = strcspn(folders, ":");
        if (load_from(folders, length, name))
            return 1;
    }
    return 0;
}

static int load_named(const char *name)
{
    static const char *const beside[] = {"", "/openblas-pthread", "/openblas-serial"};
    static const char *const folders[] = {"/usr/local/lib", "/usr/lib64", "/usr/lib"};
    char folder[PATH_MAX];
    const char *conda = getenv("CONDA_PREFIX");
    struct utsname machine;
    if (load_from_list(getenv("LD_LIBRARY_PATH"), name))
        return 1;
    if (conda) {
        snprintf(folder, sizeof folder, "%s/lib", conda);
        if (load_from(folder, strlen(folder), name))
            return 1;
    }
    uname(&machine);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(folder, sizeof folder, "/usr/lib/%.40s-linux-gnu%s", machine.machine, beside[i]);
        if (load_from(folder, strlen(folder), name))
            return 1;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (load_from(folders[i], strlen(folders[i]), name))
            return 1;
    return 0;
}

static nn_status find(void)
{
    const char *wanted = getenv("XTINYCC_BLAS");
    blas.seen[0] = '\0';
    if (wanted && strcmp(wanted, "none") == 0)
        return nn__fail(NN_VALUE_ERROR, "BLAS: switched off by XTINYCC_BLAS=none");
    int given = wanted && *wanted;
    if (given ? strchr(wanted, '/') ? load(wanted) : load_named(wanted) : load_named(SYSTEM_NAME))
        return NN_OK;
    return nn__fail(NN_OS_ERROR, "BLAS: no %.300s that can be used.%s" HELP,
                    given ? wanted : SYSTEM_NAME, blas.seen);
}

static nn_status ready(void)
{
    pthread_mutex_lock(&blas.lock);
    nn_status status = blas.handle ? NN_OK : find();
    pthread_mutex_unlock(&blas.lock);
    return status;
}

const char *nn_blas_library(void)
{
    return ready() == NN_OK ? blas.path : NULL;
}

void *nn_blas_symbol(const char *name)
{
    char prefixed[200];
    if (ready() != NN_OK)
        return NULL;
    void *address = dlsym(blas.handle, name);
    if (!address) { /* the pip package's spelling */
        snprintf(prefixed, sizeof prefixed, "scipy_%.180s", name);
        address = dlsym(blas.handle, prefixed);
    }
    return address ? address
                   : nn__fail_null(NN_VALUE_ERROR, "BLAS: %.200s has no function %.180s", blas.path,
                                   name);
}
