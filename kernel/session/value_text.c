/*
 * Characters and strings as C would write them.
 */
#include "value_print.h"

#include "memory_read.h"

#include <string.h>

/* Length of the UTF-8 sequence at TEXT, 0 if it is none (or a control character in disguise). */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    unsigned char c = text[0];
    size_t length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((c == 0xc2 && text[1] < 0xa0) || (c == 0xe0 && text[1] < 0xa0) ||
        (c == 0xed && text[1] > 0x9f) || (c == 0xf0 && text[1] < 0x90) ||
        (c == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

static void put_escaped(text_sink *sink, unsigned char c, char quote)
{
    static const char codes[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
    const char *code = c ? strchr(codes, c) : NULL;
    if (code) {
        sink_put(sink, (char[]){'\\', letters[code - codes]}, 2);
    } else if (c == '\\' || c == (unsigned char)quote) {
        sink_put(sink, (char[]){'\\', (char)c}, 2);
    } else if (c >= 0x20 && c < 0x7f) {
        sink_put(sink, (char[]){(char)c}, 1);
    } else if (c == 0) {
        sink_text(sink, "\\0");
    } else {
        /* Three octal digits: unlike \x, they do not run into what follows. */
        char octal[4] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
                         (char)('0' + (c & 7))};
        sink_put(sink, octal, sizeof octal);
    }
}

void print_quoted(text_sink *sink, const char *text, size_t length)
{
    sink_text(sink, "\"");
    for (size_t i = 0; i < length;) {
        size_t sequence = utf8_length((const unsigned char *)text + i, length - i);
        if (sequence) {
            sink_put(sink, text + i, sequence);
            i += sequence;
        } else if (text[i] == 0) {
            sink_text(sink, i + 1 < length && text[i + 1] >= '0' && text[i + 1] <= '7' ? "\\000"
                                                                                       : "\\0");
            i++;
        } else {
            put_escaped(sink, (unsigned char)text[i++], '"');
        }
    }
    sink_text(sink, "\"");
}

void print_char(text_sink *sink, int c, bool with_code)
{
    sink_text(sink, "'");
    put_escaped(sink, (unsigned char)c, '\'');
    sink_text(sink, "'");
    if (with_code) {
        sink_text(sink, " (");
        sink_signed(sink, c);
        sink_text(sink, ")");
    }
}

void print_string(printer_t *printer, const char *address)
{
    text_sink *sink = printer->sink;
    if (!address) {
        sink_text(sink, "NULL");
        return;
    }
    char text[1024];
    size_t limit = printer->max_text < sizeof text ? printer->max_text : sizeof text - 1;
    size_t got = memory_read(text, address, limit + 1);
    size_t length = strnlen(text, got);
    if (length == got && got <= limit) {
        /* Neither its end nor as much as is shown can be read. */
        sink_text(sink, "(char *) ");
        sink_pointer(sink, (uint64_t)(uintptr_t)address);
        sink_text(sink, " <unreadable>");
        return;
    }
    bool cut = length > limit;
    if (cut) { /* not in the middle of a character */
        length = limit;
        while (length > 0 && length + 4 > limit && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    print_quoted(sink, text, length);
    if (cut)
        sink_text(sink, "...");
}
