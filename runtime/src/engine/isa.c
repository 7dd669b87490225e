/* What this machine allows: instruction set level and number of threads. */
#include "engine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lane.h"
#include "pool.h"

#if defined __x86_64__
#include <cpuid.h>

/* Bits of the extended control register: state that the operating system saves. */
static unsigned saved_state(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int has(unsigned word, unsigned bits) { return (word & bits) == bits; }

/* 1 to 4: the highest x86-64 micro-architecture level. The compiler's own test needs symbols of
   libgcc that a program linked by TinyCC does not have. */
static int machine_level(void)
{
    unsigned a, b, c, d, extended_c = 0, b7 = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return 1;
    unsigned c1 = c;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        extended_c = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        b7 = b;
    if (!has(c1, bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT | bit_CMPXCHG16B))
        return 1;
    if (!has(c1, bit_AVX | bit_FMA | bit_F16C | bit_MOVBE | bit_OSXSAVE) ||
        !has(b7, bit_AVX2 | bit_BMI | bit_BMI2) || !has(extended_c, bit_LZCNT) ||
        !has(saved_state(), 0x06))
        return 2;
    if (!has(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL) ||
        !has(saved_state(), 0xe6))
        return 3;
    return 4;
}

/* Matrix tiles of bfloat16. The system saves their state only for processes that have asked for it,
   and refuses where it cannot (a small stack for signals, a sandbox). */
static int machine_tiles(void)
{
    enum { ASK_FOR_STATE = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    unsigned a, b, c, d;
    if (nn__isa_machine() < 4 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
        !has(d, 1u << 22 | 1u << 24) || !has(saved_state(), 3u << 17))
        return 0;
    return syscall(SYS_arch_prctl, ASK_FOR_STATE, TILE_DATA) == 0;
}
#else
static int machine_level(void) { return 2; }
static int machine_tiles(void) { return 0; }
#endif

int nn__isa_machine(void)
{
    static int level; /* the same whoever writes it */
    if (!level)
        level = machine_level();
    return level;
}

int nn__isa_number(void)
{
    int level = nn__isa_machine();
    const char *wish = getenv("XTINYCC_ISA");
    if (wish && wish[0] == 'v' && wish[1] >= '2' && wish[1] <= '4' && !wish[2] &&
        wish[1] - '0' < level)
        level = wish[1] - '0';
    return level < 2 ? 2 : level;
}

int nn__isa_tiles(void)
{
    static int asked, has_tiles; /* the same whoever writes them */
    const char *wish = getenv("XTINYCC_ISA");
    int everywhere = wish && strcmp(wish, "amx") == 0;
    if (wish && *wish && !everywhere)
        return 0;
    if (!asked) {
        has_tiles = machine_tiles();
        asked = 1;
    }
    return has_tiles ? 1 + everywhere : 0;
}

const char *nn__isa_level(void)
{
    static const char *const names[] = {"v2", "v3", "v4"};
    return names[nn__isa_number() - 2];
}

/* Cores that a control group's quota is worth, rounded down but at least 1; 0 for no limit. */
static int quota_of(const char *folder)
{
    char path[560], text[64];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder); /* version 2: "max 100000" for no limit */
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder); /* version 1 */
        file = fopen(path, "re");
        if (!file)
            return 0;
        int got = fscanf(file, "%lf", &quota);
        fclose(file);
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        file = got == 1 ? fopen(path, "re") : NULL;
        if (!file)
            return 0;
        got = fscanf(file, "%lf", &period);
        fclose(file);
        if (got != 1)
            return 0;
    } else {
        int got = fscanf(file, "%63s %lf", text, &period);
        fclose(file);
        if (got != 2 || !strcmp(text, "max"))
            return 0;
        quota = strtod(text, NULL);
    }
    if (quota <= 0 || period <= 0)
        return 0;
    return quota < 2 * period ? 1 : (int)(quota / period);
}

/* The least quota of our control group and of those above it. */
static int cgroup_cores(void)
{
    char line[256], folder[512];
    int least = 0;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        /* "0::/path" in version 2, "4:cpu,cpuacct:/path" in version 1 */
        char *second = strchr(line, ':'), *path = second ? strchr(second + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        int unified = second[1] == 0;
        if (!unified && !strstr(second, "cpu"))
            continue;
        for (char *end = path + strlen(path);; end = strrchr(path, '/')) {
            *end = 0;
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s", unified ? "" : "/cpu", path);
            int cores = quota_of(folder);
            if (cores && (!least || cores < least))
                least = cores;
            if (*path != '/')
                break;
        }
    }
    if (file)
        fclose(file);
    return least;
}

int nn__default_threads(void)
{
    const char *wish = getenv("XTINYCC_THREADS");
    if (wish) {
        char *end;
        long n = strtol(wish, &end, 10);
        if (end != wish && !*end && n >= 1)
            return n > NN_POOL_MAX_THREADS ? NN_POOL_MAX_THREADS : (int)n;
    }
    cpu_set_t allowed;
    int cores = 1;
    if (!sched_getaffinity(0, sizeof allowed, &allowed))
        cores = CPU_COUNT(&allowed);
    int quota = cgroup_cores();
    if (quota && quota < cores)
        cores = quota;
    return cores < 1 ? 1 : cores > NN_POOL_MAX_THREADS ? NN_POOL_MAX_THREADS : cores;
}
