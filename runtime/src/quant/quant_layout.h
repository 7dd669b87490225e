/*
 * A quantised network laid out for the kernels: which of them takes what from where. Layers become
 * stages, a pooling goes along with the convolution before it where that can, weights are packed as
 * the kernels read them, and every tensor gets its place in an arena, of which each worker of the
 * engine has its own.
 */
#ifndef NN_QUANT_LAYOUT_H
#define NN_QUANT_LAYOUT_H

#include "quant_kernels.h"

/* Where values lie, channels last. The frame around them holds the tensor's zero for the
   convolution that reads it; windows start at element 0. */
typedef struct quant_map {
    int h, w, c, pitch;
    size_t first; /* element (0, 0, 0) */
    size_t at;    /* the buffer's byte in the arena */
    size_t count; /* elements with the frame */
    int32_t fill;
} quant_map;

typedef struct quant_stage {
    const quant_layer *layer;
    const quant_layer *result; /* the same, or the pooling that was taken along */
    quant_map in, out;
    quant_window window;
    quant_dense dense;
    int columns;
    int joins; /* CONV: conv_dense(), with the stage behind it */
    size_t packed_at, packed_size; /* in the layout's weights */
    void *bias;
    float *factor;
    const nn_engine *engine; /* FLOAT */
    void **selves;           /* an instance for each worker */
} quant_stage;

typedef struct quant_layout {
    const quant_net *quant;
    const quant_kernels *kernels; /* NULL: the reference, which needs no layout */
    int workers;
    quant_stage *stages;
    int stage_count;
    quant_map input;
    char *weights; /* of all stages as they read them, one after the other */
    size_t weights_size;
    size_t floats_at[2], scratch_at, out_at, arena_size;
} quant_layout;

/* Lays out lay->quant for lay->kernels and lay->workers. 0: no memory; to be freed all the same. */
int nn__quant_layout_make(quant_layout *lay);
void nn__quant_layout_free(quant_layout *lay);

/* Puts each frame's value into a new, zeroed arena. */
void nn__quant_layout_fill(const quant_layout *lay, unsigned char *arena);

/* Zeroed memory for arenas and packed weights, aligned to QUANT_ALIGN; NULL: there is none. */
void *nn__quant_zeroed(size_t bytes);

#endif
