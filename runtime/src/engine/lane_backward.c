/* The gradients of one pack of images; see lane_run.h. */
#include "lane_run.h"

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
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
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
        if (stage->by)
            stage->by->weights(&stage->way, &conv.out, in, g, pack->slot + stage->slot_sums_at,
                               pack->pack > 0, pack->arena + plan->scratch_at);
        else if (stage->whole)
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
    if (stage->wants_input_gradient && stage->by)
        stage->by->input(&stage->way, &stage->out, pack->arena + stage->out_gradient_at,
                         engine->packed + stage->packed_input_at,
                         pack->arena + stage->in_gradient_at,
                         pack->arena + engine->plan.scratch_at);
    else if (stage->wants_input_gradient)
        k->conv_input(&stage->conv, pack->arena + stage->out_gradient_at,
                      engine->packed + stage->packed_input_at,
                      pack->arena + stage->in_gradient_at);
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

void nn__lane_backward_pack(const lane_pack *pack)
{
    const lane_plan *plan = &pack->call->engine->plan;
    const lane_kernels *k = plan->kernels;
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        const lane_stage *stage = &plan->stages[i];
        const float *in = in_of(pack, stage);
        float *g = pack->arena + stage->out_gradient_at;
        float *in_g = pack->arena + stage->in_gradient_at;
        nn__lane_fetch_ahead(pack);
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
