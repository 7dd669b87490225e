/* Wide Dense layers by the machine's BLAS. See blas_engine.h. */
#include "blas_engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../random.h"
#include "direct.h"
#include "lane_plan.h"
#include "nn/blas.h"
#include "pool.h"

/* Pieces of work: one call of the BLAS each. */
enum {
    MOST_ROWS = 512,    /* of a batch at a time; larger batches go in parts, sums carried on */
    TILE_COLUMNS = 256, /* outputs of a piece of a layer's outputs */
    WEIGHT_ROWS = 128,  /* inputs of a piece of the weights' gradient */
    LOSS_ROWS = 16,
    MOST_LOSSES = MOST_ROWS / LOSS_ROWS
};

typedef void multiply_fn(int order, int transpose_a, int transpose_b, int m, int n, int k,
                         float alpha, const float *a, int lda, const float *b, int ldb, float beta,
                         float *c, int ldc);
enum { ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112 }; /* CBLAS' own numbers */

/* A matrix of MOST_ROWS rows. */
typedef struct rows {
    float *at;
    int n, ld;
} rows;

typedef struct blas_stage {
    const nn_op *op;
    int op_index;
    nn_activation activation; /* after the operation; softmax of the loss left out */
    int in, out;              /* values and their gradients, by number */
    float *mask;              /* dropout: [MOST_ROWS][n] of 0 or 1 / (1 - rate) */
} blas_stage;

typedef struct blas_engine {
    const nn_net *net;
    multiply_fn *multiply;
    nn_pool *pool;
    int stage_count;
    blas_stage *stages;
    rows *values, *gradients; /* [stage_count + 1]: the input, then each stage's output */
    lane_kernels one_lane;    /* for the loss: each row is a lane of its own */
    lane_plan loss_plan;
    lane_plan lane_plan; /* for the direct path, of single images */
    nn_direct *direct;
    double loss[MOST_LOSSES];
    int64_t hits[MOST_LOSSES];
} blas_engine;

/* One call, and the part of its batch at hand. */
typedef struct blas_call {
    blas_engine *engine;
    const float *params;
    const nn_batch *batch;
    float *out, *grad;
    const nn_update *update;
    int training;
    int first, count; /* samples */
    int stage;
} blas_call;

/* ---- which nets ---- */

static int is_elementwise(const nn_op *op)
{
    return op->kind == NN_OP_DROPOUT || op->kind == NN_OP_ACTIVATION || op->kind == NN_OP_FLATTEN;
}

/* Looked for once: this is asked before every call. */
static int has_blas(void)
{
    static _Atomic int known; /* 1: yes, 2: no */
    if (!known)
        known = nn_blas_symbol("cblas_sgemm") ? 1 : 2;
    return known == 1;
}

static int blas_supports(const nn_net *net, char *why, size_t size)
{
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        int dense = op->kind == NN_OP_DENSE && op->in_h * op->in_w == 1;
        int flat = op->in_h * op->in_w == 1 || op->kind == NN_OP_FLATTEN;
        if (!dense && !(is_elementwise(op) && flat)) {
            snprintf(why, size, "layer '%s': only layers after Flatten", op->name ? op->name : "?");
            return 0;
        }
    }
    if (nn__isa_machine() < 2 || !net->op_count || !has_blas()) {
        snprintf(why, size, "no BLAS that can be used");
        return 0;
    }
    return 1;
}

/* ---- pieces ---- */

static int pieces(int n, int each)
{
    return (n + each - 1) / each;
}
static int smaller(int a, int b)
{
    return a < b ? a : b;
}
static float *row_at(const rows *m, int row)
{
    return m->at + (size_t)row * (size_t)m->ld;
}

/* Piece ITEM of a matrix: rows from row0 on, columns from column0 on. */
typedef struct piece {
    int row0, rows, column0, columns;
} piece;

/* The more images, the less often the BLAS orders the same weights anew; but there must be pieces
   for all threads. */
static int piece_rows(const rows *m)
{
    return m->n >= 1024 ? 256 : m->n >= 512 ? 128 : 32;
}

static int piece_count(const rows *m, int count)
{
    return pieces(count, piece_rows(m)) * pieces(m->n, TILE_COLUMNS);
}

static piece piece_of(const rows *m, int count, int item)
{
    int across = pieces(m->n, TILE_COLUMNS);
    piece p = {.row0 = item / across * piece_rows(m), .column0 = item % across * TILE_COLUMNS};
    p.rows = smaller(piece_rows(m), count - p.row0);
    p.columns = smaller(TILE_COLUMNS, m->n - p.column0);
    return p;
}

/* ---- forward ---- */

static void load_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const rows *to = &call->engine->values[0];
    const tensor_t *x = &call->batch->x;
    size_t size = (size_t)to->n * (x->dtype == NN_UINT8 ? 1 : sizeof(float));
    int end = smaller((item + 1) * LOSS_ROWS, call->count);
    const direct_map map = {.c = 1, .h = 1, .w = to->n, .step = 1, .pitch = to->n, .plane = to->n};
    for (int row = item * LOSS_ROWS; row < end; row++) {
        int sample = call->first + row;
        int64_t index = call->batch->order ? call->batch->order[sample] : sample;
        direct_input input = {.image = (const char *)x->data + (size_t)index * size,
                              .dtype = x->dtype,
                              .scale = x->scale,
                              .offset = x->offset};
        call->engine->lane_plan.kernels->direct_load(&input, &map, row_at(to, row));
    }
}

static void softmax(float *x, int n)
{
    float most = x[0], sum = 0;
    for (int i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - most);
    for (int i = 0; i < n; i++)
        x[i] /= sum;
}

/* Softmax needs whole rows: the piece with their first columns does them, after the others. */
static void activate(const blas_engine *engine, nn_activation activation, const rows *m, piece p)
{
    for (int row = p.row0; row < p.row0 + p.rows; row++)
        if (activation == NN_SOFTMAX)
            softmax(row_at(m, row), m->n);
        else
            engine->lane_plan.kernels->direct_activate(activation, row_at(m, row) + p.column0,
                                                       p.columns);
}

static void dense_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_engine *engine = call->engine;
    const blas_stage *stage = &engine->stages[call->stage];
    const rows *in = &engine->values[stage->in], *out = &engine->values[stage->out];
    piece p = piece_of(out, call->count, item);
    float *to = row_at(out, p.row0) + p.column0;
    for (int row = 0; row < p.rows; row++) {
        float *y = to + (size_t)row * (size_t)out->ld;
        if (stage->op->has_bias)
            memcpy(y, call->params + stage->op->bias + p.column0,
                   (size_t)p.columns * sizeof(float));
        else
            memset(y, 0, (size_t)p.columns * sizeof(float));
    }
    engine->multiply(ROW_MAJOR, AS_IS, AS_IS, p.rows, p.columns, in->n, 1, row_at(in, p.row0),
                     in->ld, call->params + stage->op->weight + p.column0, out->n, 1, to, out->ld);
    if (stage->activation != NN_SOFTMAX)
        activate(engine, stage->activation, out, p);
}

static void softmax_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_stage *stage = &call->engine->stages[call->stage];
    const rows *out = &call->engine->values[stage->out];
    int row0 = item * LOSS_ROWS, row1 = smaller(row0 + LOSS_ROWS, call->count);
    activate(call->engine, NN_SOFTMAX, out, (piece){.row0 = row0, .rows = row1 - row0});
}

static void dropout_row(const blas_call *call, const blas_stage *stage, int row)
{
    const nn_batch *batch = call->batch;
    const rows *in = &call->engine->values[stage->in], *out = &call->engine->values[stage->out];
    float *mask = stage->mask + (size_t)row * (size_t)in->n;
    int sample = call->first + row;
    uint64_t index = (uint64_t)(batch->order ? batch->order[sample] : sample);
    uint64_t key =
        nn__random(batch->seed, NN_STREAM_DROPOUT, batch->epoch, index, (uint64_t)stage->op_index);
    key = key ? key : 1; /* as every engine has it */
    float kept = 1 / (1 - stage->op->rate);
    for (int i = 0; i < in->n; i++) {
        mask[i] = nn__dropout_keeps(key, (uint64_t)i, stage->op->rate) ? kept : 0;
        row_at(out, row)[i] = row_at(in, row)[i] * mask[i];
    }
}

static void elementwise_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_stage *stage = &call->engine->stages[call->stage];
    const rows *in = &call->engine->values[stage->in], *out = &call->engine->values[stage->out];
    int row0 = item * LOSS_ROWS, row1 = smaller(row0 + LOSS_ROWS, call->count);
    for (int row = row0; row < row1; row++)
        if (stage->op->kind == NN_OP_DROPOUT && call->training)
            dropout_row(call, stage, row);
        else
            memcpy(row_at(out, row), row_at(in, row), (size_t)in->n * sizeof(float));
    activate(call->engine, stage->activation, out,
             (piece){.row0 = row0, .rows = row1 - row0, .columns = out->n});
}

static void forward(blas_call *call)
{
    blas_engine *engine = call->engine;
    int small = pieces(call->count, LOSS_ROWS);
    nn__pool_run(engine->pool, small, load_item, call);
    for (call->stage = 0; call->stage < engine->stage_count; call->stage++) {
        const blas_stage *stage = &engine->stages[call->stage];
        if (stage->op->kind == NN_OP_DENSE) {
            nn__pool_run(engine->pool, piece_count(&engine->values[stage->out], call->count),
                         dense_item, call);
            if (stage->activation == NN_SOFTMAX)
                nn__pool_run(engine->pool, small, softmax_item, call);
        } else {
            nn__pool_run(engine->pool, small, elementwise_item, call);
        }
    }
}

static void loss_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    blas_engine *engine = call->engine;
    const rows *out = &engine->values[engine->stage_count];
    const rows *gradient = &engine->gradients[engine->stage_count];
    double loss = 0;
    int64_t hits = 0;
    int end = smaller((item + 1) * LOSS_ROWS, call->count);
    for (int row = item * LOSS_ROWS; row < end; row++) {
        int sample = call->first + row;
        lane_loss job = {.plan = &engine->loss_plan,
                         .y = &call->batch->y,
                         .row = {call->batch->order ? call->batch->order[sample] : sample},
                         .count = 1,
                         .weight = 1.0f / (float)call->batch->count};
        nn__lane_loss(&job, row_at(out, row), call->training ? row_at(gradient, row) : NULL, &loss,
                      &hits);
        if (call->out)
            memcpy(call->out + (size_t)sample * (size_t)out->n, row_at(out, row),
                   (size_t)out->n * sizeof(float));
    }
    engine->loss[item] = loss;
    engine->hits[item] = hits;
}

/* ---- backward ---- */

/* From the gradient after a stage's activation to that before it. */
static void derive(nn_activation activation, const float *y, float *g, int n)
{
    float sum = 0;
    switch (activation) {
    case NN_RELU:
        for (int i = 0; i < n; i++)
            g[i] = y[i] > 0 ? g[i] : 0;
        break;
    case NN_TANH:
        for (int i = 0; i < n; i++)
            g[i] *= 1 - y[i] * y[i];
        break;
    case NN_SIGMOID:
        for (int i = 0; i < n; i++)
            g[i] *= y[i] * (1 - y[i]);
        break;
    case NN_SOFTMAX:
        for (int i = 0; i < n; i++)
            sum += g[i] * y[i];
        for (int i = 0; i < n; i++)
            g[i] = y[i] * (g[i] - sum);
        break;
    case NN_LINEAR:
        break;
    }
}

/* The stage's own activation, and for those without weights the gradient of the input. */
static void derive_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_engine *engine = call->engine;
    const blas_stage *stage = &engine->stages[call->stage];
    const rows *out = &engine->values[stage->out];
    int end = smaller((item + 1) * LOSS_ROWS, call->count);
    for (int row = item * LOSS_ROWS; row < end; row++) {
        float *g = row_at(&engine->gradients[stage->out], row);
        derive(stage->activation, row_at(out, row), g, out->n);
        if (stage->op->kind == NN_OP_DENSE)
            continue;
        float *to = row_at(&engine->gradients[stage->in], row);
        const float *mask = stage->mask ? stage->mask + (size_t)row * (size_t)out->n : NULL;
        for (int i = 0; i < out->n; i++)
            to[i] = mask ? g[i] * mask[i] : g[i];
    }
}

static void input_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_engine *engine = call->engine;
    const blas_stage *stage = &engine->stages[call->stage];
    const rows *g = &engine->gradients[stage->out], *to = &engine->gradients[stage->in];
    piece p = piece_of(to, call->count, item);
    engine->multiply(ROW_MAJOR, AS_IS, TRANSPOSED, p.rows, p.columns, g->n, 1, row_at(g, p.row0),
                     g->ld, call->params + stage->op->weight + (size_t)p.column0 * (size_t)g->n,
                     g->n, 0, row_at(to, p.row0) + p.column0, to->ld);
}

/* ---- sums over the batch ---- */

static int weight_items(const blas_stage *stage)
{
    return stage->op->kind == NN_OP_DENSE
               ? pieces(stage->op->in_c, WEIGHT_ROWS) + stage->op->has_bias
               : 0;
}

static void summed(const blas_call *call, size_t at, size_t count)
{
    if (call->update && call->first + call->count == call->batch->count)
        call->update->range(call->update->context, at, at + count);
}

static void bias_sums(const blas_call *call, const rows *g, size_t at)
{
    float *to = call->grad + at;
    if (call->first == 0)
        memset(to, 0, (size_t)g->n * sizeof(float));
    for (int row = 0; row < call->count; row++) {
        const float *from = row_at(g, row);
        for (int i = 0; i < g->n; i++)
            to[i] += from[i];
    }
    summed(call, at, (size_t)g->n);
}

static void weight_item(void *context, int worker, int item)
{
    (void)worker;
    const blas_call *call = context;
    const blas_engine *engine = call->engine;
    const blas_stage *stage = engine->stages;
    while (item >= weight_items(stage))
        item -= weight_items(stage++);
    const rows *x = &engine->values[stage->in], *g = &engine->gradients[stage->out];
    int row0 = item * WEIGHT_ROWS;
    if (row0 >= x->n) {
        bias_sums(call, g, stage->op->bias);
        return;
    }
    int count = smaller(WEIGHT_ROWS, x->n - row0);
    size_t at = stage->op->weight + (size_t)row0 * (size_t)g->n;
    engine->multiply(ROW_MAJOR, TRANSPOSED, AS_IS, count, g->n, call->count, 1, x->at + row0, x->ld,
                     g->at, g->ld, call->first > 0, call->grad + at, g->n);
    summed(call, at, (size_t)count * (size_t)g->n);
}

static void backward(blas_call *call)
{
    blas_engine *engine = call->engine;
    int items = 0, first = 0; /* the first stage with weights: no gradients before it */
    while (first < engine->stage_count && !engine->stages[first].op->weight_count)
        first++;
    for (call->stage = engine->stage_count - 1; call->stage >= first; call->stage--) {
        const blas_stage *stage = &engine->stages[call->stage];
        if (stage->activation != NN_LINEAR || stage->op->kind != NN_OP_DENSE)
            nn__pool_run(engine->pool, pieces(call->count, LOSS_ROWS), derive_item, call);
        if (stage->op->kind == NN_OP_DENSE && call->stage > first)
            nn__pool_run(engine->pool, piece_count(&engine->gradients[stage->in], call->count),
                         input_item, call);
    }
    for (int i = 0; i < engine->stage_count; i++)
        items += weight_items(&engine->stages[i]);
    nn__pool_run(engine->pool, items, weight_item, call);
}

/* ---- the calls ---- */

static void run_call(blas_call *call, double *loss_sum, int64_t *hits)
{
    blas_engine *engine = call->engine;
    int started = !nn__pool_running(engine->pool) && call->batch->count > 1;
    if (started)
        nn__pool_start(engine->pool);
    if (loss_sum)
        *loss_sum = 0;
    if (hits)
        *hits = 0;
    for (call->first = 0; call->first < call->batch->count; call->first += MOST_ROWS) {
        call->count = smaller(MOST_ROWS, call->batch->count - call->first);
        forward(call);
        int items = pieces(call->count, LOSS_ROWS);
        nn__pool_run(engine->pool, items, loss_item, call);
        if (call->training)
            backward(call);
        for (int i = 0; i < items; i++) {
            if (loss_sum)
                *loss_sum += engine->loss[i];
            if (hits)
                *hits += engine->hits[i];
        }
    }
    if (started)
        nn__pool_stop(engine->pool);
}

static void blas_forward(void *self, const float *params, const nn_batch *batch, float *out,
                         double *loss_sum, int64_t *hits)
{
    blas_engine *engine = self;
    if (batch->count <= nn__direct_most(engine->lane_plan.kernels->lanes) && out && !loss_sum &&
        !hits) {
        nn__direct_forward(engine->direct, params, batch, out);
        return;
    }
    blas_call call = {.engine = engine, .params = params, .batch = batch, .out = out};
    run_call(&call, loss_sum, hits);
}

static void blas_gradient(void *self, const float *params, const nn_batch *batch, float *grad,
                          const nn_update *update, double *loss_sum, int64_t *hits)
{
    blas_engine *engine = self;
    blas_call call = {.engine = engine,
                      .params = params,
                      .batch = batch,
                      .training = 1,
                      .grad = grad,
                      .update = update};
    run_call(&call, loss_sum, hits);
    for (int i = 0; i < engine->net->op_count; i++) { /* the floats between the tensors are zero */
        const nn_op *op = &engine->net->ops[i];
        for (size_t k = op->weight + op->weight_count; op->weight_count && k % 16; k++)
            grad[k] = 0;
        for (size_t k = op->bias + op->bias_count; op->has_bias && k % 16; k++)
            grad[k] = 0;
    }
}

static void blas_enter(void *self)
{
    nn__pool_start(((blas_engine *)self)->pool);
}
static void blas_leave(void *self)
{
    nn__pool_stop(((blas_engine *)self)->pool);
}

static const char *blas_name(int count)
{
    const nn_engine *lane = nn__lane_engine(0);
    const char *name = lane->name_for(count);
    return name == lane->name ? nn__blas_engine.name : name;
}

/* ---- memory ---- */

static float *floats(size_t count)
{
    size_t bytes = (count * sizeof(float) + LANE_ALIGN - 1) / LANE_ALIGN * LANE_ALIGN;
    bytes = bytes ? bytes : LANE_ALIGN;
    return aligned_alloc(LANE_ALIGN, bytes);
}

static int make_rows(rows *m, int n)
{
    m->n = n;
    m->ld = (n + 15) / 16 * 16;
    m->at = floats((size_t)m->ld * MOST_ROWS);
    return m->at != NULL;
}

static void blas_destroy(void *self)
{
    blas_engine *engine = self;
    if (!engine)
        return;
    nn__pool_destroy(engine->pool);
    nn__direct_destroy(engine->direct);
    nn__lane_plan_free(&engine->lane_plan);
    for (int i = 0; engine->values && engine->gradients && i <= engine->net->op_count; i++) {
        free(engine->values[i].at);
        free(engine->gradients[i].at);
    }
    for (int i = 0; engine->stages && i < engine->stage_count; i++)
        free(engine->stages[i].mask);
    free(engine->values);
    free(engine->gradients);
    free(engine->stages);
    free(engine);
}

/* Activations are done with the operation before them where that has none. */
static int make_stages(blas_engine *engine)
{
    const nn_net *net = engine->net;
    int width = net->in_h * net->in_w * net->in_c;
    int made = make_rows(&engine->values[0], width) && make_rows(&engine->gradients[0], width);
    for (int i = 0; i < net->op_count; i++) {
        const nn_op *op = &net->ops[i];
        int nothing = (op->kind == NN_OP_FLATTEN || op->kind == NN_OP_ACTIVATION) &&
                      op->activation == NN_LINEAR;
        if (nothing && (i < net->op_count - 1 || engine->stage_count))
            continue;
        blas_stage *stage = &engine->stages[engine->stage_count];
        *stage = (blas_stage){.op = op,
                              .op_index = i,
                              .activation = op->activation,
                              .in = engine->stage_count,
                              .out = engine->stage_count + 1};
        width = op->kind == NN_OP_DENSE ? op->out_c : width;
        engine->stage_count++;
        made = made && make_rows(&engine->values[stage->out], width) &&
               make_rows(&engine->gradients[stage->out], width);
        if (op->kind == NN_OP_DROPOUT)
            made = made && (stage->mask = floats((size_t)width * MOST_ROWS));
    }
    blas_stage *last = &engine->stages[engine->stage_count - 1];
    engine->loss_plan.softmax_in_loss =
        last->activation == NN_SOFTMAX && net->loss != NN_MEAN_SQUARED_ERROR;
    if (engine->loss_plan.softmax_in_loss)
        last->activation = NN_LINEAR;
    return made;
}

static void *blas_create(const nn_net *net, int threads)
{
    const lane_kernels *kernels = nn__lane_kernels();
    blas_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->net = net;
    void *multiply = nn_blas_symbol("cblas_sgemm");
    memcpy(&engine->multiply, &multiply, sizeof multiply);
    engine->one_lane.lanes = 1;
    engine->loss_plan = (lane_plan){.net = net, .kernels = &engine->one_lane};
    engine->pool = nn__pool_create(threads > 0 ? threads : nn__default_threads());
    engine->stages = calloc((size_t)net->op_count + 1, sizeof *engine->stages);
    engine->values = calloc((size_t)net->op_count + 1, sizeof *engine->values);
    engine->gradients = calloc((size_t)net->op_count + 1, sizeof *engine->gradients);
    if (!multiply || !engine->pool || !engine->stages || !engine->values || !engine->gradients ||
        !make_stages(engine) || !nn__lane_plan(&engine->lane_plan, net, kernels, NULL, 0) ||
        !(engine->direct = nn__direct_create(&engine->lane_plan, 1))) {
        blas_destroy(engine);
        return NULL;
    }
    return engine;
}

const nn_engine nn__blas_engine = {.name = "BLAS",
                                   .name_for = blas_name,
                                   .supports = blas_supports,
                                   .create = blas_create,
                                   .destroy = blas_destroy,
                                   .enter = blas_enter,
                                   .leave = blas_leave,
                                   .forward = blas_forward,
                                   .gradient = blas_gradient};
