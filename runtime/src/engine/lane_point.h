/* Element-wise kernels in lanes. Part of lane_kernels.c. */

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

INLINE void activate_run(vf *x, int n, const nn_activation ACTIVATION)
{
    int i = 0;
    if (ACTIVATION == NN_TANH)
        for (; i + 2 <= n; i += 2)
            vtanh_pair(&x[i], &x[i + 1]);
    for (; i < n; i++)
        x[i] = activated(x[i], ACTIVATION);
}

INLINE void activate_rows(const lane_map *map, vf *x, int y0, int y1,
                          const nn_activation ACTIVATION)
{
    int run = flat_run(map, y0, y1);
    if (run) {
        activate_run(x + map->at, run, ACTIVATION);
        return;
    }
    for (int c = 0; c < map->c; c++)
        for (int y = y0; y < y1; y++)
            activate_run(x + index_of(map, c, y, 0), map->w, ACTIVATION);
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
