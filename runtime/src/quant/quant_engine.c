/*
 * The engine of quantised networks: lays out memory, packs weights, takes images through the layers
 * one at a time. Rows of a batch are spread over threads, 16 at a time; every row is computed
 * alone, so that results do not depend on the number of threads.
 */
#include "quant_kernels.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "../engine/lane_plan.h"
#include "../engine/pool.h"
#include "../run.h"

enum { ITEM_ROWS = 16 };

/* Where values lie, channels last. The frame around them holds the tensor's zero for the
   convolution that reads it; windows start at element 0. */
typedef struct quant_map {
    int h, w, c, pitch;
    size_t first; /* element (0, 0, 0) */
    size_t at;    /* the buffer's byte in the arena */
    size_t count; /* elements with the frame */
    int32_t fill;
} quant_map;

typedef struct quant_stage {
    const quant_layer *layer;
    const quant_layer *result; /* the same, or the pooling that was taken along */
    quant_map in, out;
    quant_window window;
    quant_dense dense;
    int columns;
    void *packed, *bias;
    float *factor;
    const nn_engine *engine; /* FLOAT */
    void **selves;           /* an instance for each worker */
} quant_stage;

typedef struct quant_engine {
    const quant_net *quant;
    const quant_kernels *kernels; /* NULL: the reference */
    quant_stage *stages;
    int stage_count;
    nn_pool *pool;
    int workers;
    quant_map input;
    size_t floats_at[2], scratch_at, out_at, arena_size;
    unsigned char *arenas;
    uint64_t params_version;
    quant_input loading; /* of the tensor last seen */
    double *loss;
    int64_t *hits;
    int items; /* room of both */
    lane_kernels one;
    lane_plan loss_plan;
} quant_engine;

/* ---- memory ---- */

static size_t reserve(size_t *total, size_t bytes)
{
    size_t at = *total;
    *total += (bytes + QUANT_SLACK + QUANT_ALIGN - 1) / QUANT_ALIGN * QUANT_ALIGN;
    return at;
}

static void *zeroed(size_t bytes)
{
    size_t size = (bytes + QUANT_ALIGN) / QUANT_ALIGN * QUANT_ALIGN;
    void *memory = aligned_alloc(QUANT_ALIGN, size);
    return memory ? memset(memory, 0, size) : NULL;
}

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

/* A map of this shape, with the frame that READER (may be NULL) wants. */
static quant_map map_of(quant_engine *e, int h, int w, int c, const quant_layer *reader)
{
    quant_map map = {.h = h, .w = w, .c = c};
    int rows = h, columns = w, top = 0, left = 0;
    if (reader && reader->kind == QUANT_CONV) {
        top = reader->pad_top;
        left = reader->pad_left;
        rows = at_least(top + h, (reader->out_h - 1) * reader->stride_h + reader->kernel_h);
        columns = at_least(left + w, (reader->out_w - 1) * reader->stride_w + reader->kernel_w);
        map.fill = e->quant->type == QUANT_INT8 ? reader->in.zero : 0;
    }
    map.pitch = columns * c;
    map.first = (size_t)top * (size_t)map.pitch + (size_t)left * (size_t)c;
    map.count = (size_t)rows * (size_t)map.pitch;
    map.at = reserve(&e->arena_size, map.count * (size_t)e->kernels->element);
    return map;
}

/* A 2x2 pooling that a convolution can take along. */
static int fits(const quant_layer *conv, const quant_layer *pool)
{
    return conv->kind == QUANT_CONV && !conv->to_float && pool->kind == QUANT_POOL &&
           pool->kernel_h == 2 && pool->kernel_w == 2 && pool->stride_h == 2 &&
           pool->stride_w == 2 && !pool->pad_top && !pool->pad_left &&
           2 * pool->out_h <= conv->out_h && 2 * pool->out_w <= conv->out_w;
}

/* ---- what kernels want to know ---- */

static int pad(const quant_engine *e, int outputs)
{
    int lanes = e->kernels->lanes;
    return (outputs + lanes - 1) / lanes * lanes;
}

static int pack(quant_engine *e, quant_stage *stage, int rows, int count, int is_dense)
{
    const quant_layer *l = stage->layer;
    const quant_kernels *k = e->kernels;
    size_t outputs = (size_t)pad(e, l->out_c);
    const void *weights = l->weights ? (const void *)l->weights : l->weights_bf16;
    stage->packed = zeroed(k->pack_size(rows, count, l->out_c, is_dense, stage->columns));
    stage->bias = zeroed(outputs * 4);
    stage->factor = zeroed(outputs * sizeof(float));
    if (!stage->packed || !stage->bias || !stage->factor)
        return 0;
    k->pack(weights, rows, count, l->out_c, is_dense, stage->columns, stage->packed);
    memcpy(stage->bias, l->bias ? (const void *)l->bias : l->biases, (size_t)l->out_c * 4);
    if (l->factor)
        memcpy(stage->factor, l->factor, (size_t)l->out_c * sizeof(float));
    return 1;
}

static quant_finish finish_of(const quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    return (quant_finish){l->activation, l->to_float, stage->factor, l->out.zero};
}

static int blocks(int n, int size)
{
    return (n + size - 1) / size;
}

static int shape_conv(quant_engine *e, quant_stage *stage)
{
    const quant_layer *l = stage->layer, *r = stage->result;
    int lanes = e->kernels->lanes;
    quant_window *w = &stage->window;
    *w = (quant_window){.in_c = l->in_c,
                        .in_pitch = stage->in.pitch,
                        .out_h = r->out_h,
                        .out_w = r->out_w,
                        .out_c = l->out_c,
                        .kernel_h = l->kernel_h,
                        .kernel_w = l->kernel_w,
                        .stride_h = l->stride_h,
                        .stride_w = l->stride_w,
                        .padded = pad(e, l->out_c)};
    w->out_pitch = l->to_float ? l->out_w * l->out_c : stage->out.pitch;
    if (r != l)
        w->pooled = r->maximum ? QUANT_MAXIMUM : QUANT_AVERAGED;
    stage->columns =
        w->pooled && l->in_c * l->stride_w == 1 && l->out_c <= QUANT_COLUMNS_MOST &&
        (int64_t)l->out_c * blocks(w->out_w, lanes) < (int64_t)w->out_w * blocks(l->out_c, lanes);
    w->row_groups = blocks(l->kernel_w * l->in_c, e->kernels->group);
    if (!pack(e, stage, l->kernel_h, l->kernel_w * l->in_c, 0))
        return 0;
    w->weights = stage->packed;
    w->bias = stage->bias;
    w->finish = finish_of(stage);
    return 1;
}

static int shape_dense(quant_engine *e, quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    if (!pack(e, stage, 1, l->in_c, 1))
        return 0;
    stage->dense = (quant_dense){blocks(l->in_c, e->kernels->group),
                                 l->out_c,
                                 pad(e, l->out_c),
                                 stage->packed,
                                 stage->bias,
                                 finish_of(stage)};
    return 1;
}

static void shape_pool(quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    stage->window = (quant_window){.in_h = l->in_h,
                                   .in_w = l->in_w,
                                   .in_c = l->in_c,
                                   .in_pitch = stage->in.pitch,
                                   .out_h = l->out_h,
                                   .out_w = l->out_w,
                                   .out_c = l->out_c,
                                   .out_pitch = stage->out.pitch,
                                   .kernel_h = l->kernel_h,
                                   .kernel_w = l->kernel_w,
                                   .stride_h = l->stride_h,
                                   .stride_w = l->stride_w,
                                   .pad_top = l->pad_top,
                                   .pad_left = l->pad_left,
                                   .maximum = l->maximum};
}

static int make_float(quant_engine *e, quant_stage *stage)
{
    char why[256];
    stage->engine = nn__engine_choose(&stage->layer->part, NULL, why, sizeof why);
    stage->selves = calloc((size_t)e->workers, sizeof *stage->selves);
    for (int i = 0; stage->selves && i < e->workers; i++)
        if (!(stage->selves[i] = stage->engine->create(&stage->layer->part, 1)))
            return 0;
    return stage->selves != NULL;
}

static int make_stage(quant_engine *e, quant_stage *stage, size_t *scratch)
{
    size_t wanted = 0;
    switch (stage->layer->kind) {
    case QUANT_CONV:
        if (!shape_conv(e, stage))
            return 0;
        wanted = nn__quant_conv_scratch(&stage->window);
        break;
    case QUANT_DENSE:
        if (!shape_dense(e, stage))
            return 0;
        wanted = nn__quant_dense_scratch(&stage->dense);
        break;
    case QUANT_POOL:
        shape_pool(stage);
        break;
    case QUANT_MAP:
        break;
    case QUANT_FLOAT:
        return make_float(e, stage);
    }
    *scratch = wanted > *scratch ? wanted : *scratch;
    return 1;
}

static size_t values_of(const quant_layer *l)
{
    size_t in = (size_t)l->in_h * (size_t)l->in_w * (size_t)l->in_c;
    size_t out = (size_t)l->out_h * (size_t)l->out_w * (size_t)l->out_c;
    return in > out ? in : out;
}

static int make_stages(quant_engine *e)
{
    const quant_net *quant = e->quant;
    const quant_layer *layers = quant->layers;
    int count = quant->layer_count;
    size_t floats = (size_t)quant->net->out_c, scratch = 0;
    e->stages = calloc((size_t)count, sizeof *e->stages);
    if (!e->stages)
        return 0;
    e->input = map_of(e, quant->net->in_h, quant->net->in_w, quant->net->in_c, layers);
    quant_map before = e->input;
    for (int i = 0; i < count; i++) {
        quant_stage *stage = &e->stages[e->stage_count++];
        stage->layer = stage->result = &layers[i];
        if (i + 1 < count && fits(&layers[i], &layers[i + 1]))
            stage->result = &layers[++i];
        const quant_layer *r = stage->result;
        stage->in = before;
        stage->out = map_of(e, r->out_h, r->out_w, r->out_c, i + 1 < count ? r + 1 : NULL);
        before = stage->out;
        floats = values_of(stage->layer) > floats ? values_of(stage->layer) : floats;
        if (!make_stage(e, stage, &scratch))
            return 0;
    }
    for (int i = 0; i < 2; i++)
        e->floats_at[i] = reserve(&e->arena_size, floats * sizeof(float));
    e->out_at = reserve(&e->arena_size, (size_t)quant->net->out_c * sizeof(float));
    e->scratch_at = reserve(&e->arena_size, scratch);
    return 1;
}

static void fill(const quant_engine *e, unsigned char *arena, const quant_map *map)
{
    for (size_t i = 0; map->fill && i < map->count; i++)
        if (e->kernels->element == 1)
            arena[map->at + i] = (unsigned char)map->fill;
        else
            ((int16_t *)(arena + map->at))[i] = (int16_t)map->fill;
}

static void destroy(void *self)
{
    quant_engine *e = self;
    if (!e)
        return;
    for (int i = 0; i < e->stage_count; i++) {
        quant_stage *stage = &e->stages[i];
        for (int w = 0; stage->selves && w < e->workers; w++)
            if (stage->selves[w])
                stage->engine->destroy(stage->selves[w]);
        free(stage->selves);
        free(stage->packed);
        free(stage->bias);
        free(stage->factor);
    }
    nn__pool_destroy(e->pool);
    free(e->stages);
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
    e->quant = quant;
    e->kernels = kernels;
    e->pool = nn__pool_create(threads);
    e->workers = e->pool ? nn__pool_threads(e->pool) : 0;
    e->params_version = nn__params_version();
    e->loading.dtype = (nn_dtype)-1;
    e->one.lanes = 1;
    e->loss_plan = (lane_plan){.net = quant->net, .kernels = &e->one};
    if (!e->pool || (kernels && !make_stages(e)) ||
        !(e->arenas = zeroed((size_t)e->workers * (e->arena_size + QUANT_ALIGN)))) {
        destroy(e);
        return NULL;
    }
    for (int w = 0; kernels && w < e->workers; w++) {
        unsigned char *arena = e->arenas + (size_t)w * e->arena_size;
        fill(e, arena, &e->input);
        for (int i = 0; i < e->stage_count; i++)
            fill(e, arena, &e->stages[i].out);
    }
    return e;
}

/* ---- one image ---- */

static void *elements(const quant_engine *e, unsigned char *arena, const quant_map *map)
{
    return arena + map->at + map->first * (size_t)e->kernels->element;
}

/* A map's rows from contiguous values of some storage. */
static void load_map(const quant_engine *e, unsigned char *arena, const quant_map *map,
                     const quant_input *input, const void *from)
{
    size_t row = (size_t)(map->w * map->c), size = input->dtype == NN_UINT8 ? 1 : sizeof(float);
    char *y = elements(e, arena, map);
    for (int i = 0; i < map->h; i++)
        e->kernels->load(input, (const char *)from + (size_t)i * row * size,
                         y + (size_t)i * (size_t)map->pitch * (size_t)e->kernels->element,
                         (int)row);
}

static void run_map(const quant_engine *e, unsigned char *arena, const quant_stage *stage)
{
    size_t row = (size_t)(stage->out.w * stage->out.c), size = (size_t)e->kernels->element;
    const char *x = elements(e, arena, &stage->in);
    char *y = elements(e, arena, &stage->out);
    for (int i = 0; i < stage->out.h; i++)
        e->kernels->map(stage->layer, x + (size_t)i * row * size,
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
    stage->engine->forward(stage->selves[worker], e->quant->params, &batch, out, NULL, NULL);
}

/* Runs all stages; the input lies in its map, or, for a first stage in float32, in the first buffer
   of floats. Returns the floats of the end. */
static float *run_stages(const quant_engine *e, int worker, unsigned char *arena)
{
    const quant_kernels *k = e->kernels;
    float *floats = (float *)(arena + e->floats_at[0]), *other = (float *)(arena + e->floats_at[1]);
    void *scratch = arena + e->scratch_at;
    for (int i = 0; i < e->stage_count; i++) {
        const quant_stage *stage = &e->stages[i];
        const quant_layer *l = stage->layer, *r = stage->result;
        void *x = arena + stage->in.at;
        void *y = l->to_float ? (void *)floats : elements(e, arena, &stage->out);
        switch (l->kind) {
        case QUANT_CONV:
            if (stage->columns)
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
    *input = (quant_input){
        .dtype = x->dtype, .scale = x->scale, .offset = x->offset, .range = e->quant->layers[0].in};
    if (x->dtype != NN_UINT8 || e->quant->type != QUANT_INT8)
        return;
    uint8_t bytes[256];
    int16_t wide[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    e->kernels->load(input, bytes, wide, 256);
    input->same = 1;
    for (int i = 0; i < 256; i++)
        input->same &= (e->kernels->element == 1 ? ((uint8_t *)wide)[i] : wide[i]) == i;
}

static void softmax(float *x, int n)
{
    float largest = x[0], total = 0;
    for (int i = 1; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (int i = 0; i < n; i++)
        total += x[i] = expf(x[i] - largest);
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
    const nn_net *net = e->quant->net;
    const tensor_t *x = &call->batch->x;
    size_t inputs = (size_t)net->in_h * (size_t)net->in_w * (size_t)net->in_c;
    size_t size = x->dtype == NN_UINT8 ? 1 : sizeof(float);
    const char *image = (const char *)x->data + (size_t)row * inputs * size;
    size_t outputs = (size_t)net->out_c;
    if (!e->kernels) {
        if (!nn__quant_reference(e->quant, image, x->dtype, x->scale, x->offset, out))
            for (size_t i = 0; i < outputs; i++)
                out[i] = NAN;
        return;
    }
    unsigned char *arena = e->arenas + (size_t)worker * e->arena_size;
    if (e->quant->layers[0].kind == QUANT_FLOAT) {
        float *to = (float *)(arena + e->floats_at[0]);
        for (size_t i = 0; i < inputs; i++)
            to[i] = (x->dtype == NN_UINT8   ? (float)((const uint8_t *)image)[i]
                     : x->dtype == NN_INT32 ? (float)((const int32_t *)image)[i]
                                            : ((const float *)image)[i]) *
                        x->scale +
                    x->offset;
    } else {
        load_map(e, arena, &e->input, &e->loading, image);
    }
    memcpy(out, run_stages(e, worker, arena), outputs * sizeof *out);
}

static void end_row(const quant_call *call, int64_t row, int item, float *out)
{
    quant_engine *e = call->engine;
    const nn_net *net = e->quant->net;
    int is_softmax = e->quant->end == NN_SOFTMAX;
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
    size_t outputs = (size_t)e->quant->net->out_c;
    unsigned char *arena = e->arenas + (size_t)worker * e->arena_size;
    int from = item * ITEM_ROWS, end = from + ITEM_ROWS;
    float *own = call->out || !e->kernels ? NULL : (float *)(arena + e->out_at);
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
    int items = blocks(batch->count, ITEM_ROWS);
    float *rows = NULL;
    if (e->kernels)
        prepare(e, &batch->x);
    else if (!out) /* the reference has no memory of its own */
        call.out = rows =
            malloc((size_t)batch->count * (size_t)e->quant->net->out_c * sizeof *rows);
    int ready = (!call.with_loss || make_room(e, items)) && (call.out || e->kernels);
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
