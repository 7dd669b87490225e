/* Memory of one request: pieces are zeroed and keep to themselves, whichever of them grows. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "pool.h"

static pool memory;

static int end(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

/* The array that was allocated last grows in place, the other one moves: both must keep theirs. */
static void arrays_that_grow_in_turn_keep_their_elements(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    int *lists[2] = {0};
    size_t counts[2] = {0}, capacities[2] = {0};
    if (setjmp(memory.out_of_memory))
        fail();
    for (int i = 0; i < COUNT; i++) {
        int which = (i / 7 + i / 1000) % 2;
        *POOL_PUSH(&memory, lists[which], counts[which], capacities[which]) = i;
    }
    size_t seen[2] = {0};
    for (int i = 0; i < COUNT; i++) {
        int which = (i / 7 + i / 1000) % 2;
        assert_int_equal(lists[which][seen[which]++], i);
    }
    for (int which = 0; which < 2; which++)
        for (size_t i = counts[which]; i < capacities[which]; i++)
            assert_int_equal(lists[which][i], 0);
}

static void texts_and_pieces_between_them_are_kept(void **state)
{
    (void)state;
    text first = {.pool = &memory}, second = {.pool = &memory};
    if (setjmp(memory.out_of_memory))
        fail();
    for (int i = 0; i < 3000; i++) {
        text_format(&first, "%d,", i);
        if (i % 100 == 0) {
            char *piece = pool_alloc(&memory, 33);
            for (int k = 0; k < 33; k++)
                assert_int_equal(piece[k], 0);
            memset(piece, 'x', 33);
        }
        if (i % 3 == 0)
            text_format(&second, "%d;", i);
    }
    const char *at = text_string(&first), *other = text_string(&second);
    for (int i = 0; i < 3000; i++) {
        int length;
        const char *wanted = pool_format(&memory, "%d,%n", i, &length);
        assert_memory_equal(at, wanted, (size_t)length);
        at += length;
        if (i % 3 == 0) {
            wanted = pool_format(&memory, "%d;%n", i, &length);
            assert_memory_equal(other, wanted, (size_t)length);
            other += length;
        }
    }
    assert_int_equal(*at, '\0');
    assert_int_equal(*other, '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(arrays_that_grow_in_turn_keep_their_elements, end),
        cmocka_unit_test_teardown(texts_and_pieces_between_them_are_kept, end),
    };
    return cmocka_run_group_tests_name("request memory", tests, NULL, NULL);
}
