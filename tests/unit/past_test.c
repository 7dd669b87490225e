#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "lang.h"
#include "past.h"

static pool memory;

static int prepare(void **state)
{
    (void)state;
    char error[500];
    lang_options options = {XTINYCC_TEST_SHARE, NULL};
    return lang_prepare(&options, error, sizeof error);
}

static int free_memory(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

static past three_entries(void)
{
    past past = {.pool = &memory};
    past_add(&past, ENTRY_TYPE, 1, 1, "struct r {int a; struct r *next;};", "");
    past_add(&past, ENTRY_OBJECT, 1, 2, "extern struct r r;", "");
    past_add(&past, ENTRY_FUNCTION, 2, 1, "int get(struct r r, int (*f)(int));", "");
    return past;
}

static void survives_the_wire(void **state)
{
    (void)state;
    past before = three_entries(), after;
    past_set_macro(&before, "N", "N 3", 2, 1);
    past_take(&before, SPACE_ORDINARY, "index");
    wire_buf out = {0};
    past_write(&before, &out);
    wire_reader in = wire_read(out.data, out.size);
    assert_int_equal(past_read(&memory, &in, &after), 0);
    assert_int_equal(after.count, 3);
    assert_string_equal(after.list[2].text, before.list[2].text);
    assert_string_equal(past_find_macro(&after, "N")->text, "N 3");
    assert_true(past_has_taken(&after, SPACE_ORDINARY, "index"));
    assert_false(past_has_taken(&after, SPACE_TAG, "index"));
    for (size_t cut = 0; cut < out.size; cut++) { /* damaged texts are refused */
        wire_reader damaged = wire_read(out.data, cut);
        assert_int_equal(past_read(&memory, &damaged, &after), -1);
    }
    wire_buf_free(&out);
}

static void renames_a_tag_everywhere(void **state)
{
    (void)state;
    past past = three_entries();
    const char *name = past_rename(&past, 0, SPACE_TAG, NAME_TAG, "r");
    assert_string_equal(name, "r__old1");
    assert_string_equal(past.list[0].text, "struct r__old1 {int a; struct r__old1 *next;};");
    assert_string_equal(past.list[1].text, "extern struct r__old1 r;");
    assert_string_equal(past.list[2].text, "int get(struct r__old1 r, int (*f)(int));");
}

static void drops_objects_that_nobody_needs(void **state)
{
    (void)state;
    past past = three_entries();
    past_rename(&past, 1, SPACE_ORDINARY, NAME_OBJECT, "r");
    assert_int_equal(past.list[1].kind, ENTRY_DROPPED);
    assert_string_equal(past.list[2].text, "int get(struct r r, int (*f)(int));");
    past_add(&past, ENTRY_OBJECT, 3, 1, "extern int n;", "");
    past_add(&past, ENTRY_OBJECT, 3, 1, "extern __typeof__(n) m;", "");
    past_rename(&past, 3, SPACE_ORDINARY, NAME_OBJECT, "n");
    assert_string_equal(past.list[3].text, "extern int n__old2;");
    assert_string_equal(past.list[4].text, "extern __typeof__(n__old2) m;");
}

static void knows_members_from_types(void **state)
{
    (void)state;
    past past = {.pool = &memory};
    past_add(&past, ENTRY_TYPE, 1, 1, "typedef int T;", "");
    past_add(&past, ENTRY_TYPE, 1, 2, "struct s {T a; int T;};", "");
    past_rename(&past, 0, SPACE_ORDINARY, NAME_TYPE, "T");
    assert_string_equal(past.list[0].text, "typedef int T__old1;");
    assert_string_equal(past.list[1].text, "struct s {T__old1 a; int T;};");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(survives_the_wire, free_memory),
        cmocka_unit_test_teardown(renames_a_tag_everywhere, free_memory),
        cmocka_unit_test_teardown(drops_objects_that_nobody_needs, free_memory),
        cmocka_unit_test_teardown(knows_members_from_types, free_memory),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
