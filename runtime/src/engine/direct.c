/* The direct path: one image at a time through the plan's stages. See direct.h. */
#include "direct.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 2 * LANE_GROUP + LANE_MAX_KERNEL, /* behind a map, for reads and stores past it */
    MOST_ROWS = 1 << 18, /* floats of a layer that are copied: a part of the second-level cache */
    NEAR_WEIGHTS = 1 << 12, /* floats of a convolution that leave the nearest cache room for more, */
    NEAR_ROWS = 56          /* so many rows of a dense layer */
};

typedef struct direct_stage {
    const lane_stage *from;
    direct_window window; /* every stage has its maps here */
    int columns;          /* a convolution with columns in lanes */
    size_t in_at, out_at; /* activations */
    size_t packed_at;     /* convolutions, narrow dense layers: weights, then biases */
    uint8_t *blank;       /* columns: rows of the input that are zero */
    uint8_t *empty;       /* columns: rows of results that come of zeros alone */
    direct_layer dense;
    int may_skip;         /* dense: many inputs may be zero */
    float *rows;          /* dense: weights and bias in whole vectors; NULL: as they are */
    nn_activation activation; /* not taken along by the kernel */
    int is_alias;             /* its output is its input */
    int rows_into;            /* convolution: the dense stage, so far ahead, that takes each row of
                                 its results at once; 0: none */
} direct_stage;

struct nn_direct {
    const lane_plan *plan;
    direct_map input, split; /* split.half: the first stage reads this */
    size_t input_at, split_at, output_at;
    int stage_count, skip_zeros;
    direct_stage *stages;
    float *activations, *packed, *scratch;
    int32_t *all, *indices; /* 0, 1, 2, ...; inputs that are not zero */
    uint8_t *blank, *empty;
    size_t empty_count;
    const float *packed_params; /* what `packed` was made of, */
    uint64_t packed_version;    /* in which version (0: not known) */
    int aligned;                /* dense layers' rows as well */
};

/* ---- the stages ---- */

static int is_pooled_by_2(const lane_stage *stage)
{
    return stage->pooled_by_next && stage[1].pool.window_h == 2 && stage[1].pool.window_w == 2;
}

/* Dropout is nothing here; a pooling may be its convolution's. */
static void list_stages(nn_direct *direct)
{
    const lane_plan *plan = direct->plan;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *from = &plan->stages[i];
        if (from->kind == LANE_DROPOUT || (i && is_pooled_by_2(from - 1)))
            continue;
        direct_stage *stage = &direct->stages[direct->stage_count++];
        direct_window *window = &stage->window;
        const lane_conv *conv = &from->conv;
        const lane_pool *pool = &from->pool;
        int is_conv = from->kind == LANE_CONV;
        stage->from = from;
        stage->activation = from->activation;
        if (from->kind == LANE_DENSE) {
            stage->dense = (direct_layer){from->op->out_c, from->op->out_c, from->activation};
            stage->activation = NN_LINEAR;
        }
        window->kernel_h = is_conv ? conv->kernel_h : pool->window_h;
        window->kernel_w = is_conv ? conv->kernel_w : pool->window_w;
        window->stride_h = is_conv ? conv->stride_h : pool->stride_h;
        window->stride_w = is_conv ? conv->stride_w : pool->stride_w;
        window->pad_top = is_conv ? conv->pad_top : pool->pad_top;
        window->pad_left = is_conv ? conv->pad_left : pool->pad_left;
        window->maximum = pool->maximum;
        if (!is_conv)
            continue;
        window->rows = conv->out.h;
        window->columns = conv->out.w;
        window->pooled = is_pooled_by_2(from);
        window->maximum = window->pooled && from[1].pool.maximum;
        if (from->activation != NN_SOFTMAX) {
            window->activation = from->activation;
            stage->activation = NN_LINEAR;
        }
    }
}

/* Zeros come from a ReLU, whatever lies between but a layer of weights. */
static void find_zeros(nn_direct *direct)
{
    int zeros = 0;
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        lane_kind kind = stage->from->kind;
        stage->may_skip = zeros && kind == LANE_DENSE && direct->skip_zeros;
        if (kind == LANE_CONV || kind == LANE_DENSE || kind == LANE_ACTIVATION)
            zeros = stage->from->activation == NN_RELU;
    }
}

static int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

/* Which form wastes fewer lanes? Columns need the input in planes, their output goes there: between
   convolutions, and where there is but one channel. */
static void choose_forms(nn_direct *direct)
{
    int lanes = direct->plan->kernels->lanes, planes = 1; /* may the input be in planes? */
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        const direct_window *window = &stage->window;
        int channels = stage->from->out.c, columns = window->columns;
        int is_conv = stage->from->kind == LANE_CONV;
        int before_conv = i + 1 < direct->stage_count && stage[1].from->kind == LANE_CONV &&
                          stage->activation != NN_SOFTMAX;
        stage->columns = is_conv && planes && window->stride_w == 1 &&
                         (before_conv || channels == 1) &&
                         (long)round_up(columns, lanes) * channels <
                             (long)round_up(channels, lanes) * columns;
        planes = stage->columns;
    }
}

/* ---- memory ---- */

static int at_least(int a, int b) { return a > b ? a : b; }

/* A map, with the zero frame that the stage reading it (or NULL) wants. Rows of planes are whole
   vectors, so that none reaches into the next one. */
static direct_map map_of(const lane_map *shape, const direct_stage *reader, int planes, int lanes)
{
    direct_map map = {.c = shape->c, .h = shape->h, .w = shape->w};
    int columns = map.w, top = 0, left = 0;
    map.rows = map.h;
    if (reader && reader->from->kind == LANE_CONV) {
        const direct_window *conv = &reader->window;
        top = conv->pad_top;
        left = conv->pad_left;
        map.rows =
            at_least(top + map.h, (conv->rows - 1) * conv->stride_h + conv->kernel_h);
        columns = at_least(left + map.w, (conv->columns - 1) * conv->stride_w + conv->kernel_w);
    }
    map.step = planes ? 1 : map.c;
    map.pitch = planes ? round_up(columns, lanes) : columns * map.step;
    map.plane = planes ? map.rows * map.pitch + LANE_GROUP : 1;
    map.at = top * map.pitch + left * map.step;
    map.size = (planes ? map.c * map.plane : map.rows * map.pitch) + ROOM;
    return map;
}

/* Where columns are pooled, windows in lanes: unless more of them stay empty. */
static direct_map split_map(const direct_map *input, const direct_stage *reader, int lanes)
{
    const direct_window *window = &reader->window;
    direct_map map = *input;
    if (!reader->columns || !window->pooled ||
        2 * round_up(window->columns / 2, lanes) > round_up(window->columns, lanes))
        return map;
    map.half = round_up((input->pitch + 1) / 2, lanes);
    map.pitch = 2 * map.half;
    map.plane = map.rows * map.pitch + LANE_GROUP;
    map.at = input->at / input->pitch * map.pitch;
    map.size = map.c * map.plane + ROOM;
    return map;
}

static size_t reserve(size_t *total, size_t floats)
{
    size_t at = *total;
    *total += (floats + LANE_GROUP - 1) / LANE_GROUP * LANE_GROUP;
    return at;
}

/* Sizes of what the stages need; everything lies in one after another. */
typedef struct direct_sizes {
    size_t activations, packed, scratch, indices, blank, empty;
} direct_sizes;

static void lay_conv(direct_stage *stage, int lanes, direct_sizes *sizes)
{
    direct_window *window = &stage->window;
    int channels = window->out.c;
    size_t taps = (size_t)window->kernel_h * (size_t)window->kernel_w * (size_t)window->in.c;
    window->weight_row = stage->columns ? channels : round_up(channels, lanes);
    stage->packed_at =
        reserve(&sizes->packed, (taps + 1) * (size_t)window->weight_row + LANE_GROUP);
    size_t row = stage->columns
                     ? (size_t)(round_up(window->columns, 2 * lanes) * channels)
                     : (size_t)(window->columns * window->weight_row);
    sizes->scratch = 2 * row > sizes->scratch ? 2 * row : sizes->scratch;
    if (stage->columns) {
        sizes->blank += (size_t)window->in.c * (size_t)window->in.rows;
        sizes->empty += (size_t)(window->rows + 1) / 2;
    }
}

static void lay_dense(direct_stage *stage, int lanes, direct_sizes *sizes)
{
    direct_layer *dense = &stage->dense;
    size_t inputs = (size_t)stage->from->op->in_c;
    sizes->indices = inputs > sizes->indices ? inputs : sizes->indices;
    if (dense->m >= lanes)
        return;
    dense->row = lanes;
    stage->packed_at = reserve(&sizes->packed, (inputs + 1) * (size_t)lanes);
}

static void lay_stages(nn_direct *direct, direct_sizes *sizes)
{
    const lane_plan *plan = direct->plan;
    int count = direct->stage_count, lanes = plan->kernels->lanes;
    direct->input = map_of(&plan->input, count ? direct->stages : NULL,
                           count && direct->stages[0].columns, lanes);
    direct->input_at = reserve(&sizes->activations, (size_t)direct->input.size);
    direct->output_at = direct->input_at;
    direct_map before = direct->split = split_map(&direct->input, direct->stages, lanes);
    if (before.half)
        direct->output_at = direct->split_at =
            reserve(&sizes->activations, (size_t)before.size + 2 * LANE_GROUP);
    for (int i = 0; i < count; i++) {
        direct_stage *stage = &direct->stages[i];
        const lane_stage *last = stage->window.pooled ? stage->from + 1 : stage->from;
        stage->window.in = before;
        stage->window.out =
            map_of(&last->out, i + 1 < count ? stage + 1 : NULL, stage->columns, lanes);
        stage->in_at = direct->output_at;
        stage->is_alias = stage->from->kind == LANE_FLATTEN && before.pitch == before.w * before.c;
        stage->out_at = stage->is_alias
                            ? stage->in_at
                            : reserve(&sizes->activations, (size_t)stage->window.out.size);
        if (stage->from->kind == LANE_CONV)
            lay_conv(stage, lanes, sizes);
        if (stage->from->kind == LANE_DENSE)
            lay_dense(stage, lanes, sizes);
        before = stage->window.out;
        direct->output_at = stage->out_at;
    }
}

/* A dense layer waits for its weights, a convolution does not: row by row in turns, the weights
   come while the convolution computes. */
static void join_stages(nn_direct *direct)
{
    for (int i = 0; i + 2 < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        const direct_window *window = &stage->window;
        size_t floats = stage->from->op->weight_count;
        if (stage->from->kind == LANE_CONV && !stage->columns && window->pooled &&
            stage->activation == NN_LINEAR && floats <= NEAR_WEIGHTS && stage[1].is_alias &&
            stage[2].from->kind == LANE_DENSE)
            stage->rows_into = 2;
    }
}

/* The frame's rows are zero for ever. */
static void mark_frames(nn_direct *direct)
{
    uint8_t *blank = direct->blank, *empty = direct->empty;
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        const direct_map *in = &stage->window.in;
        if (!stage->columns)
            continue;
        stage->blank = blank;
        stage->empty = empty;
        empty += (stage->window.rows + 1) / 2;
        int top = in->at / in->pitch;
        for (int c = 0; c < in->c; c++, blank += in->rows)
            for (int y = 0; y < in->rows; y++)
                blank[y] = y < top || y >= top + in->h;
    }
}

static float *zeroed(size_t floats)
{
    size_t bytes = (floats + LANE_GROUP) / LANE_GROUP * LANE_GROUP * sizeof(float);
    float *memory = aligned_alloc(LANE_ALIGN, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

nn_direct *nn__direct_create(const lane_plan *plan, int skip_zeros)
{
    nn_direct *direct = calloc(1, sizeof *direct);
    if (!direct)
        return NULL;
    direct->plan = plan;
    direct->skip_zeros = skip_zeros;
    direct->stages = calloc((size_t)plan->stage_count + 1, sizeof *direct->stages);
    if (!direct->stages) {
        nn__direct_destroy(direct);
        return NULL;
    }
    direct_sizes sizes = {0};
    list_stages(direct);
    find_zeros(direct);
    choose_forms(direct);
    lay_stages(direct, &sizes);
    direct->activations = zeroed(sizes.activations);
    direct->packed = zeroed(sizes.packed);
    direct->scratch = zeroed(sizes.scratch);
    direct->indices = malloc((sizes.indices + LANE_GROUP) * sizeof *direct->indices);
    direct->all = calloc(sizes.indices + LANE_GROUP, sizeof *direct->all);
    direct->blank = malloc(sizes.blank + 1);
    direct->empty = calloc(sizes.empty + 1, 1);
    direct->empty_count = sizes.empty;
    if (!direct->activations || !direct->packed || !direct->scratch || !direct->indices ||
        !direct->all || !direct->blank || !direct->empty) {
        nn__direct_destroy(direct);
        return NULL;
    }
    for (size_t i = 0; i < sizes.indices; i++)
        direct->all[i] = (int32_t)i;
    mark_frames(direct);
    join_stages(direct);
    return direct;
}

void nn__direct_destroy(nn_direct *direct)
{
    if (!direct)
        return;
    for (int i = 0; direct->stages && i < direct->stage_count; i++)
        free(direct->stages[i].rows);
    free(direct->stages);
    free(direct->activations);
    free(direct->packed);
    free(direct->scratch);
    free(direct->indices);
    free(direct->all);
    free(direct->blank);
    free(direct->empty);
    free(direct);
}

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
    else
        pack_rows(window, params + op->weight, to);
    to += op->weight_count / (size_t)op->out_c * (size_t)window->weight_row;
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
        const int m = stage->dense.m, row = round_up(m, lanes);
        if (stage->from->kind != LANE_DENSE || m < lanes || m == row)
            continue;
        size_t floats = (size_t)row * ((size_t)stage->from->op->in_c + 1);
        if (!stage->rows && floats <= MOST_ROWS)
            stage->rows = zeroed(floats);
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
    const nn_op *op = stage->from->op;
    return packed + op->weight_count / (size_t)op->out_c * (size_t)stage->window.weight_row;
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
    activate(k, &reader->window.out, reader->activation, out);
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
            if (stage->rows_into)
                run_joined(direct, params, stage);
            else
                run_stage(direct, params, stage);
            i += stage->rows_into;
        }
        memcpy(out, direct->activations + direct->output_at, outputs * sizeof(float));
    }
}
