/*
 * Files of quantised models. Private to libnn.
 *
 *     line   "xtinycc-quantised 1 TYPE TEXT DATA\n": "int8" or "bf16", and two sizes in bytes
 *     text   the model as in model_text.h, TEXT bytes
 *     data   DATA bytes, numbers little-endian:
 *              a byte for each operation: 0, or why it is left in float32 (quant.h)
 *              int8: the range of the input: scale (float32), zero (int32)
 *              for each layer of the plan (quant_plan.c), in order:
 *                int8, measured: the range of its output
 *                with weights: int8: scales (float32) and weights (int8); bf16: weights (bits);
 *                              then biases (float32)
 *                float32 runs: weights and biases of each operation (float32)
 *     sum    8 bytes: 64-bit FNV-1a of all before
 *
 * Read in this process: the format has no nested sizes, and every read is checked.
 */
#ifndef NN_SRC_QUANT_FILE_H
#define NN_SRC_QUANT_FILE_H

#include "model.h"
#include "model_text.h"
#include "nn/keras_file.h"

#define NN_QUANT_SUFFIX ".nnq"

/* Write a quantised model: the file appears at once and complete. Fills sizes and sum of SAVED. */
nn_status nn__quant_save(const model_t *model, const char *path, save_opts opts, saved_t *saved);

/* Read the open file FD; PATH stands in messages. NULL after an error. */
model_t *nn__quant_load(const char *path, int fd, load_opts opts);

/* The bytes of such a file; free() them. NULL without memory. And back; NULL after an error. */
unsigned char *nn__quant_write(const model_t *model, size_t *size);
model_t *nn__quant_read(const char *path, const unsigned char *bytes, size_t size, int compiled);

/* ---- keras_file.c ---- */

/* A model as text; nn__text_free() in the end. 0 without memory. */
int nn__model_describe(const model_t *model, int no_optimizer, nn_text_model *text);

/* A model without weights of a text whose shapes are inferred; NULL after an error. */
model_t *nn__model_from_text(const nn_text_model *text, int compiled);

#endif
