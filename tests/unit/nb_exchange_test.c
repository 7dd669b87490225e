/* Arrays from and to a Python notebook. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "nb/exchange.h"

static char path[64];

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/nb-exchange-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static char *read_file(size_t *size)
{
    static char buffer[2 * NB_EXCHANGE_HEADER];
    FILE *file = fopen(path, "rb");
    *size = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    return buffer;
}

static void what_is_taken_is_a_copy(void **state)
{
    (void)state;
    const double numbers[] = {1, 2, 3};
    write_file(numbers, sizeof numbers);
    double *x = nb_array_take("x", path, sizeof numbers);
    assert_memory_equal(x, numbers, sizeof numbers);
    x[1] = 20;
    size_t size;
    assert_memory_equal(read_file(&size), numbers, sizeof numbers);
    unlink(path); /* the mapping needs no file */
    assert_true(x[1] == 20 && x[2] == 3);
    assert_int_equal(close(open(path, O_CREAT | O_RDWR, 0600)), 0);
}

static int is_mapped(void *at)
{
    unsigned char resident;
    return mincore(at, 1, &resident) == 0;
}

static void a_name_holds_its_last_array_only(void **state)
{
    (void)state;
    write_file("aaaa", 4);
    char *first = nb_array_take("name", path, 4), *other = nb_array_take("other", path, 4);
    write_file("bbbbbb", 6);
    assert_null(nb_array_take("name", path, 7)); /* a failure leaves the old one */
    assert_string_equal(nn_error_message(), "name: 7 bytes expected, the file holds 6.");
    assert_true(is_mapped(first));
    char *second = nb_array_take("name", path, 6);
    assert_memory_equal(second, "bbbbbb", 6);
    assert_false(is_mapped(first));
    assert_true(is_mapped(other));
    assert_non_null(nb_array_take("name", path, 0));
}

static void bad_names_and_files(void **state)
{
    (void)state;
    assert_null(nb_array_take("", path, 0));
    assert_int_equal(nn_error_status(), NN_VALUE_ERROR);
    char name[65];
    memset(name, 'n', 64);
    name[64] = '\0';
    assert_null(nb_array_take(name, path, 0));
    assert_null(nb_array_take("x", "/nonexistent/file", 1));
    assert_int_equal(nn_error_status(), NN_FILE_NOT_FOUND);
    assert_null(nb_array_take("x", "/", 1 << 20));
}

static void what_is_given(void **state)
{
    (void)state;
    const int16_t numbers[2][3] = {{1, 2, 3}, {4, 5, 6}};
    write_file("something longer that was there before", 38);
    assert_int_equal(nb_array_give(path, "i2", numbers, 2, 2, (int64_t[]){2, 3}), NN_OK);
    size_t size;
    const char *file = read_file(&size);
    assert_int_equal(size, NB_EXCHANGE_HEADER + sizeof numbers);
    assert_memory_equal(file, "i2 2 2 3\n\0", 10);
    assert_memory_equal(file + NB_EXCHANGE_HEADER, numbers, sizeof numbers);
    assert_int_equal(nb_array_give(path, "f8", &(double){.5}, 8, 0, NULL), NN_OK);
    file = read_file(&size);
    assert_int_equal(size, NB_EXCHANGE_HEADER + 8);
    assert_memory_equal(file, "f8 0\n", 5);
    assert_int_equal(nb_array_give(path, "f8", NULL, 8, 2, (int64_t[]){0, 3}), NN_OK);
}

static void memory_that_is_not_there(void **state)
{
    (void)state;
    size_t page = 4096;
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(munmap(map + page, page), 0);
    assert_int_equal(nb_array_give(path, "u1", map, 1, 1, (int64_t[]){8192}), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "8192 bytes of u1"));
    assert_int_equal(nb_array_give(path, "u1", NULL, 1, 1, (int64_t[]){1}), NN_VALUE_ERROR);
    munmap(map, page);
}

static void wrong_lengths(void **state)
{
    (void)state;
    char c = 0;
    assert_int_equal(nb_array_give(path, "u1", &c, 1, 1, (int64_t[]){-1}), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "length -1"));
    int64_t wraps[] = {INT64_MAX, INT64_MAX, 4};
    assert_int_equal(nb_array_give(path, "u1", &c, 1, 3, wraps), NN_VALUE_ERROR);
    assert_int_equal(nb_array_give(path, "u1", &c, 1, 17, wraps), NN_VALUE_ERROR);
    assert_int_equal(nb_array_give(path, "too long", &c, 1, 0, NULL), NN_VALUE_ERROR);
    assert_int_equal(nb_array_give(path, "u1", &c, 0, 0, NULL), NN_VALUE_ERROR);
    assert_int_equal(nb_array_give("/nonexistent", "u1", &c, 1, 0, NULL), NN_FILE_NOT_FOUND);
    assert_int_equal(nb_array_give("/dev/full", "u1", &c, 1, 0, NULL), NN_OS_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_taken_is_a_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_holds_its_last_array_only, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_names_and_files, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_given, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_that_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_lengths, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
