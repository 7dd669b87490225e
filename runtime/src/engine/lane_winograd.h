/* Convolution by fewer products, row by row of the kernel (lane_way.h). Part of lane_kernels.c, after
   lane_winograd_pack.h and lane_dense.h.

   Between the transformations lies, for each point, a product of matrices: outputs are sums over
   kernel rows and channels, gradients of inputs over kernel rows and filters, those of weights over
   tiles and images. Everything is laid out so that what such a sum reads lies in one run. */

/* Blocks of accumulators: tiles beside MOST_OUTPUTS; channels and filters of sums over images. */
enum { MOST_TILES = 3, SUM_FILTERS = 4, SUM_CHANNELS = NREG == 32 ? 6 : 3 };

/* ---- products ---- */

/* OUTPUTS x TILES sums of n products: x has n rows of tiles, w as many of OUTPUTS weights. */
INLINE void point_block(const vf *x, long tiles, const float *w, long n, vf *to, const int OUTPUTS,
                        const int TILES)
{
    vf sum[MOST_OUTPUTS * MOST_TILES];
    UNROLL for (int i = 0; i < OUTPUTS * TILES; i++) sum[i] = (vf){0};
    for (; n > 0; n--, x += tiles, w += OUTPUTS) {
        RELOAD;
        vf v[MOST_TILES];
        UNROLL for (int t = 0; t < TILES; t++) {
            v[t] = x[t];
            HOLD(v[t]);
        }
        UNROLL for (int o = 0; o < OUTPUTS; o++) {
            vf factor = vset(w[o]);
            UNROLL for (int t = 0; t < TILES; t++) sum[o * TILES + t] += v[t] * factor;
        }
    }
    UNROLL for (int o = 0; o < OUTPUTS; o++)
        UNROLL for (int t = 0; t < TILES; t++) to[o * tiles + t] = sum[o * TILES + t];
}

#define POINT_CASE(o, t)                                                                           \
    case 4 * o + t:                                                                                \
        point_block(x + i, tiles, w, n, to + i, o, t);                                             \
        break;
#define POINT_CASES(o) POINT_CASE(o, 1) POINT_CASE(o, 2) POINT_CASE(o, 3)

/* The same for all tiles of a row. */
static void point_products(const vf *x, int tiles, const float *w, long n, vf *to, int outputs)
{
    int blocks = block_count(tiles, MOST_TILES);
    for (int b = 0; b < blocks; b++) {
        int i = block_start(tiles, blocks, b);
        switch (4 * outputs + block_start(tiles, blocks, b + 1) - i) {
            POINT_CASES(1) POINT_CASES(2) POINT_CASES(3) POINT_CASES(4)
#if NREG == 32
            POINT_CASES(5) POINT_CASES(6) POINT_CASES(7) POINT_CASES(8)
#endif
        }
    }
}

/* ---- activations at the points ---- */

/* Vectors of one point: [row][channel or filter][tile], and what keeps those of the points from
   meeting in the same lines of a cache. */
INLINE long apart(long vectors)
{
    enum { PAGE = 4096 / sizeof(vf), GAP = 576 / sizeof(vf) };
    return vectors + (PAGE + GAP - vectors % PAGE) % PAGE;
}
INLINE long input_points(const lane_way *way)
{
    return apart((long)way->conv.in.h * way->conv.in.c * way->winograd.tiles);
}
INLINE long output_points(const lane_way *way)
{
    return apart((long)way->conv.out.h * way->conv.out.c * way->winograd.tiles);
}

/* FUNCTION with the number of points, known when this is compiled, as its last argument. */
#define WITH_POINTS(way, function, ...)                                                            \
    switch ((way)->winograd.points) {                                                              \
    case 6: function(__VA_ARGS__, 6); break;                                                       \
    case 8: function(__VA_ARGS__, 8); break;                                                       \
    default: function(__VA_ARGS__, 9);                                                             \
    }

/* Column I of a row of N, then zeros. A loop of unknown length would have them in memory. */
INLINE vf row_at(const vf *row, int i, int n) { return i < n ? row[i] : (vf){0}; }

INLINE void take_inputs(const lane_way *way, const vf *x, vf *to, const int POINTS)
{
    const lane_map *in = &way->conv.in;
    const long step = input_points(way);
    const int COLUMNS = columns_of(POINTS);
    int tiles = way->winograd.tiles, last = (tiles - 1) * COLUMNS;
    const vf *from = x + in->at - way->conv.pad_left;
    for (int y = 0; y < in->h; y++)
        for (int c = 0; c < in->c; c++) {
            const vf *row = from + (long)c * in->plane + (long)y * in->pitch;
            for (int i = 0; i < last; i += COLUMNS)
                to_points(row + i, to++, step, POINTS);
            vf end[MOST_POINTS];
            UNROLL for (int i = 0; i < POINTS; i++) end[i] = row_at(row, last + i, in->pitch);
            to_points(end, to++, step, POINTS);
        }
}

static void winograd_take(const lane_way *way, const float *x, float *scratch)
{
    WITH_POINTS(way, take_inputs, way, (const vf *)x, (vf *)scratch)
}

INLINE void take_gradients(const lane_way *way, const lane_map *map, const vf *g, vf *to,
                           const int POINTS)
{
    const lane_map *out = &way->conv.out;
    const long step = output_points(way);
    const int COLUMNS = columns_of(POINTS);
    int tiles = way->winograd.tiles, last = (tiles - 1) * COLUMNS;
    for (int y = 0; y < out->h; y++)
        for (int c = 0; c < out->c; c++) {
            const vf *row = g + map->at + (long)c * map->plane + (long)y * map->pitch;
            for (int i = 0; i < last; i += COLUMNS)
                from_points_back(row + i, to++, step, POINTS);
            vf end[MOST_COLUMNS];
            UNROLL for (int i = 0; i < COLUMNS; i++) end[i] = row_at(row, last + i, out->w);
            from_points_back(end, to++, step, POINTS);
        }
}

/* ---- outputs ---- */

/* Row Y, from its sums. */
INLINE void give_outputs(const lane_way *way, const vf *sums, const float *bias, vf *y,
                         const int POINTS)
{
    const lane_map *out = &way->conv.out;
    const int COLUMNS = columns_of(POINTS);
    int tiles = way->winograd.tiles, last = (tiles - 1) * COLUMNS;
    const long step = (long)out->c * tiles;
    for (int c = 0; c < out->c; c++, y += out->plane) {
        vf start = vset(bias ? bias[c] : 0.0f), end[MOST_COLUMNS];
        for (int i = 0; i < last; i += COLUMNS)
            from_points(sums++, step, start, y + i, POINTS);
        from_points(sums++, step, start, end, POINTS);
        UNROLL for (int i = 0; i < COLUMNS; i++)
            if (last + i < out->w)
                y[last + i] = end[i];
    }
}

static void winograd_forward(const lane_way *way, float *scratch, const float *packed,
                             const float *bias, float *y, int y0, int y1)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    const lane_winograd *w = &way->winograd;
    const vf *inputs = (const vf *)scratch;
    vf *sums = (vf *)(scratch + w->sums_at);
    int blocks = block_count(out->c, MOST_OUTPUTS), column = conv->kernel_h * in->c;
    for (int row = y0; row < y1; row++) {
        int top = row - conv->pad_top, ky0 = top < 0 ? -top : 0;
        int ky1 = in->h - top < conv->kernel_h ? in->h - top : conv->kernel_h;
        for (int p = 0; p < w->points; p++)
            for (int b = 0; b < blocks; b++) {
                int oc = block_start(out->c, blocks, b);
                int count = block_start(out->c, blocks, b + 1) - oc;
                point_products(inputs + p * input_points(way) +
                                   (long)(top + ky0) * in->c * w->tiles,
                               w->tiles,
                               packed + ((size_t)p * out->c + oc) * column + ky0 * in->c * count,
                               (long)(ky1 - ky0) * in->c,
                               sums + ((long)p * out->c + oc) * w->tiles, count);
            }
        vf *to = (vf *)y + out->at + (long)row * out->pitch;
        WITH_POINTS(way, give_outputs, way, sums, bias, to)
    }
}

/* ---- gradient of the weights ---- */

/* Lanes of COUNT sums, added up: sum[c * FILTERS + f] goes to to[c * to_row + f]. */
INLINE void fold_sums(const vf *sum, float *to, long to_row, const int FILTERS, const int COUNT)
{
    UNROLL for (int first = 0; first < COUNT; first += VL) {
        vf square[VL];
        UNROLL for (int k = 0; k < VL; k++) square[k] = first + k < COUNT ? sum[first + k] : (vf){0};
        float folded[VL];
        *(vf_any *)folded = fold_square(square);
        UNROLL for (int k = 0; k < VL; k++)
            if (first + k < COUNT)
                to[(first + k) / FILTERS * to_row + (first + k) % FILTERS] = folded[k];
    }
}

/* Sums over rows of tiles, and over the images, of the products of FILTERS gradients and CHANNELS
   inputs: to[channel][filter]. Steps from channel to channel are `tiles`, from row to row those given. */
INLINE void weight_sums(const vf *x, long x_row, const vf *g, long g_row, int rows, long tiles,
                        float *to, long to_row, const int FILTERS, const int CHANNELS)
{
    vf sum[SUM_FILTERS * SUM_CHANNELS];
    UNROLL for (int i = 0; i < FILTERS * CHANNELS; i++) sum[i] = (vf){0};
    for (; rows > 0; rows--, x += x_row, g += g_row)
        for (long t = 0; t < tiles; t++) {
            RELOAD;
            vf v[SUM_CHANNELS];
            UNROLL for (int c = 0; c < CHANNELS; c++) {
                v[c] = x[c * tiles + t];
                HOLD(v[c]);
            }
            UNROLL for (int f = 0; f < FILTERS; f++) {
                vf factor = g[f * tiles + t];
                HOLD(factor);
                UNROLL for (int c = 0; c < CHANNELS; c++) sum[c * FILTERS + f] += v[c] * factor;
            }
        }
    fold_sums(sum, to, to_row, FILTERS, FILTERS * CHANNELS);
}

#define SUMS_CASE(f, c)                                                                            \
    case 8 * f + c:                                                                                \
        weight_sums(x, x_row, g, g_row, rows, tiles, to, to_row, f, c);                            \
        break;
#if NREG == 32
#define SUMS_CASES(f)                                                                              \
    SUMS_CASE(f, 1) SUMS_CASE(f, 2) SUMS_CASE(f, 3) SUMS_CASE(f, 4) SUMS_CASE(f, 5) SUMS_CASE(f, 6)
#else
#define SUMS_CASES(f) SUMS_CASE(f, 1) SUMS_CASE(f, 2) SUMS_CASE(f, 3)
#endif

static void weight_products(const vf *x, long x_row, const vf *g, long g_row, int rows, long tiles,
                            float *to, long to_row, int filters, int channels)
{
    switch (8 * filters + channels) {
        SUMS_CASES(1) SUMS_CASES(2) SUMS_CASES(3) SUMS_CASES(4)
    }
}

/* Those of one point: to[ky][ic][oc]. */
static void point_sums(const lane_way *way, const vf *x, const vf *g, float *to)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    long tiles = way->winograd.tiles, x_row = in->c * tiles, g_row = out->c * tiles;
    int filters = block_count(out->c, SUM_FILTERS), channels = block_count(in->c, SUM_CHANNELS);
    for (int f = 0; f < filters; f++)
        for (int ky = 0; ky < conv->kernel_h; ky++) {
            int oc = block_start(out->c, filters, f), above = ky - conv->pad_top;
            int y0 = above < 0 ? -above : 0, y1 = in->h - above < out->h ? in->h - above : out->h;
            for (int c = 0; c < channels; c++) {
                int ic = block_start(in->c, channels, c);
                weight_products(x + (y0 + above) * x_row + ic * tiles, x_row,
                                g + y0 * g_row + oc * tiles, g_row, y1 - y0, tiles,
                                to + ((long)ky * in->c + ic) * out->c + oc, out->c,
                                block_start(out->c, filters, f + 1) - oc,
                                block_start(in->c, channels, c + 1) - ic);
            }
        }
}

/* G' of what one point gives. */
static void add_point(const lane_conv *conv, const float *sums, const double *g, float *grad, int add)
{
    int row = conv->in.c * conv->out.c;
    for (int ky = 0; ky < conv->kernel_h; ky++, sums += row)
        for (int kx = 0; kx < conv->kernel_w; kx++, grad += row) {
            float factor = (float)g[kx];
            if (add)
                for (int i = 0; i < row; i++)
                    grad[i] += sums[i] * factor;
            else
                for (int i = 0; i < row; i++)
                    grad[i] = sums[i] * factor;
        }
}

static void winograd_weights(const lane_way *way, const lane_map *map, const float *x,
                             const float *g, float *grad, int add, float *scratch)
{
    const lane_conv *conv = &way->conv;
    const lane_winograd *w = &way->winograd;
    vf *inputs = (vf *)scratch, *gradients = (vf *)(scratch + w->gradients_at);
    float *sums = scratch + w->sums_at;
    double points[MOST_POINTS][MOST_WIDTH];
    point_weights(w->points, conv->kernel_w, points);
    if (!way->is_taken)
        winograd_take(way, x, scratch);
    WITH_POINTS(way, take_gradients, way, map, (const vf *)g, gradients)
    for (int p = 0; p < w->points; p++) {
        point_sums(way, inputs + p * input_points(way), gradients + p * output_points(way), sums);
        add_point(conv, sums, points[p], grad, add || p);
    }
}

/* ---- gradient of the input ---- */

INLINE void give_inputs(const lane_way *way, const vf *v, vf *dx, const int POINTS)
{
    const lane_map *in = &way->conv.in;
    const int COLUMNS = columns_of(POINTS), SHARED = POINTS - COLUMNS; /* with the next tile */
    const long step = input_points(way);
    int tiles = way->winograd.tiles;
    for (int y = 0; y < in->h; y++)
        for (int c = 0; c < in->c; c++) {
            vf *row = dx + (long)c * in->plane + (long)y * in->pitch;
            vf d[MOST_POINTS] = {{0}}, shared[MOST_WIDTH - 1] = {{0}};
            for (int i = 0; i < tiles * COLUMNS; i += COLUMNS, v++) {
                to_points_back(v, step, d, POINTS);
                UNROLL for (int k = 0; k < SHARED; k++) {
                    d[k] += shared[k];
                    shared[k] = d[COLUMNS + k];
                }
                if (i + COLUMNS <= in->pitch)
                    UNROLL for (int k = 0; k < COLUMNS; k++) row[i + k] = d[k];
                else
                    UNROLL for (int k = 0; k < COLUMNS; k++)
                        if (i + k < in->pitch)
                            row[i + k] = d[k];
            }
            UNROLL for (int k = 0; k < SHARED; k++)
                if (tiles * COLUMNS + k < in->pitch)
                    row[tiles * COLUMNS + k] = shared[k];
        }
}

/* The inputs' place is free when their gradients are made, and that of the gradients of the outputs
   still holds what winograd_weights() took. */
static void winograd_input(const lane_way *way, const lane_map *map, const float *g,
                           const float *packed, float *dx, float *scratch)
{
    (void)map;
    (void)g;
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    const lane_winograd *w = &way->winograd;
    const vf *gradients = (const vf *)(scratch + w->gradients_at);
    vf *inputs = (vf *)scratch;
    int blocks = block_count(in->c, MOST_OUTPUTS), column = conv->kernel_h * out->c;
    for (int p = 0; p < w->points; p++)
        for (int y = 0; y < in->h; y++) {
            int bottom = y + conv->pad_top; /* output row under kernel row 0 */
            int y0 = bottom - conv->kernel_h + 1 > 0 ? bottom - conv->kernel_h + 1 : 0;
            int y1 = bottom < out->h ? bottom + 1 : out->h;
            int skipped = y0 - (bottom - conv->kernel_h + 1);
            for (int b = 0; b < blocks; b++) {
                int ic = block_start(in->c, blocks, b);
                int count = block_start(in->c, blocks, b + 1) - ic;
                point_products(gradients + p * output_points(way) + (long)y0 * out->c * w->tiles,
                               w->tiles,
                               packed + ((size_t)p * in->c + ic) * column +
                                   (size_t)skipped * out->c * count,
                               (long)(y1 - y0) * out->c,
                               inputs + p * input_points(way) + ((long)y * in->c + ic) * w->tiles,
                               count);
            }
        }
    vf *to = (vf *)dx + in->at - conv->pad_left;
    WITH_POINTS(way, give_inputs, way, inputs, to)
}

/* ---- plan ---- */

/* Of a row of so many results. */
static int tiles_of(int columns, int points) { return block_count(columns, columns_of(points)); }

static int winograd_plan(lane_way *way)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    lane_winograd *w = &way->winograd;
    if (conv->stride_h != 1 || conv->stride_w != 1 || (conv->kernel_w != 3 && conv->kernel_w != 5))
        return 0;
    w->points = conv->kernel_w == 3 ? 6 : 8;
    if (w->points == 8 && 9 * tiles_of(out->w, 9) < 8 * tiles_of(out->w, 8))
        w->points = 9;
    w->tiles = tiles_of(out->w, w->points);
    size_t weights = (size_t)conv->kernel_h * in->c * out->c;
    size_t inputs = (size_t)(w->points * input_points(way)) * VL;
    size_t gradients = (size_t)(w->points * output_points(way)) * VL;
    size_t row = (size_t)w->points * out->c * w->tiles * VL;
    w->gradients_at = inputs;
    w->sums_at = inputs + gradients;
    way->packed_length = way->packed_input_length = weights * w->points;
    way->scratch_length = w->sums_at + (row > weights ? row : weights);

    /* In products of lane_kernels, two a cycle; the transformations were measured. */
    double plain = (double)out->h * out->w * conv->kernel_h * conv->kernel_w * in->c * out->c;
    double products = plain * w->points * w->tiles / ((double)out->w * conv->kernel_w);
    double of_inputs = 6.0 * w->points * input_points(way);
    double of_outputs = 6.0 * w->points * output_points(way);
    way->forward_time = (products + of_inputs + of_outputs) / plain;
    way->gradient_time = way->wants_input
                             ? (2 * products + 2 * of_inputs + of_outputs) / (2 * plain)
                             : (products + of_inputs + of_outputs) / plain;
    return 1;
}

static const lane_way_kernels winograd_kernels = {.plan = winograd_plan,
                                                  .pack = winograd_pack,
                                                  .pack_input = winograd_pack_input,
                                                  .take = winograd_take,
                                                  .forward = winograd_forward,
                                                  .weights = winograd_weights,
                                                  .input = winograd_input};
