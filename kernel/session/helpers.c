/*
 * Functions that cells may call but that dlsym cannot find: built-ins of GCC that TinyCC compiles
 * as plain calls, and those that glibc links statically into every program.
 */
#include "loader_internal.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

typedef long long ll;
typedef unsigned long ul;
typedef unsigned long long ull;
__extension__ typedef __int128 i128;

static int popcount(unsigned v) { return __builtin_popcount(v); }
static int popcountl(ul v) { return __builtin_popcountl(v); }
static int popcountll(ull v) { return __builtin_popcountll(v); }
static int parity(unsigned v) { return __builtin_parity(v); }
static int parityl(ul v) { return __builtin_parityl(v); }
static int parityll(ull v) { return __builtin_parityll(v); }
static int clz(unsigned v) { return __builtin_clz(v); }
static int clzl(ul v) { return __builtin_clzl(v); }
static int clzll(ull v) { return __builtin_clzll(v); }
static int ctz(unsigned v) { return __builtin_ctz(v); }
static int ctzl(ul v) { return __builtin_ctzl(v); }
static int ctzll(ull v) { return __builtin_ctzll(v); }
static int clrsb(int v) { return __builtin_clrsb(v); }
static int clrsbl(long v) { return __builtin_clrsbl(v); }
static int clrsbll(ll v) { return __builtin_clrsbll(v); }
static uint16_t bswap16(uint16_t v) { return __builtin_bswap16(v); }
static uint32_t bswap32(uint32_t v) { return __builtin_bswap32(v); }
static uint64_t bswap64(uint64_t v) { return __builtin_bswap64(v); }
static double infinity(void) { return __builtin_inf(); }
static float infinityf(void) { return __builtin_inff(); }
static long double infinityl(void) { return __builtin_infl(); }
static int is_nan(double v) { return v != v; }
static int is_inf(double v) { return __builtin_isinf_sign(v); }
static int is_finite(double v) { return __builtin_isfinite(v); }
static int sign_bit(double v) { return __builtin_signbit(v); }
static void trap(void) { __builtin_trap(); }
static void prefetch(const void *address, ...) { (void)address; }
static void *assume_aligned(const void *address, ...) { return (void *)address; }
/* The arguments: see gcc_builtins.h. */
static int overflow_of(int operation, ull a, int a_negative, ull b, int b_negative, void *out,
                       ul size, int is_signed)
{
    i128 x = a_negative ? (i128)(ll)a : (i128)a, y = b_negative ? (i128)(ll)b : (i128)b, exact;
    bool over = operation == 0   ? __builtin_add_overflow(x, y, &exact)
                : operation == 1 ? __builtin_sub_overflow(x, y, &exact)
                                 : __builtin_mul_overflow(x, y, &exact);
    unsigned unused = size < sizeof(ull) ? (unsigned)(64 - 8 * size) : 0;
    ull bits = (ull)exact << unused >> unused;
    ll value = (ll)((ull)exact << unused) >> unused;
    memcpy(out, &bits, size < sizeof bits ? size : sizeof bits);
    return over || exact != (is_signed ? (i128)value : (i128)bits);
}
static long expect(long value, long expected) { return (void)expected, value; }

static const struct {
    const char *name;
    void *address;
} builtins[] = {
    {"popcount", popcount}, {"popcountl", popcountl}, {"popcountll", popcountll},
    {"parity", parity}, {"parityl", parityl}, {"parityll", parityll},
    {"clz", clz}, {"clzl", clzl}, {"clzll", clzll},
    {"ctz", ctz}, {"ctzl", ctzl}, {"ctzll", ctzll},
    {"clrsb", clrsb}, {"clrsbl", clrsbl}, {"clrsbll", clrsbll},
    {"bswap16", bswap16}, {"bswap32", bswap32}, {"bswap64", bswap64},
    {"inf", infinity}, {"inff", infinityf}, {"infl", infinityl},
    {"huge_val", infinity}, {"huge_valf", infinityf}, {"huge_vall", infinityl},
    {"isnan", is_nan}, {"isinf", is_inf}, {"isinf_sign", is_inf}, {"isfinite", is_finite},
    {"signbit", sign_bit}, {"trap", trap}, {"unreachable", trap}, {"prefetch", prefetch},
    {"assume_aligned", assume_aligned}, {"expect", expect},
    {"overflow_of", overflow_of},
};

/* Taking an address here makes the linker bring the function in, wherever this glibc keeps it. */
static const struct {
    const char *name;
    void *address;
} linked_statically[] = {
    {"at_quick_exit", at_quick_exit}, {"pthread_atfork", pthread_atfork},
    {"stat", stat}, {"lstat", lstat}, {"fstat", fstat}, {"fstatat", fstatat},
    {"stat64", stat64}, {"lstat64", lstat64}, {"fstat64", fstat64}, {"fstatat64", fstatat64},
    {"mknod", mknod}, {"mknodat", mknodat},
};

void *loader_builtin(const char *name)
{
    static const char prefix[] = "__builtin_";
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
        const char *rest = name + sizeof prefix - 1;
        for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
            if (strcmp(builtins[i].name, rest) == 0)
                return builtins[i].address;
        }
        /* memcpy, sqrt, nan, ffs, ...: the library's function of that name. */
        return dlsym(RTLD_DEFAULT, rest);
    }
    for (size_t i = 0; i < sizeof linked_statically / sizeof *linked_statically; i++) {
        if (strcmp(linked_statically[i].name, name) == 0)
            return linked_statically[i].address;
    }
    if (strcmp(name, "__stack_chk_fail_local") == 0)
        return dlsym(RTLD_DEFAULT, "__stack_chk_fail");
    return NULL;
}
