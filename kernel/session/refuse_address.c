/* A constant address beyond 2 GB that is read or written: TinyCC cuts it to 32 bits. */
#include "refuse_address.h"

#include "declare.h"
#include "macro.h"

#include <stdlib.h>
#include <string.h>

static bool is_far_number(const token *t)
{
    char digits[40];
    if (t->kind != TOKEN_NUMBER || t->length < 10 || t->length >= sizeof digits)
        return false;
    memcpy(digits, t->text, t->length);
    digits[t->length] = '\0';
    return strtoull(digits, NULL, 0) > 0x7fffffff;
}

/* Whether [first, end) is a constant that may be large. */
static bool is_far_constant(const names *names, const token *first, const token *end)
{
    bool far = false;
    for (const token *t = first; t < end; t++) {
        far |= is_far_number(t) || token_is(t, "<<");
        if (t->kind == TOKEN_NAME && !is_keyword(t) && !is_type_name(names, t))
            return false;
    }
    return far;
}

/* The bracket that opens the group which ends at CLOSE. */
static size_t find_open(const tokens *tokens, size_t close)
{
    size_t depth = 0;
    for (size_t i = close + 1; i-- > 0;) {
        const token *t = &tokens->list[i];
        if (token_is(t, ")") || token_is(t, "]"))
            depth++;
        else if ((token_is(t, "(") || token_is(t, "[")) && --depth == 0)
            return i;
    }
    return close;
}

/* `*` with nothing before it that could be multiplied. */
static bool is_unary(const tokens *tokens, size_t star)
{
    if (star == 0)
        return true;
    const token *before = &tokens->list[star - 1];
    bool value = before->kind == TOKEN_NUMBER || token_is(before, ")") || token_is(before, "]") ||
                 (before->kind == TOKEN_NAME && !is_keyword(before));
    return !value;
}

/* Whether the pointer that is the cast at OPEN, with its operand up to END, is followed. */
static bool is_followed(const tokens *tokens, size_t open, size_t end)
{
    while (open > 0) {
        const token *before = &tokens->list[open - 1];
        if (token_is(before, "*") && is_unary(tokens, open - 1))
            return true;
        const token *after = &tokens->list[end];
        bool sum = token_is(after, "+") || token_is(after, "-");
        if (!token_is(before, "(") || !(token_is(after, ")") || sum))
            return false;
        end = tokens_close(tokens, --open, NULL);
        if (end > tokens->count)
            return false;
        if (token_is(&tokens->list[end], "->") || token_is(&tokens->list[end], "["))
            return true;
    }
    return false;
}

static const token *find_here(const names *names, const tokens *tokens)
{
    for (size_t i = 2; i + 1 < tokens->count; i++) {
        if (!token_is(&tokens->list[i], ")") || !token_is(&tokens->list[i - 1], "*"))
            continue;
        size_t end = i + 2;
        const token *operand = &tokens->list[i + 1];
        if (token_is(operand, "("))
            end = tokens_close(tokens, i + 1, NULL);
        if (end > tokens->count || !is_far_constant(names, operand, &tokens->list[end]))
            continue;
        if (is_followed(tokens, find_open(tokens, i), end))
            return operand;
    }
    return NULL;
}

/* Whether there is anything to look at closely, in the tokens or in the user's macros. */
static bool is_suspect(const names *names, const item *item, bool *macros)
{
    bool far = false;
    for (size_t i = item->first; i < item->end; i++) {
        const token *t = &item->tokens.list[i];
        far |= is_far_number(t) || token_is(t, "<<");
        const name *macro = t->kind == TOKEN_NAME ? names_find_token(names, SPACE_MACRO, t) : NULL;
        *macros |= macro && macro->macro && name_is_users(macro);
    }
    return far || *macros;
}

const token *refuse_far_address(pool *pool, const names *names, const item *item)
{
    bool macros = false;
    if (!is_suspect(names, item, &macros))
        return NULL;
    tokens part = {.list = &item->tokens.list[item->first], .count = item->end - item->first};
    if (macros) {
        token *list;
        size_t count;
        macro_expand_all(pool, names, part.list, part.list + part.count, &list, &count);
        part = (tokens){.list = list, .count = count};
    }
    const token *found = find_here(names, &part);
    if (!found)
        return NULL;
    return found->expanded ? &item->tokens.list[item->first] : found;
}
