/* Laying out: memory, packed weights, stages. */
#include "quant_layout.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- memory ---- */

enum { PAGE = 4096 };

static size_t reserve(size_t *total, size_t bytes)
{
    size_t at = *total;
    *total += (bytes + QUANT_SLACK + QUANT_ALIGN - 1) / QUANT_ALIGN * QUANT_ALIGN;
    return at;
}

void *nn__quant_zeroed(size_t bytes)
{
    size_t size = (bytes + QUANT_ALIGN) / QUANT_ALIGN * QUANT_ALIGN;
    void *memory;
    /* What is large begins a page: what lies beside what in the first cache shall not depend on what
       was allocated before (up to 8 % of LeNet-5's time). */
    if (posix_memalign(&memory, size < PAGE ? QUANT_ALIGN : PAGE, size))
        return NULL;
    return memset(memory, 0, size);
}

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

/* A map of this shape, with the frame that READER (may be NULL) wants. */
static quant_map map_of(quant_layout *lay, int h, int w, int c, const quant_layer *reader)
{
    quant_map map = {.h = h, .w = w, .c = c};
    int rows = h, columns = w, top = 0, left = 0;
    if (reader && reader->kind == QUANT_CONV) {
        top = reader->pad_top;
        left = reader->pad_left;
        rows = at_least(top + h, (reader->out_h - 1) * reader->stride_h + reader->kernel_h);
        columns = at_least(left + w, (reader->out_w - 1) * reader->stride_w + reader->kernel_w);
        map.fill = lay->quant->type == QUANT_INT8 ? reader->in.zero : 0;
    }
    map.pitch = columns * c;
    map.first = (size_t)top * (size_t)map.pitch + (size_t)left * (size_t)c;
    map.count = (size_t)rows * (size_t)map.pitch;
    map.at = reserve(&lay->arena_size, map.count * (size_t)lay->kernels->element);
    return map;
}

/* ---- what kernels want to know ---- */

static int pad(const quant_layout *lay, int outputs)
{
    int lanes = lay->kernels->lanes;
    return (outputs + lanes - 1) / lanes * lanes;
}

/* The kernel rows of a stage's weights, and the inputs of each. */
static int rows_of(const quant_layer *l, int *count)
{
    *count = l->kind == QUANT_CONV ? l->kernel_w * l->in_c : l->in_c;
    return l->kind == QUANT_CONV ? l->kernel_h : 1;
}

/* Biases and factors; room for the weights. */
static int take_outputs(quant_layout *lay, quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    const quant_kernels *k = lay->kernels;
    size_t outputs = (size_t)pad(lay, l->out_c);
    int count, rows = rows_of(l, &count);
    stage->packed_size = stage->columns
                             ? k->columns_pack_size(rows, count, l->out_c)
                             : k->pack_size(rows, count, l->out_c, l->kind == QUANT_DENSE);
    stage->packed_at = lay->weights_size;
    lay->weights_size += (stage->packed_size + QUANT_ALIGN - 1) / QUANT_ALIGN * QUANT_ALIGN;
    stage->bias = nn__quant_zeroed(outputs * 4);
    stage->factor = nn__quant_zeroed(outputs * sizeof(float));
    if (!stage->bias || !stage->factor)
        return 0;
    memcpy(stage->bias, l->bias ? (const void *)l->bias : l->biases, (size_t)l->out_c * 4);
    if (l->factor)
        memcpy(stage->factor, l->factor, (size_t)l->out_c * sizeof(float));
    return 1;
}

static quant_finish finish_of(const quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    int narrows = l->factor && l->activation == NN_RELU && l->out.zero == 0;
    for (int o = 0; o < l->out_c && narrows; o++)
        narrows = l->factor[o] < 1;
    return (quant_finish){l->activation, l->to_float, stage->factor, l->out.zero, narrows};
}

static int blocks(int n, int size)
{
    return (n + size - 1) / size;
}

static int shape_conv(quant_layout *lay, quant_stage *stage)
{
    const quant_layer *l = stage->layer, *r = stage->result;
    int lanes = lay->kernels->lanes;
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
                        .padded = pad(lay, l->out_c)};
    w->out_pitch = l->to_float ? l->out_w * l->out_c : stage->out.pitch;
    if (r != l)
        w->pooled = r->maximum ? QUANT_MAXIMUM : QUANT_AVERAGED;
    stage->columns =
        nn__quant_has_columns(w) &&
        (int64_t)l->out_c * blocks(w->out_w, lanes) < (int64_t)w->out_w * blocks(l->out_c, lanes);
    w->row_groups = blocks(l->kernel_w * l->in_c, lay->kernels->group);
    if (!take_outputs(lay, stage))
        return 0;
    w->bias = stage->bias;
    w->finish = finish_of(stage);
    return 1;
}

static int shape_dense(quant_layout *lay, quant_stage *stage)
{
    const quant_layer *l = stage->layer;
    if (!take_outputs(lay, stage))
        return 0;
    stage->dense = (quant_dense){.groups = blocks(l->in_c, lay->kernels->group),
                                 .out_c = l->out_c,
                                 .padded = pad(lay, l->out_c),
                                 .bias = stage->bias,
                                 .finish = finish_of(stage)};
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

static int make_float(quant_layout *lay, quant_stage *stage)
{
    char why[256];
    stage->engine = nn__engine_choose(&stage->layer->part, NULL, why, sizeof why);
    stage->selves = calloc((size_t)lay->workers, sizeof *stage->selves);
    for (int i = 0; stage->selves && i < lay->workers; i++)
        if (!(stage->selves[i] = stage->engine->create(&stage->layer->part, 1)))
            return 0;
    return stage->selves != NULL;
}

static int make_stage(quant_layout *lay, quant_stage *stage, size_t *scratch)
{
    size_t wanted = 0;
    switch (stage->layer->kind) {
    case QUANT_CONV:
        if (!shape_conv(lay, stage))
            return 0;
        wanted = nn__quant_conv_scratch(&stage->window);
        break;
    case QUANT_DENSE:
        if (!shape_dense(lay, stage))
            return 0;
        wanted = nn__quant_dense_scratch(&stage->dense);
        break;
    case QUANT_POOL:
        shape_pool(stage);
        break;
    case QUANT_MAP:
        break;
    case QUANT_FLOAT:
        return make_float(lay, stage);
    }
    *scratch = wanted > *scratch ? wanted : *scratch;
    return 1;
}

/* ---- weights ---- */

/* What may be read into the first cache while a layer still runs, in bytes: all but what a
   convolution itself needs. */
static size_t room_ahead(void)
{
    enum { OWN = 16 << 10, USUAL = 32 << 10 };
    long cache = 0;
#ifdef _SC_LEVEL1_DCACHE_SIZE
    cache = sysconf(_SC_LEVEL1_DCACHE_SIZE);
#endif
    return (size_t)((cache > OWN ? cache : USUAL) - OWN);
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What STAGE asks for: a convolution, what comes after it; a dense layer also the rest of its own
   weights, unless they are so many that it reads faster than it asks. */
static quant_ahead ahead_of(const quant_layout *lay, const quant_stage *stage)
{
    size_t room = room_ahead(), end = stage->packed_at + stage->packed_size, from = end;
    if (stage->layer->kind == QUANT_DENSE)
        from = stage->packed_size <= 2 * room ? at_most(stage->packed_at + room, end)
                                              : lay->weights_size;
    return (quant_ahead){lay->weights + from,
                         lay->weights + at_most(end + room, lay->weights_size)};
}

/* One after the other, so that what is read next is what comes next in memory. */
static int pack_all(quant_layout *lay)
{
    const quant_kernels *k = lay->kernels;
    lay->weights = nn__quant_zeroed(lay->weights_size + QUANT_AHEAD);
    if (!lay->weights)
        return 0;
    for (int i = 0; i < lay->stage_count; i++) {
        quant_stage *stage = &lay->stages[i];
        const quant_layer *l = stage->layer;
        if (l->kind != QUANT_CONV && l->kind != QUANT_DENSE)
            continue;
        const void *from = l->weights ? (const void *)l->weights : l->weights_bf16;
        char *packed = lay->weights + stage->packed_at;
        int count, rows = rows_of(l, &count);
        if (stage->columns)
            k->columns_pack(from, rows, count, l->out_c, packed);
        else
            k->pack(from, rows, count, l->out_c, l->kind == QUANT_DENSE, packed);
        if (l->kind == QUANT_DENSE) {
            stage->dense.weights = packed;
            stage->dense.ahead = ahead_of(lay, stage);
            continue;
        }
        stage->window.weights = packed;
        stage->window.ahead = ahead_of(lay, stage);
        stage->joins = !stage->columns && i + 1 < lay->stage_count &&
                       stage[1].layer->kind == QUANT_DENSE &&
                       nn__quant_joins(k, &stage->window, &stage[1].dense);
    }
    return 1;
}

/* ---- stages ---- */

static size_t values_of(const quant_layer *l)
{
    size_t in = (size_t)l->in_h * (size_t)l->in_w * (size_t)l->in_c;
    size_t out = (size_t)l->out_h * (size_t)l->out_w * (size_t)l->out_c;
    return in > out ? in : out;
}

int nn__quant_layout_make(quant_layout *lay)
{
    const quant_net *quant = lay->quant;
    const quant_layer *layers = quant->layers;
    int count = quant->layer_count;
    size_t floats = (size_t)quant->net->out_c, scratch = 0;
    lay->stages = calloc((size_t)count, sizeof *lay->stages);
    if (!lay->stages)
        return 0;
    lay->input = map_of(lay, quant->net->in_h, quant->net->in_w, quant->net->in_c, layers);
    quant_map before = lay->input;
    for (int i = 0; i < count; i++) {
        quant_stage *stage = &lay->stages[lay->stage_count++];
        stage->layer = stage->result = &layers[i];
        if (layers[i].takes_pool)
            stage->result = &layers[++i];
        const quant_layer *r = stage->result;
        stage->in = before;
        stage->out = map_of(lay, r->out_h, r->out_w, r->out_c, i + 1 < count ? r + 1 : NULL);
        before = stage->out;
        floats = values_of(stage->layer) > floats ? values_of(stage->layer) : floats;
        if (!make_stage(lay, stage, &scratch))
            return 0;
    }
    for (int i = 0; i < 2; i++)
        lay->floats_at[i] = reserve(&lay->arena_size, floats * sizeof(float));
    lay->out_at = reserve(&lay->arena_size, (size_t)quant->net->out_c * sizeof(float));
    lay->scratch_at = reserve(&lay->arena_size, scratch);
    return pack_all(lay);
}

static void fill(const quant_layout *lay, unsigned char *arena, const quant_map *map)
{
    for (size_t i = 0; map->fill && i < map->count; i++)
        if (lay->kernels->element == 1)
            arena[map->at + i] = (unsigned char)map->fill;
        else
            ((int16_t *)(arena + map->at))[i] = (int16_t)map->fill;
}

void nn__quant_layout_fill(const quant_layout *lay, unsigned char *arena)
{
    fill(lay, arena, &lay->input);
    for (int i = 0; i < lay->stage_count; i++)
        fill(lay, arena, &lay->stages[i].out);
}

void nn__quant_layout_free(quant_layout *lay)
{
    for (int i = 0; i < lay->stage_count; i++) {
        quant_stage *stage = &lay->stages[i];
        for (int w = 0; stage->selves && w < lay->workers; w++)
            if (stage->selves[w])
                stage->engine->destroy(stage->selves[w]);
        free(stage->selves);
        free(stage->bias);
        free(stage->factor);
    }
    free(lay->stages);
    free(lay->weights);
}
