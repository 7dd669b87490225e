/* The folder of spool files: private, named after its process, swept by later sessions. */
#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "host_internal.h"

#define PREFIX "xtinycc-spool-"
#define STALE_AFTER (24 * 3600) /* s: the process may live in another container on this /tmp */

static const char *temporary(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder == '/' && strlen(folder) < 3000 ? folder : "/tmp";
}

static void sweep(const char *parent)
{
    DIR *d = opendir(parent);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        pid_t owner = (pid_t)strtol(e->d_name + strlen(PREFIX), NULL, 10);
        if (owner <= 0 || kill(owner, 0) == 0 || errno != ESRCH ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode) ||
            st.st_uid != getuid() || time(NULL) - st.st_mtime < STALE_AFTER)
            continue;
        char path[4096];
        if (snprintf(path, sizeof path, "%s/%s", parent, e->d_name) < (int)sizeof path)
            folder_remove(path);
    }
    closedir(d);
}

char *spool_make_folder(void)
{
    char *path = NULL;
    sweep(temporary());
    if (asprintf(&path, "%s/" PREFIX "%d-XXXXXX", temporary(), (int)getpid()) < 0)
        return NULL;
    if (!mkdtemp(path)) {
        free(path);
        return NULL;
    }
    return path;
}
