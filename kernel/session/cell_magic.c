/* Cells that are one magic: `%word`, `%%word`, `!command`, `?name`. */
#include <ctype.h>
#include <string.h>

#include "cell_internal.h"
#include "scan.h"

/* `%word arguments`, `%%word` with the rest of the cell, `!command`, `?name`, `name?`. */
static void take_magic(compilation *c, const token *magic)
{
    const char *at = magic->text, *end = at + magic->length;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    if (*at == '!') {
        c->answer->magic = "!";
        c->answer->magic_arguments = pool_copy(c->pool, at + 1, (size_t)(end - at - 1));
        return;
    }
    if (*at != '%') {
        const char *marks = memchr(at, '?', (size_t)(end - at));
        bool twice = memmem(at, (size_t)(end - at), "??", 2) != NULL;
        c->answer->magic = twice ? "??" : "?";
        const char *from = marks == at ? at + 1 + twice : at;
        const char *to = marks == at ? end : marks;
        while (from < to && isspace((unsigned char)*from))
            from++;
        c->answer->magic_arguments = pool_copy(c->pool, from, (size_t)(to - from));
        return;
    }
    bool whole = end - at > 1 && at[1] == '%';
    const char *word = at;
    at += 1 + whole;
    while (at < end && !isspace((unsigned char)*at))
        at++;
    c->answer->magic = pool_copy(c->pool, word, (size_t)(at - word));
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (whole) /* everything below belongs to it */
        end = c->request->text + c->request->size;
    c->answer->magic_arguments = pool_copy(c->pool, at, (size_t)(end - at));
}

bool cell_find_magic(compilation *c)
{
    tokens tokens = scan(c->pool, c->request->text, c->request->size, true);
    if (tokens.count == 0 || tokens.list[0].kind != TOKEN_MAGIC || c->request->mode != LANG_CELL)
        return false;
    const token *first = &tokens.list[0];
    bool whole = first->length > 1 && first->text[0] == '%' && first->text[1] == '%';
    if (tokens.count > 1 && !whole)
        return false; /* the unit writer refuses it */
    take_magic(c, first);
    return true;
}
