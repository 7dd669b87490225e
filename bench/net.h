/*
 * Networks written as one word, so that a line of text can ask for any of them:
 *
 *     28x28x1,conv6k5same-tanh,avg2,conv16k5-tanh,avg2,flatten,dense120-tanh,dense10-softmax
 *
 * height x width x channels, then layers: convFILTERSkKERNEL[sSTRIDE][same][-ACTIVATION],
 * avgSIZE and maxSIZE, flatten, denseUNITS[-ACTIVATION], dropRATE. network.py reads the same.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "nn/model.h"

/* The model, not yet compiled; NULL and a message in WRONG if TEXT is not understood. SHAPE
   receives height, width and channels. */
model_t *bench_net(const char *text, int64_t shape[3], char *wrong, size_t size);

/* Set all weights and biases from a file of float32 in Keras' order and layouts, as
   tests/numeric/oracle keeps them. Returns 0 and a message if they do not fit. */
int bench_read_weights(model_t *model, const char *path, char *wrong, size_t size);

/* Write such a file. Returns 0 and a message if it cannot be written. */
int bench_write_weights(model_t *model, const char *path, char *wrong, size_t size);

#endif
