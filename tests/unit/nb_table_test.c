#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "nb/table.h"
#include "nb_capture.h"

static nb_table *squares(int rows)
{
    nb_table *t = nb_table_new("Squares");
    nb_table_column(t, "n", NB_RIGHT);
    nb_table_column(t, "name", NB_LEFT);
    for (int n = 1; n <= rows; n++) {
        nb_table_cell(t, "%d", n);
        nb_table_cell(t, "row %d", n * n);
    }
    return t;
}

static void assert_form(const nb_table *t, nb_table_form form, const char *expected)
{
    char *text = nb_table_text(t, form);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void plain_is_aligned(void **state)
{
    (void)state;
    nb_table *t = squares(3);
    nb_table_note(t, "All of them.");
    assert_form(t, NB_PLAIN, "Squares\n\nn  name\n-  -----\n1  row 1\n2  row 4\n3  row 9\n\nAll of them.");
    nb_table_free(t);
}

static void latex_has_booktabs(void **state)
{
    (void)state;
    nb_table *t = nb_table_new(NULL);
    nb_table_column(t, "a_b", NB_LEFT);
    nb_table_column(t, "50 %", NB_RIGHT);
    nb_table_cell(t, "x & y");
    nb_table_cell(t, "%d", 1);
    nb_table_emphasize(t);
    assert_form(t, NB_LATEX,
                "\\noindent\\begin{tabular}{lr}\n\\toprule\na\\_b & 50 \\% \\\\\n\\midrule\n"
                "\\textbf{x \\& y} & \\textbf{1} \\\\\n\\bottomrule\n\\end{tabular}\n");
    nb_table_free(t);
}

static void html_is_escaped_and_allowed(void **state)
{
    (void)state;
    nb_table *t = nb_table_new("<script>alert(1)</script>");
    nb_table_column(t, "<b>", NB_LEFT);
    nb_table_column(t, "n", NB_RIGHT);
    nb_table_cell(t, "%s", "<img onerror=x>");
    nb_table_cell(t, "1");
    nb_table_note(t, "%s", "</table><iframe>");
    char *html = nb_table_text(t, NB_HTML);
    assert_true(html_is_allowed(html));
    assert_null(strstr(html, "<img"));
    assert_non_null(strstr(html, "&lt;img onerror=x&gt;"));
    assert_non_null(strstr(html, "text-align:right"));
    assert_non_null(strstr(html, "<thead>"));
    free(html);
    nb_table_free(t);
}

static void long_tables_show_both_ends(void **state)
{
    (void)state;
    nb_table *t = squares(20);
    char *text = nb_table_text(t, NB_PLAIN);
    assert_null(strstr(text, "..."));
    assert_non_null(strstr(text, "row 100\n"));
    free(text);
    nb_table_free(t);

    t = squares(21);
    for (int form = NB_PLAIN; form <= NB_LATEX; form++) {
        text = nb_table_text(t, form);
        assert_non_null(strstr(text, "(21 rows)"));
        assert_non_null(strstr(text, "row 25"));
        assert_null(strstr(text, "row 64"));
        assert_null(strstr(text, "row 256"));
        assert_non_null(strstr(text, "row 289"));
        free(text);
    }
    text = nb_table_text(t, NB_PLAIN);
    assert_non_null(strstr(text, "  5  row 25\n...  ...\n 17  row 289\n"));
    free(text);
    nb_table_free(t);
}

static void a_gap_stands_for_rows_never_made(void **state)
{
    (void)state;
    nb_table *t = nb_table_new(NULL);
    nb_table_column(t, "n", NB_RIGHT);
    nb_table_cell(t, "1");
    nb_table_gap(t, 60000);
    nb_table_cell(t, "60000");
    assert_form(t, NB_PLAIN, "    n\n-----\n    1\n  ...\n60000\n(60000 rows)");
    nb_table_free(t);
}

static void wide_cells_are_wrapped(void **state)
{
    (void)state;
    nb_table *t = nb_table_new(NULL);
    nb_table_column(t, "name", NB_LEFT);
    nb_table_column(t, "text", NB_LEFT);
    nb_table_cell(t, "a");
    nb_table_cell(t, "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
                     "fifteen sixteen");
    char *text = nb_table_text(t, NB_PLAIN);
    assert_true(plain_is_ascii_80(text));
    assert_non_null(strstr(text, "sixteen"));
    assert_null(strstr(text, "name:"));
    free(text);
    nb_table_free(t);
}

/* The device table's shape: 10 columns, 4 rows. Its text form has the devices side by side. */
static void too_wide_tables_are_turned(void **state)
{
    (void)state;
    nb_table *t = nb_table_new("Devices");
    const char *const names[] = {"Device", "Best Training Acc.", "Best Training Loss",
                                 "Best Validation Acc.", "Best Validation Loss",
                                 "5 Epoch Training Time", "Average Test Accuracy",
                                 "Average Test Loss", "Average Test Latency", "Score"};
    const char *const devices[] = {"CPU", "GPU T4 x2 (Using 1 GPU)", "GPU P100", "TPU VM v3-8"};
    for (int i = 0; i < 10; i++)
        nb_table_column(t, names[i], i ? NB_RIGHT : NB_LEFT);
    for (int row = 0; row < 4; row++)
        for (int i = 0; i < 10; i++)
            nb_table_cell(t, "%s", i ? "not measured" : devices[row]);
    char *text = nb_table_text(t, NB_PLAIN);
    assert_true(plain_is_ascii_80(text));
    assert_non_null(strstr(text, "\nDevice "));
    assert_non_null(strstr(text, "\nAverage Test Latency "));
    free(text);
    nb_table_free(t);
}

static void hopeless_tables_become_blocks(void **state)
{
    (void)state;
    nb_table *t = nb_table_new(NULL);
    for (int i = 0; i < 12; i++)
        nb_table_column(t, "a-heading", NB_LEFT);
    for (int i = 0; i < 12 * 12; i++)
        nb_table_cell(t, "0123456789012345678901234567890123456789012345678901234567890123456789"
                         "01234567890123456789");
    char *text = nb_table_text(t, NB_PLAIN);
    assert_true(plain_is_ascii_80(text));
    assert_non_null(strstr(text, "a-heading:\n"));
    free(text);
    nb_table_free(t);
}

static void plain_is_ascii_whatever_comes(void **state)
{
    (void)state;
    nb_table *t = nb_table_new("\xC3\xA9\x1B[2J");
    nb_table_column(t, "\xFF", NB_LEFT);
    nb_table_cell(t, "%s", "a\nb\xE2\x80\xA6");
    char *text = nb_table_text(t, NB_PLAIN);
    assert_true(plain_is_ascii_80(text));
    assert_non_null(strstr(text, "a b..."));
    free(text);
    nb_table_free(t);
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    nb_table *t = nb_table_new("t");
    assert_int_equal(nb_table_show(t), NN_VALUE_ERROR);
    nb_table_column(t, "a", NB_LEFT);
    nb_table_column(t, "b", NB_LEFT);
    nb_table_cell(t, "1");
    assert_int_equal(nb_table_show(t), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "1 cells"));
    nb_table_free(t);
    nb_table_free(NULL);
}

static void shown_in_three_forms(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    nb_table *t = squares(2);
    assert_int_equal(nb_table_show(t), NN_OK);
    assert_int_equal(c.count, 1);
    assert_non_null(c.shown[0].plain);
    assert_non_null(c.shown[0].html);
    assert_non_null(c.shown[0].latex);
    nb_table_free(t);
    capture_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_is_aligned),
        cmocka_unit_test(latex_has_booktabs),
        cmocka_unit_test(html_is_escaped_and_allowed),
        cmocka_unit_test(long_tables_show_both_ends),
        cmocka_unit_test(a_gap_stands_for_rows_never_made),
        cmocka_unit_test(wide_cells_are_wrapped),
        cmocka_unit_test(too_wide_tables_are_turned),
        cmocka_unit_test(hopeless_tables_become_blocks),
        cmocka_unit_test(plain_is_ascii_whatever_comes),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(shown_in_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
