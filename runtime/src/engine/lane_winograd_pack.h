/* Weights at the points of lane_winograd.h. Part of lane_kernels.c, after lane_winograd_points.h. */

/* Channels or filters of a block whose weights lie together. */
enum { MOST_OUTPUTS = NREG == 32 ? 8 : 4 };

static const double FINITE_6[] = {0, 1, -1, 2, -0.5}, FINITE_8[] = {0, 1, -1, 2, -2, 0.5, -0.5},
                    FINITE_9[] = {0.25, -0.25, 0.625, -0.625, 1, -1, 2, -2};

/* G: g[point][kx] */
static void point_weights(const lane_way *way, double g[MOST_POINTS][MOST_WIDTH])
{
    int points = way->winograd.points, kernel_w = way->conv.kernel_w;
    const double *at = points == 9 ? FINITE_9 : points == 8 ? FINITE_8 : FINITE_6;
    for (int p = 0; p + 1 < points; p++) {
        double value = 1;
        for (int q = 0; q + 1 < points; q++)
            value /= q == p ? 1 : at[p] - at[q];
        for (int kx = 0; kx < kernel_w; kx++, value *= at[p])
            g[p][kx] = value;
    }
    for (int kx = 0; kx < kernel_w; kx++)
        g[points - 1][kx] = kx == kernel_w - 1;
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
    point_weights(way, g);
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
    point_weights(way, g);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(in_c, blocks, b), count = block_start(in_c, blocks, b + 1) - first;
        for (int ky = conv->kernel_h - 1; ky >= 0; ky--)
            for (int oc = 0; oc < out_c; oc++, packed += count)
                pack_row(way, weights + ((long)ky * conv->kernel_w * in_c + first) * out_c + oc,
                         out_c, count, g, packed);
    }
}
