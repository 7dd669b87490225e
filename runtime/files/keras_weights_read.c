#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5_safe.h"
#include "keras_config.h"
#include "keras_weights.h"
#include "reply.h"

#define MAX_LINKS ((int64_t)8192)
#define PATH_SIZE (2 * NN_TEXT_NAME + 80)

/* Where Keras 2.15 and 3 keep the layers, and 2.13 and 2.14. */
static const char *const roots[] = {"layers", "_layer_checkpoint_dependencies"};

/* ---- groups of layers ---- */

/* Open the group of all layers; ROOT receives its name. */
static hid_t open_layers(hid_t file, const char **root)
{
    for (size_t i = 0; i < 2; i++) {
        *root = roots[i];
        hid_t group = hdf5_group(file, roots[i]);
        if (group != 0)
            return group;
    }
    return reply_error(VALUE_ERROR, "The file has no weights: 'model.weights.h5' has no 'layers'.");
}

/* "dense_12" for "dense" gives 12, "dense" itself 0, anything else -1. */
static long suffix_of(const char *name, const char *base)
{
    size_t length = strlen(base);
    if (strncmp(name, base, length) != 0)
        return -1;
    if (name[length] == '\0')
        return 0;
    size_t digits = strspn(name + length + 1, "0123456789");
    if (name[length] != '_' || digits == 0 || digits > 8 || name[length + 1 + digits] != '\0')
        return -1;
    return strtol(name + length + 1, NULL, 10);
}

/* Do the layers of INDEX's class all have groups of their exact names? TF-Keras 2.13 counts dense,
   dense_2, dense_4: there "dense_2" is the second. */
static int all_exact(hid_t layers, const nn_text_model *model, int index)
{
    char name[NN_TEXT_NAME];
    for (int i = 1; i < model->layer_count; i++)
        if (strcmp(model->layers[i].class_name, model->layers[index].class_name) == 0) {
            keras_group_name(model, i, name);
            if (!hdf5_has(layers, name))
                return 0;
        }
    return 1;
}

/* Name of the group with the next suffix after *FLOOR, or 0. */
static int next_group(hid_t layers, int64_t count, const char *base, long *floor,
                      char name[NN_TEXT_NAME])
{
    long best = -1;
    for (int64_t k = 0; k < count; k++) {
        char here[NN_TEXT_NAME];
        if (!hdf5_link_name(layers, k, here, sizeof here))
            continue;
        long suffix = suffix_of(here, base);
        if (suffix > *floor && (best < 0 || suffix < best)) {
            best = suffix;
            snprintf(name, NN_TEXT_NAME, "%s", here);
        }
    }
    *floor = best;
    return best >= 0;
}

/* Groups in the file that are named after the class BASE. */
static int count_groups(hid_t layers, int64_t count, const char *base)
{
    char name[NN_TEXT_NAME];
    long floor = -1;
    int groups = 0;
    while (next_group(layers, count, base, &floor, name))
        groups++;
    return groups;
}

/* Name of the group of a layer: the exact one; or, where the names differ but their number is
   right, the one whose suffix has the layer's rank among its class. Returns 1, 0 if there is none,
   -1 with an error. */
static int find_group(hid_t layers, const nn_text_model *model, int index, char name[NN_TEXT_NAME])
{
    char base[NN_TEXT_NAME] = "";
    int ordinal = 0, alike = 0;
    keras_group_name(model, index, name);
    if (all_exact(layers, model, index))
        return 1;
    int64_t count = hdf5_link_count(layers, MAX_LINKS);
    if (count < 0)
        return -1;
    for (int i = 1; i < model->layer_count; i++)
        if (strcmp(model->layers[i].class_name, model->layers[index].class_name) == 0) {
            if (!*base)
                keras_group_name(model, i, base);
            ordinal += i < index;
            alike++;
        }
    if (count_groups(layers, count, base) != alike)
        return hdf5_has(layers, name);
    long floor = -1;
    for (int i = 0; i <= ordinal; i++)
        if (!next_group(layers, count, base, &floor, name))
            return 0;
    return 1;
}

/* Open the variables of a layer (0: there are none); NAME receives that of its group. */
static hid_t open_vars(hid_t layers, const nn_text_model *model, int index,
                       char name[NN_TEXT_NAME])
{
    int found = find_group(layers, model, index, name);
    if (found <= 0)
        return found;
    char path[NN_TEXT_NAME + 8];
    snprintf(path, sizeof path, "%s/vars", name);
    return hdf5_group(layers, path);
}

/* ---- shapes ---- */

/* (400, 120), (6,), () */
static const char *shape_text(const int64_t *shape, int rank, char text[120])
{
    size_t used = (size_t)snprintf(text, 120, "(");
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, 120 - used, "%s%lld", i ? ", " : "",
                                 (long long)shape[i]);
    snprintf(text + used, 120 - used, "%s)", rank == 1 ? "," : "");
    return text;
}

static int is_shape_of(hid_t dataset, const nn_text_variable *v, int64_t shape[5], int *rank)
{
    *rank = hdf5_shape(dataset, shape);
    return *rank == v->rank && memcmp(shape, v->shape, (size_t)v->rank * sizeof *shape) == 0;
}

static int refuse_shape(const char *layer, const nn_text_variable *v, const int64_t *shape,
                        int rank)
{
    char expected[120], found[120];
    return reply_error(VALUE_ERROR,
                       "Layer '%s': the shape of the target variable and the shape of the target "
                       "value must match. variable.shape=%s, value.shape=%s.",
                       layer, shape_text(v->shape, v->rank, expected),
                       rank < 0 ? "(...)" : shape_text(shape, rank, found));
}

/* ---- parameters ---- */

static int refuse_count(const nn_text_layer *layer, int64_t found)
{
    char names[64] = "";
    for (int k = 0; k < layer->variable_count; k++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s'%s'", k ? ", " : "",
                 layer->variables[k].name);
    }
    return reply_error(VALUE_ERROR,
                       "Layer '%s' expected %d variables, but received %lld variables during "
                       "loading. Expected: [%s].",
                       layer->name, layer->variable_count, (long long)found, names);
}

static int read_variable(hid_t vars, const char *shown, const nn_text_layer *layer, int which,
                         float *values)
{
    const nn_text_variable *v = &layer->variables[which];
    char name[16];
    int64_t shape[5];
    int rank, rc;
    snprintf(name, sizeof name, "%d", which);
    hid_t dataset = hdf5_dataset(vars, name, shown);
    if (dataset < 0)
        return -1;
    if (dataset == 0)
        return reply_error(VALUE_ERROR, "Layer '%s': the file has no '%s'.", layer->name, shown);
    if (!is_shape_of(dataset, v, shape, &rank))
        rc = refuse_shape(layer->name, v, shape, rank);
    else
        rc = hdf5_read(dataset, H5T_NATIVE_FLOAT, values, shown);
    H5Dclose(dataset);
    for (size_t i = 0; rc == 0 && i < v->count; i++)
        if (!isfinite(values[i])) {
            reply_warn("Layer '%s': its %s holds values that are not finite.", layer->name,
                       v->name);
            break;
        }
    return rc;
}

static int read_layer(hid_t layers, const char *root, const nn_text_model *model, int index,
                      float *values)
{
    const nn_text_layer *layer = &model->layers[index];
    char name[NN_TEXT_NAME] = "", shown[PATH_SIZE];
    if (layer->variable_count == 0)
        return 0;
    hid_t vars = open_vars(layers, model, index, name);
    if (vars < 0)
        return -1;
    int64_t count = vars > 0 ? hdf5_link_count(vars, MAX_LINKS) : 0;
    int rc = count < 0 ? -1 : 0;
    if (rc == 0 && count != layer->variable_count)
        rc = refuse_count(layer, count);
    for (int k = 0; rc == 0 && k < layer->variable_count; k++) {
        snprintf(shown, sizeof shown, "/%s/%s/vars/%d", root, name, k);
        rc = read_variable(vars, shown, layer, k, values);
        values += layer->variables[k].count;
    }
    if (vars > 0)
        H5Gclose(vars);
    return rc;
}

static int read_parameters(hid_t file, const nn_text_model *model, float *tensors)
{
    const char *root;
    hid_t layers = open_layers(file, &root);
    if (layers < 0)
        return -1;
    int rc = 0;
    for (int i = 1; rc == 0 && i < model->layer_count; i++) {
        rc = read_layer(layers, root, model, i, tensors);
        for (int k = 0; k < model->layers[i].variable_count; k++)
            tensors += model->layers[i].variables[k].count;
    }
    H5Gclose(layers);
    return rc;
}

/* ---- optimizer ---- */

/* How the members of /optimizer/vars are laid out. */
typedef struct state_layout {
    int64_t first; /* number of the first slot: 1 without the learning rate, else 2 */
    int step;      /* slots of one variable in the file, at least those that we use */
} state_layout;

static int variable_count(const nn_text_model *model)
{
    int count = 0;
    for (int i = 1; i < model->layer_count; i++)
        count += model->layers[i].variable_count;
    return count;
}

/* Is the dataset a scalar? */
static int is_scalar(hid_t vars, const char *name)
{
    int64_t shape[5];
    char shown[40];
    snprintf(shown, sizeof shown, "/optimizer/vars/%s", name);
    hid_t dataset = hdf5_dataset(vars, name, shown);
    int scalar = dataset > 0 && hdf5_shape(dataset, shape) == 0;
    if (dataset > 0)
        H5Dclose(dataset);
    return scalar;
}

/* Do COUNT members mean a state that fits? SGD without momentum may still have its buffers. */
static int understand(const nn_text_model *model, hid_t vars, int64_t count, state_layout *layout)
{
    int64_t variables = variable_count(model), first = is_scalar(vars, "1") ? 2 : 1;
    int needed = nn__text_slots(model), most = strcmp(model->optimizer, "sgd") == 0 ? 1 : needed;
    for (int step = needed; step <= most; step++)
        if (count == first + step * variables) {
            *layout = (state_layout){first, step};
            return 1;
        }
    return 0;
}

static int read_scalar(hid_t vars, const char *name, hid_t memory, void *value)
{
    char shown[40];
    int64_t shape[5];
    snprintf(shown, sizeof shown, "/optimizer/vars/%s", name);
    hid_t dataset = hdf5_dataset(vars, name, shown);
    if (dataset <= 0)
        return (int)dataset;
    int rc = hdf5_shape(dataset, shape) == 0 ? hdf5_read(dataset, memory, value, shown) : 0;
    int scalar = hdf5_shape(dataset, shape) == 0;
    H5Dclose(dataset);
    return rc < 0 ? -1 : scalar;
}

static void skip_state(const nn_text_model *model, int64_t found)
{
    reply_warn("Skipping variable loading for optimizer '%s', because it has %d variables whereas "
               "the saved optimizer has %lld variables.",
               model->optimizer, 2 + nn__text_slots(model) * variable_count(model),
               (long long)found);
}

static int survey_vars(hid_t vars, nn_text_model *model)
{
    state_layout layout;
    int64_t count = hdf5_link_count(vars, MAX_LINKS), iterations = 0;
    if (count < 0)
        return -1;
    if (count == 0)
        return 0;
    int fresh = count <= 2 && nn__text_slots(model) > 0; /* saved before the first step */
    if (!fresh && !understand(model, vars, count, &layout)) {
        skip_state(model, count);
        return 0;
    }
    int found = read_scalar(vars, "0", H5T_NATIVE_INT64, &iterations);
    if (found < 0)
        return -1;
    if (!found || iterations < 0) {
        reply_warn("Skipping variable loading for optimizer '%s': its iterations are not a count.",
                   model->optimizer);
        return 0;
    }
    model->iterations = fresh ? 0 : iterations;
    model->slots = fresh ? 0 : nn__text_slots(model);
    return 0;
}

int keras_weights_survey(const char *file, void *data, size_t size, nn_text_model *model)
{
    model->iterations = 0;
    model->slots = 0;
    if (!model->compiled)
        return 0;
    hid_t opened = hdf5_open(file, data, size);
    if (opened < 0)
        return -1;
    hid_t vars = hdf5_group(opened, "optimizer/vars");
    int rc = vars < 0 ? -1 : vars == 0 ? 0 : survey_vars(vars, model);
    if (vars > 0)
        H5Gclose(vars);
    H5Fclose(opened);
    return rc;
}

static int read_slot(hid_t vars, int64_t number, const nn_text_variable *v, float *values)
{
    char name[24], shown[48];
    int64_t shape[5];
    int rank, rc;
    snprintf(name, sizeof name, "%lld", (long long)number);
    snprintf(shown, sizeof shown, "/optimizer/vars/%s", name);
    hid_t dataset = hdf5_dataset(vars, name, shown);
    if (dataset < 0)
        return -1;
    if (dataset == 0)
        return reply_error(VALUE_ERROR, "The optimizer's state is not in order: no '%s'.", shown);
    if (is_shape_of(dataset, v, shape, &rank)) {
        rc = hdf5_read(dataset, H5T_NATIVE_FLOAT, values, shown);
    } else {
        char owner[64];
        snprintf(owner, sizeof owner, "optimizer (%s)", shown);
        rc = refuse_shape(owner, v, shape, rank);
    }
    H5Dclose(dataset);
    return rc;
}

static int read_slots(hid_t vars, const nn_text_model *model, float *slots)
{
    state_layout layout;
    int64_t count = hdf5_link_count(vars, MAX_LINKS);
    if (count < 0 || !understand(model, vars, count, &layout))
        return count < 0 ? -1 : 0;
    int64_t number = layout.first;
    size_t at = 0;
    for (int i = 1; i < model->layer_count; i++)
        for (int k = 0; k < model->layers[i].variable_count; k++) {
            const nn_text_variable *v = &model->layers[i].variables[k];
            for (int slot = 0; slot < model->slots; slot++)
                if (read_slot(vars, number + slot, v,
                              slots + (size_t)slot * model->param_count + at) < 0)
                    return -1;
            number += layout.step;
            at += v->count;
        }
    return 0;
}

int keras_weights_read(const char *file, void *data, size_t size, const nn_text_model *model,
                       float *tensors)
{
    hid_t opened = hdf5_open(file, data, size);
    if (opened < 0)
        return -1;
    int rc = read_parameters(opened, model, tensors);
    if (rc == 0 && model->slots > 0) {
        hid_t vars = hdf5_group(opened, "optimizer/vars");
        rc = vars <= 0 ? -1 : read_slots(vars, model, tensors + model->param_count);
        if (vars > 0)
            H5Gclose(vars);
    }
    H5Fclose(opened);
    return rc;
}
