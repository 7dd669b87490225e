/*
 * An engine for networks of wide Dense layers: rows of a batch times whole matrices of weights, by
 * the machine's BLAS (nn/blas.h). The lane engine reads all weights once for every 8 or 16 images,
 * which is too often where they do not fit the nearest caches.
 *
 * What is given to the BLAS in one call follows from the shapes alone, and each call runs on the
 * thread that made it: the bits do not depend on the number of threads.
 */
#ifndef NN_ENGINE_BLAS_ENGINE_H
#define NN_ENGINE_BLAS_ENGINE_H

#include "engine.h"

extern const nn_engine nn__blas_engine;

/* 1 if it can compute the net, and that is of a size where it is faster than the lane engine, by
   measurement. */
int nn__blas_is_faster(const nn_net *net);

/* 1 if the library is an OpenBLAS that makes no use of this machine's vectors of 512 bits, by
   OPENBLAS_CORETYPE or as it was built: never faster than lanes. */
int nn__blas_is_narrow(void);

/* The library's file, without its folder. */
const char *nn__blas_file(void);

#endif
