#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "macro.h"
#include "split.h"

static pool memory;

static int free_memory(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

static items read(const char *text)
{
    names *names = pool_alloc(&memory, sizeof *names);
    names->pool = &memory;
    names_set(names, SPACE_ORDINARY, "FILE", 4, NAME_TYPE);
    names_set(names, SPACE_ORDINARY, "T", 1, NAME_TYPE);
    return split(&memory, names, text, strlen(text), "In[1]");
}

/* Kinds as letters: # directive, % magic, d declaration, f function, a assertion, s statement,
   e expression. */
static void check(const char *text, const char *kinds)
{
    items items = read(text);
    char got[64] = "";
    for (size_t i = 0; i < items.count && i < 60; i++)
        got[i] = "#%dfase"[items.list[i].kind];
    if (strcmp(got, kinds) != 0)
        fail_msg("<%s> is %s, not %s (%s)", text, got, kinds,
                 items.status == SPLIT_OK ? "complete" : items.problem);
}

static void classifies(void **state)
{
    (void)state;
    check("a * b;", "s");
    check("T * x;", "d");
    check("typedef int U;\nU * x;\nx = 0;", "dds");
    check("f(x);", "s");
    check("T (x);", "d");
    check("int (*fp)(int);", "d");
    check("int x = 3, *p = &x, a[] = {1,2,3};", "d");
    check("int f(a,b) int a; double b; { return a+b; }", "f");
    check("int f(int x) { return x; }\nf(3)", "fe");
    check("x + 1", "e");
    check("struct p { int x; } q; q.x = 1;", "ds");
    check("#define SQ(x) ((x)*(x))\nSQ(3)", "#e");
    check("__attribute__((noinline)) int g(void) { return 1; }", "f");
    check("void (*signal(int sig, void (*func)(int)))(int);", "d");
    check("{ int t = 1; x = t; }", "s");
    check("_Static_assert(1, \"\"); x", "ae");
    check("foo bar;", "d");
    check("main() { }", "f");
    check("sizeof(int)", "e");
    check("(void)x; !x", "se");
}

static void keeps_statements_whole(void **state)
{
    (void)state;
    check("for (int i=0;i<3;i++) g(i);", "s");
    check("if (a) b; else if (c) d; else { e; } f();", "ss");
    check("do x--; while (x); y", "se");
    check("switch (x) { case 1: a(); break; default: b(); } c", "se");
    check("goto end; x = 1; end: ;", "sss");
    check("end: x", "se");
    check("x++; int y = x;", "sd");
}

static void sees_through_macros(void **state)
{
    (void)state;
    check("#define INT int\nINT x = 1; x", "#de");
    check("#define DECLARE(n) int n;\nDECLARE(q) q", "#de");
    check("#define EACH(i, n) for (int i = 0; i < n; i++)\nEACH(k, 3) f(k);", "#s");
    check("#define CALL f()\nCALL", "#e");
}

static void tells_incomplete_from_invalid(void **state)
{
    (void)state;
    static const char *const incomplete[] = {"int f(", "int f() {", "/* x", "if (x)", "do x();",
                                             "int x = 1", "struct s {", "int f(void)"};
    static const char *const invalid[] = {"int f() }", ")", "(]", "char *s = \"open;"};
    for (size_t i = 0; i < sizeof incomplete / sizeof *incomplete; i++)
        if (read(incomplete[i]).status != SPLIT_INCOMPLETE)
            fail_msg("<%s> should be incomplete", incomplete[i]);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        if (read(invalid[i]).status != SPLIT_INVALID)
            fail_msg("<%s> should be invalid", invalid[i]);
    assert_int_equal(read("int f() { if (x) {").open_braces, 2);
    assert_int_equal(read("x + 1").status, SPLIT_OK);
}

static void knows_where_items_lie(void **state)
{
    (void)state;
    const char *text = "int a;\n  a = 2; /* c */ a";
    items items = read(text);
    assert_int_equal(items.count, 3);
    assert_int_equal(items.list[1].line, 2);
    assert_int_equal(items.list[1].offset, 9);
    assert_int_equal(items.list[1].offset_end, 15);
    assert_int_equal(items.list[2].offset, strlen(text) - 1);
}

/* Each of many items that begin with a macro is expanded without a copy of all that follows. */
static void reads_long_cells_of_macros(void **state)
{
    (void)state;
    enum { LINES = 20000, MEMORY = 256 << 20 };
    text cell = {.pool = &memory};
    text_puts(&cell, "#define CHECK(e) ((e) ? (void)0 : fail(#e, __LINE__))\n"
                     "#define NUMBER int\n");
    for (int i = 0; i < LINES / 2; i++)
        text_format(&cell, "CHECK(x == %d);\nNUMBER n%d = 1;\n", i, i);
    items items = read(text_string(&cell));
    assert_int_equal(items.status, SPLIT_OK);
    assert_int_equal(items.count, LINES + 2);
    assert_int_equal(items.list[LINES].kind, ITEM_STATEMENT);
    assert_int_equal(items.list[LINES].line, LINES + 1);
    assert_int_equal(items.list[LINES + 1].kind, ITEM_DECLARATION);
    assert_int_equal(items.list[LINES + 1].offset_end, cell.size - 1);
    const declaration *d = items.list[LINES + 1].declaration;
    assert_true(token_is(&items.list[LINES + 1].tokens.list[d->list[0].name], "n9999"));
    assert_in_range(memory.total, 0, MEMORY);
}

/* What a macro left of itself in its expansion is expanded no more: it could make items for ever. */
static void expands_nothing_twice(void **state)
{
    (void)state;
    check("#define OPEN {\n#define F(x) F(x); int F(x)\nint F(a);\nint f(void) OPEN }", "##ddf");
    check("#define errno errno\nextern int errno; errno", "#de");
}

static size_t steps(const char *line, int lines)
{
    text cell = {.pool = &memory};
    text_puts(&cell, "#define CLOSE )\n#define TWICE(x) x x\n");
    for (int i = 0; i < lines; i++)
        text_puts(&cell, line);
    return read(text_string(&cell)).steps;
}

/* Twice as many lines take twice as many steps, or what the macros of a cell may take is spent. */
static void takes_steps_by_length(void **state)
{
    (void)state;
    static const char *const lines[] = {"TWICE(f(x);)\n", "int TWICE(TWICE(a)) = 1;\n",
                                        "TWICE(TWICE(TWICE(f();)))\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        size_t once = steps(lines[i], 200), twice = steps(lines[i], 400);
        assert_in_range(once, 200, 200 * 500);
        assert_in_range(twice, once, 2 * once + 100);
    }
    /* Each line is read to the end of the cell until CLOSE is seen: that is not free. */
    assert_int_equal(steps("int a(\n#pragma x\nint CLOSE;\n", 2000), MACRO_SPLIT_WORK);
}

static void looks_for_old_parameters_nearby(void **state)
{
    (void)state;
    check("int f(a, b) int a; double b; { }", "f");
    check("int f(a) int a, *b; { }", "f");
    check("int f() int a; int b; int c; { }", "ddds"); /* no function: its list has no names */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(classifies, free_memory),
        cmocka_unit_test_teardown(keeps_statements_whole, free_memory),
        cmocka_unit_test_teardown(sees_through_macros, free_memory),
        cmocka_unit_test_teardown(tells_incomplete_from_invalid, free_memory),
        cmocka_unit_test_teardown(knows_where_items_lie, free_memory),
        cmocka_unit_test_teardown(reads_long_cells_of_macros, free_memory),
        cmocka_unit_test_teardown(expands_nothing_twice, free_memory),
        cmocka_unit_test_teardown(takes_steps_by_length, free_memory),
        cmocka_unit_test_teardown(looks_for_old_parameters_nearby, free_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
