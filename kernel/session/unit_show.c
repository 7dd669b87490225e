#include "unit_internal.h"

#include "macro.h"

#include <string.h>

/*
 * The value of the last expression. An object is shown where it lies, so that arrays do not decay;
 * any other value is copied. A value of a type that notebook.h's display() knows as a table is
 * displayed by the cell itself. Which of these it is, the compiler decides by the type; the
 * branches not taken must only be well-formed.
 */

static const token *skip_parentheses(const tokens *tokens, size_t *first, size_t *end)
{
    while (*end > *first + 2 && token_is(&tokens->list[*first], "(") &&
           tokens_close(tokens, *first, NULL) == *end) {
        ++*first;
        --*end;
    }
    return &tokens->list[*first];
}

/* Whether [first, end) is a name followed by member accesses and subscripts only, or `*` of
   something, a string or a compound literal: what `&` can be put before. */
static bool is_addressable(const writer *w, const tokens *tokens, size_t first, size_t end)
{
    const token *t = skip_parentheses(tokens, &first, &end);
    if (t->kind == TOKEN_STRING) {
        for (size_t i = first; i < end; i++)
            if (tokens->list[i].kind != TOKEN_STRING)
                return false;
        return true;
    }
    if (token_is(t, "*") && end > first + 1) {
        const token *next = t + 1;
        bool unary = next->kind == TOKEN_NAME || token_is(next, "(") || token_is(next, "*");
        if (!unary)
            return false;
        for (size_t i = first + 1; i < end; i++) { /* no operator of lower rank */
            const token *o = &tokens->list[i];
            if (token_is(o, "(") || token_is(o, "["))
                i = tokens_close(tokens, i, NULL) - 1;
            else if (o->kind == TOKEN_PUNCTUATOR && !token_is(o, ".") && !token_is(o, "->") &&
                     !token_is(o, "++") && !token_is(o, "--") && !token_is(o, "*"))
                return false;
            else if (token_is(o, "*") && !token_is(o - 1, "*"))
                return false;
        }
        return true;
    }
    if (token_is(t, "(")) { /* (T){...} or (expression)[i] */
        size_t close = tokens_close(tokens, first, NULL);
        if (close < end && token_is(&tokens->list[close], "{"))
            return tokens_close(tokens, close, NULL) == end;
        if (close >= end || token_is(&tokens->list[close], "("))
            return false;
        first = close;
    } else {
        const name *entry = names_find_token(w->plan->names, SPACE_ORDINARY, t);
        if (t->kind != TOKEN_NAME || is_keyword(t) || is_macro(w->names, t))
            return false;
        if (entry && entry->kind == NAME_CONSTANT)
            return false;
        first++;
    }
    bool last_is_call = false;
    while (first < end) {
        const token *o = &tokens->list[first];
        last_is_call = false;
        if (token_is(o, "[")) {
            first = tokens_close(tokens, first, NULL);
        } else if (token_is(o, "(")) {
            first = tokens_close(tokens, first, NULL);
            last_is_call = true;
        } else if (token_is(o, ".") && token_is(o - 1, ")")) {
            return false; /* a member of a function's result */
        } else if ((token_is(o, ".") || token_is(o, "->")) && first + 1 < end &&
                   o[1].kind == TOKEN_NAME) {
            first += 2;
        } else {
            return false;
        }
    }
    return !last_is_call;
}

/* `'a'`: an int in C, but what is meant is the character. Not `'ab'`, nor `'\u00e9'`, which is two. */
static bool is_one_character(const tokens *tokens, size_t first, size_t end)
{
    const token *t = skip_parentheses(tokens, &first, &end);
    if (end != first + 1 || t->kind != TOKEN_CHARACTER || *t->text != '\'' || t->length < 3)
        return false;
    size_t at = 1;
    if (t->text[1] != '\\') {
        at = 2;
    } else if (t->text[2] == 'x') {
        at = 3 + strspn(t->text + 3, "0123456789abcdefABCDEF");
    } else if (t->text[2] >= '0' && t->text[2] <= '7') {
        size_t digits = strspn(t->text + 2, "01234567");
        at = 2 + (digits > 3 ? 3 : digits);
    } else if (t->text[2] != 'u' && t->text[2] != 'U') {
        at = 3;
    }
    return at + 1 == t->length;
}

/* `_Generic((E), T: name, ..., default: OTHER)` over the types that are shown as tables. */
static void put_choice(writer *w, const char *expression, bool functions, const char *otherwise)
{
    const headers *h = headers_default();
    text_format(&w->body, "_Generic((%s)", expression);
    for (size_t i = 0; i < h->table_count; i++)
        text_format(&w->body, ", %s: %s", h->tables[i].type,
                    functions ? h->tables[i].function : "1");
    text_format(&w->body, ", default: %s)", otherwise);
}

static const char *quoted(pool *pool, const char *expression)
{
    text out = {.pool = pool};
    text_puts(&out, "\"");
    for (const char *p = expression; *p; p++) {
        if (*p == '"' || *p == '\\')
            text_puts(&out, "\\");
        text_add(&out, *p == '\n' ? " " : p, 1);
    }
    text_puts(&out, "\"");
    return text_string(&out);
}

/* Call the table's function if the value has one, else what is written behind it. NAME, NULL if the
   value has none, goes into the table's title. Most values cannot have a table, and to read all
   these types takes the compiler longer than the rest of a short cell. */
static void put_table(writer *w, const char *name, const char *value)
{
    if (!headers_default()->table_count || w->plan->mode != LANG_CELL || !unit_has_code(w) ||
        !unit_reaches_tables(w))
        return;
    text_puts(&w->body, "if (");
    put_choice(w, value, false, "0");
    text_puts(&w->body, ") ");
    put_choice(w, value, true, "__xt_ignore");
    text_format(&w->body, "(%s, (%s)); else ", name ? quoted(w->pool, name) : "0", value);
}

/* The pointer whose type is the value's, for TinyCC's description of it. */
static void put_pointer(writer *w, const char *type)
{
    if (w->plan->target != UNIT_NATIVE)
        text_format(&w->body, "static __typeof__(%s) *%s; (void)%s; ", type, w->out->shown,
                    w->out->shown);
}

/* Bit-fields have no address, and TinyCC's type of one says so only to itself. What has an integer
   type, bit-fields among them, is shown from a copy wide enough for any. */
static void put_bits(writer *w, const char *e)
{
    static const char *const types[] = {
        "_Bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int",
        "unsigned", "long", "unsigned long", "long long", "unsigned long long"};
    text_puts(&w->body, "enum { __xt_whole = ");
    if (w->plan->target == UNIT_NATIVE) { /* to gcc, each width of bit-field is a type of its own */
        text_format(&w->body, "__builtin_classify_type(%s) == 1", e);
    } else {
        text_format(&w->body, "_Generic((%s)", e);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++)
            text_format(&w->body, ", %s: 1", types[i]);
        text_puts(&w->body, ", default: 0)");
    }
    text_format(&w->body, " }; static long long __xt_bits; "
                "__xt_bits = __builtin_choose_expr(__xt_whole, (%s), 0); ", e);
}

/* Whether [first, end) may be a bit-field, or be made of one: it names a member, or a macro may. */
static bool may_have_bits(const writer *w, const token *first, const token *end)
{
    for (const token *t = first; t < end; t++)
        if (token_is(t, ".") || token_is(t, "->") || is_macro(w->names, t))
            return true;
    return false;
}

static void show_object(writer *w, const char *e, bool bits)
{
    text_puts(&w->body, "{ ");
    put_table(w, e, e);
    text_puts(&w->body, "{ ");
    put_pointer(w, e);
    if (bits) {
        put_bits(w, e);
        e = pool_format(w->pool, "__builtin_choose_expr(__xt_whole, __xt_bits, (%s))", e);
    }
    /* Reading it here makes a pointer that leads nowhere a fault of the cell, as it is in C. */
    text_format(&w->body,
                "%s = (void *)&(%s); volatile char __xt_read = *(volatile char *)%s; "
                "(void)__xt_read; } } ",
                w->out->shown_address, e, w->out->shown_address);
}

static void show_copy(writer *w, const char *e, bool bits)
{
    static const char is_void[] = "__builtin_types_compatible_p(__xt_expression, void)";
    const char *value = pool_format(w->pool, "__builtin_choose_expr(%s, 0, (%s))", is_void, e);
    /* Types by name: an expression may be long. */
    text_format(&w->body, "{ typedef __typeof__(%s) __xt_expression; "
                "typedef __typeof__(__builtin_choose_expr(%s, 0, *(__xt_expression *)0)) "
                "__xt_type; ", e, is_void);
    if (unit_has_code(w))
        text_format(&w->body, "if (%s) { (void)(%s); } else ", is_void, e);
    text_format(&w->body, "{ __xt_type __xt_i = %s; ", value);
    put_table(w, NULL, "__xt_i");
    text_puts(&w->body, "{ ");
    put_pointer(w, "__xt_i");
    text_format(&w->body,
                "static __xt_type __xt_value; "
                "__xt_copy((void *)&__xt_value, (const void *)&__xt_i, sizeof __xt_i); "
                "%s = (void *)&__xt_value; ",
                w->out->shown_address);
    if (bits) {
        put_bits(w, "__xt_i");
        text_format(&w->body, "if (__xt_whole) %s = (void *)&__xt_bits; ", w->out->shown_address);
    }
    text_puts(&w->body, "} } } ");
}

/* A value that TinyCC has no type for: a function of the session makes the text. */
static void show_natively(writer *w, const char *e)
{
    const char *is_void = pool_format(
        w->pool, "__builtin_types_compatible_p(__typeof__(%s), void)", e);
    text_format(&w->body,
                "if (%s) { (void)(%s); } else { "
                "void __nb_show_complex(double _Complex); void __nb_show_integer(__int128); "
                "void __nb_show_unsigned(unsigned __int128); void __nb_show_real(long double); "
                "void __nb_show_character(int); void __nb_show_truth(int); int __nb_show_other(); "
                "_Generic((__builtin_choose_expr(%s, 0, (%s))), float _Complex: __nb_show_complex, "
                "double _Complex: __nb_show_complex, long double _Complex: __nb_show_complex, "
                "float: __nb_show_real, double: __nb_show_real, long double: __nb_show_real, "
                "_Bool: __nb_show_truth, char: __nb_show_character, "
                "signed char: __nb_show_integer, unsigned char: __nb_show_integer, "
                "short: __nb_show_integer, unsigned short: __nb_show_integer, "
                "int: __nb_show_integer, unsigned: __nb_show_integer, long: __nb_show_integer, "
                "unsigned long: __nb_show_integer, long long: __nb_show_integer, "
                "unsigned long long: __nb_show_integer, __int128: __nb_show_integer, "
                "unsigned __int128: __nb_show_unsigned, default: __nb_show_other)"
                "(__builtin_choose_expr(%s, 0, (%s))); } ",
                is_void, e, is_void, e, is_void, e);
}

void unit_show(writer *w, const item *item, size_t first, size_t end)
{
    const unit_plan *plan = w->plan;
    const token *from = &item->tokens.list[first];
    text source = {.pool = w->pool};
    /* One line: it is written several times, always with the same line number. */
    text_puts(&source, tokens_join(w->pool, from, &item->tokens.list[end]));
    const char *e = text_string(&source);
    if (is_one_character(&item->tokens, first, end))
        e = pool_format(w->pool, "(char)%s", e);
    if (plan->show_decayed)
        e = pool_format(w->pool, "(%s) + 0", e);
    bool bits = may_have_bits(w, from, &item->tokens.list[end]);
    unit *out = w->out;
    w->shown = true;
    if (plan->show_native && plan->target == UNIT_TYPES)
        return;
    out->shown = pool_format(w->pool, "__xt_shown_%d", plan->number);
    out->shown_address = pool_format(w->pool, "__xt_address_%d", plan->number);
    out->shown_line = from->line;
    out->shown_end_line = item->tokens.list[end - 1].line;
    unit_line(w, &w->body, from->line);
    if (plan->target == UNIT_NATIVE && plan->show_native)
        show_natively(w, e);
    else if (!plan->show_copy && !plan->show_decayed && is_addressable(w, &item->tokens, first, end))
        show_object(w, e, bits);
    else
        show_copy(w, e, bits);
    text_puts(&w->body, "__nb_poll();\n");
}
