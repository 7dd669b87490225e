#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "nb_text.h"

static void assert_put(void (*put)(nb__text *, const char *), const char *in, const char *out)
{
    nb__text text = {0};
    put(&text, in);
    assert_string_equal(nb__text_string(&text), out);
    nb__text_free(&text);
}

static void html_escapes_markup(void **state)
{
    (void)state;
    assert_put(nb__put_html, "<img onerror='x' alt=\"a&b\">",
               "&lt;img onerror=&#39;x&#39; alt=&quot;a&amp;b&quot;&gt;");
    assert_put(nb__put_html, "a\tb\nc\x01", "a b c ");
    assert_put(nb__put_html, "gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F");
}

static void broken_utf8_is_replaced_and_never_read_past(void **state)
{
    (void)state;
    assert_put(nb__put_html, "\xC3", "\xEF\xBF\xBD");
    assert_put(nb__put_html, "\xF0\x9F\x98", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_put(nb__put_html, "\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD"); /* overlong "<" */
    assert_put(nb__put_html, "\xED\xA0\x80x", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");
    assert_put(nb__put_ascii, "\xFF" "a", "\\ufffda");
}

static void latex_escapes_specials(void **state)
{
    (void)state;
    assert_put(nb__put_latex, "&%$#_{}", "\\&\\%\\$\\#\\_\\{\\}");
    assert_put(nb__put_latex, "~^\\", "\\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
    assert_put(nb__put_latex, "a<b>c|\"", "a\\textless{}b\\textgreater{}c\\textbar{}\\textquotedbl{}");
}

static void ascii_has_look_alikes(void **state)
{
    (void)state;
    assert_put(nb__put_ascii, "28\xC3\x97" "28 \xC2\xB5s", "28x28 us");
    assert_put(nb__put_ascii, "na\xC3\xAFve", "na\\u00efve");
    assert_put(nb__put_ascii, "\xF0\x9F\x98\x80", "\\U0001f600");
    assert_put(nb__put_ascii, "a\x1B[31mb\r\n", "a [31mb  ");
}

static void numbers(void **state)
{
    (void)state;
    char b[NB__NUMBER];
    assert_string_equal(nb__count_text(b, 0), "0");
    assert_string_equal(nb__count_text(b, 999), "999");
    assert_string_equal(nb__count_text(b, 61706), "61,706");
    assert_string_equal(nb__count_text(b, -1234567), "-1,234,567");
    assert_string_equal(nb__count_text(b, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(nb__time_text(b, 31.42), "31.4");
    assert_string_equal(nb__time_text(b, 9.996), "10.0");
    assert_string_equal(nb__time_text(b, 0.001234), "0.00123");
    assert_string_equal(nb__time_text(b, 123.6), "124");
    assert_string_equal(nb__time_text(b, 0), "0");
    assert_string_equal(nb__time_text(b, NAN), "nan");
    assert_string_equal(nb__kb_text(b, 61706 * 4), "241.04 KB");
    assert_string_equal(nb__kb_text(b, 0), "0.00 B");
    assert_string_equal(nb__kb_text(b, 156 * 4), "624.00 B");
    assert_string_equal(nb__double_text(b, 0.1), "0.1");
    assert_string_equal(nb__double_text(b, 5), "5.0");
    assert_string_equal(nb__double_text(b, 1e300), "1e+300");
    assert_string_equal(nb__double_text(b, -INFINITY), "-inf");
}

static void shapes(void **state)
{
    (void)state;
    char b[80];
    assert_string_equal(nb__shape_text(b, sizeof b, (int64_t[]){60000, 28, 28}, 3), "(60000, 28, 28)");
    assert_string_equal(nb__shape_text(b, sizeof b, (int64_t[]){10}, 1), "(10,)");
    assert_string_equal(nb__shape_text(b, 6, (int64_t[]){60000, 28}, 2), "(6000");
}

static void base64(void **state)
{
    (void)state;
    const char *const expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i <= 6; i++) {
        nb__text text = {0};
        nb__put_base64(&text, "foobar", i);
        assert_string_equal(nb__text_string(&text), expected[i]);
        nb__text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_escapes_markup),
        cmocka_unit_test(broken_utf8_is_replaced_and_never_read_past),
        cmocka_unit_test(latex_escapes_specials),
        cmocka_unit_test(ascii_has_look_alikes),
        cmocka_unit_test(numbers),
        cmocka_unit_test(shapes),
        cmocka_unit_test(base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
