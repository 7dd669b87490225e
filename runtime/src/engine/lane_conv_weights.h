/* Gradient of a convolution's weights in lanes. Part of lane_kernels.c, after lane_conv.h. */

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

/* One gradient of each of CHANNELS output channels, KERNEL_W inputs: the fewer are held. */
INLINE void weight_column(vf *sum, const vf *x, const vf *g, long plane, const int KERNEL_W,
                          const int CHANNELS)
{
    vf held[5];
    if (CHANNELS <= KERNEL_W) {
        UNROLL for (int c = 0; c < CHANNELS; c++) held[c] = g[c * plane];
        UNROLL for (int k = 0; k < KERNEL_W; k++) {
            vf input = x[k];
            UNROLL for (int c = 0; c < CHANNELS; c++) sum[c * KERNEL_W + k] += held[c] * input;
        }
    } else {
        UNROLL for (int k = 0; k < KERNEL_W; k++) held[k] = x[k];
        UNROLL for (int c = 0; c < CHANNELS; c++) {
            vf gradient = g[c * plane];
            UNROLL for (int k = 0; k < KERNEL_W; k++) sum[c * KERNEL_W + k] += gradient * held[k];
        }
    }
}

/* Kernel row ky of CHANNELS output channels, for one input channel. x, g: element (0, 0) of the
   planes. sums: element (ky, 0, ic, oc) of [ky][kx][ic][oc]; tap_step from kx to kx + 1. */
INLINE void weight_block(const lane_conv *conv, const vf *x, const vf *g, vf *sums, long tap_step,
                         int ky, int y0, int y1, const int KERNEL_W, const int CHANNELS)
{
    vf sum[24];
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int k = 0; k < KERNEL_W; k++) sum[c * KERNEL_W + k] = sums[k * tap_step + c];
    const long plane = conv->out.plane, columns = conv->out.w, stride = conv->stride_h;
    const long x_pitch = stride * conv->in.pitch, g_pitch = conv->out.pitch;
    rows_under(conv, ky, &y0, &y1);
    x += (y0 * stride + ky - conv->pad_top) * (long)conv->in.pitch - conv->pad_left;
    g += y0 * g_pitch;
    for (int y = y0; y < y1; y++, x += x_pitch, g += g_pitch) {
        _Pragma("GCC unroll 2") for (long i = 0; i < columns; i++)
        {
            RELOAD;
            weight_column(sum, x + i, g + i, plane, KERNEL_W, CHANNELS);
        }
    }
    UNROLL for (int c = 0; c < CHANNELS; c++)
        UNROLL for (int k = 0; k < KERNEL_W; k++) sums[k * tap_step + c] = sum[c * KERNEL_W + k];
}

INLINE void weight_rows(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0, int y1,
                        const int KERNEL_W, const int CHANNELS)
{
    const lane_map *in = &conv->in;
    long tap_step = (long)in->c * conv->out.c;
    for (int ic = 0; ic < in->c; ic++)
        for (int ky = 0; ky < conv->kernel_h; ky++)
            weight_block(conv, x + in->at + (long)ic * in->plane, g,
                         sums + ky * KERNEL_W * tap_step + (long)ic * conv->out.c, tap_step, ky,
                         y0, y1, KERNEL_W, CHANNELS);
}

static void weights_5(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0, int y1)
{
    int left = conv->out.c;
    for (; left >= WEIGHT_CHANNELS_5; left -= WEIGHT_CHANNELS_5) {
        weight_rows(conv, x, g, sums, y0, y1, 5, WEIGHT_CHANNELS_5);
        g += WEIGHT_CHANNELS_5 * conv->out.plane;
        sums += WEIGHT_CHANNELS_5;
    }
    for (; left; left--, g += conv->out.plane, sums++)
        weight_rows(conv, x, g, sums, y0, y1, 5, 1);
}

static void weights_3(const lane_conv *conv, const vf *x, const vf *g, vf *sums, int y0, int y1)
{
    int left = conv->out.c;
    for (; left >= WEIGHT_CHANNELS_3; left -= WEIGHT_CHANNELS_3) {
        weight_rows(conv, x, g, sums, y0, y1, 3, WEIGHT_CHANNELS_3);
        g += WEIGHT_CHANNELS_3 * conv->out.plane;
        sums += WEIGHT_CHANNELS_3;
    }
    for (; left >= 2; left -= 2, g += 2 * conv->out.plane, sums += 2)
        weight_rows(conv, x, g, sums, y0, y1, 3, 2);
    if (left)
        weight_rows(conv, x, g, sums, y0, y1, 3, 1);
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
    int out_c = conv->out.c, blocks = block_count(out_c, SINGLE_BLOCK);
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out_c, blocks, b);
        int outputs = block_start(out_c, blocks, b + 1) - first;
        for (int ky = 0; ky < conv->kernel_h; ky++) {
            int from = y0, to = y1;
            rows_under(conv, ky, &from, &to);
            for (int kx = 0; kx < conv->kernel_w; kx++)
                for (int ic = 0; ic < in->c; ic++)
                    tap_outputs(conv,
                                x + in->at + (long)ic * in->plane +
                                    (long)(ky - conv->pad_top) * in->pitch + kx - conv->pad_left,
                                g + (long)first * conv->out.plane,
                                sums + ((long)(ky * conv->kernel_w + kx) * in->c + ic) * out_c +
                                    first,
                                from, to, outputs);
        }
    }
}

static void conv_weights(const lane_conv *conv, const float *x, const float *g, float *sums,
                         int y0, int y1)
{
    const vf *in = (const vf *)x, *gradient = (const vf *)g + conv->out.at;
    if (conv->stride_w == 1 && conv->kernel_w == 5)
        weights_5(conv, in, gradient, (vf *)sums, y0, y1);
    else if (conv->stride_w == 1 && conv->kernel_w == 3)
        weights_3(conv, in, gradient, (vf *)sums, y0, y1);
    else
        weights_by_taps(conv, in, gradient, (vf *)sums, y0, y1);
}
