/*
 * Load images and labels from comma-separated text, as MNIST is passed around on Kaggle. Private to
 * libnn.
 *
 * A row is a label and the pixels of a square image, whole numbers from 0 to 255 without quotes;
 * every row has as many. A first line that does not begin with a digit names the columns and is
 * passed over. Lines end with \n or \r\n; empty ones are passed over.
 */
#ifndef NN_SRC_CSV_H
#define NN_SRC_CSV_H

#include "idx.h"

/* Load the file behind FD (closed in the end), plain or .gz, into the two blocks that the IDX files
   with the same content would give. NAME stands in error messages. Fails with NN_VALUE_ERROR (not
   such a file; the message names row and column), NN_OS_ERROR, NN_MEMORY_ERROR or NN_INTERRUPTED. */
nn_status nn__csv_read(int fd, const char *name, nn_idx *images, nn_idx *labels);

#endif
