/* Sums by images: outputs and the gradient of the input. Part of lane_tiles.c, after
   lane_tiles_parts.h. */

/* Weights' tiles and the rows under them: of several kernel rows, some tiles each. Steps in bytes. */
typedef struct tile_run {
    const char *weights, *rows;
    long block;          /* of weights, to the next block of results */
    long part, position; /* of rows: to the next part, to the next position */
    long outer, weights_step, rows_step;
    long inner, rows_piece;
} tile_run;

/* Where results go: rows of [image], of positions, of blocks. Steps in bytes. */
typedef struct tile_place {
    char *at;
    long row, position, block;
} tile_place;

#define LOAD_START(c)                                                                              \
    if (HAS(c))                                                                                    \
        _tile_loadd(c, start, ROW);
#define STORE(c)                                                                                   \
    if (HAS(c))                                                                                    \
        _tile_stored(c, to->at + c / MOST * to->block + c % MOST * to->position, to->row);
#define BY_WEIGHTS(c, n) _tile_dpbf16ps(c, n, 7)
#define PRODUCTS(c)                                                                                \
    if (HAS(c)) {                                                                                  \
        const char *b = piece + c % MOST * run->position;                                          \
        SIX_PRODUCTS(c, b, run->part, BY_WEIGHTS)                                                  \
    }

/* BLOCKS of results at COUNT neighbouring positions: four of one block, or two of two. */
INLINE void tile_results(const tile_run *run, const void *start, const tile_place *to,
                         const int COUNT, const int BLOCKS)
{
    enum { MOST_OF_ONE = 4, MOST_OF_TWO = 2 };
    const int MOST = BLOCKS == 1 ? MOST_OF_ONE : MOST_OF_TWO;
#define HAS(c) (c / MOST < BLOCKS && c % MOST < COUNT)
    LOAD_START(0)
    LOAD_START(1)
    LOAD_START(2)
    LOAD_START(3)
    const char *weights = run->weights, *row = run->rows;
    for (long i = 0; i < run->outer; i++, weights += run->weights_step, row += run->rows_step) {
        const char *tile = weights, *piece = row;
        for (long k = 0; k < run->inner; k++, tile += PARTS * TILE, piece += run->rows_piece) {
            LOAD_PARTS(tile)
            PRODUCTS(0)
            PRODUCTS(1)
            if (BLOCKS > 1) {
                LOAD_PARTS(tile + run->block)
            }
            PRODUCTS(2)
            PRODUCTS(3)
        }
    }
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
#undef HAS
}

#define RESULTS_CASE(count, blocks)                                                                \
    case 4 * (blocks - 1) + count:                                                                 \
        tile_results(run, start, to, count, blocks);                                               \
        break;

static void tile_positions(const tile_run *run, const void *start, const tile_place *to, int count,
                           int blocks)
{
    switch (4 * (blocks - 1) + count) {
        RESULTS_CASE(1, 1)
        RESULTS_CASE(2, 1)
        RESULTS_CASE(3, 1)
        RESULTS_CASE(4, 1)
        RESULTS_CASE(1, 2)
        RESULTS_CASE(2, 2)
    }
}

/* ---- outputs ---- */

/* Rows of tiles that are left over under a kernel row: their weights are zero. */
INLINE int spare_rows(const lane_way *way)
{
    return way->tiles.pieces * way->tiles.piece - way->conv.kernel_w * way->tiles.in_pairs;
}

/* Tiles of a block of outputs: [ky][piece][part][output][pair of channels]. */
static void tiles_pack(const lane_way *way, const float *weights, float *packed)
{
    const lane_conv *conv = &way->conv;
    int in_c = conv->in.c, out_c = conv->out.c, blocks = block_count(out_c, 16);
    char *tile = (char *)packed;
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out_c, blocks, b), count = block_start(out_c, blocks, b + 1) - first;
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int p = 0; p < way->tiles.pieces; p++, tile += PARTS * TILE) {
                float value[16][32] = {{0}};
                for (int r = 0; r < way->tiles.piece; r++) {
                    int row = p * way->tiles.piece + r, kx = row / way->tiles.in_pairs;
                    int ic = row % way->tiles.in_pairs * 2;
                    const float *w =
                        weights + ((size_t)(ky * conv->kernel_w + kx) * in_c + ic) * out_c + first;
                    for (int i = 0; i < count && kx < conv->kernel_w; i++) {
                        value[i][2 * r] = w[i];
                        value[i][2 * r + 1] = ic + 1 < in_c ? w[out_c + i] : 0;
                    }
                }
                put_weights(tile, (const float(*)[32])value, count);
            }
    }
}

/* Rows [y][x][pair of channels], the frame's columns included; behind the last are zeros. */
static void tiles_take(const lane_way *way, const float *x, float *scratch)
{
    const lane_map *in = &way->conv.in;
    const vf *from = (const vf *)x + in->at - way->conv.pad_left;
    char *row = (char *)scratch;
    for (int y = 0; y < in->h; y++)
        for (int i = 0; i < in->pitch; i++) {
            const vf *v = from + (long)y * in->pitch + i;
            for (int c = 0; c < in->c; c += 2, v += 2 * (long)in->plane, row += ROW)
                put_pairs(row, way->tiles.part_pairs * ROW, v[0], c + 1 < in->c ? v[in->plane] : (vf){0});
        }
    for (int k = spare_rows(way); k--; row += ROW)
        put_pairs(row, way->tiles.part_pairs * ROW, (vf){0}, (vf){0});
}

static void tiles_forward(const lane_way *way, float *scratch, const float *packed,
                          const float *bias, float *y, int y0, int y1)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    const long step = (long)way->tiles.in_pairs * ROW, kernel_row = (long)way->tiles.pieces * PARTS * TILE;
    int blocks = block_count(out->c, 16);
    vf start[16];
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out->c, blocks, b), count = block_start(out->c, blocks, b + 1) - first;
        for (int i = 0; i < count; i++)
            start[i] = vset(bias ? bias[first + i] : 0.0f);
        RELOAD;
        shape_by_images(count, way->tiles.piece);
        const char *weights = (const char *)packed + b * conv->kernel_h * kernel_row;
        for (int row = y0; row < y1; row++) {
            int top = row - conv->pad_top, ky0 = top < 0 ? -top : 0;
            int ky1 = in->h - top < conv->kernel_h ? in->h - top : conv->kernel_h;
            tile_run run = {.weights = weights + ky0 * kernel_row,
                            .rows = (const char *)scratch + (top + ky0) * in->pitch * step,
                            .part = (long)way->tiles.part_pairs * ROW,
                            .position = step,
                            .outer = ky1 - ky0,
                            .weights_step = kernel_row,
                            .rows_step = in->pitch * step,
                            .inner = way->tiles.pieces,
                            .rows_piece = way->tiles.piece * (long)ROW};
            tile_place to = {.at = (char *)((vf *)y + out->at + (long)first * out->plane +
                                            (long)row * out->pitch),
                             .row = out->plane * (long)ROW,
                             .position = ROW};
            for (int i = 0; i < out->w; i += 4, run.rows += 4 * step, to.at += 4 * ROW)
                tile_positions(&run, start, &to, out->w - i < 4 ? out->w - i : 4, 1);
        }
    }
    _tile_release();
}

/* ---- gradient of the input ---- */

/* A block is some of the products of a kernel column and an input channel, which are neighbours in a
   row of [x][channel]; the last has zeros where there are none left. Tiles: [ky][slice][part]
   [product][pair of outputs], where a tile has the weights of ky, then those of the kernel rows
   before it. */
static void tiles_pack_input(const lane_way *way, const float *weights, float *packed)
{
    const lane_conv *conv = &way->conv;
    int out_c = conv->out.c, products = conv->kernel_w * conv->in.c;
    int blocks = block_count(products, 16), count = block_count(products, blocks);
    /* Of a kernel row's weights, a tile takes so many channels; all of them, if it takes several rows. */
    int channels = way->tiles.slices == 1 ? out_c : 2 * way->tiles.slice;
    char *tile = (char *)packed;
    for (int first = 0; first < blocks * count; first += count)
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int s = 0; s < way->tiles.slices; s++, tile += PARTS * TILE) {
                float value[16][32] = {{0}};
                int oc = s * channels, taken = out_c - oc < channels ? out_c - oc : channels;
                for (int q = 0; q < way->tiles.deep && q <= ky; q++) {
                    const float *w = weights + ((long)(ky - q) * products + first) * out_c + oc;
                    for (int i = 0; i < count && first + i < products; i++, w += out_c)
                        memcpy(value[i] + q * 2 * way->tiles.out_pairs, w, (size_t)taken * sizeof *w);
                }
                put_weights(tile, (const float(*)[32])value, count);
            }
}

/* COUNT columns from i on as rows [x][y][pair of channels]; behind the last y of each are zeros. */
static void take_columns(const lane_way *way, const lane_map *map, const float *g, int i, int count,
                         char *row)
{
    const lane_map *out = &way->conv.out;
    for (const vf *from = (const vf *)g + map->at + i; count--; from++) {
        for (int y = 0; y < out->h; y++) {
            const vf *v = from + (long)y * map->pitch;
            for (int c = 0; c < out->c; c += 2, v += 2 * (long)map->plane, row += ROW)
                put_pairs(row, way->tiles.part_columns * ROW, v[0],
                          c + 1 < out->c ? v[map->plane] : (vf){0});
        }
        for (int k = out->h * way->tiles.out_pairs; k < way->tiles.column; k++, row += ROW)
            put_pairs(row, way->tiles.part_columns * ROW, (vf){0}, (vf){0});
    }
}

/* Where a block's products belong: from the first input under an output column. */
static void places_of(const lane_way *way, int first, int count, long *place)
{
    for (int m = 0; m < count; m++)
        place[m] = (first + m) / way->conv.in.c + (first + m) % way->conv.in.c * (long)way->conv.in.plane;
}

/* Add to dx (row 0, at the frame's left end) what COUNT (1 or 2) output columns from i on give by one
   or two blocks of products. */
static void add_columns(const lane_way *way, const char *columns, const char *packed, vf *dx, int i,
                        int count, int block, int blocks)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    int products = conv->kernel_w * in->c;
    int rows = block_count(products, block_count(products, 16)), first = block * rows;
    int all = products - first < blocks * rows ? products - first : blocks * rows;
    const long tiles = (long)way->tiles.slices * PARTS * TILE, column = (long)way->tiles.column * ROW;
    static const vf zeros[16] = {{0}};
    vf result[2][32];
    long place[32];
    places_of(way, first, all, place);
    tile_run run = {.block = conv->kernel_h * tiles,
                    .part = (long)way->tiles.part_columns * ROW,
                    .position = column,
                    .weights_step = -way->tiles.deep * tiles,
                    .rows_step = (long)way->tiles.deep * way->tiles.out_pairs * ROW,
                    .inner = way->tiles.slices,
                    .rows_piece = way->tiles.slice * (long)ROW};
    tile_place to = {(char *)result, ROW, sizeof result[0], rows * (long)ROW};
    for (int iy = 0; iy < in->h; iy++, dx += in->pitch) {
        int top = iy + conv->pad_top; /* output row under kernel row 0 */
        int ky0 = top - out->h + 1 > 0 ? top - out->h + 1 : 0;
        int last = top < conv->kernel_h - 1 ? top : conv->kernel_h - 1;
        run.weights = packed + (block * conv->kernel_h + last) * tiles;
        run.rows = columns + (long)(top - last) * way->tiles.out_pairs * ROW;
        run.outer = last < ky0 ? 0 : (last - ky0 + way->tiles.deep) / way->tiles.deep;
        tile_positions(&run, zeros, &to, count, blocks);
        for (int k = 0; k < count; k++) {
            const vf *from = result[k];
            for (int m = 0; m < all; m++)
                dx[place[m] + i + k] += from[m];
        }
    }
}

static void tiles_input(const lane_way *way, const lane_map *map, const float *g, const float *packed,
                        float *dx, float *scratch)
{
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in;
    int products = conv->kernel_w * in->c, blocks = block_count(products, 16);
    vf *to = (vf *)dx + in->at - conv->pad_left;
    for (int c = 0; c < in->c; c++)
        memset(to + (long)c * in->plane, 0, (size_t)in->h * (size_t)in->pitch * sizeof *to);
    shape_by_images(block_count(products, blocks), way->tiles.slice);
    for (int i = 0; i < conv->out.w; i += 2) {
        int count = conv->out.w - i < 2 ? 1 : 2;
        take_columns(way, map, g, i, count, (char *)scratch);
        RELOAD;
        for (int b = 0; b < blocks; b += 2)
            add_columns(way, (const char *)scratch, (const char *)packed, to, i, count, b,
                        blocks - b < 2 ? 1 : 2);
    }
    _tile_release();
}
