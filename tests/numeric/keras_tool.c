/* The library's side of test_keras_file.py: one command a call, on model files.
 *
 *     data FOLDER               write x_train, y_train, x_test, y_test as raw u8; print the counts
 *     train OUT.keras VARIANT   train a LeNet-5 on the first 6,400 images and save it
 *     test IN.keras OUT.f32     load, write the outputs for all test images, print the loss
 *     step IN.keras OUT.keras   load, take one step over the first 128 training images, save
 *     copy IN.keras OUT.keras   load, save
 *     load IN.keras             load, print what came
 *
 * A failure prints "Kind: message" and exits with 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/dataset.h"
#include "nn/keras_file.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void fail(void)
{
    printf("%s: %s\n", nn_status_name(nn_error_status()), nn_error_message());
    exit(1);
}

/* MNIST if it is at hand, else drawn digits. */
static mnist_t digits(void)
{
    mnist_t data;
    if (nn_mnist_load(&(mnist_opts){.no_download = 1}, &data) && nn_synthetic_digits(&data))
        fail();
    return data;
}

static tensor_t images(tensor_t x)
{
    return nn_rescale(nn_reshape(x, 4, (int64_t[]){-1, 28, 28, 1}), 1 / 255.0f);
}

static void put(const char *folder, const char *name, const void *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        exit(2);
}

static void write_data(const char *folder)
{
    mnist_t d = digits();
    put(folder, "x_train", d.x_train.data, nn_tensor_size(d.x_train));
    put(folder, "y_train", d.y_train.data, nn_tensor_size(d.y_train));
    put(folder, "x_test", d.x_test.data, nn_tensor_size(d.x_test));
    put(folder, "y_test", d.y_test.data, nn_tensor_size(d.y_test));
    printf("%lld %lld\n", (long long)d.x_train.shape[0], (long long)d.x_test.shape[0]);
}

static model_t *load(const char *path)
{
    model_t *model = nn_model_load(path, (load_opts){0});
    if (!model)
        fail();
    return model;
}

static void save(const model_t *model, const char *path, save_opts opts)
{
    if (nn_model_save(model, path, opts).bytes < 0)
        fail();
}

/* VARIANT: "tanh" (Adam, average pooling, dropout) or "relu" (SGD with momentum, maximum
   pooling); a trailing "2" asks for TF-Keras 2's optimizer state. */
static void train(const char *path, const char *variant)
{
    int relu = strncmp(variant, "relu", 4) == 0;
    const char *activation = relu ? "relu" : "tanh";
    layer_t *(*pool)(int, pooling2d_opts) = relu ? nn_max_pooling2d : nn_average_pooling2d;
    layer_t *layers[] = {
        nn_input(3, (int64_t[]){28, 28, 1}),
        nn_conv2d(6, 5, (conv2d_opts){.activation = activation, .padding = "same"}),
        pool(2, (pooling2d_opts){0}),
        nn_conv2d(16, 5, (conv2d_opts){.no_bias = relu}),
        nn_activation_layer(activation, (layer_opts){0}),
        pool(2, (pooling2d_opts){0}),
        nn_flatten((layer_opts){0}),
        nn_dropout(0.1, (layer_opts){0}),
        nn_dense(120, (dense_opts){.activation = activation}),
        nn_dense(84, (dense_opts){.activation = activation, .name = "penultimate"}),
        nn_dense(10, (dense_opts){.activation = "softmax"}),
    };
    model_t *model = nn_sequential("lenet5", COUNT(layers), layers);
    compile_opts settings = {
        .optimizer = relu ? nn_sgd((sgd_opts){.learning_rate = 0.02, .momentum = 0.9})
                          : nn_adam((adam_opts){.learning_rate = 0.002}),
        .loss = "sparse_categorical_crossentropy",
        .metrics = {"accuracy"},
    };
    mnist_t d = digits();
    if (!model || nn_model_compile(model, settings) ||
        !nn_model_fit(model, nn_slice(images(d.x_train), 0, 6400), nn_slice(d.y_train, 0, 6400),
                      (fit_opts){.batch_size = 128, .verbose = NN_SILENT}))
        fail();
    save(model, path, (save_opts){.keras2 = variant[strlen(variant) - 1] == '2'});
}

static void test(const char *path, const char *out)
{
    mnist_t d = digits();
    model_t *model = load(path);
    tensor_t x = images(d.x_test), answers = nn_model_predict(model, x, (run_opts){0});
    if (answers.rank == 0)
        fail();
    put(NULL, out, nn_tensor_data(answers), nn_tensor_size(answers) * sizeof(float));
    metrics_t m = nn_model_evaluate(model, x, d.y_test, (run_opts){0});
    if (m.samples < 0)
        fail();
    printf("%.9f %.9f\n", m.loss, m.accuracy);
}

static void step(const char *in, const char *out)
{
    mnist_t d = digits();
    model_t *model = load(in);
    metrics_t m = nn_model_train_on_batch(model, nn_slice(images(d.x_train), 0, 128),
                                          nn_slice(d.y_train, 0, 128), (run_opts){0});
    if (m.samples < 0)
        fail();
    save(model, out, (save_opts){0});
}

static void describe(const char *path)
{
    nn_summary_totals totals;
    model_t *model = load(path);
    nn_model_summary_rows(model, NULL, 0, &totals);
    printf("%s: %d layers, %lld parameters, %lld of the optimizer\n%s", nn_model_name(model),
           nn_model_layer_count(model), (long long)totals.total - totals.optimizer,
           (long long)totals.optimizer, nn_load_warnings());
}

int main(int argc, char **argv)
{
    const char *command = argc > 2 ? argv[1] : "";
    if (strcmp(command, "data") == 0)
        write_data(argv[2]);
    else if (strcmp(command, "load") == 0)
        describe(argv[2]);
    else if (argc < 4)
        return 2;
    else if (strcmp(command, "train") == 0)
        train(argv[2], argv[3]);
    else if (strcmp(command, "test") == 0)
        test(argv[2], argv[3]);
    else if (strcmp(command, "step") == 0)
        step(argv[2], argv[3]);
    else if (strcmp(command, "copy") == 0)
        save(load(argv[2]), argv[3], (save_opts){0});
    else
        return 2;
    return 0;
}
