/* Pooling in lanes and back. Part of lane_kernels.c, after lane_point.h. */

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
