/*
 * The two JSON members of a .keras archive: config.json describes the model, metadata.json says
 * who wrote it. Spelling and reasons: docs of the format in keras-format.md; the one rule here is
 * that both Keras 2.15 and Keras 3 read what is written.
 */
#ifndef NN_FILES_KERAS_CONFIG_H
#define NN_FILES_KERAS_CONFIG_H

#include <stddef.h>

#include "model_text.h"

#define KERAS_MAX_CONFIG   ((size_t)4 << 20)
#define KERAS_MAX_METADATA ((size_t)64 << 10)

/* Write config.json of an inferred model; free() it. NULL with an error. */
char *keras_config_write(const nn_text_model *model, size_t *size);

/* Write metadata.json, dated SOURCE_DATE_EPOCH where that is set; free() it. NULL with an error. */
char *keras_metadata_write(size_t *size);

/* Read config.json of the archive FILE: known classes and settings only, everything else that
   would change what the model computes is refused by name. Settings of compile() that are not
   known leave the model uncompiled, with a warning. Shapes are inferred. On failure (-1, with an
   error) MODEL is empty. */
int keras_config_read(const char *file, const char *text, size_t size, nn_text_model *model);

/* The group of layer INDEX in the weights: snake case of its class, "_1", "_2", ... from the second
   layer of the class on. */
void keras_group_name(const nn_text_model *model, int index, char name[NN_TEXT_NAME]);

#endif
