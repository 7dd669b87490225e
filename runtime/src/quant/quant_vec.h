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
#include "quant_math.h"

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

/* ---- from sums to elements ---- */

INLINE vf tanh_fit(vf x)
{
    x = fmax_(fmin_(x, fset(QUANT_TANH_MOST)), fset(-QUANT_TANH_MOST));
    vf s = x * x;
    vf p = s * QUANT_TANH_P2 + QUANT_TANH_P1;
    vf q = s * QUANT_TANH_Q2 + QUANT_TANH_Q1;
    p = p * s + QUANT_TANH_P0;
    q = q * s + 1.0f;
    return x * p / q;
}

INLINE vf activated(vf x, const nn_activation ACTIVATION)
{
    if (ACTIVATION == NN_TANH)
        return tanh_fit(x);
    if (ACTIVATION == NN_SIGMOID)
        return tanh_fit(x * 0.5f) * 0.5f + 0.5f;
    return ACTIVATION == NN_RELU ? fmax_(x, (vf){0}) : x;
}

/* Of magnitude below 2^22. */
INLINE vi nearest(vf x)
{
#if defined __AVX512F__ && VL == 16
    return (vi)_mm512_cvtps_epi32((__m512)x);
#elif defined __AVX__ && VL == 8
    return (vi)_mm256_cvtps_epi32((__m256)x);
#elif defined __SSE2__ && VL == 4
    return (vi)_mm_cvtps_epi32((__m128)x);
#else
    return (vi)(x + QUANT_MAGIC) - QUANT_MAGIC_BITS;
#endif
}

INLINE vf entries(const float *table, vi at)
{
#if defined __AVX512F__ && VL == 16 /* takes the low five bits */
    return (vf)_mm512_permutex2var_ps(_mm512_loadu_ps(table), (__m512i)at,
                                      _mm512_loadu_ps(table + VL));
#else
    vf found;
    for (int i = 0; i < VL; i++)
        found[i] = table[at[i] & 31];
    return found;
#endif
}

/* 127 tanh, of what quant_math.h says. */
INLINE vf tanh_lines(vf u)
{
    u = fmax_(fmin_(u, fset(QUANT_TANH_REACH)), fset(-QUANT_TANH_REACH));
    vi at = (vi)(u + QUANT_MAGIC);
    return entries(nn__quant_tanh_slope, at) * u + entries(nn__quant_tanh_start, at);
}

/* Activated and in steps of a byte, neither rounded nor moved to its zero. */
INLINE vf in_steps(vf x, const nn_activation ACTIVATION)
{
    if (ACTIVATION == NN_TANH || ACTIVATION == NN_SIGMOID)
        return tanh_lines(x);
    return ACTIVATION == NN_RELU ? fmax_(x, (vf){0}) : x;
}

INLINE vi rounded(vf steps, int32_t zero, const nn_activation ACTIVATION)
{
    if (ACTIVATION == NN_TANH)
        return nearest(steps) + 128;
    if (ACTIVATION == NN_SIGMOID)
        return nearest(steps * QUANT_SIGMOID_STEPS + 127.5f);
    float z = (float)zero;
    return nearest(fmax_(fmin_(steps, fset(255 - z)), fset(-z))) + zero;
}

/* A scaled sum to a byte's value, a float to bfloat16's bits: what elements are made of. */
INLINE vi to_byte(vf x, int32_t zero, const nn_activation ACTIVATION)
{
    if (ACTIVATION == NN_TANH || ACTIVATION == NN_SIGMOID)
        return rounded(tanh_lines(x), zero, ACTIVATION);
    float z = (float)zero;
    x = fmax_(fmin_(x, fset(255 - z)), fset(ACTIVATION == NN_RELU ? 0 : -z));
    return nearest(x) + zero;
}

INLINE vi to_half(vf x)
{
    vi bits = (vi)x;
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16 & 0xffff;
}

INLINE vf from_half(vi x)
{
    return (vf)(x << 16);
}

/* Sums of outputs with these factors, as whole lanes of elements' bits. */
INLINE vi finished(sums s, vf factor, int32_t zero, const nn_activation ACTIVATION)
{
#if QUANT_FORM == QUANT_HALVES
    (void)factor, (void)zero;
    return to_half(activated(s, ACTIVATION));
#else
    return to_byte(to_floats(s) * factor, zero, ACTIVATION);
#endif
}

INLINE vf finished_float(sums s, vf factor, const nn_activation ACTIVATION)
{
#if QUANT_FORM == QUANT_HALVES
    (void)factor;
    return activated(s, ACTIVATION);
#else
    return activated(to_floats(s) * factor, ACTIVATION);
#endif
}

INLINE sums greater(sums a, sums b)
{
#if QUANT_FORM == QUANT_HALVES
    return fmax_(a, b);
#else
    return imax(a, b);
#endif
}

/* A 2x2 window of sums, in reading order, to one value. */
#if QUANT_FORM == QUANT_HALVES
INLINE vi pooled(sums a, sums b, sums c, sums d, vf factor, int32_t zero, const quant_pooled POOLED,
                 const nn_activation ACTIVATION)
{
    /* What never falls as its argument grows may come after the maximum. */
    if (POOLED == QUANT_MAXIMUM && (ACTIVATION == NN_LINEAR || ACTIVATION == NN_RELU))
        return finished(greater(d, greater(c, greater(b, a))), factor, zero, ACTIVATION);
    vf p = from_half(finished(a, factor, zero, ACTIVATION));
    vf q = from_half(finished(b, factor, zero, ACTIVATION));
    vf r = from_half(finished(c, factor, zero, ACTIVATION));
    vf t = from_half(finished(d, factor, zero, ACTIVATION));
    if (POOLED == QUANT_MAXIMUM)
        return (vi)fmax_(t, fmax_(r, fmax_(q, p))) >> 16 & 0xffff;
    return to_half((p + q + r + t) * 0.25f);
}
#else
INLINE vi pooled(sums a, sums b, sums c, sums d, vf factor, int32_t zero, const quant_pooled POOLED,
                 const nn_activation ACTIVATION)
{
    if (POOLED == QUANT_MAXIMUM)
        return finished(greater(greater(a, b), greater(c, d)), factor, zero, ACTIVATION);
    vf p = in_steps(to_floats(a) * factor, ACTIVATION), q = in_steps(to_floats(b) * factor, ACTIVATION);
    vf r = in_steps(to_floats(c) * factor, ACTIVATION), t = in_steps(to_floats(d) * factor, ACTIVATION);
    return rounded(((p + q) + (r + t)) * 0.25f, zero, ACTIVATION);
}
#endif

/* The first COUNT lanes as elements. */
INLINE void store(element *y, vi lanes, int count)
{
    v_element packed = __builtin_convertvector(lanes, v_element);
    if (count >= VL) {
        *(v_element *)y = packed;
        return;
    }
#if QUANT_FORM == QUANT_QUADS && defined __AVX512BW__ && VL == 16
    _mm_mask_storeu_epi8(y, (__mmask16)((1u << count) - 1), (__m128i)packed);
    return;
#endif
    element values[VL] __attribute__((aligned(64)));
    *(v_element *)values = packed;
    for (int i = 0; i < count; i++)
        y[i] = values[i];
}

INLINE void store_floats(float *y, vf lanes, int count)
{
    if (count >= VL) {
        *(vf_any *)y = lanes;
        return;
    }
#if defined __AVX512F__ && VL == 16
    _mm512_mask_storeu_ps(y, (__mmask16)((1u << count) - 1), (__m512)lanes);
    return;
#endif
    float values[VL] __attribute__((aligned(64)));
    *(vf *)values = lanes;
    for (int i = 0; i < count; i++)
        y[i] = values[i];
}

#endif
