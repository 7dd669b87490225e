/*
 * Parameters and local variables may have names that the session's headers make macros, since a
 * program need not include them: `int true`, `double M_PI`.
 */
#include "unit_internal.h"

#include "macro.h"

/* Whether T can end the specifiers of a declaration. */
static bool ends_type(const writer *w, const token *t)
{
    static const char *const words[] = {"char", "short", "int", "long", "float", "double", "signed",
                                        "unsigned", "_Bool"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(t, words[i]))
            return true;
    return t->kind == TOKEN_NAME && is_type_name(w->names, t);
}

/* The macro that a declaration at T, not the first token, makes a name; NULL: none. */
static const name *find(const writer *w, const token *t, const token *end)
{
    if (t->kind != TOKEN_NAME || t + 1 >= end || !ends_type(w, t - 1))
        return NULL;
    const token *next = t + 1;
    bool declared = token_is(next, "=") || token_is(next, ";") || token_is(next, ",") ||
                    token_is(next, ")") || token_is(next, "[");
    const name *macro = declared ? names_find_token(w->names, SPACE_MACRO, t) : NULL;
    if (!macro || name_is_users(macro) || macro_is_object(w->pool, macro))
        return NULL;
    return macro;
}

void unit_shadow(writer *w, text *to, const token *first, const token *end, bool end_of_code)
{
    for (const token *t = first + 1; t < end; t++) {
        const name *macro = find(w, t, end);
        if (!macro)
            continue;
        text_format(to, "\n#undef %.*s\n", (int)macro->length, macro->text);
        if (end_of_code)
            text_format(to, "#define %.*s\n", (int)macro->macro_length, macro->macro);
    }
}
