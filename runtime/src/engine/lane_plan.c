/* Which kernels compute a network in lanes; see lane_plan.h. */
#include "lane_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_FLOATS = 1 << 28, /* of any one of the memories: a gigabyte */
    ROWS_OF_ITEM = 24      /* dense weight rows that one item computes; whole blocks */
};

/* ---- can it be computed? ---- */

static int refuse(char *why, size_t size, const nn_op *op, const char *reason)
{
    if (why && size)
        snprintf(why, size, "layer '%s': %s", op && op->name ? op->name : "?", reason);
    return 0;
}

/* Floats per image of an operation's output, frame included, as an upper bound. */
static double floats_of(const nn_op *op)
{
    double frame = 2.0 * LANE_MAX_KERNEL;
    return (op->out_h + frame) * (op->out_w + frame) * op->out_c;
}

int nn__lane_supports(const nn_net *net, char *why, size_t size)
{
    if (nn__isa_machine() < 2)
        return refuse(why, size, net->ops, "this processor lacks SSE4.2");
    double per_lane = 0, once = 0; /* dense weights are packed, never held per image */
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        int dense = op->kind == NN_OP_DENSE && op->in_h * op->in_w == 1;
        per_lane += dense ? op->out_c : floats_of(op) + (double)op->weight_count;
        once += dense ? 2 * (double)op->weight_count : 0;
        if (op->kind == NN_OP_CONV2D &&
            (op->kernel_h > LANE_MAX_KERNEL || op->kernel_w > LANE_MAX_KERNEL))
            return refuse(why, size, op, "kernels over 11 have no lane kernel");
    }
    if (per_lane * 2 * LANE_GROUP > MOST_FLOATS || once > MOST_FLOATS)
        return refuse(why, size, net->ops, "the network is too large for activations in lanes");
    if (!net->op_count)
        return refuse(why, size, NULL, "a network without layers");
    return 1;
}

/* ---- stages ---- */

static int at_least(int a, int b) { return a > b ? a : b; }

/* Surround the image by the zeros that a convolution reads. Two output rows may be computed under
   one range of kernel rows, so the frame has a stride's rows above and below. */
static void frame_for(lane_map *map, const nn_op *conv)
{
    int reach_w = (conv->out_w - 1) * conv->stride_w + conv->kernel_w;
    int left = conv->pad_left;
    int right = at_least(reach_w - conv->pad_left - map->w, 0);
    int vertical = conv->stride_h;
    map->pitch = left + map->w + right;
    map->plane = map->pitch * (map->h + 2 * vertical);
    map->at = vertical * map->pitch + left;
    /* Four positions of one row are loaded at once, whatever the row's length. */
    map->size = map->c * map->plane + 4;
}

static int is_vector(const lane_map *map) { return map->plane == 1 && map->at == 0; }

static lane_stage *add_stage(lane_plan *plan, lane_kind kind, int op_index)
{
    lane_stage *stage = &plan->stages[plan->stage_count++];
    const nn_op *op = &plan->net->ops[op_index];
    *stage = (lane_stage){.kind = kind, .op = op, .op_index = op_index};
    stage->out = nn__lane_map(op->out_h, op->out_w, op->out_c);
    return stage;
}

/* Activations go along with the stage that has just been added where it can take them. */
static void add_activation(lane_plan *plan, nn_activation activation, int op_index)
{
    if (activation == NN_LINEAR)
        return;
    lane_stage *last = plan->stage_count ? &plan->stages[plan->stage_count - 1] : NULL;
    if (last && last->activation == NN_LINEAR &&
        (last->kind == LANE_CONV || last->kind == LANE_DENSE || last->kind == LANE_ACTIVATION)) {
        last->activation = activation;
        return;
    }
    add_stage(plan, LANE_ACTIVATION, op_index)->activation = activation;
}

static void add_operation(lane_plan *plan, int i)
{
    const nn_op *op = &plan->net->ops[i];
    const lane_map *before = plan->stage_count ? &plan->stages[plan->stage_count - 1].out : NULL;
    switch (op->kind) {
    case NN_OP_CONV2D:
        add_stage(plan, LANE_CONV, i);
        break;
    case NN_OP_AVERAGE_POOL:
    case NN_OP_MAX_POOL:
        add_stage(plan, LANE_POOL, i);
        break;
    case NN_OP_FLATTEN:
        add_stage(plan, LANE_FLATTEN, i);
        break;
    case NN_OP_DENSE:
        if (op->in_h * op->in_w > 1) { /* acts on the last axis: a convolution of 1 x 1 */
            add_stage(plan, LANE_CONV, i);
            break;
        }
        if (!before || !is_vector(before)) {
            lane_stage *flat = add_stage(plan, LANE_FLATTEN, i);
            flat->out = nn__lane_map(1, 1, op->in_c);
        }
        add_stage(plan, LANE_DENSE, i);
        break;
    case NN_OP_DROPOUT:
        add_stage(plan, LANE_DROPOUT, i);
        break;
    case NN_OP_ACTIVATION:
        break;
    }
    add_activation(plan, op->activation, i);
}

/* Outputs leave as rows in Keras' order, also those of a network that ends in pictures. */
static void add_last_flatten(lane_plan *plan)
{
    lane_map last = plan->stages[plan->stage_count - 1].out;
    if (is_vector(&last))
        return;
    add_stage(plan, LANE_FLATTEN, plan->net->op_count - 1)->out =
        nn__lane_map(1, 1, last.c * last.h * last.w);
}

static void shape_windows(lane_stage *stage)
{
    const nn_op *op = stage->op;
    if (stage->kind == LANE_CONV) {
        int dense = op->kind == NN_OP_DENSE;
        stage->conv = (lane_conv){.in = stage->in,
                                  .out = stage->out,
                                  .kernel_h = dense ? 1 : op->kernel_h,
                                  .kernel_w = dense ? 1 : op->kernel_w,
                                  .stride_h = dense ? 1 : op->stride_h,
                                  .stride_w = dense ? 1 : op->stride_w,
                                  .pad_top = op->pad_top,
                                  .pad_left = op->pad_left,
                                  .filters = op->out_c};
    } else if (stage->kind == LANE_POOL) {
        stage->pool = (lane_pool){.in = stage->in,
                                  .out = stage->out,
                                  .window_h = op->kernel_h,
                                  .window_w = op->kernel_w,
                                  .stride_h = op->stride_h,
                                  .stride_w = op->stride_w,
                                  .pad_top = op->pad_top,
                                  .pad_left = op->pad_left,
                                  .maximum = op->kind == NN_OP_MAX_POOL};
        stage->pool.tiles = op->stride_h == op->kernel_h && op->stride_w == op->kernel_w &&
                            op->out_h * op->kernel_h == op->in_h &&
                            op->out_w * op->kernel_w == op->in_w;
    }
}

/* The zero frame of a stage's input is laid around what the stage before writes. */
static void lay_maps(lane_plan *plan)
{
    const nn_net *net = plan->net;
    plan->input = nn__lane_map(net->in_h, net->in_w, net->in_c);
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        if (stage->kind == LANE_CONV && stage->op->kind == NN_OP_CONV2D)
            frame_for(i ? &plan->stages[i - 1].out : &plan->input, stage->op);
    }
    for (int i = 0; i < plan->stage_count; i++)
        plan->stages[i].in = i ? plan->stages[i - 1].out : plan->input;
    for (int i = 0; i < plan->stage_count; i++)
        shape_windows(&plan->stages[i]);
    for (int i = 0; i + 1 < plan->stage_count; i++) {
        const lane_stage *next = &plan->stages[i + 1];
        plan->stages[i].pooled_by_next =
            plan->stages[i].kind == LANE_CONV && next->kind == LANE_POOL && next->pool.tiles &&
            plan->stages[i].activation != NN_SOFTMAX;
    }
}

/* A dense layer reads what a Flatten before it would only reorder. */
static void view_inputs(lane_plan *plan)
{
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        if (stage->kind != LANE_DENSE)
            continue;
        stage->view = (lane_view){stage->in.c, stage->in.c, 1};
        if (!i || stage[-1].kind != LANE_FLATTEN)
            continue;
        const lane_map *map = &stage[-1].in;
        stage[-1].is_viewed = 1;
        if (map->c > 1)
            stage->view = (lane_view){stage->in.c, map->c, map->plane};
    }
}

/* Convolutions whose gradients are mostly zero, where a kernel skips them. */
static void find_sparse(lane_plan *plan)
{
    const lane_kernels *k = plan->kernels;
    int parameters = 0;
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        if (stage->kind == LANE_CONV && stage->pooled_by_next && k->sparse_plan) {
            stage->sparse = (lane_sparse){.conv = stage->conv,
                                          .pool = stage[1].pool,
                                          .activation = stage->activation,
                                          .wants_input = parameters};
            stage->is_sparse = k->sparse_plan(&stage->sparse);
        }
        parameters |= stage->kind == LANE_CONV || stage->kind == LANE_DENSE;
    }
}

static lane_wish wished_way(void)
{
    const char *wish = getenv("XTINYCC_CONV");
    if (wish && !strcmp(wish, "direct"))
        return LANE_PLAIN;
    return wish && !strcmp(wish, "winograd") ? LANE_WINOGRAD : LANE_QUICKEST;
}

/* Equal windows must have equal results where a maximum is taken of them: the first of them has the
   gradient. In Winograd's way they depend on their place in the tile, by a last bit. */
static int maximum_follows(const lane_plan *plan, int i)
{
    for (i++; i < plan->stage_count; i++)
        if (plan->stages[i].kind == LANE_POOL && plan->stages[i].pool.maximum)
            return 1;
    return 0;
}

/* The stage goes by this way where that takes less than nine tenths of its time, five eighths if it can
   skip zeros, and less than the way found before; ANYWAY: wherever it can compute. */
static void try_way(lane_stage *stage, const lane_way_kernels *by, int wants_input,
                    int plain_outputs, int anyway)
{
    lane_way way = {.conv = stage->conv, .wants_input = wants_input};
    if (!by || !by->plan(&way))
        return;
    int parts = wants_input ? 3 : 2;
    way.time = ((plain_outputs ? 1 : way.forward_time) + (parts - 1) * way.gradient_time) / parts;
    double before = stage->by ? stage->way.time : stage->is_sparse ? 0.625 : 0.9;
    if (!anyway && way.time > before)
        return;
    stage->by = by;
    stage->way = way;
    stage->plain_outputs = plain_outputs;
    stage->is_sparse = 0;
}

static void find_ways(lane_plan *plan)
{
    int parameters = 0, tiles_anyway = nn__isa_tiles() == 2;
    const lane_wish wish = plan->wish;
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        if (stage->kind == LANE_CONV && (wish == LANE_QUICKEST || tiles_anyway))
            try_way(stage, plan->tiles, parameters, 0, tiles_anyway);
        if (stage->kind == LANE_CONV && wish != LANE_PLAIN && !tiles_anyway)
            try_way(stage, plan->kernels->winograd, parameters, maximum_follows(plan, i),
                    wish == LANE_WINOGRAD);
        parameters |= stage->kind == LANE_CONV || stage->kind == LANE_DENSE;
    }
}

/* ---- work after the groups ---- */

static int list_items(lane_plan *plan)
{
    size_t most = 0;
    for (int i = 0; i < plan->stage_count; i++)
        most += 2 + (size_t)plan->stages[i].op->in_c / ROWS_OF_ITEM;
    plan->items = calloc(most + 1, sizeof *plan->items);
    if (!plan->items)
        return 0;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        if (stage->kind == LANE_DENSE)
            for (int row = 0; row < stage->op->in_c; row += ROWS_OF_ITEM) {
                int end = row + ROWS_OF_ITEM;
                plan->items[plan->item_count++] = (lane_item){
                    .stage = i, .row0 = row, .row1 = end < stage->op->in_c ? end : stage->op->in_c};
            }
        if (stage->kind == LANE_DENSE || stage->kind == LANE_CONV)
            plan->items[plan->item_count++] = (lane_item){.stage = i};
    }
    return 1;
}

int nn__lane_plan(lane_plan *plan, const nn_net *net, const lane_kernels *kernels,
                  const lane_way_kernels *tiles, int skip_zeros)
{
    *plan = (lane_plan){.net = net, .kernels = kernels, .tiles = tiles, .wish = wished_way()};
    /* An operation gives at most three stages: flatten, itself, activation; one more at the end. */
    plan->stages = calloc(3 * (size_t)net->op_count + 1, sizeof *plan->stages);
    if (!plan->stages)
        return 0;
    for (int i = 0; i < net->op_count; i++)
        add_operation(plan, i);
    if (plan->stage_count)
        add_last_flatten(plan);
    lay_maps(plan);
    view_inputs(plan);
    if (skip_zeros)
        find_sparse(plan);
    find_ways(plan);
    nn__lane_lay_memory(plan);
    const lane_stage *last = plan->stage_count ? &plan->stages[plan->stage_count - 1] : NULL;
    plan->softmax_in_loss =
        last && last->activation == NN_SOFTMAX && net->loss != NN_MEAN_SQUARED_ERROR;
    if (!list_items(plan)) {
        nn__lane_plan_free(plan);
        return 0;
    }
    return 1;
}

void nn__lane_plan_free(lane_plan *plan)
{
    free(plan->stages);
    free(plan->items);
    *plan = (lane_plan){0};
}

unsigned nn__lane_manner(const nn_net *net, int op)
{
    lane_plan plan;
    unsigned manner = 0;
    if (!nn__lane_plan(&plan, net, nn__lane_kernels(), nn__lane_tile_kernels(), 1))
        return 0;
    for (int i = 0; i < plan.stage_count; i++) {
        const lane_stage *stage = &plan.stages[i];
        if (stage->kind != LANE_CONV || stage->op_index != op)
            continue;
        manner |= stage->is_sparse ? NN_SKIPS_ZEROS : 0u;
        if (stage->by)
            manner |= stage->by == plan.tiles ? NN_BY_TILES
                      : stage->plain_outputs  ? NN_GRADIENT_BY_WINOGRAD
                                              : NN_BY_WINOGRAD;
    }
    nn__lane_plan_free(&plan);
    return manner;
}
