/* One pack of images from its input to its outputs; see lane_run.h. */
#include "lane_run.h"

#include "../random.h"

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

/* Rows y0 .. y1-1 by another way, which has taken its input, and what comes after. */
static void forward_way(const lane_pack *pack, const lane_stage *stage, const lane_after *after,
                        float *out, int y0, int y1)
{
    const lane_plan *plan = &pack->call->engine->plan;
    stage->by->forward(&stage->way, pack->arena + plan->scratch_at,
                       pack->call->engine->packed + stage->packed_at, bias_of(pack, stage), out, y0,
                       y1);
    plan->kernels->activate(&stage->out, after->activation, out, y0, y1);
    if (after->pool)
        plan->kernels->pool_forward(after->pool, out, after->pooled, y0 / 2, y1 / 2);
}

/* Rows go from convolution through activation to pooling while they are in the nearest cache. */
static void forward_conv(const lane_pack *pack, const lane_stage *stage)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    const float *packed = pack->call->engine->packed + stage->packed_at;
    const lane_pool *pool = stage->pooled_by_next ? &stage[1].pool : NULL;
    float *out = out_of(pack, stage), *pooled = pool ? out_of(pack, stage + 1) : NULL;
    int by_kernel = pool && pool->window_h == 2 && pool->window_w == 2;
    int softmax = stage->activation == NN_SOFTMAX;
    lane_after after = {.activation = softmax ? NN_LINEAR : stage->activation,
                        .pool = by_kernel ? pool : NULL,
                        .pooled = pooled};
    int band = pool ? pool->window_h : 2;
    int by_way = stage->by && !stage->plain_outputs;
    if (by_way)
        stage->by->take(&stage->way, in_of(pack, stage), pack->arena + plan->scratch_at);
    for (int y = 0; y < stage->out.h; y += band) {
        int end = y + band < stage->out.h ? y + band : stage->out.h;
        if (by_way)
            forward_way(pack, stage, &after, out, y, end);
        else
            k->conv_forward(&stage->conv, in_of(pack, stage), packed, bias_of(pack, stage), out, y,
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

void nn__lane_forward_pack(const lane_pack *pack)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        const float *in = in_of(pack, stage);
        float *out = out_of(pack, stage);
        nn__lane_fetch_ahead(pack);
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
