#include "nb_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 16 };

/* ---- reading ---- */

static char *skip_space(char *s)
{
    return s + strspn(s, " \t\r\n");
}

static int hex4(const char *s, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return 0;
        *value = *value * 16 + (unsigned)digit;
    }
    return 1;
}

static char *put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

/* Decode "\uXXXX" (S is behind the u), with its second half where it needs one. A half alone and
   NUL become U+FFFD. Returns the text behind it, or NULL. */
static char *read_code(char *s, char **out)
{
    unsigned c, low;
    if (!hex4(s, &c))
        return NULL;
    s += 4;
    if (c >= 0xD800 && c < 0xDC00 && s[0] == '\\' && s[1] == 'u' && hex4(s + 2, &low) &&
        low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        s += 6;
    }
    if (c == 0 || (c >= 0xD800 && c < 0xE000))
        c = 0xFFFD;
    *out = put_utf8(*out, c);
    return s;
}

/* Decode the string that begins at the quote S, in its own place. Returns the text behind it, or
   NULL. */
static char *read_string(char *s, const char **string)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char *out = ++s;
    *string = out;
    while (*s != '"') {
        if ((unsigned char)*s < 0x20)
            return NULL;
        if (*s != '\\') {
            *out++ = *s++;
            continue;
        }
        const char *letter = s[1] ? strchr(letters, s[1]) : NULL;
        if (letter) {
            *out++ = meanings[letter - letters];
            s += 2;
        } else if (s[1] != 'u' || !(s = read_code(s + 2, &out))) {
            return NULL;
        }
    }
    *out = '\0';
    return s + 1;
}

/* The number at S as JSON spells it. Returns the text behind it, or NULL. */
static char *read_number(char *s, double *number)
{
    char *end = s + (*s == '-');
    size_t whole = strspn(end, "0123456789");
    if (whole == 0 || (whole > 1 && *end == '0'))
        return NULL;
    end += whole;
    if (*end == '.') {
        size_t digits = strspn(end + 1, "0123456789");
        if (digits == 0)
            return NULL;
        end += 1 + digits;
    }
    if (*end == 'e' || *end == 'E') {
        end++;
        end += *end == '+' || *end == '-';
        size_t digits = strspn(end, "0123456789");
        if (digits == 0)
            return NULL;
        end += digits;
    }
    char saved = *end;
    *end = '\0';
    *number = strtod(s, NULL);
    *end = saved;
    return end;
}

static char *read_word(char *s, double *number)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"true", 1}, {"false", 0}, {"null", NAN}};
    for (int i = 0; i < 3; i++)
        if (strncmp(s, words[i].word, strlen(words[i].word)) == 0) {
            *number = words[i].value;
            return s + strlen(words[i].word);
        }
    return NULL;
}

static char *read_value(char *s, nb__json_member *member, int depth);

/* A list or an object below the top: checked, not kept. */
static char *skip_nested(char *s, int depth)
{
    char close = *s == '[' ? ']' : '}';
    int first = 1;
    if (depth > DEPTH)
        return NULL;
    for (s = skip_space(s + 1); s && *s != close; first = 0) {
        nb__json_member ignored;
        if (!first && *s++ != ',')
            return NULL;
        s = skip_space(s);
        if (close == '}') {
            if (*s != '"' || !(s = read_string(s, &ignored.name)))
                return NULL;
            s = skip_space(s);
            if (*s++ != ':')
                return NULL;
            s = skip_space(s);
        }
        s = read_value(s, &ignored, depth + 1);
        if (s)
            s = skip_space(s);
    }
    return s ? s + 1 : NULL;
}

static char *read_value(char *s, nb__json_member *member, int depth)
{
    member->string = member->list = NULL;
    member->number = NAN;
    if (*s == '"')
        return read_string(s, &member->string);
    if (*s == '[' || *s == '{') {
        member->list = *s == '[' ? s : NULL;
        return skip_nested(s, depth);
    }
    return *s == '-' || (*s >= '0' && *s <= '9') ? read_number(s, &member->number)
                                                 : read_word(s, &member->number);
}

int nb__json_read(char *text, nb__json *object)
{
    object->count = 0;
    char *s = skip_space(text);
    if (*s != '{')
        return 0;
    s = skip_space(s + 1);
    while (*s != '}') {
        nb__json_member member;
        if (object->count && *s++ != ',')
            return 0;
        s = skip_space(s);
        if (*s != '"' || !(s = read_string(s, &member.name)))
            return 0;
        s = skip_space(s);
        if (*s++ != ':' || !(s = read_value(skip_space(s), &member, 1)))
            return 0;
        if (object->count == NB__JSON_MEMBERS)
            return 0;
        object->members[object->count++] = member;
        s = skip_space(s);
    }
    return *skip_space(s + 1) == '\0';
}

static const nb__json_member *find(const nb__json *object, const char *name)
{
    for (size_t i = object->count; i-- > 0;) /* the last of the same name counts */
        if (strcmp(object->members[i].name, name) == 0)
            return &object->members[i];
    return NULL;
}

const char *nb__json_string(const nb__json *object, const char *name)
{
    const nb__json_member *member = find(object, name);
    return member && member->string ? member->string : "";
}

double nb__json_number(const nb__json *object, const char *name)
{
    const nb__json_member *member = find(object, name);
    return member ? member->number : NAN;
}

size_t nb__json_numbers(const nb__json *object, const char *name, double *out, size_t capacity)
{
    const nb__json_member *member = find(object, name);
    if (!member || !member->list)
        return 0;
    size_t count = 0;
    const char *s = member->list;
    while (count < capacity && (*s == '[' || *s == ',')) {
        s += 1 + strspn(s + 1, " \t\r\n");
        char *end = NULL;
        double value = NAN;
        if (strncmp(s, "null", 4) == 0)
            end = (char *)s + 4;
        else if (*s == '-' || (*s >= '0' && *s <= '9'))
            value = strtod(s, &end);
        if (!end)
            return 0; /* an empty list, or one of other things */
        out[count++] = value;
        s = end + strspn(end, " \t\r\n");
    }
    return count;
}

/* ---- writing ---- */

static void put_quoted(nb__text *out, const char *string)
{
    nb__put(out, "\"");
    for (const char *s = string; *s;) {
        const char *before = s;
        uint32_t c = nb__utf8_next(&s);
        if (c == '"' || c == '\\')
            nb__putf(out, "\\%c", (int)c);
        else if (c < 0x20)
            nb__putf(out, "\\u%04x", (unsigned)c);
        else if (c == 0xFFFD)
            nb__put(out, "\xEF\xBF\xBD");
        else
            nb__put_bytes(out, before, (size_t)(s - before));
    }
    nb__put(out, "\"");
}

static void put_name(nb__text *out, const char *name)
{
    nb__put(out, out->size && out->data[out->size - 1] == '{' ? "\n  " : ",\n  ");
    put_quoted(out, name);
    nb__put(out, ": ");
}

static void put_number(nb__text *out, double value)
{
    char number[NB__NUMBER];
    if (value == floor(value) && fabs(value) < 1e15)
        nb__putf(out, "%.0f", value);
    else if (isfinite(value))
        nb__put(out, nb__double_text(number, value));
    else
        nb__put(out, "null");
}

void nb__json_put_string(nb__text *out, const char *name, const char *value)
{
    put_name(out, name);
    put_quoted(out, value ? value : "");
}

void nb__json_put_number(nb__text *out, const char *name, double value)
{
    put_name(out, name);
    put_number(out, value);
}

void nb__json_put_count(nb__text *out, const char *name, uint64_t value)
{
    put_name(out, name);
    nb__putf(out, "%llu", (unsigned long long)value);
}

void nb__json_put_numbers(nb__text *out, const char *name, const double *values, size_t count)
{
    put_name(out, name);
    nb__put(out, "[");
    for (size_t i = 0; i < count; i++) {
        nb__put(out, i ? ", " : "");
        put_number(out, values[i]);
    }
    nb__put(out, "]");
}

void nb__json_begin(nb__text *out)
{
    nb__put(out, "{");
}

void nb__json_end(nb__text *out)
{
    nb__put(out, "\n}\n");
}
