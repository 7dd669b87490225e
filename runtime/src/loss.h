/* Losses and hits of single samples, shared by the engines. Private to libnn. */
#ifndef NN_SRC_LOSS_H
#define NN_SRC_LOSS_H

#include "engine/engine.h"

/* Keras' guard against log(0) in crossentropies of given probabilities. */
#define NN_LOSS_EPSILON 1e-7

/* The label of row ROW of integer labels. */
int nn__label(const tensor_t *y, size_t row);

/* Value COLUMN of row ROW of y with COLUMNS columns, as a float. */
float nn__target(const tensor_t *y, size_t row, int columns, int column);

#endif
