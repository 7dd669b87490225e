#include "route.h"

#include "declare.h"
#include "local.h"
#include "mixed.h"

#include <string.h>

/* What an earlier cell gave to the system compiler, and the name T stands for. */
static refusal find_native_name(pool *pool, const names *names, const past *past,
                                const struct names *own, const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at];
    if (at > 0 && (token_is(t - 1, ".") || token_is(t - 1, "->")))
        return (refusal){0};
    name_space spaces[2] = {SPACE_MACRO, SPACE_ORDINARY};
    size_t count = 2;
    if (at > 0 && is_tag_keyword(t - 1)) {
        spaces[0] = SPACE_TAG;
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        const name *found = names_find_token(names, spaces[i], t);
        if (own && names_find_token(own, spaces[i], t))
            return (refusal){"", t};
        if (found && (found->item == NAME_NATIVE || past_is_native(past, spaces[i], found)))
            return (refusal){pool_format(pool, "'%.*s' of %s is beyond TinyCC", (int)t->length,
                                         t->text, found->place), t};
        if (found)
            break;
    }
    return (refusal){0};
}

/* Whether the item's function has a parameter, or its code a local name, that hides what T names
   elsewhere. */
static bool is_hidden(pool *pool, const names *names, const item *item, const token *t)
{
    const declaration *d = item->declaration;
    size_t first = item->first;
    if (item->kind == ITEM_FUNCTION) {
        first = d->body;
        for (size_t k = d->list[0].parameters + 1; k < d->list[0].parameters_end; k++) {
            const token *next = &item->tokens.list[k + 1];
            if (token_same(&item->tokens.list[k], t) &&
                (token_is(next, ",") || token_is(next, ")") || token_is(next, "[")))
                return true;
        }
    } else if (item->kind != ITEM_STATEMENT) {
        return false;
    }
    local_list locals;
    local_read(pool, names, &item->tokens, first, item->end, &locals);
    for (size_t i = 0; i < locals.count; i++)
        for (size_t k = 0; k < locals.list[i].declaration->count; k++) {
            size_t name = locals.list[i].declaration->list[k].name;
            if (name != DECLARE_NONE && token_same(&item->tokens.list[name], t))
                return true;
        }
    return false;
}

/* As refuse_tokens(), and names. OWN: what the cell itself declares for the system compiler. */
static refusal find(pool *pool, const names *names, const past *past, const struct names *own,
                    const item *item, size_t first, size_t end)
{
    if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
        return (refusal){0};
    refusal found = refuse_tokens(pool, names, item, first, end);
    for (size_t i = first; i < end && !found.reason; i++)
        if (item->tokens.list[i].kind == TOKEN_NAME) {
            found = find_native_name(pool, names, past, own, &item->tokens, i);
            if (found.reason && is_hidden(pool, names, item, found.token))
                found.reason = NULL;
        }
    return found;
}

/* Whether a cell, this one or an earlier one, defines the function that a prototype declares. */
static bool is_defined(const names *names, const past *past, const items *items, const token *name)
{
    for (size_t i = 0; i < items->count; i++) {
        const item *item = &items->list[i];
        if (item->kind == ITEM_FUNCTION &&
            token_same(&item->tokens.list[item->declaration->list[0].name], name))
            return true;
    }
    const struct name *known = names_find_token(names, SPACE_ORDINARY, name);
    return known && known->item >= 0 && *past->list[known->item].source;
}

/* The prototype of a library's function that TinyCC's code would call wrongly. */
static refusal find_library_call(pool *pool, const names *names, const past *past,
                                 const items *items, const item *item)
{
    const declaration *d = item->declaration;
    if (item->kind != ITEM_DECLARATION || !d || d->count == 0 || !d->list[0].is_function ||
        d->list[0].name == DECLARE_NONE)
        return (refusal){0};
    const token *name = &item->tokens.list[d->list[0].name];
    type_scope scope = {pool, names, past, items};
    const char *type = mixed_in_declaration(&scope, &item->tokens, d);
    if (!type || is_defined(names, past, items, name))
        return (refusal){0};
    return (refusal){pool_format(pool, "TinyCC passes '%s' to functions of other compilers wrongly; "
                                       "put the cell under %%%%native, which uses a system "
                                       "compiler (gcc or clang)", type), name};
}

refusal route_find_foreign(pool *pool, const names *names, const past *past, const items *items)
{
    type_scope scope = {pool, names, past, items};
    for (size_t i = 0; i < items->count; i++) {
        const item *item = &items->list[i];
        for (size_t k = item->first; k < item->end; k++) {
            const token *t = &item->tokens.list[k];
            const name *known = t->kind == TOKEN_NAME
                                    ? names_find_token(names, SPACE_ORDINARY, t) : NULL;
            if (!known || known->kind != NAME_FUNCTION || known->item < 0 ||
                past->list[known->item].native || !*past->list[known->item].source)
                continue;
            const char *type = mixed_in_entry(&scope, (size_t)known->item);
            if (type)
                return (refusal){
                    pool_format(pool, "'%.*s' of %s was compiled by TinyCC, which passes '%s' by "
                                      "value in other registers; put it under %%%%native too, or "
                                      "pass a pointer", (int)t->length, t->text, known->place,
                                type), t};
        }
    }
    return (refusal){0};
}

refusal route_find(const type_scope *scope)
{
    pool *pool = scope->pool;
    const names *names = scope->names;
    const past *past = scope->past;
    const items *items = scope->items;
    refusal found = {0};
    for (size_t i = 0; i < items->count && !found.reason; i++)
        found = find(pool, names, past, NULL, &items->list[i], items->list[i].first,
                     items->list[i].end);
    for (size_t i = 0; i < items->count && !found.reason; i++)
        found = refuse_code(scope, &items->list[i]);
    for (size_t i = 0; i < items->count && !found.reason; i++)
        found = find_library_call(pool, names, past, items, &items->list[i]);
    return found;
}

/* Without initial values and bodies of functions: what TinyCC would have to declare. */
static bool needs_native(pool *pool, const names *names, const past *past,
                         const struct names *own, const item *item)
{
    const declaration *d = item->declaration;
    if (!d)
        return false;
    size_t end = item->kind == ITEM_FUNCTION ? d->body : item->end, from = item->first;
    for (size_t i = 0; i < d->count; i++) {
        const declarator *one = &d->list[i];
        if (one->initialiser == DECLARE_NONE)
            continue;
        if (find(pool, names, past, own, item, from, one->initialiser).reason)
            return true;
        from = one->initialiser_end;
    }
    return (d->unknown_type && item->kind == ITEM_DECLARATION) ||
           find(pool, names, past, own, item, from, end).reason;
}

void route_mark(pool *pool, const names *names, const past *past, items *items)
{
    struct names own = {.pool = pool};
    type_scope scope = {pool, names, past, items};
    for (size_t i = 0; i < items->count; i++) {
        item *item = &items->list[i];
        if (item->kind != ITEM_DECLARATION && item->kind != ITEM_FUNCTION)
            continue;
        if (item->native == NATIVE_ALL || needs_native(pool, names, past, &own, item))
            item->native = NATIVE_ALL;
        else if (mixed_in_declaration(&scope, &item->tokens, item->declaration))
            item->native = NATIVE_CALLS;
        if (item->native != NATIVE_ALL)
            continue;
        name origin = {.place = "", .item = -1};
        declaration_enter(&own, &item->tokens, item->declaration, &origin);
    }
}
