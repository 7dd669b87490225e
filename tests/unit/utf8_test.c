#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "utf8.h"

#define BAD "\xEF\xBF\xBD"

/* Repair IN, handed over in pieces of STEP bytes, and compare. */
static void check(const char *in, size_t size, const char *want, size_t step)
{
    utf8_state s = {0};
    wire_buf out = {0};
    for (size_t at = 0; at < size; at += step)
        utf8_repair(&s, in + at, size - at < step ? size - at : step, &out);
    utf8_finish(&s, &out);
    wire_put_raw(&out, "", 1);
    assert_string_equal(out.data, want);
    wire_buf_free(&out);
}

static void repairs_alike_whatever_the_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"plain", "plain"},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\xFF\xFE", BAD BAD},
        {"a\xC3", "a" BAD},                      /* cut at the end */
        {"\xE2\x82x", BAD "x"},                  /* one for the maximal part of a character */
        {"\xC0\x80", BAD BAD},                   /* overlong */
        {"\xE0\x80\x80", BAD BAD BAD},           /* overlong */
        {"\xED\xA0\x80", BAD BAD BAD},           /* surrogate */
        {"\xF4\x90\x80\x80", BAD BAD BAD BAD},   /* above U+10FFFF */
        {"\xE2\xE2\x82\xAC", BAD "\xE2\x82\xAC"}, /* a new one begins inside another */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step <= 5; step++)
            check(cases[i].in, strlen(cases[i].in), cases[i].want, step);
}

static void nul_passes(void **state)
{
    (void)state;
    utf8_state s = {0};
    wire_buf out = {0};
    utf8_repair(&s, "a\0b", 3, &out);
    assert_int_equal(out.size, 3);
    assert_memory_equal(out.data, "a\0b", 3);
    wire_buf_free(&out);
}

static void an_unfinished_character_waits(void **state)
{
    (void)state;
    utf8_state s = {0};
    wire_buf out = {0};
    utf8_repair(&s, "x\xE2\x82", 3, &out);
    assert_int_equal(out.size, 1);
    utf8_repair(&s, "\xAC", 1, &out);
    assert_int_equal(out.size, 4);
    wire_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repairs_alike_whatever_the_pieces),
        cmocka_unit_test(nul_passes),
        cmocka_unit_test(an_unfinished_character_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
