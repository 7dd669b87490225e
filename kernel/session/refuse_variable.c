#include "refuse_variable.h"

#include "macro.h"

#include <string.h>

static refusal needs_native(pool *pool, const char *what, const token *t)
{
    return (refusal){pool_format(pool, "TinyCC does not know %s; put the cell under %%%%native, "
                                       "which uses a system compiler (gcc or clang)", what), t};
}

/* Behind the operand of `sizeof` and its kin at T, which is a constant unless it is a local name:
   that may be an array of variable length. */
static const token *skip_constant(const names *names, const token *t, const token *end)
{
    bool offset = token_is(t, "__builtin_offsetof");
    bool word = offset || token_is(t, "sizeof") || token_is(t, "_Alignof") ||
                token_is(t, "__alignof__");
    const token *k = word ? t + 1 : t;
    size_t depth = 0;
    for (; word && k < end; k++) {
        depth += token_is(k, "(");
        depth -= depth && token_is(k, ")");
        bool own = k->kind == TOKEN_NAME && !is_keyword(k) && !is_tag_keyword(k - 1) &&
                   !token_is(k - 1, ".") && !token_is(k - 1, "->");
        if (own && !offset && !names_find_token(names, SPACE_ORDINARY, k))
            return t;
        if (depth == 0 && (k->kind == TOKEN_NAME || token_is(k, ")")))
            return k + 1;
    }
    return t;
}

static bool is_variable(const names *names, const token *first, const token *end)
{
    for (const token *t = first; t < end; t++) {
        const token *after = skip_constant(names, t, end);
        if (after > t) {
            t = after - 1;
            continue;
        }
        if (t->kind != TOKEN_NAME || is_keyword(t) || is_type_name(names, t) ||
            is_tag_keyword(t - 1))
            continue;
        const name *entry = names_find_token(names, SPACE_ORDINARY, t);
        if (!entry || entry->kind == NAME_OBJECT || entry->kind == NAME_FUNCTION)
            return true;
    }
    return false;
}

bool refuse_variable_size(pool *pool, const names *names, const token *first, const token *end)
{
    bool macros = false;
    for (const token *t = first; t < end; t++)
        macros |= t->kind == TOKEN_NAME && is_macro(names, t);
    if (!macros)
        return is_variable(names, first, end);
    token *list;
    size_t count;
    macro_expand_all(pool, names, first, end, &list, &count);
    return is_variable(names, list, list + count);
}

/* Brackets at AT (`[`) and those that follow directly, but for the first SKIP. True if one of them
   has a variable size. */
static bool has_variable_brackets(pool *pool, const names *names, const tokens *tokens, size_t at,
                                  size_t skip)
{
    for (size_t k = 0; token_is(&tokens->list[at], "["); k++) {
        size_t end = tokens_close(tokens, at, NULL);
        if (k >= skip && refuse_variable_size(pool, names, &tokens->list[at + 1],
                                              &tokens->list[end - 1]))
            return true;
        at = end;
    }
    return false;
}

/* --- H3: pointers to rows, H4: parameters ---------------------------------------------------- */

static bool is_qualifier(const token *t)
{
    return token_is(t, "const") || token_is(t, "volatile") || token_is(t, "restrict") ||
           token_is(t, "__restrict");
}

/* Whether what ends before AT says a type: `double`, `struct s`, `T`, `double *`. */
static bool ends_type(const names *names, const tokens *tokens, size_t at)
{
    while (at > 0 && (token_is(&tokens->list[at - 1], "*") || is_qualifier(&tokens->list[at - 1])))
        at--;
    if (at == 0)
        return false;
    const token *t = &tokens->list[at - 1];
    return t->kind == TOKEN_NAME && (is_specifier_keyword(t) || is_type_name(names, t) ||
                                     (at > 1 && is_tag_keyword(t - 1)));
}

refusal refuse_row_pointer(pool *pool, const names *names, const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at];
    if (!token_is(t, "(") || !token_is(t + 1, "*") || !ends_type(names, tokens, at))
        return (refusal){0};
    size_t close = at + 1;
    while (token_is(&tokens->list[close], "*") || is_qualifier(&tokens->list[close]))
        close++;
    close += tokens->list[close].kind == TOKEN_NAME;
    while (token_is(&tokens->list[close], "["))
        close = tokens_close(tokens, close, NULL);
    if (!token_is(&tokens->list[close], ")") || !token_is(&tokens->list[close + 1], "[") ||
        !has_variable_brackets(pool, names, tokens, close + 1, 0))
        return (refusal){0};
    return needs_native(pool, "pointers to arrays of variable length", t);
}

bool refuse_effects(const tokens *tokens, size_t at)
{
    size_t end = tokens_close(tokens, at, NULL);
    for (size_t i = at + 1; i + 1 < end; i++) {
        const token *t = &tokens->list[i];
        bool changes = token_is(t, "++") || token_is(t, "--") || token_is(t, "=") ||
                       (t->length == 2 && t->text[1] == '=' && strchr("+-*/%&|^", *t->text));
        bool calls = t->kind == TOKEN_NAME && !is_keyword(t) && token_is(t + 1, "(");
        if (changes || calls)
            return true;
    }
    return false;
}

refusal refuse_array_parameter(pool *pool, const names *names, const item *item)
{
    const declaration *d = item->declaration;
    for (size_t i = 0; d && i < d->count; i++) {
        if (!d->list[i].is_function)
            continue;
        for (size_t k = d->list[i].parameters + 1; k + 1 < d->list[i].parameters_end; k++) {
            const token *t = &item->tokens.list[k];
            if (t->kind != TOKEN_NAME || !token_is(t + 1, "[") || is_keyword(t))
                continue;
            if (refuse_effects(&item->tokens, k + 1))
                return needs_native(pool, "sizes of array parameters that do something", t);
            if (has_variable_brackets(pool, names, &item->tokens, k + 1, 1))
                return needs_native(pool, pool_format(pool, "array parameters of variable length "
                                                            "like '%.*s'", (int)t->length, t->text),
                                    t);
        }
    }
    return (refusal){0};
}

/* --- Types and objects by name --------------------------------------------------------------- */

/* Names of the code at hand. */
typedef struct set {
    const token **list;
    size_t count, capacity;
} set;

static void put(pool *pool, set *set, const token *name)
{
    *POOL_PUSH(pool, set->list, set->count, set->capacity) = name;
}

static bool has(const set *set, const token *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (token_same(set->list[i], name))
            return true;
    return false;
}

typedef struct search {
    pool *pool;
    const tokens *tokens;
    const names *names;
    set types, objects; /* of variable size */
} search;

static bool is_pointer(const search *s, const declarator *d)
{
    for (size_t i = d->first; i < d->end; i++)
        if (token_is(&s->tokens->list[i], "*"))
            return true;
    return false;
}

static bool is_variable_array(const search *s, const declaration *d, const declarator *one)
{
    if (d->type_name != DECLARE_NONE && has(&s->types, &s->tokens->list[d->type_name]) &&
        !is_pointer(s, one))
        return true;
    if (!one->is_array)
        return false;
    for (size_t i = one->brackets_first; i < one->brackets_end; i++)
        if (has(&s->objects, &s->tokens->list[i]) || has(&s->types, &s->tokens->list[i]))
            return true; /* [sizeof v] */
    return has_variable_brackets(s->pool, s->names, s->tokens, one->brackets_first, 0);
}

static void note_names(search *s, const declaration *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].name != DECLARE_NONE && is_variable_array(s, d, &d->list[i]))
            put(s->pool, d->is_typedef ? &s->types : &s->objects, &s->tokens->list[d->list[i].name]);
}

/* H18: the member of variable size of a structure whose keyword is at AT; NULL if there is none. */
static const token *find_member(const search *s, size_t at)
{
    declaration d;
    if (!is_tag_keyword(&s->tokens->list[at]) || token_is(&s->tokens->list[at], "enum"))
        return NULL;
    declaration_read(s->pool, s->names, s->tokens, at, &d);
    if (d.tag_body == DECLARE_NONE)
        return NULL;
    for (at = d.tag_body + 1; at + 1 < d.tag_body_end;) {
        declaration member;
        declaration_read(s->pool, s->names, s->tokens, at, &member);
        for (size_t i = 0; i < member.count; i++)
            if (member.list[i].name != DECLARE_NONE && is_variable_array(s, &member, &member.list[i]))
                return &s->tokens->list[member.list[i].name];
        at = member.end > at ? member.end : at + 1;
    }
    return NULL;
}

/* `row *`, `&v`, `typeof(v) *`: a pointer to something of variable size. TinyCC takes `&v` for the
   address of a hidden pointer. */
static bool is_used_by_pointer(const search *s, size_t at, size_t end)
{
    const tokens *tokens = s->tokens;
    const token *t = &tokens->list[at];
    if (has(&s->types, t)) {
        size_t next = at + 1;
        while (next < end && is_qualifier(&tokens->list[next]))
            next++;
        return token_is(&tokens->list[next], "*");
    }
    if (token_is(t, "&") && at + 2 < end && has(&s->objects, t + 1))
        return !token_is(t + 2, "[");
    if ((token_is(t, "typeof") || token_is(t, "__typeof__") || token_is(t, "__typeof")) &&
        token_is(t + 1, "(")) {
        size_t close = tokens_close(tokens, at + 1, NULL);
        for (size_t i = at + 2; close < end && token_is(&tokens->list[close], "*") && i < close; i++)
            if (has(&s->objects, &tokens->list[i]) || has(&s->types, &tokens->list[i]))
                return true;
    }
    return false;
}

refusal refuse_variable_types(pool *pool, const tokens *tokens, size_t first, size_t end,
                              const local_list *locals)
{
    search s = {.pool = pool, .tokens = tokens, .names = &locals->names};
    for (size_t i = 0; i < locals->count; i++)
        note_names(&s, locals->list[i].declaration);
    bool named = s.types.count || s.objects.count;
    for (size_t at = first; at < end; at++) {
        const token *member = find_member(&s, at);
        if (member)
            return needs_native(pool, "structures with members of variable length", member);
        if (named && is_used_by_pointer(&s, at, end))
            return needs_native(pool, "pointers to arrays of variable length", &tokens->list[at]);
    }
    return (refusal){0};
}
