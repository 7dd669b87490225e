#include "diagnose.h"

#include "declare.h"
#include "similar.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Reading ------------------------------------------------------------------------------ */

static bool read_message(pool *pool, const char *line, size_t length, compiler_message *out)
{
    const char *end = line + length, *at = line;
    const char *error = memmem(line, length, "error: ", 7);
    const char *warning = memmem(line, length, "warning: ", 9);
    out->is_warning = warning && (!error || warning < error);
    const char *kind = out->is_warning ? warning : error;
    if (!kind)
        return false;
    out->file = "";
    out->line = 0;
    /* FILE:LINE: kind: */
    for (at = line; at + 1 < kind; at++)
        if (*at == ':' && isdigit((unsigned char)at[1])) {
            out->file = pool_copy(pool, line, (size_t)(at - line));
            out->line = atoi(at + 1);
            const char *colon = strchr(at + 1, ':');
            out->column = colon < kind && isdigit((unsigned char)colon[1]) ? atoi(colon + 1) : 0;
            break;
        }
    kind += out->is_warning ? 9 : 7;
    out->text = pool_copy(pool, kind, (size_t)(end - kind));
    static const char no_field[] = "field not found: ";
    if (strncmp(out->text, no_field, strlen(no_field)) == 0)
        out->text = pool_format(pool, "there is no member named '%s'", out->text + strlen(no_field));
    return true;
}

compiler_messages diagnose_read(pool *pool, const char *text)
{
    compiler_messages out = {0};
    size_t capacity = 0;
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        compiler_message message;
        if (strncmp(line, "In file included", 16) != 0 && read_message(pool, line, length, &message))
            *POOL_PUSH(pool, out.list, out.count, capacity) = message;
        line += length + (line[length] == '\n');
    }
    return out;
}

static bool is_fatal_warning(const char *text)
{
    return strstr(text, "implicit declaration of function") ||
           strstr(text, "assignment of read-only location") ||
           strstr(text, "excess elements in");
}

const compiler_message *diagnose_error(const compiler_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        const compiler_message *m = &messages->list[i];
        if (!m->is_warning || is_fatal_warning(m->text))
            return m;
    }
    return NULL;
}

const char *diagnose_name(pool *pool, const compiler_message *message)
{
    const char *open = strchr(message->text, '\'');
    const char *close = open ? strchr(open + 1, '\'') : NULL;
    bool is_name = close && (isalpha((unsigned char)open[1]) || open[1] == '_' || open[1] & 0x80);
    return is_name ? pool_copy(pool, open + 1, (size_t)(close - open - 1)) : "";
}

/* --- Where on the line ---------------------------------------------------------------------- */

static const char *line_text(pool *pool, const char *text, size_t size, int line)
{
    const char *at = text, *end = text + size;
    for (; line > 1 && at < end; line--) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return pool_copy(pool, at, (size_t)((newline ? newline : end) - at));
}

/* The place of a message: its tokens' line and the token meant. */
typedef struct place {
    int line, column, width;
} place;

static int column_of(const char *text, const token *t)
{
    const char *start = t->text;
    int column = 1;
    while (start > text && start[-1] != '\n') {
        start--;
        column += ((unsigned char)*start & 0xC0) != 0x80; /* characters, not bytes */
    }
    return column;
}

static place place_of_token(const char *text, const token *t)
{
    return (place){t->line, column_of(text, t), t->length ? (int)t->length : 1};
}

/* A missing `;` or `)` belongs behind the token before; the compiler names the token after. */
static place place_after(const char *text, const token *t)
{
    place at = place_of_token(text, t);
    return (place){at.line, at.column + (int)t->length, 1};
}

/* The token at the column that the message names, or NULL. */
static const token *token_at_column(const tokens *tokens, const char *text,
                                    const compiler_message *message)
{
    for (size_t i = 0; message->column && i < tokens->count; i++) {
        const token *t = &tokens->list[i];
        const char *start = t->text;
        while (start > text && start[-1] != '\n')
            start--;
        if (t->line == message->line && t->text - start + 1 == message->column)
            return t;
    }
    return NULL;
}

static place find_place(pool *pool, const compiler_message *message, const char *text, size_t size,
                        const char *name)
{
    tokens tokens = scan(pool, text, size, true);
    place none = {message->line, 0, 1};
    const token *first = NULL;
    bool expected = strstr(message->text, "expected") != NULL;
    const token *told = token_at_column(&tokens, text, message);
    if (told && (!*name || token_is(told, name)))
        return place_of_token(text, told);
    size_t at = 0;
    while (at < tokens.count && tokens.list[at].line < message->line)
        at++;
    for (size_t i = at; i < tokens.count && tokens.list[i].line == message->line; i++) {
        const token *t = &tokens.list[i];
        if (!first)
            first = t;
        if (*name && token_is(t, name))
            return place_of_token(text, t);
    }
    if (told)
        return place_of_token(text, told);
    if (expected) {
        const char *got = strstr(message->text, "(got \"");
        const char *close = got ? strrchr(got, '"') : NULL;
        const char *word = close > got + 6 ? pool_copy(pool, got + 6, (size_t)(close - got - 6)) : "";
        bool missing = strncmp(message->text, "';'", 3) == 0 ||
                       strncmp(message->text, "')'", 3) == 0 ||
                       strncmp(message->text, "']'", 3) == 0 ||
                       strncmp(message->text, "','", 3) == 0;
        for (size_t i = at; i < tokens.count && tokens.list[i].line == message->line; i++)
            if (token_is(&tokens.list[i], word))
                return missing && i ? place_after(text, &tokens.list[i - 1])
                                    : place_of_token(text, &tokens.list[i]);
        if (missing && at > 0 && at <= tokens.count)
            return place_after(text, &tokens.list[at - 1]);
    }
    if (first)
        return place_of_token(text, first);
    if (at > 0) /* behind the last token */
        return place_after(text, &tokens.list[at - 1]);
    return none;
}

/* --- Words ---------------------------------------------------------------------------------- */

/* "; did you mean 'sqrt' (function, math.h)?" or "". */
static const char *suggestion(pool *pool, const names *names, const char *name)
{
    const struct name *near = similar_name(names, name);
    if (!near)
        return "";
    return pool_format(pool, "; did you mean '%.*s' (%s%s%s)?", (int)near->length, near->text,
                       name_kind_word(near->kind), *near->place ? ", " : "", near->place);
}

static const struct {
    const char *compiler, *ours;
} words[] = {
    {"cannot break", "'break' outside of a loop and of a switch"},
    {"cannot continue", "'continue' outside of a loop"},
    {"switch expected", "'case' or 'default' outside of a switch"},
    {"lvalue expected", "lvalue expected: this is a value, with no place in memory to assign to or "
                        "to take the address of"},
    {"invalid operands for binary operation",
     "this needs integers: %, <<, >>, &, |, ^, ~ and 'switch' do not take floating-point numbers"},
    {"invalid operand types for binary operation",
     "these operands do not go together: a structure, a pointer or the result of a void function "
     "stands where a number is needed"},
    {"cannot use pointers here", "two pointers can be compared or subtracted, nothing else"},
    {"function pointer expected", "what is called here is no function"},
    {"pointer expected", "'*', '->' and '[]' need a pointer or an array"},
    {"struct or union expected", "what stands before '.' is no structure or union"},
    {"character array initializer must be a literal, optionally enclosed in braces",
     "an array takes its values in braces, as in {1, 2}, or from a text if it is one of characters"},
    {"index too large", "there are more values than the array has elements"},
    {"too many field init",
     "there are more values than the structure has members that are known here"},
    {"invalid index", "an index in the values is outside of the array"},
    {"field expected", "the structure has no member of this name"},
    {"unknown type size", "the type is not complete: its members, or the size of the array, are "
                          "not known here"},
    {"unknown array element size", "the pointer leads to a type that is not complete: what it "
                                   "points to has no size"},
    {"constant exceeds 32 bit", "an integer constant that an int can hold is needed here"},
    {"type match twice", "two types of this _Generic are the same"},
    {"type already defined", "this type is defined already"},
    {"struct/union/enum already defined",
     "this struct, union or enum is defined already in this cell"},
    {"parameter declared as void", "a parameter cannot be void, and '(void)' stands alone"},
    {"declaration of void object", "an object cannot have the type void"},
    {"invalid digit", "an octal number (it begins with 0) has the digits 0 to 7"},
    {"variable length array cannot be initialized",
     "an array whose size is a variable cannot be given values where it is declared"},
    {"',' expected (got \"}\")", "';' expected before '}'"},
    {"',' expected (got \"=\")", "neither a member nor a parameter can be given a value here"},
};

/* The types of a message without the storage class, which TinyCC counts as a part of them. */
static const char *plain_types(pool *pool, const char *text)
{
    static const char *const storage[] = {"'extern ", "'static "};
    for (size_t i = 0; i < sizeof storage / sizeof *storage; i++)
        for (const char *at; (at = strstr(text, storage[i]));)
            text = pool_format(pool, "%.*s'%s", (int)(at - text), text, at + strlen(storage[i]));
    if (strstr(text, "__old"))
        text = pool_format(pool, "%s ('__old' marks a type as it was before a later cell changed "
                                 "it)", text);
    return text;
}

/* Say it as a C programmer would. */
static const char *reword(pool *pool, const compiler_message *m, const names *names,
                          const char *name)
{
    const char *text = m->text;
    if (strstr(text, "implicit declaration of function"))
        return pool_format(pool, "function '%s' is not declared%s", name,
                           suggestion(pool, names, name));
    if (strstr(text, "undeclared"))
        return pool_format(pool, "'%s' undeclared%s", name, suggestion(pool, names, name));
    if (strstr(text, "assignment of read-only location"))
        return "assignment to a constant (it is declared const)";
    if (strncmp(text, "identifier expected", 19) == 0)
        return pool_format(pool, "a name or a value was expected here%s", text + 19);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].compiler) == 0)
            return words[i].ours;
    if (strncmp(text, "invalid type for ", 17) == 0)
        return pool_format(pool, "%s cannot be a member: it is void, a function, or has a storage "
                                 "class such as static", text + 17);
    if (strncmp(text, "cannot convert ", 15) == 0)
        return plain_types(pool, text);
    return text;
}

static const char *render(pool *pool, const char *text, const char *source, int number, place at)
{
    struct text out = {.pool = pool};
    text_format(&out, "\033[1mIn[%d]:%d:%d: \033[31merror:\033[0m %s", number, at.line,
                at.column > 0 ? at.column : 1, text);
    if (*source) {
        text_format(&out, "\n%5d | %s\n      | ", at.line, source);
        const char *p = source;
        for (int i = 1; i < at.column; i++) {
            text_puts(&out, *p == '\t' ? "\t" : " ");
            if (*p)
                for (p++; ((unsigned char)*p & 0xC0) == 0x80;)
                    p++;
        }
        text_puts(&out, "\033[32m^");
        for (int i = 1; i < at.width && i < 200; i++)
            text_puts(&out, "~");
        text_puts(&out, "\033[0m");
    }
    return text_string(&out);
}

static diagnosis finish(pool *pool, const char *text, const char *cell_text, size_t size,
                        int number, place at)
{
    if (at.line < 1)
        at.line = 1;
    return (diagnosis){
        pool_format(pool, "In[%d]:%d:%d: %s", number, at.line, at.column > 0 ? at.column : 1, text),
        render(pool, text, line_text(pool, cell_text, size, at.line), number, at),
    };
}

diagnosis diagnose(pool *pool, const compiler_message *message, const char *cell_text, size_t size,
                   int number, const names *names)
{
    const char *name = diagnose_name(pool, message);
    const char *text = reword(pool, message, names, name);
    char own[32];
    snprintf(own, sizeof own, "In[%d]", number);
    if (strcmp(message->file, own) != 0) { /* in a header or in what earlier cells declared */
        const char *what = pool_format(pool, "%s:%d: %s", message->file, message->line, text);
        return (diagnosis){what, pool_format(pool, "\033[31merror:\033[0m %s", what)};
    }
    return finish(pool, text, cell_text, size, number,
                  find_place(pool, message, cell_text, size, name));
}

diagnosis diagnose_plain(pool *pool, const char *text, const char *cell_text, size_t size,
                         int number, int line, int column, int width)
{
    compiler_message message = {.line = line, .text = ""};
    place at = {line, column, width};
    if (column == 0)
        at = find_place(pool, &message, cell_text, size, "");
    return finish(pool, text, cell_text, size, number, at);
}
