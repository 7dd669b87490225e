/* Show plain values of C: the same texts as the kernel's own value display. */
#include "nb/display.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "error.h"
#include "nb_text.h"

enum { STRING_SHOWN = 1000 };

static nn_status show(nb__text *text)
{
    nn_status status = text->failed ? nn__fail(NN_MEMORY_ERROR, "display: no memory")
                                    : nb_display_text(nb__text_string(text));
    nb__text_free(text);
    return status;
}

nn_status nb_display_int(const char *name, long long value)
{
    (void)name;
    nb__text text = {0};
    nb__putf(&text, "%lld", value);
    return show(&text);
}

nn_status nb_display_uint(const char *name, unsigned long long value)
{
    (void)name;
    nb__text text = {0};
    nb__putf(&text, "%llu", value);
    return show(&text);
}

nn_status nb_display_bool(const char *name, int value)
{
    (void)name;
    return nb_display_text(value ? "true" : "false");
}

/* Put one character as C writes it between QUOTEs. */
static void put_character(nb__text *text, unsigned char c, char quote)
{
    static const char controls[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
    const char *control = c ? strchr(controls, c) : NULL;
    if (control)
        nb__putf(text, "\\%c", letters[control - controls]);
    else if (c == (unsigned char)quote || c == '\\')
        nb__putf(text, "\\%c", c);
    else if (c < 0x20 || c == 0x7F)
        nb__putf(text, "\\%03o", c);
    else
        nb__put_bytes(text, &c, 1);
}

nn_status nb_display_char(const char *name, int value)
{
    (void)name;
    nb__text text = {0};
    unsigned char c = (unsigned char)value;
    nb__put(&text, "'");
    if (c < 0x80)
        put_character(&text, c, '\'');
    else
        nb__putf(&text, "\\%03o", c);
    nb__putf(&text, "' (%d)", value);
    return show(&text);
}

nn_status nb_display_double(const char *name, double value)
{
    (void)name;
    char number[NB__NUMBER];
    return nb_display_text(nb__double_text(number, value));
}

nn_status nb_display_float(const char *name, float value)
{
    char number[NB__NUMBER];
    if (value != value || value - value != 0)
        return nb_display_double(name, value);
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        if (strtof(number, NULL) == value)
            break;
    }
    if (!strpbrk(number, ".e"))
        strcat(number, ".0");
    return nb_display_text(number);
}

nn_status nb_display_string(const char *name, const char *value)
{
    (void)name;
    if (!value)
        return nb_display_text("NULL");
    nb__text text = {0};
    size_t length = strnlen(value, STRING_SHOWN + 1);
    nb__put(&text, "\"");
    for (size_t i = 0; i < length && i < STRING_SHOWN; i++)
        put_character(&text, (unsigned char)value[i], '"');
    nb__put(&text, length > STRING_SHOWN ? "\"..." : "\"");
    return show(&text);
}

nn_status nb_display_pointer(const char *name, const void *value)
{
    (void)name;
    nb__text text = {0};
    if (value)
        nb__putf(&text, "(void *) %p", value);
    else
        nb__put(&text, "NULL");
    return show(&text);
}

nn_status nb_display_other(const char *name, ...)
{
    nb__text text = {0};
    nb__put_ascii(&text, name ? name : "This value");
    nb__put(&text, ": a value of a type that only the kernel can show");
    return show(&text);
}
