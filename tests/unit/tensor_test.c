/* Tensors: views, copies, and what is refused. */
#include "nn_expect.h"

static void test_views_share_data(void **state)
{
    (void)state;
    uint8_t bytes[12] = {0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6};
    tensor_t x = nn_tensor_wrap(bytes, NN_UINT8, SHAPE(3, 4));
    tensor_t scaled = nn_rescale(nn_reshape(x, SHAPE(-1, 2, 2, 1)), 1 / 255.0f);
    assert_int_equal(scaled.rank, 4);
    assert_int_equal(scaled.shape[0], 3);
    assert_ptr_equal(scaled.data, bytes);
    assert_int_equal(scaled.dtype, NN_UINT8);
    assert_float_equal(nn_tensor_at(scaled, 1), 0.2f, 1e-7);
    tensor_t last = nn_slice(scaled, -1, 100);
    assert_int_equal(last.shape[0], 1);
    assert_ptr_equal(last.data, bytes + 8);
    bytes[8] = 255;
    assert_float_equal(nn_tensor_at(last, 0), 1, 0);
}

static void test_copy_and_data(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0, 51, 102, 255};
    tensor_t x = nn_rescale(nn_tensor_wrap(bytes, NN_UINT8, SHAPE(4)), 1 / 255.0f);
    tensor_t copy = nn_tensor_copy(x);
    assert_int_equal(copy.dtype, NN_FLOAT32);
    assert_int_equal(copy.read_only, 0);
    for (size_t i = 0; i < 4; i++)
        assert_true(nn_tensor_at(copy, i) == nn_tensor_at(x, i));
    assert_ptr_equal(nn_tensor_data(copy), copy.data);
    assert_ptr_not_equal(nn_tensor_data(x), bytes);
    int32_t whole[2] = {-7, 70000};
    assert_float_equal(nn_tensor_data(nn_tensor_wrap(whole, NN_INT32, SHAPE(2)))[1], 70000, 0);
}

static void test_argmax(void **state)
{
    (void)state;
    float rows[] = {1, 3, 3, -2, -1, -5};
    tensor_t best = nn_argmax(nn_tensor_wrap(rows, NN_FLOAT32, SHAPE(2, 3)));
    assert_int_equal(best.rank, 1);
    assert_int_equal(best.dtype, NN_INT32);
    assert_int_equal(((int32_t *)best.data)[0], 1); /* the first of equals */
    assert_int_equal(((int32_t *)best.data)[1], 1);
    /* A negative scale turns the order round. */
    best = nn_argmax(nn_rescale(nn_tensor_wrap(rows, NN_FLOAT32, SHAPE(2, 3)), -1));
    assert_int_equal(((int32_t *)best.data)[0], 0);
    assert_int_equal(((int32_t *)best.data)[1], 2);
}

static void test_refused_shapes(void **state)
{
    (void)state;
    int64_t many = (int64_t)1 << 40;
    assert_refused(nn_tensor_zeros(NN_FLOAT32, 0, NULL).rank == 0,
                   "tensor_zeros: 0 dimensions given, 1 to 5 are possible");
    assert_refused(nn_tensor_zeros(NN_FLOAT32, SHAPE(2, 0)).rank == 0,
                   "tensor_zeros: shape (2, 0) has a length below 1");
    assert_refused(nn_tensor_zeros(NN_FLOAT32, SHAPE(many, 2)).rank == 0,
                   "tensor_zeros: shape (1099511627776, 2) has more than 2^40 elements");
    assert_refused(nn_tensor_zeros((nn_dtype)7, SHAPE(2)).rank == 0,
                   "tensor_zeros: dtype 7 is unknown; use NN_FLOAT32, NN_UINT8 or NN_INT32");
    assert_refused(nn_tensor_wrap(NULL, NN_UINT8, SHAPE(2)).rank == 0,
                   "tensor_wrap: the data pointer is NULL");
}

static void test_refused_views(void **state)
{
    (void)state;
    tensor_t x = floats(SHAPE(6, 28, 28)), none = {0};
    assert_refused(nn_reshape(x, SHAPE(-1, 27, 28)).rank == 0,
                   "reshape: 4704 elements of shape (6, 28, 28) do not fit into shape "
                   "(-1, 27, 28)");
    assert_refused(nn_reshape(x, SHAPE(-1, -1)).rank == 0,
                   "reshape: shape (-1, -1) has more than one -1; one can be computed");
    assert_refused(nn_slice(x, 4, 4).rank == 0, "slice: rows 4 to 4 of 6 rows are none");
    assert_refused(nn_slice(x, 6, 9).rank == 0, "slice: rows 6 to 9 of 6 rows are none");
    assert_refused(nn_rescale(x, NAN).rank == 0, "rescale: the factor is not a finite number");
    assert_refused(nn_rescale(none, 2).rank == 0,
                   "rescale: the tensor is empty; give it a value first");
    assert_refused(nn_tensor_data(none) == NULL,
                   "tensor_data: the tensor is empty; give it a value first");
    assert_refused(nn_argmax(floats(SHAPE(5))).rank == 0,
                   "argmax: shape (N, classes) expected, shape (5,) given");
}

static void test_outside(void **state)
{
    (void)state;
    tensor_t none = {0};
    assert_true(isnan(nn_tensor_at(floats(SHAPE(2, 2)), 4)));
    assert_true(isnan(nn_tensor_at(none, 0)));
    assert_int_equal(nn_tensor_size(none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_views_share_data, reset_session),
        cmocka_unit_test_setup(test_copy_and_data, reset_session),
        cmocka_unit_test_setup(test_argmax, reset_session),
        cmocka_unit_test_setup(test_refused_shapes, reset_session),
        cmocka_unit_test_setup(test_refused_views, reset_session),
        cmocka_unit_test_setup(test_outside, reset_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
