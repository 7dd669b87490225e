/* Lines that begin with `#` and mean nothing, or a macro that nobody can call. */
#include "check.h"

#include "declare.h"

static bool is_directive(const char *word)
{
    static const char *const words[] = {
        "", "define", "undef", "include", "include_next", "import", "if", "ifdef", "ifndef", "elif",
        "elifdef", "elifndef", "else", "endif", "line", "error", "warning", "pragma", "ident",
        "sccs", "assert", "unassert", "embed",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return *word >= '0' && *word <= '9';
}

static bool is_parameter(const names *parameters, const token *t)
{
    return names_find_token(parameters, SPACE_ORDINARY, t) || token_is(t, "__VA_ARGS__") ||
           token_is(t, "__VA_OPT__");
}

/* `#define F(x, x)`, `#define F(x) #y`. */
static const char *check_definition(pool *pool, const tokens *tokens)
{
    const token *list = tokens->list;
    names parameters = {.pool = pool};
    size_t at = 2;
    if (tokens->count < 2 || !token_is(&list[1], "(") || list[1].spaced)
        return NULL;
    for (; at < tokens->count && !token_is(&list[at], ")"); at++) {
        if (list[at].kind != TOKEN_NAME)
            continue;
        if (is_parameter(&parameters, &list[at]))
            return pool_format(pool, "the macro has two parameters named '%.*s'",
                               (int)list[at].length, list[at].text);
        names_set(&parameters, SPACE_ORDINARY, list[at].text, list[at].length, NAME_OBJECT);
    }
    for (at++; at < tokens->count; at++)
        if (token_is(&list[at], "#") && !is_parameter(&parameters, &list[at + 1]))
            return "'#' stands before a parameter of the macro";
    return NULL;
}

refusal check_directive(pool *pool, const token *t)
{
    char word[32];
    size_t length;
    directive_word(t, word, sizeof word);
    if (!is_directive(word))
        return (refusal){pool_format(pool, "there is no directive '#%s'", word), t};
    bool define = strcmp(word, "define") == 0;
    if (!define && strcmp(word, "undef") != 0)
        return (refusal){0};
    const char *rest = directive_rest(t, &length);
    tokens tokens = scan(pool, rest, length, false);
    if (tokens.count == 0)
        return (refusal){pool_format(pool, "the name of the macro is missing behind '#%s'", word),
                         t};
    return (refusal){define ? check_definition(pool, &tokens) : NULL, t};
}
