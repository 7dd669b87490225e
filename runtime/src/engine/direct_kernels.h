/*
 * Kernels of the direct path (direct.h) but the convolutions. Included by lane_kernels.c only.
 */
#ifndef NN_ENGINE_DIRECT_KERNELS_H
#define NN_ENGINE_DIRECT_KERNELS_H

/* ---- images in ---- */

/* n neighbours to floats, those of one channel of `every`; n * every elements are there. */
INLINE void load_run(const direct_input *input, size_t from, float *y, int n, int every)
{
    const float scale = input->scale, offset = input->offset;
    if (input->dtype == NN_UINT8) {
        const uint8_t *bytes = (const uint8_t *)input->image + from;
        int i = 0;
        if (every == 1 && n >= VL) /* the last vector laps back */
            for (; i < n; i += VL) {
                i = i + VL > n ? n - VL : i;
                *(vf_any *)(y + i) = vbytes(bytes + i) * scale + offset;
            }
        for (; i < n; i++)
            y[i] = (float)bytes[(size_t)i * (size_t)every] * scale + offset;
    } else if (input->dtype == NN_INT32) {
        const int32_t *numbers = (const int32_t *)input->image + from;
        for (int i = 0; i < n; i++)
            y[i] = (float)numbers[(size_t)i * (size_t)every] * scale + offset;
    } else {
        const float *numbers = (const float *)input->image + from;
        for (int i = 0; i < n; i++)
            y[i] = numbers[(size_t)i * (size_t)every] * scale + offset;
    }
}

static void direct_load(const direct_input *input, const direct_map *map, float *y)
{
    const int run = map->step == 1 ? map->w : map->w * map->c;
    const int planes = map->step == 1 ? map->c : 1;
    size_t from = 0;
    y += map->at;
    for (int row = 0; row < map->h; row++, y += map->pitch, from += (size_t)(map->w * map->c))
        if (planes == 1)
            load_run(input, from, y, run, 1);
        else
            for (int c = 0; c < planes; c++)
                load_run(input, from + (size_t)c, y + (size_t)c * (size_t)map->plane, run, planes);
}

/* marks[y] of every channel: is the row zero? */
static void direct_blank(const direct_map *map, const float *x, uint8_t *marks)
{
    const int w = map->w;
    x += map->at;
    for (int c = 0; c < map->c; c++, marks += map->rows, x += map->plane)
        for (int y = 0; y < map->h; y++) {
            const float *row = x + (size_t)y * (size_t)map->pitch;
            vi bits = {0};
            if (w >= VL) /* in the vectors that load_run() wrote */
                for (int i = 0; i < w; i += VL) {
                    i = i + VL > w ? w - VL : i;
                    bits |= (vi)*(const vf_any *)(row + i);
                }
            else
                bits = (vi)load_part(row, w);
            marks[y] = (uint8_t)all_zero(bits);
        }
}

/* load and split in one, with the marks (may be NULL): rows of bytes that one vector of even and
   one of odd columns hold. Returns 0 if this is no such image. */
static int direct_load_split(const direct_input *input, const direct_map *from,
                             const direct_map *to, float *y, uint8_t *marks)
{
#if VL == 16
    const int left = from->at % from->pitch, w = from->w;
    if (input->dtype != NN_UINT8 || input->offset != 0 || from->c != 1 || to->half != VL ||
        left + w > 2 * VL)
        return 0;
    const uint8_t *bytes = (const uint8_t *)input->image - left;
    const __mmask32 mask = (__mmask32)(((1ull << w) - 1) << left);
    y += to->at;
    for (int i = 0; i < from->h; i++, bytes += w, y += to->pitch) {
        const __m256i row = _mm256_maskz_loadu_epi8(mask, bytes);
        const __m256i even = _mm256_and_si256(row, _mm256_set1_epi16(255));
        const __m256i odd = _mm256_srli_epi16(row, 8);
        *(vf_any *)y = (vf)_mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(even)) * input->scale;
        *(vf_any *)(y + VL) = (vf)_mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(odd)) * input->scale;
        if (marks)
            marks[i] = (uint8_t)_mm256_testz_si256(row, row);
    }
    return 1;
#else
    (void)input, (void)from, (void)to, (void)y, (void)marks;
    return 0;
#endif
}

static void direct_split(const direct_map *from, const direct_map *to, const float *x, float *y,
                         uint8_t *marks)
{
    x += from->at / from->pitch * from->pitch;
    y += to->at;
    for (int c = 0; c < from->c; c++, x += from->plane, y += to->plane) {
        const float *row = x;
        float *half = y;
        for (int i = 0; i < from->h; i++, row += from->pitch, half += to->pitch) {
            vi bits = {0};
            for (int k = 0; k < to->half; k += VL) {
                vf a = *(const vf_any *)(row + 2 * k), b = *(const vf_any *)(row + 2 * k + VL);
                *(vf_any *)(half + k) = EVEN(a, b);
                *(vf_any *)(half + to->half + k) = ODD(a, b);
                bits |= (vi)a | (vi)b;
            }
            if (marks)
                marks[c * to->rows + i] = (uint8_t)all_zero(bits);
        }
    }
}

/* ---- pooling and activations by themselves ---- */

/* One window, cut to the image, for one vector of channels. */
INLINE vf pool_window(const float *x, int pitch, int c, const int ROWS, const int COLUMNS,
                      const int MAXIMUM)
{
    vf value = *(const vf_any *)x;
    for (int y = 0; y < ROWS; y++)
        for (int i = y == 0; i < COLUMNS; i++) {
            vf next = *(const vf_any *)(x + y * pitch + i * c);
            value = MAXIMUM ? vmax(value, next) : (vf)(value + next);
        }
    return MAXIMUM ? value : (vf)(value * vset(1.0f / (float)(ROWS * COLUMNS)));
}

static void direct_pool(const direct_window *d, const float *x, float *y)
{
    int c = d->in.c, pitch = d->in.pitch;
    for (int oy = 0; oy < d->out.h; oy++) {
        int y0 = oy * d->stride_h - d->pad_top, y1 = y0 + d->kernel_h;
        y0 = y0 < 0 ? 0 : y0;
        y1 = y1 > d->in.h ? d->in.h : y1;
        for (int ox = 0; ox < d->out.w; ox++) {
            int x0 = ox * d->stride_w - d->pad_left, x1 = x0 + d->kernel_w;
            x0 = x0 < 0 ? 0 : x0;
            x1 = x1 > d->in.w ? d->in.w : x1;
            const float *in = x + d->in.at + y0 * pitch + x0 * c;
            float *out = y + d->out.at + oy * d->out.pitch + ox * c;
            int square = y1 - y0 == 2 && x1 - x0 == 2;
            for (int i = 0; i < c; i += VL) {
                vf value = square && d->maximum ? pool_window(in + i, pitch, c, 2, 2, 1)
                           : square ? pool_window(in + i, pitch, c, 2, 2, 0)
                                    : pool_window(in + i, pitch, c, y1 - y0, x1 - x0, d->maximum);
                store_first(out + i, value, c - i);
            }
        }
    }
}

INLINE void direct_activate_row(float *x, int n, const nn_activation ACTIVATION)
{
    int i = 0;
    for (; i + VL <= n; i += VL)
        *(vf_any *)(x + i) = activated(*(const vf_any *)(x + i), ACTIVATION);
    if (i < n)
        store_part(x + i, activated(load_part(x + i, n - i), ACTIVATION), n - i);
}

INLINE void softmax_row(float *x, int n)
{
    vf largest = vset(-INFINITY), sum = {0};
    const int whole = n / VL * VL, left = n - whole;
    const vi last = lane_numbers() < left;
    for (int i = 0; i < whole; i += VL)
        largest = vmax(*(const vf_any *)(x + i), largest);
    if (left)
        largest = vmax(vselect(last, load_part(x + whole, left), largest), largest);
    largest = largest_lane(largest);
    for (int i = 0; i < whole; i += VL)
        sum += *(vf_any *)(x + i) = vexp(*(const vf_any *)(x + i) - largest);
    vf part = {0};
    if (left)
        sum += part = first_lanes(vexp(load_part(x + whole, left) - largest), left);
    sum = sum_of_lanes(sum);
    for (int i = 0; i < whole; i += VL)
        *(vf_any *)(x + i) = *(const vf_any *)(x + i) / sum;
    if (left)
        store_part(x + whole, part / sum, left);
}

/* n values in place, in one softmax. */
static void direct_activate(nn_activation activation, float *x, int n)
{
    if (activation == NN_TANH)
        direct_activate_row(x, n, NN_TANH);
    else if (activation == NN_RELU)
        direct_activate_row(x, n, NN_RELU);
    else if (activation == NN_SIGMOID)
        direct_activate_row(x, n, NN_SIGMOID);
    else if (activation == NN_SOFTMAX)
        softmax_row(x, n);
}

#endif
