/* Time is an argument of output.h: nothing here waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "wire.h"

typedef struct capture {
    wire_buf text;
    int calls, number, last_fd;
} capture;

static void emit(void *context, int fd, const char *text, size_t size, int number)
{
    capture *c = context;
    wire_put_raw(&c->text, text, size);
    c->calls++;
    c->number = number;
    c->last_fd = fd;
}

static const char *take(capture *c)
{
    static char text[1 << 16];
    assert_true(c->text.size < sizeof text);
    memcpy(text, c->text.data ? c->text.data : "", c->text.size);
    text[c->text.size] = '\0';
    wire_buf_free(&c->text);
    return text;
}

static void put(output_t *o, int fd, const char *text, int64_t now)
{
    output_put(o, fd, text, strlen(text), now);
}

static void the_first_text_goes_out_at_once_the_rest_in_intervals(void **state)
{
    (void)state;
    capture c = {0};
    output_t *o = output_create(&(output_options){.emit = emit, .context = &c});
    output_begin(o, 7);
    put(o, 1, "a", 1000);
    assert_string_equal(take(&c), "a");
    assert_int_equal(c.number, 7);
    put(o, 1, "b", 1001);
    put(o, 1, "c", 1002);
    assert_int_equal(c.calls, 1);
    assert_int_equal(output_due(o, 1002), 48);
    output_tick(o, 1049);
    assert_int_equal(c.calls, 1);
    output_tick(o, 1050);
    assert_string_equal(take(&c), "bc");
    assert_int_equal(output_due(o, 1050), -1);
    output_free(o);
}

static void the_end_of_a_cell_lets_everything_out(void **state)
{
    (void)state;
    capture c = {0};
    output_t *o = output_create(&(output_options){.emit = emit, .context = &c});
    output_begin(o, 1);
    put(o, 1, "a", 0);
    put(o, 1, "b\xE2\x82", 1);
    output_end(o, 2);
    assert_string_equal(take(&c), "ab\xEF\xBF\xBD");
    output_free(o);
}

static void the_prompt_is_the_unfinished_last_line_of_stdout(void **state)
{
    (void)state;
    capture c = {0};
    output_t *o = output_create(&(output_options){.emit = emit, .context = &c});
    output_begin(o, 1);
    put(o, 1, "one\nna", 0);
    put(o, 2, "noise", 1);
    put(o, 1, "me? ", 2);
    assert_string_equal(output_take_prompt(o), "name? ");
    assert_string_equal(output_take_prompt(o), "");
    put(o, 1, "left over", 3);
    output_begin(o, 2);
    assert_string_equal(output_take_prompt(o), "");
    wire_buf_free(&c.text);
    output_free(o);
}

/* More than the limit: head, notice with the spool file, tail. */
static void a_flood_is_cut_and_spooled(void **state)
{
    (void)state;
    char folder[] = "/tmp/xtinycc-output-test-XXXXXX", path[200];
    assert_non_null(mkdtemp(folder));
    capture c = {0};
    output_t *o = output_create(&(output_options){
        .emit = emit, .context = &c, .head = 1000, .tail = 100, .folder = folder});
    output_begin(o, 3);
    for (int i = 0; i < 1000; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %03d\n", i);
        put(o, 1, line, i);
    }
    output_end(o, 2000);
    const char *shown = take(&c);
    assert_memory_equal(shown, "line 000\nline 001\n", 18);
    assert_non_null(strstr(shown, "output-of-cell-3.txt"));
    assert_string_equal(shown + strlen(shown) - 9, "line 999\n");
    assert_null(strstr(shown, "line 500"));
    snprintf(path, sizeof path, "%s/output-of-cell-3.txt", folder);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 9000);
    assert_int_equal(st.st_mode & 077, 0);

    output_set_head(o, 0); /* %output-limit off */
    output_begin(o, 4);
    for (int i = 0; i < 1000; i++)
        put(o, 1, "xxxxxxxx\n", i);
    output_end(o, 3000);
    assert_int_equal(strlen(take(&c)), 9000);
    output_free(o);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* the second cell left no file */
}

static void a_rate_holds_back_and_loses_nothing(void **state)
{
    (void)state;
    capture c = {0};
    output_t *o =
        output_create(&(output_options){.emit = emit, .context = &c, .rate = 1000});
    output_begin(o, 1);
    char text[10001];
    memset(text, 'x', 10000);
    text[10000] = '\0';
    put(o, 1, text, 100000);
    assert_int_equal(c.text.size, 3000); /* three seconds' worth at once */
    int64_t now = 100000;
    output_end(o, now);
    for (int64_t due; (due = output_due(o, now)) >= 0;) {
        now += due > 0 ? due : 1;
        output_tick(o, now);
    }
    assert_int_equal(c.text.size, 10000);
    assert_in_range(now, 106900, 107200); /* the other 7,000 bytes at 1,000 a second */
    wire_buf_free(&c.text);
    output_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_text_goes_out_at_once_the_rest_in_intervals),
        cmocka_unit_test(the_end_of_a_cell_lets_everything_out),
        cmocka_unit_test(the_prompt_is_the_unfinished_last_line_of_stdout),
        cmocka_unit_test(a_flood_is_cut_and_spooled),
        cmocka_unit_test(a_rate_holds_back_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
