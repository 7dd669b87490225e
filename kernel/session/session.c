#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "magic.h"
#include "shown.h"
#include "value.h"

struct session {
    session_options options;
    lang_t *lang;
    loader_t *loader;
    /* of main: argv[0], words, NULL */
    char *words, **argv;
    int argc;
    char *flags, *folders; /* NULL: none */
};

int session_set_arguments(session_t *session, const char *words)
{
    static char program[] = "a.out";
    char *copy = strdup(words), **argv = calloc(strlen(words) / 2 + 3, sizeof *argv);
    if (!copy || !argv) {
        free(copy);
        free(argv);
        return -1;
    }
    int argc = 0;
    argv[argc++] = program;
    for (char *word = strtok(copy, " \t"); word; word = strtok(NULL, " \t"))
        argv[argc++] = word;
    free(session->words);
    free(session->argv);
    session->words = copy;
    session->argv = argv;
    session->argc = argc;
    return 0;
}

const char *session_flags(const session_t *session)
{
    return session->flags ? session->flags : "";
}

int session_set_flags(session_t *session, const char *flags)
{
    char *copy = strdup(flags);
    if (!copy)
        return -1;
    free(session->flags);
    session->flags = copy;
    return 0;
}

const char *session_folders(const session_t *session)
{
    return session->folders ? session->folders : "";
}

int session_add_folder(session_t *session, const char *folder)
{
    char *list = NULL;
    if (asprintf(&list, "%s%s\n", session_folders(session), folder) < 0)
        return -1;
    free(session->folders);
    session->folders = list;
    return 0;
}

session_t *session_create(const session_options *options, char *error, size_t error_size)
{
    session_t *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(error, error_size, "no memory for the session");
        return NULL;
    }
    s->options = *options;
    s->lang = lang_create(&options->lang);
    if (!s->lang || session_set_arguments(s, "") < 0)
        snprintf(error, error_size, "no memory for the session's text");
    else
        s->loader = loader_create(options->helpers, error, error_size);
    if (!s->loader || run_init(s->loader, &s->options.hooks, error, error_size) < 0 ||
        magic_time_install(s->loader) < 0 || shown_install(s->loader) < 0) {
        session_free(s);
        return NULL;
    }
    return s;
}

void session_free(session_t *session)
{
    if (!session)
        return;
    free(session->words);
    free(session->argv);
    free(session->flags);
    free(session->folders);
    loader_free(session->loader);
    lang_free(session->lang);
    free(session);
}

int session_forget(session_t *session, const char *name)
{
    int known = lang_forget(session->lang, name);
    if (known > 0)
        loader_forget(session->loader, name);
    return known;
}

lang_t *session_lang(const session_t *session)
{
    return session->lang;
}

loader_t *session_loader(session_t *session)
{
    return session->loader;
}

const session_means *session_get_means(const session_t *session)
{
    return &session->options.means;
}

void session_reply_free(session_reply *reply)
{
    free(reply->ename);
    free(reply->evalue);
    free(reply->traceback);
    *reply = (session_reply){0};
}

void session_fail(session_reply *reply, const char *name, const char *message, const char *trace)
{
    session_reply_free(reply);
    reply->ename = strdup(name);
    reply->evalue = strdup(message);
    if (asprintf(&reply->traceback, "\033[31m%s\033[0m: %s%s%s", name, message,
                 trace && *trace ? "\n" : "", trace ? trace : "") < 0)
        reply->traceback = NULL;
}

void session_note(const session_cell *cell, const char *text)
{
    if (!cell->silent)
        dprintf(STDERR_FILENO, "\033[2m%s\033[0m\n", text);
}

/* Turn the end of a run into the reply; true if the cell may go on with its value. */
static bool take_report(const run_report *report, session_reply *reply)
{
    switch (report->end) {
    case RUN_DONE:
        return true;
    case RUN_EXITED:
        return false;
    case RUN_INTERRUPTED:
        session_fail(reply, report->name[0] ? report->name : "KeyboardInterrupt", report->message,
                     report->trace);
        return false;
    default:
        session_fail(reply, report->name, report->message, report->trace);
        return false;
    }
}

static void show_value(const session_t *s, const lang_unit *unit, int image)
{
    void **address = loader_image_symbol(s->loader, image, unit->shown_address);
    if (!address || !*address || unit->shown_is_table)
        return;
    wire_buf text = {0};
    int described = unit->native_size ? image - 1 : image;
    if (value_text(s->loader, described, unit->shown, *address, &text) == 0 && !text.bad)
        s->options.means.result(s->options.means.context, text.data, text.size);
    wire_buf_free(&text);
}

/* Run a unit that has been loaded and committed. */
static void run_unit(const session_t *s, const session_cell *cell, const lang_unit *unit,
                     int image, session_reply *reply)
{
    run_report report = {0};
    bool go_on = true;
    shown_begin();
    if (*unit->entry) {
        void *entry = loader_image_symbol(s->loader, image, unit->entry);
        if (!entry) {
            session_fail(reply, "KernelError", "the compiled cell has no entry", "");
            return;
        }
        run_cell((void (*)(void))entry, cell->number, &report);
        go_on = take_report(&report, reply);
    }
    if (go_on && *unit->main) {
        bool has_status = strcmp(unit->main, "main") == 0;
        void *entry = loader_symbol(s->loader, "main");
        run_main((int (*)(int, char **))entry, has_status, s->argc, s->argv, cell->number, &report);
        go_on = take_report(&report, reply);
    }
    if (go_on && *unit->shown_address && !cell->silent)
        show_value(s, unit, image);
    const char *text = shown_take();
    if (go_on && *text && !cell->silent)
        s->options.means.result(s->options.means.context, text, strlen(text));
}

/* Returns the image, or -1 if the unit was not loaded. */
static int load_and_run(session_t *s, const session_cell *cell, const lang_unit *unit,
                        session_reply *reply)
{
    int image = -1;
    char error[4096];
    if (unit->object_size &&
        loader_load(s->loader, unit, cell->number, &image, error, sizeof error) < 0) {
        session_fail(reply, "LinkError", error, "");
        reply->no_trace = true;
        return -1;
    }
    run_report built;
    bool is_built = !run_take_constructor_report(&built);
    /* Declared is what was loaded, whatever the statements then do: a stopped cell keeps it. */
    if (lang_commit(s->lang, unit) < 0) {
        session_fail(reply, "MemoryError", "no memory to remember the cell's declarations", "");
        return -1;
    }
    for (size_t i = 0; i < unit->note_count; i++)
        session_note(cell, unit->notes[i]);
    if (!is_built)
        take_report(&built, reply);
    else if (unit->object_size)
        run_unit(s, cell, unit, image, reply);
    return image;
}

static void fail_as_told(session_reply *reply, const lang_unit *unit)
{
    reply->ename = strdup(unit->ename);
    reply->evalue = strdup(unit->evalue);
    reply->traceback = strdup(unit->traceback);
    reply->no_trace = true;
}

/* Read the sizes that the first part of a cell has left for the next. */
static bool prepare_rest(const session_t *s, int image, const lang_unit *unit, lang_cell *part,
                         const session_reply *reply)
{
    const int64_t *sizes = unit->rest ? loader_image_symbol(s->loader, image, unit->sizes) : NULL;
    if (!sizes || reply->ename || sizes[unit->size_count] != 1) /* it ended before */
        return false;
    int64_t *copy = malloc((unit->size_count + 1) * sizeof *copy);
    if (!copy)
        return false;
    memcpy(copy, sizes, unit->size_count * sizeof *copy);
    free((void *)part->sizes);
    part->sizes = copy;
    part->size_count = unit->size_count;
    part->done = unit->rest_done;
    return true;
}

/* Returns whether a further part remains. */
static bool run_loaded(session_t *s, const session_cell *cell, const lang_unit *unit,
                       lang_cell *part, session_reply *reply)
{
    int image = load_and_run(s, cell, unit, reply);
    bool left = prepare_rest(s, image, unit, part, reply);
    loader_retire(s->loader, image);
    return left;
}

/* Compile and run a cell, or what is left of it. *LEFT: a further part remains, for which PART has
   been filled in. */
static bool run_part(session_t *s, const session_cell *cell, lang_cell *part, bool *left,
                     session_reply *reply)
{
    *left = false;
    wire_buf request = {0};
    int text = lang_file(s->lang);
    lang_pack(s->lang, part, text < 0, &request);
    char *answer = NULL, reason[512] = "";
    size_t size = 0;
    session_compiled end = s->options.means.compile(s->options.means.context, &request, text,
                                                    &answer, &size, reason, sizeof reason);
    wire_buf_free(&request);
    lang_unit unit = {0};
    bool lives = end != SESSION_COPY_WOKEN;
    if (end == SESSION_NO_ANSWER) {
        session_fail(reply, "CompileError", reason, "");
        reply->no_trace = true;
    } else if (end == SESSION_STOPPED) {
        session_fail(reply, "KeyboardInterrupt", "stopped before the cell began", "");
        reply->no_trace = true;
    } else if (end == SESSION_COMPILED && lang_unpack(answer, size, &unit) < 0) {
        session_fail(reply, "CompileError", "the compiler broke off", "");
        reply->no_trace = true;
    } else if (end == SESSION_COMPILED) {
        if (!unit.ok)
            fail_as_told(reply, &unit);
        else if (unit.magic && *unit.magic)
            session_fail(reply, "CompileError", "a magic stands before the C of its cell", "");
        else
            *left = run_loaded(s, cell, &unit, part, reply);
        lang_unit_free(&unit);
    }
    free(answer);
    return lives;
}

bool session_run_text(session_t *s, const session_cell *cell, session_reply *reply)
{
    lang_cell part = {.text = cell->code, .size = cell->size, .number = cell->number,
                      .mode = cell->mode, .native = cell->native,
                      .flags = session_flags(s), .folders = session_folders(s)};
    bool left, lives = run_part(s, cell, &part, &left, reply);
    while (lives && left) {
        lives = run_part(s, cell, &part, &left, reply);
        reply->no_trace = false; /* the part before has left its trace */
    }
    free((void *)part.sizes);
    return lives;
}

bool session_execute(session_t *session, const session_cell *cell, session_reply *reply)
{
    *reply = (session_reply){0};
    bool lives = true;
    if (cell->mode == LANG_CELL && magic_begins(cell->code, cell->size)) {
        session_cell below = *cell;
        char *rest;
        lives = magic_run(session, cell, reply, &rest);
        below.code = rest;
        below.size = rest ? strlen(rest) : 0;
        if (rest)
            lives = session_run_text(session, &below, reply);
        free(rest);
    } else {
        lives = session_run_text(session, cell, reply);
    }
    reply->ok = lives && !reply->ename;
    return lives;
}
