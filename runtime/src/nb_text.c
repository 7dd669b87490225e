#include "nb_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void nb__text_free(nb__text *text)
{
    free(text->data);
    *text = (nb__text){0};
}

const char *nb__text_string(const nb__text *text)
{
    return text->data ? text->data : "";
}

char *nb__text_take(nb__text *text)
{
    nb__put_bytes(text, "", 0); /* an empty text is a string too */
    char *data = text->failed ? NULL : text->data;
    if (text->failed)
        free(text->data);
    *text = (nb__text){0};
    return data;
}

static int reserve(nb__text *text, size_t more)
{
    if (text->failed)
        return 0;
    size_t wanted = text->size + more + 1;
    if (wanted <= text->capacity)
        return 1;
    size_t capacity = text->capacity ? text->capacity : 256;
    while (capacity < wanted)
        capacity *= 2;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->failed = 1;
        return 0;
    }
    text->data = data;
    text->capacity = capacity;
    return 1;
}

void nb__put_bytes(nb__text *text, const void *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void nb__put(nb__text *text, const char *string)
{
    nb__put_bytes(text, string, strlen(string));
}

void nb__put_repeated(nb__text *text, char character, int count)
{
    if (count <= 0 || !reserve(text, (size_t)count))
        return;
    memset(text->data + text->size, character, (size_t)count);
    text->size += (size_t)count;
    text->data[text->size] = '\0';
}

void nb__putf(nb__text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !reserve(text, (size_t)size))
        return;
    va_start(arguments, format);
    vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
}

uint32_t nb__utf8_next(const char **cursor)
{
    const unsigned char *s = (const unsigned char *)*cursor;
    int length = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] >= 0x80 && s[0] < 0xC2) { /* no first byte of anything */
        *cursor += 1;
        return 0xFFFD;
    }
    uint32_t lowest = length == 4 ? 0x10000 : length == 3 ? 0x800 : length == 2 ? 0x80 : 0;
    uint32_t code = length == 1 ? s[0] : s[0] & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) { /* also the final NUL: never read past it */
            *cursor += 1;
            return 0xFFFD;
        }
        code = code << 6 | (s[i] & 0x3Fu);
    }
    int valid = code >= lowest && code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF) &&
                s[0] < 0xF8;
    *cursor += valid ? length : 1;
    return valid ? code : 0xFFFD;
}

/* Copy one character that needs no escape, given where it starts and ends. */
static void put_raw(nb__text *text, uint32_t code, const char *begin, const char *end)
{
    if (code == 0xFFFD)
        nb__put(text, "\xEF\xBF\xBD");
    else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        nb__put_bytes(text, " ", 1);
    else
        nb__put_bytes(text, begin, (size_t)(end - begin));
}

void nb__put_html(nb__text *text, const char *string)
{
    while (*string) {
        const char *begin = string;
        uint32_t code = nb__utf8_next(&string);
        switch (code) {
        case '&':
            nb__put(text, "&amp;");
            break;
        case '<':
            nb__put(text, "&lt;");
            break;
        case '>':
            nb__put(text, "&gt;");
            break;
        case '"':
            nb__put(text, "&quot;");
            break;
        case '\'':
            nb__put(text, "&#39;");
            break;
        default:
            put_raw(text, code, begin, string);
        }
    }
}

void nb__put_latex(nb__text *text, const char *string)
{
    while (*string) {
        const char *begin = string;
        uint32_t code = nb__utf8_next(&string);
        switch (code) {
        case '&':
        case '%':
        case '$':
        case '#':
        case '_':
        case '{':
        case '}':
            nb__putf(text, "\\%c", (int)code);
            break;
        case '~':
            nb__put(text, "\\textasciitilde{}");
            break;
        case '^':
            nb__put(text, "\\textasciicircum{}");
            break;
        case '\\':
            nb__put(text, "\\textbackslash{}");
            break;
        case '<':
            nb__put(text, "\\textless{}");
            break;
        case '>':
            nb__put(text, "\\textgreater{}");
            break;
        case '|':
            nb__put(text, "\\textbar{}");
            break;
        case '"':
            nb__put(text, "\\textquotedbl{}");
            break;
        case '`':
            nb__put(text, "\\textasciigrave{}");
            break;
        default:
            put_raw(text, code, begin, string);
        }
    }
}

/* The ASCII look-alike of a sign, or NULL. */
static const char *look_alike(uint32_t code)
{
    switch (code) {
    case 0xA0:
        return " ";
    case 0xB0:
        return "deg";
    case 0xB1:
        return "+-";
    case 0xB5:
    case 0x3BC:
        return "u";
    case 0xD7:
        return "x";
    case 0x2010:
    case 0x2013:
    case 0x2014:
    case 0x2212:
        return "-";
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x201C:
    case 0x201D:
        return "\"";
    case 0x2026:
        return "...";
    case 0x2192:
        return "->";
    case 0x2264:
        return "<=";
    case 0x2265:
        return ">=";
    default:
        return NULL;
    }
}

void nb__put_ascii(nb__text *text, const char *string)
{
    while (*string) {
        uint32_t code = nb__utf8_next(&string);
        const char *sign = look_alike(code);
        if (code < 0x20 || code == 0x7F)
            nb__put_bytes(text, " ", 1);
        else if (code < 0x7F)
            nb__put_bytes(text, &(char){(char)code}, 1);
        else if (sign)
            nb__put(text, sign);
        else if (code > 0xFFFF)
            nb__putf(text, "\\U%08x", (unsigned)code);
        else
            nb__putf(text, "\\u%04x", (unsigned)code);
    }
}

char *nb__count_text(char buffer[NB__NUMBER], int64_t value)
{
    char digits[NB__NUMBER];
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude);
    char *out = buffer;
    if (value < 0)
        *out++ = '-';
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return buffer;
}

char *nb__time_text(char buffer[NB__NUMBER], double value)
{
    if (isnan(value) || isinf(value) || value == 0) {
        snprintf(buffer, NB__NUMBER, isnan(value) ? "nan" : isinf(value) ? "inf" : "0");
        return buffer;
    }
    if (fabs(value) >= 1e15 || fabs(value) < 1e-6) {
        snprintf(buffer, NB__NUMBER, "%.2e", value);
        return buffer;
    }
    /* Round to three digits first: 9.996 is 10.0, not 10.00. */
    char rounded[NB__NUMBER];
    snprintf(rounded, sizeof rounded, "%.2e", value);
    int exponent = atoi(strchr(rounded, 'e') + 1);
    int decimals = 2 - exponent;
    snprintf(buffer, NB__NUMBER, "%.*f", decimals > 0 ? decimals : 0, value);
    return buffer;
}

char *nb__us_text(char buffer[NB__NUMBER], double value)
{
    return value >= 999.5 && value < 1e15 ? nb__count_text(buffer, llround(value))
                                          : nb__time_text(buffer, value);
}

char *nb__kb_text(char buffer[NB__NUMBER], double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    int unit = 0;
    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    snprintf(buffer, NB__NUMBER, "%.2f %s", bytes, units[unit]);
    return buffer;
}

char *nb__shape_text(char *buffer, size_t size, const int64_t *shape, int rank)
{
    size_t used = (size_t)snprintf(buffer, size, "(");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, i ? ", %lld" : "%lld",
                                 (long long)shape[i]);
    if (used < size)
        snprintf(buffer + used, size - used, rank == 1 ? ",)" : ")");
    return buffer;
}

char *nb__double_text(char buffer[NB__NUMBER], double value)
{
    if (isnan(value) || isinf(value)) {
        snprintf(buffer, NB__NUMBER, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return buffer;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, NB__NUMBER, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value)
            break;
    }
    if (!strpbrk(buffer, ".e"))
        strcat(buffer, ".0");
    return buffer;
}

void nb__put_base64(nb__text *text, const void *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)in[i] << 16 | (uint32_t)(left > 1 ? in[i + 1] : 0) << 8 |
                         (left > 2 ? in[i + 2] : 0);
        char out[4] = {digits[group >> 18], digits[group >> 12 & 63],
                       left > 1 ? digits[group >> 6 & 63] : '=',
                       left > 2 ? digits[group & 63] : '='};
        nb__put_bytes(text, out, 4);
    }
}
