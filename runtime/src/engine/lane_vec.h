/*
 * Vectors of VL floats in gcc's vector extension. Included by lane_kernels.c only, which is
 * compiled once for each instruction set:
 *   LANE_ISA  2, 3 or 4 (x86-64-v2, -v3, -v4; other processors use 2)
 *   VL        floats of a vector
 *   NREG      vector registers: 16 or 32; blocks of accumulators are sized by it
 */
#ifndef NN_ENGINE_LANE_VEC_H
#define NN_ENGINE_LANE_VEC_H

#include <stdint.h>
#include <string.h>
#include "lane.h"

#if LANE_ISA == 4
#define VL   16
#define NREG 32
#elif LANE_ISA == 3
#define VL   8
#define NREG 16
#elif defined __aarch64__
#define VL   4
#define NREG 32
#else
#define VL   4
#define NREG 16
#endif

typedef float vf __attribute__((vector_size(VL * 4), may_alias));
typedef int32_t vi __attribute__((vector_size(VL * 4), may_alias));
/* The same at any address. */
typedef float vf_any __attribute__((vector_size(VL * 4), may_alias, aligned(4)));

#define INLINE static inline __attribute__((always_inline))
/* Loops over accumulators must vanish, or the accumulators live in memory. */
#define UNROLL _Pragma("GCC unroll 64")

/* Keeps the compiler from carrying loaded values past this point: carried values would push
   accumulators out of the registers. */
#define RELOAD __asm__ volatile("" ::: "memory")

/* Accumulators that the compiler is to have in registers here. */
#if defined __x86_64__
#define HOLD(v) __asm__ volatile("" : "+v"(v))
#elif defined __aarch64__
#define HOLD(v) __asm__ volatile("" : "+w"(v))
#else
#define HOLD(v) ((void)0)
#endif

INLINE vf vset(float x) { return x - (vf){0}; }
INLINE vf vselect(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

#if defined __SSE__ && VL == 4
#include <xmmintrin.h>
INLINE vf vmin(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
#elif VL == 8
#include <immintrin.h>
INLINE vf vmin(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
#elif VL == 16
#include <immintrin.h>
INLINE vf vmin(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vf vmax(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
#else
INLINE vf vmin(vf a, vf b) { return vselect(a < b, a, b); }
INLINE vf vmax(vf a, vf b) { return vselect(a > b, a, b); }
#endif

/* With x last, what is not a number stays so. */
INLINE vf vclamp(vf x, float limit) { return vmax(vset(-limit), vmin(vset(limit), x)); }

/* 1 / x for finite x > 0, to the last bit or two: a division would keep its unit busy for longer than
   all else that is done with the result. */
#if VL == 16
INLINE vf vinverse(vf x)
{
    vf r = (vf)_mm512_rcp14_ps((__m512)x);
    return r + r * (1.0f - r * x);
}
#else
INLINE vf vinverse(vf x) { return 1.0f / x; }
#endif

/* tanh as x p(x^2) / q(x^2), degree 3 over 4, a minimax fit of our own; beyond the end it stays as it is
   there. Absolute error at most 4.7e-7, never beyond 1. */
static const float TANH_END = 7.65f;

/* The numerator, for x up to the end. */
INLINE vf tanh_quotient(vf x, vf *denominator)
{
    vf s = x * x;
    vf p = s * 1.152578637e-05f + 2.958703716e-03f;
    vf q = s * 2.493006967e-07f + 2.398407981e-04f;
    p = p * s + 1.293216489e-01f;
    q = q * s + 2.384515712e-02f;
    p = p * s + 9.999995170e-01f;
    q = q * s + 4.626530885e-01f;
    *denominator = q * s + 1.0f;
    return x * p;
}

INLINE vf vtanh(vf x)
{
    vf q, p = tanh_quotient(vclamp(x, TANH_END), &q);
    return p * vinverse(q);
}

/* Two of them with one division. If one is not a number, both are not. */
INLINE void vtanh_pair(vf *a, vf *b)
{
    vf qa, qb, pa = tanh_quotient(vclamp(*a, TANH_END), &qa);
    vf pb = tanh_quotient(vclamp(*b, TANH_END), &qb), inverse = vinverse(qa * qb);
    *a = pa * (inverse * qb);
    *b = pb * (inverse * qa);
}

/* exp for x <= 88; x = n ln 2 + r, a polynomial in r; relative error 1e-7. Below -87 it stays at
   exp(-87). What is not a number stays so. */
INLINE vf vexp(vf x)
{
    x = vmax(vset(-87.0f), x);
    const float shifter = 12582912.0f; /* adding it rounds to an integer */
    vf shifted = x * 1.44269504f + shifter, n = shifted - shifter;
    vf r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * (vf)(((vi)shifted << 23) + 0x3f800000);
}

INLINE vf vsigmoid(vf x) { return vtanh(x * 0.5f) * 0.5f + 0.5f; }

INLINE vf activated(vf x, const nn_activation ACTIVATION)
{
    switch (ACTIVATION) {
    case NN_TANH:
        return vtanh(x);
    case NN_RELU:
        return vmax(x, (vf){0});
    case NN_SIGMOID:
        return vsigmoid(x);
    default:
        return x;
    }
}

/* g times the derivative where the activation's output is y */
INLINE vf derived(vf y, vf g, const nn_activation ACTIVATION)
{
    switch (ACTIVATION) {
    case NN_TANH:
        return g * (1.0f - y * y);
    case NN_RELU:
        return (vf)((y > 0.0f) & (vi)g);
    case NN_SIGMOID:
        return g * (y * (1.0f - y));
    default:
        return g;
    }
}

/* Interleave the low and the high halves of two vectors; even and odd elements of both. */
#if VL == 16
#define INTERLEAVE_LOW(a, b)                                                                       \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVE_HIGH(a, b)                                                                      \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define EVEN(a, b)                                                                                 \
    __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b)                                                                                  \
    __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#elif VL == 8
#define INTERLEAVE_LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define EVEN(a, b)            __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define ODD(a, b)             __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#else
#define INTERLEAVE_LOW(a, b)  __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define EVEN(a, b)            __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define ODD(a, b)             __builtin_shufflevector(a, b, 1, 3, 5, 7)
#endif

/* The same for 16 bytes. */
#define BYTES_LOW(a, b)                                                                            \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define BYTES_HIGH(a, b)                                                                           \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* VL bytes as floats; gcc 12 takes the plain form apart into single bytes. */
#if VL == 8
INLINE vf vbytes(const uint8_t *from)
{
    return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)from)));
}
#elif VL == 16
INLINE vf vbytes(const uint8_t *from)
{
    return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)from)));
}
#else
INLINE vf vbytes(const uint8_t *from)
{
    return (vf){(float)from[0], (float)from[1], (float)from[2], (float)from[3]};
}
#endif

/* The first COUNT (1 to VL) floats of a vector from and to memory; the others are zero and not
   touched. */
#if VL == 16
INLINE vf load_part(const float *from, int count)
{
    return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}
INLINE void store_part(float *to, vf v, int count)
{
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
}
#elif VL == 8
INLINE __m256i lanes_below(int count)
{
    return (__m256i)((vi){0, 1, 2, 3, 4, 5, 6, 7} < count);
}
INLINE vf load_part(const float *from, int count)
{
    return (vf)_mm256_maskload_ps(from, lanes_below(count));
}
INLINE void store_part(float *to, vf v, int count)
{
    _mm256_maskstore_ps(to, lanes_below(count), (__m256)v);
}
#else
INLINE vf load_part(const float *from, int count)
{
    vf v = {0};
    memcpy(&v, from, (size_t)count * sizeof(float));
    return v;
}
INLINE void store_part(float *to, vf v, int count) { memcpy(to, &v, (size_t)count * sizeof(float)); }
#endif

/* VL vectors as rows of a square; on return its columns. */
INLINE void transpose_square(vf *square)
{
    vf turned[VL];
    UNROLL for (int step = 1; step < VL; step *= 2) {
        UNROLL for (int k = 0; k < VL / 2; k++) {
            turned[2 * k] = INTERLEAVE_LOW(square[k], square[k + VL / 2]);
            turned[2 * k + 1] = INTERLEAVE_HIGH(square[k], square[k + VL / 2]);
        }
        UNROLL for (int k = 0; k < VL; k++) square[k] = turned[k];
    }
}

/* Lane i of the result is the sum of the lanes of in[i]. */
INLINE vf fold_square(const vf *in)
{
    vf t[VL];
    UNROLL for (int i = 0; i < VL; i++) t[i] = in[i];
    UNROLL for (int n = VL / 2; n >= 1; n /= 2)
        UNROLL for (int i = 0; i < n; i++)
            t[i] = EVEN(t[2 * i], t[2 * i + 1]) + ODD(t[2 * i], t[2 * i + 1]);
    return t[0];
}

/* Cut n into the fewest blocks of at most MOST, as equal as can be, the longer first. */
INLINE int block_count(int n, int most) { return (n + most - 1) / most; }
INLINE int block_start(int n, int count, int block)
{
    int length = n / count, longer = n % count;
    return block * length + (block < longer ? block : longer);
}

#endif
