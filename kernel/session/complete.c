#include "lang_internal.h"

#include "declare.h"
#include "split.h"

#include <stdlib.h>
#include <string.h>

void lang_matches_free(lang_matches *matches)
{
    for (size_t i = 0; i < matches->count; i++) {
        free(matches->text[i]);
        free(matches->type[i]);
    }
    free(matches->text);
    free(matches->type);
    *matches = (lang_matches){0};
}

int lang_is_complete(const char *code, size_t size, int *indent)
{
    pool pool = {0};
    *indent = 0;
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return 'u';
    }
    const headers *h = headers_default();
    names names = {.pool = &pool, .below = h ? &h->names : NULL};
    items items = split(&pool, &names, code, size, "");
    int answer = items.status == SPLIT_OK           ? 'c'
                 : items.status == SPLIT_INCOMPLETE ? 'i'
                                                    : 'x';
    *indent = answer == 'i' ? 4 * (int)items.open_braces : 0;
    pool_free(&pool);
    return answer;
}

int lang_completions(const lang_t *lang, const char *code, size_t size, size_t cursor,
                     lang_matches *out)
{
    (void)lang, (void)code, (void)size, (void)cursor;
    *out = (lang_matches){0};
    return -1;
}

char *lang_describe(const lang_t *lang, const char *code, size_t size, size_t cursor, int detail)
{
    (void)lang, (void)code, (void)size, (void)cursor, (void)detail;
    return NULL;
}
