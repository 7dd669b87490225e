/* The machine's BLAS: found, used on this thread alone, refused if it is built with OpenMP. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "elf_needed.h"
#include "nn/blas.h"

/* One library a process: each look happens in a child. The child's status is 0 if CHECK holds. */
static int in_child(const char *blas, int (*check)(void))
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        if (blas)
            setenv("XTINYCC_BLAS", blas, 1);
        else
            unsetenv("XTINYCC_BLAS");
        _exit(!check());
    }
    waitpid(child, &status, 0);
    return status == 0;
}

static int threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *e; folder && (e = readdir(folder));)
        count += e->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static int multiplies(void)
{
    void (*gemm)(int, int, int, int, int, int, float, const float *, int, const float *, int,
                 float, float *, int) = NULL;
    void *symbol = nn_blas_symbol("cblas_sgemm");
    memcpy(&gemm, &symbol, sizeof gemm);
    if (!gemm)
        return 0;
    float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8}, c[4] = {0};
    gemm(101, 111, 111, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
    return c[0] == 19 && c[1] == 22 && c[2] == 43 && c[3] == 50 && threads() == 1 &&
           strstr(nn_blas_library(), "openblas") && !getenv("OPENBLAS_NUM_THREADS");
}

static int lacks_the_function(void)
{
    return !nn_blas_symbol("cblas_nonsense") &&
           strstr(nn_error_message(), "has no function cblas_nonsense");
}

static int is_off(void)
{
    return !nn_blas_symbol("cblas_sgemm") && strstr(nn_error_message(), "XTINYCC_BLAS=none");
}

static int is_refused(void)
{
    return !nn_blas_library() && strstr(nn_error_message(), "it needs libgomp.so.1") &&
           strstr(nn_error_message(), "Install libopenblas0-pthread");
}

static int is_absent(void)
{
    return !nn_blas_library() && strstr(nn_error_message(), "no libnothing.so.9 that can be used");
}

static void test_openblas(void **state)
{
    (void)state;
    unsetenv("OPENBLAS_NUM_THREADS");
    assert_true(in_child(NULL, multiplies));
    assert_true(in_child("libopenblas.so.0", multiplies));
    assert_true(in_child(NULL, lacks_the_function));
}

static void test_refusals(void **state)
{
    (void)state;
    assert_true(in_child("none", is_off));
    assert_true(in_child(NEEDS_OPENMP, is_refused));
    assert_true(in_child("libnothing.so.9", is_absent));
}

static void test_damaged_files(void **state)
{
    (void)state;
    unsigned char bytes[200] = {0x7f, 'E', 'L', 'F', 2, 1};
    assert_null(nn__elf_needed(bytes, sizeof bytes, 0));
    assert_null(nn__elf_needed(bytes, 4, 0));
    assert_null(nn__elf_needed(NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openblas),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
