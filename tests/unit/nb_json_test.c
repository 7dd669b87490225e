#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "nb_json.h"

static nb__json object;
static char text[4096];

static int read_text(const char *json)
{
    strcpy(text, json);
    return nb__json_read(text, &object);
}

static void members_are_found_by_name_and_kind(void **state)
{
    (void)state;
    assert_true(read_text(" {\"a\": \"x\", \"b\":-1.5e2,\"c\":true , \"d\":null, \"e\":{\"a\":[1]}} "));
    assert_int_equal(object.count, 5);
    assert_string_equal(nb__json_string(&object, "a"), "x");
    assert_true(nb__json_number(&object, "b") == -150);
    assert_true(nb__json_number(&object, "c") == 1);
    assert_true(isnan(nb__json_number(&object, "d")));
    assert_true(isnan(nb__json_number(&object, "a")));
    assert_string_equal(nb__json_string(&object, "b"), "");
    assert_string_equal(nb__json_string(&object, "none"), "");
    assert_true(read_text("{}"));
    assert_int_equal(object.count, 0);
}

static void strings_are_decoded(void **state)
{
    (void)state;
    assert_true(read_text("{\"a\\u0062\": \"\\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00\\ud83dx\\u0000\"}"));
    assert_string_equal(nb__json_string(&object, "ab"),
                        "\"\\/\n\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBDx\xEF\xBF\xBD");
}

static void lists_of_numbers(void **state)
{
    (void)state;
    double values[4];
    assert_true(read_text("{\"a\": [1, null ,2.5], \"b\": [], \"c\": [\"x\"], \"d\": 1}"));
    assert_int_equal(nb__json_numbers(&object, "a", values, 4), 3);
    assert_true(values[0] == 1 && isnan(values[1]) && values[2] == 2.5);
    assert_int_equal(nb__json_numbers(&object, "a", values, 2), 2);
    assert_int_equal(nb__json_numbers(&object, "b", values, 4), 0);
    assert_int_equal(nb__json_numbers(&object, "c", values, 4), 0);
    assert_int_equal(nb__json_numbers(&object, "d", values, 4), 0);
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{,}", "{\"a\":01}",
        "{\"a\":1.}", "{\"a\":-}", "{\"a\":1e}", "{\"a\":+1}", "{\"a\":nan}", "{\"a\":\"x}",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\n\"}", "{\"a\":1} x", "{a:1}",
        "{\"a\":[1,]}", "{\"a\":{1}}", "{\"a\":[1 2]}", "{\"a\":1 \"b\":2}", "{\"a\":[}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (read_text(wrong[i]))
            fail_msg("accepted: %s", wrong[i]);
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    char deep[2000] = "{\"a\":";
    size_t length = strlen(deep);
    memset(deep + length, '[', 900);
    memset(deep + length + 900, ']', 900);
    strcpy(deep + length + 1800, "}");
    assert_false(read_text(deep));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    nb__text out = {0};
    double list[] = {0.1, 1.0 / 3, NAN};
    nb__json_begin(&out);
    nb__json_put_string(&out, "s", "a\"b\\c\n\x01\xC3\xA9\xFF");
    nb__json_put_number(&out, "n", 0.9827);
    nb__json_put_number(&out, "i", 42);
    nb__json_put_number(&out, "x", INFINITY);
    nb__json_put_count(&out, "c", UINT64_MAX);
    nb__json_put_numbers(&out, "l", list, 3);
    nb__json_end(&out);
    assert_false(out.failed);
    assert_non_null(strstr(out.data, "\"n\": 0.9827,"));
    assert_non_null(strstr(out.data, "\"i\": 42,"));
    assert_non_null(strstr(out.data, "\"c\": 18446744073709551615,"));
    assert_true(read_text(out.data));
    assert_string_equal(nb__json_string(&object, "s"), "a\"b\\c\n\x01\xC3\xA9\xEF\xBF\xBD");
    assert_true(nb__json_number(&object, "n") == 0.9827);
    assert_true(isnan(nb__json_number(&object, "x")));
    double back[4];
    assert_int_equal(nb__json_numbers(&object, "l", back, 4), 3);
    assert_true(back[0] == list[0] && back[1] == list[1] && isnan(back[2]));
    nb__text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_name_and_kind),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(lists_of_numbers),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
