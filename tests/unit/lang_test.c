#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang.h"

static lang_t *session;
static int cells;

static const lang_options options = {XTINYCC_TEST_SHARE, XTINYCC_TEST_INCLUDE};

static int prepare(void **state)
{
    (void)state;
    char error[500];
    if (lang_prepare(&options, error, sizeof error) < 0) {
        fprintf(stderr, "%s\n", error);
        return -1;
    }
    return 0;
}

static int begin(void **state)
{
    (void)state;
    session = lang_create(&options);
    cells = 0;
    return session ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    lang_free(session);
    return 0;
}

/* Compile a cell and make it part of the session. */
static lang_unit compile(const char *text, wire_buf *reply)
{
    wire_buf request = {0};
    lang_cell cell = {.text = text, .size = strlen(text), .number = ++cells, .mode = LANG_CELL};
    lang_pack(session, &cell, true, &request);
    lang_compile(request.data, request.size, reply);
    wire_buf_free(&request);
    lang_unit unit;
    assert_int_equal(lang_unpack(reply->data, reply->size, &unit), 0);
    if (unit.ok)
        assert_int_equal(lang_commit(session, &unit), 0);
    return unit;
}

static void declare(const char *text)
{
    wire_buf reply = {0};
    lang_unit unit = compile(text, &reply);
    if (!unit.ok)
        fail_msg("%s: %s", text, unit.evalue);
    lang_unit_free(&unit);
    wire_buf_free(&reply);
}

static void check_bind(const char *text, const char *name, lang_bind bind)
{
    wire_buf reply = {0};
    lang_unit unit = compile(text, &reply);
    assert_true(unit.ok);
    bool seen = false;
    for (size_t i = 0; i < unit.symbol_count; i++)
        if (strcmp(unit.symbols[i].name, name) == 0) {
            assert_int_equal(unit.symbols[i].bind, bind);
            seen = true;
        }
    assert_true(seen);
    lang_unit_free(&unit);
    wire_buf_free(&reply);
}

static void binds_by_type(void **state)
{
    (void)state;
    check_bind("int v = 1;", "v", LANG_BIND_NEW);
    check_bind("int v = 2;", "v", LANG_BIND_SAME);
    check_bind("double v = 2;", "v", LANG_BIND_NEW);
    check_bind("int f(int a) { return a; }", "f", LANG_BIND_NEW);
    check_bind("int f(int b) { return b + 1; }", "f", LANG_BIND_PATCH);
    check_bind("int f(double b) { return b; }", "f", LANG_BIND_NEW);
}

static void check_error(const char *text, const char *expected)
{
    wire_buf reply = {0};
    lang_unit unit = compile(text, &reply);
    assert_false(unit.ok);
    assert_string_equal(unit.ename, "CompileError");
    if (!strstr(unit.evalue, expected))
        fail_msg("<%s> fails with <%s>, not <%s>", text, unit.evalue, expected);
    lang_unit_free(&unit);
    wire_buf_free(&reply);
}

static void errors_name_line_and_column(void **state)
{
    (void)state;
    check_error("int a;\na = cuont;", "In[1]:2:5: 'cuont' undeclared");
    check_error("int f(void) {\n  int a = 1\n  return a;\n}", "In[2]:2:12: ';' expected");
    check_error("sqr(2.0)", "did you mean 'sqrt' (function, bits/mathcalls.h)?");
    check_error("größe + 1", "In[4]:1:1:");
    check_error("#include <no_such_header.h>", "In[5]:1:");
    check_error("#error stop here", "stop here");
}

static void what_only_tinycc_takes_is_refused(void **state)
{
    (void)state;
    check_error("unsigned unsigned u;", "In[1]:1:10: 'unsigned' stands twice in one type");
    check_error("int f(void) { long float x; return 0; }", "'long' and 'float' do not go together");
    check_error("struct s { int a; } int b;", "a ';' is missing behind the '}' of 'struct s'");
    check_error("int restrict r;", "'restrict' is for pointers");
    check_error("int if = 3;", "'if' is a word of the language");
    check_error("union u { int m; char m; };", "two members named 'm'");
    check_error("int f(int a, int a);", "two parameters named 'a'");
    check_error("struct { int a; } = {1};", "a name is missing before the '='");
    check_error("3lul", "is no number");
    check_error("struct s { int a; } v, w; v + w", "these operands do not go together");
    declare("int *restrict p; unsigned long long int n; struct s *restrict q;");
    declare("typedef int *P; P restrict r; void f(int n, double a[restrict n], const char *const s);");
    declare("struct t { struct { int a; } b; int a; } t; long double l; char signed c;");
}

static void damaged_replies_are_refused(void **state)
{
    (void)state;
    wire_buf reply = {0};
    lang_unit unit = compile("int x = 1; x", &reply);
    lang_unit_free(&unit);
    for (size_t cut = 0; cut < reply.size; cut += 7)
        assert_int_equal(lang_unpack(reply.data, cut, &unit), -1);
    wire_buf_free(&reply);
}

/* Whether TEXT is offered at the end of CODE. */
static bool offers(const char *code, const char *text)
{
    lang_matches m;
    bool found = false;
    if (lang_completions(session, code, strlen(code), strlen(code), &m) == 0)
        for (size_t i = 0; i < m.count; i++)
            found |= strcmp(m.text[i], text) == 0;
    lang_matches_free(&m);
    return found;
}

static void completes(void **state)
{
    (void)state;
    declare("struct inner { int deep; };\nstruct p { int xx; struct inner in; } q, *r = &q, t[3];\n"
            "typedef struct p pp; pp s; int counter;");
    assert_true(offers("coun", "counter"));
    assert_true(offers("prin", "printf"));
    assert_true(offers("q.", "xx"));
    assert_false(offers("q.", "counter"));
    assert_true(offers("r->in.", "deep"));
    assert_true(offers("t[1].", "in"));
    assert_true(offers("s.x", "xx"));
    assert_true(offers("struct ", "inner"));
    assert_true(offers("#include <std", "stdlib.h"));
    assert_true(offers("#include <nn/", "nn/tensor.h"));
    assert_true(offers("int f(int argument) { int local; return ar", "argument"));
    assert_true(offers("whi", "while"));
    assert_false(offers("zzz", "zzz"));
}

static void check_description(const char *code, int detail, const char *expected)
{
    char *text = lang_describe(session, code, strlen(code), strlen(code), detail);
    if (!text || !strstr(text, expected))
        fail_msg("<%s> is described as <%s>, not <%s>", code, text ? text : "", expected);
    free(text);
}

static void describes(void **state)
{
    (void)state;
    declare("int counter = 3;\nint twice(int v)\n{\n    return 2 * v;\n}\n#define N 10\n");
    check_description("counter", 0, "In[1]:1");
    check_description("twice(", 0, "int twice(int v)");
    check_description("twice", 1, "return 2 * v;");
    check_description("sqrt", 0, "double sqrt(double __x)");
    check_description("N", 0, "#define N 10");
    check_description("nn_tensor_size(", 0, "nn/tensor.h");
    check_description("model_fit", 0, "nn_model_fit: Train a compiled model.");
    char *nothing = lang_describe(session, "zzz", 3, 3, 0);
    assert_null(nothing);
}

static void tells_what_is_complete(void **state)
{
    (void)state;
    int indent;
    assert_int_equal(lang_is_complete("x + 1", 5, &indent), 'c');
    assert_int_equal(lang_is_complete("int f(", 6, &indent), 'i');
    assert_int_equal(lang_is_complete("int f() {", 9, &indent), 'i');
    assert_int_equal(indent, 4);
    assert_int_equal(lang_is_complete("int f() }", 9, &indent), 'x');
    assert_int_equal(lang_is_complete("x = 1 + \\", 9, &indent), 'i');
}

/* Whether the cell compiles when the child has read the session's text from FILES, in turn. */
static bool compiles_with_files(const char *text, const int *files, size_t count)
{
    wire_buf request = {0}, reply = {0};
    lang_cell cell = {.text = text, .size = strlen(text), .number = ++cells};
    lang_unit unit;
    for (size_t i = 0; i < count; i++)
        lang_read(files[i]);
    lang_pack(session, &cell, false, &request);
    lang_compile(request.data, request.size, &reply);
    assert_int_equal(lang_unpack(reply.data, reply.size, &unit), 0);
    bool good = unit.ok;
    lang_unit_free(&unit);
    wire_buf_free(&request);
    wire_buf_free(&reply);
    return good;
}

static void the_text_travels_as_a_file(void **state)
{
    (void)state;
    declare("int first = 1;");
    int old = dup(lang_file(session));
    assert_true(compiles_with_files("first + 1", &old, 1));
    declare("int second = 2;");
    int file = lang_file(session);
    assert_false(compiles_with_files("first + second", &old, 1));
    assert_true(compiles_with_files("first + second", (int[]){old, file}, 2));
    assert_true(compiles_with_files("first + second", (int[]){file, file}, 2));
    close(old);
}

/* A cell may close all descriptors, or put a file of its own in the place of ours. */
static void the_file_is_made_again_when_it_is_gone(void **state)
{
    (void)state;
    declare("int kept = 1;");
    int file = lang_file(session);
    assert_int_equal(lang_file(session), file);
    close(file);
    file = lang_file(session);
    assert_true(compiles_with_files("kept", &file, 1));
    int foreign = open("/dev/null", O_RDWR);
    assert_int_equal(dup2(foreign, file), file);
    int other = lang_file(session);
    assert_int_not_equal(other, file);
    assert_int_equal(fcntl(file, F_GETFD), 0); /* the cell's is not closed */
    assert_true(compiles_with_files("kept", &other, 1));
    close(file);
    close(foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(binds_by_type, begin, end),
        cmocka_unit_test_setup_teardown(errors_name_line_and_column, begin, end),
        cmocka_unit_test_setup_teardown(what_only_tinycc_takes_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(damaged_replies_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(completes, begin, end),
        cmocka_unit_test_setup_teardown(describes, begin, end),
        cmocka_unit_test_setup_teardown(tells_what_is_complete, begin, end),
        cmocka_unit_test_setup_teardown(the_text_travels_as_a_file, begin, end),
        cmocka_unit_test_setup_teardown(the_file_is_made_again_when_it_is_gone, begin, end),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
