#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "pieces.h"

/* Take everything out, stream by stream marked: "1:ab 2:c ". */
static const char *drain(pieces *p)
{
    static char out[4096];
    size_t at = 0;
    int fd;
    const char *text;
    out[0] = '\0';
    for (size_t size; (size = pieces_front(p, &fd, &text)) > 0;) {
        at += (size_t)snprintf(out + at, sizeof out - at, "%d:%.*s ", fd, (int)size, text);
        pieces_remove(p, size);
    }
    return out;
}

static void keeps_the_order_of_two_streams(void **state)
{
    (void)state;
    pieces p = {0};
    pieces_append(&p, 1, "a", 1);
    pieces_append(&p, 1, "b", 1);
    pieces_append(&p, 2, "c", 1);
    pieces_append(&p, 1, "d", 1);
    pieces_append(&p, 2, "", 0);
    assert_int_equal(p.size, 4);
    assert_string_equal(drain(&p), "1:ab 2:c 1:d ");
    assert_int_equal(p.size, 0);
    pieces_free(&p);
}

static void each_stream_keeps_its_order_when_pieces_run_out(void **state)
{
    (void)state;
    pieces p = {0};
    char seen[3][200] = {"", "", ""}, want[3][200] = {"", "", ""};
    for (int i = 0; i < 60; i++) {
        char c = (char)('A' + i);
        int fd = 1 + i % 2;
        pieces_append(&p, fd, &c, 1);
        strncat(want[fd], &c, 1);
    }
    int fd;
    const char *text;
    for (size_t size; (size = pieces_front(&p, &fd, &text)) > 0;) {
        strncat(seen[fd], text, size);
        pieces_remove(&p, size);
    }
    assert_string_equal(seen[1], want[1]);
    assert_string_equal(seen[2], want[2]);
    pieces_free(&p);
}

static void keeps_the_last_lines(void **state)
{
    (void)state;
    pieces p = {0};
    for (int i = 0; i < 100; i++) {
        char line[16];
        pieces_append(&p, 1, line, (size_t)snprintf(line, sizeof line, "line %02d\n", i));
        pieces_keep_last(&p, 20);
    }
    assert_true(p.size <= 40);
    const char *rest = drain(&p);
    assert_memory_equal(rest, "1:line ", 7); /* begins with a whole line */
    assert_non_null(strstr(rest, "line 99\n"));
    pieces_free(&p);
}

static void cuts_at_lines_or_whole_characters(void **state)
{
    (void)state;
    assert_int_equal(pieces_cut("abc", 3, 5), 3);
    assert_int_equal(pieces_cut("ab\ncd", 5, 4), 3);
    assert_int_equal(pieces_cut("abcdef", 6, 4), 4);
    assert_int_equal(pieces_cut("ab\xE2\x82\xAC", 5, 4), 2);
    assert_int_equal(pieces_cut("\xE2\x82\xAC", 3, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_two_streams),
        cmocka_unit_test(each_stream_keeps_its_order_when_pieces_run_out),
        cmocka_unit_test(keeps_the_last_lines),
        cmocka_unit_test(cuts_at_lines_or_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
