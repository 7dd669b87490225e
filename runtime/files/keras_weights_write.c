#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keras_config.h"
#include "keras_weights.h"
#include "reply.h"

#define GROWTH ((size_t)1 << 20)

int keras_weights_start(void)
{
    if (H5open() < 0)
        return reply_error(OS_ERROR, "The HDF5 library could not start.");
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLset_loading_state(0);
    return 0;
}

size_t keras_weights_count(const nn_text_model *model)
{
    return model->param_count * (1 + (size_t)model->slots);
}

/* A file under construction; FAILED stays set. */
typedef struct writer {
    hid_t file;
    hid_t make_groups; /* link creation: intermediate groups come into being */
    hid_t plain;       /* dataset creation: no times, so that equal models give equal bytes */
    int failed;
} writer;

static void make_group(writer *w, const char *path)
{
    hid_t plist = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(plist, 0);
    hid_t group = H5Gcreate2(w->file, path, w->make_groups, plist, H5P_DEFAULT);
    w->failed |= group < 0;
    H5Gclose(group);
    H5Pclose(plist);
}

/* TYPE is that of the file, MEMORY that of VALUES; RANK 0 is a scalar. */
static void put(writer *w, const char *path, int rank, const int64_t *shape, hid_t type,
                hid_t memory, const void *values)
{
    hsize_t lengths[4];
    for (int i = 0; i < rank; i++)
        lengths[i] = (hsize_t)shape[i];
    hid_t space = rank ? H5Screate_simple(rank, lengths, NULL) : H5Screate(H5S_SCALAR);
    hid_t set = H5Dcreate2(w->file, path, type, space, w->make_groups, w->plain, H5P_DEFAULT);
    w->failed |= set < 0 || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    H5Dclose(set);
    H5Sclose(space);
}

static void put_floats(writer *w, const char *path, const nn_text_variable *v, const float *values)
{
    put(w, path, v->rank, v->shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values);
}

static void put_layers(writer *w, const nn_text_model *model, const float *tensors)
{
    char group[NN_TEXT_NAME], path[NN_TEXT_NAME + 40];
    for (int i = 1; i < model->layer_count; i++) {
        const nn_text_layer *layer = &model->layers[i];
        keras_group_name(model, i, group);
        snprintf(path, sizeof path, "/layers/%s/vars", group);
        make_group(w, path);
        for (int k = 0; k < layer->variable_count; k++) {
            snprintf(path, sizeof path, "/layers/%s/vars/%d", group, k);
            put_floats(w, path, &layer->variables[k], tensors);
            tensors += layer->variables[k].count;
        }
        /* Keras 3 wants to find the state of a dropout's random generator. */
        if (strcmp(layer->class_name, "Dropout") == 0 && layer->rate > 0) {
            const uint32_t seed[2] = {42, 0};
            snprintf(path, sizeof path, "/layers/%s/seed_generator/vars/0", group);
            put(w, path, 1, (const int64_t[]){2}, H5T_STD_U32LE, H5T_NATIVE_UINT32, seed);
        }
    }
}

/* For every variable in turn: its first slot, its second. */
static void put_slots(writer *w, const nn_text_model *model, const float *tensors, int number)
{
    const float *slots = tensors + model->param_count;
    size_t at = 0;
    for (int i = 1; i < model->layer_count; i++)
        for (int k = 0; k < model->layers[i].variable_count; k++) {
            const nn_text_variable *v = &model->layers[i].variables[k];
            for (int slot = 0; slot < model->slots; slot++) {
                char path[40];
                snprintf(path, sizeof path, "/optimizer/vars/%d", number++);
                put_floats(w, path, v, slots + (size_t)slot * model->param_count + at);
            }
            at += v->count;
        }
}

static void put_optimizer(writer *w, const nn_text_model *model, const float *tensors, int keras2)
{
    int number = 0;
    make_group(w, "/optimizer/vars");
    put(w, "/optimizer/vars/0", 0, NULL, H5T_STD_I64LE, H5T_NATIVE_INT64, &model->iterations);
    number++;
    if (!keras2) {
        float rate = (float)model->learning_rate;
        put(w, "/optimizer/vars/1", 0, NULL, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, &rate);
        number++;
    }
    put_slots(w, model, tensors, number);
}

static unsigned char *image_of(hid_t file, size_t *size)
{
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        return NULL;
    ssize_t length = H5Fget_file_image(file, NULL, 0);
    unsigned char *data = length > 0 ? malloc((size_t)length) : NULL;
    if (data && H5Fget_file_image(file, data, (size_t)length) != length) {
        free(data);
        return NULL;
    }
    *size = (size_t)length;
    return data;
}

unsigned char *keras_weights_write(const nn_text_model *model, const float *tensors, int keras2,
                                   size_t *size)
{
    writer w = {.make_groups = H5Pcreate(H5P_LINK_CREATE), .plain = H5Pcreate(H5P_DATASET_CREATE)};
    H5Pset_create_intermediate_group(w.make_groups, 1);
    H5Pset_obj_track_times(w.plain, 0);
    hid_t in_memory = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(in_memory, GROWTH, 0);
    w.file = H5Fcreate("model.weights.h5", H5F_ACC_TRUNC, H5P_DEFAULT, in_memory);
    unsigned char *data = NULL;
    if (w.file >= 0) {
        make_group(&w, "/vars"); /* Keras 2.x looks for it */
        put_layers(&w, model, tensors);
        if (model->compiled)
            put_optimizer(&w, model, tensors, keras2);
        data = w.failed ? NULL : image_of(w.file, size);
        H5Fclose(w.file);
    }
    H5Pclose(in_memory);
    H5Pclose(w.plain);
    H5Pclose(w.make_groups);
    if (!data)
        return reply_null(MEMORY_ERROR, "The weights could not be written as HDF5 (no memory?).");
    return data;
}
