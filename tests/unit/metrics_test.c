/* Losses of given predictions, confusion matrices, series and devices by name. */
#include "nn_expect.h"
#include "nn/device.h"

static void test_losses(void **state)
{
    (void)state;
    float rows[] = {0.7f, 0.2f, 0.1f, 0.1f, 0.8f, 0.1f};
    float one_hot[] = {1, 0, 0, 0, 0, 1};
    int32_t labels[] = {0, 2};
    tensor_t p = nn_tensor_wrap(rows, NN_FLOAT32, SHAPE(2, 3));
    tensor_t sparse = nn_tensor_wrap(labels, NN_INT32, SHAPE(2));
    tensor_t hot = nn_tensor_wrap(one_hot, NN_FLOAT32, SHAPE(2, 3));
    double expected = -(log(0.7) + log(0.1)) / 2;
    assert_float_equal(nn_loss_value("sparse_categorical_crossentropy", sparse, p), expected, 1e-6);
    assert_float_equal(nn_loss_value("categorical_crossentropy", hot, p), expected, 1e-6);
    assert_float_equal(nn_loss_value("mean_squared_error", hot, p),
                       (0.09 + 0.04 + 0.01 + 0.01 + 0.64 + 0.81) / 6, 1e-6);
}

static void test_refused_losses(void **state)
{
    (void)state;
    tensor_t p = floats(SHAPE(2, 3)), labels = floats(SHAPE(2));
    assert_refused(isnan(nn_loss_value("mse", p, p)),
                   "loss_value: loss \"mse\" is unknown; valid are sparse_categorical_crossentropy, "
                   "categorical_crossentropy, mean_squared_error");
    assert_refused(isnan(nn_loss_value("mean_squared_error", labels, p)),
                   "loss_value: y_true has shape (2,) and y_pred (2, 3); (N, outputs) for both "
                   "expected for mean_squared_error");
    ((float *)labels.data)[1] = 3;
    assert_refused(isnan(nn_loss_value("sparse_categorical_crossentropy", labels, p)),
                   "loss_value: label 3 at index 1; whole numbers 0 to 2 expected");
    ((float *)labels.data)[1] = 0.5;
    assert_refused(isnan(nn_loss_value("sparse_categorical_crossentropy", labels, p)),
                   "loss_value: label 0.5 at index 1; whole numbers 0 to 2 expected");
}

static void test_confusion(void **state)
{
    (void)state;
    uint8_t true_classes[] = {0, 1, 2, 2};
    int32_t answers[] = {0, 2, 2, 1};
    tensor_t m = nn_confusion_matrix(nn_tensor_wrap(true_classes, NN_UINT8, SHAPE(4)),
                                     nn_tensor_wrap(answers, NN_INT32, SHAPE(4)));
    static const int32_t expected[9] = {1, 0, 0, 0, 0, 1, 0, 1, 1};
    assert_int_equal(m.shape[0], 3);
    assert_memory_equal(m.data, expected, sizeof expected);
    assert_refused(!nn_confusion_matrix(m, nn_slice(m, 0, 1)).rank,
                   "confusion_matrix: y_true has 9 labels and y_pred 3; as many of both expected "
                   "(for outputs of predict use argmax)");
    float probabilities[] = {0, 0.5f, 1, 0};
    assert_refused(!nn_confusion_matrix(nn_tensor_wrap(true_classes, NN_UINT8, SHAPE(4)),
                                        nn_tensor_wrap(probabilities, NN_FLOAT32, SHAPE(4)))
                        .rank,
                   "confusion_matrix: y_pred holds values that are no classes; whole numbers from 0 "
                   "to 4095 expected (for outputs of predict use argmax)");
}

static void test_series(void **state)
{
    (void)state;
    const double values[] = {1};
    history_t h = {.epochs = 1, .loss = values, .val_loss = values};
    assert_ptr_equal(nn_history_series(&h, "val_loss"), values);
    assert_refused(!nn_history_series(&h, "acc"),
                   "history: no series is called \"acc\"; recorded are loss, val_loss");
    assert_refused(!nn_history_series(&h, "accuracy"),
                   "history: no series is called \"accuracy\"; recorded are loss, val_loss");
    assert_refused(!nn_history_series(NULL, "loss"), "history: the history is NULL");
}

static void test_devices(void **state)
{
    (void)state;
    unsetenv("XTINYCC_DEVICE");
    assert_int_equal(nn_use_device("cpu"), NN_OK);
    assert_string_equal(nn_device_in_use(), "cpu");
    assert_refused(nn_use_device("gpu:0"),
                   "use_device: No GPU is available (this build has no xtinycc-device, which drives "
                   "PJRT plugins). Choose use_device(\"cpu\"), or set XTINYCC_DEVICE to cpu.");
    assert_refused(nn_use_device("cpu:1"), "use_device: device \"cpu:1\" is unknown; valid are cpu, "
                                           "gpu, gpu:0, tpu, tpu:0");
    assert_string_equal(nn_device_in_use(), "cpu");
    nn_device_info rows[8];
    assert_int_equal(nn_devices(rows, 8), 3);
    assert_true(rows[0].available && rows[0].in_use && !rows[1].available);
    assert_int_equal(strncmp(nn_version_text(), "xeus-tinycc ", 12), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_losses, reset_session),
        cmocka_unit_test_setup(test_refused_losses, reset_session),
        cmocka_unit_test_setup(test_confusion, reset_session),
        cmocka_unit_test_setup(test_series, reset_session),
        cmocka_unit_test_setup(test_devices, reset_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
