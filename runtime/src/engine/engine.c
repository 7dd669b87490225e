/* Choose an engine for a network. */
#include "engine.h"

#include <stdio.h>
#include <string.h>

const nn_engine *nn__engine_choose(const nn_net *net, const char *name, char *why, size_t why_size)
{
    const nn_engine *lane = nn__lane_engine();
    if (!name)
        return lane->supports(net, why, why_size) ? lane : &nn__reference_engine;
    if (strcmp(name, "reference") == 0)
        return &nn__reference_engine;
    if (strcmp(name, "lane") != 0) {
        snprintf(why, why_size, "engine \"%.40s\" is unknown; valid are reference, lane", name);
        return NULL;
    }
    char missing[160] = "";
    if (lane->supports(net, missing, sizeof missing))
        return lane;
    snprintf(why, why_size, "engine \"lane\" cannot compute this model (%s); use \"reference\"",
             missing);
    return NULL;
}
