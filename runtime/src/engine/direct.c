/* The direct path: one image at a time through the plan's stages. See direct.h. */
#include "direct.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct direct_stage {
    direct_window window; /* every stage has its maps here */
    size_t in_at, out_at; /* activations */
    size_t packed_at;     /* convolutions: weights, then biases, rows rounded up to vectors */
    int row;              /* their length */
} direct_stage;

struct nn_direct {
    const lane_plan *plan;
    direct_map input;
    direct_stage *stages;
    float *activations, *packed;
    const float *packed_params; /* what `packed` was made of, */
    uint64_t packed_version;    /* in which version (0: not known) */
};

/* ---- memory ---- */

static int at_least(int a, int b) { return a > b ? a : b; }

/* A map, with the zero frame that the stage reading it (or NULL) wants. */
static direct_map map_of(const lane_map *shape, const lane_stage *reader)
{
    direct_map map = {.c = shape->c, .h = shape->h, .w = shape->w};
    int rows = map.h, columns = map.w, top = 0, left = 0;
    if (reader && reader->kind == LANE_CONV) {
        const lane_conv *conv = &reader->conv;
        top = conv->pad_top;
        left = conv->pad_left;
        rows = at_least(top + map.h, (conv->out.h - 1) * conv->stride_h + conv->kernel_h);
        columns = at_least(left + map.w, (conv->out.w - 1) * conv->stride_w + conv->kernel_w);
    }
    map.pitch = columns * map.c;
    map.at = top * map.pitch + left * map.c;
    map.size = rows * map.pitch + LANE_GROUP;
    return map;
}

static size_t reserve(size_t *total, int floats)
{
    size_t at = *total;
    *total += ((size_t)floats + LANE_GROUP - 1) / LANE_GROUP * LANE_GROUP;
    return at;
}

static void shape_window(direct_window *window, const lane_stage *stage)
{
    const lane_conv *conv = &stage->conv;
    const lane_pool *pool = &stage->pool;
    int is_conv = stage->kind == LANE_CONV;
    window->kernel_h = is_conv ? conv->kernel_h : pool->window_h;
    window->kernel_w = is_conv ? conv->kernel_w : pool->window_w;
    window->stride_h = is_conv ? conv->stride_h : pool->stride_h;
    window->stride_w = is_conv ? conv->stride_w : pool->stride_w;
    window->pad_top = is_conv ? conv->pad_top : pool->pad_top;
    window->pad_left = is_conv ? conv->pad_left : pool->pad_left;
    window->maximum = pool->maximum;
}

static float *zeroed(size_t floats)
{
    size_t bytes = (floats + LANE_GROUP) / LANE_GROUP * LANE_GROUP * sizeof(float);
    float *memory = aligned_alloc(LANE_ALIGN, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

nn_direct *nn__direct_create(const lane_plan *plan)
{
    nn_direct *direct = calloc(1, sizeof *direct);
    if (!direct)
        return NULL;
    direct->plan = plan;
    direct->stages = calloc((size_t)plan->stage_count + 1, sizeof *direct->stages);
    if (!direct->stages) {
        nn__direct_destroy(direct);
        return NULL;
    }
    direct->input = map_of(&plan->input, plan->stage_count ? plan->stages : NULL);
    direct_map before = direct->input;
    size_t activations = 0, packed = 0, before_at = reserve(&activations, before.size);
    int lanes = plan->kernels->lanes;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *from = &plan->stages[i];
        direct_stage *stage = &direct->stages[i];
        stage->window.in = before;
        stage->window.out = map_of(&from->out, i + 1 < plan->stage_count ? from + 1 : NULL);
        shape_window(&stage->window, from);
        stage->in_at = before_at;
        stage->out_at = reserve(&activations, stage->window.out.size);
        if (from->kind == LANE_CONV) {
            stage->row = (from->op->out_c + lanes - 1) / lanes * lanes;
            int taps = (int)(from->op->weight_count / (size_t)from->op->out_c);
            stage->packed_at = reserve(&packed, (taps + 1) * stage->row);
        }
        before = stage->window.out;
        before_at = stage->out_at;
    }
    direct->activations = zeroed(activations);
    direct->packed = zeroed(packed);
    if (!direct->activations || !direct->packed) {
        nn__direct_destroy(direct);
        return NULL;
    }
    return direct;
}

void nn__direct_destroy(nn_direct *direct)
{
    if (!direct)
        return;
    free(direct->stages);
    free(direct->activations);
    free(direct->packed);
    free(direct);
}

/* ---- one image ---- */

static void pack(nn_direct *direct, const float *params)
{
    for (int i = 0; i < direct->plan->stage_count; i++) {
        const nn_op *op = direct->plan->stages[i].op;
        const direct_stage *stage = &direct->stages[i];
        if (direct->plan->stages[i].kind != LANE_CONV)
            continue;
        float *to = direct->packed + stage->packed_at;
        const float *weights = params + op->weight;
        size_t count = (size_t)op->out_c;
        for (size_t at = 0; at < op->weight_count; at += count, to += stage->row)
            memcpy(to, weights + at, count * sizeof(float));
        if (op->has_bias)
            memcpy(to, params + op->bias, count * sizeof(float));
    }
}

static void softmax(float *x, int n)
{
    float largest = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (int i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - largest);
    for (int i = 0; i < n; i++)
        x[i] /= sum;
}

static void activate(const lane_kernels *k, const direct_map *map, nn_activation activation,
                     float *x)
{
    if (activation == NN_LINEAR)
        return;
    for (int y = 0; y < map->h; y++) {
        float *row = x + map->at + y * map->pitch;
        if (activation != NN_SOFTMAX)
            k->direct_activate(activation, row, map->w * map->c);
        for (int i = 0; activation == NN_SOFTMAX && i < map->w; i++)
            softmax(row + i * map->c, map->c);
    }
}

/* Between maps of one shape, or to a vector in Keras' order. */
static void copy(const direct_map *from, const direct_map *to, const float *x, float *y)
{
    size_t row = (size_t)(from->w * from->c);
    size_t pitch = to->h == from->h ? (size_t)to->pitch : row;
    x += from->at;
    y += to->at;
    for (int i = 0; i < from->h; i++, x += from->pitch, y += pitch)
        memcpy(y, x, row * sizeof(float));
}

static void run_stage(const nn_direct *direct, const float *params, int i)
{
    const lane_kernels *k = direct->plan->kernels;
    const lane_stage *from = &direct->plan->stages[i];
    const direct_stage *stage = &direct->stages[i];
    const direct_window *window = &stage->window;
    const float *in = direct->activations + stage->in_at;
    const float *weights = direct->packed + stage->packed_at;
    float *out = direct->activations + stage->out_at;
    switch (from->kind) {
    case LANE_CONV:
        k->direct_conv(window, in, weights,
                       weights + from->op->weight_count / (size_t)from->op->out_c *
                                     (size_t)stage->row,
                       out);
        break;
    case LANE_POOL:
        k->direct_pool(window, in, out);
        break;
    case LANE_DENSE:
        k->direct_dense(in, params + from->op->weight,
                        from->op->has_bias ? params + from->op->bias : NULL, out, from->op->in_c,
                        from->op->out_c);
        break;
    case LANE_FLATTEN:
    case LANE_DROPOUT:
    case LANE_ACTIVATION:
        copy(&window->in, &window->out, in, out);
        break;
    }
    activate(k, &window->out, from->activation, out);
}

void nn__direct_forward(nn_direct *direct, const float *params, const nn_batch *batch, float *out)
{
    const lane_plan *plan = direct->plan;
    const direct_map *map = &direct->input;
    const tensor_t *x = &batch->x;
    if (!batch->params_version || direct->packed_version != batch->params_version ||
        direct->packed_params != params)
        pack(direct, params);
    direct->packed_version = batch->params_version;
    direct->packed_params = params;
    size_t row = (size_t)(map->w * map->c) * (x->dtype == NN_UINT8 ? 1 : sizeof(float));
    size_t outputs = (size_t)plan->net->out_c;
    for (int n = 0; n < batch->count; n++, out += outputs) {
        int64_t index = batch->order ? batch->order[n] : n;
        const char *image = (const char *)x->data + (size_t)index * (size_t)map->h * row;
        float *to = direct->activations + map->at;
        for (int y = 0; y < map->h; y++, image += row, to += map->pitch)
            plan->kernels->direct_load(image, x->dtype, x->scale, x->offset, to, map->w * map->c);
        for (int i = 0; i < plan->stage_count; i++)
            run_stage(direct, params, i);
        memcpy(out, direct->activations + direct->stages[plan->stage_count - 1].out_at,
               outputs * sizeof(float));
    }
}
