/* Type-generic mathematics for the real types, by _Generic: an integer argument counts as double. A cell with complex
   numbers goes to the system compiler, which reads its own <tgmath.h>. */
#ifndef _TGMATH_H
#define _TGMATH_H 1
#include <math.h>

#define complex _Complex
#define I _Complex_I
#define _Complex_I ((const float _Complex)__extension__ 1.0iF)

#define __xt_real(x) _Generic((x), float: 1.0f, long double: 1.0L, default: 1.0)
extern int __xt_tgmath_header;

#define acos(x) _Generic(__xt_real(x), float: acosf, long double: acosl, default: acos)(x)
#define asin(x) _Generic(__xt_real(x), float: asinf, long double: asinl, default: asin)(x)
#define atan(x) _Generic(__xt_real(x), float: atanf, long double: atanl, default: atan)(x)
#define acosh(x) _Generic(__xt_real(x), float: acoshf, long double: acoshl, default: acosh)(x)
#define asinh(x) _Generic(__xt_real(x), float: asinhf, long double: asinhl, default: asinh)(x)
#define atanh(x) _Generic(__xt_real(x), float: atanhf, long double: atanhl, default: atanh)(x)
#define cos(x) _Generic(__xt_real(x), float: cosf, long double: cosl, default: cos)(x)
#define sin(x) _Generic(__xt_real(x), float: sinf, long double: sinl, default: sin)(x)
#define tan(x) _Generic(__xt_real(x), float: tanf, long double: tanl, default: tan)(x)
#define cosh(x) _Generic(__xt_real(x), float: coshf, long double: coshl, default: cosh)(x)
#define sinh(x) _Generic(__xt_real(x), float: sinhf, long double: sinhl, default: sinh)(x)
#define tanh(x) _Generic(__xt_real(x), float: tanhf, long double: tanhl, default: tanh)(x)
#define exp(x) _Generic(__xt_real(x), float: expf, long double: expl, default: exp)(x)
#define log(x) _Generic(__xt_real(x), float: logf, long double: logl, default: log)(x)
#define sqrt(x) _Generic(__xt_real(x), float: sqrtf, long double: sqrtl, default: sqrt)(x)
#define fabs(x) _Generic(__xt_real(x), float: fabsf, long double: fabsl, default: fabs)(x)
#define cbrt(x) _Generic(__xt_real(x), float: cbrtf, long double: cbrtl, default: cbrt)(x)
#define ceil(x) _Generic(__xt_real(x), float: ceilf, long double: ceill, default: ceil)(x)
#define erf(x) _Generic(__xt_real(x), float: erff, long double: erfl, default: erf)(x)
#define erfc(x) _Generic(__xt_real(x), float: erfcf, long double: erfcl, default: erfc)(x)
#define exp2(x) _Generic(__xt_real(x), float: exp2f, long double: exp2l, default: exp2)(x)
#define expm1(x) _Generic(__xt_real(x), float: expm1f, long double: expm1l, default: expm1)(x)
#define floor(x) _Generic(__xt_real(x), float: floorf, long double: floorl, default: floor)(x)
#define lgamma(x) _Generic(__xt_real(x), float: lgammaf, long double: lgammal, default: lgamma)(x)
#define log10(x) _Generic(__xt_real(x), float: log10f, long double: log10l, default: log10)(x)
#define log1p(x) _Generic(__xt_real(x), float: log1pf, long double: log1pl, default: log1p)(x)
#define log2(x) _Generic(__xt_real(x), float: log2f, long double: log2l, default: log2)(x)
#define logb(x) _Generic(__xt_real(x), float: logbf, long double: logbl, default: logb)(x)
#define nearbyint(x) _Generic(__xt_real(x), float: nearbyintf, long double: nearbyintl, default: nearbyint)(x)
#define rint(x) _Generic(__xt_real(x), float: rintf, long double: rintl, default: rint)(x)
#define round(x) _Generic(__xt_real(x), float: roundf, long double: roundl, default: round)(x)
#define tgamma(x) _Generic(__xt_real(x), float: tgammaf, long double: tgammal, default: tgamma)(x)
#define trunc(x) _Generic(__xt_real(x), float: truncf, long double: truncl, default: trunc)(x)
#define ilogb(x) _Generic(__xt_real(x), float: ilogbf, long double: ilogbl, default: ilogb)(x)
#define llrint(x) _Generic(__xt_real(x), float: llrintf, long double: llrintl, default: llrint)(x)
#define llround(x) _Generic(__xt_real(x), float: llroundf, long double: llroundl, default: llround)(x)
#define lrint(x) _Generic(__xt_real(x), float: lrintf, long double: lrintl, default: lrint)(x)
#define lround(x) _Generic(__xt_real(x), float: lroundf, long double: lroundl, default: lround)(x)

#define pow(x, y) _Generic(__xt_real(x) + __xt_real(y), float: powf, long double: powl, default: pow)((x), (y))
#define atan2(x, y) _Generic(__xt_real(x) + __xt_real(y), float: atan2f, long double: atan2l, default: atan2)((x), (y))
#define copysign(x, y) _Generic(__xt_real(x) + __xt_real(y), float: copysignf, long double: copysignl, default: copysign)((x), (y))
#define fdim(x, y) _Generic(__xt_real(x) + __xt_real(y), float: fdimf, long double: fdiml, default: fdim)((x), (y))
#define fmax(x, y) _Generic(__xt_real(x) + __xt_real(y), float: fmaxf, long double: fmaxl, default: fmax)((x), (y))
#define fmin(x, y) _Generic(__xt_real(x) + __xt_real(y), float: fminf, long double: fminl, default: fmin)((x), (y))
#define fmod(x, y) _Generic(__xt_real(x) + __xt_real(y), float: fmodf, long double: fmodl, default: fmod)((x), (y))
#define hypot(x, y) _Generic(__xt_real(x) + __xt_real(y), float: hypotf, long double: hypotl, default: hypot)((x), (y))
#define nextafter(x, y) _Generic(__xt_real(x) + __xt_real(y), float: nextafterf, long double: nextafterl, default: nextafter)((x), (y))
#define remainder(x, y) _Generic(__xt_real(x) + __xt_real(y), float: remainderf, long double: remainderl, default: remainder)((x), (y))
#define remquo(x, y, q) _Generic(__xt_real(x) + __xt_real(y), float: remquof, long double: remquol, default: remquo)((x), (y), (q))
#define fma(x, y, z) _Generic(__xt_real(x) + __xt_real(y) + __xt_real(z), float: fmaf, long double: fmal, default: fma)((x), (y), (z))

#define frexp(x, n) _Generic(__xt_real(x), float: frexpf, long double: frexpl, default: frexp)((x), (n))
#define ldexp(x, n) _Generic(__xt_real(x), float: ldexpf, long double: ldexpl, default: ldexp)((x), (n))
#define nexttoward(x, n) _Generic(__xt_real(x), float: nexttowardf, long double: nexttowardl, default: nexttoward)((x), (n))
#define scalbn(x, n) _Generic(__xt_real(x), float: scalbnf, long double: scalbnl, default: scalbn)((x), (n))
#define scalbln(x, n) _Generic(__xt_real(x), float: scalblnf, long double: scalblnl, default: scalbln)((x), (n))

#endif
