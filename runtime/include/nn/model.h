/**
 * @file model.h
 * Build, train and use Sequential models.
 */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "nn/tensor.h"
#include "nn/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct model_t model_t;
typedef struct layer_t layer_t;

#ifdef __cplusplus
}
#endif
#endif
