/*
 * All variables of a cell are declared before its code, so that functions find them wherever they
 * stand. Code that uses one before its declaration would find zero there, where C says that there
 * is no such name, and users expect what an earlier cell left.
 */
#include "check.h"

#include "declare.h"
#include "headers.h"
#include "local.h"

/* The cell's variables: where each is declared first. */
static void find_variables(const type_scope *scope, names *out, refusal *found)
{
    for (size_t i = 0; i < scope->items->count; i++) {
        const item *item = &scope->items->list[i];
        const declaration *d = item->declaration;
        if (item->kind != ITEM_DECLARATION || d->is_typedef)
            continue;
        for (size_t k = 0; k < d->count; k++) {
            const declarator *one = &d->list[k];
            if (one->name == DECLARE_NONE || one->is_function)
                continue;
            const token *t = &item->tokens.list[one->name];
            const name *old = names_find_token(out, SPACE_ORDINARY, t);
            bool valued = one->initialiser != DECLARE_NONE;
            if (old && old->kind == NAME_CONSTANT && valued && !found->reason)
                *found = (refusal){pool_format(scope->pool, "'%.*s' is declared with a value twice "
                                               "in this cell; the second time write '%.*s = ...' "
                                               "without the type", (int)t->length, t->text,
                                               (int)t->length, t->text), t};
            if (old && old->kind == NAME_CONSTANT)
                continue;
            size_t where = old ? old->start : i, which = old ? old->end : k;
            name *entry = names_set(out, SPACE_ORDINARY, t->text, t->length,
                                    valued ? NAME_CONSTANT : NAME_OBJECT);
            entry->start = where;
            entry->end = which;
        }
    }
}

/* What the name meant before this cell, if anything. */
typedef enum meaning { NOTHING, AN_OBJECT, ANOTHER_THING } meaning;

static meaning past_of(const type_scope *scope, const token *t)
{
    names past = {.pool = scope->pool};
    past_enter(scope->past, &past);
    const name *known = names_find_token(&past, SPACE_ORDINARY, t);
    if (known)
        return known->kind == NAME_OBJECT ? AN_OBJECT : ANOTHER_THING;
    const headers *h = headers_default();
    return h && names_find_token(&h->names, SPACE_ORDINARY, t) ? ANOTHER_THING : NOTHING;
}

/* Whether T, behind FIRST, is the member in `offsetof(struct s, member)`. */
static bool is_offset_member(const token *t, const token *first)
{
    if (t == first || !token_is(t - 1, ","))
        return false;
    for (t--; t > first && !token_is(t, "(") && !token_is(t, ")"); t--)
        ;
    return t > first && token_is(t, "(") &&
           (token_is(t - 1, "offsetof") || token_is(t - 1, "__builtin_offsetof"));
}

/* Whether T, between its neighbours, can be the use of a variable. */
static bool is_use(const token *t, const token *first)
{
    if (t->kind != TOKEN_NAME || token_is(t + 1, ":") || is_offset_member(t, first))
        return false;
    return t == first ||
           !(token_is(t - 1, ".") || token_is(t - 1, "->") || is_tag_keyword(t - 1) ||
             token_is(t - 1, "goto") || token_is(t - 1, "&&"));
}

/* A use in tokens [first, end) of item I of what item I from declarator K on, or a later one,
   declares. */
static refusal find_use(const type_scope *scope, const names *variables, size_t i, size_t k,
                        size_t first, size_t end)
{
    const item *item = &scope->items->list[i];
    local_list locals = {0};
    bool read = false;
    for (size_t at = first; at < end; at++) {
        const token *t = &item->tokens.list[at];
        if (!is_use(t, &item->tokens.list[item->first]))
            continue;
        const name *later = names_find_token(variables, SPACE_ORDINARY, t);
        if (!later || later->start < i || (later->start == i && later->end < k) ||
            (later->start == i && later->end == k) || is_macro(scope->names, t))
            continue;
        if (!read)
            local_read(scope->pool, scope->names, &item->tokens, item->first, item->end, &locals);
        locals.names.below = NULL; /* only what the item itself declares */
        read = true;
        bool local = item->kind != ITEM_DECLARATION &&
                     names_find_token(&locals.names, SPACE_ORDINARY, t);
        meaning before = local ? ANOTHER_THING : past_of(scope, t);
        if (before == NOTHING)
            return (refusal){pool_format(scope->pool, "'%.*s' is used here, before its declaration",
                                         (int)t->length, t->text), t};
        if (before == AN_OBJECT)
            return (refusal){pool_format(scope->pool, "'%.*s' is used here, before this cell declares "
                                         "it anew; use another name, another cell, or write "
                                         "'%.*s = ...' without the type", (int)t->length, t->text,
                                         (int)t->length, t->text), t};
    }
    return (refusal){0};
}

/* `int n = n * 2;`: zero is read, not what an earlier cell left. `&n`, `sizeof n` and the name of an
   array are no reading. */
static refusal find_self(const type_scope *scope, const tokens *tokens, const declarator *one)
{
    const token *name = &tokens->list[one->name];
    const token *first = &tokens->list[one->initialiser], *end = &tokens->list[one->initialiser_end];
    if (one->is_array)
        return (refusal){0};
    for (const token *t = first; t < end; t++) {
        if (token_is(t, "sizeof") || token_is(t, "{") || token_is(t, "_Alignof") ||
            token_is(t, "__typeof__") || token_is(t, "typeof"))
            return (refusal){0};
        if (token_same(t, name) && is_use(t, first) && !token_is(t - 1, "&") &&
            !token_is(t + 1, "("))
            return (refusal){pool_format(scope->pool, "'%.*s' is used here for its own first value; to "
                                         "change what it holds write '%.*s = ...' without the type",
                                         (int)t->length, t->text, (int)t->length, t->text), t};
    }
    return (refusal){0};
}

refusal check_order(const type_scope *scope)
{
    names variables = {.pool = scope->pool};
    refusal found = {0};
    find_variables(scope, &variables, &found);
    for (size_t i = 0; variables.count[SPACE_ORDINARY] && i < scope->items->count && !found.reason;
         i++) {
        const item *item = &scope->items->list[i];
        const declaration *d = item->declaration;
        if (item->kind == ITEM_STATEMENT || item->kind == ITEM_EXPRESSION)
            found = find_use(scope, &variables, i, 0, item->first, item->end);
        for (size_t k = 0; item->kind == ITEM_DECLARATION && k < d->count && !found.reason; k++) {
            if (d->list[k].initialiser == DECLARE_NONE || d->list[k].name == DECLARE_NONE)
                continue;
            found = find_self(scope, &item->tokens, &d->list[k]);
            if (!found.reason)
                found = find_use(scope, &variables, i, k, d->list[k].initialiser,
                                 d->list[k].initialiser_end);
        }
    }
    return found;
}
