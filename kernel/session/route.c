#include "route.h"

#include "declare.h"

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
        if (found && past_is_native(past, spaces[i], found))
            return (refusal){pool_format(pool, "TinyCC does not know '%.*s' of %s, which only a "
                                               "system compiler can read", (int)t->length, t->text,
                                         found->place), t};
        if (found)
            break;
    }
    return (refusal){0};
}

/* As refuse_tokens(), and names. OWN: what the cell itself declares for the system compiler. */
static refusal find(pool *pool, const names *names, const past *past, const struct names *own,
                    const item *item, size_t first, size_t end)
{
    if (item->kind == ITEM_DIRECTIVE || item->kind == ITEM_MAGIC)
        return (refusal){0};
    refusal found = refuse_tokens(pool, names, item, first, end);
    for (size_t i = first; i < end && !found.reason; i++)
        if (item->tokens.list[i].kind == TOKEN_NAME)
            found = find_native_name(pool, names, past, own, &item->tokens, i);
    return found;
}

refusal route_find(pool *pool, const names *names, const past *past, const items *items)
{
    refusal found = {0};
    for (size_t i = 0; i < items->count && !found.reason; i++)
        found = find(pool, names, past, NULL, &items->list[i], items->list[i].first,
                     items->list[i].end);
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
    for (size_t i = 0; i < items->count; i++) {
        item *item = &items->list[i];
        bool declares = item->kind == ITEM_DECLARATION || item->kind == ITEM_FUNCTION;
        if (!declares || !needs_native(pool, names, past, &own, item))
            continue;
        item->native = true;
        name origin = {.place = "", .item = -1};
        declaration_enter(&own, &item->tokens, item->declaration, &origin);
    }
}
