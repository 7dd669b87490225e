#include "check.h"

#include "declare.h"
#include "macro.h"

/* The item's tokens, with the macros of the user's cells expanded. */
static tokens expanded(const type_scope *scope, const item *item)
{
    tokens all = item->tokens;
    bool own = false;
    for (size_t i = item->first; i < item->end && !own; i++) {
        const token *t = &item->tokens.list[i];
        const name *macro =
            t->kind == TOKEN_NAME ? names_find_token(scope->names, SPACE_MACRO, t) : NULL;
        own = macro && macro->macro && name_is_users(macro);
    }
    if (own)
        macro_expand_all(scope->pool, scope->names, &item->tokens.list[item->first],
                         &item->tokens.list[item->end], &all.list, &all.count);
    return all;
}

static size_t *find_partners(pool *pool, const tokens *tokens)
{
    size_t *partner = pool_alloc(pool, (tokens->count + 1) * sizeof *partner);
    size_t *open = pool_alloc(pool, (tokens->count + 1) * sizeof *open), depth = 0;
    partner[tokens->count] = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const token *t = &tokens->list[i];
        partner[i] = 0;
        if (t->kind != TOKEN_PUNCTUATOR || t->length != 1)
            continue;
        if (strchr("([{", *t->text)) {
            open[depth++] = i;
        } else if (strchr(")]}", *t->text) && depth > 0) {
            partner[open[--depth]] = i;
            partner[i] = open[depth];
        }
    }
    return partner;
}

static refusal check_item(const type_scope *scope, const item *item, refusal *doubt)
{
    refusal found = {0};
    check_code code = {.scope = scope, .tokens = expanded(scope, item),
                       .doubt = doubt};
    for (size_t i = 0; i < code.tokens.count && !found.reason; i++)
        found = check_literal(scope->pool, &code.tokens.list[i]);
    if (found.reason)
        return found;
    code.partner = find_partners(scope->pool, &code.tokens);
    found = check_specifiers(&code);
    if (!found.reason)
        found = check_places(&code, item);
    return found.reason ? found : check_declaration(&code, item);
}

refusal check_items(const type_scope *scope, refusal *doubt)
{
    *doubt = (refusal){0};
    refusal found = {0};
    macro_allow(scope->pool, MACRO_SPLIT_WORK); /* what stands for more is looked at as written */
    for (size_t i = 0; i < scope->items->count && !found.reason; i++) {
        const item *item = &scope->items->list[i];
        if (item->kind == ITEM_MAGIC)
            continue;
        found = item->kind == ITEM_DIRECTIVE
                    ? check_directive(scope->pool, &item->tokens.list[item->first])
                    : check_item(scope, item, doubt);
        if (found.reason && found.token->expanded)
            found.token = &item->tokens.list[item->first];
    }
    macro_allow(scope->pool, MACRO_WORK);
    return found.reason ? found : check_order(scope);
}
