#include "out_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *nn__out_path(const char *path, char *buffer, size_t size)
{
    const char *out = getenv("XTINYCC_OUT");
    int moved = out && *out && path[0] != '/';
    snprintf(buffer, size, "%s%s%s", moved ? out : "", moved ? "/" : "", path);
    return buffer;
}

const char *nn__in_path(const char *path, char *buffer, size_t size)
{
    nn__out_path(path, buffer, size);
    if (access(buffer, F_OK) != 0)
        snprintf(buffer, size, "%s", path);
    return buffer;
}
