#include "lookup.h"

#include <string.h>

int world_open(world *world, const lang_t *lang, const char *code, size_t size)
{
    size_t text_size;
    const char *text = lang_text(lang, &text_size);
    wire_reader in = wire_read(text, text_size);
    if (!headers_default() || past_read(&world->pool, &in, &world->past) < 0)
        return -1;
    world->past_names = (names){.below = &headers_default()->names, .pool = &world->pool};
    past_enter(&world->past, &world->past_names);
    world->names = (names){.below = &world->past_names, .pool = &world->pool};
    world->items = split(&world->pool, &world->names, code, size, "this cell");
    world->tokens = scan(&world->pool, code, size, true);
    return 0;
}

/* Whether the declaration declares the name; *WHICH is its declarator. */
static bool declares(world *world, const tokens *tokens, const declaration *d, name_space space,
                     const char *text, size_t length, const declarator **which)
{
    *which = NULL;
    for (size_t i = 0; i < d->count && space == SPACE_ORDINARY; i++) {
        if (d->list[i].name == DECLARE_NONE)
            continue;
        const token *t = &tokens->list[d->list[i].name];
        if (t->length == length && memcmp(t->text, text, length) == 0) {
            *which = &d->list[i];
            return true;
        }
    }
    names own = {.pool = &world->pool};
    name origin = {.place = "", .item = -1};
    declaration_enter(&own, tokens, d, &origin);
    return names_find(&own, space, text, length) != NULL;
}

static bool find_in_text(world *world, const char *source, size_t size, name_space space,
                         const char *text, size_t length, found *out)
{
    tokens tokens = scan(&world->pool, source, size, false);
    for (size_t at = 0; at < tokens.count;) {
        declaration d;
        declaration_read(&world->pool, &world->names, &tokens, at, &d);
        if (declares(world, &tokens, &d, space, text, length, &out->declarator)) {
            out->tokens = tokens;
            out->declaration = d;
            return true;
        }
        at = d.end > at ? d.end : at + 1;
    }
    return false;
}

static bool find_in_cell(world *world, name_space space, const char *text, size_t length,
                         found *out)
{
    for (size_t i = 0; i < world->items.count; i++) {
        const item *item = &world->items.list[i];
        if (!item->declaration ||
            !declares(world, &item->tokens, item->declaration, space, text, length,
                      &out->declarator))
            continue;
        out->tokens = item->tokens;
        out->declaration = *item->declaration;
        return true;
    }
    return false;
}

bool world_find(world *world, name_space space, const char *text, size_t length, found *out)
{
    *out = (found){.name = names_find(&world->names, space, text, length)};
    if (!out->name)
        return false;
    if (space == SPACE_MACRO || find_in_cell(world, space, text, length, out))
        return true;
    if (out->name->item >= 0) {
        out->entry = &world->past.list[out->name->item];
        return find_in_text(world, out->entry->text, strlen(out->entry->text), space, text, length,
                            out);
    }
    const headers *h = headers_default();
    return find_in_text(world, h->declarations + out->name->start,
                        out->name->end - out->name->start, space, text, length, out);
}

/* --- Members -------------------------------------------------------------------------------- */

static size_t read_members(world *world, const tokens *tokens, size_t body, size_t end,
                           member **out)
{
    size_t count = 0, capacity = 0;
    *out = NULL;
    for (size_t at = body + 1; at + 1 < end;) {
        declaration d;
        declaration_read(&world->pool, &world->names, tokens, at, &d);
        for (size_t i = 0; i < d.count; i++) {
            if (d.list[i].name == DECLARE_NONE)
                continue;
            member member = {&tokens->list[d.list[i].name], NULL, *tokens, d};
            member.type = tokens_join(&world->pool, &tokens->list[at],
                                      &tokens->list[d.list[i].end]);
            *POOL_PUSH(&world->pool, *out, count, capacity) = member;
        }
        at = d.end > at ? d.end : at + 1;
    }
    return count;
}

static size_t members_at(world *world, const tokens *tokens, const declaration *d, int depth,
                         member **out)
{
    if (d->tag_body != DECLARE_NONE)
        return read_members(world, tokens, d->tag_body, d->tag_body_end, out);
    size_t at = d->tag_name != DECLARE_NONE ? d->tag_name : d->type_name;
    name_space space = d->tag_name != DECLARE_NONE ? SPACE_TAG : SPACE_ORDINARY;
    found type;
    if (at == DECLARE_NONE || depth > 20 ||
        !world_find(world, space, tokens->list[at].text, tokens->list[at].length, &type))
        return 0;
    return members_at(world, &type.tokens, &type.declaration, depth + 1, out);
}

size_t world_members(world *world, const tokens *tokens, const declaration *d, member **out)
{
    return members_at(world, tokens, d, 0, out);
}

/* The opening bracket of the group that ends at AT. */
static size_t group_start(const tokens *tokens, size_t at)
{
    size_t depth = 0;
    for (size_t i = at + 1; i-- > 0;) {
        const token *t = &tokens->list[i];
        if (token_is(t, ")") || token_is(t, "]"))
            depth++;
        else if ((token_is(t, "(") || token_is(t, "[")) && --depth == 0)
            return i;
    }
    return DECLARE_NONE;
}

size_t world_members_before(world *world, size_t at, member **out)
{
    const tokens *tokens = &world->tokens;
    /* The name before, over `[i]` and `(arguments)`. */
    size_t name_at = at;
    while (name_at > 0) {
        name_at--;
        if (!token_is(&tokens->list[name_at], "]") && !token_is(&tokens->list[name_at], ")"))
            break;
        name_at = group_start(tokens, name_at);
        if (name_at == DECLARE_NONE)
            return 0;
    }
    const token *name = &tokens->list[name_at];
    if (name->kind != TOKEN_NAME)
        return 0;
    bool nested = name_at > 0 && (token_is(name - 1, ".") || token_is(name - 1, "->"));
    if (!nested) {
        found object;
        if (!world_find(world, SPACE_ORDINARY, name->text, name->length, &object) ||
            !object.declarator)
            return 0;
        return world_members(world, &object.tokens, &object.declaration, out);
    }
    member *list;
    size_t count = world_members_before(world, name_at - 1, &list);
    for (size_t i = 0; i < count; i++)
        if (token_same(list[i].name, name))
            return world_members(world, &list[i].tokens, &list[i].declaration, out);
    return 0;
}
