double f(int n,double a[n][n]){return a[1][1];}
// ---
f
// ---
_Atomic int n;
// ---
_Complex double z = 2;
// ---
int m=4; double b[12]; ((double(*)[m])b)[1][1]
// ---
struct q{double a,b;}; double s(int n,...){va_list v;va_start(v,n);return va_arg(v,struct q).b;}
// ---
void g(void){double d __attribute__((aligned(64)));}
// ---
%%native
int h(void) { return 1; }
// ---
#include <complex.h>
// ---
#include <immintrin.h>
// ---
#include <iso646.h>
int yes = not 0 and 1; yes
// ---
struct m{double a;long b;}; long g(struct m v);
// ---
typedef float v4 __attribute__((vector_size(16)));
// ---
#include <stdatomic.h>
// ---
%%native -fopenmp
int h;
