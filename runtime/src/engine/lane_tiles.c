/* Convolutions by matrix tiles; see lane_tiles.h. Compiled for x86-64-v4 with AMX. */
#include "lane_tiles.h"

#include <immintrin.h>
#include <math.h>
#include "lane_vec.h"

enum {
    PARTS = 3,
    ROW = 64,       /* bytes */
    TILE = 16 * ROW /* bytes; in packed weights the parts' tiles follow each other */
};

/* ---- parts ---- */

INLINE vf leading(vf x) { return (vf)(((vi)x + 0x8000) & ~0xffff); }

/* The parts of low and high values in pairs, to the same row of each part. */
INLINE void put_pairs(char *row, size_t part, vf low, vf high)
{
    UNROLL for (int p = 0; p < PARTS; p++, row += part) {
        vf l = p == PARTS - 1 ? low : leading(low), h = p == PARTS - 1 ? high : leading(high);
        *(__m512i *)row = _mm512_or_si512(_mm512_srli_epi32((__m512i)l, 16), (__m512i)h);
        low -= l;
        high -= h;
    }
}

/* The parts of a tile's weights: value[row][2 * pair + which], as many rows. */
static void put_weights(char *tile, const float value[16][32], int rows)
{
    for (int i = 0; i < rows; i++) {
        vf first = *(const vf_any *)value[i], second = *(const vf_any *)(value[i] + 16);
        put_pairs(tile + i * ROW, TILE, EVEN(first, second), ODD(first, second));
    }
}

/* ---- tiles ---- */

typedef struct tile_config {
    _Alignas(64) uint8_t palette;
    uint8_t start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

static void shape(tile_config *config, int first, int end, int rows, int bytes)
{
    for (int i = first; i < end; i++) {
        config->rows[i] = (uint8_t)rows;
        config->bytes[i] = (uint16_t)bytes;
    }
}

static void load_config(const tile_config *config)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*config) : "memory");
}

/* For sums by images: 0 to 3 results [row][image], 4 to 6 the parts of their weights, 7 pairs of
   values [pair][image]. */
static void shape_by_images(int rows, int pairs)
{
    tile_config config = {.palette = 1};
    shape(&config, 0, 4, rows, ROW);
    shape(&config, 4, 7, rows, 4 * pairs);
    shape(&config, 7, 8, pairs, ROW);
    load_config(&config);
}

/* For sums over images: 0 to 3 results [input][output], 4 to 6 the parts of the gradients of the
   outputs [image][output], 7 the inputs [input][image]. */
static void shape_over_images(int rows, int outputs)
{
    tile_config config = {.palette = 1};
    shape(&config, 0, 4, rows, 4 * outputs);
    shape(&config, 4, 7, 16, 4 * outputs);
    shape(&config, 7, 8, rows, ROW);
    load_config(&config);
}

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
#define LOAD_WEIGHTS(from)                                                                         \
    _tile_loadd(4, from, ROW);                                                                     \
    _tile_loadd(5, from + TILE, ROW);                                                              \
    _tile_loadd(6, from + 2 * TILE, ROW);
/* The smallest products first: the largest rounds them away only once. */
#define PRODUCTS(c)                                                                                \
    if (HAS(c)) {                                                                                  \
        const char *b = piece + c % MOST * run->position;                                          \
        _tile_loadd(7, b + 2 * run->part, ROW);                                                    \
        _tile_dpbf16ps(c, 4, 7);                                                                   \
        _tile_loadd(7, b + run->part, ROW);                                                        \
        _tile_dpbf16ps(c, 5, 7);                                                                   \
        _tile_dpbf16ps(c, 4, 7);                                                                   \
        _tile_loadd(7, b, ROW);                                                                    \
        _tile_dpbf16ps(c, 6, 7);                                                                   \
        _tile_dpbf16ps(c, 5, 7);                                                                   \
        _tile_dpbf16ps(c, 4, 7);                                                                   \
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
            LOAD_WEIGHTS(tile)
            PRODUCTS(0)
            PRODUCTS(1)
            if (BLOCKS > 1) {
                LOAD_WEIGHTS(tile + run->block)
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

/* Tiles of a block of outputs: [ky][piece][part][output][pair of channels]. */
static void tiles_pack(const lane_tiles *t, const float *weights, float *packed)
{
    const lane_conv *conv = &t->conv;
    int in_c = conv->in.c, out_c = conv->out.c, blocks = block_count(out_c, 16);
    char *tile = (char *)packed;
    float value[16][32] = {{0}};
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out_c, blocks, b), count = block_start(out_c, blocks, b + 1) - first;
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int row = 0; row < t->pieces * t->piece; row++) {
                int kx = row / t->in_pairs, ic = row % t->in_pairs * 2, r = row % t->piece;
                const float *w =
                    weights + ((size_t)(ky * conv->kernel_w + kx) * in_c + ic) * out_c + first;
                for (int i = 0; i < count; i++) {
                    value[i][2 * r] = w[i];
                    value[i][2 * r + 1] = ic + 1 < in_c ? w[out_c + i] : 0;
                }
                if (r == t->piece - 1) {
                    put_weights(tile, value, count);
                    tile += PARTS * TILE;
                }
            }
    }
}

/* Rows [y][x][pair of channels], the frame's columns included. */
static void tiles_take(const lane_tiles *t, const float *x, float *scratch)
{
    const lane_map *in = &t->conv.in;
    const vf *from = (const vf *)x + in->at - t->conv.pad_left;
    char *row = (char *)scratch;
    for (int y = 0; y < in->h; y++)
        for (int i = 0; i < in->pitch; i++) {
            const vf *v = from + (long)y * in->pitch + i;
            for (int c = 0; c < in->c; c += 2, v += 2 * (long)in->plane, row += ROW)
                put_pairs(row, t->part_pairs * ROW, v[0], c + 1 < in->c ? v[in->plane] : (vf){0});
        }
}

static void tiles_forward(const lane_tiles *t, const float *scratch, const float *packed,
                       const float *bias, float *y, int y0, int y1)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    const long step = (long)t->in_pairs * ROW, kernel_row = (long)t->pieces * PARTS * TILE;
    int blocks = block_count(out->c, 16);
    vf start[16];
    for (int b = 0; b < blocks; b++) {
        int first = block_start(out->c, blocks, b), count = block_start(out->c, blocks, b + 1) - first;
        for (int i = 0; i < count; i++)
            start[i] = vset(bias ? bias[first + i] : 0.0f);
        RELOAD;
        shape_by_images(count, t->piece);
        const char *weights = (const char *)packed + b * conv->kernel_h * kernel_row;
        for (int row = y0; row < y1; row++) {
            int top = row - conv->pad_top, ky0 = top < 0 ? -top : 0;
            int ky1 = in->h - top < conv->kernel_h ? in->h - top : conv->kernel_h;
            tile_run run = {.weights = weights + ky0 * kernel_row,
                            .rows = (const char *)scratch + (top + ky0) * in->pitch * step,
                            .part = (long)t->part_pairs * ROW,
                            .position = step,
                            .outer = ky1 - ky0,
                            .weights_step = kernel_row,
                            .rows_step = in->pitch * step,
                            .inner = t->pieces,
                            .rows_piece = t->piece * (long)ROW};
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
static void tiles_pack_input(const lane_tiles *t, const float *weights, float *packed)
{
    const lane_conv *conv = &t->conv;
    int out_c = conv->out.c, products = conv->kernel_w * conv->in.c;
    int blocks = block_count(products, 16), count = block_count(products, blocks);
    char *tile = (char *)packed;
    float value[16][32] = {{0}};
    for (int first = 0; first < blocks * count; first += count)
        for (int ky = 0; ky < conv->kernel_h; ky++)
            for (int s = 0; s < t->slices; s++, tile += PARTS * TILE) {
                for (int r = 0; r < t->slice; r++) {
                    int row = s * t->slice + r, at = ky - row / t->out_pairs;
                    int oc = row % t->out_pairs * 2, left = at < 0 ? 0 : products - first;
                    const float *w = weights + ((long)at * products + first) * out_c + oc;
                    for (int i = 0; i < count; i++, w += out_c) {
                        value[i][2 * r] = i < left ? w[0] : 0;
                        value[i][2 * r + 1] = i < left && oc + 1 < out_c ? w[1] : 0;
                    }
                }
                put_weights(tile, (const float(*)[32])value, count);
            }
}

/* COUNT columns from i on as rows [x][y][pair of channels]; behind the last y of each are zeros. */
static void take_columns(const lane_tiles *t, const lane_map *map, const float *g, int i, int count,
                         char *row)
{
    const lane_map *out = &t->conv.out;
    for (const vf *from = (const vf *)g + map->at + i; count--; from++) {
        for (int y = 0; y < out->h; y++) {
            const vf *v = from + (long)y * map->pitch;
            for (int c = 0; c < out->c; c += 2, v += 2 * (long)map->plane, row += ROW)
                put_pairs(row, t->part_columns * ROW, v[0],
                          c + 1 < out->c ? v[map->plane] : (vf){0});
        }
        for (int k = out->h * t->out_pairs; k < t->column; k++, row += ROW)
            put_pairs(row, t->part_columns * ROW, (vf){0}, (vf){0});
    }
}

/* Where a block's products belong: from the first input under an output column. */
static void places_of(const lane_tiles *t, int first, int count, long *place)
{
    for (int m = 0; m < count; m++)
        place[m] = (first + m) / t->conv.in.c + (first + m) % t->conv.in.c * (long)t->conv.in.plane;
}

/* Add to dx (row 0, at the frame's left end) what COUNT (1 or 2) output columns from i on give by one
   or two blocks of products. */
static void add_columns(const lane_tiles *t, const char *columns, const char *packed, vf *dx, int i,
                        int count, int block, int blocks)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    int products = conv->kernel_w * in->c;
    int rows = block_count(products, block_count(products, 16)), first = block * rows;
    int all = products - first < blocks * rows ? products - first : blocks * rows;
    const long tiles = (long)t->slices * PARTS * TILE, column = (long)t->column * ROW;
    static const vf zeros[16] = {{0}};
    vf result[2][32];
    long place[32];
    places_of(t, first, all, place);
    tile_run run = {.block = conv->kernel_h * tiles,
                    .part = (long)t->part_columns * ROW,
                    .position = column,
                    .weights_step = -t->deep * tiles,
                    .rows_step = (long)t->deep * t->out_pairs * ROW,
                    .inner = t->slices,
                    .rows_piece = t->slice * (long)ROW};
    tile_place to = {(char *)result, ROW, sizeof result[0], rows * (long)ROW};
    for (int iy = 0; iy < in->h; iy++, dx += in->pitch) {
        int top = iy + conv->pad_top; /* output row under kernel row 0 */
        int ky0 = top - out->h + 1 > 0 ? top - out->h + 1 : 0;
        int last = top < conv->kernel_h - 1 ? top : conv->kernel_h - 1;
        run.weights = packed + (block * conv->kernel_h + last) * tiles;
        run.rows = columns + (long)(top - last) * t->out_pairs * ROW;
        run.outer = last < ky0 ? 0 : (last - ky0 + t->deep) / t->deep;
        tile_positions(&run, zeros, &to, count, blocks);
        for (int k = 0; k < count; k++) {
            const vf *from = result[k];
            for (int m = 0; m < all; m++)
                dx[place[m] + i + k] += from[m];
        }
    }
}

static void tiles_input(const lane_tiles *t, const lane_map *map, const float *g, const float *packed,
                     float *dx, float *scratch)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in;
    int products = conv->kernel_w * in->c, blocks = block_count(products, 16);
    vf *to = (vf *)dx + in->at - conv->pad_left;
    for (int c = 0; c < in->c; c++)
        memset(to + (long)c * in->plane, 0, (size_t)in->h * (size_t)in->pitch * sizeof *to);
    shape_by_images(block_count(products, blocks), t->slice);
    for (int i = 0; i < conv->out.w; i += 2) {
        int count = conv->out.w - i < 2 ? 1 : 2;
        take_columns(t, map, g, i, count, (char *)scratch);
        RELOAD;
        for (int b = 0; b < blocks; b += 2)
            add_columns(t, (const char *)scratch, (const char *)packed, to, i, count, b,
                        blocks - b < 2 ? 1 : 2);
    }
    _tile_release();
}

/* ---- gradient of the weights ---- */

/* Rows [y][x][channel] of the values at x and its right neighbour. */
static void take_neighbours(const lane_tiles *t, const float *x, char *row)
{
    const lane_map *in = &t->conv.in;
    const vf *from = (const vf *)x + in->at - t->conv.pad_left;
    for (int y = 0; y < in->h; y++)
        for (int i = 0; i < in->pitch; i++) {
            const vf *v = from + (long)y * in->pitch + i;
            for (int c = 0; c < in->c; c++, v += in->plane, row += ROW)
                put_pairs(row, t->part_x * ROW, v[0], i + 1 < in->pitch ? v[1] : (vf){0});
        }
}

/* Row y of a block of outputs as tiles [pair of columns][part][image][output]. */
static void take_turned(const lane_tiles *t, const lane_map *map, const float *g, int first, int y,
                        char *tile)
{
    const lane_map *out = &t->conv.out;
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

#define SUM(c)                                                                                     \
    if (COUNT > c) {                                                                               \
        const char *a = x + step[c];                                                               \
        _tile_loadd(7, a + 2 * part, ROW);                                                         \
        _tile_dpbf16ps(c, 7, 4);                                                                   \
        _tile_loadd(7, a + part, ROW);                                                             \
        _tile_dpbf16ps(c, 7, 5);                                                                   \
        _tile_dpbf16ps(c, 7, 4);                                                                   \
        _tile_loadd(7, a, ROW);                                                                    \
        _tile_dpbf16ps(c, 7, 6);                                                                   \
        _tile_dpbf16ps(c, 7, 5);                                                                   \
        _tile_dpbf16ps(c, 7, 4);                                                                   \
    }

#define LOAD_SUM(c)                                                                                \
    if (COUNT > c)                                                                                 \
        _tile_loadd(c, sums + c * TILE, ROW);
#define STORE_SUM(c)                                                                               \
    if (COUNT > c)                                                                                 \
        _tile_stored(c, sums + c * TILE, ROW);

/* Added to the tiles of COUNT blocks of inputs (step[] bytes behind x) under one kernel row: what a
   row of outputs, whose gradients are the tiles from G on, gives. */
INLINE void tile_sums(const lane_tiles *t, const char *x, const char *g, const long *step, char *sums,
                      const int COUNT)
{
    const long part = (long)t->part_x * ROW, pair = 2 * (long)t->conv.in.c * ROW;
    LOAD_SUM(0)
    LOAD_SUM(1)
    LOAD_SUM(2)
    LOAD_SUM(3)
    for (int i = 0; i < t->conv.out.w; i += 2, x += pair, g += PARTS * TILE) {
        LOAD_WEIGHTS(g)
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
        tile_sums(t, x, g, step, sums, count);                                                     \
        break;

static void tile_sums_of(const lane_tiles *t, const char *x, const char *g, const long *step,
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

static int first_of(const lane_tiles *t, product_blocks blocks, int b)
{
    int last = t->conv.kernel_w * t->conv.in.c - blocks.rows;
    return b * blocks.rows < last ? b * blocks.rows : last;
}

/* Tiles [ky][block] to rows of the gradient from its output oc on. */
static void store_sums(const lane_tiles *t, product_blocks blocks, const char *sums, float *grad,
                       int oc)
{
    int out_c = t->conv.out.c, count = out_c - oc < 16 ? out_c - oc : 16;
    for (int ky = 0; ky < t->conv.kernel_h; ky++, grad += t->conv.kernel_w * t->conv.in.c * out_c)
        for (int b = 0; b < blocks.count; b++, sums += TILE)
            for (int i = 0; i < blocks.rows; i++)
                memcpy(grad + (size_t)(first_of(t, blocks, b) + i) * (size_t)out_c + oc,
                       sums + i * ROW, (size_t)count * sizeof(float));
}

static void tiles_weights(const lane_tiles *t, const lane_map *map, const float *x, const float *g,
                          float *grad, float *scratch)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    product_blocks blocks = {.count = block_count(conv->kernel_w * in->c, 16)};
    blocks.rows = block_count(conv->kernel_w * in->c, blocks.count);
    char *inputs = (char *)scratch, *turned = inputs + PARTS * t->part_x * ROW;
    char *sums = turned + (out->w + 1) / 2 * (size_t)(PARTS * TILE);
    take_neighbours(t, x, inputs);
    for (int oc = 0; oc < out->c; oc += 16) {
        shape_over_images(blocks.rows, out->c - oc < 16 ? out->c - oc : 16);
        memset(sums, 0, (size_t)(conv->kernel_h * blocks.count) * TILE);
        for (int y = 0; y < out->h; y++) {
            take_turned(t, map, g, oc, y, turned);
            RELOAD;
            for (int ky = 0; ky < conv->kernel_h; ky++) {
                int iy = y + ky - conv->pad_top;
                if (iy < 0 || iy >= in->h)
                    continue;
                for (int b = 0; b < blocks.count; b += 4) {
                    long step[4];
                    for (int k = 0; k < 4; k++)
                        step[k] = first_of(t, blocks, b + k) * (long)ROW;
                    tile_sums_of(t, inputs + (long)iy * in->pitch * in->c * ROW, turned, step,
                                 sums + (ky * blocks.count + b) * (long)TILE,
                                 blocks.count - b < 4 ? blocks.count - b : 4);
                }
            }
        }
        store_sums(t, blocks, sums, grad, oc);
    }
    _tile_release();
}

/* ---- plan ---- */

/* The fewest pieces of a whole number of rows, at most 16. */
static int pieces_of(int rows)
{
    int pieces = block_count(rows, 16);
    while (rows % pieces)
        pieces++;
    return pieces;
}

/* Cycles of a tile's six products where it has so many rows: measured, beside vectors that do 32
   multiply-adds a cycle. Tiles full of numbers slow the clock. */
static double tile_cycles(int rows) { return 8.4 * (rows < 10 ? 10 : rows); }

static double beside_vectors(const lane_tiles *t)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    double area = (double)out->h * out->w, kernel = (double)conv->kernel_h * conv->kernel_w;
    int products = conv->kernel_w * in->c;
    int out_blocks = block_count(out->c, 16), blocks = block_count(products, 16);
    double forward = area * conv->kernel_h * t->pieces * out_blocks *
                     tile_cycles(block_count(out->c, out_blocks));
    double weights = area / 2 * conv->kernel_h * blocks * out_blocks *
                     tile_cycles(block_count(products, blocks));
    double input = area * block_count(conv->kernel_h, t->deep) * t->slices * blocks *
                   tile_cycles(block_count(products, blocks));
    double taken = 20.0 * in->h * in->pitch * in->c + 20.0 * area * out->c;
    double vectors = area * kernel * in->c * out->c / 2 * (t->wants_input ? 3 : 2);
    return (forward + weights + (t->wants_input ? input : 0) + taken) / vectors;
}

static double tiles_plan(lane_tiles *t)
{
    const lane_conv *conv = &t->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    if (conv->stride_h != 1 || conv->stride_w != 1)
        return HUGE_VAL;
    t->in_pairs = (in->c + 1) / 2;
    t->out_pairs = (out->c + 1) / 2;
    t->pieces = pieces_of(conv->kernel_w * t->in_pairs);
    t->piece = conv->kernel_w * t->in_pairs / t->pieces;
    int most = t->out_pairs <= 16 ? 16 / t->out_pairs : 1;
    t->deep = most < conv->kernel_h ? most : conv->kernel_h;
    t->slices = t->out_pairs <= 16 ? 1 : pieces_of(t->out_pairs);
    t->slice = t->deep * t->out_pairs / t->slices;
    t->column = (out->h + t->deep - 1) * t->out_pairs;
    t->part_pairs = (size_t)in->h * (size_t)in->pitch * (size_t)t->in_pairs;
    t->part_x = (size_t)in->h * (size_t)in->pitch * (size_t)in->c;
    t->part_columns = 2 * (size_t)t->column;

    size_t tile = PARTS * TILE / sizeof(float), row = ROW / sizeof(float);
    size_t out_blocks = (size_t)block_count(out->c, 16);
    size_t blocks = (size_t)block_count(conv->kernel_w * in->c, 16);
    t->packed_length = out_blocks * (size_t)(conv->kernel_h * t->pieces) * tile;
    t->packed_input_length = blocks * (size_t)(conv->kernel_h * t->slices) * tile;
    size_t turned = (size_t)((out->w + 1) / 2) * tile;
    size_t sums = (size_t)conv->kernel_h * blocks * TILE / sizeof(float);
    size_t need[] = {PARTS * t->part_pairs * row, PARTS * t->part_x * row + turned + sums,
                     PARTS * t->part_columns * row};
    t->scratch_length = 0;
    for (int i = 0; i < 3; i++)
        t->scratch_length = need[i] > t->scratch_length ? need[i] : t->scratch_length;
    return beside_vectors(t);
}

const lane_tile_kernels nn__lane_tiles_amx = {.plan = tiles_plan,
                                              .pack = tiles_pack,
                                              .pack_input = tiles_pack_input,
                                              .take = tiles_take,
                                              .forward = tiles_forward,
                                              .weights = tiles_weights,
                                              .input = tiles_input};
