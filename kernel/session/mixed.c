#include "mixed.h"

#include "macro.h"

#include <stdlib.h>
#include <string.h>

enum { REGISTERS_SIZE = 16, HALF = 8, DEPTH_MAX = 8, TOO_LARGE = 1000 };

/* What the bytes of a type hold. Nothing is said of those beyond REGISTERS_SIZE. */
typedef struct layout {
    size_t size, align; /* size 0: unknown */
    bool is_float[REGISTERS_SIZE], is_other[REGISTERS_SIZE];
} layout;

static layout layout_of(const type_scope *scope, const tokens *tokens, const declaration *d,
                        const declarator *one, int depth);

/* --- Layout ---------------------------------------------------------------------------------- */

static layout scalar(size_t size, bool is_float)
{
    layout out = {.size = size, .align = size};
    for (size_t i = 0; i < size && i < REGISTERS_SIZE; i++) {
        out.is_float[i] = is_float;
        out.is_other[i] = !is_float;
    }
    return out;
}

static void put(layout *whole, size_t offset, const layout *part)
{
    for (size_t i = 0; i < part->size && offset + i < REGISTERS_SIZE; i++) {
        whole->is_float[offset + i] |= part->is_float[i];
        whole->is_other[offset + i] |= part->is_other[i];
    }
}

static void add_member(layout *whole, const layout *part, bool is_union, size_t *end)
{
    size_t offset = is_union || !part->align ? 0 : (*end + part->align - 1) / part->align *
                                                       part->align;
    put(whole, offset, part);
    if (offset + part->size > *end)
        *end = offset + part->size;
    if (part->align > whole->align)
        whole->align = part->align;
}

static layout structure(const type_scope *scope, const type_found *f, int depth)
{
    const declaration *d = f->declaration;
    bool is_union = token_is(&f->tokens->list[d->tag_keyword], "union");
    layout out = {.align = 1};
    size_t end = 0;
    for (size_t at = d->tag_body + 1; at + 1 < d->tag_body_end;) {
        declaration member;
        declaration_read(scope->pool, scope->names, f->tokens, at, &member);
        size_t next = member.end > at ? member.end : at + 1;
        for (size_t i = 0; i < member.count || (i == 0 && member.tag_body != DECLARE_NONE); i++) {
            layout part = layout_of(scope, f->tokens, &member,
                                    i < member.count ? &member.list[i] : NULL, depth + 1);
            if (!part.size)
                return (layout){0};
            add_member(&out, &part, is_union, &end);
            if (end > REGISTERS_SIZE)
                return (layout){.size = TOO_LARGE, .align = out.align};
        }
        at = next;
    }
    out.size = (end + out.align - 1) / out.align * out.align;
    return out;
}

/* The type that the specifiers name. */
static layout base(const type_scope *scope, const tokens *tokens, const declaration *d, int depth)
{
    type_found f = {tokens, d};
    if (depth > DEPTH_MAX)
        return (layout){0};
    if (d->tag_keyword != DECLARE_NONE && token_is(&tokens->list[d->tag_keyword], "enum"))
        return scalar(4, false);
    if (d->tag_body != DECLARE_NONE)
        return structure(scope, &f, depth);
    if (d->tag_keyword != DECLARE_NONE) {
        bool known = d->tag_name != DECLARE_NONE &&
                     type_find(scope, &tokens->list[d->tag_name], SPACE_TAG, &f);
        return known ? structure(scope, &f, depth) : (layout){0};
    }
    if (d->type_name != DECLARE_NONE) {
        const token *name = &tokens->list[d->type_name];
        if (!type_find(scope, name, SPACE_ORDINARY, &f))
            return (layout){0};
        for (size_t i = 0; i < f.declaration->count; i++)
            if (token_same(&f.tokens->list[f.declaration->list[i].name], name))
                return layout_of(scope, f.tokens, f.declaration, &f.declaration->list[i],
                                 depth + 1);
        return (layout){0};
    }
    int longs = 0;
    size_t size = 4;
    bool is_float = false, is_double = false;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        const token *t = &tokens->list[i];
        longs += token_is(t, "long");
        is_float |= token_is(t, "float");
        is_double |= token_is(t, "double");
        if (token_is(t, "char") || token_is(t, "_Bool"))
            size = 1;
        else if (token_is(t, "short"))
            size = 2;
        else if (token_is(t, "void"))
            return (layout){0};
    }
    if (is_double)
        return longs ? (layout){.size = TOO_LARGE, .align = 16} : scalar(8, true);
    return is_float ? scalar(4, true) : scalar(longs ? 8 : size, false);
}

/* The number in the brackets at AT (one dimension), 0 if it is no plain number. */
static size_t dimension(const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at + 1];
    return t->kind == TOKEN_NUMBER && token_is(t + 1, "]") ? strtoul(t->text, NULL, 0) : 0;
}

static layout layout_of(const type_scope *scope, const tokens *tokens, const declaration *d,
                        const declarator *one, int depth)
{
    if (one && one->is_function)
        return (layout){0};
    size_t stop = one ? one->is_array ? one->brackets_first : one->end : 0;
    for (size_t i = one ? one->first : 0; i < stop; i++)
        if (token_is(&tokens->list[i], "*"))
            return scalar(8, false); /* arrays of pointers are of one kind, too */
    layout out = base(scope, tokens, d, depth);
    for (size_t at = one && one->is_array ? one->brackets_first : 0;
         one && one->is_array && at < one->brackets_end; at = tokens_close(tokens, at, NULL)) {
        layout element = out;
        size_t count = dimension(tokens, at);
        if (!count || !element.size)
            return (layout){0};
        for (size_t i = 1; i < count && i * element.size < REGISTERS_SIZE; i++)
            put(&out, i * element.size, &element);
        out.size = count > TOO_LARGE ? TOO_LARGE : element.size * count;
    }
    return out;
}

static bool is_mixed(const layout *l)
{
    bool floats[2] = {false, false}, others[2] = {false, false};
    if (l->size <= HALF || l->size > REGISTERS_SIZE)
        return false;
    for (size_t i = 0; i < REGISTERS_SIZE; i++) {
        floats[i / HALF] |= l->is_float[i];
        others[i / HALF] |= l->is_other[i];
    }
    return (floats[0] && !others[0] && others[1]) || (floats[1] && !others[1] && others[0]);
}

/* --- Functions ------------------------------------------------------------------------------- */

/* The tokens of a type as a declaration, `struct m v;`, with macros expanded. */
static tokens copy_type(const type_scope *scope, const token *first, const token *end)
{
    token *list;
    size_t count;
    macro_expand_all(scope->pool, scope->names, first, end, &list, &count);
    tokens part = {.list = pool_alloc(scope->pool, (count + 2) * sizeof *list), .problem = ""};
    for (size_t i = 0; i < count; i++)
        part.list[part.count++] = list[i];
    part.list[part.count++] = (token){.kind = TOKEN_PUNCTUATOR, .text = ";", .length = 1};
    part.list[part.count] = (token){.kind = TOKEN_END, .text = ""};
    return part;
}

/* The name of the type of [first, end), `struct m v`, if it is one that matters. */
static const char *check(const type_scope *scope, const token *first, const token *end)
{
    tokens part = copy_type(scope, first, end);
    declaration d;
    declaration_read(scope->pool, scope->names, &part, 0, &d);
    if (d.tag_keyword == DECLARE_NONE && d.type_name == DECLARE_NONE)
        return NULL;
    layout l = layout_of(scope, &part, &d, d.count ? &d.list[0] : NULL, 0);
    if (!is_mixed(&l))
        return NULL;
    if (d.type_name != DECLARE_NONE)
        return pool_copy(scope->pool, part.list[d.type_name].text, part.list[d.type_name].length);
    const char *tag = "";
    if (d.tag_name != DECLARE_NONE)
        tag = pool_copy(scope->pool, part.list[d.tag_name].text, part.list[d.tag_name].length);
    const token *keyword = &part.list[d.tag_keyword];
    return pool_format(scope->pool, "%.*s %s", (int)keyword->length, keyword->text, tag);
}

const char *mixed_in_declaration(const type_scope *scope, const tokens *tokens,
                                 const declaration *d)
{
    const char *type = NULL;
    for (size_t i = 0; i < d->count && !type; i++) {
        const declarator *one = &d->list[i];
        if (!one->is_function || one->name == DECLARE_NONE)
            continue;
        bool pointer = false;
        for (size_t k = one->first; k < one->name; k++)
            pointer |= token_is(&tokens->list[k], "*");
        if (!pointer && d->specifiers_end > d->specifiers)
            type = check(scope, &tokens->list[d->specifiers], &tokens->list[d->specifiers_end]);
        size_t start = one->parameters + 1;
        for (size_t k = start; k < one->parameters_end && !type; k++) {
            const token *t = &tokens->list[k];
            if (token_is(t, "(") || token_is(t, "[") || token_is(t, "{")) {
                k = tokens_close(tokens, k, NULL) - 1;
                continue;
            }
            if (!token_is(t, ",") && k + 1 < one->parameters_end)
                continue;
            if (k > start)
                type = check(scope, &tokens->list[start], t);
            start = k + 1;
        }
    }
    return type;
}

bool mixed_va_arg(const type_scope *scope, const token *first, const token *end)
{
    tokens part = copy_type(scope, first, end);
    declaration d;
    for (size_t i = 0; i < part.count; i++)
        if (token_is(&part.list[i], "*"))
            return false;
    for (size_t i = 0; i < part.count; i++)
        if (token_is(&part.list[i], "typeof") || token_is(&part.list[i], "__typeof__") ||
            token_is(&part.list[i], "__typeof"))
            return true;
    declaration_read(scope->pool, scope->names, &part, 0, &d);
    if (d.tag_keyword == DECLARE_NONE && d.type_name == DECLARE_NONE)
        return false;
    layout l = layout_of(scope, &part, &d, d.count ? &d.list[0] : NULL, 0);
    bool floats = false;
    for (size_t i = 0; i < REGISTERS_SIZE; i++)
        floats |= l.is_float[i];
    return l.size == 0 || (l.size > HALF && l.size <= REGISTERS_SIZE && floats);
}

const char *mixed_in_entry(const type_scope *scope, size_t item)
{
    const entry *e = &scope->past->list[item];
    if (e->kind != ENTRY_FUNCTION)
        return NULL;
    type_found f = type_read(scope, e->text, strlen(e->text));
    return mixed_in_declaration(scope, f.tokens, f.declaration);
}
