#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "expect.h"

static expect_file parse(const char *text)
{
    char error[200] = "";
    expect_file f;
    if (expect_parse(text, strlen(text), &f, error, sizeof error) < 0)
        fail_msg("%s", error);
    return f;
}

static void reads_every_kind_of_line(void **state)
{
    (void)state;
    expect_file f = parse("cell 1\n  ok\n\ncell 2\n  expect-error: SIGSEGV\n"
                          "  error-contains: \"In[2]:1\"\n  expect-state: x == 41\n"
                          "  interrupt-after: 0.5\n# a remark\n  no-result\n");
    assert_int_equal(f.count, 2);
    assert_int_equal(f.cells[0].count, 1);
    assert_int_equal(f.cells[0].lines[0].kind, EXPECT_OK);
    const expect_cell *c = &f.cells[1];
    assert_int_equal(c->count, 5);
    assert_int_equal(c->lines[0].kind, EXPECT_ERROR);
    assert_string_equal(c->lines[0].text, "SIGSEGV");
    assert_string_equal(c->lines[1].text, "In[2]:1");
    assert_int_equal(c->lines[1].line, 6);
    assert_string_equal(c->lines[2].text, "x == 41");
    assert_true(c->lines[3].seconds == 0.5);
    assert_int_equal(c->lines[4].kind, EXPECT_NO_RESULT);
    expect_free(&f);
}

static void reads_json_strings(void **state)
{
    (void)state;
    expect_file f = parse("cell 1\n  stdout: \"a\\n\\t\\\"\\\\\\u00e9\\ud83d\\ude00\\u0000z\"\n");
    const expect_line *l = &f.cells[0].lines[0];
    static const char want[] = "a\n\t\"\\\xC3\xA9\xF0\x9F\x98\x80\0z";
    assert_int_equal(l->size, sizeof want - 1);
    assert_memory_equal(l->text, want, sizeof want);
    expect_free(&f);
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"  ok\n", "line 1: expected `cell 1` first"},
        {"cell 2\n", "line 1: the cells must be numbered 1, 2, 3, ..."},
        {"cell 1\n  stdot: \"x\"\n", "line 2: unknown line"},
        {"cell 1\n  stdout: \"x\n", "line 2: damaged string"},
        {"cell 1\n  stdout: \"\\q\"\n", "line 2: damaged string"},
        {"cell 1\n  stdout: \"\\ud83d\"\n", "line 2: damaged string"},
        {"cell 1\n  stdout: \"a\"b\"\n", "line 2: damaged string"},
        {"cell 1\n  time-limit: soon\n", "line 2: expected a number of seconds"},
        {"cell 1\n  stdout:\n", "line 2: a text is missing behind the colon"},
        {"cell 1\n  ok: 1\n", "line 2: unknown line"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[200] = "";
        expect_file f;
        assert_int_equal(expect_parse(cases[i].text, strlen(cases[i].text), &f, error,
                                      sizeof error), -1);
        assert_string_equal(error, cases[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_line),
        cmocka_unit_test(reads_json_strings),
        cmocka_unit_test(says_what_is_wrong_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
