#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "scan.h"

static pool memory;

static int free_memory(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

static tokens read(const char *text)
{
    return scan(&memory, text, strlen(text), true);
}

static void check(const char *text, const char *const *expected)
{
    tokens tokens = read(text);
    size_t count = 0;
    for (; expected[count]; count++) {
        assert_true(count < tokens.count);
        if (!token_is(&tokens.list[count], expected[count]))
            fail_msg("token %zu of <%s> is <%.*s>, not <%s>", count, text,
                     (int)tokens.list[count].length, tokens.list[count].text, expected[count]);
    }
    assert_int_equal(tokens.count, count);
}
#define CHECK(text, ...) check((text), (const char *const[]){__VA_ARGS__, NULL})

static void reads_tokens(void **state)
{
    (void)state;
    CHECK("a+++b", "a", "++", "+", "b");
    CHECK("x->y . z ...", "x", "->", "y", ".", "z", "...");
    CHECK("1e+3 0x1p-2 .5f 1..2", "1e+3", "0x1p-2", ".5f", "1..2");
    CHECK("\"a\\\"b\" 'c' '\\''", "\"a\\\"b\"", "'c'", "'\\''");
    CHECK("größe = 1;", "größe", "=", "1", ";");
    CHECK("a /* b\n */ c // d\n e", "a", "c", "e");
    CHECK("a ?" "?! b", "a", "?", "?", "!", "b");
}

static void directives_and_magics_are_one_token(void **state)
{
    (void)state;
    CHECK("# define A 1 \\\n + 2\nb", "# define A 1 \\\n + 2", "b");
    CHECK("#define S \"/*\"\nb", "#define S \"/*\"", "b");
    CHECK("%time f()\nx", "%time f()", "x");
    CHECK("a\n% b", "a", "%", "b");
    CHECK("name?\n", "name?");
    CHECK("x ? y : z", "x", "?", "y", ":", "z");
    assert_int_equal(read("%time").list[0].kind, TOKEN_MAGIC);
}

static void counts_lines(void **state)
{
    (void)state;
    tokens tokens = read("a\n/* \n */ b \\\n c");
    assert_int_equal(tokens.list[0].line, 1);
    assert_int_equal(tokens.list[1].line, 3);
    assert_int_equal(tokens.list[2].line, 4);
    assert_false(tokens.list[2].line_start);
}

static void tells_what_is_open(void **state)
{
    (void)state;
    assert_non_null(strstr(read("a\n\"open").problem, "\""));
    assert_int_equal(read("a\n\"open").problem_line, 2);
    assert_non_null(strstr(read("/* open").problem, "comment"));
    assert_string_equal(read("fine").problem, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_tokens, free_memory),
        cmocka_unit_test_teardown(directives_and_magics_are_one_token, free_memory),
        cmocka_unit_test_teardown(counts_lines, free_memory),
        cmocka_unit_test_teardown(tells_what_is_open, free_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
