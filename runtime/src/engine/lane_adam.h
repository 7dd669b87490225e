/* A step of Adam for a range of weights. Part of lane_kernels.c. */

/* The square root of x >= 0, to the last bit or two; of less than 1e-30 that of 1e-30, which Adam's
   epsilon hides. Without the unit for roots, see vinverse(). */
#if VL == 16
INLINE vf vroot(vf x)
{
    x = vmax(vset(1e-30f), vmin(vset(3e38f), x));
    vf r = (vf)_mm512_rsqrt14_ps((__m512)x), root = x * r;
    return root + root * (0.5f - 0.5f * root * r);
}
#elif VL == 8
INLINE vf vroot(vf x) { return (vf)_mm256_sqrt_ps((__m256)x); }
#elif defined __SSE__
INLINE vf vroot(vf x) { return (vf)_mm_sqrt_ps((__m128)x); }
#else
INLINE vf vroot(vf x) { return (vf){sqrtf(x[0]), sqrtf(x[1]), sqrtf(x[2]), sqrtf(x[3])}; }
#endif

INLINE vf adam_change(const lane_adam *step, vf grad, vf *m, vf *v)
{
    *m += (grad - *m) * step->rest_1;
    *v += (grad * grad - *v) * step->rest_2;
    return *m * step->alpha * vinverse(vroot(*v) + step->epsilon);
}

static void adam(const lane_adam *step, const float *grad, float *params, float *m, float *v,
                 size_t n)
{
    const lane_adam s = *step;
    size_t i = 0;
    for (; i + VL <= n; i += VL) {
        vf m1 = *(vf_any *)(m + i), v1 = *(vf_any *)(v + i);
        *(vf_any *)(params + i) -= adam_change(&s, *(const vf_any *)(grad + i), &m1, &v1);
        *(vf_any *)(m + i) = m1;
        *(vf_any *)(v + i) = v1;
    }
    int left = (int)(n - i);
    if (!left)
        return;
    vf m1 = load_part(m + i, left), v1 = load_part(v + i, left);
    vf change = adam_change(&s, load_part(grad + i, left), &m1, &v1);
    store_part(params + i, load_part(params + i, left) - change, left);
    store_part(m + i, m1, left);
    store_part(v + i, v1, left);
}
