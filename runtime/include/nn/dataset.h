/**
 * @file dataset.h
 * Load MNIST and other data sets in IDX form.
 */
#ifndef NN_DATASET_H
#define NN_DATASET_H

#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A data set: uint8 images (N, 28, 28) and labels (N), read-only. */
typedef struct mnist_t {
    tensor_t x_train, y_train, x_test, y_test;
    char name[64];      /**< "MNIST", or the folder's name for unverified data, or "synthetic" */
    char source[512];   /**< where it was found: a folder or an address */
    int verified;       /**< nonzero if all four SHA-256 sums are MNIST's */
    char sha256[4][65]; /**< of the four uncompressed files (train images, train labels, test
                             images, test labels), "" where not computed */
    double seconds;     /**< wall time of loading */
} mnist_t;

/** Options of nn_mnist_load(); zero means default. */
typedef struct mnist_opts {
    const char *directory; /**< folder with the four IDX files (plain or .gz), mnist.npz, or
                                mnist_train.csv and mnist_test.csv, the only place to look; NULL:
                                search */
    int no_verify;         /**< nonzero: accept other data of the same format */
    int no_download;       /**< nonzero: never ask the network */
} mnist_opts;

/**
 * Load MNIST's 60,000 training and 10,000 test images.
 *
 * Searches, in this order: XTINYCC_DATA and its folder mnist, the cache ($XDG_CACHE_HOME or
 * ~/.cache)/xeus-tinycc/mnist, Kaggle's input folders down to 3 levels, ~/.keras/datasets/mnist.npz,
 * and last a download over HTTPS into the cache (11 MB). Files are called train-images-idx3-ubyte
 * or train-images.idx3-ubyte and so on, with or without .gz; a folder may hold mnist.npz as Keras
 * keeps it instead, or mnist_train.csv and mnist_test.csv (rows of label and 784 pixels). Every file
 * is checked against the SHA-256 sums of the original data (of its IDX form, whatever it came in);
 * one with a wrong sum is passed over.
 *
 * The data is Yann LeCun's and Corinna Cortes' derivative of NIST material, commonly stated to be
 * under CC BY-SA 3.0.
 *
 * @param opts  options; NULL for the defaults
 * @param out   receives the data set; its tensors are read-only and stay until the session ends;
 *              zeroed on failure
 * @return      NN_OK; NN_FILE_NOT_FOUND (nothing found and no download possible; the message says
 *              why and what to do); NN_VALUE_ERROR (truncated or damaged file, wrong sum, counts
 *              that differ, a label above 9); NN_OS_ERROR; NN_MEMORY_ERROR; NN_INTERRUPTED
 */
NN_API nn_status nn_mnist_load(const mnist_opts *opts, mnist_t *out);

/**
 * Draw 2,000 training and 500 test digits with strokes, always the same ones.
 *
 * For tests and demonstrations without MNIST: no file, no network. Results on it say nothing about
 * handwriting; the data set calls itself "synthetic" everywhere.
 *
 * @param out  receives the data set, read-only as MNIST's; zeroed on failure
 * @return     NN_OK; NN_MEMORY_ERROR
 */
NN_API nn_status nn_synthetic_digits(mnist_t *out);

#ifdef __cplusplus
}
#endif
#endif
