/* What names reach in a text of declarations and macros. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "reach.h"

static pool memory;

static int free_memory(void **state)
{
    (void)state;
    pool_free(&memory);
    return 0;
}

static reach_index *make_index(const char *declarations, const char *macros)
{
    reach_index *index = reach_create(&memory);
    names *names = pool_alloc(&memory, sizeof *names);
    names->pool = &memory;
    tokens tokens = scan(&memory, declarations, strlen(declarations), false);
    name origin = {.place = ""};
    reach_add_macros(index, macros);
    for (size_t at = 0; at < tokens.count;) {
        declaration d;
        declaration_read(&memory, names, &tokens, at, &d);
        declaration_enter(names, &tokens, &d, &origin);
        reach_add(index, &tokens, &d, at, d.end, declarations);
        at = d.end;
    }
    return index;
}

static void ignore(void *context, reach *reach, const token *name)
{
    (void)context, (void)reach, (void)name;
}

/* TEXT reaches these declarations and macros, in order, and nothing else. */
static void check(const char *declarations, const char *macros, const char *text,
                  const char *wanted, const char *wanted_macros)
{
    reach *r = reach_begin(&memory, make_index(declarations, macros), ignore, NULL);
    reach_text(r, text, strlen(text));
    struct text out = {.pool = &memory}, out_macros = {.pool = &memory};
    reach_put_declarations(r, declarations, &out);
    reach_put_macros(r, &out_macros);
    assert_string_equal(text_string(&out), wanted);
    assert_string_equal(text_string(&out_macros), wanted_macros);
}

static void follows_declarations(void **state)
{
    (void)state;
    check("typedef int a; typedef a b; int f(b); int g(void);", "", "f(1)",
          "typedef int a;\ntypedef a b;\nint f(b);\n", "");
    check("struct s; struct s {int x;}; extern struct s *p; int q;", "", "p->x",
          "struct s;\nstruct s {int x;};\nextern struct s *p;\n", "");
    check("enum {A, B = 2, C}; enum {D = sizeof(int)}; int q;", "", "B", "enum {A, B = 2, C};\n",
          "");
    check("enum {A}; enum {B = A + 1, C};", "", "int t[C];", "enum {A};\nenum {B = A + 1, C};\n",
          "");
    check("int f(int); static inline int g(int x) { return f(x); } int h;", "", "g",
          "int f(int);\nstatic inline int g(int x) { return f(x); }\n", "");
}

/* The first mention of a tag fixes its scope: it comes along. */
static void keeps_the_first_mention_of_a_tag(void **state)
{
    (void)state;
    check("extern struct s *first; int f(struct s *); int q;", "", "f",
          "extern struct s *first;\nint f(struct s *);\n", "");
}

static void follows_macros(void **state)
{
    (void)state;
    static const char macros[] = "#define M(a) N\n#define N T\n#define O 1\n";
    check("typedef int T; int q;", macros, "M(1) x;", "typedef int T;\n",
          "#define M(a) N\n#define N T\n");
    check("typedef int T; int q;", macros, "#define MINE N\n", "typedef int T;\n", "#define N T\n");
    check("typedef int T; int q;", macros, "#line 3 \"N\"\n\"M\" '\\x00' 12.0e+M", "", "");
    /* Declarations were expanded already: what they mention is no macro. */
    check("typedef int T; int f(int O);", macros, "f", "int f(int O);\n", "");
}

static bool pastes(const char *macros, const char *text)
{
    reach *r = reach_begin(&memory, make_index("int a;", macros), ignore, NULL);
    reach_text(r, text, strlen(text));
    return reach_pastes(r);
}

static void sees_joined_names(void **state)
{
    (void)state;
    static const char macros[] = "#define J(a, b) a ## b\n#define L(c) c ## UL\n"
                                 "#define V(f, ...) f(0, ## __VA_ARGS__)\n";
    assert_true(pastes(macros, "J(x, y)"));
    assert_true(pastes(macros, "#define P J\nP(x, y)"));
    assert_true(pastes(macros, "#define Q(a) x##a\nQ(y)"));
    assert_false(pastes(macros, "L(5)"));
    assert_false(pastes(macros, "V(f, 1)"));
    assert_false(pastes(macros, "a"));
}

static void leaves_out(void **state)
{
    (void)state;
    static const char text[] = "int f(void); struct f {int x;}; int f(void); int g, h;";
    reach *r = reach_begin(&memory, make_index(text, ""), ignore, NULL);
    assert_true(reach_leave_out(r, "f"));
    assert_true(reach_leave_out(r, "unknown"));
    assert_false(reach_leave_out(r, "g"));
    reach_text(r, "f g", 3);
    struct text out = {.pool = &memory};
    reach_put_declarations(r, text, &out);
    assert_string_equal(text_string(&out), "struct f {int x;};\nint g, h;\n");
}

int main(void)
{
    if (setjmp(memory.out_of_memory))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(follows_declarations, free_memory),
        cmocka_unit_test_teardown(keeps_the_first_mention_of_a_tag, free_memory),
        cmocka_unit_test_teardown(follows_macros, free_memory),
        cmocka_unit_test_teardown(sees_joined_names, free_memory),
        cmocka_unit_test_teardown(leaves_out, free_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
