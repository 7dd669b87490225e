#include "byte_source.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "idx_build.h"
#include "memory_file.h"
#include "nb/host.h"

#define MIB ((size_t)1 << 20)

static bytes pattern(size_t size)
{
    bytes b = {malloc(size), size};
    uint32_t x = 1;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        b.data[i] = (uint8_t)(x >> 24 & (i & 4096 ? 3 : 255));
    }
    return b;
}

/* Read everything in steps; returns the status and the bytes. */
static nn_status read_all(const void *stored, size_t size, size_t step, bytes *out)
{
    nn_byte_source *source;
    *out = (bytes){malloc(4 * MIB), 0};
    nn_status status = nn__byte_source_open(nn__memory_file("t", stored, size), "t.gz", &source);
    size_t got = step;
    while (status == NN_OK && got == step && out->size + step <= 4 * MIB) {
        status = nn__byte_source_read(source, out->data + out->size, step, &got);
        out->size += status == NN_OK ? got : 0;
    }
    nn__byte_source_close(source);
    return status;
}

static void expect_error(const void *stored, size_t size, const char *text)
{
    bytes out;
    assert_int_equal(read_all(stored, size, 1000, &out), NN_VALUE_ERROR);
    if (!strstr(nn_error_message(), text))
        fail_msg("'%s' expected in: %s", text, nn_error_message());
    free(out.data);
}

static void plain_bytes_come_as_they_are(void **state)
{
    (void)state;
    bytes data = pattern(100000), out;
    assert_int_equal(read_all(data.data, data.size, 777, &out), NN_OK);
    assert_int_equal(out.size, data.size);
    assert_memory_equal(out.data, data.data, data.size);
    free(out.data);
    free(data.data);
}

static void compressed_bytes_are_inflated(void **state)
{
    (void)state;
    bytes data = pattern(MIB + 17), gz = gz_bytes(data.data, data.size), out;
    assert_true(gz.size > 300000); /* more than one block of input */
    for (size_t step = 4096; step <= 4 * MIB; step *= 32) {
        assert_int_equal(read_all(gz.data, gz.size, step, &out), NN_OK);
        assert_int_equal(out.size, data.size);
        assert_memory_equal(out.data, data.data, data.size);
        free(out.data);
    }
    free(gz.data);
    free(data.data);
}

static void members_are_joined(void **state)
{
    (void)state;
    bytes a = gz_bytes("first ", 6), b = gz_bytes("second", 6), out;
    uint8_t both[200];
    memcpy(both, a.data, a.size);
    memcpy(both + a.size, b.data, b.size);
    assert_int_equal(read_all(both, a.size + b.size, 5, &out), NN_OK);
    assert_int_equal(out.size, 12);
    assert_memory_equal(out.data, "first second", 12);
    free(out.data);
    free(a.data);
    free(b.data);
}

static void trailing_bytes_are_refused(void **state)
{
    (void)state;
    bytes gz = gz_bytes("data", 4);
    gz.data[gz.size] = 0;
    expect_error(gz.data, gz.size + 1, "other bytes follow");
    memcpy(gz.data + gz.size, "\x1f\x8c", 2);
    expect_error(gz.data, gz.size + 2, "other bytes follow");
    free(gz.data);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    bytes gz = gz_bytes("some data, some data, some data", 31);
    for (size_t size = 2; size < gz.size; size++)
        expect_error(gz.data, size, "cut short");
    free(gz.data);
}

static void crc_and_length_are_checked(void **state)
{
    (void)state;
    bytes gz = gz_bytes("some data", 9);
    for (size_t at = gz.size - 8; at < gz.size; at++) {
        gz.data[at] ^= 0x10;
        expect_error(gz.data, gz.size, "broken");
        gz.data[at] ^= 0x10;
    }
    free(gz.data);
}

static void web_page_is_called_one(void **state)
{
    (void)state;
    const char *pages[] = {"<!DOCTYPE html><html>403", "\n  <html><body>", "<HTML>Forbidden"};
    for (int i = 0; i < 3; i++) {
        expect_error(pages[i], strlen(pages[i]), "is a web page");
        bytes gz = gz_bytes(pages[i], strlen(pages[i]));
        expect_error(gz.data, gz.size, "is a web page");
        free(gz.data);
    }
}

static void folder_is_no_file(void **state)
{
    (void)state;
    nn_byte_source *source;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    assert_int_equal(nn__byte_source_open(fd, "/", &source), NN_OS_ERROR);
    assert_null(source);
    assert_string_equal(nn_error_message(), "/ is not a regular file.");
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was closed */
}

static int always(void *self)
{
    (void)self;
    return 1;
}

static void interrupt_stops_reading(void **state)
{
    (void)state;
    bytes gz = gz_bytes("some data", 9), out;
    nb_host_set(&(nb_host){.interrupted = always});
    assert_int_equal(read_all(gz.data, gz.size, 100, &out), NN_INTERRUPTED);
    free(out.data);
    assert_int_equal(read_all("plain", 5, 100, &out), NN_INTERRUPTED);
    nb_host_set(NULL);
    free(out.data);
    free(gz.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_come_as_they_are),
        cmocka_unit_test(compressed_bytes_are_inflated),
        cmocka_unit_test(members_are_joined),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(crc_and_length_are_checked),
        cmocka_unit_test(web_page_is_called_one),
        cmocka_unit_test(folder_is_no_file),
        cmocka_unit_test(interrupt_stops_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
