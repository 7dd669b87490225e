/* The direct path: one image at a time through the plan's stages. See direct.h. */
#include "direct_plan.h"

#include <string.h>

enum {
    MOST_ROWS = 1 << 18, /* floats of a layer that are copied: a part of the second-level cache */
    NEAR_ROWS = 56       /* rows of a dense layer that the nearest cache has room for */
};

/* ---- weights in the order of the kernels ---- */

static void pack_rows(const direct_window *window, const float *weights, float *to)
{
    size_t count = (size_t)window->out.c, in_c = (size_t)window->in.c;
    size_t taps = (size_t)window->kernel_h * (size_t)window->kernel_w;
    int planes = window->in.step == 1;
    for (size_t i = 0; i < taps * in_c; i++, to += window->weight_row) {
        size_t from = planes ? i % taps * in_c + i / taps : i;
        memcpy(to, weights + from * count, count * sizeof(float));
    }
}

static void pack_conv(const direct_stage *stage, const lane_kernels *k, const float *params,
                      float *to)
{
    const direct_window *window = &stage->window;
    const nn_op *op = stage->from->op;
    if (stage->columns)
        k->direct_pack_columns(window, params + op->weight, to);
    else if (window->points)
        k->direct_pack_points(window, params + op->weight, to);
    else
        pack_rows(window, params + op->weight, to);
    to += nn__direct_weight_rows(stage) * (size_t)window->weight_row;
    if (op->has_bias)
        memcpy(to, params + op->bias, (size_t)op->out_c * sizeof(float));
}

/* Rows of ROW floats, and the bias as one more. */
static void pack_dense(const direct_stage *stage, const float *params, float *to, int row)
{
    const nn_op *op = stage->from->op;
    const float *from = params + op->weight;
    size_t bytes = (size_t)op->out_c * sizeof(float);
    size_t left = (size_t)(row - op->out_c) * sizeof(float);
    for (int i = 0; i <= op->in_c; i++, from += op->out_c, to += row) {
        if (i < op->in_c)
            memcpy(to, from, bytes);
        else if (op->has_bias)
            memcpy(to, params + op->bias, bytes);
        else
            memset(to, 0, bytes);
        memset(to + op->out_c, 0, left);
    }
}

static void pack(nn_direct *direct, const float *params)
{
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        float *to = direct->packed + stage->packed_at;
        if (stage->from->kind == LANE_CONV)
            pack_conv(stage, direct->plan->kernels, params, to);
        else if (stage->from->kind == LANE_DENSE && stage->dense.m < direct->plan->kernels->lanes)
            pack_dense(stage, params, to, stage->dense.row);
        else if (stage->from->kind == LANE_DENSE)
            stage->dense.row = stage->dense.m;
    }
    memset(direct->empty, 0, direct->empty_count);
    direct->aligned = 0;
}

/* Rows of weights that start within a cache line are read twice as slowly. A copy costs as much
   as a few images, so it is for parameters that more than one call has seen. */
static void align_rows(nn_direct *direct, const float *params)
{
    int lanes = direct->plan->kernels->lanes;
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        const int m = stage->dense.m, row = nn__direct_round_up(m, lanes);
        if (stage->from->kind != LANE_DENSE || m < lanes || m == row)
            continue;
        size_t floats = (size_t)row * ((size_t)stage->from->op->in_c + 1);
        if (!stage->rows && floats <= MOST_ROWS)
            stage->rows = nn__direct_zeroed(floats);
        if (!stage->rows)
            continue;
        pack_dense(stage, params, stage->rows, row);
        stage->dense.row = row;
    }
    direct->aligned = 1;
}

/* ---- one image ---- */

/* Channels last: what is in planes has no activation left. */
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
            k->direct_activate(activation, row + i * map->c, map->c);
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

typedef struct dense_weights {
    const float *weights, *bias;
} dense_weights;

static dense_weights weights_of(const nn_direct *direct, const float *params,
                                const direct_stage *stage)
{
    const nn_op *op = stage->from->op;
    dense_weights found = {params + op->weight, op->has_bias ? params + op->bias : NULL};
    if (stage->dense.row > stage->dense.m) {
        found.weights = stage->rows ? stage->rows : direct->packed + stage->packed_at;
        found.bias = found.weights + (size_t)op->in_c * (size_t)stage->dense.row;
    }
    return found;
}

/* COUNT inputs from FIRST on: those that are not zero, or all where zeros are not expected. */
static direct_ahead part_of(const nn_direct *direct, const direct_stage *stage,
                            const float *weights, const float *in, int first, int count)
{
    size_t row = (size_t)stage->dense.row;
    direct_ahead part = {.weights = weights + (size_t)first * row, .row = row,
                         .list = direct->all, .count = count};
    if (stage->may_skip) {
        part.count = direct->plan->kernels->direct_nonzero(in + first, count, direct->indices);
        part.list = direct->indices;
    }
    return part;
}

static void run_dense(const nn_direct *direct, const float *params, const direct_stage *stage,
                      const float *in, float *out)
{
    dense_weights found = weights_of(direct, params, stage);
    direct_ahead all = part_of(direct, stage, found.weights, in, 0, stage->from->op->in_c);
    direct->plan->kernels->direct_dense(&stage->dense, in, all.weights, found.bias, all.list,
                                        all.count, out);
}

static const float *bias_of_conv(const direct_stage *stage, const float *packed)
{
    return packed + nn__direct_weight_rows(stage) * (size_t)stage->window.weight_row;
}

/* A pooled convolution and the dense layer that reads it, row by row. Where zeros are skipped, a
   row's inputs are known only after it: their weights come during the next one. */
static void run_joined(const nn_direct *direct, const float *params, const direct_stage *stage)
{
    const lane_kernels *k = direct->plan->kernels;
    const direct_stage *reader = stage + stage->rows_into;
    const direct_window *window = &stage->window;
    const float *weights = direct->packed + stage->packed_at;
    const float *in = direct->activations + stage->in_at;
    float *middle = direct->activations + stage->out_at;
    float *out = direct->activations + reader->out_at;
    dense_weights found = weights_of(direct, params, reader);
    const float *start = found.bias;
    direct_layer sums = reader->dense;
    sums.activation = NN_LINEAR;
    const int inputs = window->out.w * window->out.c, rows = window->out.h;
    const int late = reader->may_skip;
    direct_ahead part = {0};
    for (int y = 0; y < rows + late; y++) {
        if (!late)
            part = part_of(direct, reader, found.weights, middle, y * inputs, inputs);
        direct_ahead ahead = part;
        ahead.count = ahead.count > NEAR_ROWS ? NEAR_ROWS : ahead.count;
        if (y < rows)
            k->direct_conv(window, in, weights, bias_of_conv(stage, weights), direct->scratch,
                           middle, y, y + 1, &ahead);
        int done = y - late; /* the row whose inputs the dense layer takes now */
        if (done >= 0) {
            k->direct_dense(done == rows - 1 ? &reader->dense : &sums, middle + done * inputs,
                            part.weights, start, part.list, part.count, out);
            start = out;
        }
        if (late && y < rows)
            part = part_of(direct, reader, found.weights, middle, y * inputs, inputs);
    }
}

/* The same by fewer products, block by block of columns. */
static void run_joined_points(const nn_direct *direct, const float *params,
                              const direct_stage *stage)
{
    const lane_kernels *k = direct->plan->kernels;
    const direct_stage *reader = stage + stage->rows_into;
    const float *weights = direct->packed + stage->packed_at;
    float *middle = direct->activations + stage->out_at;
    dense_weights found = weights_of(direct, params, reader);
    direct_join join = {.layer = reader->dense, .x = middle, .weights = found.weights,
                        .start = found.bias, .y = direct->activations + reader->out_at,
                        .may_skip = reader->may_skip, .list = direct->indices};
    join.layer.activation = NN_LINEAR;
    k->direct_conv_points(&stage->window, direct->activations + stage->in_at, weights,
                          bias_of_conv(stage, weights), direct->scratch, middle, &join);
    k->direct_dense(&reader->dense, middle, found.weights, join.start, join.list, join.count,
                    join.y);
}

static void run_stage(const nn_direct *direct, const float *params, const direct_stage *stage)
{
    const lane_kernels *k = direct->plan->kernels;
    const direct_window *window = &stage->window;
    const float *in = direct->activations + stage->in_at;
    float *out = direct->activations + stage->out_at;
    switch (stage->from->kind) {
    case LANE_CONV: {
        const float *weights = direct->packed + stage->packed_at;
        const float *bias = bias_of_conv(stage, weights);
        const direct_ahead nothing = {0};
        if (stage->columns)
            k->direct_conv_columns(window, in, weights, bias, stage->blank, stage->empty,
                                   direct->scratch, out);
        else if (window->points)
            k->direct_conv_points(window, in, weights, bias, direct->scratch, out, NULL);
        else
            k->direct_conv(window, in, weights, bias, direct->scratch, out, 0, window->out.h,
                           &nothing);
        break;
    }
    case LANE_POOL:
        k->direct_pool(window, in, out);
        break;
    case LANE_DENSE:
        run_dense(direct, params, stage, in, out);
        break;
    case LANE_FLATTEN:
    case LANE_DROPOUT:
    case LANE_ACTIVATION:
        if (!stage->is_alias)
            copy(&window->in, &window->out, in, out);
        break;
    }
    activate(k, &window->out, stage->activation, out);
}

static void load_image(const nn_direct *direct, const direct_input *input)
{
    const lane_kernels *k = direct->plan->kernels;
    const direct_map *map = &direct->input, *split = &direct->split;
    float *to = direct->activations + direct->input_at;
    float *halves = direct->activations + direct->split_at;
    uint8_t *marks = NULL;
    if (direct->skip_zeros && direct->stage_count && direct->stages[0].columns)
        marks = direct->stages[0].blank + map->at / map->pitch;
    if (split->half && k->direct_load_split(input, map, split, halves, marks))
        return;
    k->direct_load(input, map, to);
    if (split->half)
        k->direct_split(map, split, to, halves, marks);
    else if (marks)
        k->direct_blank(map, to, marks);
}

void nn__direct_forward(nn_direct *direct, const float *params, const nn_batch *batch, float *out)
{
    const direct_map *map = &direct->input;
    const tensor_t *x = &batch->x;
    if (!batch->params_version || direct->packed_version != batch->params_version ||
        direct->packed_params != params)
        pack(direct, params);
    else if (!direct->aligned)
        align_rows(direct, params);
    direct->packed_version = batch->params_version;
    direct->packed_params = params;
    size_t size = (size_t)map->h * (size_t)map->w * (size_t)map->c *
                  (x->dtype == NN_UINT8 ? 1 : sizeof(float));
    size_t outputs = (size_t)direct->plan->net->out_c;
    for (int n = 0; n < batch->count; n++, out += outputs) {
        int64_t index = batch->order ? batch->order[n] : n;
        direct_input input = {.image = (const char *)x->data + (size_t)index * size,
                              .dtype = x->dtype,
                              .scale = x->scale,
                              .offset = x->offset};
        load_image(direct, &input);
        for (int i = 0; i < direct->stage_count; i++) {
            const direct_stage *stage = &direct->stages[i];
            if (stage->rows_into && stage->window.points)
                run_joined_points(direct, params, stage);
            else if (stage->rows_into)
                run_joined(direct, params, stage);
            else
                run_stage(direct, params, stage);
            i += stage->rows_into;
        }
        memcpy(out, direct->activations + direct->output_at, outputs * sizeof(float));
    }
}
