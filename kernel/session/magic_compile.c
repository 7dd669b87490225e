/* How a cell is compiled: %%native. */
#include <string.h>

#include "magic.h"
#include "native.h"

bool magic_native(const magic_call *call)
{
    pool pool = {0};
    if (setjmp(pool.out_of_memory)) {
        pool_free(&pool);
        session_fail(call->reply, "MemoryError", "no memory for the cell's text", "");
        return true;
    }
    const char *problem = native_check_options(&pool, call->arguments);
    bool lives = true;
    if (problem) {
        magic_fail(call, "ValueError", "%.400s", problem);
    } else {
        session_cell inner = *call->cell;
        inner.code = call->body;
        inner.size = strlen(call->body);
        inner.native = call->arguments;
        lives = session_run_text(call->session, &inner, call->reply);
    }
    pool_free(&pool);
    return lives;
}
