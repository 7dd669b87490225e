/**
 * @file blas.h
 * Find the machine's BLAS (Basic Linear Algebra Subprograms), a library of matrix products.
 *
 * Cells need none of this: `#include <cblas.h>` and a call, such as cblas_sgemm(), are enough, and
 * the library is loaded at the first call. Looked for, in this order:
 *
 *   1. what XTINYCC_BLAS names: a path, a file name such as libblis.so.4, or "none" for no BLAS;
 *   2. the Python package scipy-openblas32, where pip has installed it beside the kernel (the
 *      launcher sets XTINYCC_BLAS then);
 *   3. libopenblas.so.0 of LD_LIBRARY_PATH, of the active conda environment, of the system.
 *
 * It runs on the calling thread alone: its own threads would not survive a snapshot. A library that
 * is built with OpenMP is not loaded, because OpenMP's threads hang after one.
 */
#ifndef NN_BLAS_H
#define NN_BLAS_H

#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Find a function of the BLAS; load the library at the first call.
 *
 * @param name  its C name, such as "cblas_sgemm"; 32-bit integers are its int
 * @return      its address, valid as long as the process; NULL if no library was found, none may be
 *              used (nn_error_message() says which were seen and what to install), or it lacks the
 *              function
 */
NN_API void *nn_blas_symbol(const char *name);

/**
 * Tell which BLAS is used; load it if that has not been done.
 *
 * @return  the path of the library; NULL as for nn_blas_symbol()
 */
NN_API const char *nn_blas_library(void);

#ifdef __cplusplus
}
#endif
#endif
