/*
 * The float32 arithmetic that the kernels and the reference must do alike, bit for bit: both are
 * compiled without fused multiply-add and write every formula in this order. Private to
 * runtime/src/quant.
 */
#ifndef NN_QUANT_MATH_H
#define NN_QUANT_MATH_H

/* tanh as x p(x^2) / q(x^2): degree 2 over 2, a fit of our own on [0, 4.6], where 1 - tanh is
   2e-4. Absolute error 2.7e-5 inside. */
#define QUANT_TANH_MOST 4.6f
#define QUANT_TANH_P0   9.99880764e-01f
#define QUANT_TANH_P1   1.03035956e-01f
#define QUANT_TANH_P2   6.94762063e-04f
#define QUANT_TANH_Q1   4.36000210e-01f
#define QUANT_TANH_Q2   1.30354656e-02f

/* Added to a float of magnitude below 2^22, rounds it to the nearest integer, ties to even, which
   then stands in the low bits. */
#define QUANT_MAGIC      12582912.0f
#define QUANT_MAGIC_BITS 0x4B400000

#endif
