#include "local.h"

static bool may_begin(const tokens *tokens, size_t first, size_t at)
{
    static const char *const before[] = {"{", "}", ";", ":", "else", "do"};
    if (at == first)
        return true;
    const token *t = &tokens->list[at - 1];
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (token_is(t, before[i]))
            return true;
    return t->kind == TOKEN_DIRECTIVE ||
           (token_is(t, "(") && at >= first + 2 && token_is(t - 1, "for"));
}

/* Where to go on: what declarations hold in `({ ... })` and in bodies is code, too. */
static size_t skip(const tokens *tokens, const declaration *d)
{
    for (size_t i = d->specifiers_end; i + 1 < d->end; i++)
        if (token_is(&tokens->list[i], "{") &&
            (d->is_definition || token_is(&tokens->list[i - 1], "(")))
            return i;
    return d->end;
}

void local_read(pool *pool, const names *names, const tokens *tokens, size_t first, size_t end,
                local_list *out)
{
    *out = (local_list){.names = {.pool = pool, .below = names}};
    const name origin = {.place = "", .item = -1};
    for (size_t at = first; at < end; at++) {
        const token *t = &tokens->list[at];
        if (t->kind != TOKEN_NAME || !may_begin(tokens, first, at) ||
            !declaration_begins(&out->names, tokens, at))
            continue;
        declaration *d = pool_alloc(pool, sizeof *d);
        declaration_read(pool, &out->names, tokens, at, d);
        if (d->end <= at)
            continue;
        *POOL_PUSH(pool, out->list, out->count, out->capacity) = (type_found){tokens, d};
        declaration_enter(&out->names, tokens, d, &origin);
        at = skip(tokens, d) - 1;
    }
}
