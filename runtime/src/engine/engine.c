/* Choose an engine for a network. */
#include "engine.h"

#include <stdio.h>
#include <string.h>

/* Absent in builds without the fast engine's sources. */
#pragma weak nn__lane_engine

/* Stand back for the fast engine's own definitions. */
__attribute__((weak)) const char *nn__isa_level(void) { return "v2"; }
__attribute__((weak)) int nn__default_threads(void) { return 1; }

static const nn_engine *lane_engine(void)
{
    return nn__lane_engine ? nn__lane_engine() : NULL;
}

const nn_engine *nn__engine_choose(const nn_net *net, const char *name, char *why, size_t why_size)
{
    const nn_engine *lane = lane_engine();
    if (!name) {
        if (lane && lane->supports(net, why, why_size))
            return lane;
        return &nn__reference_engine;
    }
    if (strcmp(name, "reference") == 0)
        return &nn__reference_engine;
    if (strcmp(name, "lane") != 0) {
        snprintf(why, why_size, "engine \"%.40s\" is unknown; valid are reference, lane", name);
        return NULL;
    }
    if (!lane) {
        snprintf(why, why_size, "this build has no engine \"lane\"");
        return NULL;
    }
    char missing[160] = "";
    if (lane->supports(net, missing, sizeof missing))
        return lane;
    snprintf(why, why_size, "engine \"lane\" cannot compute this model (%s); use \"reference\"",
             missing);
    return NULL;
}
