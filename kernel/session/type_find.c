#include "type_find.h"

#include "headers.h"
#include "macro.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

type_found type_read(const type_scope *scope, const char *text, size_t size)
{
    tokens *tokens = pool_alloc(scope->pool, sizeof *tokens);
    declaration *d = pool_alloc(scope->pool, sizeof *d);
    *tokens = scan(scope->pool, text, size, false);
    declaration_read(scope->pool, scope->names, tokens, 0, d);
    return (type_found){tokens, d};
}

static bool declares(const type_found *f, const token *name, name_space space)
{
    const declaration *d = f->declaration;
    if (space == SPACE_TAG)
        return d->tag_body != DECLARE_NONE && d->tag_name != DECLARE_NONE &&
               token_same(&f->tokens->list[d->tag_name], name);
    for (size_t i = 0; d->is_typedef && i < d->count; i++)
        if (d->list[i].name != DECLARE_NONE &&
            token_same(&f->tokens->list[d->list[i].name], name))
            return true;
    return false;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The start of the declaration around AT: the `typedef` before it, or the tag itself. */
static const char *find_start(const char *text, const char *at, name_space space)
{
    static const char word[] = "typedef";
    if (space == SPACE_TAG)
        return at;
    for (const char *p = at; p-- > text;)
        if (strncmp(p, word, sizeof word - 1) == 0 && !is_word(p[sizeof word - 1]) &&
            (p == text || !is_word(p[-1])))
            return p;
    return NULL;
}

/* In the text of a header. */
static bool find_in_header(const type_scope *scope, const char *text, const token *name,
                           name_space space, type_found *out)
{
    const char *end = text + strlen(text);
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), name->text, name->length));
         at += name->length) {
        const char *after = at + name->length;
        if ((at > text && is_word(at[-1])) || is_word(*after))
            continue;
        after += strspn(after, " \t\n");
        const char *start = at;
        if (space == SPACE_TAG) {
            while (start > text && isspace((unsigned char)start[-1]))
                start--;
            while (start > text && is_word(start[-1]))
                start--;
        } else {
            start = find_start(text, at, space);
        }
        if (!start || !strchr(space == SPACE_TAG ? "{" : ";,[_", *after))
            continue;
        *out = type_read(scope, start, (size_t)(end - start));
        if (declares(out, name, space))
            return true;
    }
    return false;
}

bool type_find(const type_scope *scope, const token *name, name_space space, type_found *out)
{
    for (size_t i = scope->local_count; i-- > 0;) {
        *out = scope->locals[i];
        if (declares(out, name, space))
            return true;
    }
    for (size_t i = 0; scope->items && i < scope->items->count; i++) {
        const item *item = &scope->items->list[i];
        *out = (type_found){&item->tokens, item->declaration};
        if (item->declaration && declares(out, name, space))
            return true;
    }
    const struct name *known = names_find_token(scope->names, space, name);
    if (known && known->item >= 0 && (size_t)known->item < scope->past->count) {
        const entry *e = &scope->past->list[known->item];
        if (e->kind == ENTRY_INCLUDE)
            return find_in_header(scope, e->text, name, space, out);
        *out = type_read(scope, e->text, strlen(e->text));
        return declares(out, name, space);
    }
    for (size_t i = 0; i < scope->header_count; i++)
        if (find_in_header(scope, scope->headers[i], name, space, out))
            return true;
    const headers *h = headers_default(); /* none: nothing was prepared */
    if (!h || !known || known->end <= known->start || known->end > h->declarations_size)
        return false;
    *out = type_read(scope, h->declarations + known->start, known->end - known->start);
    return declares(out, name, space);
}

/* --- Plain types ----------------------------------------------------------------------------- */

/* Says nothing of which type it is. */
static bool is_beside(const token *t)
{
    static const char *const words[] = {"const", "volatile", "restrict", "register", "static",
                                        "__const", "__volatile__", "__extension__", "typedef"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(t, words[i]))
            return true;
    return false;
}

static bool is_made_of(const type_scope *scope, const token *first, const token *end,
                       const char *const *words, int depth);

/* The type that a typedef name stands for. */
static bool name_is_made_of(const type_scope *scope, const token *name, const char *const *words,
                            int depth)
{
    type_found found;
    if (depth > DEPTH_MAX || !type_find(scope, name, SPACE_ORDINARY, &found))
        return false;
    const declaration *d = found.declaration;
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].name != DECLARE_NONE &&
            token_same(&found.tokens->list[d->list[i].name], name))
            return d->list[i].first == d->list[i].name && d->list[i].end == d->list[i].name + 1 &&
                   is_made_of(scope, &found.tokens->list[d->specifiers],
                              &found.tokens->list[d->specifiers_end], words, depth + 1);
    return false;
}

static bool is_made_of(const type_scope *scope, const token *first, const token *end,
                       const char *const *words, int depth)
{
    size_t needed = 0, found = 0;
    while (words[needed])
        needed++;
    for (const token *t = first; t < end; t++) {
        if (is_beside(t))
            continue;
        bool match = false;
        for (size_t i = 0; i < needed && !match; i++)
            match = token_is(t, words[i]);
        if (match)
            found++;
        else if (!is_keyword(t) && t->kind == TOKEN_NAME && found == 0)
            return name_is_made_of(scope, t, words, depth);
        else if (!token_is(t, "int")) /* `unsigned short int` */
            return false;
    }
    return found == needed;
}

bool type_is_made_of(const type_scope *scope, const token *first, const token *end,
                     const char *const *words)
{
    bool macros = false;
    for (const token *t = first; t < end; t++)
        macros |= is_macro(scope->names, t);
    if (!macros)
        return is_made_of(scope, first, end, words, 0);
    token *list;
    size_t count;
    macro_expand_all(scope->pool, scope->names, first, end, &list, &count);
    return is_made_of(scope, list, list + count, words, 0);
}
