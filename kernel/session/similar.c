#include "similar.h"

#include <string.h>

enum { LONGEST = 63 };

size_t similar_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                        size_t limit)
{
    size_t rows[3][LONGEST + 2];
    size_t gap = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (gap > limit || a_length > LONGEST || b_length > LONGEST)
        return limit + 1;
    size_t *older = rows[0], *old = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        old[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = old[j - 1] + (a[i - 1] != b[j - 1]);
            if (old[j] + 1 < best)
                best = old[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
        size_t *oldest = older;
        older = old;
        old = now;
        now = oldest;
    }
    return old[b_length] > limit ? limit + 1 : old[b_length];
}

/* Of two as many letters away: who mistypes mostly has the first letter right, then the length. */
static bool nearer(const name *n, const name *found, const char *text, size_t length)
{
    if ((n->text[0] == text[0]) != (found->text[0] == text[0]))
        return n->text[0] == text[0];
    return n->length == length && found->length != length;
}

const name *similar_name(const names *names, const char *text)
{
    size_t length = strlen(text), limit = length < 5 ? 1 : 2, best = limit + 1;
    const name *found = NULL;
    for (; names; names = names->below)
        for (int space = 0; space < SPACE_COUNT; space++) {
            if (space == SPACE_TAG)
                continue;
            for (size_t i = 0; i < names->size[space]; i++)
                for (const name *n = names->slots[space][i]; n; n = n->next) {
                    if (n->kind == NAME_UNKNOWN || n->text[0] == '_' || n->length < 2)
                        continue;
                    size_t d = similar_distance(n->text, n->length, text, length, limit);
                    bool better = d < best || (d == best && found && nearer(n, found, text, length));
                    if (d > 0 && better && d <= limit) {
                        best = d;
                        found = n;
                    }
                }
        }
    return found;
}
