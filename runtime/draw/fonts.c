#include "fonts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PREFIX of PREFIX/libexec/xeus-tinycc/nb-draw. */
static int find_prefix(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = '\0';
    for (int level = 0; level < 3; level++) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return 0;
        *slash = '\0';
    }
    return 1;
}

void fonts_prepare(void)
{
    char prefix[PATH_MAX], file[PATH_MAX + 40];
    if (getenv("FONTCONFIG_FILE") || getenv("FONTCONFIG_PATH") || !find_prefix(prefix))
        return;
    snprintf(file, sizeof file, "%s/share/xeus-tinycc/fonts/fonts.conf", prefix);
    if (access(file, R_OK) == 0)
        setenv("FONTCONFIG_FILE", file, 1);
}
