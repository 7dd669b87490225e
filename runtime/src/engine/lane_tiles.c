/* Convolutions by matrix tiles; see lane_tiles.h and lane_way.h. Compiled for x86-64-v4 with AMX. */
#include "lane_tiles.h"

#include <immintrin.h>
#include "lane_vec.h"
#include "lane_tiles_parts.h"
#include "lane_tiles_results.h"
#include "lane_tiles_sums.h"

/* Cycles of a tile's six products where it has so many rows: measured, beside vectors that do 32
   multiply-adds a cycle. Tiles full of numbers slow the clock. */
static double tile_cycles(int rows) { return 8.4 * (rows < 10 ? 10 : rows); }

static void find_time(lane_way *way)
{
    const lane_tiles *t = &way->tiles;
    const lane_conv *conv = &way->conv;
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
    double takes_x = 10.0 * in->h * in->pitch * in->c, takes_g = 20.0 * area * out->c;
    double vectors = area * kernel * in->c * out->c / 2;
    way->forward_time = (forward + takes_x) / vectors;
    way->gradient_time = way->wants_input ? (weights + input + takes_x + takes_g) / (2 * vectors)
                                          : (weights + takes_x + takes_g) / vectors;
}

static int tiles_plan(lane_way *way)
{
    lane_tiles *t = &way->tiles;
    const lane_conv *conv = &way->conv;
    const lane_map *in = &conv->in, *out = &conv->out;
    if (conv->stride_h != 1 || conv->stride_w != 1)
        return 0;
    t->in_pairs = (in->c + 1) / 2;
    t->out_pairs = (out->c + 1) / 2;
    t->pieces = block_count(conv->kernel_w * t->in_pairs, 16);
    t->piece = block_count(conv->kernel_w * t->in_pairs, t->pieces);
    int most = t->out_pairs <= 16 ? 16 / t->out_pairs : 1;
    t->deep = most < conv->kernel_h ? most : conv->kernel_h;
    t->slices = block_count(t->deep * t->out_pairs, 16);
    t->slice = block_count(t->deep * t->out_pairs, t->slices);
    t->column = (out->h - 1) * t->out_pairs + t->slices * t->slice;
    t->part_pairs = (size_t)in->h * (size_t)in->pitch * (size_t)t->in_pairs +
                    (size_t)spare_rows(way);
    t->part_x = (size_t)in->h * (size_t)in->pitch * (size_t)in->c;
    t->part_columns = 2 * (size_t)t->column;

    size_t tile = PARTS * TILE / sizeof(float), row = ROW / sizeof(float);
    size_t out_blocks = (size_t)block_count(out->c, 16);
    size_t blocks = (size_t)block_count(conv->kernel_w * in->c, 16);
    way->packed_length = out_blocks * (size_t)(conv->kernel_h * t->pieces) * tile;
    way->packed_input_length = blocks * (size_t)(conv->kernel_h * t->slices) * tile;
    size_t turned = (size_t)((out->w + 1) / 2) * tile;
    size_t sums = (size_t)conv->kernel_h * blocks * TILE / sizeof(float);
    size_t need[] = {PARTS * t->part_pairs * row, PARTS * t->part_x * row + turned + sums,
                     PARTS * t->part_columns * row};
    way->scratch_length = 0;
    for (int i = 0; i < 3; i++)
        way->scratch_length = need[i] > way->scratch_length ? need[i] : way->scratch_length;
    find_time(way);
    return 1;
}

const lane_way_kernels nn__lane_tiles_amx = {.plan = tiles_plan,
                                             .pack = tiles_pack,
                                             .pack_input = tiles_pack_input,
                                             .take = tiles_take,
                                             .forward = tiles_forward,
                                             .weights = tiles_weights,
                                             .input = tiles_input};
