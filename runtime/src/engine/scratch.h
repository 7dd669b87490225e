/*
 * Memory that holds nothing between two calls of an engine: activations, gradients, sums. Private to
 * runtime/src/engine.
 *
 * A session forks a snapshot of itself before each cell. What lies here need not be in it, so a
 * forked process finds zeros, as in new memory, and neither process pays for copies of pages. Large
 * pieces ask for pages of 2 MB: activations are read plane by plane, from more pages of 4 KB than
 * the nearest table of a processor holds.
 */
#ifndef NN_ENGINE_SCRATCH_H
#define NN_ENGINE_SCRATCH_H

#include <stddef.h>

/* FLOATS zeros, starting on a cache line; NULL for lack of memory. */
float *nn__scratch_alloc(size_t floats);
/* The FLOATS it was asked for; NULL is allowed. */
void nn__scratch_free(float *memory, size_t floats);

#endif
