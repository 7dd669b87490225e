#include "reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char text[4096];
static char warnings[8192];

/* Length of the UTF-8 character at TEXT, 0 if there is none. Overlong forms and surrogates pass:
   they are shown, not interpreted. */
static size_t character(const unsigned char *c)
{
    size_t length = *c < 0x80 ? 1 : *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : *c >= 0xc2 ? 2 : 0;
    if (*c >= 0xf5)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Names of files and layers come from outside, and formats cut by bytes. */
static void make_utf8(char *line)
{
    for (unsigned char *c = (unsigned char *)line; *c;) {
        size_t length = character(c);
        if (length == 0)
            *c = '?';
        c += length ? length : 1;
    }
}

static void set(const char *kind, const char *format, va_list args)
{
    if (text[0])
        return;
    size_t used = (size_t)snprintf(text, sizeof text, "%s\n", kind);
    vsnprintf(text + used, sizeof text - used, format, args);
    make_utf8(text);
}

int reply_error(const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(kind, format, args);
    va_end(args);
    return -1;
}

void *reply_null(const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(kind, format, args);
    va_end(args);
    return NULL;
}

const char *reply_text(void)
{
    return text;
}

void reply_clear(void)
{
    text[0] = '\0';
    warnings[0] = '\0';
}

void reply_warn(const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    make_utf8(line);
    for (char *c = line; *c; c++) /* a warning is one line of the reply */
        if (*c == '\n')
            *c = ' ';
    size_t used = strlen(warnings), length = strlen(line);
    if (used + length + 2 > sizeof warnings)
        return;
    memcpy(warnings + used, line, length);
    memcpy(warnings + used + length, "\n", 2);
}

const char *reply_warnings(void)
{
    return warnings;
}

int reply_write(const void *data, size_t size)
{
    const char *from = data;
    while (size > 0) {
        ssize_t put = write(STDOUT_FILENO, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        from += put;
        size -= (size_t)put;
    }
    return 0;
}
