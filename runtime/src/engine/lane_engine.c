/* The lane engine: runs the plan over the groups of a batch. See lane.h and lane_plan.h. */
#include "lane_plan.h"

#include <stdlib.h>
#include <string.h>
#include "../random.h"
#include "direct.h"
#include "pool.h"

/* Groups that have slots at a time: larger batches are done in parts, sums carried on in order. */
enum { MOST_SLOTS = 64 };

/* Floats to be packed that are worth waking the threads. */
enum { WORTH_THREADS = 1 << 15 };

typedef struct lane_engine {
    lane_plan plan;
    nn_pool *pool;
    int workers;
    float *arenas; /* one for each worker, arena_length floats each */
    float *slots;
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

/* One pack on its way through the plan. */
typedef struct lane_pack {
    const lane_call *call;
    float *arena, *slot; /* slot NULL: inference */
    int pack;            /* in its group */
    int64_t row[LANE_GROUP];
    int count; /* lanes that hold images of their own */
} lane_pack;

static const float *bias_of(const lane_pack *pack, const lane_stage *stage)
{
    return stage->op->has_bias ? pack->call->params + stage->op->bias : NULL;
}

/* ---- forward ---- */

/* Two rows of results at a time, always in the same place: kept is only where the maxima were. */
static void forward_sparse(const lane_pack *pack, const lane_stage *stage)
{
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *weights = pack->call->engine->packed + stage->packed_at;
    float *out = pack->arena + stage->out_at, *pooled = pack->arena + stage[1].out_at;
    lane_turn *turns = (lane_turn *)(pack->arena + stage->turns_at);
    lane_conv conv = stage->conv;
    lane_pool pool = stage[1].pool;
    lane_after after = {.activation = stage->activation, .pool = &pool, .pooled = pooled};
    conv.out.plane = 2 * conv.out.pitch;
    for (int y = 0; y < stage->out.h; y += 2) {
        conv.out.at = -y * conv.out.pitch;
        pool.in = conv.out;
        k->conv_forward(&conv, pack->arena + stage->in_at, weights, bias_of(pack, stage), out, y,
                        y + 2, &after);
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
    float *out = pack->arena + stage->out_at, *pooled = pack->arena + stage[1].out_at;
    int by_kernel = pool && pool->window_h == 2 && pool->window_w == 2;
    int softmax = stage->activation == NN_SOFTMAX;
    lane_after after = {.activation = softmax ? NN_LINEAR : stage->activation,
                        .pool = by_kernel ? pool : NULL,
                        .pooled = pooled};
    int band = pool ? pool->window_h : 2;
    for (int y = 0; y < stage->out.h; y += band) {
        int end = y + band < stage->out.h ? y + band : stage->out.h;
        k->conv_forward(&stage->conv, pack->arena + stage->in_at, weights, bias_of(pack, stage),
                        out, y, end, &after);
        if (softmax)
            k->activate(&stage->out, NN_SOFTMAX, out, y, end);
        if (pool && !by_kernel)
            k->pool_forward(pool, out, pooled, y / band, y / band + 1);
    }
}

static void forward_dense(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const float *in = pack->arena + stage->in_at;
    float *out = pack->arena + stage->out_at;
    size_t floats = (size_t)stage->op->in_c * (size_t)k->lanes;
    if (pack->slot)
        memcpy(pack->slot + stage->slot_x_at + (size_t)pack->pack * floats, in,
               floats * sizeof(float));
    k->dense(in, pack->call->params + stage->op->weight, bias_of(pack, stage), out,
             stage->op->in_c, stage->op->out_c);
}

static void forward_dropout(const lane_pack *pack, const lane_stage *stage)
{
    const nn_batch *batch = pack->call->batch;
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *in = pack->arena + stage->in_at;
    float *out = pack->arena + stage->out_at, *mask = pack->arena + stage->mask_at;
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
        const float *in = pack->arena + stage->in_at;
        float *out = pack->arena + stage->out_at;
        switch (stage->kind) {
        case LANE_CONV:
            (stage->is_sparse ? forward_sparse : forward_conv)(pack, stage);
            continue; /* activated already */
        case LANE_POOL:
            if (!(i && stage[-1].pooled_by_next))
                k->pool_forward(&stage->pool, in, out, 0, stage->out.h);
            break;
        case LANE_FLATTEN:
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

/* Output rows whose part in a block of weight gradients, a plane of the input and some of the
   output, fits the nearest cache. */
static int band_rows(const lane_conv *conv, int lanes)
{
    int rows = (24 << 10) / ((conv->in.pitch * conv->stride_h + 3 * conv->out.pitch) * lanes * 4);
    return rows < 1 ? 1 : rows;
}

static void backward_sparse(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    lane_sparse_data data = {.x = pack->arena + stage->in_at,
                             .pooled = pack->arena + stage[1].out_at,
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

/* The gradient before the activation, band by band, and at once the sums that need it. */
static void backward_conv(const lane_pack *pack, const lane_stage *stage)
{
    const lane_engine *engine = pack->call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const lane_pool *pool = stage->pooled_by_next ? &stage[1].pool : NULL;
    float *out = pack->arena + stage->out_at, *g = pack->arena + stage->out_gradient_at;
    float *sums = pack->arena + stage->sums_at;
    float *bias_sums = sums + stage->op->weight_count * (size_t)k->lanes;
    int unit = pool ? pool->window_h : 1;
    int band = band_rows(&stage->conv, k->lanes) / unit * unit;
    band = band ? band : unit;
    for (int y = 0; y < stage->out.h; y += band) {
        int end = y + band < stage->out.h ? y + band : stage->out.h;
        if (pool)
            k->pool_backward_tiles(pool, stage->activation, out,
                                   pack->arena + stage[1].out_gradient_at, bias_sums, y / unit,
                                   end / unit);
        else
            k->activate_backward(&stage->out, stage->activation, out, g, bias_sums, y, end);
        k->conv_weights(&stage->conv, pack->arena + stage->in_at, g, sums, y, end);
    }
    if (stage->wants_input_gradient)
        k->conv_input(&stage->conv, g, engine->packed + stage->packed_input_at,
                      pack->arena + stage->in_gradient_at);
}

static void backward_dense(const lane_pack *pack, const lane_stage *stage)
{
    const lane_kernels *k = pack->call->engine->plan.kernels;
    const float *g = pack->arena + stage->out_gradient_at;
    k->rows(g, pack->slot + stage->slot_g_at + (size_t)pack->pack * k->lanes * stage->ld,
            stage->op->out_c, stage->ld);
    if (stage->wants_input_gradient)
        k->dense_input(g, pack->call->params + stage->op->weight,
                       pack->arena + stage->in_gradient_at, stage->op->in_c, stage->op->out_c);
}

static void backward_pack(const lane_pack *pack)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        const lane_stage *stage = &plan->stages[i];
        const float *in = pack->arena + stage->in_at;
        float *g = pack->arena + stage->out_gradient_at;
        float *in_g = pack->arena + stage->in_gradient_at;
        int derive = !(plan->softmax_in_loss && i == plan->stage_count - 1);
        if (stage->kind != LANE_CONV && derive)
            k->activate_backward(&stage->out, stage->activation, pack->arena + stage->out_at, g,
                                 NULL, 0, stage->out.h);
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
            if (stage->wants_input_gradient)
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

/* Images lie anywhere in a large data set: ask for those of a later group in time. */
static void prefetch_group(const lane_call *call, int64_t group)
{
    int64_t first = group * LANE_GROUP, end = first + LANE_GROUP;
    const char *image = image_of(call, 0);
    int64_t bytes = image_of(call, 1) - image;
    if (bytes > 4096)
        return;
    for (int64_t i = first; i < end && i < call->batch->count; i++) {
        image = image_of(call, row_of(call->batch, i));
        for (int64_t at = 0; at < bytes + 63; at += 64)
            __builtin_prefetch(image + at, 0, 2);
    }
}

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
    plan->kernels->load(&input, pack->arena + plan->input_at);
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
    float *out = pack->arena + last->out_at;
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
    lane_pack pack = {.call = call,
                      .arena = engine->arenas + (size_t)worker * plan->arena_length,
                      .slot = call->training ? engine->slots + (size_t)item * plan->slot_length
                                             : NULL};
    if (call->training)
        memset(pack.arena + plan->sums_at, 0, plan->sums_length * sizeof(float));
    double loss = 0;
    int64_t hits = 0;
    int64_t group = call->first_group + item;
    prefetch_group(call, group + engine->workers);
    for (; pack.pack < LANE_GROUP / k->lanes; pack.pack++) {
        int64_t first = group * LANE_GROUP + (int64_t)pack.pack * k->lanes;
        /* In training, empty packs run too: their zeros take the place of the last batch's. */
        if (first < call->batch->count || call->training)
            run_pack(&pack, first, &loss, &hits);
    }
    for (int i = 0; call->training && i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        if (stage->kind == LANE_CONV && !stage->is_sparse)
            k->fold(pack.arena + stage->sums_at, pack.slot + stage->slot_sums_at,
                    (int)stage->op->weight_count + stage->op->out_c);
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

static void sum_dense_bias(const lane_call *call, const lane_stage *stage)
{
    float *to = call->grad + stage->op->bias;
    size_t count = (size_t)stage->op->out_c;
    if (call->first_group == 0)
        memset(to, 0, count * sizeof(float));
    for (int group = 0; group < call->groups; group++) {
        const float *g = call->engine->slots + (size_t)group * call->engine->plan.slot_length +
                         stage->slot_g_at;
        for (int row = 0; row < LANE_GROUP; row++, g += stage->ld)
            for (size_t i = 0; i < count; i++)
                to[i] += g[i];
    }
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
    } else if (item->row0 == item->row1) {
        if (stage->op->has_bias) {
            sum_dense_bias(call, stage);
            summed(call, stage->op->bias, stage->op->bias_count);
        }
    } else {
        lane_outer outer = {.x = engine->slots + stage->slot_x_at,
                            .g = engine->slots + stage->slot_g_at,
                            .stride = engine->plan.slot_length,
                            .groups = call->groups,
                            .n = stage->op->in_c,
                            .m = stage->op->out_c,
                            .ld = stage->ld};
        engine->plan.kernels->dense_weights(&outer, call->grad + stage->op->weight, item->row0,
                                            item->row1, call->first_group > 0);
        size_t row = (size_t)stage->op->out_c;
        summed(call, stage->op->weight + (size_t)item->row0 * row,
               (size_t)(item->row1 - item->row0) * row);
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
        nn__pool_run(engine->pool, call->groups, run_group, call);
        if (call->training)
            nn__pool_run(engine->pool, engine->plan.item_count, run_item, call);
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

static float *zeroed(size_t floats)
{
    size_t bytes = (floats * sizeof(float) + LANE_ALIGN - 1) / LANE_ALIGN * LANE_ALIGN;
    bytes = bytes ? bytes : LANE_ALIGN;
    float *memory = aligned_alloc(LANE_ALIGN, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

static void lane_destroy(void *self)
{
    lane_engine *engine = self;
    if (!engine)
        return;
    nn__pool_destroy(engine->pool);
    nn__direct_destroy(engine->direct);
    nn__lane_plan_free(&engine->plan);
    free(engine->arenas);
    free(engine->slots);
    free(engine->packed);
    free(engine);
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
    engine->arenas = zeroed(engine->plan.arena_length * (size_t)engine->workers);
    engine->slots = zeroed(engine->plan.slot_length * (size_t)engine->slot_count);
    engine->packed = zeroed(engine->plan.packed_length);
    engine->direct = nn__direct_create(&engine->plan, skip_zeros);
    if (!engine->direct || !engine->arenas || !engine->slots || !engine->packed) {
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
