#include "initialiser.h"

#include "macro.h"

/* Whether the name at T is a constant for the compiler, given what comes before and after. */
static bool is_constant_name(const names *names, const token *t, bool first)
{
    if (is_keyword(t))
        return true;
    if (!first && (token_is(t - 1, ".") || is_tag_keyword(t - 1)))
        return true;
    const name *entry = names_find_token(names, SPACE_ORDINARY, t);
    if (!entry)
        return false;
    if (entry->kind == NAME_TYPE || entry->kind == NAME_CONSTANT)
        return true;
    if (entry->kind == NAME_FUNCTION)
        return !token_is(t + 1, "(");
    bool address = !first && token_is(t - 1, "&") && token_is(t + 1, "->") == false;
    return entry->kind == NAME_OBJECT && address;
}

/* Literals, enumerators, addresses, types, designators and operators only. */
static bool looks_constant(const names *names, const token *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const token *t = &list[i];
        bool assigns = token_is(t, "++") || token_is(t, "--") ||
                       (i > 0 && token_is(t, "{") && token_is(t - 1, "(")); /* ({ ... }) */
        if (assigns || (t->kind == TOKEN_NAME && !is_constant_name(names, t, i == 0)))
            return false;
    }
    return true;
}

static bool has_token(const tokens *tokens, size_t first, size_t end, const char *text)
{
    for (size_t i = first; i < end; i++)
        if (token_is(&tokens->list[i], text))
            return true;
    return false;
}

/* `(T){...}` somewhere in the value. */
static bool has_compound_literal(const token *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (token_is(&list[i], "{") && token_is(&list[i - 1], ")"))
            return true;
    return false;
}

initialiser_kind initialiser_choose(pool *pool, const names *names, const tokens *tokens,
                                    const declaration *d, const declarator *item)
{
    if (item->initialiser == DECLARE_NONE)
        return INITIALISER_NONE;
    token *list;
    size_t count;
    macro_expand_all(pool, names, &tokens->list[item->initialiser],
                     &tokens->list[item->initialiser_end], &list, &count);
    bool braces = token_is(&list[0], "{");
    bool text = item->is_array && list[0].kind == TOKEN_STRING;
    bool aggregate = braces || item->is_array;
    if (aggregate || has_compound_literal(list, count)) {
        if (text || looks_constant(names, list, count))
            return INITIALISER_STATIC;
    }
    if (aggregate || d->is_const || has_token(tokens, item->first, item->end, "const") ||
        d->type_name != DECLARE_NONE || d->is_automatic)
        return INITIALISER_COPY;
    return INITIALISER_ASSIGN;
}

/* Whether an element of the array is a number or a pointer, which takes one value, as far as its
   declaration shows. */
static bool has_plain_elements(const tokens *tokens, const declaration *d, const declarator *item)
{
    const token *first = &tokens->list[item->first];
    if (item->first != item->name) /* `*a[]`, `(*a[])()` */
        return token_is(first, "*") || (token_is(first, "(") && token_is(first + 1, "*"));
    if (tokens_close(tokens, item->brackets_first, NULL) != item->brackets_end)
        return false;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        const token *t = &tokens->list[i];
        if (is_tag_keyword(t) || !is_specifier_keyword(t) || token_is(t + 1, "("))
            return false;
    }
    return true;
}

size_t initialiser_count(pool *pool, const names *names, const tokens *tokens,
                         const declaration *d, const declarator *item)
{
    size_t at = item->initialiser;
    if (at == DECLARE_NONE || !token_is(&tokens->list[at], "{"))
        return 0;
    struct tokens plain = {.problem = ""};
    macro_expand_all(pool, names, &tokens->list[at], &tokens->list[item->initialiser_end],
                     &plain.list, &plain.count);
    bool one_each = has_plain_elements(tokens, d, item), pointer = item->first != item->name;
    size_t end = tokens_close(&plain, 0, NULL), count = 0;
    bool element = false; /* something since the last comma */
    for (at = 1; at + 1 < end; at++) {
        const token *t = &plain.list[at];
        if (token_is(t, ",")) {
            count += element;
            element = false;
            continue;
        }
        if (!element && (token_is(t, "[") || token_is(t, ".")))
            return 0;
        /* `{1, 2, 3}` may be two rows, or two structures, and `{"text"}` the array itself. */
        if (!element && !token_is(t, "{") &&
            (!one_each || (!pointer && t->kind == TOKEN_STRING)))
            return 0;
        element = true;
        if (token_is(t, "(") || token_is(t, "{") || token_is(t, "["))
            at = tokens_close(&plain, at, NULL) - 1;
    }
    return count + element;
}
