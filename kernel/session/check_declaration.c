/* Names that are declared twice or left out, values that cannot be. */
#include "check.h"

#include "declare.h"

enum { PARAMETERS_MAX = 64 }; /* more are not looked at: each is read to the declaration's end */

/* --- Members --------------------------------------------------------------------------------- */

typedef struct members {
    pool *pool;
    const type_scope *scope;
    const tokens *tokens;
    names seen;
    refusal found;
} members;

static void add_name(members *m, const token *t, const char *what)
{
    if (names_find_token(&m->seen, SPACE_ORDINARY, t) && !m->found.reason)
        m->found = (refusal){pool_format(m->pool, "there are two %s named '%.*s'", what,
                                         (int)t->length, t->text), t};
    names_set(&m->seen, SPACE_ORDINARY, t->text, t->length, NAME_OBJECT);
}

/* Members between the braces that open at BODY, with those of structures without a name. */
static void add_members(members *m, size_t body, size_t close, int depth)
{
    for (size_t at = body + 1; at < close && depth < 8 && !m->found.reason;) {
        const token *t = &m->tokens->list[at];
        if (token_is(t, ";") || t->kind == TOKEN_DIRECTIVE) {
            at++;
            continue;
        }
        if (token_is(t, "_Static_assert") || token_is(t, "static_assert")) {
            while (at < close && !token_is(&m->tokens->list[at], ";"))
                at++;
            continue;
        }
        declaration d;
        declaration_read(m->pool, m->scope->names, m->tokens, at, &d);
        for (size_t i = 0; i < d.count; i++)
            if (d.list[i].name != DECLARE_NONE && !d.no_type) /* `bool (*f)(int)`: a macro */
                add_name(m, &m->tokens->list[d.list[i].name], "members");
        if (d.count == 0 && d.tag_body != DECLARE_NONE && d.tag_name == DECLARE_NONE &&
            !token_is(&m->tokens->list[d.tag_keyword], "enum"))
            add_members(m, d.tag_body, d.tag_body_end - 1, depth + 1);
        at = d.end > at ? d.end : at + 1;
    }
}

static refusal check_members(const type_scope *scope, const tokens *tokens, size_t body,
                             size_t body_end)
{
    members m = {.pool = scope->pool, .scope = scope, .tokens = tokens,
                 .seen = {.pool = scope->pool}};
    add_members(&m, body, body_end - 1, 0);
    return m.found;
}

/* Every structure and union in the item, those in functions too. */
static refusal check_types(const check_code *code)
{
    const tokens *tokens = &code->tokens;
    refusal found = {0};
    for (size_t i = 0; i < tokens->count && !found.reason; i++) {
        const token *t = &tokens->list[i];
        if (!token_is(t, "struct") && !token_is(t, "union"))
            continue;
        size_t at = i + 1;
        while (at < tokens->count && tokens->list[at].kind == TOKEN_NAME) {
            bool attribute = is_specifier_keyword(&tokens->list[at]);
            at++;
            if (attribute && token_is(&tokens->list[at], "(") && code->partner[at] > at)
                at = code->partner[at] + 1;
        }
        if (token_is(&tokens->list[at], "{") && code->partner[at] > at)
            found = check_members(code->scope, tokens, at, code->partner[at] + 1);
    }
    return found;
}

/* --- Parameters ------------------------------------------------------------------------------ */

static refusal check_parameters(const type_scope *scope, const tokens *tokens, const declarator *f)
{
    members m = {.pool = scope->pool, .scope = scope, .tokens = tokens,
                 .seen = {.pool = scope->pool}};
    size_t at = f->parameters + 1, count = 0;
    while (at + 1 < f->parameters_end && !m.found.reason && count++ < PARAMETERS_MAX) {
        size_t end = at;
        while (end + 1 < f->parameters_end && !token_is(&tokens->list[end], ","))
            end = strchr("([{", *tokens->list[end].text) && tokens->list[end].length == 1
                      ? tokens_close(tokens, end, NULL) : end + 1;
        declaration d;
        declaration_read(scope->pool, scope->names, tokens, at, &d);
        if (d.count && d.list[0].name != DECLARE_NONE && d.list[0].name < end && !d.no_type)
            add_name(&m, &tokens->list[d.list[0].name], "parameters");
        at = end + 1;
    }
    return m.found;
}

/* --- Values ---------------------------------------------------------------------------------- */

static bool is_floating(const token *t)
{
    if (t->kind != TOKEN_NUMBER)
        return false;
    bool hexadecimal = t->length > 1 && (t->text[1] == 'x' || t->text[1] == 'X');
    for (size_t i = 0; i < t->length; i++)
        if (strchr(hexadecimal ? "pP." : "eE.", t->text[i]))
            return true;
    return false;
}

/* `enum { A = 1.5 }`, `a[2.5]`, `case 0.5:`. */
static refusal check_integers(const item *item)
{
    size_t enum_end = 0; /* behind the enumerators */
    for (size_t i = item->first; i + 1 < item->end; i++) {
        const token *t = &item->tokens.list[i];
        size_t open = i + 1 + (t[1].kind == TOKEN_NAME);
        if (token_is(t, "enum") && open < item->end && token_is(&item->tokens.list[open], "{"))
            enum_end = tokens_close(&item->tokens, open, NULL);
        if (i == item->first || !is_floating(t))
            continue;
        if (token_is(t - 1, "[") && token_is(t + 1, "]"))
            return (refusal){"a size or an index must be an integer", t};
        if (token_is(t - 1, "case") && token_is(t + 1, ":"))
            return (refusal){"a 'case' must be an integer", t};
        if (i < enum_end && token_is(t - 1, "=") && (token_is(t + 1, ",") || token_is(t + 1, "}")))
            return (refusal){"the value of an enumerator must be an integer", t};
    }
    return (refusal){0};
}

/* `int a[2, 3];` is one size to TinyCC. */
static refusal check_brackets(const tokens *tokens, const declarator *d)
{
    for (size_t i = d->first; d->name != DECLARE_NONE && i < d->end; i++) {
        if (!token_is(&tokens->list[i], "[") || i < d->name)
            continue;
        size_t end = tokens_close(tokens, i, NULL);
        for (size_t k = i + 1; k < end; k++)
            if (token_is(&tokens->list[k], "(") || token_is(&tokens->list[k], "{"))
                k = tokens_close(tokens, k, NULL) - 1;
            else if (token_is(&tokens->list[k], ","))
                return (refusal){"an array of two dimensions has two pairs of brackets, as in "
                                 "'a[2][3]'", &tokens->list[k]};
        i = end - 1;
    }
    return (refusal){0};
}

static bool is_plain(const tokens *tokens, const declaration *d)
{
    return d->type_name == DECLARE_NONE && !token_is(&tokens->list[d->specifiers], "typeof");
}

/* `inline int x;` */
static refusal check_function_words(const tokens *tokens, const declaration *d,
                                    const declarator *one)
{
    static const char *const only[] = {"inline", "__inline", "__inline__", "_Noreturn"};
    if (one->is_function || one->name != one->first || one->name == DECLARE_NONE ||
        !is_plain(tokens, d))
        return (refusal){0};
    for (size_t i = d->specifiers; i < d->specifiers_end; i++)
        for (size_t k = 0; k < sizeof only / sizeof *only; k++)
            if (token_is(&tokens->list[i], only[k]))
                return (refusal){"'inline' and '_Noreturn' are for functions", &tokens->list[i]};
    return (refusal){0};
}

/* `__auto_type x;` has no type, and `__auto_type *x = p` is not C. */
static refusal check_automatic(const tokens *tokens, const declaration *d)
{
    bool good = d->count == 1 && d->list[0].initialiser != DECLARE_NONE &&
                d->list[0].first == d->list[0].name && d->list[0].end == d->list[0].name + 1 &&
                !token_is(&tokens->list[d->list[0].initialiser], "{");
    if (!d->is_automatic || good)
        return (refusal){0};
    return (refusal){"'__auto_type' takes the type from one value: write '__auto_type x = 3;', or "
                     "the type itself", &tokens->list[d->specifiers]};
}

/* `wchar_t a[] = "text"`, `char a[] = L"text"`, `int a[] = "text"`. */
static refusal check_text(const tokens *tokens, const declaration *d, const declarator *one)
{
    if (d->tag_keyword != DECLARE_NONE || !one->is_array || one->first != one->name ||
        one->initialiser == DECLARE_NONE ||
        tokens_close(tokens, one->brackets_first, NULL) != one->brackets_end)
        return (refusal){0};
    const token *t = &tokens->list[one->initialiser], *end = &tokens->list[one->initialiser_end];
    bool braces = token_is(t, "{");
    const token *text = t + braces;
    bool wide = false;
    for (t = text; t < end && t->kind == TOKEN_STRING; t++)
        wide |= *t->text != '"' && memcmp(t->text, "u8", 2) != 0;
    if (t == text || (braces ? !token_is(t, "}") : t != end))
        return (refusal){0};
    bool narrow = false, number = false;
    for (size_t i = d->specifiers; i < d->specifiers_end; i++) {
        const token *word = &tokens->list[i];
        narrow |= token_is(word, "char");
        number |= token_is(word, "int") || token_is(word, "short") || token_is(word, "long") ||
                  token_is(word, "float") || token_is(word, "double") || token_is(word, "_Bool") ||
                  token_is(word, "unsigned") || token_is(word, "wchar_t");
    }
    if (narrow && wide)
        return (refusal){"an array of char cannot hold wide text; its characters are of the type "
                         "wchar_t", text};
    if (number && !narrow && !wide)
        return (refusal){"text is for arrays of char; for wchar_t it is written L\"...\"", text};
    return (refusal){0};
}

/* `int f(void)[3]`, `int f(void)(void)`. */
static refusal check_result(const tokens *tokens, const declarator *f)
{
    const token *t = &tokens->list[f->parameters_end];
    if (!f->is_function || f->parameters_end >= f->end || (!token_is(t, "[") && !token_is(t, "(")))
        return (refusal){0};
    if (token_is(t, "["))
        return (refusal){"a function cannot give an array; it can give a pointer to one", t};
    return (refusal){"a function cannot give a function; it can give a pointer to one", t};
}

/* `T = 3;` where T is a type. */
static refusal check_type_name(const type_scope *scope, const item *item)
{
    static const char *const behind[] = {"=", ".", "->", "++", "--", "["};
    const token *t = &item->tokens.list[item->first];
    bool code = item->kind == ITEM_STATEMENT || item->kind == ITEM_EXPRESSION;
    if (!code || t->kind != TOKEN_NAME || !is_type_name(scope->names, t) ||
        is_macro(scope->names, t))
        return (refusal){0};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        if (token_is(t + 1, behind[i]))
            return (refusal){pool_format(scope->pool, "'%.*s' is a type; a variable is needed here",
                                         (int)t->length, t->text), t};
    return (refusal){0};
}

refusal check_declaration(const check_code *code, const item *item)
{
    const type_scope *scope = code->scope;
    const declaration *d = item->declaration;
    const tokens *tokens = &item->tokens;
    refusal found = check_types(code);
    if (!found.reason)
        found = check_integers(item);
    if (!found.reason)
        found = check_type_name(scope, item);
    if (!found.reason && d)
        found = check_automatic(tokens, d);
    for (size_t i = 0; d && i < d->count && !found.reason; i++) {
        const declarator *one = &d->list[i];
        if (one->is_function)
            found = check_parameters(scope, tokens, one);
        if (!found.reason)
            found = check_text(tokens, d, one);
        if (!found.reason)
            found = check_result(tokens, one);
        if (!found.reason)
            found = check_brackets(tokens, one);
        if (!found.reason)
            found = check_function_words(tokens, d, one);
        if (!found.reason && one->is_function && !d->is_typedef && one->initialiser != DECLARE_NONE)
            found = (refusal){"a function cannot be given a value; a pointer to one is written "
                              "'(*name)(...)'", &tokens->list[one->initialiser - 1]};
        bool nested = token_is(&tokens->list[one->first], "("); /* perhaps too deep to be read */
        if (!found.reason && one->name == DECLARE_NONE && one->initialiser != DECLARE_NONE && !nested)
            found = (refusal){"a name is missing before the '='",
                              &tokens->list[one->initialiser - 1]};
    }
    return found;
}
