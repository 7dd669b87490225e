/*
 * model.weights.h5 of a .keras archive: the parameters, and the optimizer's state.
 *
 * In memory the tensors lie one after the other as float32: all variables in the order of the
 * layers (kernel, then bias), then the optimizer's first slot of all variables, then its second.
 * The file has them by group: /layers/GROUP/vars/0, 1 and /optimizer/vars/0 (iterations),
 * 1 (learning rate, Keras 3 only), then the slots of each variable in turn.
 */
#ifndef NN_FILES_KERAS_WEIGHTS_H
#define NN_FILES_KERAS_WEIGHTS_H

#include <stddef.h>

#include "model_text.h"

#define KERAS_MAX_WEIGHTS ((size_t)512 << 20)

/* Start HDF5: no messages, no plug-ins. Before limit_system_calls(). */
int keras_weights_start(void);

/* Floats that MODEL's tensors take, its slots included. */
size_t keras_weights_count(const nn_text_model *model);

/* Write the tensors of an inferred model as HDF5; free() it. KERAS2: the optimizer's state as
   TF-Keras 2.15 has it, without the learning rate. NULL with an error. */
unsigned char *keras_weights_write(const nn_text_model *model, const float *tensors, int keras2,
                                   size_t *size);

/* Find out from the HDF5 bytes whether the optimizer's state is there and fits: sets iterations
   and slots of MODEL, with a warning where it has to be skipped. -1 with an error if the file is
   refused as a whole. */
int keras_weights_survey(const char *file, void *data, size_t size, nn_text_model *model);

/* Read the tensors of a surveyed model into room for keras_weights_count() floats. Hostile bytes
   are refused by name: links, external or virtual data, foreign filters, wrong shapes. -1 with an
   error. */
int keras_weights_read(const char *file, void *data, size_t size, const nn_text_model *model,
                       float *tensors);

#endif
