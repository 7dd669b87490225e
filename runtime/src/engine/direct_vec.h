/*
 * What the direct path's kernels (direct.h) want of a vector beyond lane_vec.h: its first lanes,
 * one value of all its lanes, results of four neighbours. Included by lane_kernels.c only.
 */
#ifndef NN_ENGINE_DIRECT_VEC_H
#define NN_ENGINE_DIRECT_VEC_H

/* block_start() without its divisions where there is one block. */
INLINE int piece_start(int n, int count, int block)
{
    return count == 1 ? block * n : block_start(n, count, block);
}

/* ---- the first lanes ---- */

INLINE vi lane_numbers(void)
{
    static const int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    vi number;
    memcpy(&number, numbers, sizeof number);
    return number;
}

/* The first LEFT lanes; zeros in the others. */
INLINE vf first_lanes(vf value, int left) { return (vf)((lane_numbers() < left) & (vi)value); }

/* For rows behind which lies a frame of zeros, or what is written later: touches VL floats. */
INLINE void store_first(float *y, vf value, int left)
{
    *(vf_any *)y = left >= VL ? value : first_lanes(value, left);
}

/* ---- all lanes ---- */

/* Every lane of the result has the largest, or the sum, of all. */
INLINE vf largest_lane(vf x)
{
    UNROLL for (int n = VL; n > 1; n /= 2) x = vmax(EVEN(x, x), ODD(x, x));
    return x;
}
INLINE vf sum_of_lanes(vf x)
{
    UNROLL for (int n = VL; n > 1; n /= 2) x = EVEN(x, x) + ODD(x, x);
    return x;
}

/* Is every lane 0 or -0? */
INLINE int all_zero(vi bits)
{
    bits &= 0x7fffffff; /* all but the sign */
#if VL == 16
    return _mm512_test_epi32_mask((__m512i)bits, (__m512i)bits) == 0;
#elif VL == 8
    return _mm256_testz_si256((__m256i)bits, (__m256i)bits);
#else
    int32_t any = 0;
    UNROLL for (int i = 0; i < VL; i++) any |= bits[i];
    return any == 0;
#endif
}

/* ---- four results that are pooled ---- */

/* The mean of their tanh, with one division: the quotients on one denominator, at most 175^4. */
INLINE vf tanh_of_four(vf a, vf b, vf c, vf d)
{
    vf qa, qb, qc, qd;
    a = vclamp(a, TANH_END), b = vclamp(b, TANH_END);
    c = vclamp(c, TANH_END), d = vclamp(d, TANH_END);
    vf pa = tanh_quotient(a, &qa), pb = tanh_quotient(b, &qb);
    pa = pa * qb + pb * qa;
    qa *= qb;
    vf pc = tanh_quotient(c, &qc), pd = tanh_quotient(d, &qd);
    pc = pc * qd + pd * qc;
    qc *= qd;
    return (pa * qc + pc * qa) * 0.25f * vinverse(qa * qc);
}

INLINE vf mean_of_four(vf a, vf b, vf c, vf d, const nn_activation ACT)
{
    if (ACT == NN_TANH)
        return tanh_of_four(a, b, c, d);
    if (ACT == NN_SIGMOID)
        return tanh_of_four(a * 0.5f, b * 0.5f, c * 0.5f, d * 0.5f) * 0.5f + 0.5f;
    return ((activated(a, ACT) + activated(b, ACT)) + (activated(c, ACT) + activated(d, ACT))) *
           0.25f;
}

/* No activation falls where its input rises: that of the largest is the largest. */
INLINE vf largest_of_four(vf a, vf b, vf c, vf d, const nn_activation ACT)
{
    return activated(vmax(vmax(a, b), vmax(c, d)), ACT);
}

#endif
