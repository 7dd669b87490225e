/*
 * The float32 arithmetic that the kernels and the reference must do alike, bit for bit: both are
 * compiled without fused multiply-add and write every formula in this order. Private to
 * runtime/src/quant.
 */
#ifndef NN_QUANT_MATH_H
#define NN_QUANT_MATH_H

#include "../engine/engine.h"

/* tanh as x p(x^2) / q(x^2): degree 2 over 2, a fit of our own on [0, 4.6], where 1 - tanh is
   2e-4. Absolute error 2.7e-5 inside. */
#define QUANT_TANH_MOST 4.6f
#define QUANT_TANH_P0   9.99880764e-01f
#define QUANT_TANH_P1   1.03035956e-01f
#define QUANT_TANH_P2   6.94762063e-04f
#define QUANT_TANH_Q1   4.36000210e-01f
#define QUANT_TANH_Q2   1.30354656e-02f

/* 127 tanh(x) for bytes, of u = QUANT_TANH_STEPS x: a line for each whole number n that u is next to,
   at n modulo 32, a fit of our own. Within 0.27 of a byte's step. u is first cut to what the lines
   cover; 127 tanh(3.16) is 126.5. */
#define QUANT_TANH_STEPS 4.9f
#define QUANT_TANH_REACH 15.499999f
/* 255 / (1 + exp(-x)) is 127.5 tanh(x / 2) + 127.5 */
#define QUANT_SIGMOID_STEPS (127.5f / 127.0f)
static const float nn__quant_tanh_start[32] = {
    0.00000000f, 4.80095869e-01f, 4.96392936f, 1.44673481e+01f,
    2.85042270e+01f, 4.47582584e+01f, 6.12431647e+01f, 7.61609767e+01f,
    8.84153804e+01f, 9.83249645e+01f, 1.05967999e+02f, 1.11743973e+02f,
    1.16065866e+02f, 1.19102245e+02f, 1.21700044e+02f, 1.20084677e+02f,
    0.00000000f, -1.20084677e+02f, -1.21700044e+02f, -1.19102245e+02f,
    -1.16065866e+02f, -1.11743973e+02f, -1.05967999e+02f, -9.83249645e+01f,
    -8.84153804e+01f, -7.61609767e+01f, -6.12431647e+01f, -4.47582584e+01f,
    -2.85042270e+01f, -1.44673481e+01f, -4.96392936f, -4.80095869e-01f,
};
static const float nn__quant_tanh_slope[32] = {
    2.59493915e+01f, 2.49891997e+01f, 2.19999774e+01f, 1.81986099e+01f,
    1.41880731e+01f, 1.05760661e+01f, 7.57881041f, 5.28376240f,
    3.64984192f, 2.48400848f, 1.67947858f, 1.12938576f,
    7.53568984e-01f, 5.10658683e-01f, 3.18229086e-01f, 4.29633773e-01f,
    0.00000000f, 4.29633773e-01f, 3.18229086e-01f, 5.10658683e-01f,
    7.53568984e-01f, 1.12938576f, 1.67947858f, 2.48400848f,
    3.64984192f, 5.28376240f, 7.57881041f, 1.05760661e+01f,
    1.41880731e+01f, 1.81986099e+01f, 2.19999774e+01f, 2.49891997e+01f,
};

/* A scale of x as one of u; the activation is tanh or sigmoid. */
static inline float nn__quant_lines(nn_activation activation, float scale)
{
    return scale * (activation == NN_TANH ? QUANT_TANH_STEPS : QUANT_TANH_STEPS / 2);
}

/* Added to a float of magnitude below 2^22, rounds it to the nearest integer, ties to even, which
   then stands in the low bits. */
#define QUANT_MAGIC      12582912.0f
#define QUANT_MAGIC_BITS 0x4B400000

#endif
