/* Cells as users write them: every macro of notebook.h that computes, with options, without any,
   and with trailing commas. Must compile without a warning, and run: it is the training of a tiny
   network on patterns of its own. */
#include "notebook.h"

#define SAMPLES 200

static float images[SAMPLES][8 * 8];
static unsigned char labels[SAMPLES];

/* Everything that shows something, in its text form; by value through the library and back. */
static void show_all(model_t *m, history_t *h, tensor_t x, tensor_t y, latency_t lat)
{
    const model_t *same = m;
    const history_t *course = h;
    mnist_t digits = synthetic_digits();
    metrics_t test = model_evaluate(m, x, y);
    tensor_t answers = argmax(model_predict(m, x));
    devices();
    system_info();
    model_summary(m);
    model_plan(m);
    model_settings(m);
    plot_history(h, "loss", "val_loss");
    plot_history(h, "accuracy");
    plot_hist(y, .bins = 4, .title = "Bars");
    plot_hist(y);
    imshow_grid(x, y, .rows = 1, .cols = 4);
    imshow_grid(x, y);
    plot_confusion_matrix(y, answers);
    plot_confusion_matrix(y, answers, .title = "Bars");
    display_mime("text/html", "<b>bars</b>", 11, .text = "bars");
    display(digits);
    display(m);
    display(same);
    display(h);
    display(course);
    display(x);
    display(test);
    display(test.loss);
    display(lat);
    display((float)lat.mean_us > 0);
    display("text");
    display(h->epochs);
    display(h->seed);
    display(nn_layer_weights(model_layer(m, 1)));
    display(model_compile(m, .loss = "sparse_categorical_crossentropy"));
    display(lat.precision);
    model_t *quantised = model_quantize(m, x), *half = model_quantize(m, x, .precision = "bf16", );
    comparison_t both = model_compare(quantised, m, x, .y = y);
    display(both);
    display(model_compare(half, quantised, x));
    display(quantised);
}

/* A bright bar: its row or column is the label. */
static void draw_images(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        labels[i] = i % 4;
        for (int k = 0; k < 8; k++)
            images[i][labels[i] < 2 ? (2 + 3 * labels[i]) * 8 + k : k * 8 + 2 + 3 * (labels[i] - 2)] =
                200 + i % 50;
    }
}

static int check(const char *what, int holds)
{
    if (!holds)
        printf("wrong: %s\n", what);
    return !holds;
}

int main(void)
{
    int wrong = 0;
    draw_images();
    use_device("cpu");
    set_random_seed(42);
    tensor_t x = rescale(nn_tensor_wrap(images, NN_FLOAT32, 3, (int64_t[]){SAMPLES, 8, 8}),
                         1 / 255.0f);
    x = reshape(x, -1, 8, 8, 1);
    tensor_t y = nn_tensor_wrap(labels, NN_UINT8, 1, (int64_t[]){SAMPLES});
    tensor_t x_train = slice(x, 0, 160), x_val = slice(x, 160, SAMPLES);
    tensor_t y_train = slice(y, 0, 160), y_val = slice(y, -40, SAMPLES);

    model_t *m = Sequential("bars",
        Input(8, 8, 1),
        Conv2D(4, 3, .activation = "tanh", .padding = "same"),
        AveragePooling2D(2),
        Conv2D(5, 3),
        MaxPooling2D(2, .strides = 1, .padding = "same"),
        Activation("relu"),
        Flatten(),
        Dropout(0.1),
        Dense(12, .activation = "sigmoid", .no_bias = 1),
        Dense(4, .activation = "softmax"),
    );
    model_compile(m,
        .optimizer = Adam(.learning_rate = 1e-2f),
        .loss = "sparse_categorical_crossentropy",
        .metrics = {"accuracy"});
    history_t *h = model_fit(m, x_train, y_train,
        .epochs = 30, .batch_size = 32, .validation_data = {x_val, y_val}, .keep_best = "val_loss",
        .seed = 42);
    wrong += check("epochs", h->epochs == 30 && h == model_history(m));
    wrong += check("best epoch", h->best_epoch >= 0);
    wrong += check("series", history_series(h, "val_loss") == h->val_loss);
    metrics_t test = model_evaluate(m, x_val, y_val);
    wrong += check("accuracy", test.accuracy == 1 && test.samples == 40);
    wrong += check("best weights", fabs(test.loss - h->val_loss[h->best_epoch]) < 1e-6);
    tensor_t p = model_predict(m, x_val);
    tensor_t confusion = confusion_matrix(y_val, argmax(p));
    wrong += check("confusion", ((int32_t *)confusion.data)[0] == 10);
    wrong += check("loss", fabs(loss_value("sparse_categorical_crossentropy", y_val, p) - test.loss) <
                               1e-5);
    latency_t lat = model_benchmark(m, x_val, .warmup = 10, .passes = 2, .y = y_val);
    wrong += check("latency", lat.calls == 80 && lat.mean_us > 0 && lat.accuracy == 1);

    saved_t saved = model_save(m, "bars.keras", .no_optimizer = 1);
    model_t *again = model_load(saved.path);
    wrong += check("reloaded", model_evaluate(again, x_val, y_val).loss == test.loss);
    wrong += check("file", saved.bytes > 1000 && remove("bars.keras") == 0);

    float *w = layer_weights(model_layer(m, 1));
    wrong += check("weights", w == nn_layer_weights_tensor(model_layer_named(m, "conv2d")).data);
    wrong += check("bias", layer_bias(model_layer(m, -1)) != NULL);
    tensor_t copy = tensor_copy(slice(x, 0, 1));
    wrong += check("copy", tensor_data(copy) == copy.data && copy.rank == 4);
    wrong += check("zeros", tensor_data(tensor_zeros(2, 3))[5] == 0);

    show_all(m, h, x_val, y_val, lat);

    model_t *plain = Sequential(NULL, Input(3), Dense(2));
    model_compile(plain, .optimizer = SGD(), .loss = "mean_squared_error");
    model_fit(plain, tensor_zeros(4, 3), tensor_zeros(4, 2));
    metrics_t step = model_train_on_batch(plain, tensor_zeros(4, 3), tensor_zeros(4, 2), );
    wrong += check("step", step.samples == 4);
    model_compile(plain, .optimizer = Adam(), .loss = "mean_squared_error", );
    model_fit(plain, tensor_zeros(4, 3), tensor_zeros(4, 2), );
    model_free(plain);
    nn_reset();
    return wrong != 0;
}
