/* What the threads do: one group of images, one item of the sums; see lane_run.h. */
#include "lane_run.h"

#include <string.h>

/* ---- images in time ---- */

/* Images lie anywhere in a large data set. Each call asks for a few of those that come next, between
   stages: one by one each would wait for the address of its page, all at once for each other. */
void nn__lane_fetch_ahead(const lane_pack *pack)
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
    nn__lane_forward_pack(pack);
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
        nn__lane_backward_pack(pack);
    else if (call->out)
        store_rows(pack, out, first);
}

void nn__lane_run_group(void *context, int worker, int item)
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

void nn__lane_run_item(void *context, int worker, int index)
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
