/* Read what a helper answers about a model. What is accepted must read the same once written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_text_model model, again;
    const char *rest;
    size_t once, twice;
    char why[256];
    if (!nn__text_read((const char *)data, size, &model, &rest))
        return 0;
    if (rest < (const char *)data || rest > (const char *)data + size)
        abort();
    nn__text_infer(&model, why, sizeof why);
    char *first = nn__text_write(&model, &once), *second = NULL;
    if (!first || !nn__text_read(first, once, &again, &rest) || rest != first + once ||
        !(second = nn__text_write(&again, &twice)) || once != twice ||
        memcmp(first, second, once) != 0)
        abort();
    free(first);
    free(second);
    nn__text_free(&again);
    nn__text_free(&model);
    return 0;
}
