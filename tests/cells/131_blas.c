#include <cblas.h>
float a[] = {1, 2, 3,
             4, 5, 6};                          // 2 x 3
float b[] = {1, 0, 0, 1, 1, 1};                 // 3 x 2
float c[4];
cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2);
c
// ---
double x[] = {3, 4};
cblas_dnrm2(2, x, 1)
// ---
cblas_isamax(6, a, 1)
// ---
*(int *)0 = 1;
// ---
cblas_sdot(3, a, 1, a + 3, 1)
// ---
double cblas_nonsense(int n);
cblas_nonsense(1)
