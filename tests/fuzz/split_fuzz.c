/* The splitter takes any bytes; its items lie in the text, in order. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        return 0;
    }
    names names = {.pool = &pool};
    items items = split(&pool, &names, (const char *)data, size, "In[1]");
    size_t last = 0;
    for (size_t i = 0; i < items.count; i++) {
        const item *item = &items.list[i];
        if (item->end <= item->first || item->end > item->tokens.count ||
            item->offset < last || item->offset_end < item->offset || item->offset_end > size)
            abort();
        last = item->offset_end;
    }
    pool_free(&pool);
    return 0;
}
