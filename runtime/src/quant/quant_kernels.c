/* The kernels of quantised networks for one instruction set (QUANT_SET, its label, and what
   quant_vec.h wants). Compiled without fused multiply-add: the reference has none. */
#include "quant_columns.h"
#include "quant_dense.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

/* ---- pooling that no convolution took along ---- */

#if QUANT_FORM == QUANT_HALVES
static float half_value(element bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

static element half_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (element)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
#endif

enum { POOL_CHANNELS = 64 }; /* at a time */

/* Channels c .. c + count - 1 of one window: rows y0 .. y1 - 1, columns x0 .. x1 - 1. */
static void pool_window(const quant_window *k, const element *x, element *y, int y0, int y1, int x0,
                        int x1, int c, int count)
{
    int size = (y1 - y0) * (x1 - x0);
    const element *first = x + (size_t)y0 * (size_t)k->in_pitch + (size_t)x0 * (size_t)k->in_c + c;
#if QUANT_FORM == QUANT_HALVES
    float result[POOL_CHANNELS];
    for (int i = 0; i < count; i++)
        result[i] = half_value(first[i]);
#else
    int32_t result[POOL_CHANNELS];
    for (int i = 0; i < count; i++)
        result[i] = first[i];
#endif
    for (int row = y0; row < y1; row++)
        for (int column = x0 + (row == y0); column < x1; column++) {
            const element *from =
                x + (size_t)row * (size_t)k->in_pitch + (size_t)column * (size_t)k->in_c + c;
            for (int i = 0; i < count; i++) {
#if QUANT_FORM == QUANT_HALVES
                float value = half_value(from[i]);
#else
                int32_t value = from[i];
#endif
                if (k->maximum)
                    result[i] = value > result[i] ? value : result[i];
                else
                    result[i] += value;
            }
        }
    for (int i = 0; i < count; i++)
#if QUANT_FORM == QUANT_HALVES
        y[c + i] = half_of(k->maximum ? result[i] : result[i] / (float)size);
#else
        y[c + i] = (element)(k->maximum ? result[i] : (2 * result[i] + size) / (2 * size));
#endif
}

static void pool(const quant_window *k, const void *x, void *y)
{
    for (int row = 0; row < k->out_h; row++)
        for (int column = 0; column < k->out_w; column++) {
            int top = row * k->stride_h - k->pad_top, left = column * k->stride_w - k->pad_left;
            element *to = (element *)y + (size_t)row * (size_t)k->out_pitch +
                          (size_t)column * (size_t)k->out_c;
            for (int c = 0; c < k->out_c; c += POOL_CHANNELS)
                pool_window(k, x, to, at_least(top, 0), at_most(top + k->kernel_h, k->in_h),
                            at_least(left, 0), at_most(left + k->kernel_w, k->in_w), c,
                            at_most(k->out_c - c, POOL_CHANNELS));
        }
}

/* ---- value by value ---- */

/* Vectors of elements from and to memory, as 32-bit lanes; the last one through a copy. */
#define EACH_VECTOR(i, count, lanes, expression)                                                   \
    for (int i = 0; i < (count); i += VL) {                                                        \
        element some[VL] __attribute__((aligned(64))) = {0};                                       \
        int left = (count)-i;                                                                      \
        const element *from = (const element *)x + i;                                              \
        if (left < VL) {                                                                           \
            memcpy(some, from, (size_t)left * sizeof *some);                                       \
            from = some;                                                                           \
        }                                                                                          \
        vi lanes = __builtin_convertvector(*(const v_element *)from, vi);                          \
        expression;                                                                                \
    }

INLINE void map_all(const quant_layer *layer, const void *x, element *y, int count,
                    const nn_activation ACTIVATION)
{
#if QUANT_FORM == QUANT_HALVES
    (void)layer;
    EACH_VECTOR(i, count, lanes,
                store(y + i, to_half(activated(from_half(lanes), ACTIVATION)), left))
#else
    int32_t in = layer->in.zero, out = layer->out.zero;
    if (ACTIVATION == NN_RELU || ACTIVATION == NN_LINEAR) {
        vi least = iset(ACTIVATION == NN_RELU ? in : 0);
        EACH_VECTOR(i, count, lanes, store(y + i, imax(lanes, least), left))
    } else {
        vf scale = fset(nn__quant_lines(layer->activation, layer->in.scale));
        EACH_VECTOR(i, count, lanes,
                    store(y + i, to_byte(to_floats(lanes - in) * scale, out, ACTIVATION), left))
    }
#endif
}

static void map(const quant_layer *layer, const void *x, void *y, int count)
{
    switch (layer->activation) {
    case NN_TANH:
        map_all(layer, x, y, count, NN_TANH);
        break;
    case NN_SIGMOID:
        map_all(layer, x, y, count, NN_SIGMOID);
        break;
    case NN_RELU:
        map_all(layer, x, y, count, NN_RELU);
        break;
    default:
        map_all(layer, x, y, count, NN_LINEAR);
        break;
    }
}

static void unload(quant_range range, const void *x, float *y, int count)
{
#if QUANT_FORM == QUANT_HALVES
    (void)range;
    EACH_VECTOR(i, count, lanes, store_floats(y + i, from_half(lanes), left))
#else
    vf scale = fset(range.scale);
    EACH_VECTOR(i, count, lanes, store_floats(y + i, to_floats(lanes - range.zero) * scale, left))
#endif
}

/* VL floats of the tensor to elements. */
INLINE void enter(const quant_input *input, vf value, element *y, int count)
{
    value = value * input->scale + input->offset;
#if QUANT_FORM == QUANT_HALVES
    store(y, to_half(value), count);
#else
    store(y, to_byte(value / fset(input->range.scale), input->range.zero, NN_LINEAR), count);
#endif
}

#if QUANT_FORM == QUANT_QUADS
/* Rows of 16 bytes and more as they are: the last piece of each laps back. */
INLINE void copy_rows(const uint8_t *from, element *y, int count, int rows, int pitch)
{
    for (int row = 0; row < rows; row++, from += count, y += pitch) {
        for (int i = 0; i + 16 < count; i += 16)
            memcpy(y + i, from + i, 16);
        memcpy(y + count - 16, from + count - 16, 16);
    }
}
#endif

static void load_row(const quant_input *input, const void *from, element *y, int count)
{
    const uint8_t *bytes = from;
    if (input->dtype == NN_UINT8 && input->same) {
        for (int i = 0; i < count; i++)
            y[i] = bytes[i];
        return;
    }
    for (int i = 0; i < count; i += VL) {
        float values[VL] __attribute__((aligned(64))) = {0};
        int left = at_most(count - i, VL);
        if (input->dtype == NN_UINT8)
            for (int k = 0; k < left; k++)
                values[k] = (float)bytes[i + k];
        else if (input->dtype == NN_INT32)
            for (int k = 0; k < left; k++)
                values[k] = (float)((const int32_t *)from)[i + k];
        else
            memcpy(values, (const float *)from + i, (size_t)left * sizeof *values);
        enter(input, *(const vf *)values, y + i, left);
    }
}

static void load(const quant_input *input, const void *from, void *y, int count, int rows, int pitch)
{
#if QUANT_FORM == QUANT_QUADS
    if (input->dtype == NN_UINT8 && input->same && count >= 16) {
        copy_rows(from, y, count, rows, pitch);
        return;
    }
#endif
    size_t size = input->dtype == NN_UINT8 ? 1 : sizeof(float);
    for (int row = 0; row < rows; row++)
        load_row(input, (const char *)from + (size_t)row * (size_t)count * size,
                 (element *)y + (size_t)row * (size_t)pitch, count);
}

const quant_kernels PASTE(nn__quant_, QUANT_SET) = {
    .name = QUANT_NAME,
    .label = QUANT_LABEL,
    .type = QUANT_FORM == QUANT_HALVES ? QUANT_BF16 : QUANT_INT8,
    .lanes = VL,
    .group = GROUP,
    .element = sizeof(element),
    .pack_size = pack_size,
    .pack = pack,
    .columns_pack_size = columns_pack_size,
    .columns_pack = columns_pack,
    .conv = conv,
    .conv_columns = conv_columns,
    .dense = dense,
    .conv_dense = CONV_DENSE,
    .pool = pool,
    .map = map,
    .load = load,
    .unload = unload,
};
