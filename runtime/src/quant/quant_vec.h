/*
 * Vectors of VL 32-bit lanes, and one multiplication: dot(sums, inputs, weights) adds to each lane
 * the products of one group. Included by quant_kernels.c only, which is compiled once for each
 * instruction set:
 *   QUANT_FORM      QUANT_PAIRS, QUANT_QUADS or QUANT_HALVES (bf16): quant_kernels.h
 *   QUANT_LANES     4, 8 or 16
 *   QUANT_EMULATED  write dot() in plain C whatever the instruction set has
 */
#ifndef NN_QUANT_VEC_H
#define NN_QUANT_VEC_H

#include <stdint.h>
#include <string.h>
#include "quant_kernels.h"

#define QUANT_PAIRS  1
#define QUANT_QUADS  2
#define QUANT_HALVES 3

#define VL QUANT_LANES
#if VL == 16
#define NREG 32
#else
#define NREG 16
#endif

#if defined __SSE2__
#include <immintrin.h>
#endif

typedef int32_t vi __attribute__((vector_size(VL * 4), may_alias));
typedef float vf __attribute__((vector_size(VL * 4), may_alias));
typedef int32_t vi_any __attribute__((vector_size(VL * 4), may_alias, aligned(1)));
typedef float vf_any __attribute__((vector_size(VL * 4), may_alias, aligned(1)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 64")

#if QUANT_FORM == QUANT_QUADS
typedef uint8_t element;
typedef int8_t weight; /* as quant_layer holds it */
#define GROUP 4
#elif QUANT_FORM == QUANT_PAIRS
typedef int16_t element;
typedef int8_t weight;
#define GROUP 2
#else
typedef uint16_t element;
typedef uint16_t weight;
#define GROUP 2
#endif
typedef element v_element __attribute__((vector_size(VL * sizeof(element)), may_alias, aligned(1)));

#if QUANT_FORM == QUANT_HALVES
typedef vf sums;
typedef float sum;
#else
typedef vi sums;
typedef int32_t sum;
#endif

INLINE int at_least(int a, int b)
{
    return a > b ? a : b;
}
INLINE int at_most(int a, int b)
{
    return a < b ? a : b;
}
INLINE vi iset(int32_t x)
{
    return x - (vi){0};
}
INLINE vf fset(float x)
{
    return x - (vf){0};
}
INLINE vf to_floats(vi x)
{
    return __builtin_convertvector(x, vf);
}
INLINE vi iselect(vi mask, vi a, vi b)
{
    return (mask & a) | (~mask & b);
}

#if defined __SSE2__ && VL == 4
INLINE vf fmin_(vf a, vf b)
{
    return (vf)_mm_min_ps((__m128)a, (__m128)b);
}
INLINE vf fmax_(vf a, vf b)
{
    return (vf)_mm_max_ps((__m128)a, (__m128)b);
}
#elif defined __AVX__ && VL == 8
INLINE vf fmin_(vf a, vf b)
{
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}
INLINE vf fmax_(vf a, vf b)
{
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}
#elif defined __AVX512F__ && VL == 16
INLINE vf fmin_(vf a, vf b)
{
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}
INLINE vf fmax_(vf a, vf b)
{
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}
#else
INLINE vf fmin_(vf a, vf b)
{
    return (vf)iselect(a < b, (vi)a, (vi)b);
}
INLINE vf fmax_(vf a, vf b)
{
    return (vf)iselect(a > b, (vi)a, (vi)b);
}
#endif
/* As the reference's comparisons: a if it is greater, else b. */
INLINE vi imax(vi a, vi b)
{
#if defined __AVX512F__ && VL == 16 /* gcc 12 does not see it */
    return (vi)_mm512_max_epi32((__m512i)a, (__m512i)b);
#elif defined __AVX2__ && VL == 8
    return (vi)_mm256_max_epi32((__m256i)a, (__m256i)b);
#else
    return iselect(a > b, a, b);
#endif
}

/* ---- one group ---- */

/* The group at x in every lane. */
INLINE vi group_at(const element *x)
{
    int32_t bits;
    memcpy(&bits, x, sizeof bits);
    return iset(bits);
}

#if QUANT_FORM == QUANT_HALVES
#if defined __AVX512BF16__ && VL == 16 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return (sums)_mm512_dpbf16_ps((__m512)s, (__m512bh)x, (__m512bh)w);
}
#else
/* A product of two bfloat16 is exact in float32: fused or not gives the same. */
INLINE sums dot(sums s, vi x, vi w)
{
    s = s + (vf)(x & iset(-65536)) * (vf)(w & iset(-65536));
    return s + (vf)(x << 16) * (vf)(w << 16);
}
#endif

#elif QUANT_FORM == QUANT_QUADS
#if defined __AVX512VNNI__ && VL == 16 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return (sums)_mm512_dpbusd_epi32((__m512i)s, (__m512i)x, (__m512i)w);
}
#elif defined __AVXVNNI__ && VL == 8 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return (sums)_mm256_dpbusd_avx_epi32((__m256i)s, (__m256i)x, (__m256i)w);
}
#else
INLINE sums dot(sums s, vi x, vi w)
{
    s += (x & 255) * (w << 24 >> 24);
    s += (x >> 8 & 255) * (w << 16 >> 24);
    s += (x >> 16 & 255) * (w << 8 >> 24);
    return s + (x >> 24 & 255) * (w >> 24);
}
#endif

#else
#if defined __SSE2__ && VL == 4 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return s + (vi)_mm_madd_epi16((__m128i)x, (__m128i)w);
}
#elif defined __AVX2__ && VL == 8 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return s + (vi)_mm256_madd_epi16((__m256i)x, (__m256i)w);
}
#elif defined __AVX512BW__ && VL == 16 && !defined QUANT_EMULATED
INLINE sums dot(sums s, vi x, vi w)
{
    return s + (vi)_mm512_madd_epi16((__m512i)x, (__m512i)w);
}
#else
INLINE sums dot(sums s, vi x, vi w)
{
    return s + (x << 16 >> 16) * (w << 16 >> 16) + (x >> 16) * (w >> 16);
}
#endif
#endif

/* ---- weights of a dense layer: bytes also where the arithmetic is on pairs ---- */

#if QUANT_FORM == QUANT_PAIRS
#define DENSE_BYTES 2 /* of one group and output */
#if defined __SSE4_1__ && VL == 4
INLINE vi dense_weights(const char *p)
{
    return (vi)_mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)p));
}
#elif defined __AVX2__ && VL == 8
INLINE vi dense_weights(const char *p)
{
    return (vi)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}
#elif defined __AVX512BW__ && VL == 16
INLINE vi dense_weights(const char *p)
{
    return (vi)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}
#else
INLINE vi dense_weights(const char *p)
{
    typedef int8_t bytes __attribute__((vector_size(VL * 2), may_alias, aligned(1)));
    typedef int16_t wide __attribute__((vector_size(VL * 4), may_alias));
    return (vi) __builtin_convertvector(*(const bytes *)p, wide);
}
#endif
#else
#define DENSE_BYTES 4
INLINE vi dense_weights(const char *p)
{
    return *(const vi_any *)p;
}
#endif

#endif
