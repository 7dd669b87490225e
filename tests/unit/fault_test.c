/* Faults and other ends of a cell: what they say, and that nothing outlives them that should not. */
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

static void run(const char *cell)
{
    child_run(cell, &(child_options){0}, &last);
}

/* The cell dies of a signal, having said so. */
static void dies(const char *cell, const char *name, int number)
{
    run(cell);
    if (!last.died)
        print_error("lives: %s\n%s\n", cell, last.output);
    assert_true(last.died);
    assert_string_equal(last.report.name, name);
    assert_true(WIFSIGNALED(last.status));
    assert_int_equal(WTERMSIG(last.status), number);
}

static void null_pointers(void **state)
{
    (void)state;
    dies("void __cell(void) {\n  int *p = 0;\n  *p = 1; }", "SIGSEGV", SIGSEGV);
    assert_string_equal(last.report.message, "NULL pointer: write to address 0x0 at In[2]:3");
    HAS(last.report.trace, "  In[2]:3  cell, p = NULL\n");
    dies("struct s { char c[16]; int n; } *q; int get(struct s *s) { return s->n; }\n"
         "void __cell(void) { get(q); }", "SIGSEGV", SIGSEGV);
    assert_string_equal(last.report.message,
                        "NULL pointer: read of address 0x10 in get() at In[2]:1");
    HAS(last.report.trace, "  In[2]:1  get(s = NULL)\n  In[2]:2  cell\n");
    dies("void (*f)(int);\nvoid __cell(void) {\n f(4); }", "SIGSEGV", SIGSEGV);
    assert_string_equal(last.report.message,
                        "NULL pointer: call of a function pointer that is NULL at In[2]:3");
}

static void wild_pointers(void **state)
{
    (void)state;
    dies("void __cell(void) { long a = 0x123456789000; *(char *)a = 1; }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, "write to address 0x123456789000 at In[2]:1, where there is no memory");
    dies("void __cell(void) { unsigned long a = 0xdeadbeefdeadbeef; *(char *)a = 1; }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, "whose value is no address");
    dies("void f(void) {} void __cell(void) { *(char *)f = 1; }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, ", which is code");
    dies("int a[4]; void __cell(void) { volatile int i = 100000000; a[i] = 1; }", "SIGSEGV",
         SIGSEGV);
    HAS(last.report.message, "outside of all variables");
    dies("int a[4]; void __cell(void) { ((void (*)(void))a)(); }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, ", which is data");
}

static void nested_calls_with_arguments(void **state)
{
    (void)state;
    child_run("void __cell(void)\n{\n  double d[3] = {1, 2.5, 3};\n  outer(d, 3);\n}",
              &(child_options){
                  .first = "int inner(double *p, int n)\n{\n  int *q = NULL, k = n + 1;\n"
                           "  return *q + k;\n}\n"
                           "int outer(double *v, int size)\n{\n  char name[8] = \"ab\";\n"
                           "  return inner(v, size * 2);\n}\n"},
              &last);
    assert_string_equal(last.report.name, "SIGSEGV");
    HAS(last.report.message, "in inner() at In[1]:4");
    HAS(last.report.trace, "  In[1]:4  inner(p = (double *) 0x");
    HAS(last.report.trace, ", n = 6), q = NULL, k = 7\n");
    HAS(last.report.trace, "  In[1]:9  outer(v = (double *) 0x");
    HAS(last.report.trace, ", size = 3), name = \"ab\"\n");
    HAS(last.report.trace, "  In[2]:4  cell, d = {1.0, 2.5, 3.0}\n");
}

static void faults_in_the_library(void **state)
{
    (void)state;
    dies("unsigned long f(const char *s) {\n  return strlen(s) + 1; }\n"
         "void __cell(void) { char *volatile p = 0; f(p); }", "SIGSEGV", SIGSEGV);
    assert_string_equal(last.report.message, "NULL pointer: read of address 0x0 in strlen(), "
                                             "called by f() at In[2]:2");
    HAS(last.report.trace, "  In[2]:2  f(s = NULL)\n  In[2]:3  cell");
    dies("void __cell(void) {\n  char b[4]; memset(b, 7, 1 << 24); }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, " in memset(), called at In[2]:2");
    HAS(last.report.message, "above the stack");
    dies("int cmp(const void *a, const void *b) {\n  return *(int *)a / (*(int *)b - 3); }\n"
         "void __cell(void) { int v[4] = {1, 2, 3, 4};\n  qsort(v, 4, 4, cmp); }", "SIGFPE",
         SIGFPE);
    HAS(last.report.message, "integer division by zero in cmp() at In[2]:2");
    HAS(last.report.trace, "  In[2]:2  cmp(a = ");
    HAS(last.report.trace, "  In[2]:4  cell, v = {1, 2, ");
}

static void divisions(void **state)
{
    (void)state;
    dies("void __cell(void) { volatile int z = 0; 5 / z; }", "SIGFPE", SIGFPE);
    assert_string_equal(last.report.message, "integer division by zero at In[2]:1");
    dies("void __cell(void) { volatile long z = -1, m = -9223372036854775807 - 1; m / z; }",
         "SIGFPE", SIGFPE);
    HAS(last.report.message, "does not fit");
    dies("void __cell(void) { volatile unsigned char z = 0; volatile long n = 7; n %= z; }",
         "SIGFPE", SIGFPE);
    HAS(last.report.message, "division by zero");
}

static void stack_overflows(void **state)
{
    (void)state;
    dies("int rec(int n) { char b[1000]; b[0] = n; return rec(n + 1) + b[0]; }\n"
         "void __cell(void) { rec(0); }", "StackOverflow", SIGSEGV);
    HAS(last.report.message, "stack overflow in rec() at In[2]:1, ");
    HAS(last.report.message, "does the recursion end?");
    HAS(last.report.trace, " more calls ...\n");
    HAS(last.report.trace, "  In[2]:2  cell\n");
    dies("void big(void) { char b[64 << 20]; b[0] = 1; }\nvoid __cell(void) { big(); }",
         "StackOverflow", SIGSEGV);
    HAS(last.report.message, "stack overflow in big() at In[2]:1, 2 calls deep; the local "
                             "variables do not fit");
    /* printf needs more than is left. */
    dies("void deep(void) { char here; extern char *low; if (&here - low < 600) printf(\"%f\", 1.5);"
         "  else deep(); }\nchar *low;\n"
         "void __cell(void) { char here; low = &here - (8 << 20) + 600; deep(); }",
         "StackOverflow", SIGSEGV);
    HAS(last.report.message, "in printf(), called by deep() at In[2]:1");
}

static void aborts(void **state)
{
    (void)state;
    dies("void f(void) { abort(); }\nvoid __cell(void) { f(); }", "SIGABRT", SIGABRT);
    HAS(last.report.message, "abort() called");
    HAS(last.report.message, "f() at In[2]:1");
    dies("#include <assert.h>\n#line 1 \"In[2]\"\nvoid __cell(void) {\n  int x = 1; assert(x == 99); }",
         "SIGABRT", SIGABRT);
    HAS(last.report.message, "assertion failed: x == 99");
    HAS(last.output, "In[2]:2: Assertion `x == 99' failed.");
    dies("void __cell(void) { char *h = malloc(4); free(h);\n free(h); }", "SIGABRT", SIGABRT);
    HAS(last.report.message, "the C library found damaged memory in free(), called at In[2]:2");
    dies("void __cell(void) { raise(11); }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, "sent to the session");
    dies("void __builtin_trap(void); void __cell(void) { __builtin_trap(); }", "SIGILL", SIGILL);
    HAS(last.report.message, "__builtin_trap()");
}

static void smashed_stacks(void **state)
{
    (void)state;
    /* The frame pointer and the return address are overwritten. */
    dies("void f(void) { long a[2]; for (int i = 0; i < 8; i++) a[i] = 0x4141414141414141; }\n"
         "void __cell(void) { f(); }", "SIGSEGV", SIGSEGV);
    dies("void f(void) { long a[2]; for (int i = 0; i < 8; i++) a[i] = 0x1000; }\n"
         "void __cell(void) { f(); }", "SIGSEGV", SIGSEGV);
    dies("void f(void) { long a[2]; for (int i = 0; i < 8; i++) a[i] = (long)&a[i]; }\n"
         "void __cell(void) { f(); }", "SIGSEGV", SIGSEGV);
}

static void exits(void **state)
{
    (void)state;
    run("void __cell(void) { value = 5; exit(0); value = 6; }");
    assert_int_equal(last.report.end, RUN_EXITED);
    assert_int_equal(last.value, 5);
    assert_true(last.is_alive);
    run("void f(void) { exit(3); }\nvoid __cell(void) { printf(\"out\"); f(); }");
    assert_true(last.died);
    assert_string_equal(last.report.name, "ExitStatus");
    assert_string_equal(last.report.message, "exit(3) in f() at In[2]:1");
    HAS(last.report.trace, "  In[2]:1  f()\n  In[2]:2  cell\n");
    assert_true(WIFEXITED(last.status) && WEXITSTATUS(last.status) == 3);
    assert_string_equal(last.output, "out");
    run("void __cell(void) { _exit(0); }");
    assert_true(last.died);
    assert_string_equal(last.report.message, "_exit(0) at In[2]:1");
    child_run("int main(int argc, char **argv) { value = argc; return 3; }",
              &(child_options){.is_main = true}, &last);
    assert_int_equal(last.report.end, RUN_RAISED);
    assert_string_equal(last.report.name, "ExitStatus");
    assert_string_equal(last.report.message, "main returned 3");
    assert_int_equal(last.value, 1);
    assert_true(last.is_alive);
}

static void faults_without_a_snapshot(void **state)
{
    (void)state;
    child_run("void __cell(void) { value = 8; *(int *)0 = 1; }", &(child_options){.survive = true},
              &last);
    assert_false(last.died);
    assert_int_equal(last.report.end, RUN_RAISED);
    assert_string_equal(last.report.name, "SIGSEGV");
    HAS(last.report.message, "memory may be damaged");
    assert_int_equal(last.value, 8);
    assert_true(last.is_alive);
}

static void children_are_their_own(void **state)
{
    (void)state;
    run("#include <sys/wait.h>\nvoid __cell(void) { int a, b, c, d;\n"
        "  if (!fork()) exit(4); wait(&a);\n"
        "  if (!fork()) *(volatile int *)0 = 1; wait(&b);\n"
        "  if (!fork()) { printf(\"child\"); return; } waitpid(-1, &c, 0);\n"
        "  if (!fork()) abort(); wait(&d);\n"
        "  printf(\" %d %d %d %d %d\", WEXITSTATUS(a), WTERMSIG(b), WEXITSTATUS(c), WTERMSIG(d),\n"
        "         wait(NULL)); }");
    assert_string_equal(last.output, "child 4 11 0 6 -1");
    assert_int_equal(last.report.end, RUN_DONE);
    assert_true(last.is_alive);
}

static void threads(void **state)
{
    (void)state;
    dies("#include <pthread.h>\nvoid *f(void *a) {\n  *(int *)a = 1; return a; }\n"
         "void __cell(void) { pthread_t t; pthread_create(&t, NULL, f, NULL);"
         "  pthread_join(t, NULL); }", "SIGSEGV", SIGSEGV);
    HAS(last.report.message, "NULL pointer: write to address 0x0 in f() at In[2]:3");
    run("#include <pthread.h>\nvoid *f(void *a) { exit(0); return a; }\n"
        "void __cell(void) { pthread_t t; value = 4; pthread_create(&t, NULL, f, NULL);"
        "  for (;;); }");
    assert_int_equal(last.report.end, RUN_EXITED);
    assert_int_equal(last.value, 4);
}

static void constructors_on_the_cell_s_stack(void **state)
{
    (void)state;
    dies("int r(int n) { return r(n + 1) + 1; }\n"
         "__attribute__((constructor)) void c(void) { r(0); } void __cell(void) {}",
         "StackOverflow", SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_pointers),
        cmocka_unit_test(wild_pointers),
        cmocka_unit_test(nested_calls_with_arguments),
        cmocka_unit_test(faults_in_the_library),
        cmocka_unit_test(divisions),
        cmocka_unit_test(stack_overflows),
        cmocka_unit_test(aborts),
        cmocka_unit_test(smashed_stacks),
        cmocka_unit_test(exits),
        cmocka_unit_test(faults_without_a_snapshot),
        cmocka_unit_test(children_are_their_own),
        cmocka_unit_test(threads),
        cmocka_unit_test(constructors_on_the_cell_s_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
