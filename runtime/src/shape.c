#include "shape.h"

#include <stdio.h>

const char *nn__shape_text(char text[NN_SHAPE_TEXT], int rank, const int64_t *shape, int batch)
{
    size_t used = (size_t)snprintf(text, NN_SHAPE_TEXT, batch ? "(None" : "(");
    for (int i = 0; i < rank && used < NN_SHAPE_TEXT; i++)
        used += (size_t)snprintf(text + used, NN_SHAPE_TEXT - used, "%s%lld",
                                 i > 0 || batch ? ", " : "", (long long)shape[i]);
    if (used < NN_SHAPE_TEXT)
        snprintf(text + used, NN_SHAPE_TEXT - used, rank == 1 && !batch ? ",)" : ")");
    return text;
}

const char *nn__tensor_shape_text(char text[NN_SHAPE_TEXT], tensor_t x)
{
    if (!x.data || x.rank < 1) {
        snprintf(text, NN_SHAPE_TEXT, "no tensor");
        return text;
    }
    return nn__shape_text(text, x.rank, x.shape, 0);
}
