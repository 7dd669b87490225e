/* Read a .keras file: the archive, its configuration, its weights, each step bounded. */
#ifndef NN_FILES_KERAS_LOAD_H
#define NN_FILES_KERAS_LOAD_H

#include <stddef.h>

#include "model_text.h"

#define KERAS_MIN_FILE ((size_t)22)
#define KERAS_MAX_FILE ((size_t)576 << 20)

/* A model file read as far as its configuration. */
typedef struct keras_file {
    nn_text_model model; /* inferred; iterations and slots as the weights have them */
    unsigned char *weights;
    size_t weights_size;
} keras_file;

/* Read the bytes of the archive NAME. On failure (-1, with an error) nothing needs to be freed. */
int keras_open(const char *name, const void *data, size_t size, keras_file *file);
void keras_close(keras_file *file);

/* Job "keras-load NAME": read the file behind fd 3; tensors go into the memory file fd 4, which is
   large enough and does not grow; the answer is the model's text, then a line for each warning. */
int job_keras_load(const char *name);

#endif
