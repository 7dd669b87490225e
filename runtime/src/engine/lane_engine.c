/* The lane engine: runs the plan over the groups of a batch. See lane.h and lane_plan.h. */
#include "lane_plan.h"

#include <stdlib.h>
#include <string.h>
#include "../random.h"
#include "direct.h"
#include "pool.h"
#include "scratch.h"

/* Groups that have slots at a time: larger batches are done in parts, sums carried on in order. */
enum { MOST_SLOTS = 64 };

/* Floats to be packed that are worth waking the threads. */
enum { WORTH_THREADS = 1 << 15 };

typedef struct lane_engine {
    lane_plan plan;
    nn_pool *pool;
    int workers;
    /* Worker w begins with items first_item_of[w] .. first_item_of[w + 1]-1; groups likewise. */
    int *first_item_of, *first_group_of;
    float *arenas; /* one for each worker, arena_length floats each */
    float *slots, *rows;
    int slot_count;
    float *packed;
    nn_direct *direct;
    double loss[MOST_SLOTS];
    int64_t hits[MOST_SLOTS];
} lane_engine;

/* One call of forward() or gradient(). */
typedef struct lane_call {
    lane_engine *engine;
    const float *params;
    const nn_batch *batch;
    int training;
    float *out;  /* forward */
    float *grad; /* gradient */
    const nn_update *update;
    int first_group, groups; /* the part of the batch at hand */
    int is_last;             /* there is none after it */
} lane_call;

/* Samples, by number in the batch, whose images are to be fetched. */
typedef struct lane_ahead {
    int64_t next, end, bytes;
} lane_ahead;

/* One pack on its way through the plan. */
typedef struct lane_pack {
    const lane_call *call;
    float *arena, *slot; /* slot NULL: inference */
    int group, pack;     /* in its part of the batch, in its group */
    int64_t row[LANE_GROUP];
    int count; /* lanes that hold images of their own */
    lane_ahead *ahead;
} lane_pack;

static int64_t row_of(const nn_batch *batch, int64_t i)
{
    return batch->order ? batch->order[i] : i;
}

static const char *image_of(const lane_call *call, int64_t row)
{
    const nn_net *net = call->engine->plan.net;
    const tensor_t *x = &call->batch->x;
    size_t size = x->dtype == NN_UINT8 ? 1 : 4;
    return (const char *)x->data +
           (size_t)row * (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c * size;
}

/* Images lie anywhere in a large data set. Each call asks for a few of those that come next, between
   stages: one by one each would wait for the address of its page, all at once for each other. */
static void fetch_ahead(const lane_pack *pack)
{
    enum { TOGETHER = 4 };
    const lane_call *call = pack->call;
    lane_ahead *ahead = pack->ahead;
    const char *image[TOGETHER];
    int count = 0;
    for (; count < TOGETHER && ahead->next < ahead->end; count++)
        image[count] = image_of(call, row_of(call->batch, ahead->next++));
    for (int64_t at = 0; count && at < ahead->bytes + 63; at += 64)
        for (int i = 0; i < count; i++)
            __builtin_prefetch(image[i] + at, 0, 2);
}

/* Those of the worker's next group, be it in the next batch. */
static lane_ahead ahead_of(const lane_call *call, int worker, int item)
{
    const lane_engine *engine = call->engine;
    const nn_batch *batch = call->batch;
    lane_ahead ahead = {.bytes = image_of(call, 1) - image_of(call, 0)};
    int is_last = item + 1 >= engine->first_group_of[worker + 1];
    int64_t first = is_last ? batch->count + (int64_t)engine->first_group_of[worker] * LANE_GROUP
                            : (int64_t)(call->first_group + item + 1) * LANE_GROUP;
    int64_t all = batch->count + batch->ahead;
    ahead.next = first;
    ahead.end = ahead.bytes > 4096 ? 0 : first + LANE_GROUP < all ? first + LANE_GROUP : all;
    return ahead;
}

static const float *bias_of(const lane_pack *pack, const lane_stage *stage)
{
    return stage->op->has_bias ? pack->call->params + stage->op->bias : NULL;
}

static float *value_at(const lane_pack *pack, size_t at, const lane_kept *kept)
{
    if (!pack->slot || !kept->floats)
        return pack->arena + at;
    return pack->slot + kept->at + (size_t)pack->pack * kept->floats;
}

static float *in_of(const lane_pack *pack, const lane_stage *stage)
{
    return value_at(pack, stage->in_at, &stage->in_kept);
}

static float *out_of(const lane_pack *pack, const lane_stage *stage)
{
    return value_at(pack, stage->out_at, &stage->out_kept);
}

/* ---- forward ---- */

/* Two rows of results at a time, always in the same place: kept is only where the maxima were. */
static void forward_sparse(const lane_pack *pack, const lane_stage *stage)
{
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *weights = pack->call->engine->packed + stage->packed_at;
    float *out = pack->arena + stage->out_at, *pooled = out_of(pack, stage + 1);
    lane_turn *turns = (lane_turn *)(pack->arena + stage->turns_at);
    lane_conv conv = stage->conv;
    lane_pool pool = stage[1].pool;
    lane_after after = {.activation = stage->activation, .pool = &pool, .pooled = pooled};
    conv.out.plane = 2 * conv.out.pitch;
    for (int y = 0; y < stage->out.h; y += 2) {
        conv.out.at = -y * conv.out.pitch;
        pool.in = conv.out;
        k->conv_forward(&conv, in_of(pack, stage), weights, bias_of(pack, stage), out, y, y + 2,
                        &after);
        if (pack->call->training)
            k->sparse_turns(&stage->sparse, &conv.out, out, pooled, turns, y / 2);
    }
}

/* Rows go from convolution through activation to pooling while they are in the nearest cache. */
static void forward_conv(const lane_pack *pack, const lane_stage *stage)
{
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const lane_pool *pool = stage->pooled_by_next ? &stage[1].pool : NULL;
    const float *weights = pack->call->engine->packed + stage->packed_at;
    float *out = out_of(pack, stage), *pooled = pool ? out_of(pack, stage + 1) : NULL;
    int by_kernel = pool && pool->window_h == 2 && pool->window_w == 2;
    int softmax = stage->activation == NN_SOFTMAX;
    lane_after after = {.activation = softmax ? NN_LINEAR : stage->activation,
                        .pool = by_kernel ? pool : NULL,
                        .pooled = pooled};
    int band = pool ? pool->window_h : 2;
    for (int y = 0; y < stage->out.h; y += band) {
        int end = y + band < stage->out.h ? y + band : stage->out.h;
        k->conv_forward(&stage->conv, in_of(pack, stage), weights, bias_of(pack, stage), out, y,
                        end, &after);
        if (softmax)
            k->activate(&stage->out, NN_SOFTMAX, out, y, end);
        if (pool && !by_kernel)
            k->pool_forward(pool, out, pooled, y / band, y / band + 1);
    }
}

static void forward_dense(const lane_pack *pack, const lane_stage *stage)
{
    pack->call->engine->plan.kernels->dense(
        &stage->view, in_of(pack, stage), pack->call->params + stage->op->weight,
        bias_of(pack, stage), out_of(pack, stage), stage->op->out_c);
}

static void forward_dropout(const lane_pack *pack, const lane_stage *stage)
{
    const nn_batch *batch = pack->call->batch;
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *in = in_of(pack, stage);
    float *out = out_of(pack, stage), *mask = pack->arena + stage->mask_at;
    if (!pack->call->training) {
        k->copy(&stage->in, &stage->out, in, out);
        return;
    }
    uint64_t keys[LANE_GROUP];
    for (int l = 0; l < k->lanes; l++) {
        keys[l] = nn__random(batch->seed, NN_STREAM_DROPOUT, batch->epoch, (uint64_t)pack->row[l],
                             (uint64_t)stage->op_index);
        keys[l] = keys[l] ? keys[l] : 1;
    }
    k->dropout_mask(keys, stage->out.c * stage->out.h * stage->out.w, stage->op->rate, mask);
    k->dropout(&stage->in, &stage->out, in, mask, out);
}

static void forward_pack(const lane_pack *pack)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        const float *in = in_of(pack, stage);
        float *out = out_of(pack, stage);
        fetch_ahead(pack);
        switch (stage->kind) {
        case LANE_CONV:
            (stage->is_sparse ? forward_sparse : forward_conv)(pack, stage);
            continue; /* activated already */
        case LANE_POOL:
            if (!(i && stage[-1].pooled_by_next))
                k->pool_forward(&stage->pool, in, out, 0, stage->out.h);
            break;
        case LANE_FLATTEN:
            if (stage->is_viewed)
                continue;
            k->flatten(&stage->in, in, out);
            break;
        case LANE_DENSE:
            forward_dense(pack, stage);
            break;
        case LANE_DROPOUT:
            forward_dropout(pack, stage);
            break;
        case LANE_ACTIVATION:
            k->copy(&stage->in, &stage->out, in, out);
            break;
        }
        if (!(plan->softmax_in_loss && i == plan->stage_count - 1))
            k->activate(&stage->out, stage->activation, out, 0, stage->out.h);
    }
}

/* ---- backward ---- */

/* Where the sums of a convolution's biases lie. */
static float *bias_sums_of(const lane_pack *pack, const lane_stage *stage)
{
    size_t lanes = (size_t)pack->call->engine->plan.kernels->lanes;
    return pack->arena + stage->sums_at + (stage->whole ? 0 : stage->op->weight_count * lanes);
}

/* A map of some of the channels. */
static lane_map channels_of(lane_map map, int first, int count)
{
    map.at += first * map.plane;
    map.c = count;
    return map;
}

/* The gradient before the activation of some filters, band by band, and at once the sums that need
   it. */
static void backward_filters(const lane_pack *pack, const lane_stage *stage, int first, int count)
{
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *in = in_of(pack, stage);
    float *out = out_of(pack, stage), *g = pack->arena + stage->out_gradient_at;
    float *bias_sums = bias_sums_of(pack, stage) + (size_t)first * k->lanes;
    float *sums = pack->arena + stage->sums_at + (size_t)first * k->lanes;
    lane_map outputs = channels_of(stage->out, first, count);
    lane_conv conv = stage->conv;
    conv.out = channels_of(stage->gradient, stage->one_band ? 0 : first, count);
    conv.out.h = stage->out.h;
    lane_pool pool = {0};
    if (stage->pooled_by_next) {
        pool = stage[1].pool;
        pool.in = outputs;
        pool.out = channels_of(pool.out, first, count);
    }
    for (int y = 0; y < stage->out.h; y += stage->band) {
        int end = y + stage->band < stage->out.h ? y + stage->band : stage->out.h;
        if (stage->one_band)
            conv.out.at = -y * conv.out.pitch;
        if (stage->pooled_by_next)
            k->pool_backward_tiles(&pool, stage->activation, out,
                                   pack->arena + stage[1].out_gradient_at, &conv.out, g, bias_sums,
                                   y / pool.window_h, end / pool.window_h);
        else
            k->activate_backward(&outputs, stage->activation, out, g, bias_sums, y, end);
        if (stage->whole)
            k->conv_weights_whole(&conv, in, g, pack->slot + stage->slot_sums_at + first);
        else
            k->conv_weights(&conv, in, g, sums, y, end);
    }
}

static void backward_sparse(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    lane_sparse_data data = {.x = in_of(pack, stage),
                             .pooled = out_of(pack, stage + 1),
                             .g = pack->arena + stage[1].out_gradient_at,
                             .packed = engine->packed + stage->packed_input_at,
                             .turns = (const lane_turn *)(pack->arena + stage->turns_at),
                             .sums = pack->slot + stage->slot_sums_at,
                             .dx = stage->wants_input_gradient
                                       ? pack->arena + stage->in_gradient_at
                                       : NULL,
                             .scratch = pack->arena + engine->plan.scratch_at};
    engine->plan.kernels->sparse_backward(&stage->sparse, &data);
}

static void backward_conv(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    const lane_kernels *k = engine->plan.kernels;
    for (int first = 0; first < stage->out.c; first += stage->filters) {
        int left = stage->out.c - first;
        backward_filters(pack, stage, first, left < stage->filters ? left : stage->filters);
    }
    if (stage->wants_input_gradient)
        k->conv_input(&stage->conv, pack->arena + stage->out_gradient_at,
                      engine->packed + stage->packed_input_at,
                      pack->arena + stage->in_gradient_at);
}

/* Its rows start here. */
static float *rows_of(const lane_engine *engine, const lane_stage *stage)
{
    return engine->rows + stage->rows_at * (size_t)(engine->slot_count * LANE_GROUP);
}

static void backward_dense(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const float *g = pack->arena + stage->out_gradient_at;
    k->dense_rows(g, rows_of(engine, stage), stage->op->out_c,
                  pack->group * LANE_GROUP + pack->pack * k->lanes,
                  engine->slot_count * LANE_GROUP);
    if (stage->wants_input_gradient)
        k->dense_input(&stage->view, g, pack->call->params + stage->op->weight,
                       pack->arena + stage->in_gradient_at, stage->op->out_c);
}

static void backward_pack(const lane_pack *pack)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        const lane_stage *stage = &plan->stages[i];
        const float *in = in_of(pack, stage);
        float *g = pack->arena + stage->out_gradient_at;
        float *in_g = pack->arena + stage->in_gradient_at;
        fetch_ahead(pack);
        int derive = !(plan->softmax_in_loss && i == plan->stage_count - 1);
        if (stage->kind != LANE_CONV && derive)
            k->activate_backward(&stage->out, stage->activation, out_of(pack, stage), g, NULL, 0,
                                 stage->out.h);
        switch (stage->kind) {
        case LANE_CONV:
            (stage->is_sparse ? backward_sparse : backward_conv)(pack, stage);
            break;
        case LANE_DENSE:
            backward_dense(pack, stage);
            break;
        case LANE_POOL:
            if (stage->wants_input_gradient && !stage[-1].pooled_by_next)
                k->pool_backward(&stage->pool, in, g, in_g);
            break;
        case LANE_FLATTEN:
            if (stage->wants_input_gradient && !stage->is_viewed)
                k->unflatten(&stage->in, g, in_g);
            break;
        case LANE_DROPOUT:
            if (stage->wants_input_gradient)
                k->dropout(&stage->out, &stage->in, g, pack->arena + stage->mask_at, in_g);
            break;
        case LANE_ACTIVATION:
            if (stage->wants_input_gradient)
                k->copy(&stage->out, &stage->in, g, in_g);
            break;
        }
        if (!stage->wants_input_gradient)
            return; /* nothing to be learned before */
    }
}

/* ---- one group ---- */

/* The images of a pack; lanes that are left over repeat the batch's last image. */
static void load_pack(lane_pack *pack, int64_t first)
{
    const lane_call *call = pack->call;
    const lane_plan *plan = &call->engine->plan;
    const tensor_t *x = &call->batch->x;
    int lanes = plan->kernels->lanes;
    int64_t left = call->batch->count - first;
    pack->count = left < 0 ? 0 : left < lanes ? (int)left : lanes;
    lane_input input = {
        .dtype = x->dtype, .scale = x->scale, .offset = x->offset, .map = plan->input};
    for (int l = 0; l < lanes; l++) {
        int64_t i = first + l < call->batch->count ? first + l : call->batch->count - 1;
        pack->row[l] = row_of(call->batch, i);
        input.image[l] = image_of(call, pack->row[l]);
    }
    plan->kernels->load(&input, value_at(pack, plan->input_at, &plan->input_kept));
}

/* Outputs [out_c][VL] to rows of out_c. */
static void store_rows(const lane_pack *pack, const float *from, int64_t first)
{
    int lanes = pack->call->engine->plan.kernels->lanes;
    int count = pack->call->engine->plan.net->out_c;
    for (int l = 0; l < pack->count; l++)
        for (int k = 0; k < count; k++)
            pack->call->out[(first + l) * count + k] = from[(size_t)k * lanes + l];
}

static void run_pack(lane_pack *pack, int64_t first, double *loss_sum, int64_t *hits)
{
    const lane_call *call = pack->call;
    const lane_plan *plan = &call->engine->plan;
    load_pack(pack, first);
    forward_pack(pack);
    const lane_stage *last = &plan->stages[plan->stage_count - 1];
    float *out = out_of(pack, last);
    lane_loss loss = {.plan = plan,
                      .y = &call->batch->y,
                      .count = pack->count,
                      .weight = 1.0f / (float)call->batch->count};
    memcpy(loss.row, pack->row, sizeof loss.row);
    nn__lane_loss(&loss, out, call->training ? pack->arena + last->out_gradient_at : NULL,
                  loss_sum, hits);
    if (call->training)
        backward_pack(pack);
    else if (call->out)
        store_rows(pack, out, first);
}

static void run_group(void *context, int worker, int item)
{
    const lane_call *call = context;
    lane_engine *engine = call->engine;
    const lane_plan *plan = &engine->plan;
    const lane_kernels *k = plan->kernels;
    lane_ahead ahead = ahead_of(call, worker, item);
    lane_pack pack = {.call = call,
                      .ahead = &ahead,
                      .group = item,
                      .arena = engine->arenas + (size_t)worker * plan->arena_length,
                      .slot = call->training ? engine->slots + (size_t)item * plan->slot_length
                                             : NULL};
    if (call->training)
        memset(pack.arena + plan->sums_at, 0, plan->sums_length * sizeof(float));
    double loss = 0;
    int64_t hits = 0;
    int64_t group = call->first_group + item;
    for (; pack.pack < LANE_GROUP / k->lanes; pack.pack++) {
        int64_t first = group * LANE_GROUP + (int64_t)pack.pack * k->lanes;
        /* In training, empty packs run too: their zeros take the place of the last batch's. */
        if (first < call->batch->count || call->training)
            run_pack(&pack, first, &loss, &hits);
    }
    for (int i = 0; call->training && i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        float *to = pack.slot + stage->slot_sums_at;
        if (stage->kind != LANE_CONV || stage->is_sparse)
            continue;
        if (!stage->whole)
            k->fold(pack.arena + stage->sums_at, to, (int)stage->op->weight_count);
        k->fold(bias_sums_of(&pack, stage), to + stage->op->weight_count, stage->op->out_c);
    }
    engine->loss[item] = loss;
    engine->hits[item] = hits;
}

/* ---- sums over the groups ---- */

/* to[i] (+)= slot sums of all groups, in their order */
static void sum_slots(const lane_call *call, size_t at, size_t count, float *to)
{
    size_t stride = call->engine->plan.slot_length;
    const float *slot = call->engine->slots + at;
    for (int group = 0; group < call->groups; group++, slot += stride) {
        if (group == 0 && call->first_group == 0)
            memcpy(to, slot, count * sizeof(float));
        else
            for (size_t i = 0; i < count; i++)
                to[i] += slot[i];
    }
}

static void sum_dense(const lane_call *call, const lane_item *item)
{
    const lane_engine *engine = call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const lane_stage *stage = &engine->plan.stages[item->stage];
    lane_outer outer = {.x = engine->slots + stage->in_kept.at,
                        .g = rows_of(engine, stage),
                        .stride = engine->plan.slot_length,
                        .groups = call->groups,
                        .images = engine->slot_count * LANE_GROUP,
                        .view = stage->view,
                        .m = stage->op->out_c};
    int add = call->first_group > 0;
    if (item->row0 < item->row1)
        k->dense_weights(&outer, call->grad + stage->op->weight, item->row0, item->row1, add);
    else
        k->dense_bias(&outer, call->grad + stage->op->bias, add);
}

/* COUNT floats of the gradient from AT on are summed over the groups so far. */
static void summed(const lane_call *call, size_t at, size_t count)
{
    if (call->update && call->is_last)
        call->update->range(call->update->context, at, at + count);
}

static void run_item(void *context, int worker, int index)
{
    (void)worker;
    const lane_call *call = context;
    const lane_engine *engine = call->engine;
    const lane_item *item = &engine->plan.items[index];
    const lane_stage *stage = &engine->plan.stages[item->stage];
    if (stage->kind == LANE_CONV) {
        sum_slots(call, stage->slot_sums_at, stage->op->weight_count,
                  call->grad + stage->op->weight);
        summed(call, stage->op->weight, stage->op->weight_count);
        if (stage->op->has_bias) {
            sum_slots(call, stage->slot_sums_at + stage->op->weight_count,
                      (size_t)stage->op->out_c, call->grad + stage->op->bias);
            summed(call, stage->op->bias, stage->op->bias_count);
        }
    } else if (item->row0 < item->row1) {
        size_t row = (size_t)stage->op->out_c;
        sum_dense(call, item);
        summed(call, stage->op->weight + (size_t)item->row0 * row,
               (size_t)(item->row1 - item->row0) * row);
    } else if (stage->op->has_bias) {
        sum_dense(call, item);
        summed(call, stage->op->bias, stage->op->bias_count);
    }
}

/* ---- weights in the order of the kernels ---- */

static void pack_stage(void *context, int worker, int index)
{
    (void)worker;
    const lane_call *call = context;
    lane_engine *engine = call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const lane_stage *stage = &engine->plan.stages[index];
    const float *weights = call->params + stage->op->weight;
    if (stage->kind == LANE_CONV) {
        k->conv_pack(&stage->conv, weights, engine->packed + stage->packed_at);
        if (call->training && stage->is_sparse && stage->wants_input_gradient)
            k->sparse_pack(&stage->sparse, weights, engine->packed + stage->packed_input_at);
        else if (call->training && stage->wants_input_gradient)
            k->conv_pack_input(&stage->conv, weights, engine->packed + stage->packed_input_at);
    }
}

static void pack_weights(lane_call *call)
{
    lane_engine *engine = call->engine;
    if (engine->plan.packed_length >= WORTH_THREADS) {
        nn__pool_run(engine->pool, engine->plan.stage_count, pack_stage, call);
        return;
    }
    for (int i = 0; i < engine->plan.stage_count; i++)
        pack_stage(call, 0, i);
}

/* ---- the calls ---- */

static int groups_of(const nn_batch *batch) { return (batch->count + LANE_GROUP - 1) / LANE_GROUP; }

/* Threads for this call only, unless a run of many calls has them already. */
static int start_threads(const lane_call *call)
{
    nn_pool *pool = call->engine->pool;
    if (nn__pool_running(pool) || groups_of(call->batch) < 2)
        return 0;
    nn__pool_start(pool);
    return 1;
}

static void add_sums(const lane_call *call, double *loss_sum, int64_t *hits)
{
    for (int i = 0; i < call->groups; i++) {
        if (loss_sum)
            *loss_sum += call->engine->loss[i];
        if (hits)
            *hits += call->engine->hits[i];
    }
}

/* Threads keep to their groups, too: they find the slots in their own cache. */
static void share_groups(lane_engine *engine, int groups)
{
    for (int w = 0; w <= engine->workers; w++)
        engine->first_group_of[w] = w * groups / engine->workers;
}

static void run_call(lane_call *call, double *loss_sum, int64_t *hits)
{
    lane_engine *engine = call->engine;
    int started = start_threads(call);
    int all = groups_of(call->batch);
    int most = call->training ? engine->slot_count : MOST_SLOTS;
    if (loss_sum)
        *loss_sum = 0;
    if (hits)
        *hits = 0;
    pack_weights(call);
    for (int first = 0; first < all; first += most) {
        call->first_group = first;
        call->groups = all - first < most ? all - first : most;
        call->is_last = first + most >= all;
        share_groups(engine, call->groups);
        nn__pool_run_near(engine->pool, engine->first_group_of, run_group, call);
        if (call->training)
            nn__pool_run_near(engine->pool, engine->first_item_of, run_item, call);
        add_sums(call, loss_sum, hits);
    }
    if (started)
        nn__pool_stop(engine->pool);
}

static void lane_forward(void *self, const float *params, const nn_batch *batch, float *out,
                         double *loss_sum, int64_t *hits)
{
    lane_engine *engine = self;
    if (batch->count <= nn__direct_most(engine->plan.kernels->lanes) && out && !loss_sum && !hits) {
        nn__direct_forward(engine->direct, params, batch, out);
        return;
    }
    lane_call call = {.engine = engine, .params = params, .batch = batch, .out = out};
    run_call(&call, loss_sum, hits);
}

/* The floats between the tensors are zero and stay zero. */
static void clear_gap(float *grad, size_t at, size_t count)
{
    for (size_t i = at + count; i % 16; i++)
        grad[i] = 0;
}

static void lane_gradient(void *self, const float *params, const nn_batch *batch, float *grad,
                          const nn_update *update, double *loss_sum, int64_t *hits)
{
    lane_call call = {.engine = self, .params = params, .batch = batch, .training = 1,
                      .grad = grad, .update = update};
    run_call(&call, loss_sum, hits);
    const nn_net *net = call.engine->plan.net;
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        if (op->weight_count)
            clear_gap(grad, op->weight, op->weight_count);
        if (op->has_bias)
            clear_gap(grad, op->bias, op->bias_count);
    }
}

static void lane_enter(void *self)
{
    lane_engine *engine = self;
    nn__pool_start(engine->pool);
}

static void lane_leave(void *self)
{
    lane_engine *engine = self;
    nn__pool_stop(engine->pool);
}

static size_t arenas_length(const lane_engine *engine)
{
    return engine->plan.arena_length * (size_t)engine->workers;
}

static size_t slots_length(const lane_engine *engine)
{
    return engine->plan.slot_length * (size_t)engine->slot_count;
}

static size_t rows_length(const lane_engine *engine)
{
    return engine->plan.rows_length * (size_t)engine->slot_count * LANE_GROUP;
}

static void lane_destroy(void *self)
{
    lane_engine *engine = self;
    if (!engine)
        return;
    nn__direct_destroy(engine->direct);
    nn__scratch_free(engine->arenas, arenas_length(engine));
    nn__scratch_free(engine->slots, slots_length(engine));
    nn__scratch_free(engine->rows, rows_length(engine));
    nn__scratch_free(engine->packed, engine->plan.packed_length);
    nn__pool_destroy(engine->pool);
    nn__lane_plan_free(&engine->plan);
    free(engine->first_item_of);
    free(engine->first_group_of);
    free(engine);
}

/* Work of an item, about: the weights that it sums and changes. */
static size_t work_of(const lane_plan *plan, const lane_item *item)
{
    const lane_stage *stage = &plan->stages[item->stage];
    if (stage->kind == LANE_CONV)
        return stage->op->weight_count;
    return (size_t)stage->op->out_c * (size_t)(item->row1 - item->row0 + 1);
}

/* Equal work for each worker, of items that follow each other. */
static int share_items(lane_engine *engine)
{
    const lane_plan *plan = &engine->plan;
    int workers = engine->workers;
    size_t all = 0, done = 0;
    engine->first_item_of = calloc((size_t)workers + 1, sizeof *engine->first_item_of);
    engine->first_group_of = calloc((size_t)workers + 1, sizeof *engine->first_group_of);
    if (!engine->first_item_of || !engine->first_group_of)
        return 0;
    for (int i = 0; i < plan->item_count; i++)
        all += work_of(plan, &plan->items[i]);
    for (int w = 0, i = 0; w <= workers; w++) {
        size_t part = all / (size_t)workers * (size_t)w;
        for (; i < plan->item_count && (w == workers || done < part); i++)
            done += work_of(plan, &plan->items[i]);
        engine->first_item_of[w] = w == 0 ? 0 : i;
    }
    return 1;
}

static void *create(const nn_net *net, int threads, const lane_kernels *kernels, int skip_zeros)
{
    lane_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->pool = nn__pool_create(threads > 0 ? threads : nn__default_threads());
    if (!engine->pool || !nn__lane_plan(&engine->plan, net, kernels, skip_zeros)) {
        lane_destroy(engine);
        return NULL;
    }
    engine->workers = nn__pool_threads(engine->pool);
    engine->slot_count = MOST_SLOTS;
    engine->arenas = nn__scratch_alloc(arenas_length(engine));
    engine->slots = nn__scratch_alloc(slots_length(engine));
    engine->rows = nn__scratch_alloc(rows_length(engine));
    engine->packed = nn__scratch_alloc(engine->plan.packed_length);
    engine->direct = nn__direct_create(&engine->plan, skip_zeros);
    if (!share_items(engine) || !engine->direct || !engine->arenas || !engine->slots || !engine->rows ||
        !engine->packed) {
        lane_destroy(engine);
        return NULL;
    }
    return engine;
}

/* Two of each: the plain one takes the same time for every image. */
#define LANE_ENGINE_OF(isa, form, path, skip_zeros)                                                \
    static const char *name_##form##_##isa(int count)                                              \
    {                                                                                              \
        int most = nn__direct_most(nn__lane_kernels_##isa.lanes);                                  \
        return count <= most ? path : "lane " #isa;                                                \
    }                                                                                              \
    static void *create_##form##_##isa(const nn_net *net, int threads)                             \
    {                                                                                              \
        return create(net, threads, &nn__lane_kernels_##isa, skip_zeros);                          \
    }                                                                                              \
    static const nn_engine form##_##isa = {.name = "lane " #isa,                                   \
                                           .name_for = name_##form##_##isa,                        \
                                           .supports = nn__lane_supports,                          \
                                           .create = create_##form##_##isa,                        \
                                           .destroy = lane_destroy,                                \
                                           .enter = lane_enter,                                    \
                                           .leave = lane_leave,                                    \
                                           .forward = lane_forward,                                \
                                           .gradient = lane_gradient};
#define LANE_ENGINE(isa)                                                                           \
    LANE_ENGINE_OF(isa, engine, "direct " #isa ", zeros skipped", 1)                               \
    LANE_ENGINE_OF(isa, plain, "direct " #isa, 0)

LANE_ENGINE(v2)
#ifdef __x86_64__
LANE_ENGINE(v3)
LANE_ENGINE(v4)
#endif

const nn_engine *nn__lane_engine(int plain)
{
#ifdef __x86_64__
    int level = nn__isa_number();
    if (level == 4)
        return plain ? &plain_v4 : &engine_v4;
    if (level == 3)
        return plain ? &plain_v3 : &engine_v3;
#endif
    return plain ? &plain_v2 : &engine_v2;
}

const lane_kernels *nn__lane_kernels(void)
{
#ifdef __x86_64__
    int level = nn__isa_number();
    if (level == 4)
        return &nn__lane_kernels_v4;
    if (level == 3)
        return &nn__lane_kernels_v3;
#endif
    return &nn__lane_kernels_v2;
}
