/* What TinyCC compiles wrongly in code, without a word. */
#include "refuse.h"

#include "local.h"
#include "macro.h"
#include "mixed.h"
#include "refuse_address.h"
#include "refuse_variable.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The item's code, with the macros of the user's cells expanded. */
typedef struct code {
    tokens tokens;
    size_t first, end;
} code;

static bool has_own_macros(const names *names, const item *item)
{
    for (size_t i = item->first; i < item->end; i++) {
        const token *t = &item->tokens.list[i];
        const name *macro = t->kind == TOKEN_NAME ? names_find_token(names, SPACE_MACRO, t) : NULL;
        if (macro && macro->macro && name_is_users(macro))
            return true;
    }
    return false;
}

static code read_code(const type_scope *scope, const item *item)
{
    code out = {.tokens = item->tokens, .first = item->first, .end = item->end};
    if (item->kind == ITEM_FUNCTION)
        out.first = item->declaration->body;
    if (!has_own_macros(scope->names, item))
        return out;
    /* va_arg itself stays, so that its type can be found. */
    names names = {.pool = scope->pool, .below = scope->names};
    names_set(&names, SPACE_MACRO, "va_arg", 6, NAME_UNKNOWN);
    struct tokens all = {.problem = ""};
    macro_expand_all(scope->pool, &names, &item->tokens.list[out.first],
                     &item->tokens.list[out.end], &all.list, &all.count);
    return (code){.tokens = all, .end = all.count};
}

/* --- H5: va_arg of a structure --------------------------------------------------------------- */

static refusal find_structure_argument(const type_scope *scope, const code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    if (!(token_is(t, "va_arg") || token_is(t, "__builtin_va_arg")) || !token_is(t + 1, "("))
        return (refusal){0};
    size_t end = tokens_close(&code->tokens, at + 1, NULL), comma = at + 2;
    while (comma < end && !token_is(&code->tokens.list[comma], ","))
        comma = token_is(&code->tokens.list[comma], "(") ? tokens_close(&code->tokens, comma, NULL)
                                                         : comma + 1;
    if (comma + 1 >= end ||
        !mixed_va_arg(scope, &code->tokens.list[comma + 1], &code->tokens.list[end - 1]))
        return (refusal){0};
    return (refusal){"va_arg with a structure or union of 9 to 16 bytes that holds floating-point "
                     "members, or of a size that cannot be told, reads wrong values in TinyCC; pass "
                     "a pointer, or put the cell under %%native", &code->tokens.list[comma + 1]};
}

/* In a macro that is defined inside the code. */
static refusal find_in_definition(const type_scope *scope, const token *directive)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    if (strcmp(word, "define") != 0)
        return (refusal){0};
    size_t length;
    const char *rest = directive_rest(directive, &length);
    code body = {.tokens = scan(scope->pool, rest, length, false)};
    refusal found = {0};
    for (size_t at = 0; at < body.tokens.count && !found.reason; at++)
        found = find_structure_argument(scope, &body, at);
    if (found.reason)
        found.token = directive;
    return found;
}

/* --- H20: ranges of cases beyond LLONG_MAX --------------------------------------------------- */

static bool is_huge(const token *t)
{
    char *end, digits[40];
    if (t->kind != TOKEN_NUMBER || t->length >= sizeof digits)
        return false;
    memcpy(digits, t->text, t->length);
    digits[t->length] = '\0';
    unsigned long long value = strtoull(digits, &end, 0);
    bool is_unsigned = strpbrk(end, "uU") && strpbrk(end, "lL");
    return is_unsigned || value > LLONG_MAX;
}

static refusal find_case_range(const code *code, size_t at)
{
    bool range = false, huge = false;
    const token *t = &code->tokens.list[at];
    if (!token_is(t, "case"))
        return (refusal){0};
    for (size_t i = at + 1; i < code->end && !token_is(&code->tokens.list[i], ":"); i++) {
        range |= token_is(&code->tokens.list[i], "...");
        huge |= is_huge(&code->tokens.list[i]);
    }
    if (!range || !huge)
        return (refusal){0};
    return (refusal){"TinyCC compares the bounds of 'case a ... b' as signed numbers; write the "
                     "comparison with 'if', or put the cell under %%native", t};
}

/* --- H21: a cast that rounds a long double --------------------------------------------------- */

refusal refuse_mended(const type_scope *scope)
{
    static const char *const type[] = {"double", NULL};
    for (size_t i = 0; i < scope->items->count; i++) {
        const item *item = &scope->items->list[i];
        if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
            continue;
        token *list;
        size_t count;
        macro_expand_all(scope->pool, scope->names, &item->tokens.list[item->first],
                         &item->tokens.list[item->end], &list, &count);
        for (size_t k = 0; k + 2 < count; k++)
            if (token_is(&list[k], "(") && token_is(&list[k + 2], ")") &&
                list[k + 1].kind == TOKEN_NAME &&
                type_is_made_of(scope, &list[k + 1], &list[k + 2], type))
                return (refusal){"TinyCC leaves out a cast to double where a long double becomes an "
                                 "integer; use a variable of type double, or put the cell under "
                                 "%%native", &item->tokens.list[item->first]};
    }
    return (refusal){0};
}

/* --- The whole ------------------------------------------------------------------------------- */

/* Whether there may be types of variable size, so that declarations must be read: a structure's
   body, or a local name that is followed by a pointer. */
static bool may_have_types(const code *code)
{
    for (size_t i = code->first; i < code->end; i++) {
        const token *t = &code->tokens.list[i];
        if (token_is(t, "typedef") || token_is(t, "struct") || token_is(t, "union") ||
            token_is(t, "typeof") || token_is(t, "__typeof__") || token_is(t, "va_arg") ||
            (token_is(t, "&") && t[1].kind == TOKEN_NAME && !token_is(t + 2, "[")))
            return true;
    }
    return false;
}

static refusal find_in(const type_scope *outer, const code *code)
{
    type_scope scope = *outer;
    local_list locals = {.names = {.pool = outer->pool, .below = outer->names}};
    refusal found = {0};
    if (may_have_types(code)) {
        local_read(outer->pool, outer->names, &code->tokens, code->first, code->end, &locals);
        scope.names = &locals.names;
        scope.locals = locals.list;
        scope.local_count = locals.count;
        found = refuse_variable_types(outer->pool, &code->tokens, code->first, code->end, &locals);
    }
    for (size_t at = code->first; at < code->end && !found.reason; at++) {
        if (code->tokens.list[at].kind == TOKEN_DIRECTIVE)
            found = find_in_definition(&scope, &code->tokens.list[at]);
        if (code->tokens.list[at].kind != TOKEN_NAME)
            continue;
        found = find_structure_argument(&scope, code, at);
        if (!found.reason)
            found = find_case_range(code, at);
    }
    return found;
}

refusal refuse_code(const type_scope *scope, const item *item)
{
    if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
        return (refusal){0};
    refusal found = {0};
    const token *far = refuse_far_address(scope->pool, scope->names, item);
    if (far)
        return (refusal){"TinyCC cuts this constant address to 32 bits; keep it in a pointer "
                         "variable, or put the cell under %%native", far};
    bool has_code = item->kind == ITEM_FUNCTION || item->kind == ITEM_STATEMENT ||
                    item->kind == ITEM_EXPRESSION;
    if (has_code) {
        code code = read_code(scope, item);
        found = find_in(scope, &code);
    }
    if (found.reason && found.token->expanded)
        found.token = &item->tokens.list[item->first];
    return found;
}
