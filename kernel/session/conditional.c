#include "conditional.h"

#include "scan.h"

#include <string.h>

static bool is_word(const token *directive, const char *const *words, size_t count)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool opens_branch(const token *t)
{
    static const char *const words[] = {"if", "ifdef", "ifndef", "elif", "else"};
    return t->kind == TOKEN_DIRECTIVE && is_word(t, words, 5);
}

static bool closes(const token *t)
{
    static const char *const words[] = {"endif"};
    return t->kind == TOKEN_DIRECTIVE && is_word(t, words, 1);
}

bool conditional_any(pool *pool, const char *text, size_t size)
{
    tokens tokens = scan(pool, text, size, true);
    for (size_t i = 0; i < tokens.count; i++)
        if (opens_branch(&tokens.list[i]) || closes(&tokens.list[i]))
            return true;
    return false;
}

static void blank(char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (text[i] != '\n')
            text[i] = ' ';
}

/* The markers that the preprocessor left: a mark a branch, by the number of its directive. */
static bool *find_markers(pool *pool, const char *expanded, size_t count)
{
    static const char marker[] = "__xt_branch_";
    bool *taken = pool_alloc(pool, count + 1);
    for (const char *at = expanded; (at = strstr(at, marker)); at++) {
        size_t index = 0;
        for (const char *p = at + strlen(marker); *p >= '0' && *p <= '9'; p++)
            index = index * 10 + (size_t)(*p - '0');
        if (index < count)
            taken[index] = true;
    }
    return taken;
}

char *conditional_resolve(pool *pool, const compiler_paths *paths, const char *macros,
                          const char *text, size_t size, int number, const char **messages)
{
    tokens tokens = scan(pool, text, size, true);
    struct text source = {.pool = pool};
    text_puts(&source, macros);
    text_format(&source, "\n#line 1 \"In[%d]\"\n", number);
    /* Only the directives matter, and what is left out may hold anything: text, half a string. */
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i];
        if (t->kind != TOKEN_DIRECTIVE)
            continue;
        text_format(&source, "#line %d\n", t->line);
        text_add(&source, t->text, t->length);
        text_puts(&source, "\n");
        if (opens_branch(t))
            text_format(&source, "__xt_branch_%zu\n", i);
    }
    compiler_result result = compiler_expand(pool, paths, text_string(&source));
    *messages = result.messages;
    if (!result.ok)
        return NULL;
    bool *taken = find_markers(pool, result.output, tokens.count);
    char *out = pool_copy(pool, text, size);
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i];
        if (!opens_branch(t) && !closes(t))
            continue;
        size_t start = (size_t)(t->text - text);
        blank(out, start, start + t->length);
        if (opens_branch(t) && !taken[i]) {
            /* To the directive that ends this branch, over nested groups. */
            size_t depth = 0, k = i + 1;
            for (; k < tokens.count; k++) {
                const token *u = &tokens.list[k];
                static const char *const nested[] = {"if", "ifdef", "ifndef"};
                if (u->kind != TOKEN_DIRECTIVE)
                    continue;
                if (is_word(u, nested, 3))
                    depth++;
                else if (closes(u) && depth-- == 0)
                    break;
                else if (opens_branch(u) && depth == 0)
                    break;
            }
            size_t end = k < tokens.count ? (size_t)(tokens.list[k].text - text) : size;
            blank(out, start, end);
            i = k - 1;
        }
    }
    return out;
}
