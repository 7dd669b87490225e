#include "idx.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "idx_build.h"
#include "memory_file.h"

static nn_status load(bytes b, int rank, nn_idx *idx)
{
    return nn__idx_read(nn__memory_file("t", b.data, b.size), "t-idx", rank, idx);
}

static void expect_error(bytes b, int rank, const char *text)
{
    nn_idx idx;
    assert_int_equal(load(b, rank, &idx), NN_VALUE_ERROR);
    if (!strstr(nn_error_message(), text))
        fail_msg("'%s' expected in: %s", text, nn_error_message());
    assert_null(idx.data);
}

static void images_are_loaded(void **state)
{
    (void)state;
    bytes b = idx_bytes(3, 5, 28, 28, 3);
    bytes gz = gz_bytes(b.data, b.size);
    for (int i = 0; i < 2; i++) {
        nn_idx idx;
        assert_int_equal(load(i ? gz : b, 3, &idx), NN_OK);
        assert_int_equal(idx.rank, 3);
        assert_int_equal(idx.shape[0], 5);
        assert_int_equal(idx.shape[1], 28);
        assert_int_equal(idx.shape[2], 28);
        assert_memory_equal(idx.data, b.data + 16, 5 * 784);
        /* Slack in front and behind, and a place that vector loads like. */
        assert_int_equal((uintptr_t)idx.data % 64, 0);
        assert_true(idx.data - (uint8_t *)idx.map >= 64);
        assert_true((uint8_t *)idx.map + idx.map_size - (idx.data + 5 * 784) >= 64);
        /* The whole file, header included, for its hash. */
        uint8_t *copy = malloc(b.size);
        assert_int_equal(idx.size, b.size);
        assert_int_equal(pread(idx.fd, copy, b.size, (off_t)idx.offset), b.size);
        assert_memory_equal(copy, b.data, b.size);
        free(copy);
        nn__idx_free(&idx);
    }
    free(gz.data);
    free(b.data);
}

static void slack_is_there_for_every_length(void **state)
{
    (void)state;
    for (uint32_t count = 3968; count <= 4100; count++) {
        bytes b = idx_bytes(1, count, 0, 0, 1);
        nn_idx idx;
        assert_int_equal(load(b, 1, &idx), NN_OK);
        assert_true((uint8_t *)idx.map + idx.map_size - (idx.data + count) >= 64);
        nn__idx_free(&idx);
        free(b.data);
    }
}

static void memory_cannot_be_written(void **state)
{
    (void)state;
    bytes b = idx_bytes(1, 100, 0, 0, 1);
    nn_idx idx;
    assert_int_equal(load(b, 1, &idx), NN_OK);
    assert_int_equal(mprotect(idx.map, idx.map_size, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(pwrite(idx.fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(idx.fd, 0), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, idx.fd, 0), MAP_FAILED);
    nn__idx_free(&idx);
    free(b.data);
}

/* Whether a byte can be changed, which a signal handler would tell at a cost. */
static int is_writable(void *at)
{
    int ends[2];
    char byte = *(char *)at;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], &byte, 1), 1);
    int got = (int)read(ends[0], at, 1);
    close(ends[0]);
    close(ends[1]);
    return got == 1;
}

/* Small data stay in their file, large ones move: the same elements, the same room around them. */
static void tensors_have_the_elements(void **state)
{
    (void)state;
    for (uint32_t count = 5; count <= 5000; count *= 1000) {
        bytes b = idx_bytes(3, count, 28, 28, 3);
        nn_idx idx;
        assert_int_equal(load(b, 3, &idx), NN_OK);
        int fd = idx.fd;
        tensor_t x = nn__idx_tensor(&idx);
        size_t size = (size_t)count * 784;
        assert_int_equal(x.rank, 3);
        assert_int_equal(x.dtype, NN_UINT8);
        assert_int_equal(x.shape[0], count);
        assert_int_equal(x.shape[1], 28);
        assert_int_equal(x.shape[2], 28);
        assert_true(x.read_only && x.scale == 1 && x.offset == 0);
        assert_memory_equal(x.data, b.data + 16, size);
        assert_int_equal((uintptr_t)x.data % 64, 0);
        const volatile uint8_t *around = x.data;
        for (size_t i = 0; i < 64; i++)
            assert_int_equal(around[size + i] | around[-1 - (int)i - 16], 0);
        assert_false(is_writable(x.data));
        assert_false(is_writable((uint8_t *)x.data + size - 1));
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        nn__idx_free(&idx);
        assert_memory_equal(x.data, b.data + 16, size);
        free(b.data);
    }
}

static void every_wrong_length_is_refused(void **state)
{
    (void)state;
    bytes b = idx_bytes(3, 2, 3, 4, 1);
    size_t whole = b.size;
    for (b.size = 0; b.size < whole; b.size++)
        expect_error(b, 3, "t-idx is truncated");
    b.size = whole + 1;
    expect_error(b, 3, "too long");
    for (b.size = 1; b.size <= whole + 1; b.size++) {
        if (b.size == whole)
            continue;
        bytes gz = gz_bytes(b.data, b.size);
        expect_error(gz, 3, b.size < whole ? "truncated" : "too long");
        free(gz.data);
    }
    free(b.data);
}

static void header_is_checked(void **state)
{
    (void)state;
    bytes b = idx_bytes(3, 2, 3, 4, 1);
    expect_error(b, 1, "not an IDX file of labels: it starts with 2051, expected 2049");
    b.data[2] = 9; /* signed bytes */
    expect_error(b, 3, "not an IDX file of images: it starts with 2307, expected 2051");
    free(b.data);
    b = idx_bytes(3, 0, 28, 28, 1);
    expect_error(b, 3, "holds no images");
    free(b.data);
    b = idx_bytes(3, 1, 0, 28, 1);
    expect_error(b, 3, "images of 0 x 28");
    free(b.data);
}

/* Lengths whose product leaves 32 or 64 bits: an error, and no memory taken. */
static void lying_headers_are_refused(void **state)
{
    (void)state;
    const uint32_t lengths[][3] = {{0xffffffff, 0xffffffff, 0xffffffff},
                                   {0x80000000, 1, 1},
                                   {0xffffffff, 4096, 4096},
                                   {1, 0x10001, 0x10000},
                                   {0x40000001, 1, 1},
                                   {65536, 4096, 4096},
                                   {1, 4097, 1},
                                   {0x10000, 0x8000, 0x8000}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        bytes b = idx_bytes(3, 1, 4, 4, 1);
        for (int k = 0; k < 3; k++)
            put32(b.data + 4 + 4 * k, lengths[i][k]);
        bytes gz = gz_bytes(b.data, b.size);
        nn_idx idx;
        assert_int_equal(load(b, 3, &idx), NN_VALUE_ERROR);
        assert_int_equal(load(gz, 3, &idx), NN_VALUE_ERROR);
        free(gz.data);
        free(b.data);
    }
}

/* A .gz that announces just the limit takes no more memory than what inflates. */
static void announced_size_takes_no_memory(void **state)
{
    (void)state;
    bytes b = idx_bytes(1, 100, 0, 0, 1);
    put32(b.data + 4, 1u << 30);
    bytes gz = gz_bytes(b.data, b.size);
    nn_idx idx;
    assert_int_equal(load(gz, 1, &idx), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "truncated"));
    put32(b.data + 4, (1u << 30) + 1);
    bytes more = gz_bytes(b.data, b.size);
    assert_int_equal(load(more, 1, &idx), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "more than 1 GiB"));
    free(more.data);
    free(gz.data);
    free(b.data);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    nn_idx idx = {0};
    nn__idx_free(&idx);
    assert_true(fcntl(0, F_GETFD) >= 0 || errno == EBADF);
    nn__idx_free(&idx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_loaded),
        cmocka_unit_test(slack_is_there_for_every_length),
        cmocka_unit_test(memory_cannot_be_written),
        cmocka_unit_test(tensors_have_the_elements),
        cmocka_unit_test(every_wrong_length_is_refused),
        cmocka_unit_test(header_is_checked),
        cmocka_unit_test(lying_headers_are_refused),
        cmocka_unit_test(announced_size_takes_no_memory),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
