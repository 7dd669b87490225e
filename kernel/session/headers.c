#include "headers.h"

#include "declare.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const default_headers[] = {
    "stdio.h",  "stdlib.h", "string.h", "math.h",  "stdint.h", "inttypes.h", "stdbool.h",
    "stddef.h", "stdarg.h", "ctype.h",  "time.h",  "errno.h",  "limits.h",   "float.h",
    "gcc_builtins.h", "notebook.h",
};

/* Macros of the C library that would hide what the compiler itself knows: H2 and H10. */
static const char *const unwanted_macros[] = {"__attribute__", "_Static_assert", "static_assert",
                                              "__BASE_FILE__", "__extension__"};

static headers prepared;
static bool is_prepared;

const headers *headers_default(void)
{
    return is_prepared ? &prepared : NULL;
}

/* Where the declarations of a file begin in the declarations' text. */
typedef struct part {
    size_t offset;
    const char *file;
} part;

/* The compiler's -E -dD output, taken apart. */
typedef struct parts {
    text declarations;
    part *list;
    size_t count, capacity;
    names macros; /* NAME_MACRO: defined at the end, NAME_UNKNOWN: undefined */
    const name **order;
    size_t order_count, order_capacity;
} parts;

/* libtcc prints `##` as <a6> and `...` of a macro's parameters as __VA_ARGS__. */
static char *mend_define(pool *pool, const char *line, size_t length)
{
    text out = {.pool = pool};
    const char *end = line + length, *close = memchr(line, ')', length);
    const char *blank = memchr(line, ' ', length);
    bool in_parameters = blank && close && blank < close;
    char quote = '\0';
    for (const char *p = line; p < end; p++) {
        if (!quote && end - p >= 4 && memcmp(p, "<a6>", 4) == 0) {
            text_puts(&out, "##");
            p += 3;
            continue;
        }
        if (in_parameters && p < close && close - p == 11 && memcmp(p, "__VA_ARGS__", 11) == 0 &&
            (p[-1] == '(' || p[-1] == ',')) {
            text_puts(&out, "...");
            p += 10;
            continue;
        }
        if (quote && *p == '\\' && p + 1 < end)
            text_add(&out, p++, 1);
        else if (quote ? *p == quote : *p == '"' || *p == '\'')
            quote = quote ? '\0' : *p;
        text_add(&out, p, 1);
    }
    return out.data ? out.data : pool_alloc(pool, 1);
}

/* "stdio.h" of "/usr/include/stdio.h". */
static const char *short_name(pool *pool, const compiler_paths *paths, const char *path, size_t length)
{
    char *name = pool_copy(pool, path, length);
    const char *root = paths->notebook_include;
    for (size_t i = 0; root || i == 0; root = compiler_system_headers(pool, paths, i++)) {
        size_t size = root ? strlen(root) : 0;
        if (size && strncmp(name, root, size) == 0 && name[size] == '/')
            return name + size + 1;
    }
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static const char *current_file(const parts *parts)
{
    return parts->count ? parts->list[parts->count - 1].file : "";
}

static void add_macro(pool *pool, parts *parts, const char *line, size_t length, bool define)
{
    const char *at = line + (define ? strlen("#define ") : strlen("#undef "));
    const char *end = at;
    while (end < line + length && (isalnum((unsigned char)*end) || *end == '_' || *end == '$'))
        end++;
    const char *name_text = pool_copy(pool, at, (size_t)(end - at));
    name *entry = names_set(&parts->macros, SPACE_MACRO, name_text, (size_t)(end - at),
                            define ? NAME_MACRO : NAME_UNKNOWN);
    entry->place = current_file(parts);
    if (define) {
        const char *mended = mend_define(pool, line, length);
        entry->macro = mended + strlen("#define ");
        entry->macro_length = strlen(entry->macro);
    }
    *POOL_PUSH(pool, parts->order, parts->order_count, parts->order_capacity) = entry;
}

/* `# 12 "/usr/include/stdio.h" 1` */
static void add_marker(pool *pool, struct pool *kept, parts *parts, const compiler_paths *paths,
                       const char *line, size_t length)
{
    const char *open = memchr(line, '"', length);
    const char *close = open ? memchr(open + 1, '"', (size_t)(line + length - open - 1)) : NULL;
    if (!close)
        return;
    part part = {parts->declarations.size,
                 short_name(kept, paths, open + 1, (size_t)(close - open - 1))};
    *POOL_PUSH(pool, parts->list, parts->count, parts->capacity) = part;
}

static bool starts(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* The files' names are KEPT. */
static parts take_apart(pool *pool, struct pool *kept, const compiler_paths *paths,
                        const char *expanded)
{
    parts parts = {.declarations = {.pool = pool}, .macros = {.pool = pool}};
    for (const char *line = expanded, *next; *line; line = next) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);
        next = end ? end + 1 : line + length;
        if (starts(line, length, "#define "))
            add_macro(pool, &parts, line, length, true);
        else if (starts(line, length, "#undef "))
            add_macro(pool, &parts, line, length, false);
        else if (starts(line, length, "# "))
            add_marker(pool, kept, &parts, paths, line, length);
        else if (length > strspn(line, " \t\r"))
            text_add(&parts.declarations, line, (size_t)(next - line));
    }
    return parts;
}

static bool is_unwanted(const name *entry)
{
    for (size_t i = 0; i < sizeof unwanted_macros / sizeof *unwanted_macros; i++)
        if (entry->length == strlen(unwanted_macros[i]) &&
            memcmp(entry->text, unwanted_macros[i], entry->length) == 0)
            return true;
    return false;
}

/* The macros in force at the end, as directives. UNDEFINE: say also which are not. */
static const char *macro_lines(pool *pool, const parts *parts, const names *predefined,
                               bool undefine)
{
    text out = {.pool = pool};
    names seen = {.pool = pool};
    for (size_t i = 0; i < parts->order_count; i++) {
        const name *entry = parts->order[i];
        if (names_find(&seen, SPACE_MACRO, entry->text, entry->length) || is_unwanted(entry) ||
            (predefined && names_find(predefined, SPACE_MACRO, entry->text, entry->length)))
            continue;
        names_set(&seen, SPACE_MACRO, entry->text, entry->length, NAME_MACRO);
        if (undefine)
            text_format(&out, "#undef %s\n", entry->text);
        if (entry->kind == NAME_MACRO)
            text_format(&out, "#define %s\n", entry->macro);
    }
    return text_string(&out);
}

static const char *file_at(const part *list, size_t count, size_t offset, const char *otherwise)
{
    const char *file = otherwise;
    for (size_t low = 0, high = count; low < high;) {
        size_t middle = (low + high) / 2;
        if (list[middle].offset <= offset) {
            file = list[middle].file;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return file;
}

static void enter_declarations(pool *pool, names *names, struct names *used, reach_index *reach,
                               const char *declarations, size_t size, int item, const char *place,
                               const part *list, size_t count)
{
    tokens tokens = scan(pool, declarations, size, false);
    for (size_t at = 0; at < tokens.count;) {
        const token *t = &tokens.list[at];
        if (t->kind == TOKEN_DIRECTIVE || token_is(t, ";")) {
            at++;
            continue;
        }
        declaration d;
        declaration_read(pool, names, &tokens, at, &d);
        size_t end = d.end > at ? d.end : at + 1;
        const token *last = &tokens.list[end - 1];
        name origin = {.item = item, .start = (size_t)(t->text - declarations)};
        origin.end = (size_t)(last->text + last->length - declarations);
        origin.place = file_at(list, count, origin.start, place);
        declaration_enter(names, &tokens, &d, &origin);
        if (reach)
            reach_add(reach, &tokens, &d, at, end, declarations);
        for (size_t i = d.is_definition ? d.body : end; used && i < end; i++)
            if (tokens.list[i].kind == TOKEN_NAME)
                names_set(used, SPACE_ORDINARY, tokens.list[i].text, tokens.list[i].length,
                          NAME_OBJECT);
        at = end;
    }
}

void headers_enter(pool *pool, names *names, struct names *used, const char *declarations,
                   size_t size, int item, const char *place)
{
    enter_declarations(pool, names, used, NULL, declarations, size, item, place, NULL, 0);
}

void headers_enter_macros(pool *pool, names *names, const char *macros, int item,
                          const char *place)
{
    (void)pool;
    for (const char *line = macros, *next; *line; line = next) {
        const char *end = strchr(line, '\n');
        next = end ? end + 1 : line + strlen(line);
        bool define = strncmp(line, "#define ", 8) == 0;
        if (!define && strncmp(line, "#undef ", 7) != 0)
            continue;
        const char *name_text = line + (define ? 8 : 7), *stop = name_text;
        while (isalnum((unsigned char)*stop) || *stop == '_' || *stop == '$')
            stop++;
        name *entry = names_set(names, SPACE_MACRO, name_text, (size_t)(stop - name_text),
                                define ? NAME_MACRO : NAME_UNKNOWN);
        entry->macro = name_text;
        entry->macro_length = (size_t)((end ? end : next) - name_text);
        entry->item = item;
        entry->place = place;
    }
}

/* The types that notebook.h's display() takes and that notebook.h itself declares. */
static void find_tables(headers *h)
{
    const name *display = names_find(&h->names, SPACE_MACRO, "display", strlen("display"));
    if (!display)
        return;
    tokens tokens = scan(&h->pool, display->macro, display->macro_length, false);
    size_t at = 0, capacity = 0;
    while (at < tokens.count && !token_is(&tokens.list[at], "_Generic"))
        at++;
    if (at >= tokens.count || !token_is(&tokens.list[at + 1], "("))
        return;
    size_t end = tokens_close(&tokens, at + 1, NULL);
    size_t start = 0; /* of a type: after a comma outside inner brackets */
    for (at += 2; at < end; at++) {
        const token *t = &tokens.list[at];
        if (token_is(t, "(") || token_is(t, "["))
            at = tokens_close(&tokens, at, NULL) - 1;
        else if (token_is(t, ","))
            start = at + 1;
        if (start == 0 || !token_is(&tokens.list[at], ":"))
            continue;
        bool ours = false;
        for (size_t i = start; i < at; i++) {
            const name *type = names_find_token(&h->names, SPACE_ORDINARY, &tokens.list[i]);
            ours |= type && type->kind == NAME_TYPE &&
                    (strncmp(type->place, "nn/", 3) == 0 || strncmp(type->place, "nb/", 3) == 0 ||
                     strcmp(type->place, "notebook.h") == 0);
        }
        text type = {.pool = &h->pool};
        const token *name = &tokens.list[start];
        while (token_is(name, "const"))
            name++;
        tokens_text(&type, &tokens.list[start], &tokens.list[at]);
        if (ours && t[1].kind == TOKEN_NAME)
            *POOL_PUSH(&h->pool, h->tables, h->table_count, capacity) = (header_table){
                text_string(&type), pool_copy(&h->pool, t[1].text, t[1].length),
                pool_copy(&h->pool, name->text, name->length)};
        start = 0;
    }
}

static bool has_notebook(const compiler_paths *paths)
{
    char path[4096];
    if (!paths->notebook_include)
        return false;
    snprintf(path, sizeof path, "%s/notebook.h", paths->notebook_include);
    return access(path, R_OK) == 0;
}

static int fail(headers *h, char *error, size_t size, const char *what, const char *messages)
{
    if (error && size) {
        snprintf(error, size, "%s: %s", what, *messages ? messages : "the compiler crashed");
        error[strcspn(error, "\n")] = '\0';
    }
    pool_free(&h->pool);
    return -1;
}

/* SCRATCH: for what is of no use afterwards. Every compile child maps what is kept. */
static int prepare(headers *h, pool *scratch, char *error, size_t error_size)
{
    compiler_result bare = compiler_expand(scratch, &h->paths, "\n");
    if (!bare.ok)
        return fail(h, error, error_size, "the compiler does not start", bare.messages);
    parts predefined = take_apart(scratch, scratch, &h->paths, bare.output);
    text source = {.pool = scratch};
    text_puts(&source, "#define _GNU_SOURCE 1\n");
    size_t count = sizeof default_headers / sizeof *default_headers;
    for (size_t i = 0; i + !has_notebook(&h->paths) < count; i++)
        text_format(&source, "#include <%s>\n", default_headers[i]);
    compiler_result all = compiler_expand(scratch, &h->paths, text_string(&source));
    if (!all.ok)
        return fail(h, error, error_size, "the default headers do not compile", all.messages);
    parts parts = take_apart(scratch, &h->pool, &h->paths, all.output);
    h->declarations_size = parts.declarations.size;
    h->declarations = pool_copy(&h->pool, text_string(&parts.declarations), h->declarations_size);
    const char *macros = macro_lines(scratch, &parts, &predefined.macros, false);
    h->macros = pool_copy(&h->pool, macros, strlen(macros));
    h->names.pool = h->used.pool = &h->pool;
    headers_enter_macros(&h->pool, &h->names, h->macros, -1, "");
    for (size_t i = 0; i < parts.order_count; i++) { /* add the places */
        const name *entry = parts.order[i];
        const name *ours = names_find(&h->names, SPACE_MACRO, entry->text, entry->length);
        if (ours)
            ((name *)ours)->place = entry->place;
    }
    h->reach = reach_create(&h->pool);
    reach_add_macros(h->reach, h->macros);
    enter_declarations(scratch, &h->names, &h->used, h->reach, h->declarations,
                       h->declarations_size, -1, "", parts.list, parts.count);
    find_tables(h);
    return 0;
}

int headers_prepare(const compiler_paths *paths, char *error, size_t error_size)
{
    if (is_prepared)
        pool_free(&prepared.pool);
    is_prepared = false;
    prepared = (headers){.pool.shared = true};
    if (setjmp(prepared.pool.out_of_memory))
        return fail(&prepared, error, error_size, "preparing the headers", "out of memory");
    prepared.paths.runtime_dir =
        pool_copy(&prepared.pool, paths->runtime_dir, strlen(paths->runtime_dir));
    if (paths->notebook_include)
        prepared.paths.notebook_include =
            pool_copy(&prepared.pool, paths->notebook_include, strlen(paths->notebook_include));
    pool scratch = {0};
    int result;
    if (setjmp(scratch.out_of_memory))
        result = fail(&prepared, error, error_size, "preparing the headers", "out of memory");
    else
        result = prepare(&prepared, &scratch, error, error_size);
    pool_free(&scratch);
    if (result < 0)
        return -1;
    pool_seal(&prepared.pool);
    is_prepared = true;
    return 0;
}

bool headers_are_default(const char *rest, size_t length)
{
    const headers *h = headers_default();
    for (size_t i = 0; i < sizeof default_headers / sizeof *default_headers; i++) {
        size_t size = strlen(default_headers[i]);
        bool same = length >= size + 2 && (rest[0] == '<' || rest[0] == '"') &&
                    memcmp(rest + 1, default_headers[i], size) == 0 &&
                    (rest[size + 1] == '>' || rest[size + 1] == '"');
        if (same)
            return strcmp(default_headers[i], "notebook.h") != 0 || (h && has_notebook(&h->paths));
    }
    return false;
}

compiler_result headers_expand(pool *pool, const char *macros, const char *directive, const char *file,
                          int line, header_text *out)
{
    static const char marker[] = "__xt_begin__";
    const headers *h = headers_default();
    text source = {.pool = pool};
    text_puts(&source, macros);
    if (strstr(directive, "regex.h")) /* its array parameters would be of variable length (H13) */
        text_puts(&source, "\n#define __STDC_NO_VLA__ 1\n");
    text_format(&source, "\n%s\n#line %d \"%s\"\n%s\n", marker, line, file, directive);
    compiler_result result = compiler_expand(pool, &h->paths, text_string(&source));
    *out = (header_text){"", ""};
    const char *begin = strstr(result.output, marker);
    if (!result.ok || !begin) {
        result.ok = false;
        return result;
    }
    parts parts = take_apart(pool, pool, &h->paths, begin + strlen(marker));
    out->declarations = text_string(&parts.declarations);
    out->macros = macro_lines(pool, &parts, NULL, true);
    return result;
}

/* --- Names that the user took ------------------------------------------------------------- */

static bool took(const taken *taken, size_t count, name_space space, const token *t)
{
    for (size_t i = 0; i < count; i++)
        if (taken[i].space == space && t->kind == TOKEN_NAME && token_is(t, taken[i].name))
            return true;
    return false;
}

/* Declarators that now go under a hidden name must still mean the library's symbol. */
static bool wants_label(const tokens *tokens, const declaration *d, const declarator *item)
{
    if (d->is_typedef || d->is_definition || d->is_static)
        return false;
    for (size_t i = item->first; i < item->end; i++)
        if (token_is(&tokens->list[i], "__asm__") || token_is(&tokens->list[i], "asm"))
            return false;
    return true;
}

const char *headers_without(pool *pool, const char *declarations, size_t size, const taken *taken,
                            size_t count)
{
    if (count == 0)
        return declarations;
    names names = {.pool = pool, .below = &headers_default()->names};
    tokens tokens = scan(pool, declarations, size, false);
    /* For each token: the label to add behind it, if any. */
    const char **labels = pool_alloc(pool, (tokens.count + 1) * sizeof *labels);
    name origin = {.place = ""};
    for (size_t at = 0; at < tokens.count;) {
        declaration d;
        if (tokens.list[at].kind == TOKEN_DIRECTIVE || token_is(&tokens.list[at], ";")) {
            at++;
            continue;
        }
        declaration_read(pool, &names, &tokens, at, &d);
        declaration_enter(&names, &tokens, &d, &origin);
        for (size_t i = 0; i < d.count; i++) {
            const declarator *item = &d.list[i];
            const token *t = item->name != DECLARE_NONE ? &tokens.list[item->name] : NULL;
            if (t && took(taken, count, SPACE_ORDINARY, t) && wants_label(&tokens, &d, item))
                labels[item->end - 1] = pool_copy(pool, t->text, t->length);
        }
        at = d.end > at ? d.end : at + 1;
    }
    text out = {.pool = pool};
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i], *before = i ? t - 1 : NULL;
        const char *gap = before ? before->text + before->length : declarations;
        text_add(&out, gap, (size_t)(t->text - gap));
        text_add(&out, t->text, t->length);
        bool member = before && (token_is(before, ".") || token_is(before, "->"));
        bool tag = before && is_tag_keyword(before);
        if (!member && took(taken, count, tag ? SPACE_TAG : SPACE_ORDINARY, t))
            text_puts(&out, "__hidden");
        if (labels[i])
            text_format(&out, " __asm__(\"%s\")", labels[i]);
    }
    text_puts(&out, "\n");
    return text_string(&out);
}

bool headers_taken_simply(const taken *taken)
{
    const headers *h = headers_default();
    size_t length = strlen(taken->name);
    const name *entry = names_find(&h->names, taken->space, taken->name, length);
    return entry && (entry->kind == NAME_FUNCTION || entry->kind == NAME_OBJECT) &&
           !names_find(&h->used, SPACE_ORDINARY, taken->name, length);
}

const char *headers_default_without(pool *pool, const taken *taken, size_t count)
{
    const headers *h = headers_default();
    if (count == 0)
        return h->declarations;
    struct taken *hard = pool_alloc(pool, count * sizeof *hard);
    size_t hard_count = 0;
    char *out = pool_copy(pool, h->declarations, h->declarations_size);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(taken[i].name);
        const name *entry = names_find(&h->names, taken[i].space, taken[i].name, length);
        if (!entry || entry->kind == NAME_MACRO)
            continue;
        if (!headers_taken_simply(&taken[i])) {
            hard[hard_count++] = taken[i];
            continue;
        }
        for (size_t k = entry->start; k < entry->end; k++)
            if (out[k] != '\n')
                out[k] = ' ';
    }
    return headers_without(pool, out, h->declarations_size, hard, hard_count);
}
