/* Images on their way into lanes. Part of lane_kernels.c, after lane_point.h. */

enum { LOAD_CHUNK = 64 }; /* elements of each image that are turned at a time */

INLINE void load_chunk(const lane_input *input, int first, int count, float *rows)
{
    for (int l = 0; l < VL; l++, rows += LOAD_CHUNK) {
        const float scale = input->scale, offset = input->offset;
        if (input->dtype == NN_UINT8) {
            const uint8_t *from = (const uint8_t *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = (float)from[i] * scale + offset;
        } else if (input->dtype == NN_INT32) {
            const int32_t *from = (const int32_t *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = (float)from[i] * scale + offset;
        } else {
            const float *from = (const float *)input->image[l] + first;
            for (int i = 0; i < count; i++)
                rows[i] = from[i] * scale + offset;
        }
    }
}

/* Where the next element goes, in Keras' order of elements. */
typedef struct load_place {
    vf *row; /* of channel 0 */
    int c, column;
} load_place;

INLINE void load_put(const lane_map *map, load_place *to, vf value)
{
    to->row[(long)to->c * map->plane + to->column] = value;
    if (++to->c < map->c)
        return;
    to->c = 0;
    if (++to->column < map->w)
        return;
    to->column = 0;
    to->row += map->pitch;
}

typedef uint8_t bytes16 __attribute__((vector_size(16), may_alias));

enum { TURN_BYTES = 16 };

/* TURN_BYTES elements of every image, turned as bytes: a quarter of the work that floats would be. */
INLINE void turn_bytes(const lane_input *input, int first, uint8_t *to)
{
    bytes16 image[VL], turned[VL];
    UNROLL for (int l = 0; l < VL; l++)
        memcpy(&image[l], (const uint8_t *)input->image[l] + first, TURN_BYTES);
    UNROLL for (int step = 1; step < VL; step *= 2) {
        UNROLL for (int k = 0; k < VL / 2; k++) {
            turned[2 * k] = BYTES_LOW(image[k], image[k + VL / 2]);
            turned[2 * k + 1] = BYTES_HIGH(image[k], image[k + VL / 2]);
        }
        UNROLL for (int k = 0; k < VL; k++) image[k] = turned[k];
    }
    memcpy(to, image, sizeof image);
}

/* COUNT elements from there on. */
INLINE void put_bytes(const lane_input *input, const uint8_t *from, int count, load_place *to)
{
    const lane_map *map = &input->map;
    const vf scale = vset(input->scale), offset = vset(input->offset);
    if (map->c > 1) {
        for (int i = 0; i < count; i++)
            load_put(map, to, vbytes(from + i * VL) * scale + offset);
        return;
    }
    while (count > 0) {
        int run = map->w - to->column < count ? map->w - to->column : count;
        vf *row = to->row + to->column;
        for (int i = 0; i < run; i++)
            row[i] = vbytes(from + i * VL) * scale + offset;
        from += run * VL;
        count -= run;
        to->column += run;
        if (to->column == map->w) {
            to->column = 0;
            to->row += map->pitch;
        }
    }
}

static void load(const lane_input *input, float *x)
{
    const lane_map *map = &input->map;
    const int total = map->c * map->h * map->w;
    load_place to = {.row = (vf *)x + map->at};
    int first = 0;
    if (input->dtype == NN_UINT8) {
        _Alignas(64) uint8_t turned[LOAD_CHUNK * VL];
        while (first + TURN_BYTES <= total) {
            int count = 0;
            for (; count < LOAD_CHUNK && first + count + TURN_BYTES <= total; count += TURN_BYTES)
                turn_bytes(input, first + count, turned + count * VL);
            put_bytes(input, turned, count, &to);
            first += count;
        }
    }
    if (first == total)
        return;
    _Alignas(64) float rows[VL * LOAD_CHUNK];
    memset(rows, 0, sizeof rows);
    for (; first < total; first += LOAD_CHUNK) {
        int count = total - first < LOAD_CHUNK ? total - first : LOAD_CHUNK;
        load_chunk(input, first, count, rows);
        for (int part = 0; part < count; part += VL) {
            vf square[VL];
            for (int l = 0; l < VL; l++)
                square[l] = *(const vf *)(rows + l * LOAD_CHUNK + part);
            transpose_square(square);
            int last = count - part < VL ? count - part : VL;
            for (int k = 0; k < last; k++)
                load_put(map, &to, square[k]);
        }
    }
}
