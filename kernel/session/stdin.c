#include "stdin.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "run.h"

/* The stream of this session. A cell may put another one into stdin. */
static FILE *stream;
static FILE *own_stdout, *own_stderr;

/* What a question has brought and nobody has read yet. */
static char *line;
static size_t line_size, line_at;
static bool refused; /* StdinNotImplementedError was raised: further reads find end of file */

static void drop_line(void)
{
    free(line);
    line = NULL;
    line_size = line_at = 0;
}

static void refuse(void)
{
    refused = true;
    if (events_is_session())
        run_raise("StdinNotImplementedError",
                  "this cell reads from stdin, and the front end cannot ask the user");
}

/* Fill `line`. Returns 1, 0 at end of file, -1 with EINTR. */
static int ask(void)
{
    char *answer;
    drop_line();
    if (refused)
        return 0;
    switch (events_ask(false, &answer)) {
    case EVENTS_LINE:
        line_size = strlen(answer) + 1;
        line = realloc(answer, line_size + 1);
        if (!line) {
            free(answer);
            line_size = 0;
            return 0;
        }
        line[line_size - 1] = '\n';
        return 1;
    case EVENTS_INTERRUPTED:
        errno = EINTR;
        return -1;
    case EVENTS_NO_STDIN:
        refuse();
        return 0;
    default:
        return 0;
    }
}

static ssize_t refill(void *cookie, char *out, size_t size)
{
    (void)cookie;
    if (line_at == line_size) {
        int got = ask();
        if (got <= 0)
            return got;
    }
    size_t left = line_size - line_at, n = left < size ? left : size;
    memcpy(out, line + line_at, n);
    line_at += n;
    return (ssize_t)n;
}

static FILE *new_stream(void)
{
    FILE *f = fopencookie(NULL, "r", (cookie_io_functions_t){.read = refill});
    if (f)
        setvbuf(f, NULL, _IOLBF, 4096);
    return f;
}

/* read() on descriptor 0 asks as well. */
static ssize_t cell_read(int fd, void *out, size_t size)
{
    return fd == STDIN_FILENO && stdin == stream ? refill(NULL, out, size) : read(fd, out, size);
}

static int cell_fileno(FILE *f)
{
    return f == stream ? STDIN_FILENO : fileno(f);
}

/* The prompt goes to the front end with the question, which hides what is typed. */
static char *cell_getpass(const char *prompt)
{
    static char word[4096];
    char *answer;
    if (!events_is_session())
        return getpass(prompt);
    fputs(prompt, stdout);
    fflush(stdout);
    switch (refused ? EVENTS_EOF : events_ask(true, &answer)) {
    case EVENTS_LINE:
        snprintf(word, sizeof word, "%s", answer);
        explicit_bzero(answer, strlen(answer));
        free(answer);
        return word;
    case EVENTS_INTERRUPTED:
        errno = EINTR;
        return NULL;
    case EVENTS_NO_STDIN:
        refuse();
        return NULL;
    default:
        errno = ENXIO;
        return NULL;
    }
}

/* glibc's freopen crashes on a cookie stream: open a stream of its own and put it into stdin. */
static FILE *cell_freopen(const char *path, const char *mode, FILE *f)
{
    if (f != stream)
        return freopen(path, mode, f);
    FILE *opened = path ? fopen(path, mode) : NULL;
    if (opened && stdin == stream)
        stdin = opened;
    return opened;
}

/* The session goes on and needs its streams: to close one is to be done with it in this cell. */
static int cell_fclose(FILE *f)
{
    if (f == stream) {
        drop_line();
        __fpurge(stream);
        return 0;
    }
    return f && (f == own_stdout || f == own_stderr) ? fflush(f) : fclose(f);
}

int stdin_install(loader_t *loader)
{
    stream = new_stream();
    if (!stream)
        return -1;
    stdin = stream;
    own_stdout = stdout;
    own_stderr = stderr;
    bool bad = loader_interpose(loader, "read", (void *)cell_read) < 0 ||
               loader_interpose(loader, "fileno", (void *)cell_fileno) < 0 ||
               loader_interpose(loader, "fclose", (void *)cell_fclose) < 0 ||
               loader_interpose(loader, "getpass", (void *)cell_getpass) < 0 ||
               loader_interpose(loader, "freopen", (void *)cell_freopen) < 0 ||
               loader_interpose(loader, "freopen64", (void *)cell_freopen) < 0;
    return bad ? -1 : 0;
}

void stdin_begin_cell(void)
{
    refused = false;
}

void stdin_end_cell(void)
{
    if (refused) {
        /* The jump out of the read may have left the stream half-way: never touch it again. */
        FILE *fresh = new_stream();
        if (fresh) {
            if (stdin == stream)
                stdin = fresh;
            stream = fresh;
        }
    }
    drop_line();
    __fpurge(stream);
    clearerr(stream);
}
