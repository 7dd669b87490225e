#include "lang.h"

#include "cell.h"
#include "declare.h"
#include "headers.h"
#include "lang_internal.h"
#include "past.h"

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int lang_prepare(const lang_options *options, char *error, size_t error_size)
{
    compiler_paths paths = {options->runtime_dir, options->notebook_include};
    return headers_prepare(&paths, error, error_size);
}

/* The text is large and changes often: it stays where it is while it fits. */
static bool set_text(lang_t *lang, const void *text, size_t size)
{
    if (size > lang->capacity) {
        size_t capacity = size + size / 4;
        char *larger = realloc(lang->text, capacity);
        if (!larger)
            return false;
        lang->text = larger;
        lang->capacity = capacity;
    }
    memcpy(lang->text, text, size);
    lang->size = size;
    lang->filed = false;
    return true;
}

lang_t *lang_create(const lang_options *options)
{
    (void)options; /* the headers were prepared before the fork */
    lang_t *lang = calloc(1, sizeof *lang);
    wire_buf empty = {0};
    past_write(&(past){0}, &empty);
    if (!lang || empty.bad || !set_text(lang, empty.data, empty.size)) {
        free(lang);
        lang = NULL;
    }
    wire_buf_free(&empty);
    return lang;
}

void lang_free(lang_t *lang)
{
    if (!lang)
        return;
    if (lang->file > 0)
        close(lang->file);
    free(lang->text);
    free(lang);
}

const char *lang_text(const lang_t *lang, size_t *size)
{
    *size = lang->size;
    return lang->text;
}

void lang_pack(const lang_t *lang, const lang_cell *cell, bool with_text, wire_buf *request)
{
    wire_put_u32(request, false); /* not whole, see cell_request */
    wire_put_u32(request, (uint32_t)cell->number);
    wire_put_u32(request, cell->mode);
    wire_put_bytes(request, cell->text, cell->size);
    wire_put_u32(request, (uint32_t)cell->done);
    wire_put_u32(request, (uint32_t)cell->size_count);
    for (size_t i = 0; i < cell->size_count; i++)
        wire_put_u64(request, (uint64_t)cell->sizes[i]);
    wire_put_u32(request, cell->native != NULL);
    wire_put_string(request, cell->native ? cell->native : "");
    wire_put_string(request, cell->flags ? cell->flags : "");
    wire_put_string(request, cell->folders ? cell->folders : "");
    wire_put_u32(request, with_text);
    if (with_text)
        wire_put_bytes(request, lang->text, lang->size);
}

int lang_commit(lang_t *lang, const lang_unit *unit)
{
    return unit->delta_size == 0 || set_text(lang, unit->delta, unit->delta_size) ? 0 : -1;
}

int lang_forget(lang_t *lang, const char *name)
{
    pool pool = {0};
    wire_buf out = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return -1;
    }
    wire_reader in = wire_read(lang->text, lang->size);
    past past;
    int result = -1;
    if (headers_default() && past_read(&pool, &in, &past) == 0) {
        result = past_forget(&past, name);
        /* The text points into the old one: write it before that is replaced. */
        past_write(&past, &out);
        if (out.bad || !set_text(lang, out.data, out.size))
            result = -1;
    }
    wire_buf_free(&out);
    pool_free(&pool);
    return result;
}

/* The entry's text without the name, `extern` and `;`. */
static char *type_of_entry(pool *pool, const entry *e, const char *name)
{
    tokens all = scan(pool, e->text, strlen(e->text), false);
    text out = {.pool = pool};
    bool cut = false;
    size_t first = token_is(&all.list[0], "extern"), end = first;
    while (end < all.count && !token_is(&all.list[end], ";"))
        end++;
    for (size_t i = first; i < end; i++) {
        const token *t = &all.list[i];
        bool is_name = !cut && t->kind == TOKEN_NAME && token_is(t, name) &&
                       !(i > first && is_tag_keyword(t - 1));
        const token *before = is_name || i == first ? NULL : t - 1;
        bool blank = before && (before->kind == TOKEN_NAME || token_is(before, ",")) &&
                     (t->kind == TOKEN_NAME || token_is(t, "*") ||
                      (cut && before->kind == TOKEN_NAME && token_is(before, name)));
        cut |= is_name;
        if (blank)
            text_puts(&out, " ");
        if (!is_name)
            text_add(&out, t->text, t->length);
    }
    return strdup(text_string(&out));
}

char *lang_declared_type(const lang_t *lang, const char *name, int *cell)
{
    pool pool = {0};
    char *volatile result = NULL;
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return NULL;
    }
    wire_reader in = wire_read(lang->text, lang->size);
    past past;
    if (headers_default() && past_read(&pool, &in, &past) == 0) {
        names names = {.pool = &pool};
        past_enter(&past, &names);
        const struct name *found = names_find(&names, SPACE_ORDINARY, name, strlen(name));
        if (found && found->item >= 0)
            *cell = past.list[found->item].cell;
        if (found && found->item >= 0)
            result = type_of_entry(&pool, &past.list[found->item], name);
    }
    pool_free(&pool);
    return result;
}

/* --- The reply ------------------------------------------------------------------------------ */

static void write_failure(wire_buf *reply, const char *ename, const char *evalue,
                          const char *traceback)
{
    wire_put_u32(reply, 0);
    wire_put_string(reply, ename);
    wire_put_string(reply, evalue);
    wire_put_string(reply, traceback);
}

/* BEFORE: the session as it was. */
static void write_answer(wire_buf *reply, const cell_answer *a, const past *before)
{
    if (a->ename) {
        write_failure(reply, a->ename, a->evalue, a->traceback);
        return;
    }
    wire_put_u32(reply, 1);
    wire_put_bytes(reply, a->object ? a->object : "", a->object_size);
    wire_put_bytes(reply, a->native ? a->native : "", a->native_size);
    const char *const strings[] = {a->entry, a->main, a->shown, a->shown_address, a->magic,
                                   a->magic_arguments};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        wire_put_string(reply, strings[i]);
    wire_put_u32(reply, (uint32_t)a->symbol_count);
    for (size_t i = 0; i < a->symbol_count; i++) {
        wire_put_string(reply, a->symbols[i].name);
        wire_put_u32(reply, a->symbols[i].is_function);
        wire_put_u32(reply, a->symbols[i].bind);
    }
    wire_put_u32(reply, (uint32_t)a->note_count);
    for (size_t i = 0; i < a->note_count; i++)
        wire_put_string(reply, a->notes[i]);
    wire_put_u32(reply, a->rest);
    wire_put_u32(reply, (uint32_t)a->rest_done);
    wire_put_u32(reply, (uint32_t)a->size_count);
    wire_put_string(reply, a->sizes);
    wire_buf text = {0};
    if (!*a->magic && !past_is_same(a->past, before)) {
        names names = {.pool = a->past->pool, .below = &headers_default()->names};
        past_enter(a->past, &names); /* reads what is new */
        past_write(a->past, &text);
    }
    wire_put_bytes(reply, text.data ? text.data : "", text.size);
    reply->bad |= text.bad;
    wire_buf_free(&text);
}

static bool has_nul(const char *text, size_t size)
{
    return size && memchr(text, '\0', size) != NULL;
}

static void read_sizes(pool *pool, wire_reader *in, cell_request *cell)
{
    size_t count = wire_get_u32(in);
    in->bad |= count > in->size;
    if (in->bad)
        return;
    cell->sizes = pool_alloc(pool, (count + 1) * sizeof *cell->sizes);
    for (; cell->size_count < count; cell->size_count++)
        cell->sizes[cell->size_count] = (int64_t)wire_get_u64(in);
}

/* In EXPRESSION mode the text is one expression; parentheses make sure of it. */
static const char *wrap(pool *pool, cell_request *cell)
{
    if (cell->mode != LANG_EXPRESSION)
        return cell->text;
    const char *text = pool_format(pool, "(%.*s)", (int)cell->size, cell->text);
    cell->size = strlen(text);
    return text;
}

static void make_warm(void)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory) == 0)
        compiler_warm(&pool, &headers_default()->paths);
    pool_free(&pool);
}

/* Memory behind what the rehearsal has used: a longer cell needs it. */
static void touch_room(void)
{
    enum { ROOM = 384 << 10 };
    char *room = malloc(ROOM);
    if (room)
        explicit_bzero(room, ROOM); /* which no compiler leaves out */
    free(room);
}

/* Compile a cell for nobody: the next finds all pages of memory that it needs. */
static void rehearse(void)
{
    static const char text[] = "int rehearsal; rehearsal + 1";
    lang_cell cell = {.text = text, .size = sizeof text - 1, .number = 1};
    wire_buf request = {0}, reply = {0};
    lang_t *lang = lang_create(NULL);
    if (lang) {
        lang_pack(lang, &cell, true, &request);
        if (!request.bad)
            lang_compile(request.data, request.size, &reply);
    }
    compiler_set_folders(""); /* they lay in the request */
    wire_buf_free(&request);
    wire_buf_free(&reply);
    lang_free(lang);
}

void lang_warm(void)
{
    if (!headers_default())
        return;
    mallopt(M_TRIM_THRESHOLD, INT_MAX); /* what has been touched stays */
    mallopt(M_MMAP_THRESHOLD, 1 << 24);
    make_warm();
    rehearse();
    touch_room();
    make_warm();
}

bool lang_compile(const void *request, size_t size, wire_buf *reply)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        wire_buf_free(reply);
        write_failure(reply, "CompileError", "the cell needs more memory than a compiler may use",
                      "\033[31mCompileError\033[0m: the cell needs more memory than a compiler "
                      "may use");
        return true;
    }
    bool again = false;
    wire_reader in = wire_read(request, size);
    cell_request cell = {.whole = wire_get_u32(&in) != 0};
    size_t behind = in.at;
    cell.number = (int)wire_get_u32(&in);
    cell.mode = (lang_mode)wire_get_u32(&in);
    cell.text = wire_get_bytes(&in, &cell.size);
    cell.done = wire_get_u32(&in);
    read_sizes(&pool, &in, &cell);
    bool native = wire_get_u32(&in) != 0;
    const char *options = wire_get_string(&in);
    cell.native = native ? options : NULL;
    cell.flags = wire_get_string(&in);
    cell.folders = wire_get_string(&in);
    compiler_set_folders(cell.folders);
    session_text session = {0};
    bool with_text = wire_get_u32(&in) != 0, known = !in.bad && headers_default();
    if (known && with_text) {
        size_t text_size;
        const char *text = wire_get_bytes(&in, &text_size);
        wire_reader text_reader = wire_read(text, text_size);
        known = !in.bad && past_read(&pool, &text_reader, &session.past) == 0;
        session.names = (names){.below = &headers_default()->names, .pool = &pool};
        if (known)
            past_enter(&session.past, &session.names);
    } else if (known) {
        known = lang__read_text(&pool, &session);
    }
    if (!known) {
        write_failure(reply, "KernelError", "the session's text is damaged",
                      "\033[31mKernelError\033[0m: the session's text is damaged");
    } else if (has_nul(cell.text, cell.size)) {
        write_failure(reply, "CompileError", "the cell holds a NUL character",
                      "\033[31mCompileError\033[0m: the cell holds a NUL character");
    } else {
        cell.text = wrap(&pool, &cell);
        cell.past = &session.past;
        cell.past_names = &session.names;
        cell_answer answer;
        cell_compile(&pool, &cell, &answer);
        again = answer.again;
        if (again) {
            wire_put_u32(reply, true);
            wire_put_raw(reply, (const char *)request + behind, size - behind);
        } else {
            write_answer(reply, &answer, &session.past);
        }
    }
    pool_free(&pool);
    return !again;
}

static bool read_lists(wire_reader *in, lang_unit *unit)
{
    size_t count = wire_get_u32(in);
    if (count > in->size)
        return false;
    unit->symbols = calloc(count + 1, sizeof *unit->symbols);
    for (; unit->symbols && unit->symbol_count < count && !in->bad; unit->symbol_count++) {
        lang_symbol *symbol = &unit->symbols[unit->symbol_count];
        symbol->name = wire_get_string(in);
        symbol->is_function = wire_get_u32(in) != 0;
        uint32_t bind = wire_get_u32(in);
        in->bad |= bind > LANG_BIND_PATCH;
        symbol->bind = (lang_bind)bind;
    }
    count = wire_get_u32(in);
    if (count > in->size)
        return false;
    unit->notes = calloc(count + 1, sizeof *unit->notes);
    for (; unit->notes && unit->note_count < count && !in->bad; unit->note_count++)
        unit->notes[unit->note_count] = wire_get_string(in);
    return unit->symbols && unit->notes;
}

int lang_unpack(const void *reply, size_t size, lang_unit *unit)
{
    *unit = (lang_unit){.ename = "", .evalue = "", .traceback = "", .entry = "", .main = "",
                        .shown = "", .shown_address = "", .magic = "", .magic_arguments = ""};
    wire_reader in = wire_read(reply, size);
    unit->ok = wire_get_u32(&in) == 1;
    if (!unit->ok) {
        unit->ename = wire_get_string(&in);
        unit->evalue = wire_get_string(&in);
        unit->traceback = wire_get_string(&in);
        return in.bad || !*unit->ename ? -1 : 0;
    }
    unit->object = wire_get_bytes(&in, &unit->object_size);
    unit->native = wire_get_bytes(&in, &unit->native_size);
    unit->entry = wire_get_string(&in);
    unit->main = wire_get_string(&in);
    unit->shown = wire_get_string(&in);
    unit->shown_address = wire_get_string(&in);
    unit->magic = wire_get_string(&in);
    unit->magic_arguments = wire_get_string(&in);
    bool lists = read_lists(&in, unit);
    unit->rest = wire_get_u32(&in) != 0;
    unit->rest_done = wire_get_u32(&in);
    unit->size_count = wire_get_u32(&in);
    unit->sizes = wire_get_string(&in);
    unit->delta = wire_get_bytes(&in, &unit->delta_size);
    if (!lists || in.bad) {
        lang_unit_free(unit);
        return -1;
    }
    return 0;
}

void lang_unit_free(lang_unit *unit)
{
    free(unit->symbols);
    free(unit->notes);
    unit->symbols = NULL;
    unit->notes = NULL;
    unit->symbol_count = unit->note_count = 0;
}
