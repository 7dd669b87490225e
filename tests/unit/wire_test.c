#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static void reads_what_was_written(void **state)
{
    (void)state;
    wire_buf b = {0};
    wire_put_u32(&b, 0xFFFFFFFFu);
    wire_put_u64(&b, 0x0123456789ABCDEFu);
    wire_put_bytes(&b, "a\0b", 3);
    wire_put_string(&b, NULL);
    wire_put_string(&b, "text");
    assert_false(b.bad);
    wire_reader r = wire_read(b.data, b.size);
    size_t size;
    assert_int_equal(wire_get_u32(&r), 0xFFFFFFFFu);
    assert_true(wire_get_u64(&r) == 0x0123456789ABCDEFu);
    assert_memory_equal(wire_get_bytes(&r, &size), "a\0b", 4);
    assert_int_equal(size, 3);
    assert_string_equal(wire_get_string(&r), "");
    assert_string_equal(wire_get_string(&r), "text");
    assert_false(r.bad);
    assert_int_equal(r.at, r.size);
    wire_buf_free(&b);
}

static void layout_is_little_endian(void **state)
{
    (void)state;
    wire_buf b = {0};
    wire_put_u32(&b, 0x04030201);
    wire_put_string(&b, "x");
    assert_int_equal(b.size, 10);
    assert_memory_equal(b.data, "\1\2\3\4\1\0\0\0x\0", 10);
    wire_buf_free(&b);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    wire_buf b = {0};
    wire_put_u32(&b, 7);
    wire_put_string(&b, "hello");
    wire_put_u64(&b, 8);
    for (size_t size = 0; size < b.size; size++) {
        char *copy = malloc(size + 1); /* a read beyond the end is seen by the sanitizer */
        assert_non_null(copy);
        memcpy(copy, b.data, size);
        wire_reader r = wire_read(copy, size);
        wire_get_u32(&r);
        const char *text = wire_get_string(&r);
        assert_true(text[0] == 'h' || text[0] == '\0');
        wire_get_u64(&r);
        assert_true(r.bad);
        assert_int_equal(wire_get_u32(&r), 0); /* and stays bad */
        free(copy);
    }
    wire_buf_free(&b);
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    const char huge[] = "\xff\xff\xff\xff" "abc";
    wire_reader r = wire_read(huge, sizeof huge);
    assert_string_equal(wire_get_string(&r), "");
    assert_true(r.bad);
    const char no_end[] = "\1\0\0\0" "ab"; /* the byte behind the text is no NUL */
    r = wire_read(no_end, 6);
    assert_string_equal(wire_get_string(&r), "");
    assert_true(r.bad);
}

static void a_nul_inside_is_no_string(void **state)
{
    (void)state;
    wire_buf b = {0};
    wire_put_bytes(&b, "a\0b", 3);
    wire_reader r = wire_read(b.data, b.size);
    assert_string_equal(wire_get_string(&r), "");
    assert_true(r.bad);
    wire_buf_free(&b);
}

static void too_much_is_refused_when_written(void **state)
{
    (void)state;
    wire_buf b = {0};
    wire_put_bytes(&b, "", (size_t)WIRE_BODY_MAX + 1);
    assert_true(b.bad);
    wire_put_u32(&b, 1);
    assert_int_equal(b.size, 0);
    wire_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(layout_is_little_endian),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(a_nul_inside_is_no_string),
        cmocka_unit_test(too_much_is_refused_when_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
