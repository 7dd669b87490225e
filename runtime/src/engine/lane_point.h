/* Element-wise and pooling kernels in lanes. Part of lane_kernels.c. */

INLINE long index_of(const lane_map *map, int c, int y, int x)
{
    return map->at + (long)c * map->plane + (long)y * map->pitch + x;
}

/* ---- activations ---- */

/* A map without a frame is one run of values: so many, or 0. */
INLINE int flat_run(const lane_map *map, int y0, int y1)
{
    int whole = y0 == 0 && y1 == map->h && map->pitch == map->w && map->plane == map->w * map->h;
    return whole ? map->c * map->plane : 0;
}

INLINE void activate_rows(const lane_map *map, vf *x, int y0, int y1,
                          const nn_activation ACTIVATION)
{
    int run = flat_run(map, y0, y1);
    for (int i = 0; i < run; i++)
        x[map->at + i] = activated(x[map->at + i], ACTIVATION);
    if (run)
        return;
    for (int c = 0; c < map->c; c++)
        for (int y = y0; y < y1; y++) {
            vf *row = x + index_of(map, c, y, 0);
            for (int i = 0; i < map->w; i++)
                row[i] = activated(row[i], ACTIVATION);
        }
}

/* Softmax over the channels of each position. */
static void softmax_rows(const lane_map *map, vf *x, int y0, int y1)
{
    for (int y = y0; y < y1; y++)
        for (int i = 0; i < map->w; i++) {
            vf *first = x + index_of(map, 0, y, i), most = first[0], sum = {0};
            for (int c = 1; c < map->c; c++)
                most = vmax(most, first[(long)c * map->plane]);
            for (int c = 0; c < map->c; c++) {
                vf e = vexp(first[(long)c * map->plane] - most);
                first[(long)c * map->plane] = e;
                sum += e;
            }
            for (int c = 0; c < map->c; c++)
                first[(long)c * map->plane] /= sum;
        }
}

/* One stable step for softmax and crossentropy; see lane_kernels. */
static void label_loss(const lane_labels *labels, float *out, float *gradient, int n)
{
    vf *x = (vf *)out, *g = (vf *)gradient;
    const vi label = *(const vi *)labels->label;
    const vf weight = *(const vf *)labels->weight;
    vf most = x[0], wanted = x[0], sum = {0};
    vi best = {0};
    for (int k = 1; k < n; k++) {
        vi more = x[k] > most;
        most = vselect(more, x[k], most);
        best = (more & k) | (~more & best);
        wanted = vselect(label == k, x[k], wanted);
    }
    for (int k = 0; k < n; k++)
        sum += x[k] = vexp(x[k] - most);
    vf share = 1.0f / sum;
    for (int k = 0; k < n; k++) {
        x[k] *= share;
        if (g)
            g[k] = (x[k] - (vf)((label == k) & (vi)vset(1.0f))) * weight;
    }
    *(vf *)labels->gap = most - wanted;
    *(vf *)labels->sum = sum;
    *(vi *)labels->hit = best == label;
}

static void activate(const lane_map *map, nn_activation activation, float *x, int y0, int y1)
{
    switch (activation) {
    case NN_LINEAR:
        break;
    case NN_TANH:
        activate_rows(map, (vf *)x, y0, y1, NN_TANH);
        break;
    case NN_RELU:
        activate_rows(map, (vf *)x, y0, y1, NN_RELU);
        break;
    case NN_SIGMOID:
        activate_rows(map, (vf *)x, y0, y1, NN_SIGMOID);
        break;
    case NN_SOFTMAX:
        softmax_rows(map, (vf *)x, y0, y1);
        break;
    }
}

INLINE void derive_rows(const lane_map *map, const vf *y, vf *g, vf *bias_sums, int y0, int y1,
                        const nn_activation ACTIVATION)
{
    int run = bias_sums ? 0 : flat_run(map, y0, y1);
    for (int i = map->at; i < map->at + run; i++)
        g[i] = derived(y[i], g[i], ACTIVATION);
    if (run)
        return;
    for (int c = 0; c < map->c; c++) {
        vf sum = {0};
        for (int row = y0; row < y1; row++) {
            long at = index_of(map, c, row, 0);
            for (int i = 0; i < map->w; i++) {
                vf d = ACTIVATION == NN_LINEAR ? g[at + i] : derived(y[at + i], g[at + i], ACTIVATION);
                g[at + i] = d;
                sum += d;
            }
        }
        if (bias_sums)
            bias_sums[c] += sum;
    }
}

static void softmax_backward(const lane_map *map, const vf *y, vf *g, int y0, int y1)
{
    for (int row = y0; row < y1; row++)
        for (int i = 0; i < map->w; i++) {
            long at = index_of(map, 0, row, i);
            vf mean = {0};
            for (int c = 0; c < map->c; c++)
                mean += y[at + (long)c * map->plane] * g[at + (long)c * map->plane];
            for (int c = 0; c < map->c; c++) {
                vf *to = g + at + (long)c * map->plane;
                *to = y[at + (long)c * map->plane] * (*to - mean);
            }
        }
}

static void activate_backward(const lane_map *map, nn_activation activation, const float *y,
                              float *g, float *bias_sums, int y0, int y1)
{
    const vf *out = (const vf *)y;
    vf *gradient = (vf *)g, *sums = (vf *)bias_sums;
    switch (activation) {
    case NN_TANH:
        derive_rows(map, out, gradient, sums, y0, y1, NN_TANH);
        break;
    case NN_RELU:
        derive_rows(map, out, gradient, sums, y0, y1, NN_RELU);
        break;
    case NN_SIGMOID:
        derive_rows(map, out, gradient, sums, y0, y1, NN_SIGMOID);
        break;
    case NN_SOFTMAX:
        softmax_backward(map, out, gradient, y0, y1);
        /* fall through */
    case NN_LINEAR:
        if (sums)
            derive_rows(map, out, gradient, sums, y0, y1, NN_LINEAR);
        break;
    }
}

/* ---- pooling ---- */

typedef struct window {
    int y0, y1, x0, x1; /* inside the image */
} window;

INLINE window window_at(const lane_pool *pool, int oy, int ox)
{
    int y = oy * pool->stride_h - pool->pad_top, x = ox * pool->stride_w - pool->pad_left;
    window w = {y > 0 ? y : 0, y + pool->window_h, x > 0 ? x : 0, x + pool->window_w};
    w.y1 = w.y1 < pool->in.h ? w.y1 : pool->in.h;
    w.x1 = w.x1 < pool->in.w ? w.x1 : pool->in.w;
    return w;
}

static vf pooled(const lane_pool *pool, const vf *x, int c, window w)
{
    vf result = pool->maximum ? x[index_of(&pool->in, c, w.y0, w.x0)] : (vf){0};
    for (int y = w.y0; y < w.y1; y++)
        for (int i = w.x0; i < w.x1; i++) {
            vf v = x[index_of(&pool->in, c, y, i)];
            result = pool->maximum ? vmax(result, v) : (vf)(result + v);
        }
    if (!pool->maximum)
        result *= 1.0f / (float)((w.y1 - w.y0) * (w.x1 - w.x0));
    return result;
}

static int pool_is_2x2(const lane_pool *pool)
{
    return pool->window_h == 2 && pool->window_w == 2 && pool->stride_h == 2 &&
           pool->stride_w == 2 && !pool->pad_top && !pool->pad_left &&
           pool->out.h * 2 <= pool->in.h && pool->out.w * 2 <= pool->in.w;
}

INLINE void pool_rows_2x2(const lane_pool *pool, const vf *x, vf *y, int y0, int y1,
                          const int MAXIMUM)
{
    for (int c = 0; c < pool->out.c; c++)
        for (int oy = y0; oy < y1; oy++) {
            const vf *top = x + index_of(&pool->in, c, 2 * oy, 0), *bottom = top + pool->in.pitch;
            vf *to = y + index_of(&pool->out, c, oy, 0);
            for (int i = 0; i < pool->out.w; i++) {
                vf a = top[2 * i], b = top[2 * i + 1], d = bottom[2 * i], e = bottom[2 * i + 1];
                if (MAXIMUM)
                    to[i] = vmax(vmax(a, b), vmax(d, e));
                else
                    to[i] = ((a + b) + (d + e)) * 0.25f;
            }
        }
}

static void pool_forward(const lane_pool *pool, const float *x, float *y, int y0, int y1)
{
    const vf *in = (const vf *)x;
    vf *out = (vf *)y;
    if (pool_is_2x2(pool)) {
        if (pool->maximum)
            pool_rows_2x2(pool, in, out, y0, y1, 1);
        else
            pool_rows_2x2(pool, in, out, y0, y1, 0);
        return;
    }
    for (int c = 0; c < pool->out.c; c++)
        for (int oy = y0; oy < y1; oy++)
            for (int ox = 0; ox < pool->out.w; ox++)
                out[index_of(&pool->out, c, oy, ox)] =
                    pooled(pool, in, c, window_at(pool, oy, ox));
}

/* Of equal largest values the first in reading order takes the gradient. */
static void pool_backward(const lane_pool *pool, const float *x, const float *g, float *dx)
{
    const lane_map *in = &pool->in, *out = &pool->out;
    const vf *from = (const vf *)x;
    vf *to = (vf *)dx;
    for (int c = 0; c < in->c; c++)
        for (int y = 0; y < in->h; y++)
            memset(to + index_of(in, c, y, 0), 0, (size_t)in->w * sizeof(vf));
    for (int c = 0; c < out->c; c++)
        for (int oy = 0; oy < out->h; oy++)
            for (int ox = 0; ox < out->w; ox++) {
                window w = window_at(pool, oy, ox);
                vf gradient = ((const vf *)g)[index_of(out, c, oy, ox)];
                vf most = {0};
                if (pool->maximum)
                    most = pooled(pool, from, c, w);
                else
                    gradient *= 1.0f / (float)((w.y1 - w.y0) * (w.x1 - w.x0));
                vi open = (vi){0} - 1;
                for (int y = w.y0; y < w.y1; y++)
                    for (int i = w.x0; i < w.x1; i++) {
                        long at = index_of(in, c, y, i);
                        vi here = open;
                        if (pool->maximum) {
                            here &= from[at] == most;
                            open &= ~here;
                        }
                        to[at] += (vf)(here & (vi)gradient);
                    }
            }
}

/* Where the gradient of a pooling's input goes. */
typedef struct tile_place {
    const lane_map *map;
    vf *dx;
} tile_place;

INLINE void tile_rows_2x2(const lane_pool *pool, const vf *x, const vf *g, const tile_place *to,
                          vf *bias_sums, int y0, int y1, const int MAXIMUM,
                          const nn_activation ACTIVATION)
{
    for (int c = 0; c < pool->out.c; c++) {
        vf sum = {0}, sum2 = {0};
        for (int oy = y0; oy < y1; oy++) {
            const vf *top = x + index_of(&pool->in, c, 2 * oy, 0);
            const vf *bottom = top + pool->in.pitch;
            vf *above = to->dx + index_of(to->map, c, 2 * oy, 0), *below = above + to->map->pitch;
            const vf *from = g + index_of(&pool->out, c, oy, 0);
            for (int i = 0; i < pool->out.w; i++) {
                vf a = top[2 * i], b = top[2 * i + 1], d = bottom[2 * i], e = bottom[2 * i + 1];
                vf ga, gb, gd, ge;
                if (MAXIMUM) {
                    vf most = vmax(vmax(a, b), vmax(d, e));
                    vi gradient = (vi)from[i], is = a == most, open = ~is;
                    ga = (vf)(is & gradient);
                    is = open & (b == most);
                    gb = (vf)(is & gradient);
                    open &= ~is;
                    is = open & (d == most);
                    gd = (vf)(is & gradient);
                    open &= ~is;
                    ge = (vf)(open & (e == most) & gradient);
                } else {
                    ga = gb = gd = ge = from[i] * 0.25f;
                }
                ga = derived(a, ga, ACTIVATION);
                gb = derived(b, gb, ACTIVATION);
                gd = derived(d, gd, ACTIVATION);
                ge = derived(e, ge, ACTIVATION);
                above[2 * i] = ga;
                above[2 * i + 1] = gb;
                below[2 * i] = gd;
                below[2 * i + 1] = ge;
                sum += ga + gb;
                sum2 += gd + ge;
            }
        }
        bias_sums[c] += sum + sum2;
    }
}

INLINE void tile_rows(const lane_pool *pool, const vf *x, const vf *g, const tile_place *to,
                      vf *bias_sums, int y0, int y1, const nn_activation ACTIVATION)
{
    const lane_map *in = &pool->in;
    float share = 1.0f / (float)(pool->window_h * pool->window_w);
    for (int c = 0; c < pool->out.c; c++) {
        vf sum = {0};
        for (int oy = y0; oy < y1; oy++)
            for (int ox = 0; ox < pool->out.w; ox++) {
                window w = window_at(pool, oy, ox);
                vf gradient = g[index_of(&pool->out, c, oy, ox)], most = {0};
                if (pool->maximum)
                    most = pooled(pool, x, c, w);
                else
                    gradient *= share;
                vi open = (vi){0} - 1;
                for (int y = w.y0; y < w.y1; y++)
                    for (int i = w.x0; i < w.x1; i++) {
                        vf value = x[index_of(in, c, y, i)];
                        vi here = open;
                        if (pool->maximum) {
                            here &= value == most;
                            open &= ~here;
                        }
                        vf before = derived(value, (vf)(here & (vi)gradient), ACTIVATION);
                        to->dx[index_of(to->map, c, y, i)] = before;
                        sum += before;
                    }
            }
        bias_sums[c] += sum;
    }
}

#define TILE_CASE(kind)                                                                            \
    case kind:                                                                                     \
        if (!pool_is_2x2(pool))                                                                    \
            tile_rows(pool, in, from, &to, sums, y0, y1, kind);                                         \
        else if (pool->maximum)                                                                    \
            tile_rows_2x2(pool, in, from, &to, sums, y0, y1, 1, kind);                                  \
        else                                                                                       \
            tile_rows_2x2(pool, in, from, &to, sums, y0, y1, 0, kind);                                  \
        break;

static void pool_backward_tiles(const lane_pool *pool, nn_activation activation, const float *x,
                                const float *g, const lane_map *map, float *dx, float *bias_sums,
                                int y0, int y1)
{
    const vf *in = (const vf *)x, *from = (const vf *)g;
    const tile_place to = {map, (vf *)dx};
    vf *sums = (vf *)bias_sums;
    switch (activation) {
        TILE_CASE(NN_LINEAR)
        TILE_CASE(NN_TANH)
        TILE_CASE(NN_RELU)
        TILE_CASE(NN_SIGMOID)
    case NN_SOFTMAX: /* mixes channels: the plan does not ask for it */
        break;
    }
}

/* ---- moving and masking ---- */

static void copy(const lane_map *from, const lane_map *to, const float *x, float *y)
{
    for (int c = 0; c < from->c; c++)
        for (int row = 0; row < from->h; row++)
            memcpy((vf *)y + index_of(to, c, row, 0), (const vf *)x + index_of(from, c, row, 0),
                   (size_t)from->w * sizeof(vf));
}

static void flatten(const lane_map *map, const float *x, float *y)
{
    vf *to = (vf *)y;
    for (int row = 0; row < map->h; row++)
        for (int i = 0; i < map->w; i++)
            for (int c = 0; c < map->c; c++)
                *to++ = ((const vf *)x)[index_of(map, c, row, i)];
}

static void unflatten(const lane_map *map, const float *x, float *y)
{
    const vf *from = (const vf *)x;
    for (int row = 0; row < map->h; row++)
        for (int i = 0; i < map->w; i++)
            for (int c = 0; c < map->c; c++)
                ((vf *)y)[index_of(map, c, row, i)] = *from++;
}

static void dropout_mask(const uint64_t *keys, int count, float rate, float *mask)
{
    float kept = rate < 1.0f ? 1.0f / (1.0f - rate) : 0.0f;
    for (int i = 0; i < count; i++)
        for (int l = 0; l < VL; l++)
            mask[(long)i * VL + l] = nn__dropout_keeps(keys[l], (uint64_t)i, rate) ? kept : 0.0f;
}

static void dropout(const lane_map *map, const lane_map *to, const float *x, const float *mask,
                    float *y)
{
    const vf *factor = (const vf *)mask;
    for (int row = 0; row < map->h; row++)
        for (int i = 0; i < map->w; i++)
            for (int c = 0; c < map->c; c++)
                ((vf *)y)[index_of(to, c, row, i)] =
                    ((const vf *)x)[index_of(map, c, row, i)] * *factor++;
}

/* ---- images in ---- */

enum { LOAD_CHUNK = 64 }; /* elements of each image that are turned at a time */

INLINE void load_chunk(const lane_input *input, int first, int count, float *rows)
{
    for (int l = 0; l < VL; l++, rows += LOAD_CHUNK) {
        const float scale = input->scale, offset = input->offset;
        if (input->dtype == NN_UINT8) {
            const uint8_t *from = (const uint8_t *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = (float)from[i] * scale + offset;
        } else if (input->dtype == NN_INT32) {
            const int32_t *from = (const int32_t *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = (float)from[i] * scale + offset;
        } else {
            const float *from = (const float *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = from[i] * scale + offset;
        }
    }
}

/* Where the next element goes, in Keras' order of elements. */
typedef struct load_place {
    vf *row; /* of channel 0 */
    int c, column;
} load_place;

INLINE void load_put(const lane_map *map, load_place *to, vf value)
{
    to->row[(long)to->c * map->plane + to->column] = value;
    if (++to->c < map->c)
        return;
    to->c = 0;
    if (++to->column < map->w)
        return;
    to->column = 0;
    to->row += map->pitch;
}

typedef uint8_t bytes16 __attribute__((vector_size(16), may_alias));

enum { TURN_BYTES = 16 };

/* TURN_BYTES elements of every image, turned as bytes: a quarter of the work that floats would be. */
INLINE void turn_bytes(const lane_input *input, int first, uint8_t *to)
{
    bytes16 image[VL], turned[VL];
    UNROLL for (int l = 0; l < VL; l++)
        memcpy(&image[l], (const uint8_t *)input->image[l] + first, TURN_BYTES);
    UNROLL for (int step = 1; step < VL; step *= 2) {
        UNROLL for (int k = 0; k < VL / 2; k++) {
            turned[2 * k] = BYTES_LOW(image[k], image[k + VL / 2]);
            turned[2 * k + 1] = BYTES_HIGH(image[k], image[k + VL / 2]);
        }
        UNROLL for (int k = 0; k < VL; k++) image[k] = turned[k];
    }
    memcpy(to, image, sizeof image);
}

/* COUNT elements from there on. */
INLINE void put_bytes(const lane_input *input, const uint8_t *from, int count, load_place *to)
{
    const lane_map *map = &input->map;
    const vf scale = vset(input->scale), offset = vset(input->offset);
    if (map->c > 1) {
        for (int i = 0; i < count; i++)
            load_put(map, to, vbytes(from + i * VL) * scale + offset);
        return;
    }
    while (count > 0) {
        int run = map->w - to->column < count ? map->w - to->column : count;
        vf *row = to->row + to->column;
        for (int i = 0; i < run; i++)
            row[i] = vbytes(from + i * VL) * scale + offset;
        from += run * VL;
        count -= run;
        to->column += run;
        if (to->column == map->w) {
            to->column = 0;
            to->row += map->pitch;
        }
    }
}

static void load(const lane_input *input, float *x)
{
    const lane_map *map = &input->map;
    const int total = map->c * map->h * map->w;
    load_place to = {.row = (vf *)x + map->at};
    int first = 0;
    if (input->dtype == NN_UINT8) {
        _Alignas(64) uint8_t turned[LOAD_CHUNK * VL];
        while (first + TURN_BYTES <= total) {
            int count = 0;
            for (; count < LOAD_CHUNK && first + count + TURN_BYTES <= total; count += TURN_BYTES)
                turn_bytes(input, first + count, turned + count * VL);
            put_bytes(input, turned, count, &to);
            first += count;
        }
    }
    if (first == total)
        return;
    _Alignas(64) float rows[VL * LOAD_CHUNK];
    memset(rows, 0, sizeof rows);
    for (; first < total; first += LOAD_CHUNK) {
        int count = total - first < LOAD_CHUNK ? total - first : LOAD_CHUNK;
        load_chunk(input, first, count, rows);
        for (int part = 0; part < count; part += VL) {
            vf square[VL];
            for (int l = 0; l < VL; l++)
                square[l] = *(const vf *)(rows + l * LOAD_CHUNK + part);
            transpose_square(square);
            int last = count - part < VL ? count - part : VL;
            for (int k = 0; k < last; k++)
                load_put(map, &to, square[k]);
        }
    }
}
