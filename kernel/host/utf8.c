#include "utf8.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* The length of the character that FIRST begins, 0 if none can begin so. */
static size_t length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    if (first >= 0xF0 && first <= 0xF4)
        return 4;
    return 0;
}

/* Whether SECOND may follow FIRST (no overlong forms, no surrogates, nothing above U+10FFFF). */
static bool may_follow(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0: return second >= 0xA0 && second <= 0xBF;
    case 0xED: return second >= 0x80 && second <= 0x9F;
    case 0xF0: return second >= 0x90 && second <= 0xBF;
    case 0xF4: return second >= 0x80 && second <= 0x8F;
    default: return second >= 0x80 && second <= 0xBF;
    }
}

/* Take one byte. Returns false if it does not fit what is held and must be offered again. */
static bool take(utf8_state *s, unsigned char byte, wire_buf *out)
{
    if (s->count == 0) {
        size_t length = length_of(byte);
        if (length == 1)
            wire_put_raw(out, &byte, 1);
        else if (length == 0)
            wire_put_raw(out, REPLACEMENT, 3);
        else
            s->held[s->count++] = byte;
        return true;
    }
    bool fits = s->count == 1 ? may_follow(s->held[0], byte) : byte >= 0x80 && byte <= 0xBF;
    if (!fits) {
        wire_put_raw(out, REPLACEMENT, 3);
        s->count = 0;
        return false;
    }
    s->held[s->count++] = byte;
    if (s->count == length_of(s->held[0])) {
        wire_put_raw(out, s->held, s->count);
        s->count = 0;
    }
    return true;
}

void utf8_repair(utf8_state *s, const char *data, size_t size, wire_buf *out)
{
    for (size_t i = 0; i < size;) {
        /* Plain ASCII, the usual case, goes in one piece. */
        size_t plain = i;
        while (s->count == 0 && plain < size && (unsigned char)data[plain] < 0x80)
            plain++;
        if (plain > i) {
            wire_put_raw(out, data + i, plain - i);
            i = plain;
        } else if (take(s, (unsigned char)data[i], out)) {
            i++;
        }
    }
}

void utf8_finish(utf8_state *s, wire_buf *out)
{
    if (s->count)
        wire_put_raw(out, REPLACEMENT, 3);
    s->count = 0;
}
