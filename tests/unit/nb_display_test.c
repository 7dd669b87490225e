#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "nb/display.h"
#include "nb_capture.h"
#include "nb_show.h"

static void a_bundle_needs_plain_text(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    nb_part png = {.mime = "image/png", .data = "x", .size = 1};
    assert_int_equal(nb_display(&(nb_bundle){&png, 1}), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "text/plain"));
    assert_int_equal(c.count, 0);
    capture_end(&c);
}

static void svg_needs_pdf(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    nb_part parts[] = {{.mime = "image/svg+xml", .data = "<svg/>", .size = 6},
                       {.mime = "text/plain", .data = "x", .size = 1},
                       {.mime = "application/pdf", .data = "%PDF", .size = 4}};
    assert_int_equal(nb_display(&(nb_bundle){parts, 2}), NN_VALUE_ERROR);
    assert_int_equal(nb_display(&(nb_bundle){parts, 3}), NN_OK);
    assert_int_equal(c.count, 1);
    capture_end(&c);
}

static void a_silent_cell_shows_nothing(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    c.silent = 1;
    assert_int_equal(nb_display_text("x"), NN_OK);
    nb_clear_output(1);
    assert_int_equal(c.count, 0);
    assert_int_equal(c.cleared, 0);
    c.silent = 0;
    nb_display_text("x");
    nb_clear_output(1);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.cleared, 2);
    capture_end(&c);
}

static void mime_data_gets_a_text_form(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    static const char wav[12345];
    assert_int_equal(nb_display_mime("audio/wav", wav, sizeof wav, NULL), NN_OK);
    assert_string_equal(c.shown[0].plain, "audio/wav, 12,345 bytes");
    assert_int_equal(nb_display_mime("image/png", "png", 3, &(nb_mime_opts){.text = "a cat", .width = 20}), NN_OK);
    assert_string_equal(c.shown[1].plain, "a cat");
    assert_string_equal(c.shown[1].png, "png");
    assert_int_equal(c.shown[1].png_width, 20);
    assert_int_equal(nb_display_mime("png", "x", 1, NULL), NN_VALUE_ERROR);
    assert_int_equal(nb_display_mime("a/b", NULL, 1, NULL), NN_VALUE_ERROR);
    capture_end(&c);
}

static void svg_data_becomes_an_image_tag(void **state)
{
    (void)state;
    capture c;
    capture_begin(&c);
    const char *svg = "<svg onload=\"alert(1)\"/>";
    nb_mime_opts opts = {.text = "<img onerror=x>\"", .width = 10};
    assert_int_equal(nb_display_mime("image/svg+xml", svg, strlen(svg), &opts), NN_OK);
    assert_true(html_is_allowed(c.shown[0].html));
    assert_null(strstr(c.shown[0].html, "onload"));
    assert_null(strstr(c.shown[0].html, "<img onerror"));
    assert_non_null(strstr(c.shown[0].html, "src=\"data:image/svg+xml;base64,PHN2Zy"));
    capture_end(&c);
}

static void without_a_host_the_text_is_printed(void **state)
{
    (void)state;
    nb_host_set(NULL);
    FILE *file = tmpfile();
    fflush(stdout);
    int saved = dup(1);
    dup2(fileno(file), 1);
    nb_part part = {.mime = "text/plain", .data = "shown once", .size = 10};
    nb_bundle bundle = {&part, 1};
    nb_display_id(&bundle, 1, 0);
    nb_display_id(&bundle, 1, 1); /* updates print nothing */
    nb__print("Epoch 1/1\n");
    dup2(saved, 1);
    close(saved);
    rewind(file);
    char text[100];
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    assert_string_equal(text, "shown once\nEpoch 1/1\n");
}

static void ids_are_new(void **state)
{
    (void)state;
    unsigned first = nb_display_new_id();
    assert_int_not_equal(first, 0);
    assert_int_not_equal(nb_display_new_id(), first);
}

static void the_allow_list_of_the_tests_can_fail(void **state)
{
    (void)state;
    assert_true(html_is_allowed("<div style=\"a:b\"><progress value=\"1\" max=\"2\"></progress></div>"));
    assert_false(html_is_allowed("<script>"));
    assert_false(html_is_allowed("<div class=\"x\">"));
    assert_false(html_is_allowed("<img src=\"x\" onerror=\"y\">"));
    assert_false(html_is_allowed("<div style=\"\" id=\"x\">"));
    assert_false(html_is_allowed("a < b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_needs_plain_text),
        cmocka_unit_test(svg_needs_pdf),
        cmocka_unit_test(a_silent_cell_shows_nothing),
        cmocka_unit_test(mime_data_gets_a_text_form),
        cmocka_unit_test(svg_data_becomes_an_image_tag),
        cmocka_unit_test(without_a_host_the_text_is_printed),
        cmocka_unit_test(ids_are_new),
        cmocka_unit_test(the_allow_list_of_the_tests_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
