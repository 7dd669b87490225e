__STDC_VERSION__
// ---
#if __STDC_VERSION__ >= 201112L
int c11 = 1;
#endif
c11
// ---
puts(__func__);
void f(void) { puts(__func__); }
f();
// ---
#include <tgmath.h>
sqrt(2.0f)
// ---
sizeof sqrt(1.0f) + sizeof sqrt(1.0L) + sizeof sqrt(1)
// ---
printf("%g %.3g %zu\n", pow(2, 3), cos(0.5f), sizeof fmax(1.0f, 2));
// ---
double log = 2;
log
// ---
int sum(int a[static 3]) { return a[0] + a[1] + a[2]; }
int v[3] = {1, 2, 3};
sum(v)
// ---
char a[static 3];
// ---
char *s = u8"ä" u8"b"; s
// ---
#include <stdalign.h>
#include <stdnoreturn.h>
#include <threads.h>
#include <uchar.h>
alignas(16) int q; noreturn void die(void) { for (;;); }
alignof(q) + sizeof(max_align_t)
// ---
_Generic(1.0f, float: 1, default: 2)
