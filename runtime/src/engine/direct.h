/*
 * The direct path of the lane engine: one image, its channels (or a dense layer's outputs) in the
 * vector's lanes. For calls of so few images that most lanes would hold copies of one of them.
 * Private to runtime/src/engine.
 *
 * Activations lie channels last, as in Keras: an output vector is stored over its neighbour where
 * the channels do not fill it, and the neighbour is written after it. Inference only.
 */
#ifndef NN_ENGINE_DIRECT_H
#define NN_ENGINE_DIRECT_H

#include "lane_plan.h"

/* The most images of a call that cost less by this path than a pack of LANES images does however
   few of them there are. LeNet-5 with 8 lanes: 21.5 us each against 98; with 16 not measured. */
static inline int nn__direct_most(int lanes) { return lanes / 2; }

typedef struct nn_direct nn_direct;

/* PLAN stays valid until destroy. NULL: no memory. */
nn_direct *nn__direct_create(const lane_plan *plan);
void nn__direct_destroy(nn_direct *direct);

/* Outputs of every image of the batch, as nn_engine.forward() gives them. */
void nn__direct_forward(nn_direct *direct, const float *params, const nn_batch *batch, float *out);

#endif
