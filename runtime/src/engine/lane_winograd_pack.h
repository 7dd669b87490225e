/* Weights at the points of lane_winograd.h. Part of lane_kernels.c, after lane_winograd_points.h. */

/* Channels or filters of a block whose weights lie together. */
enum { MOST_OUTPUTS = NREG == 32 ? 8 : 4 };

static const double FINITE_6[] = {0, 1, -1, 2, -0.5}, FINITE_8[] = {0, 1, -1, 2, -2, 0.5, -0.5};

/* The P-th of so many points; the last is infinity. */
static double point_at(int points, int p)
{
    if (points == 9)
        return (double)(p % 2 ? -PAIR_AT[p / 2] : PAIR_AT[p / 2]);
    return points == 8 ? FINITE_8[p] : FINITE_6[p];
}

/* G: g[point][tap] for a row of `width` weights. */
static void point_weights(int points, int width, double g[MOST_POINTS][MOST_WIDTH])
{
    for (int p = 0; p + 1 < points; p++) {
        double at = point_at(points, p), value = 1;
        for (int q = 0; q + 1 < points; q++)
            value /= q == p ? 1 : at - point_at(points, q);
        for (int k = 0; k < width; k++, value *= at)
            g[p][k] = value;
    }
    for (int k = 0; k < width; k++)
        g[points - 1][k] = k == width - 1;
}

/* One weight at a point whose powers are G: of COUNT neighbours, `down` apart. */
static double point_weight(const double *g, const float *weights, size_t down, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++)
        sum += g[k] * (double)weights[(size_t)k * down];
    return sum;
}

/* So many weights at once, in float64: what is rounded here is rounded for all images. */
typedef double vd __attribute__((vector_size(MOST_OUTPUTS * 8)));

/* COUNT neighbours, `neighbour` apart, of the weights of a kernel row: to[point][neighbour]. */
INLINE void pack_points(const float *weights, long tap, long neighbour, int count,
                        double g[MOST_POINTS][MOST_WIDTH], int points, float *to, long point,
                        const int WIDTH)
{
    vd value[MOST_WIDTH] = {{0}};
    UNROLL for (int kx = 0; kx < WIDTH; kx++)
        for (int i = 0; i < count; i++)
            value[kx][i] = (double)weights[kx * tap + i * neighbour];
    for (int p = 0; p < points; p++, to += point) {
        vd sum = {0};
        UNROLL for (int kx = 0; kx < WIDTH; kx++) sum += g[p][kx] * value[kx];
        for (int i = 0; i < count; i++)
            to[i] = (float)sum[i];
    }
}

static void pack_row(const lane_way *way, const float *weights, long neighbour, int count,
                     double g[MOST_POINTS][MOST_WIDTH], float *to)
{
    const lane_conv *conv = &way->conv;
    const int points = way->winograd.points;
    const long tap = (long)conv->in.c * conv->out.c, point = conv->kernel_h * tap;
    if (conv->kernel_w == 5 && count == MOST_OUTPUTS)
        pack_points(weights, tap, neighbour, MOST_OUTPUTS, g, points, to, point, 5);
    else if (conv->kernel_w == 5)
        pack_points(weights, tap, neighbour, count, g, points, to, point, 5);
    else if (count == MOST_OUTPUTS)
        pack_points(weights, tap, neighbour, MOST_OUTPUTS, g, points, to, point, 3);
    else
        pack_points(weights, tap, neighbour, count, g, points, to, point, 3);
}

/* [point][block of filters][ky][ic][filter] */
static void winograd_pack(const lane_way *way, const float *weights, float *packed)
{
    const lane_conv *conv = &way->conv;
    double g[MOST_POINTS][MOST_WIDTH];
    int in_c = conv->in.c, out_c = conv->out.c, blocks = block_count(out_c, MOST_OUTPUTS);
    point_weights(way->winograd.points, conv->kernel_w, g);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out_c, blocks, b), count = block_start(out_c, blocks, b + 1) - first;
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int ic = 0; ic < in_c; ic++, packed += count)
                pack_row(way, weights + ((long)ky * conv->kernel_w * in_c + ic) * out_c + first,
                         1, count, g, packed);
    }
}

/* [point][block of channels][ky, the last first][oc][channel] */
static void winograd_pack_input(const lane_way *way, const float *weights, float *packed)
{
    const lane_conv *conv = &way->conv;
    double g[MOST_POINTS][MOST_WIDTH];
    int in_c = conv->in.c, out_c = conv->out.c, blocks = block_count(in_c, MOST_OUTPUTS);
    point_weights(way->winograd.points, conv->kernel_w, g);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(in_c, blocks, b), count = block_start(in_c, blocks, b + 1) - first;
        for (int ky = conv->kernel_h - 1; ky >= 0; ky--)
            for (int oc = 0; oc < out_c; oc++, packed += count)
                pack_row(way, weights + ((long)ky * conv->kernel_w * in_c + first) * out_c + oc,
                         out_c, count, g, packed);
    }
}
