/* Read a config.json. What is accepted must pass through its own text, and be written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keras_config.h"
#include "reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nn_text_model model, again;
    const char *rest;
    char why[256];
    reply_clear();
    if (keras_config_read("fuzz.keras", (const char *)data, size, &model) < 0) {
        if (!strchr(reply_text(), '\n'))
            abort();
        return 0;
    }
    char *text = nn__text_write(&model, &size);
    if (!text || !nn__text_read(text, size, &again, &rest) || *rest ||
        !nn__text_infer(&again, why, sizeof why) || again.param_count != model.param_count)
        abort();
    char *config = keras_config_write(&again, &size);
    nn__text_free(&again);
    if (!config || keras_config_read("again.keras", config, size, &again) < 0 ||
        again.param_count != model.param_count || again.compiled != model.compiled)
        abort();
    free(config);
    free(text);
    nn__text_free(&again);
    nn__text_free(&model);
    return 0;
}
