#include "lookup.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct match {
    const char *text, *type;
} match;

typedef struct matches {
    pool *pool;
    match *list;
    size_t count, capacity;
    const char *prefix;
    size_t prefix_length;
} matches;

static void add(matches *m, const char *text, size_t length, const char *type)
{
    if (length < m->prefix_length || memcmp(text, m->prefix, m->prefix_length) != 0)
        return;
    *POOL_PUSH(m->pool, m->list, m->count, m->capacity) =
        (match){pool_copy(m->pool, text, length), type};
}

/* --- What can stand here -------------------------------------------------------------------- */

static void add_names(matches *m, const names *names, name_space space)
{
    for (; names; names = names->below)
        for (size_t i = 0; i < names->size[space]; i++)
            for (const name *n = names->slots[space][i]; n; n = n->next) {
                /* Reserved names only when asked for. */
                bool reserved = n->text[0] == '_' && m->prefix_length == 0;
                bool internal = n->length > 4 && memcmp(n->text, "nb__", 4) == 0;
                bool library = names == &headers_default()->names;
                if (n->kind != NAME_UNKNOWN && !reserved && !internal &&
                    (!library || m->prefix_length > 0 || n->place[0] == 'n'))
                    add(m, n->text, n->length, name_kind_word(n->kind));
            }
}

static void add_keywords(matches *m)
{
    static const char *const words[] = {
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
        "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
        "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
        "union", "unsigned", "void", "volatile", "while", "_Alignas", "_Alignof", "_Bool",
        "_Generic", "_Noreturn", "_Static_assert",
    };
    for (size_t i = 0; m->prefix_length && i < sizeof words / sizeof *words; i++)
        add(m, words[i], strlen(words[i]), "keyword");
}

/* Names that the cell mentions: locals and parameters of what is being written. */
static void add_words_of_cell(matches *m, world *world, size_t cursor, const char *code)
{
    for (size_t i = 0; i < world->tokens.count; i++) {
        const token *t = &world->tokens.list[i];
        bool here = t->text <= code + cursor && code + cursor <= t->text + t->length;
        if (t->kind == TOKEN_NAME && !here && !is_keyword(t) &&
            !names_find_token(&world->names, SPACE_ORDINARY, t) && !is_macro(&world->names, t))
            add(m, t->text, t->length, "variable");
    }
}

static void add_members(matches *m, world *world, size_t at)
{
    member *list;
    size_t count = world_members_before(world, at, &list);
    for (size_t i = 0; i < count; i++)
        add(m, list[i].name->text, list[i].name->length, "member");
}

static void add_header_files(matches *m, const char *root, const char *folder)
{
    if (!root)
        return;
    DIR *list = opendir(pool_format(m->pool, "%s/%s", root, folder));
    for (struct dirent *e; list && (e = readdir(list));) {
        size_t length = strlen(e->d_name);
        bool header = length > 2 && strcmp(e->d_name + length - 2, ".h") == 0;
        bool inner = e->d_type == DT_DIR && e->d_name[0] != '.';
        if (!header && !inner)
            continue;
        const char *path = pool_format(m->pool, "%s%s%s", folder, e->d_name, header ? "" : "/");
        add(m, path, strlen(path), header ? "header" : "folder");
    }
    if (list)
        closedir(list);
}

/* `#include <sys/ty`: the part after the bracket. */
static bool add_includes(matches *m, const char *code, size_t cursor)
{
    size_t start = cursor;
    while (start > 0 && code[start - 1] != '\n')
        start--;
    const char *line = pool_copy(m->pool, code + start, cursor - start);
    while (isspace((unsigned char)*line))
        line++;
    if (*line != '#')
        return false;
    const char *word = line + 1 + strspn(line + 1, " \t");
    const char *open = strpbrk(word, "<\"");
    if (strncmp(word, "include", 7) != 0 || !open || strpbrk(open + 1, ">\""))
        return false;
    m->prefix = open + 1;
    m->prefix_length = strlen(open + 1);
    const char *slash = strrchr(m->prefix, '/');
    const char *folder = pool_copy(m->pool, m->prefix, slash ? (size_t)(slash + 1 - m->prefix) : 0);
    const compiler_paths *paths = &headers_default()->paths;
    add_header_files(m, pool_format(m->pool, "%s/include", paths->runtime_dir), folder);
    add_header_files(m, paths->notebook_include, folder);
    const char *root;
    for (size_t i = 0; (root = compiler_system_headers(m->pool, paths, i)); i++)
        add_header_files(m, root, folder);
    return true;
}

/* --- The answer ----------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(((const match *)a)->text, ((const match *)b)->text);
}

static int hand_over(matches *m, size_t cursor, lang_matches *out)
{
    if (m->count)
        qsort(m->list, m->count, sizeof *m->list, by_text);
    out->start = cursor - m->prefix_length;
    out->end = cursor;
    out->text = calloc(m->count + 1, sizeof *out->text);
    out->type = calloc(m->count + 1, sizeof *out->type);
    for (size_t i = 0; out->text && out->type && i < m->count; i++) {
        if (i > 0 && strcmp(m->list[i].text, m->list[i - 1].text) == 0)
            continue;
        out->text[out->count] = strdup(m->list[i].text);
        out->type[out->count] = strdup(m->list[i].type);
        out->count++;
    }
    return out->count ? 0 : -1;
}

void lang_matches_free(lang_matches *matches)
{
    for (size_t i = 0; i < matches->count; i++) {
        free(matches->text[i]);
        free(matches->type[i]);
    }
    free(matches->text);
    free(matches->type);
    *matches = (lang_matches){0};
}

static void collect(matches *m, world *world, const char *code, size_t cursor)
{
    size_t start = cursor;
    while (start > 0 && (isalnum((unsigned char)code[start - 1]) || code[start - 1] == '_'))
        start--;
    m->prefix = code + start;
    m->prefix_length = cursor - start;
    size_t before = world->tokens.count; /* the token before the prefix */
    for (size_t i = 0; i < world->tokens.count; i++)
        if (world->tokens.list[i].text + world->tokens.list[i].length <= code + start)
            before = i;
    const token *t = before < world->tokens.count ? &world->tokens.list[before] : NULL;
    if (t && (token_is(t, ".") || token_is(t, "->"))) {
        add_members(m, world, before);
        return;
    }
    if (t && is_tag_keyword(t)) {
        add_names(m, &world->names, SPACE_TAG);
        return;
    }
    add_names(m, &world->names, SPACE_ORDINARY);
    add_names(m, &world->names, SPACE_MACRO);
    add_words_of_cell(m, world, cursor, code);
    add_keywords(m);
}

int lang_completions(const lang_t *lang, const char *code, size_t size, size_t cursor,
                     lang_matches *out)
{
    *out = (lang_matches){.start = cursor, .end = cursor};
    world world = {0};
    if (setjmp(world.pool.out_of_memory)) {
        pool_free(&world.pool);
        lang_matches_free(out);
        return -1;
    }
    matches m = {.pool = &world.pool, .prefix = ""};
    int result = -1;
    if (cursor <= size && world_open(&world, lang, code, size) == 0) {
        if (!add_includes(&m, code, cursor))
            collect(&m, &world, code, cursor);
        result = hand_over(&m, cursor, out);
    }
    pool_free(&world.pool);
    return result;
}

int lang_is_complete(const char *code, size_t size, int *indent)
{
    pool pool = {0};
    *indent = 0;
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return 'u';
    }
    const headers *h = headers_default();
    names names = {.pool = &pool, .below = h ? &h->names : NULL};
    items items = split(&pool, &names, code, size, "");
    int answer = items.status == SPLIT_OK           ? 'c'
                 : items.status == SPLIT_INCOMPLETE ? 'i'
                                                    : 'x';
    bool spliced = size > 0 && code[size - 1] == '\\';
    if (answer == 'c' && spliced)
        answer = 'i';
    *indent = answer == 'i' ? 4 * (int)items.open_braces : 0;
    pool_free(&pool);
    return answer;
}
