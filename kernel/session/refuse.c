#include "refuse.h"

#include "declare.h"
#include "macro.h"
#include "refuse_address.h"

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

/* The same for what a macro stands for. */
static refusal find_in_macro(pool *pool, const names *names, const token *t, int depth)
{
    enum { DEPTH = 4 };
    const name *macro = names_find_token(names, SPACE_MACRO, t);
    if (!macro || !macro->macro || depth == DEPTH)
        return (refusal){0};
    tokens tokens = scan(pool, macro->macro, macro->macro_length, false);
    for (size_t i = 1; i < tokens.count; i++) {
        refusal found = {0};
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
        if (token_is(t, always[i]))
            return (refusal){needs_native(pool, always[i]), t};
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        if (token_is(t, newer[i]) && !is_declared(names, t))
            return (refusal){needs_native(pool, newer[i]), t};
    bool prefix = token_is(t, "u8") || token_is(t, "u") || token_is(t, "U");
    if (prefix && t[1].kind == TOKEN_STRING && !t[1].spaced)
        return (refusal){needs_native(pool, "prefixed string literals"), t};
    return find_in_macro(pool, names, t, depth);
}

bool refuse_variable_size(const names *names, const token *first, const token *end)
{
    for (const token *t = first; t < end; t++) {
        if (t->kind != TOKEN_NAME || is_keyword(t) || is_type_name(names, t) ||
            is_macro(names, t) || is_tag_keyword(t - 1))
            continue;
        const name *entry = names_find_token(names, SPACE_ORDINARY, t);
        if (!entry || entry->kind == NAME_OBJECT || entry->kind == NAME_FUNCTION)
            return true;
    }
    return false;
}

/* Brackets at AT (`[`): those that follow directly. True if one of them has a variable size. */
static bool has_variable_brackets(const names *names, const tokens *tokens, size_t at, size_t skip)
{
    for (size_t k = 0; token_is(&tokens->list[at], "["); k++) {
        size_t end = tokens_close(tokens, at, NULL);
        if (k >= skip &&
            refuse_variable_size(names, &tokens->list[at + 1], &tokens->list[end - 1]))
            return true;
        at = end;
    }
    return false;
}

/* H3: `(*p)[m]`, `(*)[m]`: the stride would be wrong. */
static refusal find_row_pointer(pool *pool, const names *names, const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at];
    if (!token_is(t, "(") || !token_is(t + 1, "*"))
        return (refusal){0};
    const token *close = t + 2 + (t[2].kind == TOKEN_NAME);
    size_t brackets = at + (size_t)(close - t) + 1;
    bool declares = at > 0 && tokens->list[at - 1].kind == TOKEN_NAME &&
                    (is_specifier_keyword(&tokens->list[at - 1]) ||
                     is_type_name(names, &tokens->list[at - 1]));
    if (!declares || !token_is(close, ")") || !token_is(close + 1, "[") ||
        !has_variable_brackets(names, tokens, brackets, 0))
        return (refusal){0};
    return (refusal){needs_native(pool, "pointers to arrays of variable length"), t};
}

/* H4: parameters `double a[n][n]`. */
static refusal find_array_parameter(pool *pool, const names *names, const item *item)
{
    const declaration *d = item->declaration;
    for (size_t i = 0; d && i < d->count; i++) {
        if (!d->list[i].is_function)
            continue;
        for (size_t k = d->list[i].parameters + 1; k + 1 < d->list[i].parameters_end; k++) {
            const token *t = &item->tokens.list[k];
            if (t->kind != TOKEN_NAME || !token_is(t + 1, "[") || is_keyword(t))
                continue;
            if (has_variable_brackets(names, &item->tokens, k + 1, 1))
                return (refusal){
                    needs_native(pool, pool_format(pool, "array parameters of variable length like "
                                                         "'%.*s'", (int)t->length, t->text)),
                    t};
        }
    }
    return (refusal){0};
}

/* H5: `va_arg(list, struct ...)`. */
static refusal find_structure_argument(const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at];
    if (!(token_is(t, "va_arg") || token_is(t, "__builtin_va_arg")) || !token_is(t + 1, "("))
        return (refusal){0};
    size_t end = tokens_close(tokens, at + 1, NULL);
    for (size_t i = at + 2; i + 1 < end; i++) {
        const token *word = &tokens->list[i];
        bool tag = token_is(word, "struct") || token_is(word, "union");
        bool pointer = token_is(&tokens->list[end - 2], "*");
        if (tag && !pointer)
            return (refusal){"va_arg with a structure or union reads wrong values in TinyCC; pass a "
                             "pointer, or put the cell under %%native", word};
    }
    return (refusal){0};
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

refusal refuse_item(pool *pool, const names *names, const item *item)
{
    return refuse_tokens(pool, names, item, item->first, item->end);
}

refusal refuse_code(pool *pool, const names *names, const item *item)
{
    const token *far = NULL;
    if (item->kind != ITEM_DIRECTIVE && item->kind != ITEM_MAGIC)
        far = refuse_far_address(pool, names, item);
    if (!far)
        return (refusal){0};
    return (refusal){"TinyCC cuts this constant address to 32 bits; keep it in a pointer variable, or "
                     "put the cell under %%native", far};
}

refusal refuse_tokens(pool *pool, const names *names, const item *item, size_t first, size_t end)
{
    if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
        return (refusal){0};
    refusal found = find_array_parameter(pool, names, item);
    for (size_t i = first; i < end && !found.reason; i++) {
        const token *t = &item->tokens.list[i];
        if (t->kind == TOKEN_NAME) {
            found = find_word(pool, names, t, 0);
            if (!found.reason)
                found = find_structure_argument(&item->tokens, i);
            if (!found.reason)
                found = find_alignment(pool, item, i);
        } else {
            found = find_row_pointer(pool, names, &item->tokens, i);
        }
    }
    return found;
}
