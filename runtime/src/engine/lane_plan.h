/*
 * The plan of the lane engine: which kernel computes each operation, and where everything lies.
 * Private to runtime/src/engine.
 *
 * Three kinds of memory, all counted in floats from their start:
 *   arena   of one worker: activations, gradients and per-lane sums of one pack
 *   slot    of one group of the batch: sums of convolutions, and the inputs of dense layers, from
 *           which their weights' gradients are formed once for all groups
 *   rows    of one image of the batch: the gradients of the outputs of dense layers, for the same
 *   packed  shared: weights in the order of the kernels, rewritten when parameters change
 */
#ifndef NN_ENGINE_LANE_PLAN_H
#define NN_ENGINE_LANE_PLAN_H

#include "lane.h"
#include "lane_tiles.h"

typedef enum lane_kind {
    LANE_CONV,
    LANE_POOL,
    LANE_FLATTEN,
    LANE_DENSE,
    LANE_DROPOUT,
    LANE_ACTIVATION /* a copy with an activation that the stage before could not take along */
} lane_kind;

/* Where an activation lies in the slot during training: there, and not in the arena, if a dense layer
   reads it. */
typedef struct lane_kept {
    size_t at, floats; /* of each pack; 0: it is in the arena */
} lane_kept;

typedef struct lane_stage {
    lane_kind kind;
    nn_activation activation;
    const nn_op *op;
    int op_index;

    lane_map in, out;
    size_t in_at, out_at; /* arena: input (the output of the stage before) and output */
    size_t in_gradient_at, out_gradient_at; /* arena: the same of their gradients */
    lane_kept in_kept, out_kept;
    int wants_input_gradient; /* there are parameters before this stage */
    /* The next stage is a pooling whose windows tile this one's output: both run row by row, and
       the gradient takes the place of the output, or that of one band. */
    int pooled_by_next;
    /* Its backward pass skips zeros: of the outputs, the buffer holds one row of pooling windows at a
       time, turns the places of the maxima; the sums go straight to the slot. */
    int is_sparse;
    lane_sparse sparse;
    size_t turns_at; /* arena: lane_turn [channel][window] */
    /* Another way than plain sums, NULL if there is none quicker: all filters and rows at once, the
       sums straight to the slot. Perhaps for the gradients only: plain_outputs. */
    const lane_way_kernels *by;
    lane_way way;
    int plain_outputs;

    /* Convolutions. Their output's gradient is made, and used, by so many filters and, of these, in
       bands of so many rows. Before the first layer with parameters nothing else needs it: then it
       lies in the place of one band. */
    int filters, band;
    lane_map gradient; /* of the place at out_gradient_at */
    int one_band;      /* the place is one band's */
    int whole;         /* the weights' gradient needs no per-lane sums (conv_weights_whole, another way) */

    lane_conv conv;
    lane_pool pool;
    size_t packed_at, packed_input_at; /* packed, conv: weights for outputs and for gradients */
    size_t sums_at;                    /* arena, conv: [weights unless whole, then biases][VL] */
    size_t slot_sums_at;               /* slot, conv: [weights, then biases] as scalars */
    lane_view view;                    /* dense: of the input */
    size_t rows_at;                    /* rows, dense: for as many images as there are slots for */
    int is_viewed;                     /* flatten: the next stage reads the input instead */
    size_t mask_at; /* arena, dropout */
} lane_stage;

/* A piece of work after the groups: rows of one dense layer's weights, or a layer's small sums. */
typedef struct lane_item {
    int stage;
    int row0, row1; /* dense weights; row0 = row1: the biases, or the whole of a convolution */
} lane_item;

/* What XTINYCC_CONV says of the ways to compute a convolution: "direct" wants the plain sums,
   "winograd" that one wherever it can compute. */
typedef enum lane_wish { LANE_QUICKEST, LANE_PLAIN, LANE_WINOGRAD } lane_wish;

typedef struct lane_plan {
    const nn_net *net;
    const lane_kernels *kernels;
    const lane_way_kernels *tiles; /* NULL: none */
    lane_wish wish;
    int stage_count;
    lane_stage *stages;
    lane_map input;
    size_t input_at;             /* arena */
    lane_kept input_kept;
    size_t sums_at, sums_length; /* arena: all per-lane sums, zero before a group */
    size_t scratch_at; /* arena: of stages that skip zeros or go another way, one at a time */
    size_t arena_length, slot_length, rows_length, packed_length;
    int item_count;
    lane_item *items;
    /* The loss wants the last stage's values before its softmax and gives their gradient. */
    int softmax_in_loss;
} lane_plan;

/* 1 if the lane engine can compute the net; else 0, the reason in WHY. */
int nn__lane_supports(const nn_net *net, char *why, size_t why_size);

/* TILES may be NULL. SKIP_ZEROS: with the stages that skip zeros, whose time depends on the images.
   Returns 0 (and an empty plan) for lack of memory. */
int nn__lane_plan(lane_plan *plan, const nn_net *net, const lane_kernels *kernels,
                  const lane_way_kernels *tiles, int skip_zeros);
void nn__lane_plan_free(lane_plan *plan);

/* The memory of stages whose kernels are chosen (lane_memory.c). */
void nn__lane_lay_memory(lane_plan *plan);

/* A map without a frame. */
static inline lane_map nn__lane_map(int h, int w, int c)
{
    return (lane_map){.c = c, .h = h, .w = w, .pitch = w, .plane = h * w, .size = c * h * w};
}

/* ---- the loss of one pack (lane_loss.c) ---- */

typedef struct lane_loss {
    const lane_plan *plan;
    const tensor_t *y;             /* data NULL: none */
    int64_t row[LANE_GROUP];       /* of y, for each lane */
    int count;                     /* lanes that hold images of their own */
    float weight;                  /* of a sample in the mean: 1 / batch size */
} lane_loss;

/* OUT [out_c][VL] holds what the last stage left; where softmax_in_loss it becomes probabilities.
   GRADIENT (may be NULL) receives the gradient of the weighted loss, zero in unused lanes. The
   loss sum and hits of the used lanes are added. */
void nn__lane_loss(const lane_loss *loss, float *out, float *gradient, double *loss_sum,
                   int64_t *hits);

#endif
