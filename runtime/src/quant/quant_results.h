/*
 * From vectors of sums to elements: activations, pooling, rounding, and their way to memory. The same
 * arithmetic as quant_reference.c, operation by operation. Included by quant_kernels.c only.
 */
#ifndef NN_QUANT_RESULTS_H
#define NN_QUANT_RESULTS_H

#include "quant_math.h"
#include "quant_vec.h"

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

/* Of magnitude below 2^22; with AVX-512 below 2^31. */
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
