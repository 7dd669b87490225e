/* What the direct path is made of: its stages and its memory. Private to direct.c, which runs it,
   and direct_plan.c, which makes it. */
#ifndef NN_ENGINE_DIRECT_PLAN_H
#define NN_ENGINE_DIRECT_PLAN_H

#include "direct.h"

typedef struct direct_stage {
    const lane_stage *from;
    direct_window window; /* every stage has its maps here */
    int columns;          /* a convolution with columns in lanes */
    size_t in_at, out_at; /* activations */
    size_t packed_at;     /* convolutions, narrow dense layers: weights, then biases */
    uint8_t *blank;       /* columns: rows of the input that are zero */
    uint8_t *empty;       /* columns: rows of results that come of zeros alone */
    direct_layer dense;
    int may_skip;         /* dense: many inputs may be zero */
    float *rows;          /* dense: weights and bias in whole vectors; NULL: as they are */
    nn_activation activation; /* not taken along by the kernel */
    int is_alias;             /* its output is its input */
    int rows_into;            /* convolution: the dense stage, so far ahead, that takes each row of
                                 its results at once; 0: none */
} direct_stage;

struct nn_direct {
    const lane_plan *plan;
    direct_map input, split; /* split.half: the first stage reads this */
    size_t input_at, split_at, output_at;
    int stage_count, skip_zeros;
    direct_stage *stages;
    float *activations, *packed, *scratch;
    int32_t *all, *indices; /* 0, 1, 2, ...; inputs that are not zero */
    uint8_t *blank, *empty;
    size_t empty_count;
    const float *packed_params; /* what `packed` was made of, */
    uint64_t packed_version;    /* in which version (0: not known) */
    int aligned;                /* dense layers' rows as well */
};

/* Rows of a convolution's packed weights, weight_row floats each; then comes the bias. */
static inline size_t nn__direct_weight_rows(const direct_stage *stage)
{
    const direct_window *window = &stage->window;
    int plain = stage->columns || !window->points ? window->kernel_h : 0;
    return (size_t)(plain + window->points) * (size_t)window->kernel_w * (size_t)window->in.c;
}

static inline int nn__direct_round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

/* Aligned; NULL: no memory. */
float *nn__direct_zeroed(size_t floats);

#endif
