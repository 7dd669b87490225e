/* The kernels of the lane engine for one instruction set (LANE_ISA); see lane.h and lane_vec.h. */
#include "lane_way.h"

#include <math.h>
#include "../random.h"
#include "lane_vec.h"
#include "lane_point.h"
#include "lane_pool.h"
#include "lane_load.h"
#include "lane_conv.h"
#include "lane_conv_weights.h"
#include "lane_dense.h"
#include "lane_adam.h"
#include "lane_winograd_points.h"
#include "lane_winograd_pack.h"
#include "lane_winograd.h"
#include "direct_vec.h"
#if VL == 16
#include "lane_sparse.h"
#include "lane_sparse_first.h"
#include "lane_sparse_conv.h"
#endif
#include "direct_conv.h"
#include "direct_split_points.h"
#include "direct_columns.h"
#include "direct_kernels.h"
#include "direct_dense.h"
#if VL == 16
#include "direct_points.h"
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

const lane_kernels PASTE(nn__lane_kernels_v, LANE_ISA) = {
    .lanes = VL,
    .load = load,
    .conv_pack = conv_pack,
    .conv_forward = conv_forward,
    .conv_pack_input = conv_pack_input,
    .conv_input = conv_input,
    .conv_weights = conv_weights,
    .conv_weights_whole = conv_weights_whole,
    .winograd = &winograd_kernels,
#if VL == 16
    .sparse_plan = sparse_plan,
    .sparse_turns = sparse_turns,
    .sparse_pack = sparse_pack,
    .sparse_backward = sparse_backward,
#endif
    .pool_forward = pool_forward,
    .pool_backward = pool_backward,
    .pool_backward_tiles = pool_backward_tiles,
    .activate = activate,
    .activate_backward = activate_backward,
    .label_loss = label_loss,
    .copy = copy,
    .flatten = flatten,
    .unflatten = unflatten,
    .dropout_mask = dropout_mask,
    .dropout = dropout,
    .dense = dense,
    .dense_input = dense_input,
    .dense_rows = dense_rows,
    .dense_weights = dense_weights,
    .dense_bias = dense_bias,
    .fold = fold,
    .adam = adam,
    .direct_load = direct_load,
    .direct_blank = direct_blank,
    .direct_split = direct_split,
    .direct_load_split = direct_load_split,
    .direct_conv = direct_conv,
#if VL == 16
    .direct_pack_points = direct_pack_points,
    .direct_conv_points = direct_conv_points,
#endif
    .direct_pack_columns = direct_pack_columns,
    .direct_conv_columns = direct_conv_columns,
    .direct_pool = direct_pool,
    .direct_activate = direct_activate,
    .direct_nonzero = direct_nonzero,
    .direct_dense = direct_dense,
};
