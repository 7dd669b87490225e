/* The lane engine: runs the plan over the groups of a batch. See lane.h, lane_plan.h, lane_run.h. */
#include "lane_run.h"

#include <stdlib.h>
#include "scratch.h"

/* Floats to be packed that are worth waking the threads. */
enum { WORTH_THREADS = 1 << 15 };

/* ---- weights in the order of the kernels ---- */

static void pack_stage(void *context, int worker, int index)
{
    (void)worker;
    const lane_call *call = context;
    lane_engine *engine = call->engine;
    const lane_kernels *k = engine->plan.kernels;
    const lane_stage *stage = &engine->plan.stages[index];
    const float *weights = call->params + stage->op->weight;
    float *packed = engine->packed + stage->packed_at;
    if (stage->kind != LANE_CONV)
        return;
    if (stage->by && !stage->plain_outputs)
        stage->by->pack(&stage->way, weights, packed);
    else
        k->conv_pack(&stage->conv, weights, packed);
    if (!call->training || !stage->wants_input_gradient)
        return;
    packed = engine->packed + stage->packed_input_at;
    if (stage->is_sparse)
        k->sparse_pack(&stage->sparse, weights, packed);
    else if (stage->by)
        stage->by->pack_input(&stage->way, weights, packed);
    else
        k->conv_pack_input(&stage->conv, weights, packed);
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
        nn__pool_run_near(engine->pool, engine->first_group_of, nn__lane_run_group, call);
        if (call->training)
            nn__pool_run_near(engine->pool, engine->first_item_of, nn__lane_run_item, call);
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

static void *create(const nn_net *net, int threads, const lane_kernels *kernels,
                    const lane_way_kernels *tiles, int skip_zeros)
{
    lane_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->pool = nn__pool_create(threads > 0 ? threads : nn__default_threads());
    if (!engine->pool || !nn__lane_plan(&engine->plan, net, kernels, tiles, skip_zeros)) {
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
#define LANE_ENGINE_OF(isa, vectors, tiles, form, path, skip_zeros)                                \
    static const char *name_##form##_##isa(int count)                                              \
    {                                                                                              \
        int most = nn__direct_most(nn__lane_kernels_##vectors.lanes);                              \
        return count <= most ? path : "lane " #isa;                                                \
    }                                                                                              \
    static void *create_##form##_##isa(const nn_net *net, int threads)                             \
    {                                                                                              \
        return create(net, threads, &nn__lane_kernels_##vectors, tiles, skip_zeros);               \
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
#define LANE_ENGINE(isa, vectors, tiles)                                                           \
    LANE_ENGINE_OF(isa, vectors, tiles, engine, "direct " #vectors ", zeros skipped", 1)           \
    LANE_ENGINE_OF(isa, vectors, tiles, plain, "direct " #vectors, 0)

LANE_ENGINE(v2, v2, NULL)
#ifdef __x86_64__
LANE_ENGINE(v3, v3, NULL)
LANE_ENGINE(v4, v4, NULL)
LANE_ENGINE(amx, v4, &nn__lane_tiles_amx)
#endif

const nn_engine *nn__lane_engine(int plain)
{
#ifdef __x86_64__
    if (nn__isa_tiles())
        return plain ? &plain_amx : &engine_amx;
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

const lane_way_kernels *nn__lane_tile_kernels(void)
{
#ifdef __x86_64__
    if (nn__isa_tiles())
        return &nn__lane_tiles_amx;
#endif
    return NULL;
}
