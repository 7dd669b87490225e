/*
 * What gcc knows without any header and TinyCC does not: its predefined macros, and those of its
 * built-in functions that are functions or expressions like others. Part of the default headers.
 */
#ifndef XTINYCC_GCC_BUILTINS_H
#define XTINYCC_GCC_BUILTINS_H

/* --- Types and their limits on x86-64 --- */

#define __INT8_TYPE__ signed char
#define __INT16_TYPE__ short
#define __INT32_TYPE__ int
#define __INT64_TYPE__ long
#define __UINT8_TYPE__ unsigned char
#define __UINT16_TYPE__ unsigned short
#define __UINT32_TYPE__ unsigned int
#define __UINT64_TYPE__ unsigned long
#define __INT_LEAST8_TYPE__ signed char
#define __INT_LEAST16_TYPE__ short
#define __INT_LEAST32_TYPE__ int
#define __INT_LEAST64_TYPE__ long
#define __UINT_LEAST8_TYPE__ unsigned char
#define __UINT_LEAST16_TYPE__ unsigned short
#define __UINT_LEAST32_TYPE__ unsigned int
#define __UINT_LEAST64_TYPE__ unsigned long
#define __INT_FAST8_TYPE__ signed char
#define __INT_FAST16_TYPE__ long
#define __INT_FAST32_TYPE__ long
#define __INT_FAST64_TYPE__ long
#define __UINT_FAST8_TYPE__ unsigned char
#define __UINT_FAST16_TYPE__ unsigned long
#define __UINT_FAST32_TYPE__ unsigned long
#define __UINT_FAST64_TYPE__ unsigned long
#define __INTPTR_TYPE__ long
#define __UINTPTR_TYPE__ unsigned long
#define __INTMAX_TYPE__ long
#define __UINTMAX_TYPE__ unsigned long
#define __SIG_ATOMIC_TYPE__ int
#define __CHAR16_TYPE__ unsigned short
#define __CHAR32_TYPE__ unsigned int
#define __INT8_MAX__ 0x7f
#define __INT16_MAX__ 0x7fff
#define __INT32_MAX__ 0x7fffffff
#define __INT64_MAX__ 0x7fffffffffffffffL
#define __UINT8_MAX__ 0xff
#define __UINT16_MAX__ 0xffff
#define __UINT32_MAX__ 0xffffffffU
#define __UINT64_MAX__ 0xffffffffffffffffUL
#define __INT_LEAST8_MAX__ 0x7f
#define __INT_LEAST16_MAX__ 0x7fff
#define __INT_LEAST32_MAX__ 0x7fffffff
#define __INT_LEAST64_MAX__ 0x7fffffffffffffffL
#define __UINT_LEAST8_MAX__ 0xff
#define __UINT_LEAST16_MAX__ 0xffff
#define __UINT_LEAST32_MAX__ 0xffffffffU
#define __UINT_LEAST64_MAX__ 0xffffffffffffffffUL
#define __INT_FAST8_MAX__ 0x7f
#define __INT_FAST16_MAX__ 0x7fffffffffffffffL
#define __INT_FAST32_MAX__ 0x7fffffffffffffffL
#define __INT_FAST64_MAX__ 0x7fffffffffffffffL
#define __UINT_FAST8_MAX__ 0xff
#define __UINT_FAST16_MAX__ 0xffffffffffffffffUL
#define __UINT_FAST32_MAX__ 0xffffffffffffffffUL
#define __UINT_FAST64_MAX__ 0xffffffffffffffffUL
#define __INTPTR_MAX__ 0x7fffffffffffffffL
#define __UINTPTR_MAX__ 0xffffffffffffffffUL
#define __INTMAX_MAX__ 0x7fffffffffffffffL
#define __UINTMAX_MAX__ 0xffffffffffffffffUL
#define __SIG_ATOMIC_MAX__ 0x7fffffff
#define __SIG_ATOMIC_MIN__ (-__SIG_ATOMIC_MAX__ - 1)
#define __INT_LEAST8_WIDTH__ 8
#define __INT_LEAST16_WIDTH__ 16
#define __INT_LEAST32_WIDTH__ 32
#define __INT_LEAST64_WIDTH__ 64
#define __INT_FAST8_WIDTH__ 8
#define __INT_FAST16_WIDTH__ 64
#define __INT_FAST32_WIDTH__ 64
#define __INT_FAST64_WIDTH__ 64
#define __INTPTR_WIDTH__ 64
#define __INTMAX_WIDTH__ 64
#define __SIG_ATOMIC_WIDTH__ 32
#define __INT8_C(c) c
#define __INT16_C(c) c
#define __INT32_C(c) c
#define __INT64_C(c) c ## L
#define __UINT8_C(c) c
#define __UINT16_C(c) c
#define __UINT32_C(c) c ## U
#define __UINT64_C(c) c ## UL
#define __INTMAX_C(c) c ## L
#define __UINTMAX_C(c) c ## UL
#define __SCHAR_MAX__ 0x7f
#define __SHRT_MAX__ 0x7fff
#define __SIZE_MAX__ 0xffffffffffffffffUL
#define __PTRDIFF_MAX__ 0x7fffffffffffffffL
#define __WCHAR_MAX__ 0x7fffffff
#define __WCHAR_MIN__ (-__WCHAR_MAX__ - 1)
#define __WINT_MAX__ 0xffffffffU
#define __WINT_MIN__ 0U
#define __SCHAR_WIDTH__ 8
#define __SHRT_WIDTH__ 16
#define __INT_WIDTH__ 32
#define __LONG_WIDTH__ 64
#define __LONG_LONG_WIDTH__ 64
#define __SIZE_WIDTH__ 64
#define __PTRDIFF_WIDTH__ 64
#define __WCHAR_WIDTH__ 32
#define __WINT_WIDTH__ 32
#define __SIZEOF_SHORT__ 2
#define __SIZEOF_FLOAT__ 4
#define __SIZEOF_DOUBLE__ 8
#define __SIZEOF_LONG_DOUBLE__ 16
#define __SIZEOF_SIZE_T__ 8
#define __SIZEOF_PTRDIFF_T__ 8
#define __SIZEOF_WCHAR_T__ 4
#define __SIZEOF_WINT_T__ 4
#define __BIGGEST_ALIGNMENT__ 16
#define __ORDER_PDP_ENDIAN__ 3412
#define __FLOAT_WORD_ORDER__ __ORDER_LITTLE_ENDIAN__
#define __FLT_RADIX__ 2

#define __FLT_MANT_DIG__ 24
#define __FLT_DIG__ 6
#define __FLT_MIN_EXP__ (-125)
#define __FLT_MIN_10_EXP__ (-37)
#define __FLT_MAX_EXP__ 128
#define __FLT_MAX_10_EXP__ 38
#define __FLT_DECIMAL_DIG__ 9
#define __FLT_MAX__ 3.40282346638528859812e+38F
#define __FLT_MIN__ 1.17549435082228750797e-38F
#define __FLT_NORM_MAX__ 3.40282346638528859812e+38F
#define __FLT_EPSILON__ 1.19209289550781250000e-7F
#define __FLT_DENORM_MIN__ 1.40129846432481707092e-45F
#define __FLT_HAS_DENORM__ 1
#define __FLT_HAS_INFINITY__ 1
#define __FLT_HAS_QUIET_NAN__ 1
#define __DBL_MANT_DIG__ 53
#define __DBL_DIG__ 15
#define __DBL_MIN_EXP__ (-1021)
#define __DBL_MIN_10_EXP__ (-307)
#define __DBL_MAX_EXP__ 1024
#define __DBL_MAX_10_EXP__ 308
#define __DBL_DECIMAL_DIG__ 17
#define __DBL_MAX__ 1.79769313486231570815e+308
#define __DBL_MIN__ 2.22507385850720138309e-308
#define __DBL_NORM_MAX__ 1.79769313486231570815e+308
#define __DBL_EPSILON__ 2.22044604925031308085e-16
#define __DBL_DENORM_MIN__ 4.94065645841246544177e-324
#define __DBL_HAS_DENORM__ 1
#define __DBL_HAS_INFINITY__ 1
#define __DBL_HAS_QUIET_NAN__ 1
#define __LDBL_MANT_DIG__ 64
#define __LDBL_DIG__ 18
#define __LDBL_MIN_EXP__ (-16381)
#define __LDBL_MIN_10_EXP__ (-4931)
#define __LDBL_MAX_EXP__ 16384
#define __LDBL_MAX_10_EXP__ 4932
#define __LDBL_DECIMAL_DIG__ 21
#define __LDBL_MAX__ 1.18973149535723176502e+4932L
#define __LDBL_MIN__ 3.36210314311209350626e-4932L
#define __LDBL_NORM_MAX__ 1.18973149535723176502e+4932L
#define __LDBL_EPSILON__ 1.08420217248550443401e-19L
#define __LDBL_DENORM_MIN__ 3.64519953188247460253e-4951L
#define __LDBL_HAS_DENORM__ 1
#define __LDBL_HAS_INFINITY__ 1
#define __LDBL_HAS_QUIET_NAN__ 1
#define __DECIMAL_DIG__ 21

/* --- Functions --- */

int __builtin_popcount(unsigned), __builtin_parity(unsigned), __builtin_clz(unsigned), __builtin_ctz(unsigned), __builtin_clrsb(int), __builtin_ffs(int);
int __builtin_popcountl(unsigned long), __builtin_parityl(unsigned long), __builtin_clzl(unsigned long), __builtin_ctzl(unsigned long), __builtin_clrsbl(long), __builtin_ffsl(long);
int __builtin_popcountll(unsigned long long), __builtin_parityll(unsigned long long), __builtin_clzll(unsigned long long), __builtin_ctzll(unsigned long long), __builtin_clrsbll(long long), __builtin_ffsll(long long);
unsigned short __builtin_bswap16(unsigned short);
unsigned __builtin_bswap32(unsigned);
unsigned long __builtin_bswap64(unsigned long);
double __builtin_inf(void), __builtin_huge_val(void), __builtin_nan(const char *);
float __builtin_inff(void), __builtin_huge_valf(void), __builtin_nanf(const char *);
long double __builtin_infl(void), __builtin_huge_vall(void), __builtin_nanl(const char *);
int __builtin_isnan(double), __builtin_isinf(double), __builtin_isinf_sign(double), __builtin_isfinite(double), __builtin_signbit(double);
void __builtin_trap(void), __builtin_unreachable(void), __builtin_prefetch(const void *, ...);
void *__builtin_assume_aligned(const void *, unsigned long, ...);
void *__builtin_memcpy(void *, const void *, unsigned long);
void *__builtin_memset(void *, int, unsigned long);
int __builtin_memcmp(const void *, const void *, unsigned long);
unsigned long __builtin_strlen(const char *);
int __builtin_strcmp(const char *, const char *);
double __builtin_sqrt(double), __builtin_fabs(double), __builtin_floor(double), __builtin_ceil(double), __builtin_exp(double), __builtin_log(double), __builtin_pow(double, double);
float __builtin_sqrtf(float), __builtin_fabsf(float);
int __builtin_abs(int);
long __builtin_labs(long);
long long __builtin_llabs(long long);
int __builtin_printf(const char *, ...), __builtin_puts(const char *), __builtin_putchar(int);
int __builtin_sprintf(char *, const char *, ...);
int __builtin_snprintf(char *, unsigned long, const char *, ...);
int __builtin_vprintf(const char *, __builtin_va_list);
int __builtin_vsprintf(char *, const char *, __builtin_va_list);
int __builtin_vsnprintf(char *, unsigned long, const char *, __builtin_va_list);
int __builtin_sscanf(const char *, const char *, ...);
char *__builtin_strncat(char *, const char *, unsigned long), *__builtin_strrchr(const char *, int);
char *__builtin_strstr(const char *, const char *), *__builtin_strpbrk(const char *, const char *);
char *__builtin_stpcpy(char *, const char *), *__builtin_strndup(const char *, unsigned long);
unsigned long __builtin_strspn(const char *, const char *);
unsigned long __builtin_strcspn(const char *, const char *);
unsigned long __builtin_strnlen(const char *, unsigned long);
void *__builtin_memchr(const void *, int, unsigned long);
void *__builtin_mempcpy(void *, const void *, unsigned long);
int __builtin_isnanf(float), __builtin_isinff(float), __builtin_isnanl(long double);
int __builtin_isinfl(long double), __builtin_signbitf(float), __builtin_signbitl(long double);

double __builtin_sin(double), __builtin_cos(double), __builtin_tan(double);
double __builtin_asin(double), __builtin_acos(double), __builtin_atan(double);
double __builtin_sinh(double), __builtin_cosh(double), __builtin_tanh(double);
double __builtin_exp2(double), __builtin_log2(double), __builtin_log10(double);
double __builtin_log1p(double), __builtin_expm1(double), __builtin_cbrt(double);
double __builtin_trunc(double), __builtin_round(double), __builtin_rint(double);
double __builtin_nearbyint(double);
double __builtin_fmod(double, double), __builtin_atan2(double, double);
double __builtin_hypot(double, double), __builtin_copysign(double, double);
double __builtin_fmax(double, double), __builtin_fmin(double, double);
double __builtin_fdim(double, double);
float __builtin_sinf(float), __builtin_cosf(float), __builtin_tanf(float);
float __builtin_asinf(float), __builtin_acosf(float), __builtin_atanf(float);
float __builtin_sinhf(float), __builtin_coshf(float), __builtin_tanhf(float);
float __builtin_expf(float), __builtin_exp2f(float), __builtin_logf(float);
float __builtin_log2f(float), __builtin_log10f(float), __builtin_log1pf(float);
float __builtin_expm1f(float), __builtin_cbrtf(float), __builtin_floorf(float);
float __builtin_ceilf(float), __builtin_truncf(float), __builtin_roundf(float);
float __builtin_rintf(float), __builtin_nearbyintf(float);
float __builtin_powf(float, float), __builtin_fmodf(float, float);
float __builtin_atan2f(float, float), __builtin_hypotf(float, float);
float __builtin_copysignf(float, float), __builtin_fmaxf(float, float);
float __builtin_fminf(float, float), __builtin_fdimf(float, float);
long double __builtin_sinl(long double), __builtin_cosl(long double);
long double __builtin_tanl(long double), __builtin_asinl(long double);
long double __builtin_acosl(long double), __builtin_atanl(long double);
long double __builtin_sinhl(long double), __builtin_coshl(long double);
long double __builtin_tanhl(long double), __builtin_expl(long double);
long double __builtin_exp2l(long double), __builtin_logl(long double);
long double __builtin_log2l(long double), __builtin_log10l(long double);
long double __builtin_log1pl(long double), __builtin_expm1l(long double);
long double __builtin_sqrtl(long double), __builtin_cbrtl(long double);
long double __builtin_fabsl(long double), __builtin_floorl(long double);
long double __builtin_ceill(long double), __builtin_truncl(long double);
long double __builtin_roundl(long double), __builtin_rintl(long double);
long double __builtin_nearbyintl(long double);
long double __builtin_powl(long double, long double), __builtin_fmodl(long double, long double);
long double __builtin_atan2l(long double, long double);
long double __builtin_hypotl(long double, long double);
long double __builtin_copysignl(long double, long double);
long double __builtin_fmaxl(long double, long double), __builtin_fminl(long double, long double);
long double __builtin_fdiml(long double, long double);

/* The session's own, not libc's. */
#define __builtin_exit exit

/* Comparisons that are false for not-a-number, and raise nothing. */
#define __builtin_isunordered(x, y) \
    ({ __typeof__(x) __xt_x = (x); __typeof__(y) __xt_y = (y); \
       __xt_x != __xt_x || __xt_y != __xt_y; })
#define __xt_ordered(x, operator, y) \
    ({ __typeof__(x) __xt_x = (x); __typeof__(y) __xt_y = (y); \
       !(__xt_x != __xt_x || __xt_y != __xt_y) && (operator); })
#define __builtin_isgreater(x, y) __xt_ordered(x, __xt_x > __xt_y, y)
#define __builtin_isgreaterequal(x, y) __xt_ordered(x, __xt_x >= __xt_y, y)
#define __builtin_isless(x, y) __xt_ordered(x, __xt_x < __xt_y, y)
#define __builtin_islessequal(x, y) __xt_ordered(x, __xt_x <= __xt_y, y)
#define __builtin_islessgreater(x, y) __xt_ordered(x, __xt_x != __xt_y, y)

/* Arithmetic of any integer types that says whether the result fits. The arguments: 0 add,
   1 subtract, 2 multiply; each operand and whether it is negative; where the result goes. */
int __builtin_overflow_of(int, unsigned long long, int, unsigned long long, int, void *,
                          unsigned long, int);
#define __xt_overflow_of(operation, a, b, r) \
    ({ __typeof__(a) __xt_a = (a); __typeof__(b) __xt_b = (b); __typeof__(r) __xt_r = (r); \
       (_Bool)__builtin_overflow_of(operation, (unsigned long long)__xt_a, __xt_a < 0, \
                                    (unsigned long long)__xt_b, __xt_b < 0, __xt_r, \
                                    sizeof *__xt_r, (__typeof__(*__xt_r))-1 < 0); })
#define __builtin_add_overflow(a, b, r) __xt_overflow_of(0, a, b, r)
#define __builtin_sub_overflow(a, b, r) __xt_overflow_of(1, a, b, r)
#define __builtin_mul_overflow(a, b, r) __xt_overflow_of(2, a, b, r)
#define __builtin_sadd_overflow(a, b, r) __builtin_add_overflow((int)(a), (int)(b), r)
#define __builtin_saddl_overflow(a, b, r) __builtin_add_overflow((long)(a), (long)(b), r)
#define __builtin_saddll_overflow(a, b, r) __builtin_add_overflow((long long)(a), (long long)(b), r)
#define __builtin_uadd_overflow(a, b, r) __builtin_add_overflow((unsigned)(a), (unsigned)(b), r)
#define __builtin_uaddl_overflow(a, b, r) __builtin_add_overflow((unsigned long)(a), (unsigned long)(b), r)
#define __builtin_uaddll_overflow(a, b, r) __builtin_add_overflow((unsigned long long)(a), (unsigned long long)(b), r)
#define __builtin_ssub_overflow(a, b, r) __builtin_sub_overflow((int)(a), (int)(b), r)
#define __builtin_ssubl_overflow(a, b, r) __builtin_sub_overflow((long)(a), (long)(b), r)
#define __builtin_ssubll_overflow(a, b, r) __builtin_sub_overflow((long long)(a), (long long)(b), r)
#define __builtin_usub_overflow(a, b, r) __builtin_sub_overflow((unsigned)(a), (unsigned)(b), r)
#define __builtin_usubl_overflow(a, b, r) __builtin_sub_overflow((unsigned long)(a), (unsigned long)(b), r)
#define __builtin_usubll_overflow(a, b, r) __builtin_sub_overflow((unsigned long long)(a), (unsigned long long)(b), r)
#define __builtin_smul_overflow(a, b, r) __builtin_mul_overflow((int)(a), (int)(b), r)
#define __builtin_smull_overflow(a, b, r) __builtin_mul_overflow((long)(a), (long)(b), r)
#define __builtin_smulll_overflow(a, b, r) __builtin_mul_overflow((long long)(a), (long long)(b), r)
#define __builtin_umul_overflow(a, b, r) __builtin_mul_overflow((unsigned)(a), (unsigned)(b), r)
#define __builtin_umull_overflow(a, b, r) __builtin_mul_overflow((unsigned long)(a), (unsigned long)(b), r)
#define __builtin_umulll_overflow(a, b, r) __builtin_mul_overflow((unsigned long long)(a), (unsigned long long)(b), r)

#endif
