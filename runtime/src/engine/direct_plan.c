/* The plan of the direct path: which form each stage has, and where everything lies. */
#include "direct_plan.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 2 * LANE_GROUP + LANE_MAX_KERNEL, /* behind a map, for reads and stores past it */
    NEAR_WEIGHTS = 1 << 12 /* floats of a convolution that leave the nearest cache room for more */
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

static int can_by_points(const lane_plan *plan, const direct_window *window)
{
    return plan->wish != LANE_PLAIN && window->kernel_h == 5 && window->kernel_w == 5 &&
           window->stride_h == 1 && window->stride_w == 1;
}

/* Ten rows go by nine products instead of five for each: where most of them are wanted. */
static int by_points(const lane_plan *plan, const direct_stage *stage)
{
    const direct_window *window = &stage->window;
    int tens = (window->rows + DIRECT_POINTS_ROWS - 1) / DIRECT_POINTS_ROWS;
    return can_by_points(plan, window) && plan->kernels->direct_conv_points &&
           stage->from->out.c <= plan->kernels->lanes &&
           (plan->wish == LANE_WINOGRAD || 18 * tens < 4 * window->rows);
}

/* Which form wastes fewer lanes? Columns need the input in planes, their output goes there: between
   convolutions, and where there is but one channel. */
static void choose_forms(nn_direct *direct)
{
    int lanes = direct->plan->kernels->lanes, planes = 1; /* may the input be in planes? */
    for (int i = 0; i < direct->stage_count; i++) {
        direct_stage *stage = &direct->stages[i];
        direct_window *window = &stage->window;
        int channels = stage->from->out.c, columns = window->columns;
        int is_conv = stage->from->kind == LANE_CONV;
        int before_conv = i + 1 < direct->stage_count && stage[1].from->kind == LANE_CONV &&
                          stage->activation != NN_SOFTMAX;
        stage->columns = is_conv && planes && window->stride_w == 1 &&
                         (before_conv || channels == 1) &&
                         (long)nn__direct_round_up(columns, lanes) * channels <
                             (long)nn__direct_round_up(channels, lanes) * columns;
        if (is_conv && !stage->columns && i && stage[-1].columns && by_points(direct->plan, stage))
            window->points = DIRECT_POINTS;
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
        if (conv->points) /* all of the last ten rows are computed */
            map.rows = at_least(map.rows, nn__direct_round_up(conv->rows, DIRECT_POINTS_ROWS) +
                                              conv->kernel_h - 1);
        columns = at_least(left + map.w, (conv->columns - 1) * conv->stride_w + conv->kernel_w);
    }
    map.step = planes ? 1 : map.c;
    map.pitch = planes ? nn__direct_round_up(columns, lanes) : columns * map.step;
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
        2 * nn__direct_round_up(window->columns / 2, lanes) >
            nn__direct_round_up(window->columns, lanes))
        return map;
    map.half = nn__direct_round_up((input->pitch + 1) / 2, lanes);
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

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void lay_conv(direct_stage *stage, int lanes, direct_sizes *sizes)
{
    direct_window *window = &stage->window;
    int channels = window->out.c;
    window->weight_row = stage->columns ? channels : nn__direct_round_up(channels, lanes);
    stage->packed_at =
        reserve(&sizes->packed, (nn__direct_weight_rows(stage) + 1) * (size_t)window->weight_row +
                                    LANE_GROUP);
    size_t row = stage->columns
                     ? (size_t)(nn__direct_round_up(window->columns, 2 * lanes) * channels)
                     : (size_t)(window->columns * window->weight_row);
    sizes->scratch = larger(sizes->scratch, 2 * row);
    if (window->points)
        sizes->scratch = larger(sizes->scratch, stage->columns
                                                    ? nn__direct_split_scratch(window, lanes)
                                                    : nn__direct_points_scratch(window));
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
    if (before.half && can_by_points(plan, &direct->stages->window))
        direct->stages->window.points = DIRECT_SPLIT_POINTS;
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

float *nn__direct_zeroed(size_t floats)
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
    direct->activations = nn__direct_zeroed(sizes.activations);
    direct->packed = nn__direct_zeroed(sizes.packed);
    direct->scratch = nn__direct_zeroed(sizes.scratch);
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
