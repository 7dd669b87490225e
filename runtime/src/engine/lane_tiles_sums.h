/* Sums over images: the gradient of the weights. Part of lane_tiles.c, after lane_tiles_parts.h. */

/* Rows [y][x][channel] of the values at x and its right neighbour. */
static void take_neighbours(const lane_way *way, const float *x, char *row)
{
    const lane_map *in = &way->conv.in;
    const vf *from = (const vf *)x + in->at - way->conv.pad_left;
    for (int y = 0; y < in->h; y++)
        for (int i = 0; i < in->pitch; i++) {
            const vf *v = from + (long)y * in->pitch + i;
            for (int c = 0; c < in->c; c++, v += in->plane, row += ROW)
                put_pairs(row, way->tiles.part_x * ROW, v[0], i + 1 < in->pitch ? v[1] : (vf){0});
        }
}

/* Row y of a block of outputs as tiles [pair of columns][part][image][output]. */
static void take_turned(const lane_way *way, const lane_map *map, const float *g, int first, int y,
                        char *tile)
{
    const lane_map *out = &way->conv.out;
    int count = out->c - first < 16 ? out->c - first : 16;
    const vf *from = (const vf *)g + map->at + (long)first * map->plane + (long)y * map->pitch;
    vf left[16] = {{0}}, right[16] = {{0}};
    for (int i = 0; i < out->w; i += 2, from += 2, tile += PARTS * TILE) {
        const vf *v = from;
        for (int c = 0; c < 16; c++, v += map->plane) {
            left[c] = c < count ? v[0] : (vf){0};
            right[c] = c < count && i + 1 < out->w ? v[1] : (vf){0};
        }
        transpose_square(left);
        transpose_square(right);
        for (int l = 0; l < 16; l++)
            put_pairs(tile + l * ROW, TILE, left[l], right[l]);
    }
}

#define BY_GRADIENTS(c, n) _tile_dpbf16ps(c, 7, n)
#define SUM(c)                                                                                     \
    if (COUNT > c) {                                                                               \
        SIX_PRODUCTS(c, x + step[c], part, BY_GRADIENTS)                                           \
    }

#define LOAD_SUM(c)                                                                                \
    if (COUNT > c)                                                                                 \
        _tile_loadd(c, sums + c * TILE, ROW);
#define STORE_SUM(c)                                                                               \
    if (COUNT > c)                                                                                 \
        _tile_stored(c, sums + c * TILE, ROW);

/* Added to the tiles of COUNT blocks of inputs (step[] bytes behind x) under one kernel row: what a
   row of outputs, whose gradients are the tiles from G on, gives. */
INLINE void tile_sums(const lane_way *way, const char *x, const char *g, const long *step, char *sums,
                      const int COUNT)
{
    const long part = (long)way->tiles.part_x * ROW, pair = 2 * (long)way->conv.in.c * ROW;
    LOAD_SUM(0)
    LOAD_SUM(1)
    LOAD_SUM(2)
    LOAD_SUM(3)
    for (int i = 0; i < way->conv.out.w; i += 2, x += pair, g += PARTS * TILE) {
        LOAD_PARTS(g)
        SUM(0)
        SUM(1)
        SUM(2)
        SUM(3)
    }
    STORE_SUM(0)
    STORE_SUM(1)
    STORE_SUM(2)
    STORE_SUM(3)
}

#define SUMS_CASE(count)                                                                           \
    case count:                                                                                    \
        tile_sums(way, x, g, step, sums, count);                                                     \
        break;

static void tile_sums_of(const lane_way *way, const char *x, const char *g, const long *step,
                         char *sums, int count)
{
    switch (count) {
        SUMS_CASE(1)
        SUMS_CASE(2)
        SUMS_CASE(3)
        SUMS_CASE(4)
    }
}

/* A kernel row's products in blocks of as many rows; the last may begin in the one before. */
typedef struct product_blocks {
    int count, rows;
} product_blocks;

static int first_of(const lane_way *way, product_blocks blocks, int b)
{
    int last = way->conv.kernel_w * way->conv.in.c - blocks.rows;
    return b * blocks.rows < last ? b * blocks.rows : last;
}

/* Tiles [ky][block] to rows of the gradient from its output oc on. */
static void store_sums(const lane_way *way, product_blocks blocks, const char *sums, float *grad,
                       int oc, int add)
{
    int out_c = way->conv.out.c, count = out_c - oc < 16 ? out_c - oc : 16;
    for (int ky = 0; ky < way->conv.kernel_h; ky++, grad += way->conv.kernel_w * way->conv.in.c * out_c)
        for (int b = 0; b < blocks.count; b++, sums += TILE)
            for (int i = 0; i < blocks.rows; i++) {
                float *to = grad + (size_t)(first_of(way, blocks, b) + i) * (size_t)out_c + oc;
                const float *from = (const float *)(sums + i * ROW);
                for (int k = 0; k < count; k++)
                    to[k] = add ? to[k] + from[k] : from[k];
            }
}

static void tiles_weights(const lane_way *way, const lane_map *map, const float *x, const float *g,
                          float *grad, int add, float *scratch)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    product_blocks blocks = {.count = block_count(conv->kernel_w * in->c, 16)};
    blocks.rows = block_count(conv->kernel_w * in->c, blocks.count);
    char *inputs = (char *)scratch, *turned = inputs + PARTS * way->tiles.part_x * ROW;
    char *sums = turned + (out->w + 1) / 2 * (size_t)(PARTS * TILE);
    take_neighbours(way, x, inputs);
    for (int oc = 0; oc < out->c; oc += 16) {
        shape_over_images(blocks.rows, out->c - oc < 16 ? out->c - oc : 16);
        memset(sums, 0, (size_t)(conv->kernel_h * blocks.count) * TILE);
        for (int y = 0; y < out->h; y++) {
            take_turned(way, map, g, oc, y, turned);
            RELOAD;
            for (int ky = 0; ky < conv->kernel_h; ky++) {
                int iy = y + ky - conv->pad_top;
                if (iy < 0 || iy >= in->h)
                    continue;
                for (int b = 0; b < blocks.count; b += 4) {
                    long step[4];
                    for (int k = 0; k < 4; k++)
                        step[k] = first_of(way, blocks, b + k) * (long)ROW;
                    tile_sums_of(way, inputs + (long)iy * in->pitch * in->c * ROW, turned, step,
                                 sums + (ky * blocks.count + b) * (long)TILE,
                                 blocks.count - b < 4 ? blocks.count - b : 4);
                }
            }
        }
        store_sums(way, blocks, sums, grad, oc, add);
    }
    _tile_release();
}
