int *p, a[3] = {1,2,3}, n = 3; p = a + 1; *p
// ---
a[2] + n
// ---
int (*fp)(int), *ps[2] = {a, &a[2]}, (*row)[3] = &a;
// ---
(*row)[1] + *ps[1]
// ---
int twice(int v) { return 2*v; } fp = twice; fp(4)
