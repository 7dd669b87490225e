#include "cell_source.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int int_of(loader_t *loader, const char *name)
{
    int *at = loader_symbol(loader, name);
    assert_non_null(at);
    return *at;
}

static double double_of(loader_t *loader, const char *name)
{
    double *at = loader_symbol(loader, name);
    assert_non_null(at);
    return *at;
}

/* Load, expecting failure; returns the error. */
static const char *load_error(loader_t *loader, const char *text)
{
    static char error[512];
    lang_unit unit = cell_compile(text, "", "");
    int image = 0;
    assert_int_equal(loader_load(loader, &unit, 9, &image, error, sizeof error), -1);
    cell_free(&unit);
    return error;
}

static void shares_variables_between_cells(void **state)
{
    cell_load(*state, "double w = 3; int tab[4] = {1, 2, 3, 4}; int f(int x) { return x + 1; }"
                      "int (*fp)(int) = f; const char *msg = \"hello\"; double acc, lt; int sum;",
              1, "", "");
    /* Floating-point operands of another unit: the hole H1 of TinyCC's own linker. */
    cell_run(*state, "extern double w, acc, lt; extern int tab[4], sum; int f(int);"
                     "extern int (*fp)(int); extern const char *msg;"
                     "void __cell(void) { double x = 2; x += w; acc = x * w; lt = w < x;"
                     "  sum = tab[2] + f(10) + fp(100) + msg[1]; }", 2);
    assert_true(double_of(*state, "acc") == 15.0);
    assert_true(double_of(*state, "lt") == 1.0);
    assert_int_equal(int_of(*state, "sum"), 3 + 11 + 101 + 'e');
}

static void reaches_the_library_s_variables(void **state)
{
    extern char **environ;
    cell_run(*state, "#include <stdio.h>\n#include <errno.h>\n#include <unistd.h>\n"
                     "#include <stdlib.h>\n#include <getopt.h>\n"
                     "FILE *out, *err, *in; char **env, **env2; int index_before, e; double inf;"
                     "FILE **where = &stdout;"
                     "void __cell(void) { out = stdout; err = stderr; in = stdin; env = environ;"
                     "  index_before = optind; optind = 7; optarg = \"x\"; errno = 0;"
                     "  close(-1); e = errno; }", 1);
    assert_ptr_equal(*(void **)loader_symbol(*state, "out"), stdout);
    assert_ptr_equal(*(void **)loader_symbol(*state, "err"), stderr);
    assert_ptr_equal(*(void **)loader_symbol(*state, "in"), stdin);
    assert_ptr_equal(*(void **)loader_symbol(*state, "env"), environ);
    assert_ptr_equal(**(void ***)loader_symbol(*state, "where"), stdout);
    assert_int_equal(int_of(*state, "index_before"), 1);
    assert_int_equal(optind, 7);
    assert_string_equal(optarg, "x");
    assert_int_equal(int_of(*state, "e"), EBADF);
    optind = 1;
}

static void calls_the_library(void **state)
{
    cell_run(*state, "#include <stdlib.h>\n#include <math.h>\n#include <string.h>\n"
                     "#include <stdarg.h>\n#include <sys/stat.h>\n"
                     "void *alloca(unsigned long);"
                     "int cmp(const void *a, const void *b) { return *(int *)a - *(int *)b; }"
                     "int sum(int n, ...) { va_list v; int t = 0; va_start(v, n);"
                     "  while (n--) t += va_arg(v, int); return t; }"
                     "int a[4] = {4, 2, 3, 1}, total, bits, found, stack; double root, big;"
                     "unsigned long whole; int __builtin_popcount(unsigned);"
                     "void __cell(void) { struct stat st; char *p = alloca(32);"
                     "  qsort(a, 4, sizeof a[0], cmp); root = sqrt(2.0); total = sum(3, 1, 2, 3);"
                     "  big = (double)18446744073709551615ul; whole = (unsigned long)1.5e19;"
                     "  bits = __builtin_popcount(255); found = stat(\"/\", &st);"
                     "  strcpy(p, \"alloca\"); stack = strlen(p); }", 1);
    assert_memory_equal(loader_symbol(*state, "a"), ((int[]){1, 2, 3, 4}), 16);
    assert_int_equal(int_of(*state, "total"), 6);
    assert_int_equal(int_of(*state, "bits"), 8);
    assert_int_equal(int_of(*state, "found"), 0);
    assert_int_equal(int_of(*state, "stack"), 6);
    assert_true(double_of(*state, "root") > 1.41421356 && double_of(*state, "root") < 1.41421357);
    assert_true(double_of(*state, "big") == 18446744073709551615.0);
    assert_true(*(unsigned long *)loader_symbol(*state, "whole") == 15000000000000000000ul);
}

static void runs_constructors(void **state)
{
    cell_load(*state, "int v; __attribute__((constructor)) void c(void) { v = 3; }", 1, "", "");
    assert_int_equal(int_of(*state, "v"), 3);
}

static void keeps_the_address_of_a_variable_of_the_same_type(void **state)
{
    cell_load(*state, "int v = 1, other = 2; int *pv = &v; int tab[3] = {1, 2, 3};", 1, "", "");
    int *old = loader_symbol(*state, "v");
    int image = cell_load(*state, "int v; int tab[3] = {4, 5, 6}; int *again = &v;"
                                  "void __cell(void) { v += 5; }", 2, "v tab", "");
    assert_ptr_equal(loader_symbol(*state, "v"), old);
    assert_int_equal(*old, 0); /* zero again, though nothing ran */
    assert_ptr_equal(*(int **)loader_symbol(*state, "again"), old);
    assert_memory_equal(loader_symbol(*state, "tab"), ((int[]){4, 5, 6}), 12);
    ((void (*)(void))loader_image_symbol(*state, image, "__cell"))();
    assert_int_equal(**(int **)loader_symbol(*state, "pv"), 5);
    assert_int_equal(int_of(*state, "other"), 2);
}

static void gives_new_storage_for_another_type(void **state)
{
    cell_load(*state, "int v = 1; int get(void) { return v; }", 1, "", "");
    cell_load(*state, "double v = 2.5;", 2, "", "");
    int (*get)(void) = (int (*)(void))loader_symbol(*state, "get");
    assert_int_equal(get(), 1);
    assert_true(double_of(*state, "v") == 2.5);
}

static void patches_all_older_entries(void **state)
{
    cell_load(*state, "int f(void) { return 1; }", 1, "", "");
    cell_load(*state, "int f(void); int g(void) { return f(); } int (*h)(void) = f;", 2, "", "");
    int (*first)(void) = (int (*)(void))loader_symbol(*state, "f");
    for (int version = 2; version < 5; version++) {
        char text[64];
        snprintf(text, sizeof text, "int f(void) { return %d; }", version);
        cell_load(*state, text, version + 1, "", "f");
        int (*g)(void) = (int (*)(void))loader_symbol(*state, "g");
        int (*h)(void) = *(int (**)(void))loader_symbol(*state, "h");
        assert_int_equal(g(), version);
        assert_int_equal(h(), version);
        assert_int_equal(first(), version);
    }
    /* Another type: callers keep what they call. */
    cell_load(*state, "double f(void) { return 9; }", 8, "", "");
    assert_int_equal(((int (*)(void))loader_symbol(*state, "g"))(), 4);
    assert_true(((double (*)(void))loader_symbol(*state, "f"))() == 9.0);
}

static void binds_undefined_functions_later(void **state)
{
    cell_load(*state, "int later(int); int (*p)(int) = later; int use(void) { return later(4); }",
              1, "", "");
    assert_null(loader_symbol(*state, "later"));
    cell_load(*state, "int later(int x) { return x * 10; }", 2, "", "");
    assert_int_equal(((int (*)(void))loader_symbol(*state, "use"))(), 40);
    assert_int_equal((*(int (**)(int))loader_symbol(*state, "p"))(5), 50);
    cell_load(*state, "int later(int x) { return x * 100; }", 3, "", "later");
    assert_int_equal(((int (*)(void))loader_symbol(*state, "use"))(), 400);
}

static void a_failed_load_changes_nothing(void **state)
{
    cell_load(*state, "int v = 1; int f(void) { return 1; }", 1, "", "");
    const char *error = load_error(*state, "extern int nowhere; int nofunction(void); int v = 7;"
                                           "int f(void) { return nofunction() + nowhere; }"
                                           "int fresh = 3;");
    assert_string_equal(error, "variable nowhere is declared but not defined");
    assert_int_equal(int_of(*state, "v"), 1);
    assert_int_equal(((int (*)(void))loader_symbol(*state, "f"))(), 1);
    assert_null(loader_symbol(*state, "fresh"));
    assert_null(loader_symbol(*state, "nofunction"));
    /* The space is used again, zeroed. */
    cell_load(*state, "int zeros[1000]; int nofunction(void) { return 8; }", 2, "", "");
    int *zeros = loader_symbol(*state, "zeros");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    assert_int_equal(((int (*)(void))loader_symbol(*state, "nofunction"))(), 8);
}

/* A far double can only be refused: through a jump it would be read as code. */
static double far_away = 2.5;

static void refuses_far_floating_point_operands(void **state)
{
    loader_interpose(*state, "far_away", &far_away);
    cell_run(*state, "extern double far_away; double x; void __cell(void) { x = far_away; }", 1);
    assert_true(double_of(*state, "x") == 2.5);
    const char *error = load_error(*state, "extern double far_away, x;"
                                           "void __cell(void) { x = x + far_away; }");
    assert_non_null(strstr(error, "far_away is a floating-point variable"));
}

static int interposed_getpid(void)
{
    return -5;
}

static void prefers_interposed_functions(void **state)
{
    loader_interpose(*state, "getpid", (void *)interposed_getpid);
    cell_run(*state, "int getpid(void); int pid; void __cell(void) { pid = getpid(); }", 1);
    assert_int_equal(int_of(*state, "pid"), -5);
    /* The user's own comes first. */
    cell_run(*state, "int getpid(void) { return 6; } extern int pid;"
                     "void __cell(void) { pid = getpid(); }", 2);
    assert_int_equal(int_of(*state, "pid"), 6);
}

static void refuses_what_does_not_fit(void **state)
{
    const char *error = load_error(*state, "char huge[2000000000];");
    assert_non_null(strstr(error, "memory is full"));
    cell_load(*state, "char large[300000000];", 1, "", "");
    char *large = loader_symbol(*state, "large");
    large[299999999] = 1;
}

static void survives_damaged_objects(void **state)
{
    lang_unit unit = cell_compile("int v = 1; int f(void) { return v; }", "", "");
    char *bytes = malloc(unit.object_size);
    char error[256];
    int image;
    for (size_t cut = 0; cut < unit.object_size; cut += 7) {
        lang_unit damaged = unit;
        damaged.object = bytes;
        damaged.object_size = cut ? cut : 1;
        memcpy(bytes, unit.object, damaged.object_size);
        assert_int_equal(loader_load(*state, &damaged, 1, &image, error, sizeof error), -1);
    }
    free(bytes);
    cell_free(&unit);
}

static void aligns_and_separates(void **state)
{
    int image = cell_load(*state, "static int hidden = 4; char c = 1; double d = 2;"
                                  "static int get(void) { return hidden; }"
                                  "int (*p)(void) = get;"
                                  "void __cell(void) { static int inner = 6; hidden = inner; }",
                          1, "", "");
    assert_null(loader_symbol(*state, "hidden"));
    assert_null(loader_symbol(*state, "__cell"));
    assert_int_equal(*(int *)loader_image_symbol(*state, image, "hidden"), 4);
    assert_int_equal(*(int *)loader_image_symbol(*state, image, "inner"), 6);
    assert_null(loader_image_symbol(*state, image, "absent"));
    assert_true(loader_is_text(*state, loader_image_symbol(*state, image, "__cell")));
    assert_true(loader_is_data(*state, loader_symbol(*state, "c")));
    assert_false(loader_is_text(*state, loader_symbol(*state, "c")));
    assert_false(loader_is_data(*state, &far_away));
}

/* --- What a cell leaves behind once it has run --- */

/* Load and run a cell and let it go; returns a place in its code. */
static char *run_and_retire(loader_t *loader, const char *text, int number)
{
    int image = cell_load(loader, text, number, "", "");
    char *code = loader_image_symbol(loader, image, "__cell");
    assert_non_null(code);
    ((void (*)(void))code)();
    loader_retire(loader, image);
    return code;
}

static void a_cell_that_defines_nothing_leaves_nothing(void **state)
{
    cell_load(*state, "int count; double half = 0.5; int twice(int v) { return 2 * v; }", 1, "", "");
    const char cell[] = "extern int count; int twice(int); unsigned long strlen(const char *);"
                        "void __cell(void) { static int __xt_value; __xt_value = twice(3);"
                        "  count += __xt_value; }";
    char *first = run_and_retire(*state, cell, 2);
    assert_false(loader_is_text(*state, first));
    for (int i = 3; i < 100; i++)
        assert_ptr_equal(run_and_retire(*state, cell, i), first);
    assert_int_equal(int_of(*state, "count"), 98 * 6);
}

/* As the inline functions of headers are. */
static void a_static_function_goes_unless_its_address_is_taken(void **state)
{
    cell_load(*state, "int count; int (*kept)(int);", 1, "", "");
    const char cell[] = "extern int count; static int twice(int v) { return 2 * v; }"
                        "static int four(int v) { return twice(twice(v)); }"
                        "void __cell(void) { count += four(1); }";
    char *first = run_and_retire(*state, cell, 2);
    assert_false(loader_is_text(*state, first));
    assert_ptr_equal(run_and_retire(*state, cell, 3), first);
    assert_int_equal(int_of(*state, "count"), 8);
    run_and_retire(*state, "extern int (*kept)(int); static int thrice(int v) { return 3 * v; }"
                           "void __cell(void) { kept = thrice; }", 4);
    run_and_retire(*state, "extern int (*kept)(int); static int same(int v) { return v; }"
                           "static int (*table[])(int) = {same};"
                           "void __cell(void) { if (!kept) kept = table[0]; }", 5);
    for (int i = 6; i < 40; i++)
        run_and_retire(*state, cell, i);
    assert_int_equal((*(int (**)(int))loader_symbol(*state, "kept"))(5), 15);
}

static void what_may_still_be_used_stays(void **state)
{
    cell_load(*state, "const char *text; int (*compare)(const char *, const char *);"
                      "int (*mine)(int); int *kept;", 1, "", "");
    run_and_retire(*state, "extern const char *text; void __cell(void) { text = \"some text\"; }",
                   2);
    run_and_retire(*state, "extern int *kept; void __cell(void) { static int n; n = 5; kept = &n; }",
                   3);
    run_and_retire(*state, "int strcmp(const char *, const char *);"
                           "extern int (*compare)(const char *, const char *);"
                           "void __cell(void) { compare = strcmp; }", 4);
    run_and_retire(*state, "extern int (*mine)(int); int thrice(int v) { return 3 * v; }"
                           "void __cell(void) { mine = thrice; }", 5);
    for (int i = 6; i < 40; i++) /* would lie where the others were */
        run_and_retire(*state, "void __cell(void) { const char *a = \"xxxxxxxxxxxxxxxxxxx\";"
                               "  static int b = 77; b++; (void)a; }", i);
    assert_string_equal(*(const char **)loader_symbol(*state, "text"), "some text");
    assert_int_equal(**(int **)loader_symbol(*state, "kept"), 5);
    int (*compare)(const char *, const char *) =
        *(int (**)(const char *, const char *))loader_symbol(*state, "compare");
    assert_int_equal(compare("a", "a"), 0);
    assert_int_equal((*(int (**)(int))loader_symbol(*state, "mine"))(5), 15);
    assert_int_equal(((int (*)(int))loader_symbol(*state, "thrice"))(5), 15);
}

static void initial_values_given_again_leave_nothing(void **state)
{
    const char cell[] = "int large[100000] = {1, 2, 3}; void __cell(void) { large[0]++; }";
    cell_load(*state, cell, 1, "", "");
    char *large = loader_symbol(*state, "large"), *first = NULL;
    for (int i = 2; i < 12; i++) {
        int image = cell_load(*state, cell, i, "large", "");
        char *code = loader_image_symbol(*state, image, "__cell");
        assert_true(!first || code == first);
        first = code;
        assert_ptr_equal(loader_symbol(*state, "large"), large);
        loader_retire(*state, image);
    }
    assert_int_equal(*(int *)(void *)large, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(shares_variables_between_cells),
        TEST(reaches_the_library_s_variables),
        TEST(calls_the_library),
        TEST(runs_constructors),
        TEST(keeps_the_address_of_a_variable_of_the_same_type),
        TEST(gives_new_storage_for_another_type),
        TEST(patches_all_older_entries),
        TEST(binds_undefined_functions_later),
        TEST(a_failed_load_changes_nothing),
        TEST(refuses_far_floating_point_operands),
        TEST(prefers_interposed_functions),
        TEST(refuses_what_does_not_fit),
        TEST(survives_damaged_objects),
        TEST(aligns_and_separates),
#undef TEST
        cmocka_unit_test_setup_teardown(a_cell_that_defines_nothing_leaves_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_static_function_goes_unless_its_address_is_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_may_still_be_used_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(initial_values_given_again_leave_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
