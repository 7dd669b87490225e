int f(int x) { return x + 1; }
int (*stored)(int) = f;
int caller(int x) { return f(x) * 10; }
// ---
int compare(const void *a, const void *b) { return *(int *)a - *(int *)b; }
void sort(int *v, int n) { qsort(v, n, sizeof *v, compare); }
int v[4] = {3, 1, 4, 2};
// ---
int f(int x) { return x + 2; }
stored(1) + caller(1)
// ---
int f(int x) { return x > 0 ? x + f(x - 1) : 0; }
stored(4) + caller(4)
// ---
sort(v, 4); v
// ---
int compare(const void *a, const void *b) { return *(int *)b - *(int *)a; }
sort(v, 4); v
// ---
int count(void) { static int n = 10; return ++n; }
count(); count()
// ---
int count(void) { static int n = 20; return ++n; }
count(); count()
// ---
int add(int a, int b) { return a + b; }
int sum = add(1, 2); sum
// ---
double add(double a, double b) { return a + b; }
add(1.5, 2)
// ---
int base = 5; int *where = &base;
int get(void) { return base; }
// ---
int base = 6;
get() + *where
// ---
struct r { int a; } r1 = {4};
int get_a(void) { return r1.a; }
// ---
struct r { double b; } r1 = {2.5};
r1
// ---
get_a()
