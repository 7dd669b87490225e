/* Read a .keras file as nn-files does, without its limits on the process. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keras_load.h"
#include "keras_weights.h"
#include "reply.h"

#define MOST_FLOATS ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    keras_file file;
    reply_clear();
    if (keras_weights_start() < 0)
        abort();
    if (keras_open("fuzz.keras", data, size, &file) < 0) {
        if (!strchr(reply_text(), '\n')) /* a refusal has a kind and a sentence */
            abort();
        return 0;
    }
    size_t count = keras_weights_count(&file.model);
    float *tensors = count < MOST_FLOATS ? malloc((count + 1) * sizeof *tensors) : NULL;
    if (tensors)
        keras_weights_read("fuzz.keras", file.weights, file.weights_size, &file.model, tensors);
    free(tensors);
    keras_close(&file);
    return 0;
}
