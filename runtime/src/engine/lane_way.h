/*
 * Other ways of computing a convolution than the plain sums of lane_kernels. Private to
 * runtime/src/engine.
 *
 *   lane_tiles.c       by matrix tiles (AMX), where the processor has them: more products a cycle
 *   lane_winograd.h    by Winograd's minimal filtering, along rows: fewer products
 *
 * The plan asks each how long it takes and picks the quickest (lane_plan.c).
 */
#ifndef NN_ENGINE_LANE_WAY_H
#define NN_ENGINE_LANE_WAY_H

#include "lane.h"

/* A row is 64 bytes: sixteen pairs of bfloat16 numbers, one of each image, or of each of sixteen
   channels. */
typedef struct lane_tiles {
    int in_pairs, out_pairs; /* of channels */
    int pieces, piece;       /* of the rows under one kernel row: tiles, rows of each; what is
                                left over has no weight */
    int deep, slices, slice; /* of an output column's rows: positions in a tile, or tiles of a
                                position; rows of each */
    int column;              /* rows of an output column, zeros at its end included */
    size_t part_x, part_pairs, part_columns; /* rows of one part of what scratch holds */
} lane_tiles;

/* Scratch holds inputs, then gradients of outputs, at each point, then sums of them. */
typedef struct lane_winograd {
    int points, tiles;            /* of a tile; of a row of outputs, the last with fewer columns */
    size_t gradients_at, sums_at; /* floats */
} lane_winograd;

/* The first two are given, plan() finds the others. */
typedef struct lane_way {
    lane_conv conv;
    int wants_input; /* the gradient of the input is wanted */

    /* About, beside lane_kernels: of the outputs, of each gradient. The last is the plan's own: the mean
       of all three, or two, with those that do not go this way. */
    double forward_time, gradient_time, time;
    size_t packed_length, packed_input_length, scratch_length; /* floats */
    int is_taken; /* by the plan: what take() left in scratch is there still when weights() comes */
    union {
        lane_tiles tiles;
        lane_winograd winograd;
    };
} lane_way;

/* SCRATCH has scratch_length floats, PACKED what each pack function fills. Pointers to activations
   are to the start of the buffer that the map describes. */
typedef struct lane_way_kernels {
    /* 0: it cannot compute this convolution. */
    int (*plan)(lane_way *way);

    /* The weights as forward() and input() read them. */
    void (*pack)(const lane_way *way, const float *weights, float *packed);
    void (*pack_input)(const lane_way *way, const float *weights, float *packed);

    /* Outputs, bias (may be NULL) added: take() makes of the input what it needs in SCRATCH, then
       come output rows y0 .. y1-1, as often as wanted. */
    void (*take)(const lane_way *way, const float *x, float *scratch);
    void (*forward)(const lane_way *way, float *scratch, const float *packed, const float *bias,
                    float *y, int y0, int y1);

    /* Gradients from that of the outputs, g, which lies where MAP says: of the weights, in Keras'
       order, summed over the images, and set, or added to if `add`; then, with SCRATCH as that left
       it, of the input, overwritten (what is left in the frame has no meaning). */
    void (*weights)(const lane_way *way, const lane_map *map, const float *x, const float *g,
                    float *grad, int add, float *scratch);
    void (*input)(const lane_way *way, const lane_map *map, const float *g, const float *packed,
                  float *dx, float *scratch);
} lane_way_kernels;

#endif
