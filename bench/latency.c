/*
 * Time single answers of LeNet-5: u8 images in, classes out, batch 1 and 128, both networks.
 *
 *     bench_latency [FOLDER] [--json FILE]
 *
 * One line for each; --json appends lines of JSON to FILE. The networks are untrained: a forward
 * pass of the dense kernels costs the same whatever the weights.
 */
#include <stdio.h>
#include <string.h>
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/device.h"
#include "nn/model.h"

static int fail(void)
{
    fprintf(stderr, "%s: %s\n", nn_status_name(nn_error_status()), nn_error_message());
    return 1;
}

static model_t *make_lenet5(int relu_max)
{
    const char *activation = relu_max ? "relu" : "tanh";
    layer_t *(*pool)(int, pooling2d_opts) = relu_max ? nn_max_pooling2d : nn_average_pooling2d;
    layer_t *layers[] = {
        nn_input(3, (int64_t[]){28, 28, 1}),
        nn_conv2d(6, 5, (conv2d_opts){.activation = activation, .padding = "same"}),
        pool(2, (pooling2d_opts){0}),
        nn_conv2d(16, 5, (conv2d_opts){.activation = activation}),
        pool(2, (pooling2d_opts){0}),
        nn_flatten((layer_opts){0}),
        nn_dense(120, (dense_opts){.activation = activation}),
        nn_dense(84, (dense_opts){.activation = activation}),
        nn_dense(10, (dense_opts){.activation = "softmax"}),
    };
    return nn_sequential("lenet5", sizeof layers / sizeof *layers, layers);
}

static void write_json(FILE *file, const char *network, latency_t t)
{
    nn_system_info info = nn_system();
    fprintf(file,
            "{\"bench\": \"latency\", \"version\": \"%s\", \"compiler\": \"%s\", \"cpu\": \"%s\", "
            "\"isa\": \"%s\", \"engine\": \"%s\", \"threads\": %d, \"load_average\": %.2f, "
            "\"network\": \"%s\", \"precision\": \"%s\", \"batch\": %d, \"calls\": %lld, "
            "\"warmup\": %d, \"passes\": %d, \"median_us\": %.3f, \"mean_us\": %.3f, "
            "\"p1_us\": %.3f, \"p99_us\": %.3f, \"clock_overhead_us\": %.3f}\n",
            info.version, info.compiler, info.cpu, t.isa, t.engine, t.threads, info.load_average,
            network, t.precision, t.batch_size, (long long)t.calls, t.warmup, t.passes,
            t.median_us, t.mean_us, t.p1_us, t.p99_us, t.clock_overhead_us);
}

int main(int count, char **words)
{
    const char *folder = NULL, *json = NULL;
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--json") == 0 && i + 1 < count)
            json = words[++i];
        else if (words[i][0] != '-')
            folder = words[i];
        else {
            fprintf(stderr, "bench_latency: %s\nusage: bench_latency [FOLDER] [--json FILE]\n",
                    words[i]);
            return 2;
        }
    }
    mnist_t data;
    if (nn_mnist_load(&(mnist_opts){.directory = folder}, &data))
        return fail();
    tensor_t x = nn_rescale(nn_reshape(data.x_test, 4, (int64_t[]){-1, 28, 28, 1}), 1 / 255.0f);
    FILE *file = json ? fopen(json, "a") : NULL;
    if (json && !file) {
        perror(json);
        return 1;
    }
    for (int relu_max = 0; relu_max < 2; relu_max++) {
        model_t *model = make_lenet5(relu_max);
        for (int batch = 1; batch <= 128; batch += 127) {
            latency_t t = {0};
            if (model)
                t = nn_model_benchmark(model, x, (benchmark_opts){.batch_size = batch,
                                                                  .threads = 1});
            if (!t.calls)
                return fail();
            const char *network = relu_max ? "relu-max" : "classic";
            printf("%-8s batch %3d  median %8.2f us  mean %8.2f  p1 %8.2f  p99 %8.2f  "
                   "(%.2f us an image, engine %s)\n",
                   network, batch, t.median_us, t.mean_us, t.p1_us, t.p99_us,
                   t.median_us / batch, t.engine);
            if (file)
                write_json(file, network, t);
        }
        nn_model_free(model);
    }
    return file ? fclose(file) != 0 : 0;
}
