#include "cell_source.h"
#include "value.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int setup(void **state)
{
    char error[256] = "";
    *state = loader_create(cell_helpers(), error, sizeof error);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    loader_free(*state);
    return 0;
}

/* Show EXPRESSION as the kernel does: a static pointer gives its type, a void * its address. */
static char *show(loader_t *loader, const char *declarations, const char *expression, bool lvalue,
                  int (*print)(const loader_t *, int, const char *, wire_buf *))
{
    static int number;
    char text[4000];
    if (lvalue)
        snprintf(text, sizeof text, "%s\nvoid *__address;\nvoid __cell(void) {"
                 " static __typeof__(%s) *__shown; __address = (void *)&%s; }\n",
                 declarations, expression, expression);
    else
        snprintf(text, sizeof text, "%s\nvoid *__address;\nvoid __cell(void) {"
                 " static __typeof__(%s) *__shown; static __typeof__(%s) __value;"
                 " __value = %s; __address = &__value; }\n",
                 declarations, expression, expression, expression);
    int image = cell_run(loader, text, ++number);
    void *address = *(void **)loader_image_symbol(loader, image, "__address");
    static wire_buf out;
    out.size = 0;
    if (print ? print(loader, image, "__shown", &out) != 0
              : value_text(loader, image, "__shown", address, &out) != 0)
        return NULL;
    wire_put_raw(&out, "", 1);
    return out.data;
}

#define SHOWS(declarations, expression, text)                                                      \
    assert_string_equal(show(*state, declarations, expression, true, NULL), text)
#define VALUE(expression, text)                                                                    \
    assert_string_equal(show(*state, "", expression, false, NULL), text)
#define TYPE(declarations, expression, text)                                                       \
    assert_string_equal(show(*state, declarations, expression, true, value_type_text), text)

static void shows_integers(void **state)
{
    VALUE("42", "42");
    VALUE("-7", "-7");
    VALUE("1 == 1", "1");
    VALUE("(short)-3", "-3");
    VALUE("(unsigned short)65535", "65535");
    VALUE("(signed char)-1", "-1");
    VALUE("(unsigned char)200", "200");
    VALUE("4000000000u", "4000000000");
    VALUE("18446744073709551615ul", "18446744073709551615");
    VALUE("-9223372036854775807l - 1", "-9223372036854775808");
    VALUE("(_Bool)5", "true");
    VALUE("(_Bool)0", "false");
    VALUE("sizeof(int)", "4");
}

static void shows_characters(void **state)
{
    VALUE("(char)'a'", "'a' (97)");
    VALUE("(char)'\\n'", "'\\n' (10)");
    VALUE("(char)0", "'\\0' (0)");
    VALUE("(char)-1", "'\\377' (-1)");
    VALUE("(char)'\\''", "'\\'' (39)");
    VALUE("(char)'\"'", "'\"' (34)");
}

static void shows_floating_point(void **state)
{
    VALUE("0.1", "0.1");
    VALUE("0.1f", "0.1");
    VALUE("2.0", "2.0");
    VALUE("-0.0", "-0.0");
    VALUE("1.0/3", "0.3333333333333333");
    VALUE("1.0f/3", "0.33333334");
    VALUE("100000.0", "100000.0");
    VALUE("1e15", "1000000000000000.0");
    VALUE("1e16", "1e+16");
    VALUE("1e22", "1e+22");
    VALUE("1.5e300", "1.5e+300");
    VALUE("0.0001", "0.0001");
    VALUE("0.00001", "1e-05");
    VALUE("5e-324", "5e-324");
    VALUE("1.7976931348623157e308", "1.7976931348623157e+308");
    VALUE("123456.789", "123456.789");
    VALUE("0.1L", "0.1");
    VALUE("2.5L", "2.5");
    VALUE("0.0/0.0", "nan");
    VALUE("1e308 * 10", "inf");
    VALUE("-1e308 * 10", "-inf");
}

static void shows_enumerations(void **state)
{
    SHOWS("enum color { RED, GREEN = 5, LOW = -2 }; enum color c = GREEN;", "c", "GREEN (5)");
    SHOWS("enum color { RED, GREEN = 5, LOW = -2 }; enum color c = LOW;", "c", "LOW (-2)");
    SHOWS("enum color { RED, GREEN = 5 }; enum color c = 7;", "c", "7");
}

static void shows_strings(void **state)
{
    SHOWS("char *s = \"text\";", "s", "\"text\"");
    SHOWS("const char *s = \"a\\tb\\\"\\\\\\001\";", "s", "\"a\\tb\\\"\\\\\\001\"");
    SHOWS("const char *s = \"gr\xc3\xbc\xc3\x9f \xff\";", "s", "\"gr\xc3\xbc\xc3\x9f \\377\"");
    SHOWS("char *s = 0;", "s", "NULL");
    SHOWS("char *s = (char *)16;", "s", "(char *) 0x10 <unreadable>");
    SHOWS("char s[] = \"abc\";", "s", "\"abc\"");
    SHOWS("char s[10];", "s", "\"\"");
    SHOWS("char s[3] = {'a', 'b', '\\''};", "s", "{'a', 'b', '\\''}");
    SHOWS("char s[] = \"abc\"; char *const p = s;", "p", "\"abc\"");
    char *text = show(*state, "char b[1500]; __attribute__((constructor)) void fill(void)"
                              "{ for (int i = 0; i < 1499; i++) b[i] = 'x'; } char *p = b;",
                      "p", true, NULL);
    assert_int_equal(strlen(text), 1000 + 2 + 3);
    assert_string_equal(text + 1000, "x\"...");
    text = show(*state, "char b[1500]; __attribute__((constructor)) void fill(void)"
                        "{ for (int i = 0; i < 1499; i++) b[i] = 'x'; }", "b", true, NULL);
    assert_string_equal(text + 1000, "x\"...");
}

static void shows_pointers(void **state)
{
    SHOWS("int *p = (int *)0x1234;", "p", "(int *) 0x1234");
    SHOWS("int *p = 0;", "p", "NULL");
    SHOWS("void *p = (void *)0xffff800000000000;", "p", "(void *) 0xffff800000000000");
    SHOWS("struct s { int x; } *p = (void *)8;", "p", "(struct s *) 0x8");
    SHOWS("int (*p)[3] = (void *)8;", "p", "(int (*)[3]) 0x8");
    SHOWS("double **p = (void *)8;", "p", "(double **) 0x8");
    SHOWS("unsigned char *p = (void *)8;", "p", "(unsigned char *) 0x8");
}

static void shows_functions(void **state)
{
    char expected[100];
    cell_load(*state, "int add(int a, double b) { return a + b; } void none(void) { }", 12, "",
              "");
    SHOWS("int add(int, double); int (*p)(int, double) = add;", "p",
          "int (*)(int, double) add, In[12]");
    SHOWS("void none(void); void (*p)(void) = none;", "p", "void (*)(void) none, In[12]");
    SHOWS("int puts(const char *); int (*p)(const char *) = puts;", "p", "int (*)() puts");
    SHOWS("int (*p)(void) = (void *)3;", "p", "(int (*)()) 0x3");
    SHOWS("int (*p)(void) = 0;", "p", "NULL");
    snprintf(expected, sizeof expected, "int (*)(int, double) add, In[12]");
    SHOWS("int add(int, double);", "add", expected);
}

static void shows_arrays(void **state)
{
    SHOWS("int a[] = {1, 2, 3};", "a", "{1, 2, 3}");
    SHOWS("double a[2] = {2, 0.5};", "a", "{2.0, 0.5}");
    SHOWS("int a[20];", "a", "{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}");
    SHOWS("int a[100] = {1, [9] = 10, 11, [96] = 5, 97, 98, 99};", "a",
          "{1, 0, 0, 0, 0, 0, 0, 0, 0, 10, ..., 97, 98, 99} (100 elements)");
    SHOWS("int a[2][3] = {{1, 2, 3}, {4, 5, 6}};", "a", "{{1, 2, 3},\n {4, 5, 6}}");
    SHOWS("int a[2][2][2] = {1, 2, 3, 4, 5, 6, 7, 8};", "a",
          "{{{1, 2},\n  {3, 4}},\n {{5, 6},\n  {7, 8}}}");
    SHOWS("const char *a[] = {\"x\", 0};", "a", "{\"x\", NULL}");
    SHOWS("char a[2][4] = {\"ab\", \"cd\"};", "a", "{\"ab\", \"cd\"}");
    SHOWS("double m[3][3]; ", "m[2]", "{0.0, 0.0, 0.0}");
}

static void shows_structures(void **state)
{
    SHOWS("struct p { int x; double y; } q = {.y = 2.5};", "q", "{.x = 0, .y = 2.5}");
    SHOWS("struct i { int a; }; struct o { int x; struct i p; } q = {1, {2}};", "q",
          "{.x = 1, .p = {.a = 2}}");
    SHOWS("union u { int i; float f; } u = {.f = 1};", "u", "{.i = 1065353216, .f = 1.0}");
    SHOWS("struct b { int a : 3; unsigned b : 5; _Bool c : 1; unsigned long d : 40; int e; } b ="
          "{-2, 17, 1, 1099511627775, 9};", "b",
          "{.a = -2, .b = 17, .c = true, .d = 1099511627775, .e = 9}");
    SHOWS("struct { char name[8]; char *s; } n = {\"ada\", \"x\"};", "n",
          "{.name = \"ada\", .s = \"x\"}");
    SHOWS("struct a { struct { int x; union { int y; float z; }; }; int w; } a = {{1, {2}}, 3};",
          "a", "{.x = 1, .y = 2, .z = 3e-45, .w = 3}");
    SHOWS("struct l4 { int v; }; struct l3 { struct l4 d; }; struct l2 { struct l3 c; };"
          "struct l1 { struct l2 b; } x;", "x", "{.b = {.c = {.d = {...}}}}");
    SHOWS("struct node { int v; struct node *next; } n = {1, (void *)8};", "n",
          "{.v = 1, .next = (struct node *) 0x8}");
    SHOWS("struct p { int x, y; } q[2] = {{1, 2}, {3, 4}};", "q",
          "{{.x = 1, .y = 2}, {.x = 3, .y = 4}}");
    SHOWS("struct m { int a[2][2]; } m;", "m", "{.a = {{0, 0}, {0, 0}}}");
    SHOWS("struct __attribute__((packed)) v { char c; int i; } v = {'a', 7};", "v",
          "{.c = 'a' (97), .i = 7}");
}

static void survives_bad_addresses(void **state)
{
    int image = cell_load(*state, "struct s { int x; char n[4]; double d; };"
                                  "void __cell(void) { static struct s *__shown; }", 1, "", "");
    wire_buf out = {0};
    assert_int_equal(value_text(*state, image, "__shown", (void *)16, &out), 0);
    wire_put_raw(&out, "", 1);
    assert_non_null(strstr(out.data, ".x = <unreadable>"));
    wire_buf_free(&out);
    assert_int_equal(value_text(*state, image, "nosuch", (void *)16, &out), -1);
    assert_int_equal(value_text(*state, 99, "__shown", (void *)16, &out), -1);
}

static void shows_nothing_for_void(void **state)
{
    int image = cell_load(*state, "void f(void) { } void __cell(void) {"
                                  " static __typeof__(f()) *__shown; f(); }", 1, "", "");
    wire_buf out = {0};
    assert_int_equal(value_text(*state, image, "__shown", NULL, &out), -1);
    assert_int_equal(out.size, 0);
}

static void spells_types(void **state)
{
    TYPE("unsigned long x;", "x", "unsigned long");
    TYPE("struct point { int x; } p[3];", "p", "struct point [3]");
    TYPE("int (*f)(int);", "f", "int (*)()");
    TYPE("int *(*a)[4];", "a", "int *(*)[4]");
    TYPE("enum e { A } v;", "v", "enum e");
    TYPE("struct T__old2 { int x; } v;", "v", "struct T");
    TYPE("struct __anon_3_1 { int x; } *v;", "v", "struct *");
    TYPE("_Bool b;", "b", "_Bool");
    TYPE("char m[2][5];", "m", "char [2][5]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(shows_integers),
        TEST(shows_characters),
        TEST(shows_floating_point),
        TEST(shows_enumerations),
        TEST(shows_strings),
        TEST(shows_pointers),
        TEST(shows_functions),
        TEST(shows_arrays),
        TEST(shows_structures),
        TEST(survives_bad_addresses),
        TEST(shows_nothing_for_void),
        TEST(spells_types),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
