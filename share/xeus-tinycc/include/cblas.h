/*
 * C interface to the BLAS: real vectors and matrices in float and double. The functions come from
 * the machine's library, which is loaded at the first call (nn/blas.h says which).
 *
 * Names and arguments are those of the reference CBLAS: M, N, K are sizes, a leading dimension
 * (lda, ldb, ldc) is the distance between two rows (CblasRowMajor) or columns (CblasColMajor) in
 * elements, incx and incy that between two elements of a vector.
 */
#ifndef XTINYCC_CBLAS_H
#define XTINYCC_CBLAS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum CBLAS_ORDER { CblasRowMajor = 101, CblasColMajor = 102 } CBLAS_ORDER;
typedef enum CBLAS_TRANSPOSE {
    CblasNoTrans = 111,
    CblasTrans = 112,
    CblasConjTrans = 113
} CBLAS_TRANSPOSE;
typedef enum CBLAS_UPLO { CblasUpper = 121, CblasLower = 122 } CBLAS_UPLO;
typedef enum CBLAS_DIAG { CblasNonUnit = 131, CblasUnit = 132 } CBLAS_DIAG;
typedef enum CBLAS_SIDE { CblasLeft = 141, CblasRight = 142 } CBLAS_SIDE;
typedef CBLAS_ORDER CBLAS_LAYOUT;
#define CBLAS_INDEX size_t

/** sum of x[i] y[i] */
float cblas_sdot(int N, const float *x, int incx, const float *y, int incy);
/** square root of the sum of squares */
float cblas_snrm2(int N, const float *x, int incx);
/** sum of absolute values */
float cblas_sasum(int N, const float *x, int incx);
/** place, from 0, of the largest absolute value */
CBLAS_INDEX cblas_isamax(int N, const float *x, int incx);
/** exchange x and y */
void cblas_sswap(int N, float *x, int incx, float *y, int incy);
/** y = x */
void cblas_scopy(int N, const float *x, int incx, float *y, int incy);
/** y = alpha x + y */
void cblas_saxpy(int N, float alpha, const float *x, int incx, float *y, int incy);
/** x = alpha x */
void cblas_sscal(int N, float alpha, float *x, int incx);
/** rotate the points (x[i], y[i]): (c x + s y, c y - s x) */
void cblas_srot(int N, float *x, int incx, float *y, int incy, float c, float s);
/** the rotation that makes b zero */
void cblas_srotg(float *a, float *b, float *c, float *s);
/** y = alpha A x + beta y; A is M x N */
void cblas_sgemv(CBLAS_ORDER order, CBLAS_TRANSPOSE trans, int M, int N, float alpha,
    const float *A, int lda, const float *x, int incx, float beta, float *y, int incy);
/** the same for a band matrix with KL diagonals below and KU above */
void cblas_sgbmv(CBLAS_ORDER order, CBLAS_TRANSPOSE trans, int M, int N, int KL, int KU,
    float alpha, const float *A, int lda, const float *x, int incx, float beta, float *y,
    int incy);
/** y = alpha A x + beta y; A is symmetric */
void cblas_ssymv(CBLAS_ORDER order, CBLAS_UPLO uplo, int N, float alpha, const float *A, int lda,
    const float *x, int incx, float beta, float *y, int incy);
/** x = A x; A is triangular */
void cblas_strmv(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diag,
    int N, const float *A, int lda, float *x, int incx);
/** x = inverse(A) x; A is triangular */
void cblas_strsv(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diag,
    int N, const float *A, int lda, float *x, int incx);
/** A = alpha x y' + A */
void cblas_sger(CBLAS_ORDER order, int M, int N, float alpha, const float *x, int incx,
    const float *y, int incy, float *A, int lda);
/** A = alpha x x' + A; A is symmetric */
void cblas_ssyr(CBLAS_ORDER order, CBLAS_UPLO uplo, int N, float alpha, const float *x, int incx,
    float *A, int lda);
/** C = alpha A B + beta C; A is M x K, B is K x N, each transposed if wished */
void cblas_sgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int M,
    int N, int K, float alpha, const float *A, int lda, const float *B, int ldb, float beta,
    float *C, int ldc);
/** C = alpha A B + beta C, or B A (CblasRight); A is symmetric */
void cblas_ssymm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, int M, int N, float alpha,
    const float *A, int lda, const float *B, int ldb, float beta, float *C, int ldc);
/** C = alpha A A' + beta C, or A' A (CblasTrans); C is symmetric, N x N */
void cblas_ssyrk(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, int N, int K,
    float alpha, const float *A, int lda, float beta, float *C, int ldc);
/** B = alpha A B, or B A (CblasRight); A is triangular */
void cblas_strmm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans,
    CBLAS_DIAG diag, int M, int N, float alpha, const float *A, int lda, float *B, int ldb);
/** B = alpha inverse(A) B, or B inverse(A) (CblasRight); A is triangular */
void cblas_strsm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans,
    CBLAS_DIAG diag, int M, int N, float alpha, const float *A, int lda, float *B, int ldb);

/* ---- the same in double ---- */

/** sum of x[i] y[i] */
double cblas_ddot(int N, const double *x, int incx, const double *y, int incy);
/** square root of the sum of squares */
double cblas_dnrm2(int N, const double *x, int incx);
/** sum of absolute values */
double cblas_dasum(int N, const double *x, int incx);
/** place, from 0, of the largest absolute value */
CBLAS_INDEX cblas_idamax(int N, const double *x, int incx);
/** exchange x and y */
void cblas_dswap(int N, double *x, int incx, double *y, int incy);
/** y = x */
void cblas_dcopy(int N, const double *x, int incx, double *y, int incy);
/** y = alpha x + y */
void cblas_daxpy(int N, double alpha, const double *x, int incx, double *y, int incy);
/** x = alpha x */
void cblas_dscal(int N, double alpha, double *x, int incx);
/** rotate the points (x[i], y[i]): (c x + s y, c y - s x) */
void cblas_drot(int N, double *x, int incx, double *y, int incy, double c, double s);
/** the rotation that makes b zero */
void cblas_drotg(double *a, double *b, double *c, double *s);
/** y = alpha A x + beta y; A is M x N */
void cblas_dgemv(CBLAS_ORDER order, CBLAS_TRANSPOSE trans, int M, int N, double alpha,
    const double *A, int lda, const double *x, int incx, double beta, double *y, int incy);
/** the same for a band matrix with KL diagonals below and KU above */
void cblas_dgbmv(CBLAS_ORDER order, CBLAS_TRANSPOSE trans, int M, int N, int KL, int KU,
    double alpha, const double *A, int lda, const double *x, int incx, double beta, double *y,
    int incy);
/** y = alpha A x + beta y; A is symmetric */
void cblas_dsymv(CBLAS_ORDER order, CBLAS_UPLO uplo, int N, double alpha, const double *A,
    int lda, const double *x, int incx, double beta, double *y, int incy);
/** x = A x; A is triangular */
void cblas_dtrmv(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diag,
    int N, const double *A, int lda, double *x, int incx);
/** x = inverse(A) x; A is triangular */
void cblas_dtrsv(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, CBLAS_DIAG diag,
    int N, const double *A, int lda, double *x, int incx);
/** A = alpha x y' + A */
void cblas_dger(CBLAS_ORDER order, int M, int N, double alpha, const double *x, int incx,
    const double *y, int incy, double *A, int lda);
/** A = alpha x x' + A; A is symmetric */
void cblas_dsyr(CBLAS_ORDER order, CBLAS_UPLO uplo, int N, double alpha, const double *x,
    int incx, double *A, int lda);
/** C = alpha A B + beta C; A is M x K, B is K x N, each transposed if wished */
void cblas_dgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int M,
    int N, int K, double alpha, const double *A, int lda, const double *B, int ldb, double beta,
    double *C, int ldc);
/** C = alpha A B + beta C, or B A (CblasRight); A is symmetric */
void cblas_dsymm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, int M, int N, double alpha,
    const double *A, int lda, const double *B, int ldb, double beta, double *C, int ldc);
/** C = alpha A A' + beta C, or A' A (CblasTrans); C is symmetric, N x N */
void cblas_dsyrk(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, int N, int K,
    double alpha, const double *A, int lda, double beta, double *C, int ldc);
/** B = alpha A B, or B A (CblasRight); A is triangular */
void cblas_dtrmm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans,
    CBLAS_DIAG diag, int M, int N, double alpha, const double *A, int lda, double *B, int ldb);
/** B = alpha inverse(A) B, or B inverse(A) (CblasRight); A is triangular */
void cblas_dtrsm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans,
    CBLAS_DIAG diag, int M, int N, double alpha, const double *A, int lda, double *B, int ldb);

#ifdef __cplusplus
}
#endif
#endif
