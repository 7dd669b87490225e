#include "declare.h"

#include <string.h>

static bool among(const token *token, const char *const *words, size_t count)
{
    if (token->kind != TOKEN_NAME)
        return false;
    for (size_t i = 0; i < count; i++)
        if (*words[i] == *token->text && token_is(token, words[i]))
            return true;
    return false;
}

#define AMONG(token, words) among((token), (words), sizeof(words) / sizeof *(words))

static const char *const type_words[] = {
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "_Bool",
    "_Complex", "__signed__", "__signed", "__int128", "__int128_t", "__uint128_t", "__float128",
    "_BitInt", "_Imaginary", "__complex__", "__builtin_va_list", "__auto_type",
};
static const char *const other_words[] = {
    "typedef", "extern", "static", "auto", "register", "inline", "__inline", "__inline__",
    "_Noreturn", "_Thread_local", "__thread", "const", "__const", "__const__", "volatile",
    "__volatile__", "__volatile", "restrict", "__restrict", "__restrict__", "_Alignas", "_Atomic",
    "__attribute__", "__attribute", "__extension__", "constexpr",
};
static const char *const type_of_words[] = {"typeof", "__typeof__", "__typeof"};
static const char *const tag_words[] = {"struct", "union", "enum"};
static const char *const statement_words[] = {
    "if", "else", "for", "while", "do", "switch", "return", "break", "continue", "goto", "case",
    "default", "asm", "__asm__", "__asm",
};
static const char *const operator_words[] = {"sizeof", "_Alignof", "__alignof__", "_Generic",
                                             "_Static_assert"};
/* Specifier words with an argument in parentheses. */
static const char *const argument_words[] = {"__attribute__", "__attribute", "_Alignas", "_Atomic",
                                             "typeof", "__typeof__", "__typeof", "_BitInt"};
static const char *const label_words[] = {"asm", "__asm__", "__asm"};
static const char *const attribute_words[] = {"__attribute__", "__attribute"};
static const char *const qualifier_words[] = {
    "const", "__const", "__const__", "volatile", "__volatile__", "__volatile", "restrict",
    "__restrict", "__restrict__", "_Atomic", "__extension__",
};

bool is_tag_keyword(const token *token)
{
    return AMONG(token, tag_words);
}

bool is_specifier_keyword(const token *token)
{
    return AMONG(token, type_words) || AMONG(token, other_words) || AMONG(token, tag_words) ||
           AMONG(token, type_of_words);
}

bool is_statement_keyword(const token *token)
{
    return AMONG(token, statement_words);
}

bool is_keyword(const token *token)
{
    return is_specifier_keyword(token) || is_statement_keyword(token) ||
           AMONG(token, operator_words);
}

static bool opens(const token *token)
{
    return token->kind == TOKEN_PUNCTUATOR && token->length == 1 && strchr("([{", *token->text);
}

static bool closes(const token *token)
{
    return token->kind == TOKEN_PUNCTUATOR && token->length == 1 && strchr(")]}", *token->text);
}

size_t tokens_close(const tokens *tokens, size_t at, bool *complete)
{
    size_t depth = 0;
    for (; at < tokens->count; at++) {
        if (opens(&tokens->list[at]))
            depth++;
        else if (closes(&tokens->list[at]) && --depth == 0)
            return at + 1;
    }
    if (complete)
        *complete = false;
    return tokens->count;
}

typedef struct reader {
    pool *pool;
    const names *names;
    const tokens *tokens;
    size_t at;
    bool complete;
} reader;

static const token *here(const reader *r)
{
    return &r->tokens->list[r->at];
}

static void skip_group(reader *r)
{
    r->at = tokens_close(r->tokens, r->at, &r->complete);
}

/* A name here that stands for a type although nothing says so: `foo bar`. */
static bool looks_like_type(const reader *r)
{
    if (here(r)->kind != TOKEN_NAME || is_keyword(here(r)))
        return false;
    const token *next = here(r) + 1;
    return next->kind == TOKEN_NAME && !is_statement_keyword(next) && !AMONG(next, label_words) &&
           !AMONG(next, attribute_words);
}

static void read_tag(reader *r, declaration *d)
{
    d->tag_keyword = r->at++;
    while (AMONG(here(r), attribute_words)) {
        r->at++;
        if (token_is(here(r), "("))
            skip_group(r);
    }
    if (here(r)->kind == TOKEN_NAME && !is_keyword(here(r)))
        d->tag_name = r->at++;
    if (token_is(here(r), "{")) {
        d->tag_body = r->at;
        skip_group(r);
        d->tag_body_end = r->at;
    }
}

static void read_specifiers(reader *r, declaration *d)
{
    bool typed = false;
    d->specifiers = r->at;
    while (r->at < r->tokens->count) {
        const token *t = here(r);
        if (is_tag_keyword(t)) {
            read_tag(r, d);
            typed = true;
            continue;
        }
        if (is_specifier_keyword(t)) {
            d->is_typedef |= token_is(t, "typedef");
            d->is_extern |= token_is(t, "extern");
            d->is_static |= token_is(t, "static");
            d->is_thread |= token_is(t, "_Thread_local") || token_is(t, "__thread");
            d->is_const |= token_is(t, "const") || token_is(t, "__const");
            d->is_automatic |= token_is(t, "__auto_type");
            typed |= AMONG(t, type_words) || AMONG(t, type_of_words);
            bool argument = AMONG(t, argument_words);
            r->at++;
            if (argument && token_is(here(r), "("))
                skip_group(r);
            continue;
        }
        if (!typed && t->kind == TOKEN_NAME &&
            (is_type_name(r->names, t) || looks_like_type(r))) {
            d->unknown_type = !is_type_name(r->names, t);
            d->type_name = r->at++;
            typed = true;
            continue;
        }
        break;
    }
    d->no_type = !typed;
    d->specifiers_end = r->at;
}

static void skip_qualifiers(reader *r)
{
    while (AMONG(here(r), qualifier_words) || AMONG(here(r), attribute_words)) {
        bool attribute = AMONG(here(r), attribute_words);
        r->at++;
        if (attribute && token_is(here(r), "("))
            skip_group(r);
    }
}

/* Read pointers, the name and the suffixes. *PLAIN: nothing but a name was between parentheses. */
static void read_direct(reader *r, declarator *d, int depth, bool *plain)
{
    *plain = true;
    skip_qualifiers(r);
    while (token_is(here(r), "*") || token_is(here(r), "^")) {
        *plain = false;
        r->at++;
        skip_qualifiers(r);
    }
    bool named = false; /* the suffixes that follow belong to the name itself */
    if (here(r)->kind == TOKEN_NAME && !is_keyword(here(r)) && d->name == DECLARE_NONE) {
        d->name = r->at++;
        named = true;
    } else if (token_is(here(r), "(") && depth < 32 && d->name == DECLARE_NONE) {
        r->at++;
        bool inner_plain;
        read_direct(r, d, depth + 1, &inner_plain);
        if (token_is(here(r), ")"))
            r->at++;
        else
            r->complete = r->at < r->tokens->count;
        named = inner_plain && d->name != DECLARE_NONE && !d->is_function && !d->is_array;
        *plain = *plain && inner_plain;
    }
    bool first = true;
    while (token_is(here(r), "(") || token_is(here(r), "[")) {
        bool array = token_is(here(r), "[");
        size_t start = r->at;
        skip_group(r);
        if (named && first && array) {
            d->is_array = true;
            d->unsized = r->at == start + 2;
            d->brackets_first = start;
        } else if (named && first) {
            d->is_function = true;
            d->parameters = start;
            d->parameters_end = r->at;
        }
        if (named && d->is_array && array)
            d->brackets_end = r->at;
        first = false;
        *plain = false;
    }
}

static void skip_initialiser(reader *r)
{
    while (r->at < r->tokens->count && !token_is(here(r), ",") && !token_is(here(r), ";")) {
        if (closes(here(r)))
            break;
        if (opens(here(r)))
            skip_group(r);
        else
            r->at++;
    }
}

static void read_declarator(reader *r, declarator *d)
{
    *d = (declarator){.first = r->at, .name = DECLARE_NONE, .initialiser = DECLARE_NONE,
                      .initialiser_end = DECLARE_NONE};
    bool plain;
    read_direct(r, d, 0, &plain);
    while (AMONG(here(r), label_words) || AMONG(here(r), attribute_words)) {
        r->at++;
        if (token_is(here(r), "("))
            skip_group(r);
    }
    if (token_is(here(r), ":")) { /* a bit-field's width */
        r->at++;
        skip_initialiser(r);
    }
    d->end = r->at;
    if (token_is(here(r), "=")) {
        d->initialiser = ++r->at;
        skip_initialiser(r);
        d->initialiser_end = r->at;
    }
}

/* Whether a function's body follows, perhaps after K&R parameter declarations: not more of them than
   the parentheses hold tokens, lest every line of `int f() int x;` look at all that follow. */
static bool read_body(reader *r, declaration *d)
{
    const declarator *last = &d->list[d->count - 1];
    if (!last->is_function || d->count != 1 || last->initialiser != DECLARE_NONE || d->is_typedef)
        return false;
    size_t start = r->at, left = last->parameters_end - last->parameters;
    bool complete = r->complete;
    while (r->at < r->tokens->count && !token_is(here(r), "{") && left-- > 0) {
        bool type = is_specifier_keyword(here(r)) || is_type_name(r->names, here(r));
        if (!type || token_is(here(r), "typedef"))
            break;
        while (r->at < r->tokens->count && !token_is(here(r), ";") && !token_is(here(r), "{"))
            r->at++;
        if (token_is(here(r), ";"))
            r->at++;
    }
    if (!token_is(here(r), "{")) {
        r->at = start;
        r->complete = complete;
        return false;
    }
    d->old_style = start;
    d->old_style_end = r->at;
    d->is_definition = true;
    d->body = r->at;
    skip_group(r);
    return true;
}

void declaration_read(pool *pool, const names *names, const tokens *tokens, size_t first,
                      declaration *out)
{
    reader r = {.pool = pool, .names = names, .tokens = tokens, .at = first, .complete = true};
    *out = (declaration){.type_name = DECLARE_NONE, .tag_keyword = DECLARE_NONE,
                         .tag_name = DECLARE_NONE, .tag_body = DECLARE_NONE,
                         .tag_body_end = DECLARE_NONE};
    read_specifiers(&r, out);
    size_t capacity = 0;
    bool done = token_is(here(&r), ";");
    while (!done && r.at < tokens->count) {
        size_t start = r.at;
        declarator d;
        read_declarator(&r, &d);
        *POOL_PUSH(pool, out->list, out->count, capacity) = d;
        if (token_is(here(&r), ",")) {
            r.at++;
            continue;
        }
        if (token_is(here(&r), ";") || read_body(&r, out))
            break;
        /* Not C: go on to the `;`, so that the rest of the cell is read as usual. */
        while (r.at < tokens->count && !token_is(here(&r), ";")) {
            if (opens(here(&r)))
                skip_group(&r);
            else
                r.at++;
        }
        if (r.at == start)
            r.at++;
        break;
    }
    if (!out->is_definition) {
        if (r.at < tokens->count && token_is(here(&r), ";"))
            r.at++;
        else
            r.complete = false;
    }
    out->complete = r.complete;
    out->end = r.at;
}

size_t declaration_tail(const declaration *d)
{
    if (d->count == 0)
        return d->specifiers_end;
    const declarator *last = &d->list[d->count - 1];
    return last->initialiser != DECLARE_NONE ? last->initialiser_end : last->end;
}

/* One that was never set stays. */
static void move(size_t *position, size_t by)
{
    if (*position != DECLARE_NONE && *position >= by)
        *position -= by;
}

void declaration_move(declaration *d, size_t by)
{
    size_t *const positions[] = {&d->specifiers, &d->specifiers_end, &d->type_name, &d->tag_keyword,
                                 &d->tag_name, &d->tag_body, &d->tag_body_end, &d->body,
                                 &d->old_style, &d->old_style_end, &d->end};
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++)
        move(positions[i], by);
    for (size_t i = 0; i < d->count; i++) {
        declarator *one = &d->list[i];
        size_t *const ends[] = {&one->first, &one->end, &one->name, &one->brackets_first,
                                &one->brackets_end, &one->parameters, &one->parameters_end,
                                &one->initialiser, &one->initialiser_end};
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
            move(ends[k], by);
    }
}

/* `(a, b) int a; char b; {`: the rest of a function definition as before 1989, OPEN and CLOSE
   around the names. */
static bool begins_old_style(const names *names, const tokens *tokens, size_t open, size_t close)
{
    for (size_t i = open + 1; i + 1 < close; i++) {
        const token *t = &tokens->list[i];
        bool name = (i - open) % 2 == 1;
        if (name ? t->kind != TOKEN_NAME || is_keyword(t) : !token_is(t, ","))
            return false;
    }
    size_t at = close;
    while (at < tokens->count && !token_is(&tokens->list[at], "{")) {
        const token *t = &tokens->list[at];
        if (!(is_specifier_keyword(t) || is_type_name(names, t)) || token_is(t, "extern"))
            return false;
        while (at < tokens->count && !token_is(&tokens->list[at], ";")) {
            t = &tokens->list[at];
            if (token_is(t, "{") || token_is(t, "=") || t->kind == TOKEN_DIRECTIVE)
                return false;
            at++;
        }
        at++;
    }
    return at < tokens->count && at > close && close > open + 2;
}

bool declaration_begins(const names *names, const tokens *tokens, size_t at)
{
    const token *t = &tokens->list[at], *next = t + 1;
    if (t->kind != TOKEN_NAME || is_statement_keyword(t) || token_is(next, ":"))
        return false;
    if (is_specifier_keyword(t))
        return true;
    if (is_keyword(t))
        return false;
    if (is_type_name(names, t))
        return (next->kind == TOKEN_NAME && !is_statement_keyword(next)) || token_is(next, "*") ||
               token_is(next, "(") || token_is(next, ";");
    if (next->kind == TOKEN_NAME && !is_keyword(next) && !is_macro(names, next))
        return true; /* an unknown type: the compiler shall say so */
    if (next->kind == TOKEN_NAME && is_specifier_keyword(next) && !is_macro(names, t))
        return true;
    if (token_is(next, "(") && !is_macro(names, t)) { /* implicit int: `main() { ... }` */
        bool complete = true;
        size_t close = tokens_close(tokens, at + 1, &complete);
        const token *after = &tokens->list[close];
        return complete && close < tokens->count &&
               (token_is(after, "{") || begins_old_style(names, tokens, at + 1, close));
    }
    return false;
}

static name *enter(names *names, name_space space, const token *t, name_kind kind,
                   const name *origin)
{
    name *entry = names_set(names, space, t->text, t->length, kind);
    entry->place = origin->place;
    entry->item = origin->item;
    entry->start = origin->start;
    entry->end = origin->end;
    return entry;
}

static void enter_enumerators(names *names, const tokens *tokens, size_t body, size_t end,
                              const name *origin)
{
    bool expected = true;
    for (size_t i = body + 1; i + 1 < end; i++) {
        const token *t = &tokens->list[i];
        if (opens(t)) {
            i = tokens_close(tokens, i, NULL) - 1;
        } else if (token_is(t, ",")) {
            expected = true;
        } else if (expected && t->kind == TOKEN_NAME) {
            enter(names, SPACE_ORDINARY, t, NAME_CONSTANT, origin);
            expected = false;
        }
    }
}

/* Tags with bodies and enumerators anywhere in [first, end). */
static void enter_tags(names *names, const tokens *tokens, size_t first, size_t end,
                       const name *origin)
{
    for (size_t i = first; i < end; i++) {
        if (!is_tag_keyword(&tokens->list[i]))
            continue;
        bool is_enum = token_is(&tokens->list[i], "enum");
        size_t at = i + 1;
        while (at < end && AMONG(&tokens->list[at], attribute_words)) {
            at++;
            if (at < end && token_is(&tokens->list[at], "("))
                at = tokens_close(tokens, at, NULL);
        }
        const token *tag = at < end && tokens->list[at].kind == TOKEN_NAME ? &tokens->list[at++] : 0;
        if (at >= end || !token_is(&tokens->list[at], "{"))
            continue;
        size_t close = tokens_close(tokens, at, NULL);
        if (tag) {
            name *entry = enter(names, SPACE_TAG, tag, NAME_TAG, origin);
            entry->flexible = close >= 4 && token_is(&tokens->list[close - 2], ";") &&
                              token_is(&tokens->list[close - 3], "]") &&
                              token_is(&tokens->list[close - 4], "[");
        }
        if (is_enum)
            enter_enumerators(names, tokens, at, close, origin);
    }
}

/* Whether the type that the specifiers name ends in a flexible array. */
static bool is_flexible(const names *names, const tokens *tokens, const declaration *d)
{
    if (d->tag_body_end != DECLARE_NONE && d->tag_body_end >= 4 + d->tag_body) {
        const token *close = &tokens->list[d->tag_body_end - 1];
        return token_is(close - 1, ";") && token_is(close - 2, "]") && token_is(close - 3, "[");
    }
    const name *entry = NULL;
    if (d->tag_name != DECLARE_NONE)
        entry = names_find_token(names, SPACE_TAG, &tokens->list[d->tag_name]);
    else if (d->type_name != DECLARE_NONE)
        entry = names_find_token(names, SPACE_ORDINARY, &tokens->list[d->type_name]);
    return entry && entry->flexible;
}

static bool has_void_result(const tokens *tokens, const declaration *d, const declarator *item)
{
    bool is_void = false;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++)
        is_void |= token_is(&tokens->list[i], "void");
    return is_void && item->is_function && item->first == item->name;
}

void declaration_enter(names *names, const tokens *tokens, const declaration *d,
                       const name *origin)
{
    size_t end = d->is_definition ? d->specifiers_end : d->end;
    enter_tags(names, tokens, d->specifiers, end, origin);
    bool flexible = is_flexible(names, tokens, d);
    for (size_t i = 0; i < d->count; i++) {
        const declarator *item = &d->list[i];
        if (item->name == DECLARE_NONE)
            continue;
        const token *t = &tokens->list[item->name];
        name_kind kind = d->is_typedef        ? NAME_TYPE
                         : item->is_function ? NAME_FUNCTION
                                             : NAME_OBJECT;
        name *entry = enter(names, SPACE_ORDINARY, t, kind, origin);
        entry->flexible = flexible && item->first == item->name;
        entry->returns_void = kind == NAME_FUNCTION && has_void_result(tokens, d, item);
    }
}
