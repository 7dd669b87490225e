/* Cells to a program: what stands where. That programs compile and run: tests/notebooks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

static char error[600];

/* The program of up to four cells, from behind the includes; malloc'ed. NULL with `error`. */
static char *export_cells(const char *const *texts, size_t count)
{
    export_cell cells[4];
    for (size_t i = 0; i < count; i++)
        cells[i] = (export_cell){.heading = "", .text = texts[i], .size = strlen(texts[i]),
                                 .number = (int)i + 1};
    wire_buf out = {0};
    int result = export_program("n.ipynb", cells, count, &out, error, sizeof error);
    wire_put_raw(&out, "", 1);
    char *start = result == 0 ? strstr(out.data, "#include <notebook.h>\n") : NULL;
    char *copy = start ? strdup(start + strlen("#include <notebook.h>\n")) : NULL;
    wire_buf_free(&out);
    return copy;
}

#define EXPORT(...)                                                                                \
    export_cells((const char *const[]){__VA_ARGS__},                                              \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void check(char *program, const char *expected)
{
    if (!program)
        fail_msg("%s", error);
    assert_string_equal(program, expected);
    free(program);
}

static void statements_and_their_variables_stand_in_main(void **state)
{
    (void)state;
    check(EXPORT("int n = 3;   // how many\n", "// Twice.\nprintf(\"%d\\n\", 2 * n);", "n"),
          "\nint main(void)\n{\n"
          "    int n = 3;   // how many\n"
          "    // Twice.\n"
          "    printf(\"%d\\n\", 2 * n);\n"
          "    display(n);\n"
          "    return 0;\n}\n");
}

static void what_a_function_needs_stands_at_file_scope(void **state)
{
    (void)state;
    check(EXPORT("#define TWO 2\n#define THREE 3\nint n = TWO, m = 1;\nint k = THREE;",
                 "int f(int m) { return m + n; }", "f(m + k)"),
          "#define TWO 2\n"
          "int n = TWO, m = 1;\n"
          "\nint f(int m) { return m + n; }\n"
          "\nint main(void)\n{\n"
          "#define THREE 3\n"
          "    int k = THREE;\n"
          "    display(f(m + k));\n"
          "    return 0;\n}\n");
}

static void values_that_are_computed_are_assigned_in_main(void **state)
{
    (void)state;
    check(EXPORT("double r = sqrt(2.0);\nconst int list[2] = {abs(-1), 2};",
                 "double f(void) { return r + list[0]; }", "f();"),
          "double r;\n"
          "int list[2];\n"
          "\ndouble f(void) { return r + list[0]; }\n"
          "\nint main(void)\n{\n"
          "    r = sqrt(2.0);\n"
          "    memcpy(list, (int [2]){abs(-1), 2}, sizeof list);\n"
          "    f();\n"
          "    return 0;\n}\n");
}

static void a_name_declared_again_gets_a_scope(void **state)
{
    (void)state;
    check(EXPORT("int n = 3; printf(\"%d\", n);", "double n = 4; printf(\"%g\", n);"),
          "\nint main(void)\n{\n"
          "    int n = 3;\n"
          "    printf(\"%d\", n);\n"
          "    {\n"
          "        double n = 4;\n"
          "        printf(\"%g\", n);\n"
          "    }\n"
          "    return 0;\n}\n");
}

static void an_unused_variable_is_no_warning(void **state)
{
    (void)state;
    check(EXPORT("int unused = 3;"),
          "\nint main(void)\n{\n    int unused = 3;\n    (void)unused;\n    return 0;\n}\n");
}

static void what_cannot_be_a_program_is_said(void **state)
{
    (void)state;
    assert_null(EXPORT("int f(void) { return 1; }", "int f(void) { return 2; }"));
    assert_string_equal(error, "In[2]:1: f is defined in In[1] already; a program has one "
                               "definition of a function");
    assert_null(EXPORT("int main(void) { return 0; }"));
    assert_non_null(strstr(error, "In[1]:1"));
    assert_null(EXPORT("int x = (3;"));
    assert_non_null(strstr(error, "In[1]:1"));
    assert_null(EXPORT("return 7;"));
    assert_non_null(strstr(error, "return"));
}

static void the_same_definition_twice_is_written_once(void **state)
{
    (void)state;
    check(EXPORT("int f(void) { return 1; }", "int f(void) { return 1; }"),
          "\nint f(void) { return 1; }\n\nint main(void)\n{\n    return 0;\n}\n");
}

static void magics_become_comments(void **state)
{
    (void)state;
    check(EXPORT("%who"), "\nint main(void)\n{\n    /* %who */\n    return 0;\n}\n");
}

int main(int argc, char **argv)
{
    if (argc != 3 || lang_prepare(&(lang_options){argv[1], argv[2]}, error, sizeof error) < 0) {
        fprintf(stderr, "export_test RUNTIME-FOLDER INCLUDE-FOLDER: %s\n", error);
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_and_their_variables_stand_in_main),
        cmocka_unit_test(what_a_function_needs_stands_at_file_scope),
        cmocka_unit_test(values_that_are_computed_are_assigned_in_main),
        cmocka_unit_test(a_name_declared_again_gets_a_scope),
        cmocka_unit_test(an_unused_variable_is_no_warning),
        cmocka_unit_test(what_cannot_be_a_program_is_said),
        cmocka_unit_test(the_same_definition_twice_is_written_once),
        cmocka_unit_test(magics_become_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
