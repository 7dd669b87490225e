/*
 * How the lane engine runs its plan (lane_plan.h): what the parts of it share. Private to
 * runtime/src/engine.
 *
 *   lane_engine.c    one call: weights packed, groups given to the threads, then the sums
 *   lane_group.c     one group of images; one item of the sums over all groups
 *   lane_forward.c   one pack of images from its input to its outputs
 *   lane_backward.c  and back
 */
#ifndef NN_ENGINE_LANE_RUN_H
#define NN_ENGINE_LANE_RUN_H

#include "direct.h"
#include "lane_plan.h"
#include "pool.h"

/* Groups that have slots at a time: larger batches are done in parts, sums carried on in order. */
enum { MOST_SLOTS = 64 };

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

static inline int64_t row_of(const nn_batch *batch, int64_t i)
{
    return batch->order ? batch->order[i] : i;
}

static inline const char *image_of(const lane_call *call, int64_t row)
{
    const nn_net *net = call->engine->plan.net;
    const tensor_t *x = &call->batch->x;
    size_t size = x->dtype == NN_UINT8 ? 1 : 4;
    return (const char *)x->data +
           (size_t)row * (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c * size;
}

static inline const float *bias_of(const lane_pack *pack, const lane_stage *stage)
{
    return stage->op->has_bias ? pack->call->params + stage->op->bias : NULL;
}

static inline float *value_at(const lane_pack *pack, size_t at, const lane_kept *kept)
{
    if (!pack->slot || !kept->floats)
        return pack->arena + at;
    return pack->slot + kept->at + (size_t)pack->pack * kept->floats;
}

static inline float *in_of(const lane_pack *pack, const lane_stage *stage)
{
    return value_at(pack, stage->in_at, &stage->in_kept);
}

static inline float *out_of(const lane_pack *pack, const lane_stage *stage)
{
    return value_at(pack, stage->out_at, &stage->out_kept);
}

/* Where the sums of a convolution's biases lie. */
static inline float *bias_sums_of(const lane_pack *pack, const lane_stage *stage)
{
    size_t lanes = (size_t)pack->call->engine->plan.kernels->lanes;
    return pack->arena + stage->sums_at + (stage->whole ? 0 : stage->op->weight_count * lanes);
}

/* Where the rows of a dense stage's gradients start. */
static inline float *rows_of(const lane_engine *engine, const lane_stage *stage)
{
    return engine->rows + stage->rows_at * (size_t)(engine->slot_count * LANE_GROUP);
}

/* All stages of one pack: their outputs; from the gradient of the last one's, all other gradients
   and the sums over the pack. */
void nn__lane_forward_pack(const lane_pack *pack);
void nn__lane_backward_pack(const lane_pack *pack);

/* Ask for a few of the images that come next. */
void nn__lane_fetch_ahead(const lane_pack *pack);

/* Work for the threads: CONTEXT is the lane_call, ITEM a group of its part of the batch, or one of
   the plan's items. */
void nn__lane_run_group(void *context, int worker, int item);
void nn__lane_run_item(void *context, int worker, int item);

#endif
