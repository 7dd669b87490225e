int x = 41;
// ---
%%native
int bad(void)
{
    return cuont + 1;
}
// ---
%%native
int a1 = foo1;
int a2 = foo2;
// ---
bad
// ---
%%native
int get(int *p)
{
    x = 2;
    return p[3];
}
int call(int *p)
{
    int r = get(p);
    return r + 1;
}
call(0)
// ---
int get(int *p) { return *p; }
// ---
%%native
int outer(int *p)
{
    int r = get(p);
    return r + 1;
}
// ---
outer(0)
// ---
%%native
int zero = 0; 5 / zero
// ---
%%native
void spin(void) { x = 7; for (;;) __asm__ volatile(""); }
// ---
spin();
// ---
%%native
int slow(const void *a, const void *b) { for (volatile long i = 0; i < 100000000; i++); return 0; }
// ---
int some[50]; x = 8; qsort(some, 50, sizeof some[0], slow);
// ---
%%native
#include <no_such_header.h>
// ---
%%native -fopenmp
1
// ---
%%native -lfoo
1
// ---
%%native
int x2[2] = {1, 2, 3};
// ---
%%native
int down(int n) { volatile char room[1000]; room[0] = n; return down(n + 1) + room[0]; }
down(0)
// ---
x
