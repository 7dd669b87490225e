/* Gradient of a convolution's weights in lanes. Part of lane_kernels.c, after lane_conv.h. */

static void fold(const float *sums, float *out, int n);

/* Output channels of a block of accumulators, one for each of them and each kernel column. */
#if NREG == 32
#define WEIGHT_CHANNELS_5 4
#define WEIGHT_CHANNELS_3 8
#else
#define WEIGHT_CHANNELS_5 2
#define WEIGHT_CHANNELS_3 4
#endif

/* The output rows in y0 .. y1-1 whose input row under kernel row ky lies inside the image. */
INLINE void rows_under(const lane_conv *conv, int ky, int *y0, int *y1)
{
    int stride = conv->stride_h;
    int least = conv->pad_top - ky;                 /* oy * stride >= least */
    int most = conv->in.h - 1 + conv->pad_top - ky; /* oy * stride <= most */
    int first = least > 0 ? least : 0, end = most < 0 ? 0 : most + 1;
    if (stride > 1) {
        first = (first + stride - 1) / stride;
        end = (end + stride - 1) / stride;
    }
    *y0 = *y0 > first ? *y0 : first;
    *y1 = *y1 < end ? *y1 : end;
}

/* One column: a gradient of each of CHANNELS output channels times the KERNEL_W inputs under it. With
   32 registers the window has all of these but the last, input j at (SHIFT + j) % KERNEL_W. */
INLINE void weight_column(vf *sum, vf *window, const vf *x, const vf *g, long plane,
                          const int SHIFT, const int KERNEL_W, const int CHANNELS)
{
#if NREG == 32
    RELOAD;
    window[(SHIFT + KERNEL_W - 1) % KERNEL_W] = x[KERNEL_W - 1];
    UNROLL for (int c = 0; c < CHANNELS; c++) {
        vf gradient = g[c * plane];
        UNROLL for (int k = 0; k < KERNEL_W; k++)
            sum[c * KERNEL_W + k] += gradient * window[(SHIFT + k) % KERNEL_W];
    }
#else
    (void)window, (void)SHIFT;
    vf gradient[4];
    UNROLL for (int c = 0; c < CHANNELS; c++) gradient[c] = g[c * plane];
    UNROLL for (int k = 0; k < KERNEL_W; k++) {
        vf input = x[k];
        UNROLL for (int c = 0; c < CHANNELS; c++) sum[c * KERNEL_W + k] += gradient[c] * input;
    }
#endif
}

/* Where the sums of a block of output channels go: element (0, 0, ic, first channel) of
   [ky][kx][ic][oc] is added to; or GRAD, the same place among the layer's weights, is set. */
typedef struct weight_place {
    vf *sums;
    float *grad;
    long tap_step; /* from kx to kx + 1 */
} weight_place;

/* Kernel row ky of CHANNELS output channels, for one input channel. x, g: element (0, 0) of the
   planes. sums: [kx], tap_step apart, of CHANNELS; what is there is added to unless SET. */
INLINE void weight_block(const lane_conv *conv, const vf *x, const vf *g, vf *sums, long tap_step,
                         int set, int ky, int y0, int y1, const int KERNEL_W, const int CHANNELS)
{
    vf sum[24];
    if (set)
        UNROLL for (int i = 0; i < CHANNELS * KERNEL_W; i++) sum[i] = (vf){0};
    else
        UNROLL for (int c = 0; c < CHANNELS; c++)
            UNROLL for (int k = 0; k < KERNEL_W; k++)
                sum[c * KERNEL_W + k] = sums[k * tap_step + c];
    const long plane = conv->out.plane, columns = conv->out.w, stride = conv->stride_h;
    const long x_pitch = stride * conv->in.pitch, g_pitch = conv->out.pitch;
    rows_under(conv, ky, &y0, &y1);
    x += (y0 * stride + ky - conv->pad_top) * (long)conv->in.pitch - conv->pad_left;
    g += y0 * g_pitch;
    for (int y = y0; y < y1; y++, x += x_pitch, g += g_pitch) {
        vf window[5];
        UNROLL for (int k = 0; k + 1 < KERNEL_W; k++) window[k] = x[k];
        long i = 0;
        for (; i + KERNEL_W <= columns; i += KERNEL_W)
            UNROLL for (int j = 0; j < KERNEL_W; j++)
                weight_column(sum, window, x + i + j, g + i + j, plane, j, KERNEL_W, CHANNELS);
        for (; i < columns; i++) {
            weight_column(sum, window, x + i, g + i, plane, 0, KERNEL_W, CHANNELS);
            UNROLL for (int k = 0; k + 1 < KERNEL_W; k++) window[k] = window[k + 1];
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int k = 0; k < KERNEL_W; k++) sums[k * tap_step + c] = sum[c * KERNEL_W + k];
}

/* The sums of one input channel, summed over the lanes while they are in the nearest cache. */
static void weight_fold(const lane_conv *conv, const weight_place *to, const vf *sums, int taps,
                        int channels)
{
    float folded[LANE_MAX_KERNEL * 24], *grad = to->grad;
    fold((const float *)sums, folded, taps * channels);
    for (int tap = 0; tap < taps; tap++, grad += (long)conv->in.c * conv->filters)
        memcpy(grad, folded + tap * channels, (size_t)channels * sizeof(float));
}

INLINE void weight_rows(const lane_conv *conv, const vf *x, const vf *g, weight_place to, int y0,
                        int y1, const int KERNEL_W, const int CHANNELS)
{
    const lane_map *in = &conv->in;
    vf kept[LANE_MAX_KERNEL * 24], *sums = to.grad ? kept : to.sums;
    const long tap_step = to.grad ? CHANNELS : to.tap_step;
    for (int ic = 0; ic < in->c; ic++) {
        for (int ky = 0; ky < conv->kernel_h; ky++)
            weight_block(conv, x + in->at + (long)ic * in->plane, g,
                         sums + ky * KERNEL_W * tap_step, tap_step, to.grad != NULL, ky, y0, y1,
                         KERNEL_W, CHANNELS);
        if (to.grad) {
            weight_fold(conv, &to, kept, conv->kernel_h * KERNEL_W, CHANNELS);
            to.grad += conv->filters;
        } else {
            sums += conv->filters;
        }
    }
}

INLINE weight_place weight_place_of(const weight_place *to, int channel)
{
    return (weight_place){.sums = to->grad ? NULL : to->sums + channel,
                          .grad = to->grad ? to->grad + channel : NULL,
                          .tap_step = to->tap_step};
}

#define WEIGHT_CASE(n)                                                                             \
    case n:                                                                                        \
        weight_rows(conv, x, from, at, y0, y1, 5, n);                                              \
        break;

static void weights_5(const lane_conv *conv, const vf *x, const vf *g, const weight_place *to,
                      int y0, int y1)
{
    int blocks = block_count(conv->out.c, WEIGHT_CHANNELS_5);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(conv->out.c, blocks, b);
        const vf *from = g + (long)first * conv->out.plane;
        weight_place at = weight_place_of(to, first);
        switch (block_start(conv->out.c, blocks, b + 1) - first) {
            WEIGHT_CASE(1)
            WEIGHT_CASE(2)
#if WEIGHT_CHANNELS_5 == 4
            WEIGHT_CASE(3)
            WEIGHT_CASE(4)
#endif
        }
    }
}

static void weights_3(const lane_conv *conv, const vf *x, const vf *g, const weight_place *to,
                      int y0, int y1)
{
    int left = conv->out.c;
    for (int channels = WEIGHT_CHANNELS_3; channels; channels /= 2)
        for (; left >= channels; left -= channels) {
            weight_place at = weight_place_of(to, conv->out.c - left);
            const vf *from = g + (long)(conv->out.c - left) * conv->out.plane;
            if (channels == WEIGHT_CHANNELS_3)
                weight_rows(conv, x, from, at, y0, y1, 3, WEIGHT_CHANNELS_3);
            else if (channels == 4)
                weight_rows(conv, x, from, at, y0, y1, 3, 4);
            else if (channels == 2)
                weight_rows(conv, x, from, at, y0, y1, 3, 2);
            else
                weight_rows(conv, x, from, at, y0, y1, 3, 1);
        }
}

/* One tap, any stride: an accumulator for each of OUTPUTS output channels. */
INLINE void tap_block(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0, int y1,
                      const int OUTPUTS)
{
    vf sum[SINGLE_BLOCK];
    const long plane = conv->out.plane;
    UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] = sums[o];
    for (int y = y0; y < y1; y++) {
        const vf *from = x + (long)y * conv->stride_h * conv->in.pitch;
        const vf *row = g + (long)y * conv->out.pitch;
        for (int i = 0; i < conv->out.w; i++) {
            vf v = from[(long)i * conv->stride_w];
            UNROLL for (int o = 0; o < OUTPUTS; o++) sum[o] += v * row[i + o * plane];
        }
    }
    UNROLL for (int o = 0; o < OUTPUTS; o++) sums[o] = sum[o];
}

#define TAP_CASE(k)                                                                                \
    case k:                                                                                        \
        tap_block(conv, x, g, sums, y0, y1, k);                                                      \
        break;

static void tap_outputs(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0, int y1,
                        int outputs)
{
    switch (outputs) {
        TAP_CASE(1) TAP_CASE(2) TAP_CASE(3) TAP_CASE(4) TAP_CASE(5) TAP_CASE(6)
        TAP_CASE(7) TAP_CASE(8) TAP_CASE(9) TAP_CASE(10) TAP_CASE(11) TAP_CASE(12)
#if SINGLE_BLOCK == 24
        TAP_CASE(13) TAP_CASE(14) TAP_CASE(15) TAP_CASE(16) TAP_CASE(17) TAP_CASE(18)
        TAP_CASE(19) TAP_CASE(20) TAP_CASE(21) TAP_CASE(22) TAP_CASE(23) TAP_CASE(24)
#endif
    }
}

static void weights_by_taps(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0,
                            int y1)
{
    const lane_map *in = &conv->in;
    int filters = conv->filters, blocks = block_count(conv->out.c, SINGLE_BLOCK);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(conv->out.c, blocks, b);
        int outputs = block_start(conv->out.c, blocks, b + 1) - first;
        for (int ky = 0; ky < conv->kernel_h; ky++) {
            int from = y0, to = y1;
            rows_under(conv, ky, &from, &to);
            for (int kx = 0; kx < conv->kernel_w; kx++)
                for (int ic = 0; ic < in->c; ic++)
                    tap_outputs(conv,
                                x + in->at + (long)ic * in->plane +
                                    (long)(ky - conv->pad_top) * in->pitch + kx - conv->pad_left,
                                g + (long)first * conv->out.plane,
                                sums + ((long)(ky * conv->kernel_w + kx) * in->c + ic) * filters +
                                    first,
                                from, to, outputs);
        }
    }
}

static void weights_in_rows(const lane_conv *conv, const float *x, const float *g,
                            const weight_place *to, int y0, int y1)
{
    (conv->kernel_w == 5 ? weights_5 : weights_3)(conv, (const vf *)x,
                                                  (const vf *)g + conv->out.at, to, y0, y1);
}

static void conv_weights(const lane_conv *conv, const float *x, const float *g, float *sums,
                         int y0, int y1)
{
    weight_place to = {.sums = (vf *)sums, .tap_step = (long)conv->in.c * conv->filters};
    if (conv->stride_w == 1 && (conv->kernel_w == 5 || conv->kernel_w == 3))
        weights_in_rows(conv, x, g, &to, y0, y1);
    else
        weights_by_taps(conv, (const vf *)x, (const vf *)g + conv->out.at, to.sums, y0, y1);
}

static void conv_weights_whole(const lane_conv *conv, const float *x, const float *g, float *grad)
{
    weight_place to = {.grad = grad};
    weights_in_rows(conv, x, g, &to, 0, conv->out.h);
}
