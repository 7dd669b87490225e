#include "expect.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* What follows the colon. */
typedef enum argument { NONE, TEXT, CODE, SECONDS } argument;

static const struct keyword {
    const char *word;
    expect_kind kind;
    argument argument;
} keywords[] = {
    {"ok", EXPECT_OK, NONE},
    {"stdout", EXPECT_STDOUT, TEXT},
    {"stderr", EXPECT_STDERR, TEXT},
    {"stdout-contains", EXPECT_STDOUT_CONTAINS, TEXT},
    {"stdout-starts", EXPECT_STDOUT_STARTS, TEXT},
    {"result", EXPECT_RESULT, TEXT},
    {"no-result", EXPECT_NO_RESULT, NONE},
    {"expect-error", EXPECT_ERROR, TEXT},
    {"error-contains", EXPECT_ERROR_CONTAINS, TEXT},
    {"output-or-error-contains", EXPECT_ANYWHERE, TEXT},
    {"system-compiler", EXPECT_SYSTEM, TEXT},
    {"expect-state", EXPECT_STATE, CODE},
    {"stdin", EXPECT_STDIN, TEXT},
    {"interrupt-after", EXPECT_INTERRUPT_AFTER, SECONDS},
    {"time-limit", EXPECT_TIME_LIMIT, SECONDS},
};

/* --- JSON strings ----------------------------------------------------------------------- */

static int hex_digits(const char *at, const char *end, uint32_t *out)
{
    *out = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = at[i] ? strchr(digits, at[i] | 0x20) : NULL;
        if (!digit)
            return -1;
        *out = *out << 4 | (uint32_t)(digit - digits);
    }
    return 0;
}

static void put_character(wire_buf *out, uint32_t c)
{
    unsigned char bytes[4];
    size_t n;
    if (c < 0x80) {
        bytes[0] = (unsigned char)c;
        n = 1;
    } else if (c < 0x800) {
        bytes[0] = (unsigned char)(0xC0 | c >> 6);
        n = 2;
    } else if (c < 0x10000) {
        bytes[0] = (unsigned char)(0xE0 | c >> 12);
        n = 3;
    } else {
        bytes[0] = (unsigned char)(0xF0 | c >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        bytes[i] = (unsigned char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3F));
    wire_put_raw(out, bytes, n);
}

/* The escape behind a backslash at AT. Returns what follows it, or NULL. */
static const char *take_escape(const char *at, const char *end, wire_buf *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (at == end)
        return NULL;
    const char *letter = *at ? strchr(letters, *at) : NULL;
    if (letter) {
        wire_put_raw(out, &meanings[letter - letters], 1);
        return at + 1;
    }
    uint32_t high, low;
    if (*at != 'u' || hex_digits(at + 1, end, &high) < 0)
        return NULL;
    at += 5;
    if (high >= 0xD800 && high < 0xDC00) {
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || hex_digits(at + 2, end, &low) < 0 ||
            low < 0xDC00 || low > 0xDFFF)
            return NULL;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    } else if (high >= 0xDC00 && high < 0xE000) {
        return NULL;
    }
    put_character(out, high);
    return at;
}

/* A quoted string that fills [at, end). */
static bool take_string(const char *at, const char *end, wire_buf *out)
{
    if (end - at < 2 || *at != '"' || end[-1] != '"')
        return false;
    at++;
    end--;
    while (at < end) {
        if (*at == '"')
            return false;
        if (*at != '\\') {
            wire_put_raw(out, at++, 1);
            continue;
        }
        at = take_escape(at + 1, end, out);
        if (!at)
            return false;
    }
    return true;
}

/* --- lines ------------------------------------------------------------------------------ */

typedef struct parser {
    expect_file *file;
    int line;
    const char *wrong; /* NULL: nothing yet */
} parser;

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static const struct keyword *find_keyword(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strlen(keywords[i].word) == length && memcmp(keywords[i].word, word, length) == 0)
            return &keywords[i];
    return NULL;
}

static void begin_cell(parser *p, const char *at, const char *end)
{
    char digits[16] = "", *stop;
    at = skip_blanks(at, end);
    if (end - at < (ptrdiff_t)sizeof digits)
        memcpy(digits, at, (size_t)(end - at));
    unsigned long number = strtoul(digits, &stop, 10);
    if (!digits[0] || *stop || number != p->file->count + 1) {
        p->wrong = "the cells must be numbered 1, 2, 3, ...";
        return;
    }
    expect_cell *cells = realloc(p->file->cells, number * sizeof *cells);
    if (!cells) {
        p->wrong = "out of memory";
        return;
    }
    p->file->cells = cells;
    cells[p->file->count++] = (expect_cell){0};
}

/* The value of a line, from behind its colon to its end. */
static void take_argument(parser *p, argument argument, const char *at, const char *end,
                          expect_line *out)
{
    wire_buf value = {0};
    bool quoted = at < end && *at == '"';
    if (argument == TEXT && quoted) {
        if (!take_string(at, end, &value))
            p->wrong = "damaged string";
    } else {
        wire_put_raw(&value, at, (size_t)(end - at));
    }
    out->size = value.size;
    wire_put_raw(&value, "", 1);
    out->text = value.data;
    if (value.bad)
        p->wrong = "out of memory";
    if (argument == SECONDS && !p->wrong) {
        char *stop;
        out->seconds = strtod(out->text, &stop);
        if (!out->text[0] || *stop || !(out->seconds >= 0 && out->seconds < 1e6))
            p->wrong = "expected a number of seconds";
    } else if (argument != NONE && !quoted && out->size == 0) {
        p->wrong = "a text is missing behind the colon";
    }
}

static void add_line(parser *p, const char *at, const char *end)
{
    if (p->file->count == 0) {
        p->wrong = "expected `cell 1` first";
        return;
    }
    const char *colon = memchr(at, ':', (size_t)(end - at));
    const char *word_end = colon ? colon : end;
    const struct keyword *k = find_keyword(at, (size_t)(word_end - at));
    if (!k || (k->argument == NONE) != !colon) {
        p->wrong = "unknown line";
        return;
    }
    expect_cell *cell = &p->file->cells[p->file->count - 1];
    expect_line *lines = realloc(cell->lines, (cell->count + 1) * sizeof *lines);
    if (!lines) {
        p->wrong = "out of memory";
        return;
    }
    cell->lines = lines;
    expect_line *line = &lines[cell->count++];
    *line = (expect_line){.kind = k->kind, .line = p->line};
    take_argument(p, k->argument, colon ? skip_blanks(colon + 1, end) : end, end, line);
}

static void take_line(parser *p, const char *at, const char *end)
{
    while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    const char *word = skip_blanks(at, end);
    if (word == end || *word == '#')
        return;
    if (word == at && end - at > 5 && memcmp(at, "cell ", 5) == 0)
        begin_cell(p, at + 5, end);
    else
        add_line(p, word, end);
}

int expect_parse(const char *text, size_t size, expect_file *out, char *error, size_t error_size)
{
    *out = (expect_file){0};
    parser p = {.file = out};
    const char *end = text + size;
    for (const char *at = text; at < end && !p.wrong;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        p.line++;
        take_line(&p, at, line_end);
        at = newline ? newline + 1 : end;
    }
    if (!p.wrong)
        return 0;
    snprintf(error, error_size, "line %d: %s", p.line, p.wrong);
    expect_free(out);
    return -1;
}

void expect_free(expect_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        for (size_t j = 0; j < file->cells[i].count; j++)
            free(file->cells[i].lines[j].text);
        free(file->cells[i].lines);
    }
    free(file->cells);
    *file = (expect_file){0};
}
