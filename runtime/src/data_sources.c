#include "mnist.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KAGGLE_INPUTS "/kaggle/input"
#define KAGGLE_LEVELS 3
#define MAX_FOLDERS   512

static int join(char path[PATH_MAX], const char *folder, const char *name, const char *suffix)
{
    return snprintf(path, PATH_MAX, "%s/%s%s", folder, name, suffix) < PATH_MAX;
}

static int is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

int nn__mnist_find_name(const char *folder, const char *name, char path[PATH_MAX])
{
    const char *suffixes[] = {"", ".gz"};
    for (int s = 0; s < 2; s++) {
        char inner[2 * NAME_MAX];
        if (join(path, folder, name, suffixes[s]) && is_file(path))
            return 1;
        snprintf(inner, sizeof inner, "%s/%s", name, name);
        if (join(path, folder, inner, suffixes[s]) && is_file(path))
            return 1;
    }
    return 0;
}

int nn__mnist_find(const char *folder, const nn_mnist_file *file, char path[PATH_MAX])
{
    return nn__mnist_find_name(folder, file->name, path) ||
           nn__mnist_find_name(folder, file->other_name, path);
}

int nn__mnist_cache(char path[PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME");
    if (cache && cache[0] == '/')
        return join(path, cache, "xeus-tinycc/mnist", "");
    const char *home = getenv("HOME");
    return home && home[0] == '/' && join(path, home, ".cache/xeus-tinycc/mnist", "");
}

static int add(nn_folder_list *list, const char *path)
{
    if (list->count >= MAX_FOLDERS)
        return 1;
    if (!list->paths && !(list->paths = calloc(MAX_FOLDERS, sizeof *list->paths)))
        return 0;
    char *copy = strdup(path);
    if (!copy)
        return 0;
    list->paths[list->count++] = copy;
    return 1;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Add FOLDER's folders, each before its own, in the order of their names. */
static int add_tree(nn_folder_list *list, const char *folder, int levels)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, visible, alphasort);
    int ok = 1;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat info;
        if (ok && join(path, folder, entries[i]->d_name, "") && stat(path, &info) == 0 &&
            S_ISDIR(info.st_mode)) {
            ok = add(list, path);
            if (ok && levels > 1)
                ok = add_tree(list, path, levels - 1);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return ok;
}

int nn__mnist_folders(nn_folder_list *list)
{
    char path[PATH_MAX];
    *list = (nn_folder_list){0};
    const char *data = getenv("XTINYCC_DATA");
    if (data && *data) {
        if (!add(list, data))
            return 0;
        if (join(path, data, "mnist", "") && !add(list, path))
            return 0;
    }
    if (nn__mnist_cache(path) && !add(list, path))
        return 0;
    const char *kaggle = getenv("XTINYCC_TEST_KAGGLE"); /* tests have no /kaggle */
    if (!add_tree(list, kaggle ? kaggle : KAGGLE_INPUTS, KAGGLE_LEVELS))
        return 0;
    const char *home = getenv("HOME");
    return !home || !join(path, home, ".keras/datasets", "") || add(list, path);
}

void nn__folder_list_free(nn_folder_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (nn_folder_list){0};
}
