#include "pieces.h"

#include <string.h>

void pieces_append(pieces *p, int fd, const char *text, size_t size)
{
    if (size == 0)
        return;
    piece *to = NULL;
    if (p->count > 0 && p->piece[p->count - 1].fd == fd)
        to = &p->piece[p->count - 1];
    for (size_t i = p->count; !to && p->count == PIECES_MAX && i-- > 0;)
        if (p->piece[i].fd == fd)
            to = &p->piece[i];
    if (!to) {
        to = &p->piece[p->count++];
        *to = (piece){.fd = fd};
    }
    size_t before = to->text.size;
    wire_put_raw(&to->text, text, size);
    p->size += to->text.size - before;
}

size_t pieces_front(const pieces *p, int *fd, const char **text)
{
    if (p->count == 0)
        return 0;
    *fd = p->piece[0].fd;
    *text = p->piece[0].text.data + p->piece[0].at;
    return p->piece[0].text.size - p->piece[0].at;
}

static void remove_first(pieces *p)
{
    wire_buf_free(&p->piece[0].text);
    memmove(&p->piece[0], &p->piece[1], (p->count - 1) * sizeof p->piece[0]);
    p->count--;
}

void pieces_remove(pieces *p, size_t size)
{
    p->piece[0].at += size;
    p->size -= size;
    if (p->piece[0].at == p->piece[0].text.size)
        remove_first(p);
}

void pieces_compact(pieces *p)
{
    for (size_t i = 0; i < p->count; i++) {
        piece *q = &p->piece[i];
        if (q->at == 0)
            continue;
        memmove(q->text.data, q->text.data + q->at, q->text.size - q->at);
        q->text.size -= q->at;
        q->at = 0;
    }
}

/* The start of the first whole line at or behind FROM, or of the first whole character. */
static size_t good_start(const char *text, size_t size, size_t from)
{
    const char *newline = memchr(text + from, '\n', size - from);
    if (newline && newline + 1 < text + size && (size_t)(newline - text) - from < 4096)
        return (size_t)(newline + 1 - text);
    while (from < size && ((unsigned char)text[from] & 0xC0) == 0x80)
        from++;
    return from;
}

void pieces_keep_last(pieces *p, size_t size)
{
    if (p->size <= 2 * size)
        return; /* trimmed seldom, so that each byte is moved a few times only */
    while (p->size > size) {
        piece *first = &p->piece[0];
        size_t length = first->text.size - first->at, excess = p->size - size;
        if (excess >= length) {
            pieces_remove(p, length);
            continue;
        }
        size_t start = good_start(first->text.data, first->text.size, first->at + excess);
        pieces_remove(p, start - first->at);
        break;
    }
    pieces_compact(p);
}

void pieces_clear(pieces *p)
{
    while (p->count)
        remove_first(p);
    p->size = 0;
}

void pieces_free(pieces *p)
{
    pieces_clear(p);
}

size_t pieces_cut(const char *text, size_t size, size_t limit)
{
    if (size <= limit)
        return size;
    const char *newline = memrchr(text, '\n', limit);
    if (newline)
        return (size_t)(newline + 1 - text);
    size_t n = limit;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}
