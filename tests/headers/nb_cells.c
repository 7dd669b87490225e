/* Cells as users write them: every macro of notebook.h that shows something, with options, without
   any, and with trailing commas where they are allowed. Without a notebook each prints its text. */
#define _GNU_SOURCE /* as cells have it */
#include "notebook.h"

static float images[20][8 * 8];
static unsigned char labels[20];

int main(void)
{
    for (int i = 0; i < 20; i++) {
        labels[i] = (unsigned char)(i % 4);
        images[i][i] = 1;
    }
    tensor_t x = nn_tensor_wrap(images, NN_FLOAT32, 4, (int64_t[]){20, 8, 8, 1});
    tensor_t y = nn_tensor_wrap(labels, NN_UINT8, 1, (int64_t[]){20});
    model_t *m = Sequential("net", Input(8, 8, 1), Flatten(), Dense(4, .activation = "softmax"));
    model_compile(m, .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"});
    model_summary(m);
    model_settings(m);
    model_plan(m);
    devices();
    system_info();
    history_t *h = model_fit(m, x, y, .epochs = 2, .verbose = NN_SILENT);
    metrics_t test = model_evaluate(m, x, y);
    latency_t lat = model_benchmark(m, x, .warmup = 10, .passes = 1);
    tensor_t answers = argmax(model_predict(m, x));

    plot_history(h, "loss");
    plot_history(h, "loss", "accuracy", .title = "Both", .formats = FIG_PDF);
    plot_hist(y);
    plot_hist(x, .bins = 4, .title = "Pixels", .x_label = "brightness",);
    imshow_grid(x, y);
    imshow_grid(x, y, .rows = 1, .cols = 4, .one_per_class = 1);
    imshow_grid(x, y, .predictions = answers, .only_wrong = 1, .rows = 2, .cols = 8,);
    plot_confusion_matrix(y, answers);
    plot_confusion_matrix(y, answers, .title = "Who is who", .width = 300, .height = 300);

    char folder[] = "/tmp/nb-cells-XXXXXX", command[64];
    if (!mkdtemp(folder))
        return 1;
    record_run(m, h, test, lat, .variant = "tiny", .to = folder);
    device_table(.from = folder);
    device_table(.from = folder, .variant = "other",);
    runs_t runs = model_repeat(m, x, y, .runs = 2, .test_data = {x, y},
                               .fit = {.epochs = 1, .seed = 7});
    record_run(m, h, test, lat, .variant = "tiny", .to = folder, .runs = runs, .batched = lat,
               .setting = "again");
    snprintf(command, sizeof command, "rm -r %s", folder);
    int removed = system(command) == 0;

    display(m);
    display(h);
    display(x);
    display(test);
    display(lat);
    display(runs);
    display(nn_optimizer_name(Adam()));
    display(3);
    display(2.5f);
    display(1e-3);
    display("text");
    display('c');
    display((const void *)m);
    display_mime("text/csv", "a,b", 3, .text = "two columns");
    display_mime("text/csv", "a,b", 3);
    clear_output(1);
    return !removed;
}
