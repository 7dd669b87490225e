#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "macro.h"
#include "past.h"

static pool memory;

static int free_memory(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

/* Expand the last line of TEXT under the directives before it. */
static void check(const char *text, const char *expected)
{
    names names = {.pool = &memory};
    tokens tokens = scan(&memory, text, strlen(text), false);
    size_t at = 0;
    for (; tokens.list[at].kind == TOKEN_DIRECTIVE; at++)
        macro_directive(&names, &tokens.list[at]);
    token *list;
    size_t count;
    macro_expand_all(&memory, &names, &tokens.list[at], &tokens.list[tokens.count], &list, &count);
    assert_string_equal(tokens_join(&memory, list, list + count), expected);
}

static void expands(void **state)
{
    (void)state;
    check("#define A 1\nA + A", "1 + 1");
    check("#define SQ(x) ((x)*(x))\nSQ(a + 1)", "((a + 1) *(a + 1))");
    check("#define F(x) x\nF", "F");
    check("#define A B\n#define B A\nA B", "A B");
    check("#define F(x, ...) x __VA_ARGS__\nF(1, 2, (3, 4))", "1 2, (3, 4)");
    check("#define S(x) #x\nS(a  \"b\")", "\"a \\\"b\\\"\"");
    check("#define J(a, b) a##b\nJ(x, 1) J(, y)", "x1 y");
    check("#define A 1\n#undef A\nA", "A");
    check("#define F(x) G(x)\n#define G(x) x + F(x)\nF(1)", "1 + F(1)");
    check("#define F(x) G\n#define G(x) x + x\nF(1)(2)", "2 + 2");
    check("#define F G\n#define G(x) x\nF(F(F(1))) F", "1 G");
    check("#define F(x) x F\nF(1)(2)", "1 F(2)");
    check("#define L 1 + \\\n 2\nL", "1 + 2");
}

static void stops_at_nonsense(void **state)
{
    (void)state;
    check("#define F(x) x\nF(1", "F(1");
    check("#define F(x, y) x y\nF(1)", "1");
    check("#define F(x) F(x) F(x)\nF(F(1))", "F(F(1) F(1)) F(F(1) F(1))");
}

/* The text that `##` and `#` make can double with each macro, while the tokens stay few. */
static void has_enough_of_text(void **state)
{
    (void)state;
    static const char *const macros[] = {"#define J(a) a##a\n#define K(a) J(a)\n",
                                         "#define J(a) #a\n#define K(a) J(a)\n"};
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        text text = {.pool = &memory};
        text_puts(&text, macros[i]);
        for (int k = 0; k < 40; k++)
            text_puts(&text, "K(");
        text_puts(&text, i ? "\"a\"" : "a");
        for (int k = 0; k < 40; k++)
            text_puts(&text, ")");
        names names = {.pool = &memory};
        tokens tokens = scan(&memory, text_string(&text), text.size, false);
        macro_directive(&names, &tokens.list[0]);
        macro_directive(&names, &tokens.list[1]);
        token *list;
        size_t count;
        macro_allow(&memory, MACRO_SPLIT_WORK);
        macro_expand_all(&memory, &names, &tokens.list[2], &tokens.list[tokens.count], &list,
                         &count);
        assert_true(macro_is_spent(&memory));
        assert_int_equal(count, tokens.count - 2);
        assert_in_range(memory.total, 0, 64 << 20);
        pool_free(&memory);
    }
}

/* What an expansion left of a macro is not expanded by a later one. */
static void leaves_final_names(void **state)
{
    (void)state;
    names names = {.pool = &memory};
    const char *text = "#define F(x) x F(x) G\n#define G(x) x\nF(F(1))";
    tokens tokens = scan(&memory, text, strlen(text), false);
    macro_directive(&names, &tokens.list[0]);
    macro_directive(&names, &tokens.list[1]);
    token *list;
    size_t count;
    macro_expand_all(&memory, &names, &tokens.list[2], &tokens.list[tokens.count], &list, &count);
    const char *once = tokens_join(&memory, list, list + count);
    macro_expand_all(&memory, &names, list, list + count, &list, &count);
    assert_string_equal(tokens_join(&memory, list, list + count), once);
}

/* All the expansions of one request have one allowance: what is beyond it stays as written. */
static void has_enough_of_expanding(void **state)
{
    (void)state;
    const char *text = "#define F(x) x x x x x x x x\n"
                       "F(F(F(1)))";
    names names = {.pool = &memory};
    tokens tokens = scan(&memory, text, strlen(text), false);
    macro_directive(&names, &tokens.list[0]);
    token *list;
    size_t count = 0, rounds = 0;
    for (; rounds < 100000; rounds++) {
        macro_expand_all(&memory, &names, &tokens.list[1], &tokens.list[tokens.count], &list,
                         &count);
        if (count == tokens.count - 1)
            break;
        assert_int_equal(count, 8 * 8 * 8);
    }
    assert_in_range(rounds, 1000, 100000);
    assert_true(macro_is_spent(&memory));
    assert_string_equal(tokens_join(&memory, list, list + count), "F(F(F(1)))");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(expands, free_memory),
        cmocka_unit_test_teardown(stops_at_nonsense, free_memory),
        cmocka_unit_test_teardown(has_enough_of_expanding, free_memory),
        cmocka_unit_test_teardown(has_enough_of_text, free_memory),
        cmocka_unit_test_teardown(leaves_final_names, free_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
