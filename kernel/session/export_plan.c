#include "export_internal.h"

#include <ctype.h>
#include <string.h>

#include "headers.h"
#include "macro.h"

/* --- cells to parts --------------------------------------------------------------------- */

/* Behind an item: the rest of its line, if that is only blanks and a comment. */
static size_t end_of_line_comment(const char *text, size_t size, size_t at)
{
    size_t i = at;
    while (i < size && (text[i] == ' ' || text[i] == '\t'))
        i++;
    if (i + 1 < size && text[i] == '/' && text[i + 1] == '/') {
        while (i < size && text[i] != '\n')
            i++;
        return i;
    }
    if (i + 1 < size && text[i] == '/' && text[i + 1] == '*') {
        const char *close = memmem(text + i, size - i, "*/", 2);
        size_t end = close ? (size_t)(close + 2 - text) : size;
        if (!memchr(text + i, '\n', end - i))
            return end;
    }
    return at;
}

/* The headers that a cell includes must be known before it is split. */
static void enter_includes(program *p, const export_cell *cell)
{
    tokens tokens = scan(p->pool, cell->text, cell->size, true);
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i];
        char word[16];
        size_t length;
        if (t->kind != TOKEN_DIRECTIVE)
            continue;
        directive_word(t, word, sizeof word);
        const char *rest = directive_rest(t, &length);
        if (strcmp(word, "include") != 0 || headers_are_default(rest, length))
            continue;
        header_text header;
        const char *directive = pool_copy(p->pool, t->text, t->length);
        compiler_result r = headers_expand(p->pool, "", directive, "cell", t->line, &header);
        if (!r.ok) {
            export_refuse(p, cell, t->line, "%s: %s", directive, r.messages);
            return;
        }
        headers_enter(p->pool, &p->names, NULL, header.declarations, strlen(header.declarations),
                      -1, "");
        headers_enter_macros(p->pool, &p->names, header.macros, -1, "");
    }
}

static void add_cell(program *p, const export_cell *cell)
{
    enter_includes(p, cell);
    items items = split(p->pool, &p->names, cell->text, cell->size, "");
    if (items.status != SPLIT_OK)
        export_refuse(p, cell, items.problem_line, "%s", items.problem);
    size_t at = 0;
    for (size_t i = 0; i < items.count; i++) {
        const item *item = &items.list[i];
        size_t end = end_of_line_comment(cell->text, cell->size, item->offset_end);
        *POOL_PUSH(p->pool, p->parts, p->count, p->capacity) =
            (part){.item = item, .cell = cell, .start = at, .end = end};
        at = end;
    }
}

/* --- what file scope needs -------------------------------------------------------------- */

static void mention(program *p, const names *own, const token *first, const token *end)
{
    for (const token *t = first; t < end; t++)
        if (t->kind == TOKEN_NAME && !is_keyword(t) &&
            !(own && names_find_token(own, SPACE_ORDINARY, t)))
            names_set(&p->mentioned, SPACE_ORDINARY, t->text, t->length, NAME_OBJECT);
}

bool export_is_mentioned(const program *p, const token *name)
{
    return names_find_token(&p->mentioned, SPACE_ORDINARY, name) != NULL;
}

static bool is_constant_name(const program *p, const token *list, size_t i)
{
    const token *t = &list[i];
    const name *entry = names_find_token(&p->names, SPACE_ORDINARY, t);
    if (is_keyword(t) || (i > 0 && (token_is(t - 1, ".") || is_tag_keyword(t - 1))))
        return true;
    if (!entry)
        return false;
    if (entry->kind == NAME_FUNCTION)
        return !token_is(t + 1, "(");
    return entry->kind == NAME_TYPE || entry->kind == NAME_CONSTANT ||
           (entry->kind == NAME_OBJECT && i > 0 && token_is(t - 1, "&"));
}

bool export_is_constant(const program *p, const tokens *tokens, size_t first, size_t end)
{
    token *list;
    size_t count;
    macro_expand_all(p->pool, &p->names, &tokens->list[first], &tokens->list[end], &list, &count);
    for (size_t i = 0; i < count; i++)
        if (token_is(&list[i], "++") || token_is(&list[i], "--") ||
            (list[i].kind == TOKEN_NAME && !is_constant_name(p, list, i)))
            return false;
    return true;
}

/* The parameters and local variables of a function: these mention nothing outside of it. */
static void enter_locals(program *p, const part *part, names *own)
{
    const item *item = part->item;
    for (size_t i = item->declaration->specifiers_end; i < item->end; i++) {
        const token *t = part_token(part, i);
        bool may_begin = i > 0 && (token_is(t - 1, "{") || token_is(t - 1, "}") ||
                                   token_is(t - 1, ";") || token_is(t - 1, "(") ||
                                   token_is(t - 1, ","));
        if (!may_begin || !declaration_begins(&p->names, &item->tokens, i))
            continue;
        declaration d;
        declaration_read(p->pool, &p->names, &item->tokens, i, &d);
        for (size_t k = 0; k < d.count; k++)
            if (d.list[k].name != DECLARE_NONE) {
                const token *name = part_token(part, d.list[k].name);
                names_set(own, SPACE_ORDINARY, name->text, name->length, NAME_OBJECT);
            }
    }
}

static const token *macro_of(program *p, const token *directive)
{
    size_t length;
    const char *rest = directive_rest(directive, &length);
    tokens tokens = scan(p->pool, rest, length, false);
    return tokens.count > 0 && tokens.list[0].kind == TOKEN_NAME ? tokens.list : NULL;
}

static bool directive_is_global(program *p, const token *directive)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    if (strcmp(word, "define") != 0 && strcmp(word, "undef") != 0)
        return strcmp(word, "include") == 0 || strcmp(word, "pragma") == 0;
    const token *name = macro_of(p, directive);
    return name && export_is_mentioned(p, name);
}

static bool declaration_is_global(const program *p, const part *part)
{
    const declaration *d = part->item->declaration;
    if (d->is_typedef || d->count == 0 || d->tag_body != DECLARE_NONE)
        return true;
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].is_function || (d->list[i].name != DECLARE_NONE &&
                                       export_is_mentioned(p, part_token(part, d->list[i].name))))
            return true;
    return false;
}

static bool is_global(program *p, const part *part)
{
    switch (part->item->kind) {
    case ITEM_FUNCTION:
    case ITEM_ASSERT: return true;
    case ITEM_DIRECTIVE: return directive_is_global(p, part_token(part, part->item->first));
    case ITEM_DECLARATION: return declaration_is_global(p, part);
    default: return false;
    }
}

/* What a part at file scope needs there, too. Initial values that main assigns do not count. */
static void mention_part(program *p, const part *part)
{
    const item *item = part->item;
    const token *first = part_token(part, item->first);
    if (item->kind == ITEM_DIRECTIVE) {
        size_t length;
        const char *rest = directive_rest(first, &length);
        tokens tokens = scan(p->pool, rest, length, false);
        mention(p, NULL, tokens.list, tokens.list + tokens.count);
    } else if (item->kind == ITEM_FUNCTION) {
        names own = {.pool = p->pool};
        enter_locals(p, part, &own);
        mention(p, &own, first, part_token(part, item->end));
    } else if (item->kind == ITEM_DECLARATION) {
        const declaration *d = item->declaration;
        mention(p, NULL, first, part_token(part, d->specifiers_end));
        for (size_t i = 0; i < d->count; i++) {
            const declarator *one = &d->list[i];
            mention(p, NULL, part_token(part, one->first), part_token(part, one->end));
            if (one->initialiser != DECLARE_NONE &&
                export_is_constant(p, &item->tokens, one->initialiser, one->initialiser_end))
                mention(p, NULL, part_token(part, one->initialiser),
                        part_token(part, one->initialiser_end));
        }
    }
}

/* Until nothing new is needed. */
static void choose_places(program *p)
{
    size_t known;
    do {
        known = p->mentioned.count[SPACE_ORDINARY];
        for (size_t i = 0; i < p->count; i++) {
            part *part = &p->parts[i];
            if (!part->global && is_global(p, part)) {
                part->global = true;
                mention_part(p, part);
            }
        }
    } while (p->mentioned.count[SPACE_ORDINARY] != known);
}

/* --- repeated definitions --------------------------------------------------------------- */

static const token *function_name(const part *part)
{
    const declaration *d = part->item->declaration;
    return d->count > 0 && d->list[0].name != DECLARE_NONE ? part_token(part, d->list[0].name)
                                                            : NULL;
}

static bool same_tokens(const part *a, const part *b)
{
    size_t count = a->item->end - a->item->first;
    if (count != b->item->end - b->item->first)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!token_same(part_token(a, a->item->first + i), part_token(b, b->item->first + i)))
            return false;
    return true;
}

static void check_function(program *p, size_t index)
{
    part *part = &p->parts[index];
    const token *name = function_name(part);
    if (!name)
        return;
    if (token_is(name, "main"))
        export_refuse(p, part->cell, name->line, "the cells become main; this one defines its own");
    for (size_t i = 0; i < index; i++) {
        const struct part *other = &p->parts[i];
        if (other->item->kind != ITEM_FUNCTION || !function_name(other) ||
            !token_same(function_name(other), name))
            continue;
        part->skipped = same_tokens(other, part);
        if (!part->skipped)
            export_refuse(p, part->cell, name->line, "%.*s is defined in In[%d] already; a program "
                          "has one definition of a function", (int)name->length, name->text,
                          other->cell->number);
    }
}

void export_plan(program *p, const export_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_cell(p, &cells[i]);
    if (p->problem)
        return;
    choose_places(p);
    for (size_t i = 0; i < p->count; i++) {
        part *part = &p->parts[i];
        if (part->item->kind == ITEM_FUNCTION)
            check_function(p, i);
        for (size_t k = 0; k < i && part->item->kind == ITEM_DECLARATION && part->global &&
                           part->item->declaration->count == 0; k++)
            part->skipped |= p->parts[k].global && same_tokens(&p->parts[k], part);
    }
}
