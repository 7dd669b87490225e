/* When the machine's BLAS is faster than lanes. See blas_engine.h. */
#include "blas_engine.h"

#include <dlfcn.h>
#include <string.h>
#include <strings.h>
#include "lane.h"
#include "nn/blas.h"

/* Weights of a layer from which on it is faster in the BLAS than in lanes. */
enum { WIDE = 200 * 1000 };

static int is_wide(const nn_net *net)
{
    size_t most = 0;
    for (int i = 0; i < net->op_count; i++)
        if (net->ops[i].weight_count > most)
            most = net->ops[i].weight_count;
    return most >= WIDE;
}

/* With 256 bits where there are 512, OpenBLAS takes twice as long, and longer than lanes. */
static int is_narrow(void)
{
    static const char *const of_512_bits[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    const char *path = nn__isa_number() < 4 ? NULL : nn_blas_library();
    void *library = path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    char *(*core)(void) = NULL;
    if (library) {
        void *symbol = dlsym(library, "openblas_get_corename");
        memcpy(&core, &symbol, sizeof core);
        dlclose(library); /* it stays: nn/blas.h holds it */
    }
    for (size_t i = 0; core && i < sizeof of_512_bits / sizeof *of_512_bits; i++)
        if (strcasecmp(core(), of_512_bits[i]) == 0)
            return 0;
    return core != NULL;
}

int nn__blas_is_narrow(void)
{
    static _Atomic int known; /* 1: yes, 2: no */
    if (!known)
        known = is_narrow() ? 1 : 2;
    return known == 1;
}

const char *nn__blas_file(void)
{
    const char *path = nn_blas_library(), *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "BLAS";
}

int nn__blas_is_faster(const nn_net *net)
{
    char missing[80];
    return is_wide(net) && nn__blas_engine.supports(net, missing, sizeof missing) &&
           !nn__blas_is_narrow();
}
