/* Which kernels of quantised networks this machine runs. */
#include "quant_kernels.h"

#include <stdlib.h>
#include <string.h>
#include "../engine/lane.h"

extern const quant_kernels nn__quant_int8_v2, nn__quant_bf16_v2;
#ifdef __x86_64__
#include <cpuid.h>
extern const quant_kernels nn__quant_int8_v3, nn__quant_int8_v4, nn__quant_int8_avxvnni,
    nn__quant_int8_vnni, nn__quant_bf16_v3, nn__quant_bf16_v4, nn__quant_bf16_bf16;

enum { AVX512_VNNI = 1 << 11, AVX_VNNI = 1 << 4, AVX512_BF16 = 1 << 5 };

/* Leaf 7: ecx of sub-leaf 0 and eax of sub-leaf 1. */
static int has(unsigned ecx, unsigned eax)
{
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (c & ecx) != ecx)
        return 0;
    return !eax || (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & eax) == eax);
}
#endif

typedef struct level {
    const quant_kernels *kernels;
    int isa;           /* x86-64 level that it needs */
    unsigned ecx, eax; /* and features beyond */
} level;

static const level int8_levels[] = {
    {&nn__quant_int8_v2, 2, 0, 0},
#ifdef __x86_64__
    {&nn__quant_int8_v3, 3, 0, 0}, {&nn__quant_int8_avxvnni, 3, 0, AVX_VNNI},
    {&nn__quant_int8_v4, 4, 0, 0}, {&nn__quant_int8_vnni, 4, AVX512_VNNI, 0},
#endif
};

static const level bf16_levels[] = {
    {&nn__quant_bf16_v2, 2, 0, 0},
#ifdef __x86_64__
    {&nn__quant_bf16_v3, 3, 0, 0},
    {&nn__quant_bf16_v4, 4, 0, 0},
    {&nn__quant_bf16_bf16, 4, 0, AVX512_BF16},
#endif
};

static const level *levels_of(quant_type type, int *count)
{
    int int8 = type == QUANT_INT8;
    *count = (int)(int8 ? sizeof int8_levels / sizeof *int8_levels
                        : sizeof bf16_levels / sizeof *bf16_levels);
    return int8 ? int8_levels : bf16_levels;
}

static int can_run(const level *l)
{
    int machine = nn__isa_machine();
    if (l->isa > (machine < 2 ? 2 : machine))
        return 0;
#ifdef __x86_64__
    return has(l->ecx, l->eax);
#else
    return 1;
#endif
}

const quant_kernels *nn__quant_kernels_at(quant_type type, int index, int *runs)
{
    int count;
    const level *levels = levels_of(type, &count);
    *runs = index < count && can_run(&levels[index]);
    return index < count ? levels[index].kernels : NULL;
}

const quant_kernels *nn__quant_kernels(quant_type type)
{
    int count;
    const level *levels = levels_of(type, &count);
    const char *wish = getenv("XTINYCC_ISA");
    int plain = wish && wish[0] == 'v' && wish[1] >= '2' && wish[1] <= '4' && !wish[2];
    const quant_kernels *best = levels[0].kernels;
    for (int i = 1; i < count; i++) {
        const level *l = &levels[i];
        if (!can_run(l))
            continue;
        if (wish && strcmp(wish, l->kernels->name) == 0)
            return l->kernels;
        if (!plain || (l->isa <= nn__isa_number() && !l->ecx && !l->eax))
            best = l->kernels;
    }
    return best;
}
