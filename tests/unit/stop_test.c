/* Stop: cells are left where that harms nothing, and keep what they had done. */
#include "fake_nn.h"
#include "run_child.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static child_end last;

static void check_contains(const char *text, const char *part, int line)
{
    if (!strstr(text, part)) {
        print_error("%s:%d: no \"%s\" in:\n%s\n", __FILE__, line, part, text);
        fail();
    }
}

#define HAS(text, part) check_contains(text, part, __LINE__)

/* Stopped with effects kept: `value` is VALUE, and the session works. */
static void stops_with(const char *cell, int value, const child_options *options)
{
    child_run(cell, options, &last);
    if (last.died || last.report.end != RUN_INTERRUPTED)
        print_error("%s\nended %d, %s: %s\n%s\n%s\n", cell, last.report.end, last.report.name,
                    last.report.message, last.report.trace, last.output);
    assert_false(last.died);
    assert_int_equal(last.report.end, RUN_INTERRUPTED);
    assert_string_equal(last.report.name, "KeyboardInterrupt");
    assert_int_equal(last.value, value);
    assert_true(last.is_alive);
}

static void stops(const char *cell, int value)
{
    stops_with(cell, value, &(child_options){.stops = 1});
}

static void loops(void **state)
{
    (void)state;
    stops("void __cell(void) {\n  value = 7; begin();\n  for (;;) value = 7;\n}", 7);
    assert_string_equal(last.report.message, "stopped at In[2]:3");
    HAS(last.report.trace, "  In[2]:3  cell\n");
    stops("void f(int n) { begin();\n  while (n); }\nvoid __cell(void) { value = 8; f(3); value = 9; }",
          8);
    assert_string_equal(last.report.message, "stopped in f() at In[2]:2");
    HAS(last.report.trace, "  In[2]:2  f(n = 3)\n  In[2]:3  cell\n");
}

static void library_calls(void **state)
{
    (void)state;
    stops("void __cell(void) { value = 1; begin(); sleep(100); value = 2; }", 1);
    stops("void __cell(void) { value = 1; begin(); for (;;) sleep(100); }", 1);
    stops("void __cell(void) { int p[2]; char c; pipe(p); value = 1; begin();"
          "  for (;;) read(p[0], &c, 1); }", 1);
    stops("void __cell(void) { int p[2]; char l[9]; pipe(p); FILE *f = fdopen(p[0], \"r\");"
          "  value = 1; begin(); for (;;) fgets(l, 9, f); }", 1);
    stops("void __cell(void) { value = 1; begin(); for (;;) { void *a[50];"
          "  for (int j = 0; j < 50; j++) a[j] = malloc(20 + j * 97);"
          "  for (int j = 0; j < 50; j++) free(a[j]); } }", 1);
    stops("void __cell(void) { FILE *f = fopen(\"/dev/null\", \"w\"); value = 1; begin();"
          "  for (int i = 0;; i++) fprintf(f, \"hello %d %f\\n\", i, 3.5); }", 1);
    stops("int r(int n) { return n ? r(n - 1) + 1 : (usleep(100000000), 0); }\n"
          "void __cell(void) { value = 1; begin(); for (;;) r(3000); }", 1);
}

static void callbacks(void **state)
{
    (void)state;
    /* qsort returns first. */
    stops("int cmp(const void *a, const void *b) { return *(int *)a - *(int *)b; }\n"
          "int A[50000];\n"
          "void __cell(void) { value = 3; begin(); for (;;) {"
          "  for (int i = 0; i < 1000; i++) A[i] = i * 7919 % 1009; qsort(A, 1000, 4, cmp); } }", 3);
    assert_null(strstr(last.report.message, "jumping out"));
    stops("int cmp(const void *a, const void *b) { value = 4; begin();\n for (;;) value = 4; return 0; }\n"
          "void __cell(void) { int v[9] = {3}; qsort(v, 9, 4, cmp); value = 5; }", 4);
    HAS(last.report.message, "stopped in cmp() at In[2]:2, jumping out of qsort(), which had not");
    HAS(last.report.trace, "  In[2]:3  cell");
    stops("int cmp(const void *a, const void *b) { value = 4; begin();\n"
          " for (;;) usleep(1000); return 0; }\n"
          "void __cell(void) { int v[9] = {3}; qsort(v, 9, 4, cmp); value = 5; }", 4);
    HAS(last.report.message, "jumping out of qsort()");
}

static void long_calls_of_the_library_s_complete(void **state)
{
    (void)state;
    const char *prototypes = "int fake_work(void); int fake_work_with(int (*)(int));"
                             "typedef struct { double v[5]; } result; result fake_work_result(void);\n";
    char cell[1000];
    struct {
        const char *text;
        int value;
    } cases[] = {
        {"void __cell(void) { begin();\n value = fake_work();\n value = 9;\n}", 42},
        {"void __cell(void) { begin(); value = fake_work() + 1; value = fake_work() + 9; }", 43},
        {"void __cell(void) { begin(); for (;;) value = fake_work(); }", 42},
        {"int f(void) { return fake_work(); }\nvoid __cell(void) { begin();\n value = f() * 2;\n"
         "value = 9; }", 84},
        {"result r; void __cell(void) { begin();\n r = fake_work_result(); value = r.v[4];\n"
         " value = 9; }", 5},
        {"void __nb_poll(void); void __cell(void) { begin(); value = fake_work(); __nb_poll();"
         " value = 9; }", 42},
        {"void __cell(void) { begin(); value = fake_work(); }", 42},
        {"int back(int i) { usleep(100); return i; }\nvoid __cell(void) { begin();\n"
         " value = fake_work_with(back);\n value = 9; }", 43},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(cell, sizeof cell, "%s%s", prototypes, cases[i].text);
        stops(cell, cases[i].value);
    }
}

static void commands(void **state)
{
    (void)state;
    stops_with("void __cell(void) { value = 1; begin(); system(\"sleep 20\"); value = 2; }", 1,
               &(child_options){.stops = 1, .to_group = true});
    stops_with("#include <sys/wait.h>\nvoid __cell(void) { value = 1; if (!fork()) sleep(20);"
               "  begin(); for (;;) wait(NULL); }", 1,
               &(child_options){.stops = 1, .to_group = true});
}

static void other_threads_pass_it_on(void **state)
{
    (void)state;
    stops("#include <pthread.h>\nint f(void) { usleep(500); return 1; }\n"
          "void *g(void *a) { for (;;) f(); return a; }\n"
          "void __cell(void) { pthread_t t; for (int i = 0; i < 3; i++)"
          "  pthread_create(&t, NULL, g, NULL); value = 1; begin(); for (;;) f(); }", 1);
}

static void early_and_repeated(void **state)
{
    (void)state;
    stops_with("void __cell(void) { value = 1; begin(); for (;;) { begin(); usleep(10); } }", 1,
               &(child_options){.stops = 1, .burst = 20});
    child_run("void __cell(void) { value = 5; }", &(child_options){.stop_first = true}, &last);
    assert_int_equal(last.report.end, RUN_INTERRUPTED);
    assert_int_equal(last.value, 0);
    assert_true(last.is_alive);
}

int main(void)
{
    fake_nn_set_poll(run_interrupted);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops),
        cmocka_unit_test(library_calls),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(long_calls_of_the_library_s_complete),
        cmocka_unit_test(commands),
        cmocka_unit_test(other_threads_pass_it_on),
        cmocka_unit_test(early_and_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
