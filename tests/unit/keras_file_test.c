/* Saving and loading through the whole path: libnn, the job, nn-files, the file. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "nb/host.h"
#include "nn/dataset.h"
#include "nn/keras_file.h"

static char folder[] = "/tmp/keras_file_test.XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Every kind of layer, small. */
static model_t *small_model(uint64_t seed)
{
    nn_set_random_seed(seed);
    layer_t *layers[] = {
        nn_input(3, (int64_t[]){28, 28, 1}),
        nn_conv2d(3, 5, (conv2d_opts){.activation = "tanh", .padding = "same", .strides = 2}),
        nn_average_pooling2d(2, (pooling2d_opts){0}),
        nn_conv2d(4, 3, (conv2d_opts){.activation = "relu", .no_bias = 1}),
        nn_max_pooling2d(2, (pooling2d_opts){.strides = 1, .padding = "same"}),
        nn_activation_layer("sigmoid", (layer_opts){0}),
        nn_flatten((layer_opts){0}),
        nn_dropout(0.25, (layer_opts){.name = "leave_out"}),
        nn_dense(12, (dense_opts){.activation = "tanh", .name = "hidden"}),
        nn_dense(10, (dense_opts){.activation = "softmax"}),
    };
    return nn_sequential("small", sizeof layers / sizeof *layers, layers);
}

static void load_digits(tensor_t *x, tensor_t *y)
{
    mnist_t digits;
    assert_int_equal(nn_synthetic_digits(&digits), NN_OK);
    *x = nn_rescale(nn_reshape(nn_slice(digits.x_train, 0, 256), 4, (int64_t[]){256, 28, 28, 1}),
                    1 / 255.0f);
    *y = nn_slice(digits.y_train, 0, 256);
}

static void compile(model_t *model, nn_optimizer optimizer)
{
    assert_int_equal(nn_model_compile(model, (compile_opts){
                                                 .optimizer = optimizer,
                                                 .loss = "sparse_categorical_crossentropy",
                                                 .metrics = {"accuracy"},
                                             }),
                     NN_OK);
}

static void train(model_t *model)
{
    tensor_t x, y;
    load_digits(&x, &y);
    assert_non_null(nn_model_fit(model, x, y,
                                 (fit_opts){.batch_size = 64, .verbose = NN_SILENT, .seed = 7}));
}

static void assert_same_tensor(tensor_t a, tensor_t b)
{
    assert_int_equal(nn_tensor_size(a), nn_tensor_size(b));
    assert_memory_equal(nn_tensor_data(a), nn_tensor_data(b), nn_tensor_size(a) * sizeof(float));
}

static void assert_same_model(model_t *a, model_t *b)
{
    tensor_t x, y;
    load_digits(&x, &y);
    assert_int_equal(nn_model_layer_count(a), nn_model_layer_count(b));
    assert_string_equal(nn_model_name(a), nn_model_name(b));
    for (int i = 0; i < nn_model_layer_count(a); i++) {
        layer_t *p = nn_model_layer(a, i), *q = nn_model_layer(b, i);
        assert_string_equal(nn_layer_name(p), nn_layer_name(q));
        assert_string_equal(nn_layer_class(p), nn_layer_class(q));
        assert_int_equal(nn_layer_param_count(p), nn_layer_param_count(q));
        if (nn_layer_param_count(p) > 0)
            assert_same_tensor(nn_layer_weights_tensor(p), nn_layer_weights_tensor(q));
    }
    assert_same_tensor(nn_model_predict(a, x, (run_opts){0}),
                       nn_model_predict(b, x, (run_opts){0}));
}

static model_t *save_and_load(model_t *model, const char *path, save_opts opts)
{
    saved_t saved = nn_model_save(model, path, opts);
    if (saved.bytes < 0)
        fail_msg("%s", nn_error_message());
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, saved.bytes);
    assert_int_equal(strlen(saved.sha256), 64);
    model_t *again = nn_model_load(path, (load_opts){0});
    if (!again)
        fail_msg("%s", nn_error_message());
    return again;
}

/* ---- round trips ---- */

static void an_uncompiled_model_comes_back(void **state)
{
    (void)state;
    model_t *model = small_model(1);
    assert_same_model(model, save_and_load(model, "plain.keras", (save_opts){0}));
    assert_string_equal(nn_load_warnings(), "");
}

/* Train, save, load, train: the same bits as training twice. */
static void continue_training(nn_optimizer optimizer, const char *path)
{
    model_t *straight = small_model(2);
    compile(straight, optimizer);
    train(straight);
    model_t *again = save_and_load(straight, path, (save_opts){0});
    assert_string_equal(nn_load_warnings(), "");
    assert_same_model(straight, again);
    train(straight);
    train(again);
    assert_same_model(straight, again);
}

static void training_goes_on_with_adam(void **state)
{
    (void)state;
    continue_training(nn_adam((adam_opts){.learning_rate = 0.003f, .beta_1 = 0.8}), "adam.keras");
}

static void training_goes_on_with_momentum(void **state)
{
    (void)state;
    continue_training(nn_sgd((sgd_opts){.momentum = 0.9, .nesterov = 1}), "momentum.keras");
}

static void training_goes_on_with_plain_sgd(void **state)
{
    (void)state;
    continue_training(nn_sgd((sgd_opts){.learning_rate = 0.1}), "sgd.keras");
}

static void the_optimizer_can_stay_behind(void **state)
{
    (void)state;
    model_t *model = small_model(3);
    compile(model, nn_adam((adam_opts){0}));
    train(model);
    saved_t with = nn_model_save(model, "with.keras", (save_opts){0});
    model_t *again = save_and_load(model, "without.keras", (save_opts){.no_optimizer = 1});
    nn_summary_totals totals;
    struct stat info;
    assert_int_equal(stat("without.keras", &info), 0);
    assert_true(info.st_size < with.bytes - 5000);
    assert_same_model(model, again);
    train(again); /* still compiled */
    again = nn_model_load("with.keras", (load_opts){.no_compile = 1});
    assert_non_null(again);
    nn_model_summary_rows(again, NULL, 0, &totals);
    assert_int_equal(totals.optimizer, 0);
}

static void keras_2_state_comes_back(void **state)
{
    (void)state;
    model_t *model = small_model(4);
    compile(model, nn_adam((adam_opts){0}));
    train(model);
    model_t *again = save_and_load(model, "keras2.keras", (save_opts){.keras2 = 1});
    assert_string_equal(nn_load_warnings(), "");
    train(model);
    train(again);
    assert_same_model(model, again);
}

static char *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *data = malloc(1 << 20);
    *size = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void equal_models_give_equal_bytes(void **state)
{
    (void)state;
    size_t a_size, b_size;
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    for (int i = 0; i < 2; i++) {
        model_t *model = small_model(5);
        compile(model, nn_adam((adam_opts){0}));
        train(model);
        assert_true(nn_model_save(model, i ? "b.keras" : "a.keras", (save_opts){0}).bytes > 0);
    }
    unsetenv("SOURCE_DATE_EPOCH");
    char *a = slurp("a.keras", &a_size), *b = slurp("b.keras", &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
}

static void names_may_be_any_text(void **state)
{
    (void)state;
    layer_t *layers[] = {
        nn_input(1, (int64_t[]){3}),
        nn_dense(2, (dense_opts){.name = "Schicht \"\xc3\xa9\xe2\x82\xac\" 100%\n2"}),
    };
    model_t *model = nn_sequential("mein = Netz", 2, layers);
    assert_non_null(model);
    model_t *again = save_and_load(model, "names.keras", (save_opts){0});
    assert_string_equal(nn_model_name(again), "mein = Netz");
    assert_string_equal(nn_layer_name(nn_model_layer(again, 1)),
                        "Schicht \"\xc3\xa9\xe2\x82\xac\" 100%\n2");
}

static void zero_settings_stay_zero(void **state)
{
    (void)state;
    model_t *model = small_model(6);
    compile(model, nn_adam((adam_opts){.learning_rate = NN_ZERO, .beta_1 = NN_ZERO}));
    train(model);
    model_t *again = save_and_load(model, "zero.keras", (save_opts){0});
    train(again);
    assert_same_model(model, again); /* a rate that became 0.001 would have moved it */
}

/* ---- the file ---- */

static void fails_to_save(const char *path, save_opts opts, nn_status status, const char *words)
{
    model_t *model = small_model(8);
    assert_int_equal(nn_model_save(model, path, opts).bytes, -1);
    assert_int_equal(nn_error_status(), status);
    if (!strstr(nn_error_message(), words))
        fail_msg("\"%s\" does not say \"%s\"", nn_error_message(), words);
}

static void a_place_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(mkdir("folder.keras", 0755), 0);
    assert_int_equal(symlink("nowhere.keras", "dangling.keras"), 0);
    fails_to_save("model.h5", (save_opts){0}, NN_VALUE_ERROR, "must end in '.keras'");
    fails_to_save(".keras", (save_opts){0}, NN_VALUE_ERROR, "must end in '.keras'");
    fails_to_save("missing/model.keras", (save_opts){0}, NN_FILE_NOT_FOUND, "no such folder");
    fails_to_save("folder.keras", (save_opts){0}, NN_OS_ERROR, "not a regular file");
    fails_to_save("dangling.keras", (save_opts){0}, NN_OS_ERROR, "does not exist");
    assert_int_equal(access("nowhere.keras", F_OK), -1);
}

static void a_file_is_not_overwritten_against_the_will(void **state)
{
    (void)state;
    size_t before, after;
    assert_true(nn_model_save(small_model(9), "once.keras", (save_opts){.no_overwrite = 1}).bytes >
                0);
    char *a = slurp("once.keras", &before);
    fails_to_save("once.keras", (save_opts){.no_overwrite = 1}, NN_OS_ERROR, "exists already");
    char *b = slurp("once.keras", &after);
    assert_int_equal(before, after);
    assert_memory_equal(a, b, before);
    free(a);
    free(b);
}

static void a_link_is_followed_and_stays(void **state)
{
    (void)state;
    struct stat info;
    assert_true(nn_model_save(small_model(10), "target.keras", (save_opts){0}).bytes > 0);
    assert_int_equal(chmod("target.keras", 0640), 0);
    assert_int_equal(symlink("target.keras", "link.keras"), 0);
    model_t *other = small_model(11);
    assert_true(nn_model_save(other, "link.keras", (save_opts){0}).bytes > 0);
    assert_int_equal(lstat("link.keras", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("target.keras", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_same_model(other, nn_model_load("target.keras", (load_opts){0}));
}

static int stop_at_once(void *self)
{
    (void)self;
    return 1;
}

static void an_interrupt_leaves_the_old_file(void **state)
{
    (void)state;
    size_t before, after;
    assert_true(nn_model_save(small_model(12), "kept.keras", (save_opts){0}).bytes > 0);
    char *a = slurp("kept.keras", &before);
    nb_host_set(&(nb_host){.interrupted = stop_at_once});
    saved_t saved = nn_model_save(small_model(13), "kept.keras", (save_opts){0});
    assert_null(nn_model_load("kept.keras", (load_opts){0}));
    nb_host_set(NULL);
    assert_int_equal(saved.bytes, -1);
    assert_int_equal(nn_error_status(), NN_INTERRUPTED);
    char *b = slurp("kept.keras", &after);
    assert_int_equal(before, after);
    assert_memory_equal(a, b, before);
    free(a);
    free(b);
}

/* ---- files that are none ---- */

static void fails_to_load(const char *path, nn_status status, const char *words)
{
    assert_null(nn_model_load(path, (load_opts){0}));
    assert_int_equal(nn_error_status(), status);
    if (!strstr(nn_error_message(), words))
        fail_msg("\"%s\" does not say \"%s\"", nn_error_message(), words);
}

static void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void what_is_no_model_file_is_refused(void **state)
{
    (void)state;
    put_file("text.keras", "This is not a model, just text.", 31);
    put_file("empty.keras", "", 0);
    put_file("old.keras", "\x89HDF\r\n\x1a\n and so on, and on, and on", 33);
    fails_to_load("none.keras", NN_FILE_NOT_FOUND, "File not found: filepath=none.keras");
    fails_to_load("text.keras", NN_VALUE_ERROR,
                  "text.keras is not a '.keras' zip file (31 bytes, starts with 'This is not ')");
    fails_to_load("empty.keras", NN_VALUE_ERROR, "is not a '.keras' zip file (0 bytes)");
    fails_to_load("old.keras", NN_VALUE_ERROR, "legacy HDF5 model");
    fails_to_load("/dev/null", NN_OS_ERROR, "not a regular file");
    fails_to_load(".", NN_OS_ERROR, "not a regular file");
}

/* Every way to cut a file and a flip of every byte: an error, or the same model, never more. */
static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    layer_t *layers[] = {nn_input(1, (int64_t[]){2}), nn_dense(1, (dense_opts){0})};
    model_t *model = nn_sequential("tiny", 2, layers);
    size_t size;
    assert_true(nn_model_save(model, "tiny.keras", (save_opts){0}).bytes > 0);
    char *data = slurp("tiny.keras", &size);
    for (size_t keep = 0; keep < size; keep += 97) {
        put_file("cut.keras", data, keep);
        assert_null(nn_model_load("cut.keras", (load_opts){0}));
        assert_int_equal(nn_error_status(), NN_VALUE_ERROR);
    }
    for (size_t i = 0; i < size; i += 61) {
        data[i] ^= 0x55;
        put_file("flipped.keras", data, size);
        data[i] ^= 0x55;
        model_t *again = nn_model_load("flipped.keras", (load_opts){0});
        if (!again)
            assert_int_equal(nn_error_status(), NN_VALUE_ERROR);
        else
            assert_same_tensor(nn_layer_weights_tensor(nn_model_layer(model, 1)),
                               nn_layer_weights_tensor(nn_model_layer(again, 1)));
        nn_model_free(again);
    }
    free(data);
}

/* Many notebooks in one folder, each with an XTINYCC_OUT of its own, do not meet. */
static void results_go_where_the_environment_says(void **state)
{
    (void)state;
    assert_int_equal(mkdir("elsewhere", 0777), 0);
    model_t *here = small_model(1), *moved = small_model(2), *again;
    assert_true(nn_model_save(here, "moved.keras", (save_opts){0}).bytes > 0);
    setenv("XTINYCC_OUT", "elsewhere", 1);
    saved_t saved = nn_model_save(moved, "moved.keras", (save_opts){0});
    again = nn_model_load("moved.keras", (load_opts){0});
    unsetenv("XTINYCC_OUT");
    assert_string_equal(saved.path, "elsewhere/moved.keras");
    assert_int_equal(access("elsewhere/moved.keras", F_OK), 0);
    assert_non_null(again);
    assert_same_model(moved, again);
    setenv("XTINYCC_OUT", "elsewhere", 1); /* what is not there is read from here */
    assert_int_equal(unlink("elsewhere/moved.keras"), 0);
    again = nn_model_load("moved.keras", (load_opts){0});
    unsetenv("XTINYCC_OUT");
    assert_non_null(again);
    assert_same_model(here, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_uncompiled_model_comes_back),
        cmocka_unit_test(training_goes_on_with_adam),
        cmocka_unit_test(training_goes_on_with_momentum),
        cmocka_unit_test(training_goes_on_with_plain_sgd),
        cmocka_unit_test(the_optimizer_can_stay_behind),
        cmocka_unit_test(keras_2_state_comes_back),
        cmocka_unit_test(equal_models_give_equal_bytes),
        cmocka_unit_test(names_may_be_any_text),
        cmocka_unit_test(zero_settings_stay_zero),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_file_is_not_overwritten_against_the_will),
        cmocka_unit_test(a_link_is_followed_and_stays),
        cmocka_unit_test(an_interrupt_leaves_the_old_file),
        cmocka_unit_test(what_is_no_model_file_is_refused),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(results_go_where_the_environment_says),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
