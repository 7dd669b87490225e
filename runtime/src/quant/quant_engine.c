/*
 * The engine of quantised networks: takes images through the layers one at a time. Rows of a batch
 * are spread over threads, 16 at a time; every row is computed alone, so that results do not depend
 * on the number of threads.
 */
#include "quant_layout.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "../engine/lane_plan.h"
#include "../engine/pool.h"
#include "../run.h"

enum { ITEM_ROWS = 16 };

typedef struct quant_engine {
    quant_layout lay;
    nn_pool *pool;
    unsigned char *arenas;
    uint64_t params_version;
    quant_input loading; /* of the tensor last seen */
    double *loss;
    int64_t *hits;
    int items; /* room of both */
    lane_kernels one;
    lane_plan loss_plan;
} quant_engine;

static void destroy(void *self)
{
    quant_engine *e = self;
    if (!e)
        return;
    nn__quant_layout_free(&e->lay);
    nn__pool_destroy(e->pool);
    free(e->arenas);
    free(e->loss);
    free(e->hits);
    free(e);
}

void *nn__quant_create(const quant_net *quant, const quant_kernels *kernels, int threads)
{
    quant_engine *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->pool = nn__pool_create(threads);
    e->lay = (quant_layout){
        .quant = quant, .kernels = kernels, .workers = e->pool ? nn__pool_threads(e->pool) : 0};
    e->params_version = nn__params_version();
    e->loading.dtype = (nn_dtype)-1;
    e->one.lanes = 1;
    e->loss_plan = (lane_plan){.net = quant->net, .kernels = &e->one};
    if (!e->pool || (kernels && !nn__quant_layout_make(&e->lay)) ||
        !(e->arenas =
              nn__quant_zeroed((size_t)e->lay.workers * (e->lay.arena_size + QUANT_ALIGN)))) {
        destroy(e);
        return NULL;
    }
    for (int w = 0; kernels && w < e->lay.workers; w++)
        nn__quant_layout_fill(&e->lay, e->arenas + (size_t)w * e->lay.arena_size);
    return e;
}

/* ---- one image ---- */

static void *elements(const quant_engine *e, unsigned char *arena, const quant_map *map)
{
    return arena + map->at + map->first * (size_t)e->lay.kernels->element;
}

/* A map from contiguous values of some storage. */
static void load_map(const quant_engine *e, unsigned char *arena, const quant_map *map,
                     const quant_input *input, const void *from)
{
    e->lay.kernels->load(input, from, elements(e, arena, map), map->w * map->c, map->h, map->pitch);
}

static void run_map(const quant_engine *e, unsigned char *arena, const quant_stage *stage)
{
    size_t row = (size_t)(stage->out.w * stage->out.c), size = (size_t)e->lay.kernels->element;
    const char *x = elements(e, arena, &stage->in);
    char *y = elements(e, arena, &stage->out);
    for (int i = 0; i < stage->out.h; i++)
        e->lay.kernels->map(stage->layer, x + (size_t)i * row * size,
                            y + (size_t)i * (size_t)stage->out.pitch * size, (int)row);
}

static void run_float(const quant_engine *e, int worker, const quant_stage *stage, float *in,
                      float *out)
{
    const quant_layer *l = stage->layer;
    nn_batch batch = {.count = 1, .params_version = e->params_version};
    batch.x = (tensor_t){.data = in,
                         .dtype = NN_FLOAT32,
                         .rank = 4,
                         .scale = 1,
                         .shape = {1, l->in_h, l->in_w, l->in_c}};
    stage->engine->forward(stage->selves[worker], e->lay.quant->params, &batch, out, NULL, NULL);
}

/* Runs all stages; the input lies in its map, or, for a first stage in float32, in the first buffer
   of floats. Returns the floats of the end. */
static float *run_stages(const quant_engine *e, int worker, unsigned char *arena)
{
    const quant_kernels *k = e->lay.kernels;
    float *floats = (float *)(arena + e->lay.floats_at[0]),
          *other = (float *)(arena + e->lay.floats_at[1]);
    void *scratch = arena + e->lay.scratch_at;
    for (int i = 0; i < e->lay.stage_count; i++) {
        const quant_stage *stage = &e->lay.stages[i];
        const quant_layer *l = stage->layer, *r = stage->result;
        void *x = arena + stage->in.at;
        void *y = l->to_float ? (void *)floats : elements(e, arena, &stage->out);
        switch (l->kind) {
        case QUANT_CONV:
            if (stage->joins) {
                const quant_stage *dense = &e->lay.stages[++i];
                void *z = dense->layer->to_float ? (void *)floats : elements(e, arena, &dense->out);
                k->conv_dense(&stage->window, &dense->dense, x, y, z, scratch);
            } else if (stage->columns)
                k->conv_columns(&stage->window, x, y, scratch);
            else
                k->conv(&stage->window, x, y, scratch);
            break;
        case QUANT_DENSE:
            k->dense(&stage->dense, x, y, scratch);
            break;
        case QUANT_POOL:
            k->pool(&stage->window, x, elements(e, arena, &stage->out));
            break;
        case QUANT_MAP:
            run_map(e, arena, stage);
            break;
        case QUANT_FLOAT:
            run_float(e, worker, stage, floats, other);
            if (l->to_float) {
                float *swap = floats;
                floats = other;
                other = swap;
            } else {
                quant_input input = {.dtype = NN_FLOAT32, .scale = 1, .range = l->out};
                load_map(e, arena, &stage->out, &input, other);
            }
            break;
        }
        if (r->to_float && (r->kind == QUANT_POOL || r->kind == QUANT_MAP))
            k->unload(r->out, elements(e, arena, &stage->out), floats,
                      stage->out.h * stage->out.w * stage->out.c);
    }
    return floats;
}

/* How this tensor's values come in; found once as long as tensors are alike. */
static void prepare(quant_engine *e, const tensor_t *x)
{
    quant_input *input = &e->loading;
    if (input->dtype == x->dtype && input->scale == x->scale && input->offset == x->offset)
        return;
    *input = (quant_input){.dtype = x->dtype,
                           .scale = x->scale,
                           .offset = x->offset,
                           .range = e->lay.quant->layers[0].in};
    if (x->dtype != NN_UINT8 || e->lay.quant->type != QUANT_INT8)
        return;
    uint8_t bytes[256];
    int16_t wide[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    e->lay.kernels->load(input, bytes, wide, 256, 1, 256);
    input->same = 1;
    for (int i = 0; i < 256; i++)
        input->same &= (e->lay.kernels->element == 1 ? ((uint8_t *)wide)[i] : wide[i]) == i;
}

/* exp for x <= 0: x = n ln 2 + r, a polynomial in r; relative error 2e-7. Below -87 it stays at
   exp(-87). Not the library's, which takes longer than a small layer. */
static float exp_below_one(float x)
{
    const float shifter = 12582912.0f; /* adding it rounds to an integer */
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + shifter, n = shifted - shifter;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + 0x3f800000;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Here, not in the kernels: the same bits whatever the instruction set. */
static void softmax(float *x, int n)
{
    float largest = x[0], total = 0;
    for (int i = 1; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (int i = 0; i < n; i++)
        x[i] = exp_below_one(x[i] - largest);
    for (int i = 0; i < n; i++)
        total += x[i];
    for (int i = 0; i < n; i++)
        x[i] /= total;
}

typedef struct quant_call {
    quant_engine *engine;
    const nn_batch *batch;
    float *out;
    int with_loss;
} quant_call;

/* Row N of the batch: its values before the closing softmax to OUT. */
static void run_row(const quant_call *call, int worker, int64_t row, float *out)
{
    quant_engine *e = call->engine;
    const nn_net *net = e->lay.quant->net;
    const tensor_t *x = &call->batch->x;
    size_t inputs = (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c;
    size_t size = x->dtype == NN_UINT8 ? 1 : sizeof(float);
    const char *image = (const char *)x->data + (size_t)row * inputs * size;
    size_t outputs = (size_t)net->out_c;
    if (!e->lay.kernels) {
        if (!nn__quant_reference(e->lay.quant, image, x->dtype, x->scale, x->offset, out))
            for (size_t i = 0; i < outputs; i++)
                out[i] = NAN;
        return;
    }
    unsigned char *arena = e->arenas + (size_t)worker * e->lay.arena_size;
    if (e->lay.quant->layers[0].kind == QUANT_FLOAT) {
        float *to = (float *)(arena + e->lay.floats_at[0]);
        for (size_t i = 0; i < inputs; i++)
            to[i] = (x->dtype == NN_UINT8   ? (float)((const uint8_t *)image)[i]
                     : x->dtype == NN_INT32 ? (float)((const int32_t *)image)[i]
                                            : ((const float *)image)[i]) *
                        x->scale +
                    x->offset;
    } else {
        load_map(e, arena, &e->lay.input, &e->loading, image);
    }
    memcpy(out, run_stages(e, worker, arena), outputs * sizeof *out);
}

static void end_row(const quant_call *call, int64_t row, int item, float *out)
{
    quant_engine *e = call->engine;
    const nn_net *net = e->lay.quant->net;
    int is_softmax = e->lay.quant->end == NN_SOFTMAX;
    int in_loss = call->with_loss && is_softmax && net->loss != NN_MEAN_SQUARED_ERROR;
    int channels = net->ops[net->op_count - 1].out_c;
    for (int i = 0; is_softmax && !in_loss && i < net->out_c; i += channels)
        softmax(out + i, channels);
    if (!call->with_loss)
        return;
    lane_plan plan = e->loss_plan;
    plan.softmax_in_loss = in_loss;
    lane_loss loss = {.plan = &plan, .y = &call->batch->y, .row = {row}, .count = 1, .weight = 1};
    nn__lane_loss(&loss, out, NULL, &e->loss[item], &e->hits[item]);
}

static void run_rows(void *context, int worker, int item)
{
    const quant_call *call = context;
    quant_engine *e = call->engine;
    size_t outputs = (size_t)e->lay.quant->net->out_c;
    unsigned char *arena = e->arenas + (size_t)worker * e->lay.arena_size;
    int from = item * ITEM_ROWS, end = from + ITEM_ROWS;
    float *own = call->out || !e->lay.kernels ? NULL : (float *)(arena + e->lay.out_at);
    for (int n = from; n < end && n < call->batch->count; n++) {
        int64_t row = call->batch->order ? call->batch->order[n] : n;
        float *out = call->out ? call->out + (size_t)n * outputs : own;
        run_row(call, worker, row, out);
        end_row(call, row, item, out);
    }
}

static int make_room(quant_engine *e, int items)
{
    if (items <= e->items)
        return 1;
    free(e->loss);
    free(e->hits);
    e->loss = calloc((size_t)items, sizeof *e->loss);
    e->hits = calloc((size_t)items, sizeof *e->hits);
    e->items = e->loss && e->hits ? items : 0;
    return e->items;
}

static void forward(void *self, const float *params, const nn_batch *batch, float *out,
                    double *loss_sum, int64_t *hits)
{
    quant_engine *e = self;
    (void)params; /* what they were when the network was quantised */
    quant_call call = {e, batch, out, loss_sum || hits};
    int items = (batch->count + ITEM_ROWS - 1) / ITEM_ROWS;
    float *rows = NULL;
    if (e->lay.kernels)
        prepare(e, &batch->x);
    else if (!out) /* the reference has no memory of its own */
        call.out = rows =
            malloc((size_t)batch->count * (size_t)e->lay.quant->net->out_c * sizeof *rows);
    int ready = (!call.with_loss || make_room(e, items)) && (call.out || e->lay.kernels);
    for (int i = 0; i < items && ready && call.with_loss; i++) {
        e->loss[i] = 0;
        e->hits[i] = 0;
    }
    if (ready && items == 1)
        run_rows(&call, 0, 0);
    else if (ready)
        nn__pool_run(e->pool, items, run_rows, &call);
    double loss = ready ? 0 : NAN;
    int64_t right = 0;
    for (int i = 0; i < items && ready && call.with_loss; i++) {
        loss += e->loss[i];
        right += e->hits[i];
    }
    if (loss_sum)
        *loss_sum = loss;
    if (hits)
        *hits = right;
    free(rows);
}

static void enter(void *self)
{
    nn__pool_start(((quant_engine *)self)->pool);
}
static void leave(void *self)
{
    nn__pool_stop(((quant_engine *)self)->pool);
}

/* ---- the engine of each table ---- */

enum { MOST_LEVELS = 8 };
static nn_engine engines[3][MOST_LEVELS + 1]; /* of a type; the last is the reference */

static void fill_engines(void)
{
    const nn_engine common = {
        .destroy = destroy, .enter = enter, .leave = leave, .forward = forward};
    for (int type = QUANT_INT8; type <= QUANT_BF16; type++) {
        const quant_kernels *k;
        for (int i = 0, runs; (k = nn__quant_kernels_at((quant_type)type, i, &runs)); i++) {
            engines[type][i] = common;
            engines[type][i].name = k->label;
        }
        engines[type][MOST_LEVELS] = common;
        engines[type][MOST_LEVELS].name = type == QUANT_INT8 ? "int8 reference" : "bf16 reference";
    }
}

const nn_engine *nn__quant_engine(quant_type type, const quant_kernels *kernels)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_engines);
    for (int i = 0; i < MOST_LEVELS && kernels; i++)
        if (engines[type][i].name == kernels->label)
            return &engines[type][i];
    return &engines[type][MOST_LEVELS];
}
