#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "similar.h"

static size_t distance(const char *a, const char *b)
{
    return similar_distance(a, strlen(a), b, strlen(b), 2);
}

static void counts_edits(void **state)
{
    (void)state;
    assert_int_equal(distance("printf", "printf"), 0);
    assert_int_equal(distance("printf", "prinft"), 1); /* neighbours swapped */
    assert_int_equal(distance("sqrt", "sqr"), 1);
    assert_int_equal(distance("count", "cuontt"), 2);
    assert_int_equal(distance("count", "malloc"), 3); /* more than the limit */
    assert_int_equal(distance("", "ab"), 2);
}

static void finds_the_nearest(void **state)
{
    (void)state;
    pool pool = {0};
    names below = {.pool = &pool}, names = {.pool = &pool, .below = &below};
    names_set(&below, SPACE_ORDINARY, "counter", 7, NAME_OBJECT);
    names_set(&names, SPACE_ORDINARY, "encounter", 9, NAME_FUNCTION);
    names_set(&below, SPACE_ORDINARY, "x1", 2, NAME_OBJECT);
    assert_string_equal(similar_name(&names, "countr")->text, "counter");
    assert_null(similar_name(&names, "zebra"));
    assert_string_equal(similar_name(&names, "x2")->text, "x1");
    assert_null(similar_name(&names, "y2")); /* two edits are too many for a short name */
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(finds_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
