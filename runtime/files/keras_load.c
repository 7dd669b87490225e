#include "keras_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "archive.h"
#include "keras_config.h"
#include "keras_weights.h"
#include "sandbox.h"
#include "reply.h"

#define CONFIG  "config.json"
#define WEIGHTS "model.weights.h5"

static int read_config(const char *name, archive *zip, nn_text_model *model)
{
    size_t size;
    unsigned char *text = archive_read(zip, CONFIG, KERAS_MAX_CONFIG, &size);
    if (!text)
        return -1;
    int rc = keras_config_read(name, (const char *)text, size, model);
    free(text);
    return rc;
}

static int read_members(const char *name, archive *zip, keras_file *file)
{
    if (!archive_has(zip, CONFIG))
        return reply_error(VALUE_ERROR,
                           "%s is not a model: the archive has no '" CONFIG "'. Save it in Python "
                           "by model.save('model.keras').",
                           name);
    if (read_config(name, zip, &file->model) < 0)
        return -1;
    if (!archive_has(zip, WEIGHTS))
        return reply_error(VALUE_ERROR, "%s has no weights: '" WEIGHTS "' is missing.", name);
    file->weights = archive_read(zip, WEIGHTS, KERAS_MAX_WEIGHTS, &file->weights_size);
    if (!file->weights)
        return -1;
    return keras_weights_survey(name, file->weights, file->weights_size, &file->model);
}

int keras_open(const char *name, const void *data, size_t size, keras_file *file)
{
    *file = (keras_file){0};
    archive *zip = archive_open(name, data, size);
    int rc = zip ? read_members(name, zip, file) : -1;
    archive_close(zip);
    if (rc < 0)
        keras_close(file);
    return rc;
}

void keras_close(keras_file *file)
{
    nn__text_free(&file->model);
    free(file->weights);
    *file = (keras_file){0};
}

/* ---- the job ---- */

/* Map the first SIZE bytes of the answer's memory file. */
static float *map_answer(int fd, size_t size)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || info.st_size < 0 || (size_t)info.st_size < size)
        return reply_null(OS_ERROR, "No room for the model's tensors.");
    void *map = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? reply_null(MEMORY_ERROR, "No memory for the model's tensors.") : map;
}

static int answer(const nn_text_model *model)
{
    size_t size;
    char *text = nn__text_write(model, &size);
    if (!text)
        return reply_error(MEMORY_ERROR, "Out of memory.");
    int rc = reply_write(text, size);
    free(text);
    const char *warnings = reply_warnings();
    return rc < 0 ? rc : reply_write(warnings, strlen(warnings));
}

static int deliver(const char *name, keras_file *file)
{
    size_t size = keras_weights_count(&file->model) * sizeof(float);
    float *tensors = map_answer(4, size);
    if (!tensors || keras_weights_read(name, file->weights, file->weights_size, &file->model,
                                       tensors) < 0)
        return -1;
    return answer(&file->model);
}

int job_keras_load(const char *name)
{
    size_t size;
    keras_file file;
    limit_resources();
    unsigned char *data = read_whole_file(3, name, KERAS_MIN_FILE, KERAS_MAX_FILE, &size);
    if (!data || keras_weights_start() < 0) {
        free(data);
        return -1;
    }
    limit_system_calls();
    int rc = keras_open(name, data, size, &file);
    free(data);
    if (rc < 0)
        return -1;
    rc = deliver(name, &file);
    keras_close(&file);
    return rc;
}
