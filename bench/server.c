/*
 * Our side of the comparisons: answers one line of request with one line of JSON, so that bench.py
 * can take turns between this program and the peers (peers/), which speak the same way.
 *
 *     info
 *     peak     threads=2
 *     seed     value=42
 *     train    net=NET [data=FOLDER] images=54000 batch=128 threads=2 [epochs=1] [engine=lane]
 *     test     net=NET data=FOLDER
 *     latency  net=NET [data=FOLDER] [weights=FILE] images=10000 batch=1 threads=1 [engine=lane]
 *     plan     net=NET
 *     save     net=NET file=FILE
 *     forget
 *
 * train does one more epoch of the network that this name stands for (net.h) and gives its seconds
 * (of several epochs, those of the last), test its accuracy on the test images; latency times
 * single calls. Without a folder the images are noise. A model lives until `forget`; save writes its weights, `weights` sets those of a new one.
 * A request that fails is answered by {"error": ...}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "fma.h"
#include "net.h"
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/device.h"
#include "nn/quantize.h"

enum { MOST_WORDS = 16, MOST_MODELS = 64, LINE = 4096, MESSAGE = 600 };

/* ---- requests and answers ---- */

typedef struct request {
    char *words[MOST_WORDS]; /* the command, then NAME=VALUE */
    int count;
} request;

static request split(char *line)
{
    request r = {0};
    for (char *word = strtok(line, " \n"); word && r.count < MOST_WORDS; word = strtok(NULL, " \n"))
        r.words[r.count++] = word;
    return r;
}

static const char *text_of(const request *r, const char *name)
{
    size_t length = strlen(name);
    for (int i = 1; i < r->count; i++)
        if (strncmp(r->words[i], name, length) == 0 && r->words[i][length] == '=')
            return r->words[i] + length + 1;
    return NULL;
}

static int number_of(const request *r, const char *name, int otherwise)
{
    const char *text = text_of(r, name);
    return text ? atoi(text) : otherwise;
}

static void say_error(const char *message)
{
    printf("{\"error\": \"");
    for (; *message; message++)
        printf(*message == '"' || *message == '\\' ? "\\%c" : "%c", *message);
    printf("\"}\n");
}

static void say_last_error(void) { say_error(nn_error_message()); }

/* ---- models and data ---- */

typedef struct known_model {
    char *text;
    model_t *model;
    int64_t shape[3];
} known_model;

static known_model models[MOST_MODELS];
static int model_count;

/* The model of the request's net and weights, made at its first mention; NULL: said so. */
static known_model *model_of(const request *r)
{
    const char *net = text_of(r, "net"), *weights = text_of(r, "weights");
    char wrong[MESSAGE];
    if (!net)
        return say_error("net=... expected"), NULL;
    for (int i = 0; i < model_count; i++)
        if (strcmp(models[i].text, net) == 0)
            return &models[i];
    if (model_count == MOST_MODELS)
        return say_error("too many models: forget"), NULL;
    known_model *known = &models[model_count];
    known->model = bench_net(net, known->shape, wrong, sizeof wrong);
    if (!known->model || (weights && !bench_read_weights(known->model, weights, wrong, sizeof wrong)))
        return say_error(wrong), NULL;
    compile_opts settings = {.loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}};
    known->text = strdup(net);
    if (!known->text || nn_model_compile(known->model, settings))
        return say_last_error(), NULL;
    model_count++;
    return known;
}

static void forget(void)
{
    while (model_count > 0) {
        model_count--;
        nn_model_free(models[model_count].model);
        free(models[model_count].text);
    }
    printf("{}\n");
}

/* As the library's own data sets and tensors lie: in large pages, where the system gives them. */
static uint8_t *noise_room(size_t size)
{
    enum { LARGE_PAGE = 2 << 20 };
    size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    uint8_t *room = aligned_alloc(LARGE_PAGE, whole);
    if (room && size > LARGE_PAGE)
        (void)madvise(room, whole, MADV_HUGEPAGE);
    return room;
}

/* Bytes of noise, enough for COUNT rows of the shape; labels below CLASSES. Grown when needed. */
static int noise(const int64_t shape[3], int64_t count, int64_t classes, tensor_t *x, tensor_t *y)
{
    static uint8_t *bytes, *labels;
    static size_t bytes_room, labels_room;
    size_t size = (size_t)(count * shape[0] * shape[1] * shape[2]);
    uint64_t state = 88172645463325252u;
    if (size > bytes_room) {
        free(bytes);
        bytes_room = size;
        bytes = noise_room(size + sizeof state);
        for (size_t i = 0; bytes && i < size; i += sizeof state) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            memcpy(bytes + i, &state, sizeof state);
        }
    }
    if ((size_t)count > labels_room) {
        free(labels);
        labels_room = (size_t)count;
        labels = malloc(labels_room);
    }
    if (!bytes || !labels) {
        bytes_room = labels_room = 0;
        return 0;
    }
    for (int64_t i = 0; i < count; i++)
        labels[i] = (uint8_t)((i * 7 + i / 11) % (classes < 256 ? classes : 256));
    *x = nn_tensor_wrap(bytes, NN_UINT8, 4, (int64_t[]){count, shape[0], shape[1], shape[2]});
    *y = nn_tensor_wrap(labels, NN_UINT8, 1, (int64_t[]){count});
    return 1;
}

/* The first IMAGES of the folder's training or test set, or of noise. */
static int data_of(const request *r, const known_model *known, int test, int64_t images,
                   tensor_t *x, tensor_t *y)
{
    static mnist_t data;
    const char *folder = text_of(r, "data");
    if (!folder) {
        layer_t *last = nn_model_layer(known->model, -1);
        int64_t classes = (int64_t)nn_tensor_size(nn_layer_bias_tensor(last));
        if (!noise(known->shape, images, classes ? classes : 2, x, y))
            return say_error("no memory for so many images"), 0;
    } else {
        if (!data.x_train.data && nn_mnist_load(&(mnist_opts){.directory = folder}, &data))
            return say_last_error(), 0;
        tensor_t all = test ? data.x_test : data.x_train;
        *x = nn_slice(nn_reshape(all, 4, (int64_t[]){-1, 28, 28, 1}), 0, images);
        *y = nn_slice(test ? data.y_test : data.y_train, 0, images);
    }
    *x = nn_rescale(*x, 1 / 255.0f);
    return 1;
}

/* ---- what can be asked ---- */

static void info(void)
{
    nn_system_info s = nn_system();
    printf("{\"version\": \"%s\", \"compiler\": \"%s\", \"isa\": \"%s\", \"cpu\": \"%s\", "
           "\"cores\": %d, \"threads\": %d, \"load_average\": %.2f}\n",
           s.version, s.compiler, s.isa, s.cpu, s.cores, s.threads, s.load_average);
}

static void peak(const request *r)
{
    nn_system_info s = nn_system();
    int threads = number_of(r, "threads", 1);
    fma_rate rate = fma_measure_cores(fma_level_named(s.isa), threads);
    printf("{\"gflops\": %.3f, \"held\": %.3f, \"threads\": %d, \"isa\": \"%s\"}\n", rate.peak, rate.held,
           threads, s.isa);
}

/* Of all models that are made from now on, and of their shuffling. */
static void seed(const request *r)
{
    nn_set_random_seed((uint64_t)number_of(r, "value", 42));
    printf("{}\n");
}

/* The quickest step of a whole batch, which no other process disturbed. */
typedef struct step_clock {
    double ended, quickest;
} step_clock;

static void on_step(void *self, const nn_fit_state *state)
{
    step_clock *clock = self;
    double now = wall_seconds(), step = now - clock->ended;
    int last = state->step == state->steps_per_epoch; /* may be a short batch */
    if (clock->ended > 0 && !last && (clock->quickest <= 0 || step < clock->quickest))
        clock->quickest = step;
    clock->ended = now;
}

static void train(const request *r)
{
    known_model *known = model_of(r);
    tensor_t x, y;
    if (!known || !data_of(r, known, 0, number_of(r, "images", 54000), &x, &y))
        return;
    step_clock clock = {0};
    nn_fit_progress_set(&(nn_fit_progress){.self = &clock, .on_step = on_step});
    history_t *h = nn_model_fit(known->model, x, y,
                                (fit_opts){.epochs = number_of(r, "epochs", 1),
                                           .batch_size = number_of(r, "batch", 128),
                                           .threads = number_of(r, "threads", 0),
                                           .engine = text_of(r, "engine"),
                                           .verbose = NN_SILENT});
    nn_fit_progress_set(NULL);
    if (!h || h->epochs < 1)
        return say_last_error();
    int last = h->epochs - 1;
    printf("{\"seconds\": %.6f, \"quickest_step\": %.9f, \"images\": %lld, \"batch\": %d, "
           "\"threads\": %d, \"engine\": \"%s\", \"loss\": %.6f, \"accuracy\": %.6f}\n",
           h->epoch_seconds[last], clock.quickest, (long long)h->train_samples, h->batch_size,
           h->threads, h->engine, h->loss[last], h->accuracy[last]);
}

static void test(const request *r)
{
    known_model *known = model_of(r);
    tensor_t x, y;
    if (!known || !data_of(r, known, 1, 10000, &x, &y))
        return;
    metrics_t m = nn_model_evaluate(known->model, x, y, (run_opts){0});
    if (m.samples < 0)
        return say_last_error();
    printf("{\"loss\": %.6f, \"accuracy\": %.6f}\n", m.loss, m.accuracy);
}

/* The model in another precision, if one is asked for. */
static int quantised(const request *r, known_model *known, model_t **other)
{
    const char *precision = text_of(r, "precision");
    tensor_t x, y;
    if (!precision)
        return 1;
    if (!data_of(r, known, 0, 1000, &x, &y))
        return 0;
    *other = nn_model_quantize(known->model, x, (quantize_opts){.precision = precision});
    if (!*other)
        say_last_error();
    return *other != NULL;
}

static void latency(const request *r)
{
    known_model *known = model_of(r);
    tensor_t x, y;
    model_t *other = NULL;
    if (!known || !quantised(r, known, &other) ||
        !data_of(r, known, 1, number_of(r, "images", 10000), &x, &y))
        return;
    latency_t t = nn_model_benchmark(other ? other : known->model, x,
                                     (benchmark_opts){.batch_size = number_of(r, "batch", 1),
                                                      .threads = number_of(r, "threads", 1),
                                                      .passes = number_of(r, "passes", 1),
                                                      .warmup = number_of(r, "warmup", 1000),
                                                      .engine = text_of(r, "engine"),
                                                      .y = y});
    if (t.calls <= 0)
        say_last_error();
    nn_model_free(other);
    if (t.calls <= 0)
        return;
    printf("{\"median_us\": %.3f, \"mean_us\": %.3f, \"p1_us\": %.3f, \"p99_us\": %.3f, "
           "\"calls\": %lld, \"batch\": %d, \"threads\": %d, \"engine\": \"%s\", \"dtype\": \"%s\", "
           "\"accuracy\": %.4f, \"clock_us\": %.3f}\n",
           t.median_us, t.mean_us, t.p1_us, t.p99_us, (long long)t.calls, t.batch_size, t.threads,
           t.engine, t.precision, t.accuracy, t.clock_overhead_us);
}

static void plan(const request *r)
{
    nn_plan_row rows[MOST_WORDS * 4];
    known_model *known = model_of(r);
    if (!known)
        return;
    int count = nn_model_plan_rows(known->model, rows, MOST_WORDS * 4);
    printf("{\"rows\": [");
    for (int i = 0; i < count && i < MOST_WORDS * 4; i++)
        printf("%s[\"%s\", \"%s\", \"%s\"]", i ? ", " : "", rows[i].layer, rows[i].engine,
               rows[i].kernel);
    printf("]}\n");
}

static void save(const request *r)
{
    known_model *known = model_of(r);
    const char *file = text_of(r, "file");
    char wrong[MESSAGE];
    if (!known)
        return;
    if (!file || !bench_write_weights(known->model, file, wrong, sizeof wrong))
        return say_error(file ? wrong : "file=... expected");
    printf("{}\n");
}

int main(void)
{
    static char line[LINE];
    while (fgets(line, sizeof line, stdin)) {
        request r = split(line);
        const char *command = r.count ? r.words[0] : "";
        if (strcmp(command, "info") == 0)
            info();
        else if (strcmp(command, "peak") == 0)
            peak(&r);
        else if (strcmp(command, "seed") == 0)
            seed(&r);
        else if (strcmp(command, "train") == 0)
            train(&r);
        else if (strcmp(command, "test") == 0)
            test(&r);
        else if (strcmp(command, "latency") == 0)
            latency(&r);
        else if (strcmp(command, "plan") == 0)
            plan(&r);
        else if (strcmp(command, "save") == 0)
            save(&r);
        else if (strcmp(command, "forget") == 0)
            forget();
        else
            say_error("info, peak, seed, train, test, latency, plan, save or forget expected");
        fflush(stdout);
    }
    return 0;
}
