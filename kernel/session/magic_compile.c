/* How cells are compiled: %%native, %cflags, %std, %include-dir, %pkg. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "magic.h"
#include "native.h"

bool magic_native(const magic_call *call)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        session_fail(call->reply, "MemoryError", "no memory for the cell's text", "");
        return true;
    }
    const char *problem = native_check_options(&pool, call->arguments);
    bool lives = true;
    if (problem) {
        magic_fail(call, "ValueError", "%.400s", problem);
    } else {
        session_cell inner = *call->cell;
        inner.code = call->body;
        inner.size = strlen(call->body);
        inner.native = call->arguments;
        lives = session_run_text(call->session, &inner, call->reply);
    }
    pool_free(&pool);
    return lives;
}

/* Whether the system compiler may get these options; else the reply says why. */
static bool check_options(const magic_call *call, const char *options)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return false;
    }
    const char *problem = native_check_options(&pool, options);
    if (problem)
        magic_fail(call, "ValueError", "%.400s", problem);
    pool_free(&pool);
    return !problem;
}

static void set_flags(const magic_call *call, const char *flags)
{
    if (check_options(call, flags) && session_set_flags(call->session, flags) < 0)
        magic_fail(call, "MemoryError", "no memory for the options");
}

bool magic_flags(const magic_call *call)
{
    const char *flags = session_flags(call->session);
    if (!*call->arguments)
        magic_print(call, "%s\n", *flags ? flags : "(none)");
    else
        set_flags(call, strcmp(call->arguments, "-") == 0 ? "" : call->arguments);
    return true;
}

/* -std= among the options gets another value. */
bool magic_standard(const magic_call *call)
{
    const char *old = session_flags(call->session), *at = strstr(old, "-std=");
    char flags[2048];
    if (!*call->arguments || strpbrk(call->arguments, " \t")) {
        magic_fail(call, "ValueError", "expected the name of a standard, such as c99 or gnu17");
        return true;
    }
    const char *rest = at ? at + strcspn(at, " ") : "";
    snprintf(flags, sizeof flags, "%.*s%s%s-std=%.40s", at ? (int)(at - old) : (int)strlen(old),
             old, rest, *old && !at ? " " : "", call->arguments);
    set_flags(call, flags);
    return true;
}

static bool add_folder(const magic_call *call, const char *folder)
{
    char path[PATH_MAX];
    struct stat about;
    if (!realpath(folder, path) || stat(path, &about) < 0 || !S_ISDIR(about.st_mode) ||
        strpbrk(path, " \t\n")) {
        magic_fail(call, "FileNotFoundError", "%.400s is no folder whose name compilers can read",
                   folder);
        return false;
    }
    if (session_add_folder(call->session, path) == 0)
        return true;
    magic_fail(call, "MemoryError", "no memory for the name of the folder");
    return false;
}

bool magic_folder(const magic_call *call)
{
    add_folder(call, call->arguments);
    return true;
}

/* Take one word that pkg-config says. */
static bool take_word(const magic_call *call, const char *word)
{
    char flags[2048];
    if (strncmp(word, "-I", 2) == 0)
        return add_folder(call, word + 2);
    if (strncmp(word, "-l", 2) == 0)
        return magic_load_library(call, word + 2);
    if (strncmp(word, "-D", 2) != 0)
        return true;
    const char *old = session_flags(call->session);
    snprintf(flags, sizeof flags, "%.1000s%s%.1000s", old, *old ? " " : "", word);
    set_flags(call, flags);
    return !call->reply->ename;
}

bool magic_package(const magic_call *call)
{
    char command[300], text[4096];
    const char *name = call->arguments;
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789+-_.")]) {
        magic_fail(call, "ValueError", "expected the name of a package that pkg-config knows");
        return true;
    }
    snprintf(command, sizeof command, "pkg-config --cflags --libs -- %.200s 2>&1", name);
    FILE *f = popen(command, "re");
    size_t size = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[size] = '\0';
    int status = f ? pclose(f) : -1;
    if (status != 0) {
        text[strcspn(text, "\n")] = '\0';
        magic_fail(call, "ValueError", "%.400s", *text ? text : "pkg-config cannot be started");
        return true;
    }
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest))
        if (!take_word(call, word))
            break;
    return true;
}
