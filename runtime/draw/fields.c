#include "fields.h"

#include <stdlib.h>
#include <string.h>

int field_fail(field_reader *r, const char *reason)
{
    if (!r->reason)
        r->reason = reason;
    return 0;
}

int field_magic(field_reader *r, const char *magic)
{
    size_t size = strlen(magic);
    if (r->left < size || memcmp(r->next, magic, size) != 0)
        return 0;
    r->next += size;
    r->left -= size;
    return 1;
}

int field_next(field_reader *r, field *f)
{
    size_t length = 0;
    while (length < r->left && r->next[length] >= '_' && r->next[length] <= 'z')
        length++;
    if (length == 0 || length >= sizeof f->tag || length + 2 > r->left || r->next[length] != ' ')
        return field_fail(r, "a field has no name");
    memcpy(f->tag, r->next, length);
    f->tag[length] = '\0';
    size_t at = length + 1, size = 0, digits = 0;
    for (; at < r->left && r->next[at] >= '0' && r->next[at] <= '9'; at++, digits++)
        size = size * 10 + (size_t)(r->next[at] - '0');
    if (digits == 0 || digits > 10 || at >= r->left || r->next[at] != '\n')
        return field_fail(r, "a field has no size");
    at++;
    if (size >= r->left - at || r->next[at + size] != '\n')
        return field_fail(r, "a field is longer than the job");
    f->bytes = r->next + at;
    f->size = size;
    r->next += at + size + 1;
    r->left -= at + size + 1;
    return 1;
}

int field_string(field_reader *r, const field *f, size_t most, const char **string)
{
    if (f->size > most || memchr(f->bytes, '\0', f->size))
        return field_fail(r, "a text is too long or has a NUL");
    char *copy = strndup(f->bytes, f->size);
    if (!copy)
        return field_fail(r, "no memory");
    free((char *)*string);
    *string = copy;
    return 1;
}
