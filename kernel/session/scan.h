/*
 * The lexer: a cell's bytes to tokens. Pure; every byte sequence gives a result.
 *
 * Directives (`#...`, with its continuation lines) and magics (a line that begins with `%`, `!` or
 * `?`, or is a name and `?`, where an item of the cell can begin) are one token each.
 */
#ifndef XTINYCC_SCAN_H
#define XTINYCC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "pool.h"

typedef enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_CHARACTER,
    TOKEN_PUNCTUATOR,
    TOKEN_DIRECTIVE,
    TOKEN_MAGIC,
    TOKEN_OTHER /* a byte that begins no token of C */
} token_kind;

typedef struct token {
    token_kind kind;
    bool line_start;   /* first on its line */
    bool spaced;       /* white space or a comment before it */
    bool expanded;     /* made by a macro: its text does not lie in the cell */
    bool final;        /* a macro's name met in its own expansion: C never expands it again */
    int line;          /* 1-based */
    size_t length;
    const char *text;  /* not NUL-terminated */
    const char *code;  /* what is compiled in its place; NULL: the text (mend.h) */
} token;

typedef struct tokens {
    token *list; /* COUNT tokens, then a TOKEN_END */
    size_t count;
    /* What is wrong, "" if nothing: an unterminated comment, string or character. */
    const char *problem;
    int problem_line;
} tokens;

/* MAGICS: recognise magic lines. */
tokens scan(pool *pool, const char *text, size_t size, bool magics);

/* Inline: nearly always TEXT is a literal of one or two characters, and asked for often. */
static inline bool token_is(const token *token, const char *text)
{
    size_t length = strlen(text);
    return token->length == length && memcmp(token->text, text, length) == 0;
}
bool token_same(const token *a, const token *b);

/* The word after `#`: "define", "include", ...; "" for a lone `#`. Copied into WORD. */
void directive_word(const token *directive, char *word, size_t size);
/* What follows that word, without leading blanks; splices and comments are still inside. */
const char *directive_rest(const token *directive, size_t *length);

/* Whether NAME stands in the text as a word of its own; TO may be read. */
bool text_mentions(const char *from, const char *to, const char *name);

/* Whether a line that begins with `!` and this character is for the shell: `!ls` is, `!5`,
   `!(a == b)` and `!!x` are C. */
bool scan_is_shell(char after);

/* Append tokens [first, end) with the white space between them as written. */
void tokens_text(text *out, const token *first, const token *end);
/* The same as it is to be compiled. */
void tokens_code(text *out, const token *first, const token *end);

#endif
