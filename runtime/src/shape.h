/* Write shapes as text, such as "(None, 28, 28, 1)". Private to libnn. */
#ifndef NN_SRC_SHAPE_H
#define NN_SRC_SHAPE_H

#include <stddef.h>
#include <stdint.h>
#include "nn/tensor.h"

#define NN_SHAPE_TEXT 160

/* Writes "(a, b)", or "(a,)" for one length as Python does; BATCH nonzero: "None, " first. Returns
   TEXT. */
const char *nn__shape_text(char text[NN_SHAPE_TEXT], int rank, const int64_t *shape, int batch);

/* The same of a tensor; "no tensor" for an invalid one. */
const char *nn__tensor_shape_text(char text[NN_SHAPE_TEXT], tensor_t x);

#endif
