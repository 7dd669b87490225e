/*
 * Kernels of quantised networks against the reference, bit for bit, on networks drawn at random:
 * every layer, window, stride, padding and activation, tails of all lengths, several images one
 * after the other (a frame that was written over would show in the second), every instruction set
 * that this machine has, and those that it lacks with their one multiplication in plain C. All
 * memory of the engine, and the images, end at pages that may not be touched, or, with
 * GUARDED=start in the environment, begin behind such pages.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "model.h"
#include "nn/quantize.h"
#include "quant/quant_kernels.h"

#define NETWORKS 240
#define IMAGES   3

extern const quant_kernels nn__quant_emulated_quads_16, nn__quant_emulated_quads_8,
    nn__quant_emulated_pairs_16, nn__quant_emulated_halves_16;

/* ---- memory with guards ---- */

void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
void __wrap_free(void *block);

static struct {
    char *block, *map;
    size_t size;
} guarded[512];
static int guards;

static void *guard(size_t size)
{
    size_t page = (size_t)getpagesize(), inner = (size + page - 1) / page * page;
    char *map = mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED && guards < 512);
    assert_int_equal(mprotect(map + page, inner, PROT_READ | PROT_WRITE), 0);
    guarded[guards].map = map;
    guarded[guards].size = inner + 2 * page;
    const char *side = getenv("GUARDED");
    int at_start = side && strcmp(side, "start") == 0;
    return guarded[guards++].block = map + page + (at_start ? 0 : inner - size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    assert_int_equal(size % alignment, 0);
    return guard(size);
}

/* Aligned as the kernels demand, not to a page. */
int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    assert_true(alignment >= QUANT_ALIGN && size % QUANT_ALIGN == 0);
    *block = guard(size);
    return 0;
}

void __wrap_free(void *block)
{
    for (int i = 0; i < guards; i++)
        if (guarded[i].block == block) {
            munmap(guarded[i].map, guarded[i].size);
            guarded[i] = guarded[--guards];
            return;
        }
    __real_free(block);
}

/* ---- networks ---- */

static uint32_t state;

static int draw(int from, int to) /* both included */
{
    state = state * 1664525u + 1013904223u;
    return from + (int)((state >> 8) % (uint32_t)(to - from + 1));
}

static const char *draw_activation(void)
{
    static const char *const names[] = {NULL, "tanh", "relu", "sigmoid", "relu", "tanh"};
    return names[draw(0, 5)];
}

/* A layer over pictures that fits (h, w), which become those of its output. */
static layer_t *draw_picture_layer(int *h, int *w)
{
    int window_h = draw(1, *h < 5 ? *h : 5), window_w = draw(1, *w < 5 ? *w : 5);
    int stride_h = draw(0, 3) ? 1 : draw(1, 3), stride_w = draw(0, 3) ? 1 : draw(1, 3);
    const char *padding = draw(0, 1) ? "same" : "valid";
    int kind = draw(0, 9), same = padding[0] == 's';
    if (kind == 8)
        return nn_dropout(0.25, (layer_opts){0});
    if (kind == 9)
        return nn_activation_layer(draw(0, 5) ? "tanh" : "softmax", (layer_opts){0});
    if (kind >= 5 && draw(0, 3) && *h > 1 && *w > 1) /* what a convolution takes along */
        window_h = window_w = stride_h = stride_w = 2;
    *h = same ? (*h + stride_h - 1) / stride_h : (*h - window_h) / stride_h + 1;
    *w = same ? (*w + stride_w - 1) / stride_w : (*w - window_w) / stride_w + 1;
    if (kind < 5)
        return nn_conv2d(draw(0, 3) ? draw(1, 9) : draw(10, 40), 0,
                         (conv2d_opts){.kernel_hw = {window_h, window_w},
                                       .strides_hw = {stride_h, stride_w},
                                       .padding = padding,
                                       .activation = draw_activation(),
                                       .no_bias = draw(0, 4) == 0});
    pooling2d_opts opts = {
        .pool_hw = {window_h, window_w}, .strides_hw = {stride_h, stride_w}, .padding = padding};
    return kind == 5 ? nn_average_pooling2d(0, opts) : nn_max_pooling2d(0, opts);
}

/* Two pairs of a convolution and a pooling as LeNet-5 has them, of about its size: four layers. */
static int draw_lenet(layer_t **layers)
{
    int count = 0;
    for (int i = 0; i < 2; i++) {
        layers[count++] = nn_conv2d(i ? draw(1, 40) : 6, 5,
                                    (conv2d_opts){.padding = !i && draw(0, 1) ? "same" : "valid",
                                                  .activation = draw_activation()});
        layers[count++] = draw(0, 1) ? nn_average_pooling2d(2, (pooling2d_opts){0})
                                     : nn_max_pooling2d(2, (pooling2d_opts){0});
    }
    return count;
}

static model_t *draw_model(void)
{
    layer_t *layers[16];
    int lenet = draw(0, 5) == 0, least = lenet ? 18 : 1;
    int count = 0, h = draw(least, least + 29), w = draw(least, least + 29);
    int c = lenet || draw(0, 1) ? 1 : draw(2, 7);
    layers[count++] = nn_input(3, (int64_t[]){h, w, c});
    if (lenet)
        count += draw_lenet(layers + count);
    for (int left = lenet ? 0 : draw(1, 5); left > 0; left--)
        layers[count++] = draw_picture_layer(&h, &w);
    if (draw(0, 5)) {
        layers[count++] = nn_flatten((layer_opts){0});
        for (int left = draw(0, 2); left > 0; left--)
            layers[count++] = nn_dense(draw(1, 140), (dense_opts){.activation = draw_activation(),
                                                                  .no_bias = draw(0, 4) == 0});
        layers[count++] = nn_dense(draw(1, 20), (dense_opts){.activation = "softmax"});
    }
    model_t *m = nn_sequential("drawn", (size_t)count, layers);
    assert_non_null(m);
    for (int i = 0; i < m->net.op_count; i++) /* biases that matter */
        for (size_t k = 0; k < m->ops[i].bias_count; k++)
            m->params[m->ops[i].bias + k] = (float)draw(-500, 500) / 1000;
    return m;
}

static tensor_t draw_images(const model_t *m, int bytes)
{
    const nn_net *net = &m->net;
    size_t count = IMAGES * (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c;
    int64_t shape[] = {IMAGES, net->in_h, net->in_w, net->in_c};
    void *values = guard(count * (bytes ? 1 : sizeof(float)));
    size_t row = (size_t)net->in_w * (size_t)net->in_c, rows = (size_t)net->in_h;
    size_t top = (size_t)draw(0, 4),
           bottom = rows + 2 - (size_t)draw(0, 5); /* blank beyond these */
    for (size_t i = 0; i < count; i++)
        if (bytes)
            ((uint8_t *)values)[i] =
                (uint8_t)(i / row % rows < top || i / row % rows >= bottom ? 0 : draw(0, 255));
        else
            ((float *)values)[i] = (float)draw(-1000, 1000) / 700;
    tensor_t x = nn_tensor_wrap(values, bytes ? NN_UINT8 : NN_FLOAT32, 4, shape);
    x.scale = bytes ? 1 / 255.0f : 1;
    x.offset = bytes && draw(0, 2) == 0 ? -0.3f : 0;
    return x;
}

/* ---- comparing ---- */

static float *answers(const quant_net *quant, const quant_kernels *kernels, tensor_t x, int threads)
{
    const nn_engine *engine = nn__quant_engine(quant->type, kernels);
    void *self = nn__quant_create(quant, kernels, threads);
    assert_non_null(self);
    float *out = calloc(IMAGES * (size_t)quant->net->out_c, sizeof *out);
    nn_batch batch = {.x = x, .count = IMAGES};
    engine->enter(self);
    engine->forward(self, NULL, &batch, out, NULL, NULL);
    engine->leave(self);
    engine->destroy(self);
    return out;
}

/* The order of additions inside vdpbf16ps is the processor's, float32 layers are computed by
   another engine: there a little is allowed. */
static int exact_ones;

static void compare(const quant_net *quant, const quant_kernels *kernels, tensor_t x,
                    const float *wanted, int network)
{
    size_t count = IMAGES * (size_t)quant->net->out_c;
    float *got = answers(quant, kernels, x, 1);
    int exact = strcmp(kernels->name, "bf16") != 0;
    for (int i = 0; i < quant->layer_count; i++)
        exact &= quant->layers[i].kind != QUANT_FLOAT;
    exact_ones += exact;
    for (size_t i = 0; i < count; i++)
        if (exact ? got[i] != wanted[i] && !(isnan(got[i]) && isnan(wanted[i]))
                  : !(fabsf(got[i] - wanted[i]) < 0.05f))
            fail_msg("%s, network %d: output %zu is %.9g, the reference has %.9g", kernels->label,
                     network, i, (double)got[i], (double)wanted[i]);
    free(got);
}

static void try_type(quant_type type, model_t *m, tensor_t x, const char *left, int network)
{
    static const quant_kernels *const emulated[] = {
        &nn__quant_emulated_quads_16, &nn__quant_emulated_quads_8, &nn__quant_emulated_pairs_16,
        &nn__quant_emulated_halves_16};
    model_t *q = nn_model_quantize(
        m, x, (quantize_opts){.precision = nn__quant_type_name(type), .fp32 = {left}});
    if (!q) { /* nothing left to quantise */
        assert_int_equal(nn_error_status(), NN_VALUE_ERROR);
        return;
    }
    float *wanted = answers(q->quant, NULL, x, 1);
    const quant_kernels *k;
    for (int i = 0, runs; (k = nn__quant_kernels_at(type, i, &runs)); i++)
        if (runs)
            compare(q->quant, k, x, wanted, network);
    for (size_t i = 0; i < sizeof emulated / sizeof *emulated; i++)
        if (emulated[i]->type == type)
            compare(q->quant, emulated[i], x, wanted, network);
    free(wanted);
    nn_model_free(q);
}

static void test_kernels_give_the_bits_of_the_reference(void **unused)
{
    (void)unused;
    for (int i = 0; i < NETWORKS; i++) {
        state = (uint32_t)(12345 + 77 * i);
        nn_set_random_seed((uint64_t)i + 1);
        model_t *m = draw_model();
        tensor_t x = draw_images(m, draw(0, 1));
        /* every third network keeps a layer in float32, if it has one of that name */
        const char *left = i % 3 ? NULL : i % 2 ? "dense" : "conv2d";
        for (int k = 1, found = 0; left && k <= m->layer_count && !found; k++)
            if (k == m->layer_count)
                left = NULL;
            else
                found = strcmp(m->layers[k]->name, left) == 0;
        try_type(QUANT_INT8, m, x, left, i);
        try_type(QUANT_BF16, m, x, left, i);
        __wrap_free(x.data);
        nn_model_free(m);
    }
    assert_true(exact_ones > NETWORKS * 4);
}

/* ---- kernels by themselves, every buffer of just the promised size ---- */

/* As guard(), filled with bytes of no matter. */
static void *noise(size_t size)
{
    unsigned char *bytes = guard(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)draw(0, 63); /* finite, also as bfloat16 */
    return bytes;
}

/* For each form of arithmetic, what this machine runs. */
static void for_each_table(void (*run)(const quant_kernels *k))
{
    static const quant_kernels *const emulated[] = {
        &nn__quant_emulated_quads_16, &nn__quant_emulated_quads_8, &nn__quant_emulated_pairs_16,
        &nn__quant_emulated_halves_16};
    const quant_kernels *k;
    for (int type = QUANT_INT8; type <= QUANT_BF16; type++)
        for (int i = 0, runs; (k = nn__quant_kernels_at((quant_type)type, i, &runs)); i++)
            if (runs)
                run(k);
    for (size_t i = 0; i < sizeof emulated / sizeof *emulated; i++)
        run(emulated[i]);
}

static int whole(int n, int size)
{
    return (n + size - 1) / size;
}

/* A convolution into just its outputs; by columns where COLUMNS. Returns the outputs. */
static void *guarded_conv(const quant_kernels *k, quant_window w, const void *x,
                          const void *weights, int columns, size_t *size)
{
    int count = w.kernel_w * w.in_c;
    void *packed = guard(columns ? k->columns_pack_size(w.kernel_h, count, w.out_c)
                                 : k->pack_size(w.kernel_h, count, w.out_c, 0));
    if (columns)
        k->columns_pack(weights, w.kernel_h, count, w.out_c, packed);
    else
        k->pack(weights, w.kernel_h, count, w.out_c, 0, packed);
    *size = (w.finish.to_float ? 4 : (size_t)k->element) *
            ((size_t)(w.out_h - 1) * (size_t)w.out_pitch + (size_t)w.out_w * (size_t)w.out_c);
    void *y = guard(*size), *scratch = guard(nn__quant_conv_scratch(&w));
    w.weights = packed;
    w.ahead = (quant_ahead){packed, packed};
    (columns ? k->conv_columns : k->conv)(&w, x, y, scratch);
    __wrap_free(scratch);
    __wrap_free(packed);
    return y;
}

/* Everything about a window that follows from its shape; rows of the output lie APART elements more
   than they need. Its buffers are the caller's. */
static quant_window complete(const quant_kernels *k, quant_window w, int apart)
{
    int twice = w.pooled ? 2 : 1;
    w.padded = whole(w.out_c, k->lanes) * k->lanes;
    w.row_groups = whole(w.kernel_w * w.in_c, k->group);
    w.out_pitch = w.out_w * w.out_c + apart;
    w.in_pitch = ((twice * w.out_w - 1) * w.stride_w + w.kernel_w) * w.in_c;
    float *factor = guard((size_t)w.padded * sizeof(float));
    for (int c = 0; c < w.padded; c++)
        factor[c] = 1e-3f * (float)draw(1, 9);
    w.bias = noise((size_t)w.padded * 4);
    w.finish.factor = factor;
    return w;
}

static void *input_of(const quant_kernels *k, const quant_window *w)
{
    int rows = ((w->pooled ? 2 : 1) * w->out_h - 1) * w->stride_h + w->kernel_h;
    return noise((size_t)rows * (size_t)w->in_pitch * (size_t)k->element + QUANT_SLACK);
}

static void free_all(void *const *all, size_t count)
{
    for (size_t n = 0; n < count; n++)
        __wrap_free(all[n]);
}
#define FREE_ALL(...)                                                                              \
    free_all((void *const[]){__VA_ARGS__}, sizeof((void *const[]){__VA_ARGS__}) / sizeof(void *))

/* By columns where that can be, the same outputs. */
static void try_conv(const quant_kernels *k, quant_window w)
{
    size_t weights = (size_t)(w.kernel_h * w.kernel_w * w.in_c * w.out_c), first, second;
    void *x = input_of(k, &w), *values = noise(weights * 2);
    void *y = guarded_conv(k, w, x, values, 0, &first);
    if (nn__quant_has_columns(&w)) {
        void *same = guarded_conv(k, w, x, values, 1, &second);
        assert_memory_equal(y, same, first);
        __wrap_free(same);
    }
    FREE_ALL(x, y, values, (void *)w.bias, (void *)w.finish.factor);
}

static void guard_conv(const quant_kernels *k)
{
    state = 99;
    for (int i = 0; i < 40; i++) {
        int pooled = i % 3, many = i % 4 == 3;
        quant_window w = {.in_c = draw(0, 1) ? 1 : draw(2, 5),
                          .out_h = draw(1, 4),
                          .out_w = draw(1, 21),
                          .out_c = many ? draw(1, 70) : draw(1, 9),
                          .kernel_h = draw(1, 5),
                          .kernel_w = draw(1, 5),
                          .stride_h = draw(1, 2),
                          .stride_w = draw(1, 2),
                          .pooled = (quant_pooled)pooled};
        if (i % 8 == 7) { /* as LeNet-5's second */
            w.in_c = 6;
            w.kernel_w = 5;
            w.stride_w = 1;
        }
        w.finish = (quant_finish){.activation = draw(0, 1) ? NN_RELU : NN_TANH,
                                  .to_float = !pooled && draw(0, 1),
                                  .zero = 3};
        try_conv(k, complete(k, w, 0));
    }
    for (int i = 0; i < 60; i++) { /* as LeNet-5's first; tall ones take several bands */
        int narrows = k->type == QUANT_INT8 && i % 2;
        quant_window w = {.in_c = 1,
                          .out_h = i % 10 == 9 ? draw(15, 40) : draw(1, 4),
                          .out_w = draw(1, 40),
                          .out_c = 6,
                          .kernel_h = 5,
                          .kernel_w = 5,
                          .stride_h = i % 5 ? 1 : 2,
                          .stride_w = 1,
                          .pooled = i % 3 ? QUANT_MAXIMUM : QUANT_AVERAGED};
        w.finish = (quant_finish){.activation = i % 4 == 2 ? NN_TANH : NN_RELU,
                                  .zero = narrows ? 0 : 3,
                                  .narrows = narrows};
        try_conv(k, complete(k, w, i % 7 ? 0 : draw(1, 30)));
    }
}

/* What conv() and dense() give one after the other. */
static void guard_conv_dense(const quant_kernels *k)
{
    state = 3;
    for (int i = 0; i < 20 && k->conv_dense; i++) {
        quant_window w = {.in_c = 6,
                          .out_h = draw(1, 5),
                          .out_w = draw(5, 12),
                          .out_c = 4 * draw(1, 4),
                          .kernel_h = draw(1, 5),
                          .kernel_w = 5,
                          .stride_h = draw(1, 2),
                          .stride_w = 1,
                          .pooled = i % 2 ? QUANT_MAXIMUM : QUANT_AVERAGED};
        w.finish.activation = i % 3 ? NN_RELU : NN_TANH;
        w = complete(k, w, 0);
        int inputs = w.out_h * w.out_pitch, outputs = draw(1, 20);
        quant_dense d = {.groups = inputs / k->group,
                         .out_c = outputs,
                         .padded = whole(outputs, k->lanes) * k->lanes};
        d.finish =
            (quant_finish){.activation = NN_LINEAR, .to_float = 1, .factor = w.finish.factor};
        assert_true(nn__quant_joins(k, &w, &d));
        size_t size;
        void *x = input_of(k, &w), *values = noise((size_t)(w.kernel_h * 30 * w.out_c) * 2);
        void *more = noise((size_t)(inputs * outputs) * 2);
        void *packed = guard(k->pack_size(w.kernel_h, 30, w.out_c, 0));
        void *after = guard(k->pack_size(1, inputs, outputs, 1));
        float *factor = guard((size_t)d.padded * sizeof(float));
        for (int c = 0; c < d.padded; c++)
            factor[c] = 1e-3f * (float)draw(1, 9);
        k->pack(values, w.kernel_h, 30, w.out_c, 0, packed);
        k->pack(more, 1, inputs, outputs, 1, after);
        w.weights = packed;
        w.ahead = (quant_ahead){after, after};
        d.weights = after;
        d.ahead = w.ahead;
        d.bias = noise((size_t)d.padded * 4);
        d.finish.factor = factor;
        void *map = guarded_conv(k, w, x, values, 0, &size), *y = guard(size + QUANT_SLACK);
        void *scratch = guard(nn__quant_dense_scratch(&d));
        float *z = guard((size_t)outputs * 4), *wanted = guard((size_t)outputs * 4);
        memcpy(y, map, size);
        k->dense(&d, y, wanted, scratch);
        memset(y, 0, size);
        k->conv_dense(&w, &d, x, y, z, scratch);
        assert_memory_equal(y, map, size);
        assert_memory_equal(z, wanted, (size_t)outputs * 4);
        FREE_ALL(x, values, more, packed, after, factor, map, y, scratch, z, wanted, (void *)w.bias,
                 (void *)w.finish.factor, (void *)d.bias);
    }
}

static void guard_dense(const quant_kernels *k)
{
    state = 7;
    for (int i = 0; i < 30; i++) {
        int in = draw(1, 90), out = draw(1, 170);
        quant_dense d = {
            .groups = whole(in, k->group), .out_c = out, .padded = whole(out, k->lanes) * k->lanes};
        void *x = noise((size_t)in * (size_t)k->element + QUANT_SLACK);
        void *values = noise((size_t)(in * out) * 2), *bias = noise((size_t)d.padded * 4);
        void *packed = guard(k->pack_size(1, in, out, 1));
        float *factor = guard((size_t)d.padded * sizeof(float));
        void *y = guard((size_t)out * (size_t)k->element), *floats = guard((size_t)out * 4);
        void *scratch = guard(nn__quant_dense_scratch(&d));
        k->pack(values, 1, in, out, 1, packed);
        d.weights = packed;
        d.ahead = (quant_ahead){packed, packed};
        d.bias = bias;
        d.finish = (quant_finish){NN_LINEAR, 0, factor, 128};
        k->dense(&d, x, y, scratch);
        d.finish.to_float = 1;
        k->dense(&d, x, floats, scratch);
        void *const all[] = {x, values, bias, packed, factor, y, floats, scratch};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++)
            __wrap_free(all[n]);
    }
}

static void guard_rows(const quant_kernels *k)
{
    quant_layer layer = {.in = {0.01f, 5}, .out = {0.02f, 7}};
    for (int count = 1; count < 40; count++) {
        size_t size = (size_t)count * (size_t)k->element;
        void *x = noise(size), *y = guard(size), *bytes = noise((size_t)count);
        float *floats = guard((size_t)count * sizeof(float));
        for (int a = NN_LINEAR; a <= NN_SIGMOID; a++) {
            layer.activation = (nn_activation)a;
            k->map(&layer, x, y, count);
        }
        k->unload(layer.in, x, floats, count);
        k->load(&(quant_input){NN_FLOAT32, 1, 0, layer.in, 0}, floats, y, count, 1, count);
        k->load(&(quant_input){NN_UINT8, 1, 0, layer.in, 0}, bytes, y, count, 1, count);
        k->load(&(quant_input){NN_UINT8, 1, 0, layer.in, 1}, bytes, y, count, 1, count);
        quant_window w = {.in_h = 1,
                          .in_w = count,
                          .in_c = 1,
                          .in_pitch = count,
                          .out_h = 1,
                          .out_w = whole(count, 2),
                          .out_c = 1,
                          .out_pitch = whole(count, 2),
                          .kernel_h = 1,
                          .kernel_w = 2,
                          .stride_h = 1,
                          .stride_w = 2,
                          .maximum = count % 2};
        void *pooled = guard((size_t)w.out_w * (size_t)k->element);
        k->pool(&w, x, pooled);
        void *const all[] = {x, y, bytes, floats, pooled};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++)
            __wrap_free(all[n]);
    }
}

static void test_kernels_keep_to_their_memory(void **unused)
{
    (void)unused;
    for_each_table(guard_conv);
    for_each_table(guard_dense);
    for_each_table(guard_conv_dense);
    for_each_table(guard_rows);
}

/* ReLU's zero on another byte than 0, and outputs so fine that a scaled sum leaves 32 bits: both
   can come from a file. */
static void test_bounds_hold_where_bytes_do_not_end(void **unused)
{
    static const quant_range ranges[] = {{0.01f, 0}, {0.01f, 9}, {1e-13f, 0}, {1e-13f, 9}};
    (void)unused;
    state = 5;
    nn_set_random_seed(5);
    model_t *m = nn_sequential(
        "bounds", 4,
        (layer_t *[]){nn_input(3, (int64_t[]){28, 28, 1}),
                      nn_conv2d(6, 5, (conv2d_opts){.padding = "same", .activation = "relu"}),
                      nn_max_pooling2d(2, (pooling2d_opts){0}), nn_flatten((layer_opts){0})});
    assert_non_null(m);
    tensor_t x = draw_images(m, 1);
    x.offset = 0;
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_non_null(q);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        int at;
        q->quant->layers[0].out = ranges[i];
        assert_true(nn__quant_finish(q->quant, &at));
        float *wanted = answers(q->quant, NULL, x, 1);
        const quant_kernels *k;
        for (int n = 0, runs; (k = nn__quant_kernels_at(QUANT_INT8, n, &runs)); n++)
            if (runs)
                compare(q->quant, k, x, wanted, (int)i);
        free(wanted);
    }
    __wrap_free(x.data);
    nn_model_free(q);
    nn_model_free(m);
}

/* The largest sums that bytes can make: 255 times +-127, without saturation anywhere. */
static void test_extreme_sums_are_exact(void **unused)
{
    (void)unused;
    model_t *m = nn_sequential(
        "extreme", 2, (layer_t *[]){nn_input(1, (int64_t[]){4001}), nn_dense(3, (dense_opts){0})});
    for (int i = 0; i < 4001; i++)
        for (int o = 0; o < 3; o++)
            m->params[m->ops[0].weight + (size_t)(3 * i + o)] = o == 2 ? i % 2 ? 1 : -1
                                                                : o    ? -1
                                                                       : 1;
    uint8_t *values = guard(IMAGES * 4001);
    memset(values, 255, IMAGES * 4001);
    tensor_t x = nn_tensor_wrap(values, NN_UINT8, 2, (int64_t[]){IMAGES, 4001});
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_non_null(q);
    const quant_kernels *k;
    for (int i = 0, runs; (k = nn__quant_kernels_at(QUANT_INT8, i, &runs)); i++) {
        if (!runs) {
            print_message("%s: not testable on this machine\n", k->label);
            continue;
        }
        float *out = answers(q->quant, k, x, 1);
        assert_float_equal(out[0], 255.0f * 4001, 0.2);
        assert_float_equal(out[1], -255.0f * 4001, 0.2);
        assert_float_equal(out[2], -255.0f, 0.2);
        free(out);
    }
    for (int i = 0, runs; (k = nn__quant_kernels_at(QUANT_BF16, i, &runs)); i++)
        if (!runs)
            print_message("%s: not testable on this machine\n", k->label);
    nn_model_free(q);
    nn_model_free(m);
    __wrap_free(values);
}

static void test_threads_change_no_bit(void **unused)
{
    (void)unused;
    state = 4;
    model_t *m = draw_model();
    size_t inputs = (size_t)m->net.in_h * (size_t)m->net.in_w * (size_t)m->net.in_c;
    uint8_t *values = malloc(100 * inputs);
    for (size_t i = 0; i < 100 * inputs; i++)
        values[i] = (uint8_t)draw(0, 255);
    tensor_t x = nn_tensor_wrap(values, NN_UINT8, 4,
                                (int64_t[]){100, m->net.in_h, m->net.in_w, m->net.in_c});
    model_t *q = nn_model_quantize(m, x, (quantize_opts){0});
    assert_non_null(q);
    tensor_t one = nn_model_predict(q, x, (run_opts){.threads = 1});
    for (int threads = 2; threads <= 5; threads++) {
        tensor_t more = nn_model_predict(q, x, (run_opts){.threads = threads});
        assert_memory_equal(one.data, more.data, nn_tensor_size(one) * sizeof(float));
    }
    nn_model_free(q);
    nn_model_free(m);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_give_the_bits_of_the_reference),
        cmocka_unit_test(test_kernels_keep_to_their_memory),
        cmocka_unit_test(test_bounds_hold_where_bytes_do_not_end),
        cmocka_unit_test(test_extreme_sums_are_exact),
        cmocka_unit_test(test_threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
