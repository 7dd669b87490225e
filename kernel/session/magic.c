#include "magic.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan.h"

typedef struct magic {
    const char *name, *usage, *what;
    magic_function run;
    bool in_line, in_cell; /* %name, %%name */
    bool keeps_state;      /* needs no snapshot: it runs no code and changes nothing */
} magic;

static bool magic_list(const magic_call *call);

static const magic magics[] = {
    {"args", "%args WORD...", "the arguments of main", magic_args, true, false, false},
    {"cflags", "%cflags [OPTION...]", "show or set further options of gcc or clang; - for none",
     magic_flags, true, false, false},
    {"cd", "%cd [FOLDER]", "change the working folder", magic_cd, true, false, false},
    {"env", "%env [NAME[=VALUE]]", "show or set environment variables", magic_env, true, false,
     false},
    {"expect-error", "%%expect-error [NAME]", "the cell is meant to fail (by the error NAME)", NULL,
     false, true, true},
    {"file", "%%file NAME", "write the cell to a file", magic_file, false, true, true},
    {"limit", "%limit [memory SIZE|off] [time SECONDS|off]", "what a cell may use", magic_limit,
     true, false, true},
    {"include-dir", "%include-dir FOLDER", "search #include files in a folder, too", magic_folder,
     true, false, false},
    {"link", "%link NAME|PATH", "load a shared library: its functions can be called", magic_link,
     true, false, false},
    {"lsmagic", "%lsmagic", "list the magics", magic_list, true, false, true},
    {"native", "%%native [OPTIONS]", "compile the cell by gcc or clang, -O3 -march=native",
     magic_native, false, true, true},
    {"output-limit", "%output-limit off|on|MB", "how much of a cell's output is shown",
     magic_output_limit, true, false, true},
    {"pkg", "%pkg NAME", "use a library that pkg-config knows: its headers and itself",
     magic_package, true, false, false},
    {"reset", "%reset", "start with an empty session", magic_reset, true, false, true},
    {"rm", "%rm NAME...", "forget names; a header's meaning returns", magic_rm, true, false, false},
    {"run", "%run FILE.c", "run a file as a cell", magic_run_file, true, false, true},
    {"snapshot", "%snapshot [off|auto|N]", "how many states %undo can go back", magic_snapshot,
     true, false, true},
    {"source", "%source NAME", "show how a name was defined (also: NAME?\?)", magic_source, true,
     false, true},
    {"std", "%std NAME", "the C standard of cells that gcc or clang compile: c99, gnu17, ...",
     magic_standard, true, false, false},
    {"time", "%time STATEMENT, %%time", "run it and tell how long it takes", magic_time, true,
     true, true},
    {"timeit", "%timeit STATEMENT, %%timeit", "run it many times and tell how long one takes",
     magic_timeit, true, true, true},
    {"undo", "%undo", "go back to the state before the last cell", magic_undo, true, false, true},
    {"who", "%who", "list the session's variables and functions: type, size, cell, value",
     magic_who, true, false, true},
    {"whos", "%whos", "the same", magic_who, true, false, true},
};
#define MAGIC_COUNT (sizeof magics / sizeof magics[0])

static const magic shell = {"!", "!COMMAND", "run a command of the shell", magic_shell, true,
                            false, false};
static const magic describe = {"?", "NAME? or ?NAME", "tell what a name means", magic_describe,
                               true, false, true};

void magic_print(const magic_call *call, const char *format, ...)
{
    va_list arguments;
    if (call->cell->silent)
        return;
    va_start(arguments, format);
    vdprintf(STDOUT_FILENO, format, arguments);
    va_end(arguments);
}

void magic_fail(const magic_call *call, const char *error, const char *format, ...)
{
    char message[1024];
    va_list arguments;
    int n = snprintf(message, sizeof message, "%s%.60s: ", isalpha((unsigned char)*call->name)
                     ? call->body ? "%%" : "%" : "", call->name);
    va_start(arguments, format);
    vsnprintf(message + n, sizeof message - (size_t)n, format, arguments);
    va_end(arguments);
    session_fail(call->reply, error, message, "");
}

static bool magic_list(const magic_call *call)
{
    for (size_t i = 0; i < MAGIC_COUNT; i++)
        magic_print(call, "%-28s %s\n", magics[i].usage, magics[i].what);
    magic_print(call, "%-28s %s\n", shell.usage, shell.what);
    magic_print(call, "%-28s %s\n", describe.usage, describe.what);
    return true;
}

/* --- unknown ones ----------------------------------------------------------------------- */

/* The number of edits between two short names (insert, delete, replace). */
static size_t distance(const char *a, const char *b)
{
    size_t row[32], la = strlen(a), lb = strlen(b);
    if (la > 30 || lb > 30)
        return 99;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[lb];
}

static void fail_unknown(const magic_call *call)
{
    char message[400];
    size_t at = (size_t)snprintf(message, sizeof message, "there is no magic %s%.60s",
                                 call->body ? "%%" : "%", call->name);
    const char *lead = "; near it: ";
    for (size_t i = 0; i < MAGIC_COUNT && at < 300; i++)
        if (distance(call->name, magics[i].name) <= 2) {
            const char *usage = magics[i].usage;
            at += (size_t)snprintf(message + at, sizeof message - at, "%s%.*s", lead,
                                   (int)strcspn(usage, " ,"), usage);
            lead = ", ";
        }
    snprintf(message + at, sizeof message - at, " (%%lsmagic lists all)");
    session_fail(call->reply, "ValueError", message, "");
}

/* --- lines ------------------------------------------------------------------------------ */

/* The first line that is not blank: its start and end in CODE. False if there is none. */
static bool first_line(const char *code, size_t size, size_t *start, size_t *end)
{
    size_t at = 0;
    while (at < size && isspace((unsigned char)code[at]))
        at++;
    if (at == size)
        return false;
    const char *newline = memchr(code + at, '\n', size - at);
    *start = at;
    *end = newline ? (size_t)(newline - code) : size;
    while (*end > at && isspace((unsigned char)code[*end - 1]))
        --*end;
    return true;
}

/* `name?` or `name??`. */
static bool is_question(const char *line, size_t length)
{
    size_t name = 0;
    while (name < length && (isalnum((unsigned char)line[name]) || line[name] == '_'))
        name++;
    size_t marks = length - name;
    return name > 0 && marks >= 1 && marks <= 2 && memcmp(line + name, "??", marks) == 0;
}

static bool is_magic_line(const char *line, size_t length)
{
    if (line[0] == '!')
        return length > 1 && scan_is_shell(line[1]);
    return line[0] == '%' || line[0] == '?' || is_question(line, length);
}

bool magic_begins(const char *code, size_t size)
{
    size_t start, end;
    return first_line(code, size, &start, &end) && is_magic_line(code + start, end - start);
}

/* Take a line apart, in place: name and arguments. */
static const magic *take_apart(char *line, bool in_cell, magic_call *call)
{
    size_t length = strlen(line);
    call->arguments = line + 1;
    if (line[0] == '!') {
        call->name = "!";
        return &shell;
    }
    if (line[0] == '?' || line[0] != '%') {
        bool source = length > 2 && line[length - 1] == '?' && line[length - 2] == '?';
        bool leads = line[0] == '?';
        if (!leads)
            line[length - (source ? 2 : 1)] = '\0';
        call->arguments = line + leads + strspn(line + leads, " \t");
        call->name = source ? "source" : "?";
        for (size_t i = 0; source && i < MAGIC_COUNT; i++)
            if (strcmp(magics[i].name, "source") == 0)
                return &magics[i];
        return &describe;
    }
    char *name = line + (in_cell ? 2 : 1);
    size_t word = strcspn(name, " \t");
    char *rest = name + word;
    if (*rest)
        *rest++ = '\0';
    call->name = name;
    call->arguments = rest + strspn(rest, " \t");
    for (size_t i = 0; i < MAGIC_COUNT; i++)
        if (strcmp(magics[i].name, name) == 0 && (in_cell ? magics[i].in_cell : magics[i].in_line))
            return &magics[i];
    return NULL;
}

static bool call_magic(const magic *m, magic_call *call)
{
    if (!m || !m->run) {
        fail_unknown(call);
        return true;
    }
    if (*m->usage == '%' && !strchr(m->usage, ' ') && *call->arguments) { /* `%undo 2` undoes one */
        magic_fail(call, "ValueError", "takes no arguments; '%.40s' means nothing here",
                   call->arguments);
        return true;
    }
    const session_means *means = session_get_means(call->session);
    if (!m->keeps_state && !means->snapshot(means->context))
        return false;
    return m->run(call);
}

/* TEXT with its first COUNT bytes blank, so that what follows keeps its lines. */
static char *blank_start(const char *text, size_t size, size_t count)
{
    char *copy = malloc(size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    for (size_t i = 0; i < count; i++)
        if (copy[i] != '\n')
            copy[i] = ' ';
    return copy;
}

bool magic_run(session_t *session, const session_cell *cell, session_reply *reply, char **rest)
{
    size_t done = 0, start, end;
    bool lives = true;
    *rest = NULL;
    while (lives && !reply->ename &&
           first_line(cell->code + done, cell->size - done, &start, &end) &&
           is_magic_line(cell->code + done + start, end - start)) {
        char *line = strndup(cell->code + done + start, end - start);
        bool in_cell = done == 0 && strncmp(line ? line : "", "%%", 2) == 0;
        char *body = in_cell ? blank_start(cell->code, cell->size, end) : NULL;
        magic_call call = {.session = session, .cell = cell, .body = body, .reply = reply};
        if (line && (body || !in_cell))
            lives = call_magic(take_apart(line, in_cell, &call), &call);
        else
            session_fail(reply, "MemoryError", "no memory for the cell's text", "");
        free(body);
        free(line);
        if (in_cell)
            return lives;
        done += end;
    }
    if (lives && !reply->ename && first_line(cell->code + done, cell->size - done, &start, &end))
        *rest = blank_start(cell->code, cell->size, done);
    return lives;
}
