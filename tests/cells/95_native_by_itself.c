double f(int n,double a[n][n]){return a[1][1];}
// ---
double q[4]={1,2,3,4}; f(2,(void*)q)
// ---
q[1]
// ---
_Complex double z = 2;
// ---
z *= z; z
// ---
#include <complex.h>
// ---
double complex w = 3 + 4*I; cabs(w)
// ---
conj(w)
// ---
double length = cabs(w);
// ---
length
// ---
_Atomic int n = 3; n++; n
// ---
int m = 4; double b[12] = {[5] = 9}; ((double(*)[m])b)[1][1]
// ---
struct dd { double a, b; }; double s(int n, ...) { va_list v; va_start(v, n); return va_arg(v, struct dd).b; }
// ---
struct dd pq = {1, 2}; s(1, pq)
// ---
int aligned_local(void) { double d __attribute__((aligned(64))); return (unsigned long)&d % 64; } aligned_local()
// ---
__int128 big = (__int128)1 << 100; big
// ---
-big
// ---
typedef float v4 __attribute__((vector_size(16))); v4 v = {1, 2, 3, 4}; v *= v; v[2]
// ---
int outer(int a) { int in(int b) { return b + a; } return in(1); } outer(2)
// ---
u8"x"[0]
// ---
#include <stdatomic.h>
// ---
atomic_int hits; atomic_fetch_add(&hits, 5); atomic_load(&hits)
// ---
int x2[2] = {1,2,3};
// ---
_Thread_local int t;
// ---
int bad = nothing;
// ---
1 + 1
