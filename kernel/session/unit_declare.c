#include "unit_internal.h"

#include "initialiser.h"
#include "macro.h"

#include <string.h>

static bool is_storage(const token *t)
{
    static const char *const words[] = {"static", "register", "auto", "inline", "__inline",
                                        "__inline__", "extern"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(t, words[i]))
            return true;
    return false;
}

/* Tokens [first, end) without assertions inside types, which the compiler does not know (hole
   H10). They are added to ASSERTIONS, if that is not NULL. */
static tokens without_assertions(writer *w, const token *first, const token *end, text *assertions)
{
    tokens out = {.problem = ""};
    size_t capacity = 0;
    bool cut = false;
    for (const token *t = first; t < end; t++) {
        bool assertion = t->kind == TOKEN_NAME && (token_is(t, "_Static_assert") ||
                                                   token_is(t, "static_assert"));
        if (assertion) {
            const token *start = t;
            while (t + 1 < end && !token_is(t, ";"))
                t++;
            if (assertions)
                tokens_code(assertions, start, t + 1);
            cut = true;
            continue;
        }
        token *copy = POOL_PUSH(w->pool, out.list, out.count, capacity);
        *copy = *t;
        copy->expanded |= cut; /* the text before it is not its own */
        cut = false;
    }
    *POOL_PUSH(w->pool, out.list, out.count, capacity) = (token){.kind = TOKEN_END, .text = ""};
    out.count--;
    return out;
}

/* The text of tokens [first, end), expanded and in the form that is kept. */
static const char *normal(writer *w, const token *first, const token *end)
{
    token *list;
    size_t count;
    tokens plain = without_assertions(w, first, end, NULL);
    macro_expand_all(w->pool, w->names, plain.list, plain.list + plain.count, &list, &count);
    return tokens_join(w->pool, list, list + count);
}

/* Where the attributes end that follow a type's body directly. */
static size_t after_body(const tokens *tokens, const declaration *d)
{
    size_t at = d->tag_body_end;
    while (token_is(&tokens->list[at], "__attribute__") ||
           token_is(&tokens->list[at], "__attribute")) {
        at++;
        if (token_is(&tokens->list[at], "("))
            at = tokens_close(tokens, at, NULL);
    }
    return at;
}

/* --- Types ---------------------------------------------------------------------------------- */

/* The tags, enumerators and (TYPEDEFS) typedef names that a declaration declares. */
static names type_names(writer *w, const tokens *tokens, const declaration *d, bool typedefs)
{
    names out = {.pool = w->pool};
    declaration only = *d;
    if (!typedefs)
        only.count = 0;
    name origin = {.place = "", .item = -1};
    declaration_enter(&out, tokens, &only, &origin);
    return out;
}

/* Whether the session has this very declaration, with none of its names changed since. */
static bool is_known_type(writer *w, const names *declared, const char *normal_text)
{
    for (int space = SPACE_ORDINARY; space <= SPACE_TAG; space++)
        for (size_t i = 0; i < declared->size[space]; i++)
            for (const name *n = declared->slots[space][i]; n; n = n->next) {
                const name *old = names_find(w->plan->past_names, (name_space)space, n->text,
                                             n->length);
                if (!old || old->item < 0 ||
                    strcmp(w->out->past.list[old->item].text, normal_text) != 0)
                    return false;
            }
    return declared->count[SPACE_ORDINARY] + declared->count[SPACE_TAG] > 0;
}

static void claim_all(writer *w, const names *declared)
{
    for (int space = SPACE_ORDINARY; space <= SPACE_TAG; space++)
        for (size_t i = 0; i < declared->size[space]; i++)
            for (const name *n = declared->slots[space][i]; n; n = n->next) {
                token t = {.kind = TOKEN_NAME, .text = n->text, .length = n->length};
                unit_claim(w, (name_space)space, n->kind, &t);
            }
}

static void remember_type(writer *w, const item *item, const char *text, size_t end)
{
    struct text source = {.pool = w->pool};
    tokens_text(&source, &item->tokens.list[item->first], &item->tokens.list[end]);
    past_add(&w->out->past, ENTRY_TYPE, w->plan->number, item->line, text, text_string(&source));
}

/* A typedef: one piece, as written. */
static void write_typedef(writer *w, const item *item)
{
    const tokens *tokens = &item->tokens;
    const declaration *d = item->declaration;
    const token *first = &tokens->list[item->first], *end = &tokens->list[item->end];
    const char *text = normal(w, first, end);
    names declared = type_names(w, tokens, d, true);
    if (is_known_type(w, &declared, text))
        return;
    claim_all(w, &declared);
    struct text assertions = {.pool = w->pool};
    struct tokens plain = without_assertions(w, first, end, &assertions);
    if (unit_declares(w)) {
        unit_place(w, &w->top, first);
        tokens_code(&w->top, plain.list, plain.list + plain.count);
        text_format(&w->top, "%s\n", text_string(&assertions));
    }
    remember_type(w, item, text, item->end);
}

/* `struct tag {...}` of a declaration that goes on with objects or ends there. Returns the tag. */
static const char *write_tag(writer *w, const item *item)
{
    const tokens *tokens = &item->tokens;
    const declaration *d = item->declaration;
    const token *keyword = &tokens->list[d->tag_keyword];
    const token *body = &tokens->list[d->tag_body], *end = &tokens->list[after_body(tokens, d)];
    const char *tag = "";
    if (d->tag_name != DECLARE_NONE)
        tag = pool_copy(w->pool, tokens->list[d->tag_name].text, tokens->list[d->tag_name].length);
    else if (d->count > 0)
        tag = pool_format(w->pool, "__anon_%d_%d", w->plan->number, ++w->anonymous);
    /* With the attributes that stand before the tag. */
    const token *name = d->tag_name != DECLARE_NONE ? &tokens->list[d->tag_name] : body;
    const char *head = pool_format(w->pool, "%s %s", tokens_join(w->pool, keyword, name), tag);
    const char *text = pool_format(w->pool, "%s%s;", head, normal(w, body, end));
    names declared = type_names(w, tokens, d, false);
    if (is_known_type(w, &declared, text))
        return tag;
    claim_all(w, &declared);
    struct text assertions = {.pool = w->pool};
    struct tokens plain = without_assertions(w, body, end, &assertions);
    if (unit_declares(w)) {
        unit_line(w, &w->top, keyword->line);
        text_format(&w->top, "%s ", head);
        tokens_code(&w->top, plain.list, plain.list + plain.count);
        text_format(&w->top, ";%s\n", text_string(&assertions));
    }
    remember_type(w, item, text, after_body(tokens, d));
    return tag;
}

/* --- Objects and functions ------------------------------------------------------------------ */

/* The type of the value that a declaration with `__auto_type` gives: an object of the session needs
   one that can be written down. Arrays and functions are pointers there. */
static void put_type_of_value(writer *w, text *out, const tokens *tokens, const declaration *d)
{
    const declarator *one = &d->list[0];
    const token *first = &tokens->list[one->initialiser];
    const token *end = &tokens->list[one->initialiser_end];
    bool strings = true, wide = false;
    for (const token *t = first; t < end; t++) {
        strings &= t->kind == TOKEN_STRING;
        wide |= *t->text == 'L';
    }
    const name *entry = end == first + 1 && first->kind == TOKEN_NAME
                            ? names_find_token(w->plan->names, SPACE_ORDINARY, first) : NULL;
    bool function = entry && entry->kind == NAME_FUNCTION;
    if (strings)
        text_puts(out, wide ? "int * " : "char * ");
    else
        text_format(out, "__typeof__(%s(%s)) ", function ? "&" : "",
                    tokens_join(w->pool, first, end));
}

/* The specifiers without storage class and without the body of a type. */
static const char *specifiers_text(writer *w, const tokens *tokens, const declaration *d,
                                   const char *tag)
{
    text out = {.pool = w->pool};
    if (d->no_type)
        text_puts(&out, "int ");
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        const token *t = &tokens->list[i];
        if (is_storage(t))
            continue;
        if (i == d->tag_keyword && d->tag_body != DECLARE_NONE) {
            text_format(&out, "%.*s %s ", (int)t->length, t->text, tag);
            i = after_body(tokens, d) - 1;
            continue;
        }
        bool valued = d->count > 0 && d->list[0].initialiser != DECLARE_NONE;
        if (valued && token_is(t, "__auto_type")) {
            put_type_of_value(w, &out, tokens, d);
            continue;
        }
        text_add(&out, t->text, t->length);
        text_puts(&out, " ");
    }
    return text_string(&out);
}

/* As normal(), for a text. */
static const char *normal_text(writer *w, const char *text)
{
    tokens tokens = scan(w->pool, text, strlen(text), false);
    return normal(w, tokens.list, tokens.list + tokens.count);
}

static const char *declarator_text(writer *w, const tokens *tokens, size_t first, size_t end)
{
    text out = {.pool = w->pool};
    tokens_code(&out, &tokens->list[first], &tokens->list[end]);
    return text_string(&out);
}

static defined *add_defined(writer *w, const char *name, bool is_function, lang_bind bind)
{
    unit *out = w->out;
    defined *d = POOL_PUSH(w->pool, out->defined, out->defined_count, out->defined_capacity);
    *d = (defined){.name = name, .is_function = is_function, .bind = bind};
    return d;
}

/* The entry of this cell for the name, or NULL. */
static entry *find_new(writer *w, entry_kind kind, const char *name)
{
    past *past = &w->out->past;
    for (size_t i = w->plan->before->count; i < past->count; i++)
        if (past->list[i].kind == kind && past_mentions(past, i, name)) {
            names names = {.pool = w->pool, .below = w->plan->names};
            tokens tokens = scan(w->pool, past->list[i].text, strlen(past->list[i].text), false);
            declaration d;
            declaration_read(w->pool, &names, &tokens, 0, &d);
            if (d.count && d.list[0].name != DECLARE_NONE &&
                token_is(&tokens.list[d.list[0].name], name))
                return &past->list[i];
        }
    return NULL;
}

/* Keep what later units need of an object or function. SAME or PATCH: the old entry stays, its
   type has not changed. */
static size_t remember(writer *w, entry_kind kind, const char *name, lang_bind bind, int line,
                       const char *text, const char *source)
{
    past *past = &w->out->past;
    entry *e = find_new(w, kind, name);
    int made = w->plan->number;
    if (!e && bind != LANG_BIND_NEW) {
        const struct name *old =
            names_find(w->plan->past_names, SPACE_ORDINARY, name, strlen(name));
        e = &past->list[old->item];
        text = e->text;
        made = e->made;
    }
    if (!e)
        e = past_add(past, kind, w->plan->number, line, text, source);
    *e = (entry){.kind = kind, .cell = w->plan->number, .line = line, .made = made,
                 .text = text, .source = source, .native = w->native};
    return (size_t)(e - past->list);
}

static const char *name_of(writer *w, const tokens *tokens, const declarator *item)
{
    const token *t = &tokens->list[item->name];
    return pool_copy(w->pool, t->text, t->length);
}

/* A prototype, or `extern T x;`: nothing is defined. */
static void write_declared(writer *w, const item *item, const declarator *d, const char *specifiers)
{
    const tokens *tokens = &item->tokens;
    const char *name = name_of(w, tokens, d);
    const char *text = declarator_text(w, tokens, d->first, d->end);
    const char *storage = d->is_function ? "" : "extern ";
    if (unit_declares(w)) {
        unit_line(w, &w->top, tokens->list[d->first].line);
        text_format(&w->top, "%s%s%s;\n", storage, specifiers, text);
    }
    const struct name *old = names_find(w->plan->past_names, SPACE_ORDINARY, name, strlen(name));
    bool known = old && (old->kind == NAME_FUNCTION || old->kind == NAME_OBJECT);
    if (known && old->item < 0 && unit_has_changed(w, name)) { /* another type than the header's */
        unit_claim(w, SPACE_ORDINARY, old->kind, &tokens->list[d->name]);
        known = false;
    }
    entry_kind kind = d->is_function ? ENTRY_FUNCTION : ENTRY_OBJECT;
    if (known || find_new(w, kind, name))
        return;
    past_add(&w->out->past, kind, w->plan->number, tokens->list[d->first].line,
             normal_text(w, pool_format(w->pool, "%s%s%s;", storage, specifiers, text)), "");
}

/* The code that gives an object its value. */
static void write_value(writer *w, const item *item, const declarator *d, initialiser_kind kind,
                        const char *name)
{
    const tokens *tokens = &item->tokens;
    if (!unit_has_code(w) || (kind != INITIALISER_ASSIGN && kind != INITIALISER_COPY))
        return;
    unit_line(w, &w->body, tokens->list[d->initialiser].line);
    if (kind == INITIALISER_COPY)
        text_format(&w->body, "{ __typeof__(%s) __xt_i = ", name);
    else
        text_format(&w->body, "%s = ", name);
    tokens_code(&w->body, &tokens->list[d->initialiser], &tokens->list[d->initialiser_end]);
    if (kind == INITIALISER_COPY)
        text_format(&w->body, "; __xt_copy((void *)&%s, (const void *)&__xt_i, sizeof __xt_i); }",
                    name);
    text_puts(&w->body, "; __nb_poll();\n");
}

/* The declaration of an object that the unit of types has made. */
static const char *unit_made_elsewhere(const writer *w, const char *name)
{
    const unit *types = w->plan->types;
    for (size_t i = 0; i < types->defined_count; i++)
        if (strcmp(types->defined[i].name, name) == 0)
            return types->past.list[types->defined[i].entry].text;
    return "";
}

static void write_object(writer *w, const item *item, const declarator *d, const char *specifiers)
{
    const tokens *tokens = &item->tokens;
    const char *name = name_of(w, tokens, d);
    lang_bind bind = unit_claim(w, SPACE_ORDINARY, NAME_OBJECT, &tokens->list[d->name]);
    initialiser_kind kind =
        initialiser_choose(w->pool, w->names, tokens, item->declaration, d);
    for (size_t i = d->brackets_first; d->is_array && i < d->brackets_end; i++)
        if (token_is(&tokens->list[i], "static") || token_is(&tokens->list[i], "const"))
            unit_refuse(w, tokens->list[i].line, "'%.*s' in brackets is for the parameters of "
                        "functions", (int)tokens->list[i].length, tokens->list[i].text);
    const char *text = declarator_text(w, tokens, d->first, d->end);
    const char *sized = unit_sized_declarator(w, tokens, d);
    if (sized)
        text = sized;
    size_t count = d->unsized ? initialiser_count(w->pool, w->names, tokens, item->declaration, d)
                              : 0;
    if (count) {
        const char *head = declarator_text(w, tokens, d->first, d->brackets_first + 1);
        const char *tail = declarator_text(w, tokens, d->brackets_first + 1, d->end);
        text = pool_format(w->pool, "%s%zu%s", head, count, tail);
    }
    const char *value = "";
    if (kind != INITIALISER_NONE)
        value = declarator_text(w, tokens, d->initialiser, d->initialiser_end);
    bool apart = w->plan->target == UNIT_NATIVE && w->native != NATIVE_ALL; /* TinyCC makes the object */
    if (unit_declares(w))
        unit_line(w, &w->top, tokens->list[d->first].line);
    if (apart)
        text_format(&w->top, "%s\n", unit_made_elsewhere(w, name));
    else if (!unit_declares(w))
        ;
    else if (kind == INITIALISER_STATIC)
        text_format(&w->top, "%s%s = %s;\n", specifiers, text, value);
    else if (kind == INITIALISER_COPY && d->unsized && !count && d->first == d->name)
        /* The size is that of an array with this value, which the compiler need not compute. */
        text_format(&w->top, "__typeof__((%s%s)%s) %s;\n", specifiers,
                    declarator_text(w, tokens, d->brackets_first, d->end), value, name);
    else
        text_format(&w->top, "%s%s;\n", specifiers, text);
    if (kind == INITIALISER_STATIC && w->body.size && unit_has_code(w)) {
        /* Statements before it may use the object: it gets its value again at its place. */
        const char *copy = pool_format(w->pool, "__xt_first_%zu", w->out->defined_count);
        text_format(&w->top, "static const __typeof__(%s) %s = %s;\n", name, copy, value);
        text_format(&w->body, "\n__xt_copy((void *)&%s, (const void *)&%s, sizeof %s);\n", name,
                    copy, copy);
    }
    write_value(w, item, d, kind, name);
    defined *made = add_defined(w, name, false, bind);
    made->unsized = d->unsized && !count;
    made->native = w->native == NATIVE_ALL;
    const char *kept = normal_text(w, pool_format(w->pool, "extern %s%s;", specifiers, text));
    struct text source = {.pool = w->pool};
    tokens_text(&source, &tokens->list[item->first], &tokens->list[item->end]);
    made->entry = remember(w, ENTRY_OBJECT, name, bind, tokens->list[d->first].line, kept,
                           text_string(&source));
}

/* `static` and `inline` functions of a native cell may be inlined into its other functions; those
   without can be replaced by a later cell for all callers. */
static bool is_inlined(const tokens *tokens, const declaration *d)
{
    bool found = d->is_static;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        const token *t = &tokens->list[i];
        found |= token_is(t, "inline") || token_is(t, "__inline") || token_is(t, "__inline__");
    }
    return found;
}

static const char *prototype(writer *w, const item *item, const char *specifiers)
{
    const tokens *tokens = &item->tokens;
    const declaration *d = item->declaration;
    const declarator *head = &d->list[0];
    bool old_style = d->old_style_end > d->old_style;
    const char *text = declarator_text(w, tokens, head->first,
                                       old_style ? head->parameters : head->end);
    return normal_text(w, pool_format(w->pool, "%s%s%s;", specifiers, text,
                                      old_style ? "()" : ""));
}

const char *unit_prototype(writer *w, const item *item)
{
    return prototype(w, item, specifiers_text(w, &item->tokens, item->declaration, ""));
}

/* `void f()`, not `void *f()`. */
static bool returns_nothing(const tokens *tokens, const declaration *d)
{
    bool is_void = false;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++)
        is_void |= token_is(&tokens->list[i], "void");
    return is_void && d->list[0].first == d->list[0].name;
}

static void write_function(writer *w, const item *item)
{
    const tokens *tokens = &item->tokens;
    const declaration *d = item->declaration;
    const declarator *head = &d->list[0];
    const char *name = name_of(w, tokens, head);
    lang_bind bind = unit_claim(w, SPACE_ORDINARY, NAME_FUNCTION, &tokens->list[head->name]);
    const char *tag = d->tag_body != DECLARE_NONE ? write_tag(w, item) : "";
    const char *specifiers = specifiers_text(w, tokens, d, tag);
    add_defined(w, name, true, bind);
    if (strcmp(name, "main") == 0)
        w->out->main = returns_nothing(tokens, d) ? "void main" : "main";
    const char *kept = prototype(w, item, specifiers);
    if (unit_declares(w) && !unit_has_code(w)) {
        unit_line(w, &w->top, tokens->list[item->first].line);
        text_format(&w->top, "%s\n", kept);
    } else if (unit_has_code(w)) {
        const token *first = &tokens->list[head->first], *end = &tokens->list[item->end];
        unit_shadow(w, &w->top, first, end, false);
        unit_line(w, &w->top, tokens->list[item->first].line);
        if (w->plan->target == UNIT_NATIVE && is_inlined(tokens, d))
            text_puts(&w->top, "__attribute__((__visibility__(\"hidden\"))) ");
        text_puts(&w->top, specifiers);
        unit_place(w, &w->top, &tokens->list[head->first]);
        tokens_code(&w->top, first, end);
        text_puts(&w->top, "\n");
        unit_shadow(w, &w->top, first, end, true);
    }
    struct text source = {.pool = w->pool};
    tokens_text(&source, &tokens->list[item->first], &tokens->list[item->end]);
    remember(w, ENTRY_FUNCTION, name, bind, tokens->list[item->first].line, kept,
             text_string(&source));
}

void unit_declaration(writer *w, const item *item)
{
    const tokens *tokens = &item->tokens;
    const declaration *d = item->declaration;
    if (d->is_thread) {
        unit_refuse(w, item->line, "thread-local variables cannot live in a session; drop "
                                   "_Thread_local");
        return;
    }
    if (item->kind == ITEM_FUNCTION) {
        write_function(w, item);
        return;
    }
    if (d->is_typedef) {
        write_typedef(w, item);
        return;
    }
    bool nonsense = !token_is(&tokens->list[declaration_tail(d)], ";"); /* `int a b;` */
    const char *tag = d->tag_body != DECLARE_NONE && !nonsense ? write_tag(w, item) : "";
    if (nonsense || (d->count == 0 && d->tag_body == DECLARE_NONE)) { /* or `struct node;` */
        if (!unit_declares(w))
            return;
        unit_line(w, &w->top, item->line);
        tokens_code(&w->top, &tokens->list[item->first], &tokens->list[item->end]);
        text_puts(&w->top, "\n");
        return;
    }
    const char *specifiers = specifiers_text(w, tokens, d, tag);
    for (size_t i = 0; i < d->count; i++) {
        const declarator *one = &d->list[i];
        if (one->name == DECLARE_NONE && unit_declares(w)) { /* the compiler shall complain */
            unit_line(w, &w->top, tokens->list[one->first].line);
            text_puts(&w->top, specifiers);
            tokens_code(&w->top, &tokens->list[one->first], &tokens->list[one->end]);
            text_puts(&w->top, ";\n");
        } else if (one->name == DECLARE_NONE) {
            continue;
        } else if (one->is_function || (d->is_extern && one->initialiser == DECLARE_NONE)) {
            write_declared(w, item, one, specifiers);
        } else {
            write_object(w, item, one, specifiers);
        }
    }
}
