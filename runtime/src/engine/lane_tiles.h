/*
 * Convolutions by matrix tiles (AMX), for processors that have them: float32 products at about
 * twice the rate of the vector units. Private to runtime/src/engine.
 *
 * A float32 is the sum of three bfloat16 numbers, its parts, each of the 8 bits that the one before
 * leaves. Of the nine products of the parts of two numbers the six largest are added up, in float32;
 * those left out are below 2^-24 of the whole: results are as exact as those of the other kernels.
 *
 * The sixteen images of a pack are the columns of a tile (for outputs and the gradient of inputs), or
 * what is summed over (for the gradient of weights), so that lanes need no turning but for one
 * operand of the latter.
 */
#ifndef NN_ENGINE_LANE_TILES_H
#define NN_ENGINE_LANE_TILES_H

#include "lane.h"

/* The first two are given, plan() finds the others. A row is 64 bytes: sixteen pairs of
   bfloat16 numbers, one of each image, or of each of sixteen channels. */
typedef struct lane_tiles {
    lane_conv conv;
    int wants_input; /* the gradient of the input is wanted */

    int in_pairs, out_pairs;    /* of channels */
    int pieces, piece;          /* of the rows under one kernel row: tiles, rows of each; what is
                                   left over has no weight */
    int deep, slices, slice;    /* of an output column's rows: positions in a tile, or tiles of a
                                   position; rows of each */
    int column;                 /* rows of an output column, zeros at its end included */
    size_t part_x, part_pairs, part_columns; /* rows of one part of what scratch holds */
    size_t packed_length, packed_input_length, scratch_length; /* floats */
} lane_tiles;

/* SCRATCH has scratch_length floats, PACKED what each pack function fills. Pointers to activations
   are to the start of the buffer that the map describes. */
typedef struct lane_tile_kernels {
    /* How long these kernels take for this convolution, about, beside those of lane_kernels; without
       end if there are none. */
    double (*plan)(lane_tiles *tiles);

    /* The weights' parts in the order of forward() and input(). */
    void (*pack)(const lane_tiles *tiles, const float *weights, float *packed);
    void (*pack_input)(const lane_tiles *tiles, const float *weights, float *packed);

    /* Outputs, bias (may be NULL) added: take() makes the parts of the input in SCRATCH, then come
       output rows y0 .. y1-1, as often as wanted. */
    void (*take)(const lane_tiles *tiles, const float *x, float *scratch);
    void (*forward)(const lane_tiles *tiles, const float *scratch, const float *packed,
                    const float *bias, float *y, int y0, int y1);

    /* Gradients from that of the outputs, g, which lies where MAP says: of the weights, in Keras'
       order, summed over the images and set; of the input, overwritten (what is left in the frame
       has no meaning). */
    void (*weights)(const lane_tiles *tiles, const lane_map *map, const float *x, const float *g,
                    float *grad, float *scratch);
    void (*input)(const lane_tiles *tiles, const lane_map *map, const float *g,
                  const float *packed, float *dx, float *scratch);
} lane_tile_kernels;

#ifdef __x86_64__
extern const lane_tile_kernels nn__lane_tiles_amx;
#endif

/* Those of this machine; NULL: it has none, XTINYCC_ISA forbids them, or the system does not let
   this process use them. */
const lane_tile_kernels *nn__lane_tile_kernels(void);

#endif
