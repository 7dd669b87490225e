/* Images and labels from comma-separated text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "csv.h"
#include "memory_file.h"

static nn_idx images, labels;

static nn_status read_text(const char *text)
{
    return nn__csv_read(nn__memory_file("test", text, strlen(text)), "t.csv", &images, &labels);
}

static void done(void)
{
    nn__idx_free(&images);
    nn__idx_free(&labels);
}

static void expect_two_images(void)
{
    assert_int_equal(images.rank, 3);
    assert_int_equal(images.shape[0], 2);
    assert_true(images.shape[1] == 2 && images.shape[2] == 2);
    assert_memory_equal(images.data, ((uint8_t[]){0, 255, 7, 90, 1, 2, 3, 4}), 8);
    assert_int_equal(labels.shape[0], 2);
    assert_memory_equal(labels.data, ((uint8_t[]){5, 3}), 2);
    done();
}

static void rows_become_images_and_labels(void **state)
{
    (void)state;
    assert_int_equal(read_text("5,0,255,7,90\n3,1,2,3,4\n"), NN_OK);
    expect_two_images();
    assert_int_equal(read_text("label,1x1,1x2,2x1,2x2\r\n5,0,255,007,90\r\n3,1,2,3,4"), NN_OK);
    expect_two_images();
    assert_int_equal(read_text("\"label\",\"1x1\"\n\n5,0,255,7,90\n\n3,1,2,3,4\n\n"), NN_OK);
    expect_two_images();
}

/* The sum of the IDX form tells whether it is MNIST, so the form must be complete. */
static void the_blocks_are_whole_idx_files(void **state)
{
    (void)state;
    assert_int_equal(read_text("9,1,2,3,4\n"), NN_OK);
    const uint8_t want[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
    assert_int_equal(images.size, sizeof want);
    assert_memory_equal((uint8_t *)images.map + images.offset, want, sizeof want);
    const uint8_t label[] = {0, 0, 8, 1, 0, 0, 0, 1, 9};
    assert_int_equal(labels.size, sizeof label);
    assert_memory_equal((uint8_t *)labels.map + labels.offset, label, sizeof label);
    done();
}

static void many_rows_cross_the_pieces(void **state)
{
    (void)state;
    static char text[40000 * 10];
    size_t at = 0;
    for (int i = 0; i < 40000; i++)
        at += (size_t)sprintf(text + at, "%d,%d\n", i % 10, i % 256);
    assert_int_equal(read_text(text), NN_OK);
    assert_int_equal(images.shape[0], 40000);
    for (int i = 0; i < 40000; i++)
        assert_true(images.data[i] == i % 256 && labels.data[i] == i % 10);
    done();
}

static void refused(const char *text, const char *message)
{
    assert_int_equal(read_text(text), NN_VALUE_ERROR);
    assert_string_equal(nn_error_message(), message);
    assert_null(images.map);
    assert_null(labels.map);
}

static void what_is_no_such_file(void **state)
{
    (void)state;
    refused("", "t.csv holds no rows of numbers.");
    refused("label,1x1", "t.csv holds no rows of numbers.");
    refused("1,2,3\n", "t.csv, line 1: a label and the pixels of a square image expected, found 3 "
                       "values.");
    refused("1\n", "t.csv, line 1: a label and the pixels of a square image expected, found 1 "
                   "values.");
    refused("a,b\n1,2\n1,2,3,4,5\n", "t.csv, line 3: 2 values expected, found 5.");
    refused("1,256\n", "t.csv, line 1, column 2: a number above 255; pixels and labels are 0 to "
                       "255.");
    refused("1,99999999999999999999\n", "t.csv, line 1, column 2: a number above 255; pixels and "
                                        "labels are 0 to 255.");
#define EXPECTED "a whole number from 0 to 255 expected, found "
    refused("1,\n", "t.csv, line 1, column 2: " EXPECTED "nothing.");
    refused("1,,2,3,4\n", "t.csv, line 1, column 2: " EXPECTED "nothing.");
    refused("1,2\n1,x\n", "t.csv, line 2, column 2: " EXPECTED "'x'.");
    refused("1,-2\n", "t.csv, line 1, column 2: " EXPECTED "'-'.");
    refused("1,2.5\n", "t.csv, line 1, column 2: " EXPECTED "'.'.");
    refused("1,2\r3\n", "t.csv, line 1, column 2: " EXPECTED "nothing.");
}

static void gz(void **state)
{
    (void)state;
    char path[] = "/tmp/csv-test-XXXXXX";
    int fd = mkstemp(path);
    gzFile file = gzdopen(dup(fd), "wb");
    gzputs(file, "5,0,255,7,90\n3,1,2,3,4\n");
    gzclose(file);
    lseek(fd, 0, SEEK_SET);
    unlink(path);
    assert_int_equal(nn__csv_read(fd, "t.csv", &images, &labels), NN_OK);
    expect_two_images();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_images_and_labels),
        cmocka_unit_test(the_blocks_are_whole_idx_files),
        cmocka_unit_test(many_rows_cross_the_pieces),
        cmocka_unit_test(what_is_no_such_file),
        cmocka_unit_test(gz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
