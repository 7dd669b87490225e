#include "scan.h"

#include <ctype.h>
#include <string.h>

typedef struct scanner {
    pool *pool;
    const char *text, *end;
    const char *at;
    int line;
    int depth; /* open ( [ { */
    bool magics;
    tokens out;
    size_t capacity;
} scanner;

static bool name_start(unsigned char c)
{
    return (unsigned)((c | 32) - 'a') < 26 || c == '_' || c == '$' || c >= 0x80;
}

static bool name_part(unsigned char c)
{
    return name_start(c) || (unsigned)(c - '0') < 10;
}

static char peek(const scanner *s, size_t ahead)
{
    return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

/* The length of a backslash-newline at AT, 0 if there is none. */
static size_t splice(const char *at, const char *end)
{
    if (end - at >= 2 && at[0] == '\\' && at[1] == '\n')
        return 2;
    if (end - at >= 3 && at[0] == '\\' && at[1] == '\r' && at[2] == '\n')
        return 3;
    return 0;
}

static void problem(scanner *s, const char *text, int line)
{
    if (*s->out.problem)
        return;
    s->out.problem = text;
    s->out.problem_line = line;
}

static void skip_comment(scanner *s)
{
    int line = s->line;
    for (s->at += 2; s->at < s->end; s->at++) {
        if (*s->at == '\n')
            s->line++;
        if (*s->at == '*' && peek(s, 1) == '/') {
            s->at += 2;
            return;
        }
    }
    problem(s, "unterminated comment", line);
}

/* To the end of the line, splices included; the newline stays. */
static void skip_line(scanner *s)
{
    while (s->at < s->end && *s->at != '\n') {
        size_t length = splice(s->at, s->end);
        if (length)
            s->line++;
        s->at += length ? length : 1;
    }
}

/* Skip white space and comments. Returns whether there was any; *line_start is set at a newline. */
static bool skip_blank(scanner *s, bool *line_start)
{
    const char *start = s->at;
    while (s->at < s->end) {
        size_t length = splice(s->at, s->end);
        if (length) {
            s->line++;
            s->at += length;
        } else if (*s->at == '\n') {
            s->line++;
            *line_start = true;
            s->at++;
        } else if (isspace((unsigned char)*s->at)) {
            s->at++;
        } else if (*s->at == '/' && peek(s, 1) == '*') {
            skip_comment(s);
        } else if (*s->at == '/' && peek(s, 1) == '/') {
            skip_line(s);
        } else {
            break;
        }
    }
    return s->at > start;
}

/* A directive: to the end of the line, over splices and comments that span lines. */
static void skip_directive(scanner *s)
{
    char quote = '\0';
    while (s->at < s->end && *s->at != '\n') {
        size_t length = splice(s->at, s->end);
        if (length) {
            s->line++;
            s->at += length;
        } else if (quote) {
            if (*s->at == '\\' && s->end - s->at > 1 && s->at[1] != '\n')
                s->at++;
            else if (*s->at == quote)
                quote = '\0';
            s->at++;
        } else if (*s->at == '/' && peek(s, 1) == '*') {
            skip_comment(s);
        } else if (*s->at == '/' && peek(s, 1) == '/') {
            skip_line(s);
        } else {
            if (*s->at == '"')
                quote = '"';
            s->at++;
        }
    }
}

static void skip_quoted(scanner *s, char quote)
{
    int line = s->line;
    for (s->at++; s->at < s->end && *s->at != '\n'; s->at++) {
        if (*s->at == quote) {
            s->at++;
            return;
        }
        size_t length = splice(s->at, s->end);
        if (length) {
            s->line++;
            s->at += length - 1;
        } else if (*s->at == '\\' && s->end - s->at > 1 && s->at[1] != '\n') {
            s->at++;
        }
    }
    problem(s, quote == '"' ? "missing terminating \" character"
                            : "missing terminating ' character",
            line);
}

/* `L`, `u`, `U` or `u8` before a quote. */
static size_t prefix_length(const scanner *s)
{
    char c = peek(s, 0);
    bool u8 = c == 'u' && peek(s, 1) == '8' && peek(s, 2) == '"';
    bool wide = (c == 'L' || c == 'u' || c == 'U') && (peek(s, 1) == '"' || peek(s, 1) == '\'');
    return u8 ? 2 : wide;
}

static void skip_number(scanner *s)
{
    while (s->at < s->end) {
        char c = *s->at;
        if (strchr("eEpP", c) && (peek(s, 1) == '+' || peek(s, 1) == '-'))
            s->at += 2;
        else if (name_part((unsigned char)c) || c == '.')
            s->at++;
        else
            return;
    }
}

static size_t punctuator_length(const scanner *s)
{
    static const char *const longer[] = {
        "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
        "+=",  "-=",  "*=",  "/=", "%=", "&=", "^=", "|=", "##",
    };
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        if (*longer[i] != *s->at)
            continue;
        size_t length = strlen(longer[i]);
        if ((size_t)(s->end - s->at) >= length && memcmp(s->at, longer[i], length) == 0)
            return length;
    }
    return 1;
}

/* Whether an item of the cell may begin after the last token. */
static bool at_item(const scanner *s)
{
    if (s->depth != 0)
        return false;
    if (s->out.count == 0)
        return true;
    const token *last = &s->out.list[s->out.count - 1];
    return last->kind == TOKEN_DIRECTIVE || last->kind == TOKEN_MAGIC || token_is(last, ";") ||
           token_is(last, "}");
}

/* Whether the line at AT reads `name?` or `name??`. */
static bool is_question(const scanner *s)
{
    const char *p = s->at;
    if (p >= s->end || !name_start((unsigned char)*p))
        return false;
    while (p < s->end && (name_part((unsigned char)*p) || *p == '.' || *p == '>' || *p == '-'))
        p++;
    int marks = 0;
    while (p < s->end && *p == '?') {
        marks++;
        p++;
    }
    while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return (marks == 1 || marks == 2) && (p == s->end || *p == '\n');
}

bool scan_is_shell(char after)
{
    return !strchr("=(!*&~-0123456789'\"", after); /* nor the end of the text */
}

static bool is_magic(const scanner *s)
{
    char c = *s->at;
    if (c == '%')
        return peek(s, 1) == '%' || isalpha((unsigned char)peek(s, 1));
    if (c == '!')
        return scan_is_shell(peek(s, 1));
    return c == '?' || is_question(s);
}

static void scan_token(scanner *s, bool line_start, bool spaced)
{
    token t = {.text = s->at, .line = s->line, .line_start = line_start, .spaced = spaced};
    unsigned char c = (unsigned char)*s->at;
    if (line_start && c == '#') {
        t.kind = TOKEN_DIRECTIVE;
        skip_directive(s);
    } else if (s->magics && line_start && at_item(s) && is_magic(s)) {
        t.kind = TOKEN_MAGIC;
        while (s->at < s->end && *s->at != '\n')
            s->at++;
    } else if (isdigit(c) || (c == '.' && isdigit((unsigned char)peek(s, 1)))) {
        t.kind = TOKEN_NUMBER;
        skip_number(s);
    } else if (prefix_length(s) > 0) {
        s->at += prefix_length(s);
        t.kind = *s->at == '"' ? TOKEN_STRING : TOKEN_CHARACTER;
        skip_quoted(s, *s->at);
    } else if (name_start(c)) {
        t.kind = TOKEN_NAME;
        while (s->at < s->end && name_part((unsigned char)*s->at))
            s->at++;
    } else if (c == '"' || c == '\'') {
        t.kind = c == '"' ? TOKEN_STRING : TOKEN_CHARACTER;
        skip_quoted(s, (char)c);
    } else {
        t.kind = ispunct(c) && c != '@' && c != '`' && c != '\\' ? TOKEN_PUNCTUATOR : TOKEN_OTHER;
        s->at += punctuator_length(s);
        if (strchr("([{", c) && c)
            s->depth++;
        else if (strchr(")]}", c) && c && s->depth > 0)
            s->depth--;
    }
    t.length = (size_t)(s->at - t.text);
    *POOL_PUSH(s->pool, s->out.list, s->out.count, s->capacity) = t;
}

tokens scan(pool *pool, const char *text, size_t size, bool magics)
{
    scanner s = {.pool = pool, .text = text, .end = text + size, .at = text, .line = 1,
                 .magics = magics, .out = {.problem = ""}};
    bool line_start = true;
    for (;;) {
        bool spaced = skip_blank(&s, &line_start);
        if (s.at >= s.end)
            break;
        scan_token(&s, line_start, spaced);
        line_start = false;
    }
    *POOL_PUSH(pool, s.out.list, s.out.count, s.capacity) =
        (token){.kind = TOKEN_END, .text = s.end, .line = s.line, .line_start = true};
    s.out.count--;
    return s.out;
}

bool token_same(const token *a, const token *b)
{
    return a->kind == b->kind && a->length == b->length &&
           memcmp(a->text, b->text, a->length) == 0;
}

static size_t skip_spaces(const char *text, size_t at, size_t length)
{
    while (at < length) {
        size_t spliced = splice(text + at, text + length);
        if (spliced)
            at += spliced;
        else if (isspace((unsigned char)text[at]))
            at++;
        else
            break;
    }
    return at;
}

void directive_word(const token *directive, char *word, size_t size)
{
    size_t at = skip_spaces(directive->text, 1, directive->length), used = 0;
    while (at < directive->length && name_part((unsigned char)directive->text[at])) {
        if (used + 1 < size)
            word[used++] = directive->text[at];
        at++;
    }
    word[used] = '\0';
}

const char *directive_rest(const token *directive, size_t *length)
{
    size_t at = skip_spaces(directive->text, 1, directive->length);
    while (at < directive->length && name_part((unsigned char)directive->text[at]))
        at++;
    at = skip_spaces(directive->text, at, directive->length);
    *length = directive->length - at;
    return directive->text + at;
}

static void put_tokens(text *out, const token *first, const token *end, bool code)
{
    for (const token *t = first; t < end; t++) {
        if (t > first) {
            const token *before = t - 1;
            const char *gap = before->text + before->length;
            if (!t->expanded && !before->expanded && t->text >= gap)
                text_add(out, gap, (size_t)(t->text - gap));
            else if (t->line_start || before->kind == TOKEN_DIRECTIVE)
                text_puts(out, "\n");
            else
                text_puts(out, " ");
        }
        if (code && t->code)
            text_puts(out, t->code);
        else
            text_add(out, t->text, t->length);
    }
}

void tokens_text(text *out, const token *first, const token *end)
{
    put_tokens(out, first, end, false);
}

void tokens_code(text *out, const token *first, const token *end)
{
    put_tokens(out, first, end, true);
}

bool text_mentions(const char *from, const char *to, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = from; (at = memmem(at, (size_t)(to - at), name, length)); at++) {
        bool starts = at == from || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool ends = !(isalnum((unsigned char)at[length]) || at[length] == '_');
        if (starts && ends)
            return true;
    }
    return false;
}
