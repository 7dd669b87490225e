#include "refuse.h"

#include "declare.h"
#include "macro.h"
#include "refuse_variable.h"

#include <stdlib.h>
#include <string.h>

static const char *needs_native(pool *pool, const char *what)
{
    return pool_format(pool, "TinyCC does not know %s; put the cell under %%%%native, which uses a "
                             "system compiler (gcc or clang)", what);
}

static bool is_declared(const names *names, const token *t)
{
    return names_find_token(names, SPACE_ORDINARY, t) != NULL || is_macro(names, t);
}

static refusal find_word(pool *pool, const names *names, const token *t, int depth);

/* `u"..."`, `U'x'`; u8"..." see mend.h. */
static refusal find_text(pool *pool, const token *t)
{
    bool text = t->kind == TOKEN_STRING || t->kind == TOKEN_CHARACTER;
    if (!text || (*t->text != 'u' && *t->text != 'U') || t->text[1] == '8')
        return (refusal){0};
    return (refusal){needs_native(pool, "prefixed string literals"), t};
}

/* The same for what a macro stands for. */
static refusal find_in_macro(pool *pool, const names *names, const token *t, int depth)
{
    enum { DEPTH = 4 };
    const name *macro = names_find_token(names, SPACE_MACRO, t);
    if (!macro || !macro->macro || depth == DEPTH)
        return (refusal){0};
    tokens tokens = scan(pool, macro->macro, macro->macro_length, false);
    for (size_t i = 1; i < tokens.count; i++) {
        refusal found = find_text(pool, &tokens.list[i]);
        if (tokens.list[i].kind == TOKEN_NAME && !token_same(&tokens.list[i], t))
            found = find_word(pool, names, &tokens.list[i], depth + 1);
        if (found.reason)
            return (refusal){found.reason, t};
    }
    return (refusal){0};
}

static refusal find_word(pool *pool, const names *names, const token *t, int depth)
{
    static const char *const always[] = {"_Complex", "__complex__", "_Atomic", "__int128",
                                         "__float128", "__auto_type", "_Pragma", "_BitInt",
                                         "_Imaginary", "vector_size", "__vector_size__",
                                         "ext_vector_type", "scalar_storage_order",
                                         "transparent_union"};
    static const char *const newer[] = {"nullptr", "constexpr"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (*always[i] == *t->text && token_is(t, always[i]))
            return (refusal){needs_native(pool, always[i]), t};
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        if (token_is(t, newer[i]) && !is_declared(names, t))
            return (refusal){needs_native(pool, newer[i]), t};
    return find_in_macro(pool, names, t, depth);
}

/* H6: a local aligned above 16. */
static refusal find_alignment(pool *pool, const item *item, size_t at)
{
    const token *t = &item->tokens.list[at];
    bool inside = item->kind == ITEM_STATEMENT ||
                  (item->kind == ITEM_FUNCTION && at > item->declaration->body);
    bool word = token_is(t, "aligned") || token_is(t, "__aligned__") || token_is(t, "_Alignas");
    if (!inside || !word || !token_is(t + 1, "(") || t[2].kind != TOKEN_NUMBER)
        return (refusal){0};
    if (strtol(pool_copy(pool, t[2].text, t[2].length), NULL, 0) <= 16)
        return (refusal){0};
    return (refusal){"TinyCC aligns locals to 16 bytes at most; make it static, or put the cell "
                     "under %%native", t};
}

/* `enum __attribute__((packed)) e {...}` and the attribute behind the braces: all are of four bytes. */
static refusal find_small_enum(const item *item, size_t at)
{
    const token *t = &item->tokens.list[at];
    size_t next = at + 1;
    if (!token_is(t, "enum"))
        return (refusal){0};
    for (; next < item->end; next++) {
        const token *word = &item->tokens.list[next];
        if (token_is(word, "packed") || token_is(word, "__packed__"))
            return (refusal){"TinyCC makes every enumeration four bytes long; put the cell under "
                             "%%native, or leave out 'packed'", word};
        if (token_is(word, "{"))
            next = tokens_close(&item->tokens, next, NULL) - 1;
        else if (word->kind != TOKEN_NAME && !token_is(word, "(") && !token_is(word, ")"))
            break;
    }
    return (refusal){0};
}

/* H23: `float f(x) float x; {...}` takes a double where it is called without a prototype. */
static refusal find_old_float(const item *item)
{
    const declaration *d = item->declaration;
    if (item->kind != ITEM_FUNCTION)
        return (refusal){0};
    for (size_t i = d->old_style; i < d->old_style_end; i++) {
        const token *t = &item->tokens.list[i];
        if (token_is(t, "float") && !token_is(t + 1, "*"))
            return (refusal){"TinyCC takes 'float' parameters that are declared behind the "
                             "parentheses for float where callers pass double; declare them inside, "
                             "or put the cell under %%native", t};
    }
    return (refusal){0};
}

refusal refuse_tokens(pool *pool, const names *names, const item *item, size_t first, size_t end)
{
    if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
        return (refusal){0};
    refusal found = refuse_array_parameter(pool, names, item);
    if (!found.reason)
        found = find_old_float(item);
    for (size_t i = first; i < end && !found.reason; i++) {
        const token *t = &item->tokens.list[i];
        const declaration *d = item->kind == ITEM_DECLARATION ? item->declaration : NULL;
        if (d && d->is_automatic && i < d->specifiers_end && token_is(t, "__auto_type"))
            continue; /* see unit_declare.c */
        if (t->kind == TOKEN_NAME) {
            found = find_word(pool, names, t, 0);
            if (!found.reason)
                found = find_alignment(pool, item, i);
            if (!found.reason)
                found = find_small_enum(item, i);
        } else {
            found = find_text(pool, t);
            if (token_is(t, "[") && token_is(t + 1, "["))
                found = (refusal){needs_native(pool, "attributes in [[...]]"), t};
            if (!found.reason)
                found = refuse_row_pointer(pool, names, &item->tokens, i);
        }
    }
    return found;
}
