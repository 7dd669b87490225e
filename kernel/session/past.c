#include "past.h"

#include "declare.h"

#include <stdio.h>
#include <string.h>

/* --- The form that travels ---------------------------------------------------------------- */

enum { NOT_READ = 0x7fffffff }; /* in place of the number of names */

static void write_name(const past_name *n, wire_buf *out)
{
    wire_put_u32(out, (uint32_t)(n->space | n->kind << 4 | n->flexible << 8 | n->returns_void << 9));
    wire_put_u32(out, n->offset);
    wire_put_u32(out, n->length);
    wire_put_u32(out, n->start);
    wire_put_u32(out, n->end);
}

static void read_names(pool *pool, wire_reader *in, entry *e)
{
    uint32_t count = wire_get_u32(in);
    size_t size = strlen(e->text);
    if (count == NOT_READ)
        return;
    in->bad |= count > in->size;
    if (in->bad)
        return;
    past_name *list = pool_alloc(pool, (count + 1) * sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        past_name *n = &list[i];
        uint32_t bits = wire_get_u32(in);
        *n = (past_name){.space = (name_space)(bits & 15), .kind = (name_kind)(bits >> 4 & 15),
                         .flexible = (bits >> 8 & 1) != 0, .returns_void = (bits >> 9 & 1) != 0};
        n->offset = wire_get_u32(in);
        n->length = wire_get_u32(in);
        n->start = wire_get_u32(in);
        n->end = wire_get_u32(in);
        in->bad |= n->space >= SPACE_COUNT || n->kind > NAME_MACRO || n->offset > size ||
                   n->length > size - n->offset;
    }
    e->names = list;
    e->name_count = count;
}

void past_write(const past *past, wire_buf *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < past->count; i++)
        kept += past->list[i].kind != ENTRY_DROPPED;
    wire_put_u32(out, past->renamed);
    wire_put_u32(out, (uint32_t)kept);
    for (size_t i = 0; i < past->count; i++) {
        const entry *e = &past->list[i];
        if (e->kind == ENTRY_DROPPED)
            continue;
        wire_put_u32(out, e->kind);
        wire_put_u32(out, e->native);
        wire_put_u32(out, (uint32_t)e->cell);
        wire_put_u32(out, (uint32_t)e->line);
        wire_put_u32(out, (uint32_t)e->made);
        wire_put_string(out, e->text);
        wire_put_string(out, e->source);
        wire_put_u32(out, e->names ? (uint32_t)e->name_count : NOT_READ);
        for (size_t k = 0; e->names && k < e->name_count; k++)
            write_name(&e->names[k], out);
    }
    wire_put_u32(out, (uint32_t)past->macro_count);
    for (size_t i = 0; i < past->macro_count; i++) {
        wire_put_string(out, past->macros[i].name);
        wire_put_string(out, past->macros[i].text);
        wire_put_u32(out, (uint32_t)past->macros[i].cell);
        wire_put_u32(out, (uint32_t)past->macros[i].line);
        wire_put_u32(out, past->macros[i].header);
        wire_put_u32(out, past->macros[i].native);
    }
    wire_put_u32(out, (uint32_t)past->taken_count);
    for (size_t i = 0; i < past->taken_count; i++) {
        wire_put_u32(out, past->taken[i].space);
        wire_put_string(out, past->taken[i].name);
    }
}

int past_read(pool *pool, wire_reader *in, past *past)
{
    *past = (struct past){.pool = pool};
    past->renamed = wire_get_u32(in);
    for (size_t left = wire_get_u32(in); left > 0 && !in->bad; left--) {
        uint32_t kind = wire_get_u32(in);
        uint32_t native = wire_get_u32(in);
        int cell = (int)wire_get_u32(in), line = (int)wire_get_u32(in);
        int made = (int)wire_get_u32(in);
        const char *text = wire_get_string(in);
        const char *source = wire_get_string(in);
        in->bad |= kind >= ENTRY_DROPPED || native > NATIVE_ALL;
        entry *e = past_add(past, (entry_kind)kind, cell, line, text, source);
        e->native = (native_level)native;
        e->made = made;
        read_names(pool, in, e);
    }
    for (size_t left = wire_get_u32(in); left > 0 && !in->bad; left--) {
        past_macro macro = {.name = wire_get_string(in)};
        macro.text = wire_get_string(in);
        macro.cell = (int)wire_get_u32(in);
        macro.line = (int)wire_get_u32(in);
        macro.header = wire_get_u32(in) != 0;
        macro.native = wire_get_u32(in) != 0;
        *POOL_PUSH(pool, past->macros, past->macro_count, past->macro_capacity) = macro;
    }
    for (size_t left = wire_get_u32(in); left > 0 && !in->bad; left--) {
        uint32_t space = wire_get_u32(in);
        const char *name = wire_get_string(in);
        in->bad |= space >= SPACE_COUNT;
        if (!in->bad)
            past_take(past, (name_space)space, name);
    }
    return in->bad ? -1 : 0;
}

/* --- Entries ------------------------------------------------------------------------------ */

entry *past_add(past *past, entry_kind kind, int cell, int line, const char *text,
                const char *source)
{
    entry *e = POOL_PUSH(past->pool, past->list, past->count, past->capacity);
    *e = (entry){.kind = kind, .cell = cell, .line = line, .made = cell, .text = text,
                 .source = source};
    return e;
}

const past_macro *past_find_macro(const past *past, const char *name)
{
    for (size_t i = 0; i < past->macro_count; i++)
        if (strcmp(past->macros[i].name, name) == 0)
            return &past->macros[i];
    return NULL;
}

bool past_is_native(const past *past, name_space space, const name *name)
{
    if (space == SPACE_MACRO) {
        for (size_t i = 0; i < past->macro_count; i++)
            if (past->macros[i].native && strlen(past->macros[i].name) == name->length &&
                memcmp(past->macros[i].name, name->text, name->length) == 0)
                return true;
        return false;
    }
    return name->item >= 0 && (size_t)name->item < past->count &&
           past->list[name->item].native;
}

past_macro *past_set_macro(past *past, const char *name, const char *text, int cell, int line)
{
    past_macro *macro = (past_macro *)past_find_macro(past, name);
    if (!macro)
        macro = POOL_PUSH(past->pool, past->macros, past->macro_count, past->macro_capacity);
    *macro = (past_macro){.name = name, .text = text, .cell = cell, .line = line};
    return macro;
}

bool past_has_taken(const past *past, name_space space, const char *name)
{
    for (size_t i = 0; i < past->taken_count; i++)
        if (past->taken[i].space == space && strcmp(past->taken[i].name, name) == 0)
            return true;
    return false;
}

void past_take(past *past, name_space space, const char *name)
{
    if (!past_has_taken(past, space, name))
        *POOL_PUSH(past->pool, past->taken, past->taken_count, past->taken_capacity) =
            (taken){space, name};
}

/* "In[12]". By hand: a session of a thousand cells needs it a thousand times for each of them. */
static const char *place_of(pool *pool, int cell)
{
    char *out = pool_alloc(pool, 16), digits[12];
    size_t count = 0, at = 3;
    for (unsigned left = (unsigned)cell; count == 0 || left > 0; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    memcpy(out, "In[", at);
    while (count > 0)
        out[at++] = digits[--count];
    out[at] = ']';
    return out;
}

/* The header that a macro comes from. */
static const char *header_of(const past *past, const past_macro *macro)
{
    for (size_t i = past->count; i-- > 0;) {
        const entry *e = &past->list[i];
        if (e->kind == ENTRY_INCLUDE && e->cell == macro->cell && e->line == macro->line)
            return name_header_place(past->pool, e->source);
    }
    return name_header_place(past->pool, "");
}

/* What the entry's text declares, given what is known before it. */
static void find_names(const past *past, entry *e, const names *known)
{
    names own = {.pool = past->pool, .below = known};
    headers_enter(past->pool, &own, NULL, e->text, strlen(e->text), 0, "");
    size_t count = 0;
    for (int space = 0; space < SPACE_COUNT; space++)
        count += own.count[space];
    past_name *list = pool_alloc(past->pool, (count + 1) * sizeof *list);
    e->name_count = 0;
    for (int space = 0; space < SPACE_COUNT; space++)
        for (size_t i = 0; i < own.size[space]; i++)
            for (const name *n = own.slots[space][i]; n; n = n->next)
                list[e->name_count++] = (past_name){
                    .space = (name_space)space, .kind = n->kind, .flexible = n->flexible,
                    .returns_void = n->returns_void, .offset = (uint32_t)(n->text - e->text),
                    .length = (uint32_t)n->length, .start = (uint32_t)n->start,
                    .end = (uint32_t)n->end};
    e->names = list;
}

static void enter_entry(entry *e, int item, const char *place, names *names)
{
    for (size_t i = 0; i < e->name_count; i++) {
        const past_name *n = &e->names[i];
        name *entered = names_set(names, n->space, e->text + n->offset, n->length, n->kind);
        entered->flexible = n->flexible;
        entered->returns_void = n->returns_void;
        entered->item = item;
        entered->place = place;
        entered->start = n->start;
        entered->end = n->end;
    }
}

bool past_is_same(const past *past, const struct past *before)
{
    if (past->count != before->count || past->macro_count != before->macro_count ||
        past->taken_count != before->taken_count || past->renamed != before->renamed)
        return false;
    for (size_t i = 0; i < past->count; i++) {
        const entry *a = &past->list[i], *b = &before->list[i];
        if (a->kind != b->kind || a->cell != b->cell || a->line != b->line || a->text != b->text ||
            a->source != b->source || a->native != b->native)
            return false;
    }
    for (size_t i = 0; i < past->macro_count; i++)
        if (past->macros[i].text != before->macros[i].text ||
            past->macros[i].cell != before->macros[i].cell)
            return false;
    return true;
}

void past_enter(const past *past, names *names)
{
    /* A header's name that the user took means nothing unless a cell declares it below. */
    for (size_t i = 0; i < past->taken_count; i++)
        names_set(names, past->taken[i].space, past->taken[i].name, strlen(past->taken[i].name),
                  NAME_UNKNOWN);
    const char *place = "";
    int cell = 0; /* that PLACE names */
    for (size_t i = 0; i < past->count; i++) {
        entry *e = &past->list[i];
        if (e->kind == ENTRY_PRAGMA || e->kind == ENTRY_DROPPED)
            continue;
        bool header = e->kind == ENTRY_INCLUDE;
        if (header)
            place = name_header_place(past->pool, e->source);
        else if (cell != e->cell)
            place = place_of(past->pool, e->cell);
        cell = header ? 0 : e->cell;
        if (!e->names)
            find_names(past, e, names);
        enter_entry(e, (int)i, place, names);
    }
    for (size_t i = 0; i < past->macro_count; i++) {
        const past_macro *macro = &past->macros[i];
        name *entry = names_set(names, SPACE_MACRO, macro->name, strlen(macro->name),
                                *macro->text ? NAME_MACRO : NAME_UNKNOWN);
        entry->macro = macro->text;
        entry->macro_length = strlen(macro->text);
        entry->place = macro->header ? header_of(past, macro)
                                     : place_of(past->pool, macro->cell);
    }
}

static bool blank_between(const token *a, const token *b)
{
    if (token_is(a, "(") || token_is(a, "[") || token_is(a, "*"))
        return false;
    if (token_is(b, ")") || token_is(b, "]") || token_is(b, "[") || token_is(b, ",") ||
        token_is(b, ";"))
        return false;
    if (b->kind == TOKEN_STRING || b->kind == TOKEN_CHARACTER) /* u8"text" */
        return a->kind != TOKEN_NAME || b->spaced;
    return !(token_is(b, "(") && a->kind == TOKEN_NAME && !is_keyword(a));
}

const char *tokens_join(pool *pool, const token *first, const token *end)
{
    text out = {.pool = pool};
    for (const token *t = first; t < end; t++) {
        if (t->kind == TOKEN_DIRECTIVE)
            continue;
        if (out.size && blank_between(t - 1, t))
            text_puts(&out, " ");
        if (t->code)
            text_puts(&out, t->code);
        else
            text_add(&out, t->text, t->length);
    }
    return text_string(&out);
}

/* --- New meanings for old names ----------------------------------------------------------- */

bool past_mentions(const past *past, size_t item, const char *name)
{
    const entry *e = &past->list[item];
    if (e->kind == ENTRY_DROPPED || !strstr(e->text, name))
        return false;
    tokens tokens = scan(past->pool, e->text, strlen(e->text), false);
    for (size_t i = 0; i < tokens.count; i++)
        if (tokens.list[i].kind == TOKEN_NAME && token_is(&tokens.list[i], name))
            return true;
    return false;
}

/* Whether the name at AT stands for a type, not for a member or parameter of the same name. */
static bool is_type_use(const tokens *tokens, size_t at)
{
    if (at == 0)
        return true;
    const token *before = &tokens->list[at - 1], *after = &tokens->list[at + 1];
    static const char *const qualifiers[] = {"const", "volatile", "typedef", "extern", "restrict",
                                             "struct", "union", "enum"};
    bool is_word = before->kind == TOKEN_NAME || token_is(before, "*") || token_is(before, "}");
    for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
        is_word &= !token_is(before, qualifiers[i]);
    bool ends = token_is(after, ";") || token_is(after, ",") || token_is(after, "[") ||
                token_is(after, ":") || token_is(after, ")") || token_is(after, "=");
    return !(is_word && ends);
}

/* Whether an object, function or enumerator can be meant at AT: in a size, an enumerator's value
   or the operand of sizeof and typeof. */
static bool is_value_use(const tokens *tokens, size_t at)
{
    size_t depth = 0;
    for (size_t i = at; i-- > 0;) {
        const token *t = &tokens->list[i];
        if (t->kind != TOKEN_PUNCTUATOR)
            continue;
        if (token_is(t, ")") || token_is(t, "]") || token_is(t, "}")) {
            depth++;
        } else if (token_is(t, "(") || token_is(t, "[") || token_is(t, "{")) {
            if (depth > 0) {
                depth--;
                continue;
            }
            const token *before = i ? t - 1 : t;
            if (token_is(t, "[") || token_is(before, "sizeof") || token_is(before, "__typeof__") ||
                token_is(before, "typeof"))
                return true;
            if (token_is(t, "{"))
                return token_is(&tokens->list[at - 1], "=") && i >= 1 &&
                       (token_is(before, "enum") || (i >= 2 && token_is(before - 1, "enum")));
        }
    }
    return false;
}

/* Mark the tokens of ENTRY's text that must be renamed. OWN: the entry that declares the name. */
static bool find_uses(const past *past, const tokens *tokens, bool own, name_space space,
                      name_kind kind, const char *name, bool *marks)
{
    bool any = false;
    bool *declared = pool_alloc(past->pool, tokens->count + 1);
    if (own && space == SPACE_ORDINARY) { /* the declarators and enumerators themselves */
        names names = {.pool = past->pool, .below = &headers_default()->names};
        name_kind own_kind = kind;
        for (size_t at = 0; at < tokens->count;) {
            declaration d;
            declaration_read(past->pool, &names, tokens, at, &d);
            for (size_t k = 0; k < d.count; k++)
                if (d.list[k].name != DECLARE_NONE)
                    declared[d.list[k].name] = true;
            for (size_t k = d.tag_body; own_kind == NAME_CONSTANT && k != DECLARE_NONE &&
                                        k < d.tag_body_end; k++)
                declared[k] = true;
            at = d.end > at ? d.end : at + 1;
        }
    }
    for (size_t i = 0; i < tokens->count; i++) {
        const token *t = &tokens->list[i];
        if (t->kind != TOKEN_NAME || !token_is(t, name))
            continue;
        bool tag = i > 0 && is_tag_keyword(t - 1);
        bool member = i > 0 && (token_is(t - 1, ".") || token_is(t - 1, "->"));
        if (space == SPACE_TAG)
            marks[i] = tag;
        else if (tag || member)
            continue;
        else if (kind == NAME_TYPE)
            marks[i] = declared[i] || is_type_use(tokens, i);
        else
            marks[i] = declared[i] || is_value_use(tokens, i);
        any |= marks[i];
    }
    return any;
}

const char *past_rename(past *past, size_t item, name_space space, name_kind kind,
                        const char *name)
{
    const char *hidden = pool_format(past->pool, "%s__old%u", name, ++past->renamed);
    bool used = false;
    for (size_t i = 0; i < past->count; i++) {
        entry *e = &past->list[i];
        if (e->kind == ENTRY_DROPPED || !strstr(e->text, name))
            continue;
        tokens tokens = scan(past->pool, e->text, strlen(e->text), false);
        bool *marks = pool_alloc(past->pool, tokens.count + 1);
        if (!find_uses(past, &tokens, i == item, space, kind, name, marks))
            continue;
        used |= i != item;
        text out = {.pool = past->pool};
        for (size_t k = 0; k < tokens.count; k++) {
            const token *t = &tokens.list[k];
            const char *from = k ? t[-1].text + t[-1].length : e->text;
            text_add(&out, from, (size_t)(t->text - from));
            if (marks[k])
                text_puts(&out, hidden);
            else
                text_add(&out, t->text, t->length);
        }
        e->text = text_string(&out);
        e->names = NULL;
    }
    if (!used && (kind == NAME_OBJECT || kind == NAME_FUNCTION) &&
        past->list[item].kind != ENTRY_INCLUDE)
        past->list[item].kind = ENTRY_DROPPED;
    return hidden;
}

bool past_forget(past *past, const char *name)
{
    size_t length = strlen(name);
    bool any = false;
    names names = {.pool = past->pool};
    past_enter(past, &names);
    for (int space = SPACE_ORDINARY; space <= SPACE_TAG; space++) {
        const struct name *found = names_find(&names, (name_space)space, name, length);
        if (!found || found->item < 0)
            continue;
        past_rename(past, (size_t)found->item, (name_space)space, found->kind, name);
        any = true;
    }
    for (size_t i = past->macro_count; i-- > 0;)
        if (strcmp(past->macros[i].name, name) == 0) {
            past->macros[i] = past->macros[--past->macro_count];
            any = true;
        }
    for (size_t i = past->taken_count; i-- > 0;)
        if (strcmp(past->taken[i].name, name) == 0) {
            past->taken[i] = past->taken[--past->taken_count];
            any = true;
        }
    return any;
}
