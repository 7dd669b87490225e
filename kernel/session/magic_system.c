/* The process and the world around it: folders, environment, files, libraries, commands. */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "magic.h"

/* The name of an error of the system. */
static const char *error_name(void)
{
    return errno == ENOENT ? "FileNotFoundError" : "OSError";
}

bool magic_cd(const magic_call *call)
{
    const char *home = getenv("HOME");
    const char *folder = *call->arguments ? call->arguments : home ? home : "/";
    char now[PATH_MAX];
    if (chdir(folder) < 0)
        magic_fail(call, error_name(), "%.400s: %s", folder, strerror(errno));
    else
        magic_print(call, "%s\n", getcwd(now, sizeof now) ? now : folder);
    return true;
}

bool magic_env(const magic_call *call)
{
    extern char **environ;
    const char *equals = strchr(call->arguments, '=');
    if (!*call->arguments) {
        for (char **e = environ; *e; e++)
            magic_print(call, "%s\n", *e);
    } else if (!equals) {
        const char *value = getenv(call->arguments);
        if (value)
            magic_print(call, "%s\n", value);
        else
            magic_fail(call, "ValueError", "%.200s is not set", call->arguments);
    } else {
        char *name = strndup(call->arguments, (size_t)(equals - call->arguments));
        if (!name || setenv(name, equals + 1, 1) < 0)
            magic_fail(call, "ValueError", "expected NAME=VALUE");
        free(name);
    }
    return true;
}

bool magic_args(const magic_call *call)
{
    if (session_set_arguments(call->session, call->arguments) < 0)
        session_fail(call->reply, "MemoryError", "no memory for the arguments", "");
    return true;
}

bool magic_link(const magic_call *call)
{
    if (*call->arguments)
        magic_load_library(call, call->arguments);
    else
        magic_fail(call, "ValueError", "the name of a library is missing");
    return true;
}

bool magic_load_library(const magic_call *call, const char *wanted)
{
    char name[PATH_MAX];
    if (strchr(wanted, '/') || strstr(wanted, ".so"))
        snprintf(name, sizeof name, "%s", wanted);
    else
        snprintf(name, sizeof name, "lib%s.so", wanted);
    if (dlopen(name, RTLD_NOW | RTLD_GLOBAL))
        return true;
    magic_fail(call, "LinkError", "%.600s", dlerror());
    return false;
}

bool magic_file(const magic_call *call)
{
    /* The line of the magic itself is blank in the body. */
    const char *text = call->body + strspn(call->body, " \t\r");
    text += *text == '\n';
    size_t size = strlen(text);
    if (!*call->arguments) {
        magic_fail(call, "ValueError", "the name of a file is missing");
        return true;
    }
    FILE *f = fopen(call->arguments, "we");
    bool good = f && fwrite(text, 1, size, f) == size;
    if (good && size > 0 && text[size - 1] != '\n')
        good = fputc('\n', f) != EOF;
    if (f && fclose(f) != 0)
        good = false;
    if (good)
        magic_print(call, "wrote %s\n", call->arguments);
    else
        magic_fail(call, error_name(), "%.400s: %s", call->arguments, strerror(errno));
    return true;
}

bool magic_run_file(const magic_call *call)
{
    size_t size = 0;
    int fd = open(call->arguments, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : channel_file_content(fd, &size);
    bool lives = true;
    if (text) {
        session_cell inner = *call->cell;
        inner.code = text;
        inner.size = size;
        lives = session_run_text(call->session, &inner, call->reply);
    } else {
        magic_fail(call, error_name(), "%.400s: %s", call->arguments, strerror(errno));
    }
    free(text);
    if (fd >= 0)
        close(fd);
    return lives;
}

/* Whether the command is a name of the session's, as in the cell `!found`: C was meant. */
static bool is_ours(const magic_call *call)
{
    const char *name = call->arguments;
    int cell;
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    char *type = lang_declared_type(session_lang(call->session), name, &cell);
    free(type);
    return type != NULL;
}

bool magic_shell(const magic_call *call)
{
    fflush(NULL);
    int status = system(call->arguments);
    int number = status == -1 ? 0 : WIFSIGNALED(status) ? WTERMSIG(status)
               : WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128 : 0;
    char line[200];
    if (status == -1) {
        magic_fail(call, "OSError", "%s", strerror(errno));
    } else if (number == SIGINT) {
        session_fail(call->reply, "KeyboardInterrupt", "the command was stopped", "");
    } else if (status != 0) {
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && is_ours(call))
            snprintf(line, sizeof line, "'!' at the start of a line runs a command of the shell; "
                     "in C, write !(%.60s)", call->arguments);
        else if (WIFEXITED(status))
            snprintf(line, sizeof line, "the command ended with status %d", WEXITSTATUS(status));
        else
            snprintf(line, sizeof line, "the command was ended by signal %d", number);
        session_note(call->cell, line);
    }
    return true;
}
