#include "mend_text.h"

#include "macro.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- Characters by number: "\u00e9" ---------------------------------------------------------- */

/* The number behind `\u` or `\U` at P, and where it ends; 0: there is none. */
static unsigned long read_universal(const char *p, const char *end, const char **after)
{
    size_t digits = p + 1 < end && *p == '\\' ? (p[1] == 'u' ? 4 : p[1] == 'U' ? 8 : 0) : 0;
    char number[9] = "";
    if (!digits || (size_t)(end - p) < digits + 2)
        return 0;
    memcpy(number, p + 2, digits);
    for (size_t i = 0; i < digits; i++)
        if (!isxdigit((unsigned char)number[i]))
            return 0;
    *after = p + 2 + digits;
    return strtoul(number, NULL, 16);
}

static void put_utf8(text *out, unsigned long c)
{
    if (c < 0x80)
        text_format(out, "\\%03lo", c);
    else if (c < 0x800)
        text_format(out, "\\%03lo\\%03lo", 0xC0 | c >> 6, 0x80 | (c & 63));
    else if (c < 0x10000)
        text_format(out, "\\%03lo\\%03lo\\%03lo", 0xE0 | c >> 12, 0x80 | (c >> 6 & 63),
                    0x80 | (c & 63));
    else
        text_format(out, "\\%03lo\\%03lo\\%03lo\\%03lo", 0xF0 | (c >> 18 & 7),
                    0x80 | (c >> 12 & 63), 0x80 | (c >> 6 & 63), 0x80 | (c & 63));
}

/* Text in bytes, for TinyCC: without u8, and the bytes of characters by number. NULL: it is right
   as it stands. */
static const char *plain_text(pool *pool, const token *t)
{
    const char *p = t->text, *end = t->text + t->length;
    bool prefix = t->length > 2 && memcmp(p, "u8", 2) == 0, any = prefix;
    text out = {.pool = pool};
    if (!prefix && *p != '"' && *p != '\'')
        return NULL;
    for (p += prefix ? 2 : 0; p < end;) {
        const char *after;
        unsigned long c = read_universal(p, end, &after);
        if (c) {
            put_utf8(&out, c);
            p = after;
            any = true;
        } else {
            size_t length = *p == '\\' && p + 1 < end ? 2 : 1;
            text_add(&out, p, length);
            p += length;
        }
    }
    return any ? text_string(&out) : NULL;
}

/* --- Wide and narrow strings side by side ---------------------------------------------------- */

/* What stands at T: a string, or the strings that a macro stands for. *COUNT is 0 if neither. */
static const token *read_texts(const type_scope *scope, const token *t, size_t *count)
{
    *count = t->kind == TOKEN_STRING;
    if (t->kind != TOKEN_NAME || !is_macro(scope->names, t))
        return t;
    token *list;
    const token *after = macro_expand(scope->pool, scope->names, t, t + 1, &list, count);
    for (size_t i = 0; after && i < *count; i++)
        if (list[i].kind != TOKEN_STRING)
            after = NULL;
    if (!after)
        *count = 0;
    return list;
}

static const char *widened(pool *pool, const token *list, size_t count)
{
    text out = {.pool = pool};
    for (size_t i = 0; i < count; i++)
        text_format(&out, "%s%.*s ", *list[i].text == '"' ? "L" : "", (int)list[i].length,
                    list[i].text);
    return text_string(&out);
}

/* All strings that stand side by side with the one at AT are wide if one of them is. Returns the
   last of them. */
static size_t mend_strings(const type_scope *scope, const tokens *tokens, size_t first, size_t at,
                           size_t end, bool *any)
{
    size_t count, begin = at, last = at;
    bool wide = false, narrow = false;
    while (begin > first && (read_texts(scope, &tokens->list[begin - 1], &count), count))
        begin--;
    for (size_t i = begin; i < end; i++) {
        const token *list = read_texts(scope, &tokens->list[i], &count);
        if (!count)
            break;
        for (size_t k = 0; k < count; k++) {
            wide |= *list[k].text == 'L';
            narrow |= *list[k].text == '"';
        }
        last = i;
    }
    for (size_t i = begin; wide && narrow && i <= last; i++) {
        const token *list = read_texts(scope, &tokens->list[i], &count);
        tokens->list[i].code = widened(scope->pool, list, count);
        *any = true;
    }
    return last;
}

bool mend_texts(const type_scope *scope, tokens *tokens, size_t first, size_t end)
{
    bool any = false;
    for (size_t i = first; i < end; i++) {
        token *t = &tokens->list[i];
        if (t->kind == TOKEN_STRING || t->kind == TOKEN_CHARACTER) {
            const char *plain = plain_text(scope->pool, t);
            t->code = plain ? plain : t->code;
            any |= plain != NULL;
        }
    }
    for (size_t i = first; i < end; i++)
        if (tokens->list[i].kind == TOKEN_STRING)
            i = mend_strings(scope, tokens, first, i, end, &any);
    return any;
}
