#include "repl.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "cells.h"
#include "terminal.h"

/* A cell as it is typed. */
typedef struct editor {
    terminal terminal;
    EditLine *edit; /* NULL when stdin is no terminal */
    History *history;
    char prompt[64];
    char *text;
    size_t size;
    int number; /* of the cell that is typed */
} editor;

static editor the_editor;

static char *show_prompt(EditLine *edit)
{
    (void)edit;
    return the_editor.prompt;
}

/* As libedit's own, but an interrupt ends the line. */
static int read_character(EditLine *edit, wchar_t *out)
{
    (void)edit;
    mbstate_t state = {0};
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR && !terminal_was_interrupted())
            continue;
        if (n <= 0)
            return (int)n;
        size_t used = mbrtowc(out, &c, 1, &state);
        if (used == (size_t)-1) {
            state = (mbstate_t){0};
            continue;
        }
        if (used != (size_t)-2)
            return 1;
    }
}

static void open_editor(editor *e)
{
    if (!isatty(STDIN_FILENO))
        return;
    e->edit = el_init("xtinycc", stdin, stdout, stderr);
    e->history = history_init();
    if (!e->edit || !e->history)
        return;
    HistEvent event;
    history(e->history, &event, H_SETSIZE, 1000);
    el_set(e->edit, EL_PROMPT, show_prompt);
    el_set(e->edit, EL_EDITOR, "emacs");
    el_set(e->edit, EL_HIST, history, e->history);
    el_set(e->edit, EL_GETCFN, read_character);
    el_source(e->edit, NULL);
}

static void close_editor(editor *e)
{
    if (e->edit)
        el_end(e->edit);
    if (e->history)
        history_end(e->history);
    free(e->text);
}

/* One line without its newline, malloc'ed; NULL at end of file or (with *INTERRUPTED) Ctrl-C. */
static char *read_line(editor *e, int indent, bool *interrupted)
{
    char *line = NULL;
    *interrupted = false;
    if (!e->edit) {
        size_t capacity = 0;
        ssize_t n = getline(&line, &capacity, stdin);
        if (n < 0) {
            free(line);
            return NULL;
        }
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        return line;
    }
    if (indent > 0 && indent < 40) {
        char spaces[41] = "";
        memset(spaces, ' ', (size_t)indent);
        spaces[indent] = '\0';
        el_push(e->edit, spaces);
    }
    int count = 0;
    terminal_read_interrupts(true);
    const char *got = el_gets(e->edit, &count);
    *interrupted = terminal_was_interrupted();
    terminal_read_interrupts(false);
    if (*interrupted || !got || count <= 0)
        return NULL;
    line = strdup(got);
    if (line && line[count - 1] == '\n')
        line[count - 1] = '\0';
    return line;
}

static void append_line(editor *e, const char *line)
{
    size_t length = strlen(line);
    char *text = realloc(e->text, e->size + length + 2);
    if (!text)
        return;
    e->text = text;
    if (e->size > 0)
        e->text[e->size++] = '\n';
    memcpy(e->text + e->size, line, length + 1);
    e->size += length;
}

/* Read lines until they are a whole cell. False at the end of the input. */
static bool read_cell(editor *e)
{
    int indent = 0;
    e->size = 0;
    for (;;) {
        if (e->size == 0)
            snprintf(e->prompt, sizeof e->prompt, "In [%d]: ", e->number);
        else
            snprintf(e->prompt, sizeof e->prompt, "%*s...: ", 3 + snprintf(NULL, 0, "%d",
                     e->number), "");
        bool interrupted;
        char *line = read_line(e, indent, &interrupted);
        if (interrupted) {
            putchar('\n');
            e->size = 0;
            indent = 0;
            continue;
        }
        if (!line) {
            if (e->edit)
                putchar('\n');
            return e->size > 0;
        }
        bool was_empty = strspn(line, " \t") == strlen(line);
        if (e->size == 0 && was_empty) {
            free(line);
            continue;
        }
        append_line(e, line);
        free(line);
        host_complete_status status = host_is_complete(e->terminal.host, e->text, e->size,
                                                       &indent);
        if (status != HOST_CODE_INCOMPLETE || (was_empty && indent == 0))
            return true;
    }
}

static int run_repl(void)
{
    editor *e = &the_editor;
    setlocale(LC_CTYPE, "");
    e->number = 1;
    e->terminal.prompts = true;
    if (!terminal_start(&e->terminal))
        return 2;
    open_editor(e);
    if (e->edit)
        printf("xeus-tinycc %s: C, cell by cell. Ctrl-D ends, Ctrl-C stops a cell.\n",
               XTINYCC_VERSION);
    int status = 0;
    while (status >= 0 && read_cell(e)) {
        if (e->history) {
            HistEvent event;
            history(e->history, &event, H_ENTER, e->text);
        }
        status = terminal_execute(&e->terminal, e->text, e->size, e->number++);
    }
    close_editor(e);
    host_stop(e->terminal.host);
    return status < 0 ? 2 : e->edit ? 0 : status;
}

static int run_file(const char *path)
{
    terminal t = {0};
    cell_list list;
    if (!terminal_start(&t))
        return 2;
    if (cells_read(path, &list) < 0) {
        fprintf(stderr, "xtinycc: %s: %s\n", path, strerror(errno));
        host_stop(t.host);
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < list.count && !failed; i++)
        failed = terminal_execute(&t, list.cells[i].text, list.cells[i].size, (int)i + 1);
    cells_free(&list);
    host_stop(t.host);
    return failed ? 1 : 0;
}

int repl_main(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "repl") == 0)
        return run_repl();
    if (argc == 2 && strcmp(argv[0], "run") == 0)
        return run_file(argv[1]);
    if (argc == 2 && strcmp(argv[0], "export") == 0)
        return export_notebook(argv[1], NULL);
    if (argc == 4 && strcmp(argv[0], "export") == 0 && strcmp(argv[2], "-o") == 0)
        return export_notebook(argv[1], argv[3]);
    if (argc == 1 && strcmp(argv[0], "doctor") == 0)
        return doctor();
    fprintf(stderr, "usage: xtinycc repl\n       xtinycc run FILE.c\n       xtinycc doctor\n"
                    "       xtinycc export NOTEBOOK.ipynb [-o FILE.c]\n");
    return 2;
}
