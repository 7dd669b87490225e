/* Where everything of a network in lanes lies; see lane_plan.h. */
#include "lane_plan.h"

static size_t reserve(size_t *total, size_t floats)
{
    size_t at = *total;
    *total += (floats + LANE_ALIGN / 4 - 1) / (LANE_ALIGN / 4) * (LANE_ALIGN / 4);
    return at;
}

/* The stage whose output is the input of stage i; NULL: the network's input. */
static lane_stage *source_of(const lane_plan *plan, int i)
{
    i -= 1 + (i && plan->stages[i - 1].is_viewed);
    return i < 0 ? NULL : &plan->stages[i];
}

/* The fewest parts of N of at most MOST, as equal as can be: the longest. */
static int even_part(int n, int most)
{
    int parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

/* Output rows whose part in the gradients of some filters' weights, a plane of the input and those
   of the output, fits CACHE bytes. */
static int band_rows(const lane_conv *conv, int filters, int lanes, int unit, int cache)
{
    int row = (conv->in.pitch * conv->stride_h + filters * conv->out.pitch) * lanes * 4;
    return even_part((conv->out.h + unit - 1) / unit, (cache / row / unit > 1 ? cache / row / unit : 1)) * unit;
}

/* Filters by blocks that the kernels have in their registers. The nearest cache has 48 KB where
   vectors have 16 floats, else 32; what passes through it only once takes less of it. */
static void lay_gradients(lane_plan *plan, lane_stage *stage)
{
    int lanes = plan->kernels->lanes;
    const lane_conv *conv = &stage->conv;
    int cache = lanes == LANE_GROUP ? 36 << 10 : 24 << 10;
    stage->one_band = stage->pooled_by_next && !stage->wants_input_gradient;
    int most = conv->kernel_w == 5 ? 4 : conv->kernel_w == 3 ? 8 : 24;
    stage->filters = stage->activation == NN_SOFTMAX ? conv->out.c /* which it mixes */
                                                     : even_part(conv->out.c, most);
    stage->band = band_rows(conv, stage->filters, lanes,
                            stage->pooled_by_next ? stage[1].pool.window_h : 1,
                            stage->one_band ? cache / 2 : cache);
    if (stage->by) {
        stage->filters = conv->out.c;
        stage->band = conv->out.h;
    }
    stage->whole = stage->by || (lanes == LANE_GROUP && stage->band >= conv->out.h &&
                                 conv->stride_w == 1 && (conv->kernel_w == 5 || conv->kernel_w == 3));
    stage->gradient = stage->out;
    if (stage->one_band) {
        stage->gradient = nn__lane_map(stage->band, stage->out.w, stage->filters);
        stage->out_gradient_at =
            reserve(&plan->arena_length, (size_t)stage->gradient.size * (size_t)lanes);
    }
}

/* A pooling's output is not needed any more when its gradient is made: the next stage has its use
   of it behind it, unless that is the frame around it. What skips zeros needs both. */
static int shares_gradient(const lane_plan *plan, int i)
{
    const lane_stage *stage = &plan->stages[i];
    if (stage->kind != LANE_POOL || stage->activation != NN_LINEAR || i + 1 == plan->stage_count)
        return 0;
    const lane_stage *next = &stage[1];
    if (next->is_sparse || (i && stage[-1].is_sparse))
        return 0;
    return next->kind == LANE_FLATTEN ||
           (next->kind == LANE_CONV && next->conv.pad_left == 0 &&
            next->in.pitch == next->in.w);
}

static void keep_inputs(lane_plan *plan)
{
    size_t lanes = (size_t)plan->kernels->lanes;
    for (int i = 0; i < plan->stage_count; i++) {
        const lane_stage *stage = &plan->stages[i];
        if (stage->kind != LANE_DENSE)
            continue;
        size_t inputs = (size_t)stage->op->in_c;
        lane_stage *source = source_of(plan, i);
        *(source ? &source->out_kept : &plan->input_kept) =
            (lane_kept){reserve(&plan->slot_length, inputs * LANE_GROUP), inputs * lanes};
    }
}

static void lay_activations(lane_plan *plan)
{
    size_t lanes = (size_t)plan->kernels->lanes;
    plan->input_at = reserve(&plan->arena_length, (size_t)plan->input.size * lanes);
    int parameters = 0;
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        size_t floats = (size_t)stage->out.size * lanes;
        const lane_stage *before = source_of(plan, i);
        stage->in_at = before ? before->out_at : plan->input_at;
        stage->in_gradient_at = before ? before->out_gradient_at : 0;
        stage->in_kept = before ? before->out_kept : plan->input_kept;
        if (stage->is_sparse) {
            size_t windows = (size_t)stage->sparse.positions * stage->out.c;
            stage->turns_at = reserve(&plan->arena_length, windows * sizeof(lane_turn) / 4);
            floats = (size_t)stage->out.c * 2 * stage->out.pitch * lanes;
        }
        stage->out_at = reserve(&plan->arena_length, floats);
        stage->out_gradient_at = stage->pooled_by_next || shares_gradient(plan, i)
                                     ? stage->out_at
                                     : reserve(&plan->arena_length, floats);
        if (stage->kind == LANE_DROPOUT)
            stage->mask_at =
                reserve(&plan->arena_length,
                        (size_t)stage->out.c * stage->out.h * stage->out.w * lanes);
        stage->wants_input_gradient = parameters;
        if (stage->kind == LANE_CONV && !stage->is_sparse)
            lay_gradients(plan, stage);
        parameters |= stage->kind == LANE_CONV || stage->kind == LANE_DENSE;
    }
}

static void lay_parameters(lane_plan *plan)
{
    size_t lanes = (size_t)plan->kernels->lanes;
    plan->sums_at = plan->arena_length;
    for (int i = 0; i < plan->stage_count; i++) {
        lane_stage *stage = &plan->stages[i];
        size_t weights = stage->op->weight_count;
        if (stage->kind == LANE_CONV) {
            size_t biases = (size_t)stage->op->out_c, sums = stage->whole ? 0 : weights;
            if (!stage->is_sparse)
                stage->sums_at = reserve(&plan->arena_length, (sums + biases) * lanes);
            stage->slot_sums_at = reserve(&plan->slot_length, weights + biases);
            int plain = !stage->by || stage->plain_outputs;
            stage->packed_at =
                reserve(&plan->packed_length, plain ? weights : stage->way.packed_length);
            stage->packed_input_at =
                reserve(&plan->packed_length, stage->is_sparse ? stage->sparse.packed_length
                                              : stage->by      ? stage->way.packed_input_length
                                                               : weights);
        } else if (stage->kind == LANE_DENSE) {
            stage->rows_at = reserve(&plan->rows_length, (size_t)stage->op->out_c);
        }
    }
    plan->sums_length = plan->arena_length - plan->sums_at;
}

/* One place for all. What the outputs of the last stage that uses it leave is there still when its
   gradients come: nobody was in between. */
static void lay_scratch(lane_plan *plan)
{
    size_t scratch = 0;
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        lane_stage *stage = &plan->stages[i];
        size_t length = stage->by          ? stage->way.scratch_length
                        : stage->is_sparse ? stage->sparse.scratch_length
                                           : 0;
        stage->way.is_taken = stage->by && !stage->plain_outputs && !scratch;
        scratch = length > scratch ? length : scratch;
    }
    plan->scratch_at = reserve(&plan->arena_length, scratch);
}

void nn__lane_lay_memory(lane_plan *plan)
{
    keep_inputs(plan);
    lay_activations(plan);
    lay_parameters(plan);
    lay_scratch(plan);
}
