#include "lookup.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Documentation in the headers of the notebook ------------------------------------------- */

static const char *read_header(world *world, const char *place)
{
    const char *root = headers_default()->paths.notebook_include;
    FILE *file = root ? fopen(pool_format(&world->pool, "%s/%s", root, place), "re") : NULL;
    if (!file)
        return NULL;
    text out = {.pool = &world->pool};
    char piece[4096];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        text_add(&out, piece, got);
    fclose(file);
    return text_string(&out);
}

/* The end of the declaration or macro that begins at AT. */
static const char *declaration_end(const char *at)
{
    if (*at == '#') {
        while (*at && *at != '\n') {
            if (*at == '\\' && at[1] == '\n')
                at++;
            at++;
        }
        return at;
    }
    int depth = 0;
    for (; *at; at++) {
        if (strncmp(at, "/*", 2) == 0) {
            const char *close = strstr(at, "*/");
            if (!close)
                return at + strlen(at);
            at = close + 1;
            continue;
        }
        depth += *at == '{';
        depth -= *at == '}';
        if (depth == 0 && *at == ';')
            return at + 1;
    }
    return at;
}

/* Comment marks and stars at the start of its lines taken away. */
static void put_comment(text *out, const char *from, const char *to)
{
    from += strlen("/**");
    to -= strlen("*/");
    bool start = true;
    for (const char *p = from; p < to; p++) {
        if (start && (*p == ' ' || *p == '\t'))
            continue;
        if (start && *p == '*') {
            if (p + 1 < to && p[1] == ' ')
                p++;
            start = false;
            continue;
        }
        if (start && *p == '\n' && out->size == 0)
            continue;
        start = *p == '\n';
        text_add(out, p, 1);
    }
    while (out->size && isspace((unsigned char)out->data[out->size - 1]))
        out->data[--out->size] = '\0';
    text_puts(out, "\n");
}

/* The doc comment before the declaration of NAME and, if WHOLE, the declaration as written. */
static const char *find_doc(world *world, const char *header, const char *name, bool whole)
{
    text out = {.pool = &world->pool};
    for (const char *open = header; (open = strstr(open, "/**")); open += 3) {
        const char *close = strstr(open, "*/");
        if (!close)
            break;
        if (open[3] == '<') /* of the member before it */
            continue;
        const char *at = close + 2;
        at += strspn(at, " \t\n");
        const char *end = declaration_end(at);
        const char *head_end = at + strcspn(at, "{;\n");
        if (strncmp(at, "/*", 2) == 0 || !text_mentions(at, *at == '#' ? head_end : end, name))
            continue;
        bool is_type = strncmp(at, "typedef", 7) == 0 || strncmp(at, "struct", 6) == 0;
        if (is_type != whole)
            continue;
        put_comment(&out, open, close + 2);
        if (whole) {
            text_add(&out, at, (size_t)(end - at));
            text_puts(&out, "\n");
        }
        return text_string(&out);
    }
    return "";
}

/* Functions and option structures that a macro of notebook.h stands for. */
static void put_macro_docs(world *world, text *out, const name *macro)
{
    tokens tokens = scan(&world->pool, macro->macro, macro->macro_length, false);
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i];
        if (t->kind != TOKEN_NAME)
            continue;
        const char *text = pool_copy(&world->pool, t->text, t->length);
        bool function = strncmp(text, "nn_", 3) == 0 ||
                        (strncmp(text, "nb_", 3) == 0 && strncmp(text, "nb__", 4) != 0);
        bool options = t->length > 5 && strcmp(text + t->length - 5, "_opts") == 0;
        const name *target = names_find_token(&world->names, SPACE_ORDINARY, t);
        if ((!function && !options) || !target)
            continue;
        const char *header = read_header(world, target->place);
        const char *doc = header ? find_doc(world, header, text, options) : "";
        if (*doc)
            text_format(out, "\n%s: %s", text, doc);
    }
}

/* --- What is known -------------------------------------------------------------------------- */

static void put_macro(world *world, text *out, const name *macro)
{
    text_format(out, "#define %.*s\n", (int)macro->macro_length, macro->macro);
    if (*macro->place)
        text_format(out, "%s\n", macro->place);
    const char *header = read_header(world, macro->place);
    if (!header)
        return;
    const char *name = pool_copy(&world->pool, macro->text, macro->length);
    const char *doc = find_doc(world, header, name, false);
    if (*doc)
        text_format(out, "\n%s", doc);
    put_macro_docs(world, out, macro);
}

static void put_declaration(world *world, text *out, const found *found, int detail)
{
    const name *name = found->name;
    if (found->entry && found->entry->kind != ENTRY_INCLUDE) {
        const char *text = found->entry->text;
        if (strncmp(text, "extern ", 7) == 0)
            text += 7;
        bool source = (detail || found->entry->kind != ENTRY_FUNCTION) && *found->entry->source;
        text_format(out, "%s\nIn[%d]:%d\n", source ? found->entry->source : text,
                    found->entry->cell, found->entry->line);
        return;
    }
    const declaration *d = &found->declaration;
    size_t end = d->is_definition ? d->body : d->end;
    text_puts(out, tokens_join(&world->pool, &found->tokens.list[d->specifiers],
                               &found->tokens.list[end]));
    text_format(out, "\n%s\n", name->place);
    const char *header = read_header(world, name->place);
    if (!header)
        return;
    const char *text = pool_copy(&world->pool, name->text, name->length);
    const char *doc = find_doc(world, header, text, name->kind == NAME_TYPE ||
                                                        name->kind == NAME_TAG);
    if (*doc)
        text_format(out, "\n%s", doc);
}

/* The name at the cursor or just before it; the function's, inside its arguments. */
static const token *name_at(const world *world, const char *code, size_t cursor)
{
    const char *at = code + cursor;
    const token *call = NULL;
    size_t depth = 0;
    for (size_t i = world->tokens.count; i-- > 0;) {
        const token *t = &world->tokens.list[i];
        if (t->text > at)
            continue;
        if (t->kind == TOKEN_NAME && at <= t->text + t->length && !is_keyword(t))
            return t;
        if (token_is(t, ")"))
            depth += t->text + t->length <= at;
        else if (token_is(t, "(") && depth > 0)
            depth--;
        else if (token_is(t, "(") && t->text < at && i > 0 && t[-1].kind == TOKEN_NAME && !call)
            call = t - 1;
    }
    return call;
}

char *lang_describe(const lang_t *lang, const char *code, size_t size, size_t cursor, int detail)
{
    world world = {0};
    if (setjmp(world.pool.out_of_memory)) {
        pool_free(&world.pool);
        return NULL;
    }
    char *answer = NULL;
    if (cursor <= size && world_open(&world, lang, code, size) == 0) {
        const token *t = name_at(&world, code, cursor);
        text out = {.pool = &world.pool};
        static const name_space order[] = {SPACE_MACRO, SPACE_ORDINARY, SPACE_TAG};
        for (size_t i = 0; t && i < 3 && out.size == 0; i++) {
            found found;
            if (!world_find(&world, order[i], t->text, t->length, &found))
                continue;
            if (order[i] == SPACE_MACRO)
                put_macro(&world, &out, found.name);
            else
                put_declaration(&world, &out, &found, detail);
        }
        if (out.size)
            answer = strdup(text_string(&out));
    }
    pool_free(&world.pool);
    return answer;
}
