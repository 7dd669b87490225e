/* Read a file of a quantised model (its sum put right, so that the rest is reached). What is
   accepted must write the same bytes again, and answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "quant_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325u;
    unsigned char *file = malloc(size + sizeof sum);
    size_t again;
    memcpy(file, data, size);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ data[i]) * 0x100000001b3u;
    memcpy(file + size, &sum, sizeof sum);
    model_t *model = nn__quant_read("fuzz.nnq", file, size + sizeof sum, 1);
    if (model) {
        unsigned char *written = nn__quant_write(model, &again);
        model_t *second = written ? nn__quant_read("again.nnq", written, again, 1) : NULL;
        if (!second)
            abort();
        const nn_net *net = &model->net;
        int64_t pixels = (int64_t)net->in_h * net->in_w * net->in_c;
        if (pixels < 10000 && nn_model_param_count(model) < 10000) {
            tensor_t x = nn_tensor_zeros(NN_UINT8, model->layers[0]->out_rank + 1,
                                         (int64_t[]){1, model->layers[0]->out_shape[0],
                                                     model->layers[0]->out_shape[1],
                                                     model->layers[0]->out_shape[2]});
            nn_model_predict(model, x, (run_opts){.threads = 1});
        }
        free(written);
    }
    free(file);
    nn_reset();
    return 0;
}
