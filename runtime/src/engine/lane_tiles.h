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

#include "lane_way.h"

#ifdef __x86_64__
extern const lane_way_kernels nn__lane_tiles_amx;
#endif

/* Those of this machine; NULL: it has none, XTINYCC_ISA forbids them, or the system does not let
   this process use them. */
const lane_way_kernels *nn__lane_tile_kernels(void);

#endif
