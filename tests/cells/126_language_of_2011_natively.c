#include <stdatomic.h>
atomic_int n = 3; atomic_fetch_add(&n, 2); n
// ---
#include <tgmath.h>
#include <complex.h>
double complex z = sqrt(-1.0 + 0 * I); cimag(z)
// ---
%%native
float f2 = sqrt(2.0f); max_align_t m; sizeof sqrt(f2)
// ---
double I = 2; I
// ---
int sub(int i, int array[i++]) { return i; }
sub(10, NULL)
// ---
unsigned short w[] = u"ab"; sizeof w
// ---
char c = u'a'; c
// ---
int sized(int n, [[maybe_unused]] int a[n]) { return n; }
sized(3, NULL)
