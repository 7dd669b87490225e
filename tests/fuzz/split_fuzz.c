/* The splitter takes any bytes; its items lie in the text, in order, and can be looked at. */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "macro.h"
#include "mend.h"
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
    refusal doubt;
    past past = {.pool = &pool};
    type_scope scope = {.pool = &pool, .names = &names, .past = &past, .items = &items};
    if (items.status == SPLIT_OK)
        check_items(&scope, &doubt);
    macro_allow(&pool, MACRO_SPLIT_WORK); /* with all that a cell may take, seconds of sanitizers */
    if (items.status == SPLIT_OK)
        mend_items(&scope, &items);
    pool_free(&pool);
    return 0;
}
