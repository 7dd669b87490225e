/* Choose an engine for a network. */
#include "engine.h"

#include <stdio.h>
#include <string.h>
#include "blas_engine.h"

static const nn_engine *fastest(const nn_net *net, char *why, size_t why_size)
{
    const nn_engine *lane = nn__lane_engine(0);
    if (nn__blas_is_faster(net))
        return &nn__blas_engine;
    return lane->supports(net, why, why_size) ? lane : &nn__reference_engine;
}

const nn_engine *nn__engine_choose(const nn_net *net, const char *name, char *why, size_t why_size)
{
    if (!name)
        return fastest(net, why, why_size);
    if (strcmp(name, "reference") == 0)
        return &nn__reference_engine;
    int blas = strcmp(name, "blas") == 0, plain = strcmp(name, "plain") == 0;
    if (!blas && !plain && strcmp(name, "lane") != 0) {
        snprintf(why, why_size, "engine \"%.40s\" is unknown; valid are reference, lane, plain, blas",
                 name);
        return NULL;
    }
    const nn_engine *engine = blas ? &nn__blas_engine : nn__lane_engine(plain);
    char missing[160] = "";
    if (engine->supports(net, missing, sizeof missing))
        return engine;
    snprintf(why, why_size, "engine \"%s\" cannot compute this model (%s); use \"%s\"", name,
             missing, blas ? "lane" : "reference");
    return NULL;
}
