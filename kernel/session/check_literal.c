/* Numbers and escape sequences that are none. */
#include "check.h"

#include <ctype.h>
#include <stdlib.h>

static refusal refuse(const token *t, const char *reason)
{
    return (refusal){reason, t};
}

static bool is_integer_suffix(const char *s, size_t length)
{
    static const char *const all[] = {"u", "l", "ul", "lu", "ll", "ull", "llu"};
    char low[4];
    if (length == 0)
        return true;
    if (length > 3)
        return false;
    for (size_t i = 0; i < length; i++) {
        low[i] = (char)tolower((unsigned char)s[i]);
        bool mixed = low[i] == 'l' && i > 0 && low[i - 1] == 'l' && s[i] != s[i - 1]; /* `lL` */
        if (mixed)
            return false;
    }
    low[length] = '\0';
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(low, all[i]) == 0)
            return true;
    return false;
}

static refusal check_number(pool *pool, const token *t)
{
    const char *text = t->text, *end = t->text + t->length;
    bool zero = *text == '0' && t->length > 1;
    bool hexadecimal = zero && (text[1] == 'x' || text[1] == 'X');
    bool binary = zero && (text[1] == 'b' || text[1] == 'B');
    const char *at = text + (hexadecimal || binary ? 2 : 0), *digits = at;
    while (at < end && (hexadecimal ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at)))
        at++;
    bool floating = false;
    for (const char *p = at; p < end; p++)
        floating |= *p == '.' || (!hexadecimal && (*p == 'e' || *p == 'E')) ||
                    (hexadecimal && (*p == 'p' || *p == 'P'));
    if (floating) /* the compiler reads these strictly */
        return (refusal){0};
    if (at == digits)
        return refuse(t, pool_format(pool, "'%.*s' is no number: digits are missing behind '%.*s'",
                                     (int)t->length, text, (int)(at - text), text));
    bool suffix = true;
    for (const char *p = at; p < end; p++)
        suffix &= strchr("uUlL", *p) != NULL;
    if (suffix && !is_integer_suffix(at, (size_t)(end - at)))
        return refuse(t, pool_format(pool, "'%.*s' is no number: '%.*s' is not one of the endings "
                                           "u, l, ul, ll and ull", (int)t->length, text,
                                     (int)(end - at), at));
    return (refusal){0};
}

/* Text in quotes. WIDE: its characters are larger than a byte. */
static refusal check_escapes(pool *pool, const token *t, bool wide)
{
    const char *end = t->text + t->length - 1;
    for (const char *p = t->text; p < end; p++) {
        if (*p != '\\')
            continue;
        char kind = *++p;
        size_t length = 0;
        unsigned long value = 0;
        if (kind == 'x') {
            while (p + 1 + length < end && isxdigit((unsigned char)p[1 + length]))
                length++;
            value = strtoul(pool_copy(pool, p + 1, length), NULL, 16);
            if (!length)
                return refuse(t, "'\\x' must be followed by hexadecimal digits");
        } else if (kind == 'u' || kind == 'U') {
            size_t needed = kind == 'u' ? 4 : 8;
            while (p + 1 + length < end && length < needed &&
                   isxdigit((unsigned char)p[1 + length]))
                length++;
            if (length < needed)
                return refuse(t, pool_format(pool, "'\\%c' must be followed by %zu hexadecimal "
                                                   "digits", kind, needed));
            continue;
        } else if (kind >= '0' && kind <= '7') {
            while (length < 3 && p + length < end && p[length] >= '0' && p[length] <= '7')
                length++;
            value = strtoul(pool_copy(pool, p, length), NULL, 8);
        }
        if (value > 255 && !wide)
            return refuse(t, pool_format(pool, "'\\%.*s' is %lu, and a character is at most 255; "
                                               "text that goes on behind it needs a string of its "
                                               "own: \"...\" \"...\"",
                                         (int)(length + (kind == 'x')), p, value));
    }
    return (refusal){0};
}

refusal check_literal(pool *pool, const token *t)
{
    if (t->kind == TOKEN_NUMBER)
        return check_number(pool, t);
    if (t->kind == TOKEN_STRING || t->kind == TOKEN_CHARACTER)
        return check_escapes(pool, t, *t->text == 'L' || *t->text == 'U' ||
                                          (*t->text == 'u' && t->text[1] != '8'));
    return (refusal){0};
}
