/*
 * The direct path of the lane engine: one image, its channels, its columns or a dense layer's
 * outputs in the vector's lanes. For calls of so few images that most lanes would hold copies of
 * one of them. Private to runtime/src/engine.
 *
 * Activations lie channels last, as in Keras, or in planes between convolutions that have the
 * columns in the lanes. A convolution takes its activation and a pooling by 2 x 2 along. Inference
 * only.
 */
#ifndef NN_ENGINE_DIRECT_H
#define NN_ENGINE_DIRECT_H

#include "lane_plan.h"

/* The most images of a call that cost less by this path than a pack of LANES images does however
   few of them there are. */
static inline int nn__direct_most(int lanes) { return lanes / 2; }

typedef struct nn_direct nn_direct;

/* PLAN stays valid until destroy. SKIP_ZEROS: blank rows of the image, and the weights of a dense
   layer's inputs that are zero, are passed over: the time depends on the image. NULL: no memory. */
nn_direct *nn__direct_create(const lane_plan *plan, int skip_zeros);
void nn__direct_destroy(nn_direct *direct);

/* Outputs of every image of the batch, as nn_engine.forward() gives them. */
void nn__direct_forward(nn_direct *direct, const float *params, const nn_batch *batch, float *out);

#endif
