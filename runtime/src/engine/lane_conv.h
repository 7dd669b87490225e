/* Convolution in lanes: outputs and the gradient of the input. Part of lane_kernels.c. */

/* Sizes of blocks of accumulators: those, the inputs and one weight fit the registers, a sum is
   not needed again before the last addition to it is done, and few loads serve many products. */
#if NREG == 32
#define FORWARD_CHANNELS 6
#define FORWARD_COLUMNS  4
#define SINGLE_BLOCK     24
#define INPUT_CHANNELS_5 2
#define INPUT_CHANNELS_3 2
#define INPUT_COLUMNS_5  7
#define INPUT_COLUMNS_3  8
#else
#define FORWARD_CHANNELS 6
#define FORWARD_COLUMNS  2
#define SINGLE_BLOCK     12
#define INPUT_CHANNELS_5 2
#define INPUT_CHANNELS_3 3
#define INPUT_COLUMNS_5  2
#define INPUT_COLUMNS_3  2
#endif

/* ---- outputs ---- */

/* The weights of a block of output channels are read in one sweep: [block][ic][ky][kx][channel]. */
static void conv_pack(const lane_conv *conv, const float *weights, float *packed)
{
    int in_c = conv->in.c, out_c = conv->out.c, taps = conv->kernel_h * conv->kernel_w;
    int blocks = block_count(out_c, FORWARD_CHANNELS);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out_c, blocks, b), end = block_start(out_c, blocks, b + 1);
        for (int ic = 0; ic < in_c; ic++)
            for (int tap = 0; tap < taps; tap++)
                for (int oc = first; oc < end; oc++)
                    *packed++ = weights[(size_t)(tap * in_c + ic) * out_c + oc];
    }
}

/* One tap. x: the input under it at the first of COLUMNS neighbours, `step` apart. */
INLINE void forward_tap(vf *sum, const vf *x, long step, const float *w, const int CHANNELS,
                        const int COLUMNS)
{
    RELOAD;
    vf v[FORWARD_COLUMNS];
    UNROLL for (int i = 0; i < COLUMNS; i++) v[i] = x[i * step];
    UNROLL for (int c = 0; c < CHANNELS; c++) {
        vf factor = vset(w[c]);
        UNROLL for (int i = 0; i < COLUMNS; i++) sum[c * COLUMNS + i] += v[i] * factor;
    }
}

/* Where the results of a row of a block of channels go. */
typedef struct forward_place {
    int rectified; /* ReLU */
    vf *y;
    long plane;
    /* The second row of pooling windows of 2 x 2: their results, too. */
    vf *pooled;
    long above, pooled_plane; /* from a value to the one above it */
    int maximum;
} forward_place;

INLINE void forward_store(const forward_place *to, vf *sum, int at, const int CHANNELS,
                          const int COLUMNS)
{
    const long plane = to->plane, pooled_plane = to->pooled_plane;
    vf *y = to->y + at;
    if (to->rectified)
        UNROLL for (int i = 0; i < CHANNELS * COLUMNS; i++) sum[i] = vmax((vf){0}, sum[i]);
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < COLUMNS; i++) y[c * plane + i] = sum[c * COLUMNS + i];
    if (!to->pooled || COLUMNS < 2)
        return;
    const vf *up = y - to->above;
    vf *pooled = to->pooled + at / 2;
    if (to->maximum)
        UNROLL for (int c = 0; c < CHANNELS; c++, up += plane, pooled += pooled_plane)
            UNROLL for (int i = 0; i + 1 < COLUMNS; i += 2)
                pooled[i / 2] = vmax(vmax(up[i], up[i + 1]),
                                     vmax(sum[c * COLUMNS + i], sum[c * COLUMNS + i + 1]));
    else
        UNROLL for (int c = 0; c < CHANNELS; c++, up += plane, pooled += pooled_plane)
            UNROLL for (int i = 0; i + 1 < COLUMNS; i += 2)
                pooled[i / 2] = ((up[i] + up[i + 1]) +
                                 (sum[c * COLUMNS + i] + sum[c * COLUMNS + i + 1])) * 0.25f;
}

/* CHANNELS output channels at COLUMNS neighbours of a row, under kernel rows ky0 .. ky1-1. x: the
   input under tap (0, 0) of the first. KERNEL_W 0: not known when compiling; else the stride is 1. */
INLINE void forward_block(const lane_conv *conv, const vf *x, const float *weights,
                          const float *bias, const forward_place *to, int at, int ky0, int ky1,
                          const int KERNEL_W, const int CHANNELS, const int COLUMNS)
{
    vf sum[FORWARD_CHANNELS * FORWARD_COLUMNS];
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int i = 0; i < COLUMNS; i++)
            sum[c * COLUMNS + i] = vset(bias ? bias[c] : 0.0f);
    const int kernel_w = KERNEL_W ? KERNEL_W : conv->kernel_w;
    const long skipped = (long)(conv->kernel_h - ky1 + ky0) * kernel_w * CHANNELS;
    const long plane = conv->in.plane, pitch = conv->in.pitch;
    const float *w = weights + (long)ky0 * kernel_w * CHANNELS;
    x += ky0 * pitch;
    for (int ic = 0; ic < conv->in.c; ic++, x += plane, w += skipped) {
        const vf *row = x;
        for (int ky = ky0; ky < ky1; ky++, row += pitch, w += kernel_w * CHANNELS) {
            UNROLL for (int i = 0; i < CHANNELS * COLUMNS; i++) HOLD(sum[i]);
            if (KERNEL_W)
                UNROLL for (int kx = 0; kx < KERNEL_W; kx++)
                    forward_tap(sum, row + kx, 1, w + kx * CHANNELS, CHANNELS, COLUMNS);
            else
                for (int kx = 0; kx < kernel_w; kx++)
                    forward_tap(sum, row + kx, conv->stride_w, w + kx * CHANNELS, CHANNELS,
                                COLUMNS);
        }
    }
    forward_store(to, sum, at, CHANNELS, COLUMNS);
}

INLINE void forward_row(const lane_conv *conv, const vf *x, const float *weights,
                        const float *bias, const forward_place *to, int ky0, int ky1,
                        const int KERNEL_W, const int CHANNELS)
{
    const long step = KERNEL_W ? 1 : conv->stride_w;
    int i = 0;
    for (; i + FORWARD_COLUMNS <= conv->out.w; i += FORWARD_COLUMNS)
        forward_block(conv, x + i * step, weights, bias, to, i, ky0, ky1, KERNEL_W, CHANNELS,
                      FORWARD_COLUMNS);
#if FORWARD_COLUMNS > 2
    for (; i + 2 <= conv->out.w; i += 2)
        forward_block(conv, x + i * step, weights, bias, to, i, ky0, ky1, KERNEL_W, CHANNELS, 2);
#endif
    for (; i < conv->out.w; i++)
        forward_block(conv, x + i * step, weights, bias, to, i, ky0, ky1, KERNEL_W, CHANNELS, 1);
}

#define FORWARD_CASE(n)                                                                            \
    case n:                                                                                        \
        if (conv->kernel_w == 5 && conv->stride_w == 1)                                            \
            forward_row(conv, x, weights, bias, to, ky0, ky1, 5, n);                               \
        else if (conv->kernel_w == 3 && conv->stride_w == 1)                                       \
            forward_row(conv, x, weights, bias, to, ky0, ky1, 3, n);                               \
        else                                                                                       \
            forward_row(conv, x, weights, bias, to, ky0, ky1, 0, n);                               \
        break;

static void forward_channels(const lane_conv *conv, const vf *x, const float *weights,
                             const float *bias, const forward_place *to, int ky0, int ky1,
                             int channels)
{
    switch (channels) {
        FORWARD_CASE(1)
        FORWARD_CASE(2)
        FORWARD_CASE(3)
        FORWARD_CASE(4)
        FORWARD_CASE(5)
        FORWARD_CASE(6)
    }
}

/* Activations that cost more than a comparison, and then pooling, are done row by row. */
static int is_costly(nn_activation activation)
{
    return activation == NN_TANH || activation == NN_SIGMOID;
}

static void conv_forward(const lane_conv *conv, const float *x, const float *weights,
                         const float *bias, float *y, int y0, int y1, const lane_after *after)
{
    const lane_map *in = &conv->in, *out = &conv->out;
    const lane_pool *pool = after->pool;
    size_t channel_weights = (size_t)in->c * conv->kernel_h * conv->kernel_w;
    int blocks = block_count(out->c, FORWARD_CHANNELS), costly = is_costly(after->activation);
    forward_place to = {.rectified = after->activation == NN_RELU, .plane = out->plane};
    for (int row = y0; row < y1; row++) {
        int top = row * conv->stride_h - conv->pad_top; /* input row under kernel row 0 */
        int ky0 = top < 0 ? -top : 0;
        int ky1 = in->h - top < conv->kernel_h ? in->h - top : conv->kernel_h;
        const vf *from = (const vf *)x + in->at + (long)top * in->pitch - conv->pad_left;
        int pools = pool && row % 2;
        for (int b = 0; b < blocks; b++) {
            int oc = block_start(out->c, blocks, b);
            to.y = (vf *)y + out->at + (long)row * out->pitch + (long)oc * out->plane;
            to.pooled = NULL;
            if (pools && !costly) {
                to.maximum = pool->maximum;
                to.above = out->pitch;
                to.pooled_plane = pool->out.plane;
                to.pooled = (vf *)after->pooled + pool->out.at +
                            (long)(row / 2) * pool->out.pitch + (long)oc * pool->out.plane;
            }
            forward_channels(conv, from, weights + oc * channel_weights, bias ? bias + oc : NULL,
                             &to, ky0, ky1, block_start(out->c, blocks, b + 1) - oc);
        }
        if (costly)
            activate(out, after->activation, y, row, row + 1);
        if (costly && pools)
            pool_forward(pool, y, after->pooled, row / 2, row / 2 + 1);
    }
}

/* ---- gradient of the input ---- */

static int input_in_rows(const lane_conv *conv)
{
    return conv->stride_h == 1 && conv->stride_w == 1 &&
           (conv->kernel_w == 3 || conv->kernel_w == 5);
}

static int input_channels(const lane_conv *conv)
{
    return conv->kernel_w == 5 ? INPUT_CHANNELS_5 : INPUT_CHANNELS_3;
}

/* By rows: [block of input channels][ky][oc][channel][kx]; else [ky][kx][oc][ic]. */
static void conv_pack_input(const lane_conv *conv, const float *weights, float *packed)
{
    int in_c = conv->in.c, out_c = conv->out.c, kw = conv->kernel_w;
    if (!input_in_rows(conv)) {
        for (int tap = 0; tap < conv->kernel_h * kw; tap++)
            for (int oc = 0; oc < out_c; oc++)
                for (int ic = 0; ic < in_c; ic++)
                    *packed++ = weights[(size_t)(tap * in_c + ic) * out_c + oc];
        return;
    }
    int blocks = block_count(in_c, input_channels(conv));
    for (int b = 0; b < blocks; b++) {
        int first = block_start(in_c, blocks, b), end = block_start(in_c, blocks, b + 1);
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int oc = 0; oc < out_c; oc++)
                for (int ic = first; ic < end; ic++)
                    for (int kx = 0; kx < kw; kx++)
                        *packed++ = weights[(size_t)((ky * kw + kx) * in_c + ic) * out_c + oc];
    }
}

/* COLUMNS gradients of one row reach COLUMNS + KERNEL_W - 1 input columns: no work is lost at the
   borders. g is the gradient under kernel row 0 (later rows lie above it), dx the first column
   reached. Columns shared with the block to the left are added to. */
INLINE void input_block(const lane_conv *conv, const vf *g, const float *weights, vf *dx, int ky0,
                        int ky1, int add, const int KERNEL_W, const int COLUMNS,
                        const int CHANNELS)
{
    enum { MOST = NREG == 32 ? 28 : 12, HELD = NREG == 32 ? 8 : 2 };
    const int REACH = COLUMNS + KERNEL_W - 1;
    const long plane = conv->out.plane, pitch = conv->out.pitch, out_c = conv->out.c;
    vf sum[MOST];
    UNROLL for (int i = 0; i < REACH * CHANNELS; i++) sum[i] = (vf){0};
    const float *w = weights + ky0 * out_c * CHANNELS * KERNEL_W;
    for (int ky = ky0; ky < ky1; ky++) {
        const vf *row = g - ky * pitch;
        for (long oc = 0; oc < out_c; oc++, row += plane, w += CHANNELS * KERNEL_W) {
            vf gradient[HELD];
            UNROLL for (int x = 0; x < COLUMNS; x++) gradient[x] = row[x];
            UNROLL for (int kx = 0; kx < KERNEL_W; kx++) {
                RELOAD;
                UNROLL for (int c = 0; c < CHANNELS; c++) {
                    vf factor = vset(w[c * KERNEL_W + kx]);
                    UNROLL for (int x = 0; x < COLUMNS; x++)
                        sum[c * REACH + x + kx] += gradient[x] * factor;
                }
            }
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++) {
        vf *to = dx + (long)c * conv->in.plane;
        if (add)
            UNROLL for (int x = 0; x < KERNEL_W - 1; x++) sum[c * REACH + x] += to[x];
        UNROLL for (int x = 0; x < REACH; x++) to[x] = sum[c * REACH + x];
    }
}

#define INPUT_CASE(n)                                                                              \
    case n:                                                                                        \
        if (n <= (KERNEL_W == 5 ? INPUT_COLUMNS_5 : INPUT_COLUMNS_3))                              \
            input_block(conv, g, weights, dx, ky0, ky1, add, KERNEL_W, n, CHANNELS);               \
        break;

INLINE void input_columns(const lane_conv *conv, const vf *g, const float *weights, vf *dx,
                          int ky0, int ky1, int add, int columns, const int KERNEL_W,
                          const int CHANNELS)
{
    switch (columns) {
        INPUT_CASE(1)
        INPUT_CASE(2)
#if NREG == 32
        INPUT_CASE(3)
        INPUT_CASE(4)
        INPUT_CASE(5)
        INPUT_CASE(6)
        INPUT_CASE(7)
        INPUT_CASE(8)
        INPUT_CASE(9)
        INPUT_CASE(10)
        INPUT_CASE(11)
        INPUT_CASE(12)
#endif
    }
}

/* One input row of one block of channels. */
INLINE void input_row(const lane_conv *conv, const vf *g, const float *weights, vf *dx, int iy,
                      const int KERNEL_W, const int CHANNELS)
{
    const lane_map *out = &conv->out;
    int top = iy + conv->pad_top; /* output row under kernel row 0 */
    int ky0 = top - (out->h - 1), ky1 = top + 1;
    ky0 = ky0 > 0 ? ky0 : 0;
    ky1 = ky1 < conv->kernel_h ? ky1 : conv->kernel_h;
    int blocks = block_count(out->w, KERNEL_W == 5 ? INPUT_COLUMNS_5 : INPUT_COLUMNS_3);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out->w, blocks, b);
        int columns = block_start(out->w, blocks, b + 1) - first;
        input_columns(conv, g + out->at + (long)top * out->pitch + first, weights,
                      dx + (long)iy * conv->in.pitch + first - conv->pad_left, ky0, ky1, b > 0,
                      columns, KERNEL_W, CHANNELS);
    }
}

static void input_row_5(const lane_conv *conv, const vf *g, const float *w, vf *dx, int iy,
                        int channels)
{
    if (channels == 1)
        input_row(conv, g, w, dx, iy, 5, 1);
    else
        input_row(conv, g, w, dx, iy, 5, 2);
}
static void input_row_3(const lane_conv *conv, const vf *g, const float *w, vf *dx, int iy,
                        int channels)
{
    if (channels == 1)
        input_row(conv, g, w, dx, iy, 3, 1);
    else if (channels == 2)
        input_row(conv, g, w, dx, iy, 3, 2);
#if INPUT_CHANNELS_3 == 3
    else
        input_row(conv, g, w, dx, iy, 3, 3);
#endif
}

/* y[o * y_step] (+)= bias[o] + sum over i of x[i * x_step] * weights[i * m + o] for OUTPUTS
   accumulators. */
INLINE void single_block(const vf *x, long x_step, const float *weights, int n, int m,
                         const float *bias, vf *y, long y_step, const int ADD, const int OUTPUTS)
{
    vf sum[SINGLE_BLOCK];
    UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] = vset(bias ? bias[o] : 0.0f);
    for (int i = 0; i < n; i++, x += x_step, weights += m) {
        vf v = *x;
        UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] += v * weights[o];
    }
    UNROLL for (int o = 0; o < OUTPUTS; o++)
        y[o * y_step] = ADD ? (vf)(y[o * y_step] + sum[o]) : sum[o];
}

#define SINGLE_CASE(k)                                                                             \
    case k:                                                                                        \
        single_block(x, x_step, weights, n, m, bias, y, y_step, ADD, k);                           \
        break;

INLINE void single_outputs(const vf *x, long x_step, const float *weights, int n, int m,
                           const float *bias, vf *y, long y_step, const int ADD, int outputs)
{
    switch (outputs) {
        SINGLE_CASE(1) SINGLE_CASE(2) SINGLE_CASE(3) SINGLE_CASE(4)
        SINGLE_CASE(5) SINGLE_CASE(6) SINGLE_CASE(7) SINGLE_CASE(8)
        SINGLE_CASE(9) SINGLE_CASE(10) SINGLE_CASE(11) SINGLE_CASE(12)
#if SINGLE_BLOCK == 24
        SINGLE_CASE(13) SINGLE_CASE(14) SINGLE_CASE(15) SINGLE_CASE(16)
        SINGLE_CASE(17) SINGLE_CASE(18) SINGLE_CASE(19) SINGLE_CASE(20)
        SINGLE_CASE(21) SINGLE_CASE(22) SINGLE_CASE(23) SINGLE_CASE(24)
#endif
    }
}

static void input_position(const vf *g, long g_step, const float *weights, int out_c, int in_c,
                           vf *dx, long dx_step)
{
    int blocks = block_count(in_c, SINGLE_BLOCK);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(in_c, blocks, b);
        single_outputs(g, g_step, weights + first, out_c, in_c, NULL, dx + first * dx_step,
                       dx_step, 1, block_start(in_c, blocks, b + 1) - first);
    }
}

/* Any kernel and stride: each output position gives to each input position under its window. */
static void input_by_positions(const lane_conv *conv, const vf *g, const float *weights, vf *dx)
{
    const lane_map *in = &conv->in, *out = &conv->out;
    for (int ic = 0; ic < in->c; ic++)
        for (int iy = 0; iy < in->h; iy++)
            memset(dx + in->at + (long)ic * in->plane + (long)iy * in->pitch, 0,
                   (size_t)in->w * sizeof(vf));
    for (int oy = 0; oy < out->h; oy++)
        for (int ky = 0; ky < conv->kernel_h; ky++) {
            int iy = oy * conv->stride_h + ky - conv->pad_top;
            if (iy < 0 || iy >= in->h)
                continue;
            for (int kx = 0; kx < conv->kernel_w; kx++)
                for (int ox = 0; ox < out->w; ox++) {
                    int ix = ox * conv->stride_w + kx - conv->pad_left;
                    if (ix < 0 || ix >= in->w)
                        continue;
                    input_position(g + out->at + (long)oy * out->pitch + ox, out->plane,
                                   weights + (size_t)(ky * conv->kernel_w + kx) * in->c * out->c,
                                   out->c, in->c, dx + in->at + (long)iy * in->pitch + ix,
                                   in->plane);
                }
        }
}

static void conv_input(const lane_conv *conv, const float *g, const float *weights, float *dx)
{
    const lane_map *in = &conv->in;
    if (!input_in_rows(conv)) {
        input_by_positions(conv, (const vf *)g, weights, (vf *)dx);
        return;
    }
    size_t channel_weights = (size_t)conv->out.c * conv->kernel_h * conv->kernel_w;
    int blocks = block_count(in->c, input_channels(conv));
    for (int iy = 0; iy < in->h; iy++) /* all channels, while its gradients are in the cache */
        for (int b = 0; b < blocks; b++) {
            int first = block_start(in->c, blocks, b);
            int channels = block_start(in->c, blocks, b + 1) - first;
            vf *to = (vf *)dx + in->at + (long)first * in->plane;
            (conv->kernel_w == 5 ? input_row_5 : input_row_3)(
                conv, (const vf *)g, weights + first * channel_weights, to, iy, channels);
        }
}
